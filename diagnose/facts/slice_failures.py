"""EndpointSlices of the DNS Service that kube-controller-manager fails to write."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.events import Event
from diagnose.facts.logs import LogStream
from diagnose.facts.services import DNS_SERVICE_NAMES
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.signatures.base import Emitter
from diagnose.signatures.controller_manager import SLICE_SYNC_FAILED
from diagnose.signatures.trouble import Reason, classify
from diagnose.values import dataclass

REASON = "FailedToUpdateEndpointSlices"
ROUTINE = "out of date"  # the controller read its own write too early, and tries again


@dataclass(frozen=True)
class SliceFailure:
    """The failures for one Service, for one reason."""

    service: Subject
    reason: Reason
    text: str
    quote: Quote
    count: int = 1
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class SliceFailures(Fact):
    """The failures to write EndpointSlices of the DNS Service."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.EVENTS, Ask.CONTROLLER_MANAGER_LOGS)

    failures: tuple[SliceFailure, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the failures that events and the controller manager's log tell."""
        events = evidence.of(Event)
        streams = tuple(
            one for one in evidence.of(LogStream) if one.emitter is Emitter.CONTROLLER_MANAGER
        )
        items: tuple[Readable, ...] = (*events, *streams)
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return found
        told = [
            (match["service"], match["reason"] or match.quote.text, match.quote, 1, match.at)
            for stream in streams
            for match in stream.matching(SLICE_SYNC_FAILED)
        ]
        for event in events:
            match = SLICE_SYNC_FAILED.match(event.message) if event.reason == REASON else None
            if match:
                reason = match.groupdict().get("reason") or event.message
                told.append((match["service"], reason, event.quote, event.count, event.last_at))
        groups: dict[tuple[str, Reason], SliceFailure] = {}
        for path, text, quote, count, at in told:
            namespace, _, name = path.rpartition("/")
            if name not in DNS_SERVICE_NAMES or ROUTINE in text:
                continue
            reason = classify(text).reason
            before = groups.get((path, reason))
            groups[path, reason] = SliceFailure(
                service=Subject("Service", name, namespace),
                reason=reason,
                text=text.strip().strip('"\\'),
                quote=quote,
                count=count + (before.count if before else 0),
                at=at,
            )
        return cls(origin=found[0], gaps=found[1], failures=tuple(groups.values()))
