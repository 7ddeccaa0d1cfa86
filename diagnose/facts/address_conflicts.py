"""Cluster addresses that could not be had: by an Event, a log, or kubectl's refusal."""

from __future__ import annotations

from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.events import Event
from diagnose.facts.logs import LogStream
from diagnose.facts.services import Service
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.signatures.controller_manager import SERVICE_IP_CONFLICT
from diagnose.values import dataclass


@dataclass(frozen=True)
class AddressConflict:
    """One address; `why` completes the sentence "ADDRESS …"."""

    subject: Subject
    address: str
    why: str
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, kw_only=True)
class AddressConflicts(Fact):
    """The Service addresses that are taken twice or lie outside of the range."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.EVENTS, Ask.DNS_SERVICES)

    conflicts: tuple[AddressConflict, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return what Events and refusals say, and addresses that two Services have."""
        events, streams = evidence.of(Event), evidence.of(LogStream)
        services = evidence.of(Service)
        items: tuple[Readable, ...] = (*events, *services, *streams)
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return found
        conflicts = [
            AddressConflict(
                subject=event.subject,
                address=match["address"] or "",
                why=reason(event.message),
                quotes=(event.quote,),
            )
            for event in events
            if (match := SERVICE_IP_CONFLICT.match(event.message)) and concerns(event.subject)
        ]
        conflicts += [
            AddressConflict(Subject(""), match["address"], reason(match.quote.text), (match.quote,))
            for stream in streams
            for match in stream.matching(SERVICE_IP_CONFLICT)
        ]
        owners: dict[str, list[Service]] = {}
        for service in services:
            for address in service.cluster_ips or ():
                owners.setdefault(address, []).append(service)
        for address, several in owners.items():
            names = {(one.subject.namespace, one.subject.name) for one in several}
            if len({name for _, name in names}) > 1 and any(one.serves_dns for one in several):
                conflicts.append(
                    AddressConflict(
                        subject=next(one.subject for one in several if one.serves_dns),
                        address=address,
                        why="belongs to two Services",
                        quotes=tuple(one.quote for one in several),
                    )
                )
        return cls(origin=found[0], gaps=found[1], conflicts=tuple(conflicts))


def concerns(subject: Subject) -> bool:
    """Whether an Event is about a Service that may be the one of DNS."""
    return not subject.name or "dns" in subject.name


def reason(text: str) -> str:
    """Return what is wrong with the address, to follow it in a sentence."""
    outside = "not within" in text or "not in the valid range" in text
    return "lies outside of the service range" if outside else "is taken by another Service"
