"""Pods of DNS and of the network under it that the API server does not let be created."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.events import Event
from diagnose.facts.logs import LogStream
from diagnose.facts.pods import Pod, unique
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.signatures.base import Emitter
from diagnose.signatures.controller_manager import POD_CREATE_DENIED
from diagnose.text.regex import regex
from diagnose.values import dataclass

REASON = "FailedCreate"
OWNERS = ("coredns", "kube-dns", "node-local-dns", "kube-flannel", "kube-proxy", "calico", "cilium")
SERVING = ("coredns", "kube-dns")
POD = regex(r'pods \\*"(?P<pod>[a-z0-9][a-z0-9.-]{0,252})')


@dataclass(frozen=True)
class Denial:
    """What refuses the pods of one owner. `serves_dns` tells CoreDNS from the network's agents."""

    subject: Subject
    reason: str
    quote: Quote
    serves_dns: bool
    count: int = 1
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class DeniedPods(Fact):
    """The refusals after which no pod of the same owner came."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.EVENTS, Ask.CONTROLLER_MANAGER_LOGS)

    denials: tuple[Denial, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the refusals that events and the controller manager's log tell."""
        events = evidence.of(Event)
        streams = tuple(
            one for one in evidence.of(LogStream) if one.emitter is Emitter.CONTROLLER_MANAGER
        )
        items: tuple[Readable, ...] = (*events, *streams)
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return found
        last: dict[Subject, Denial] = {}
        for stream in streams:
            for match in stream.matching(POD_CREATE_DENIED):
                named = POD.search(match["reason"])
                owner = Subject("ReplicaSet", named["pod"].rstrip("-") if named else "")
                keep(last, owner, match["reason"], match.quote, 1, match.at)
        for event in events:
            told = POD_CREATE_DENIED.match(event.message) if event.reason == REASON else None
            if told:
                reason = told["reason"]
                keep(last, event.subject, reason, event.quote, event.count, event.last_at)
        names = [pod.subject.name for pod in unique(evidence.of(Pod))]
        return cls(
            origin=found[0],
            gaps=found[1],
            denials=tuple(
                one
                for one in last.values()
                if not any(name.startswith(f"{one.subject.name}-") for name in names)
            ),
        )


def keep(
    last: dict[Subject, Denial],
    owner: Subject,
    reason: str,
    quote: Quote,
    count: int,
    at: datetime | None,
) -> None:
    """Add a refusal to the last ones of each owner; those of applications are left out."""
    named = POD.search(reason)
    name = owner.name or (named["pod"] if named else "")
    if not any(word in name for word in OWNERS):
        return
    before = last.get(owner)
    last[owner] = Denial(
        subject=owner,
        reason=reason,
        quote=quote,
        serves_dns=any(word in name for word in SERVING),
        count=count + (before.count if before else 0),
        at=at,
    )
