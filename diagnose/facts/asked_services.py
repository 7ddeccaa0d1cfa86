"""Names of Services that do not resolve although the Service exists: elsewhere, or without pods.

Source: Kubernetes DNS-Based Service Discovery Specification, 2.4 and 2.5 (headless Services have
records for ready endpoints alone, unless publishNotReadyAddresses).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.lookup_contrasts import unanswered
from diagnose.facts.lookups import Lookup, Outcome
from diagnose.facts.names import normal
from diagnose.facts.services import Endpoints, Service, merged
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.values import dataclass

UNKNOWN = frozenset({Outcome.NXDOMAIN, Outcome.NOT_KNOWN})
Key = tuple[str, Subject, str]


@dataclass(frozen=True)
class AskedService:
    """One name asked in vain, and the Service that was probably meant."""

    name: str
    place: Subject
    service: Service
    quotes: tuple[Quote, ...]
    proven: bool


@dataclass(frozen=True, kw_only=True)
class AskedServices(Fact):
    """Services of other namespaces that were asked for, and headless ones without pods."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.CLIENT_OUTPUT, Ask.DNS_SERVICES, Ask.DNS_ENDPOINTS)

    elsewhere: tuple[AskedService, ...] = ()
    headless: tuple[AskedService, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return both; names that resolved later are left out."""
        lookups, services = evidence.of(Lookup), merged(evidence.of(Service))
        items: tuple[Readable, ...] = (*lookups, *services)
        found = known(evidence, items, Ask.CLIENT_OUTPUT)
        if isinstance(found, Gap):
            return found
        named: dict[str, list[Service]] = {}
        for service in services:
            named.setdefault(service.subject.name, []).append(service)
        ready: dict[tuple[str, str], list[Endpoints]] = {}
        for one in evidence.of(Endpoints):
            ready.setdefault((one.subject.namespace, one.service), []).append(one)
        solved = {
            normal(one.name): number
            for number, one in enumerate(lookups)
            if one.outcome is Outcome.NOERROR
        }
        wholes = by_first_label(lookups)
        elsewhere: dict[str, AskedService] = {}
        headless: dict[str, AskedService] = {}
        mute = unanswered(lookups)
        for number, lookup in enumerate(lookups):
            asked = parts(lookup)
            name = normal(lookup.name)
            if id(lookup) in mute or lookup.outcome not in UNKNOWN:
                continue
            if asked is None or solved.get(name, -1) > number:
                continue
            label, space = asked
            mine = [one for one in named.get(label, ()) if one.subject.namespace == space]
            others = [one for one in named.get(label, ()) if one.subject.namespace != space]
            if mine and mine[0].cluster_ips == ():
                known_ends = ready.get((space, label), [])
                if any(end.ready for one in known_ends for end in one.endpoints):
                    continue
                quotes = (lookup.quote, mine[0].quote, *(one.quote for one in known_ends[:1]))
                headless[name] = AskedService(
                    name, lookup.place, mine[0], quotes, proven=bool(known_ends)
                )
            elif not named.get(label) and "." not in name and (whole := qualified(lookup, wholes)):
                service = Service(
                    Subject("Service", label, normal(whole.name).split(".")[1]),
                    whole.origin,
                    whole.quote,
                )
                quotes = (lookup.quote, whole.quote)
                elsewhere[name] = AskedService(name, lookup.place, service, quotes, proven=False)
            elif others and not mine:
                elsewhere[name] = AskedService(
                    name,
                    lookup.place,
                    others[0],
                    (lookup.quote, others[0].quote),
                    proven=bool(space),
                )
        return cls(
            origin=found[0],
            gaps=found[1],
            elsewhere=tuple(elsewhere.values()),
            headless=tuple(headless.values()),
        )


def by_first_label(lookups: Iterable[Lookup]) -> dict[Key, Lookup]:
    """Return the first look-up that found a name of two labels, by the first, place and server."""
    found: dict[Key, Lookup] = {}
    for one in lookups:
        if one.outcome is Outcome.NOERROR and one.answers:
            label, *rest = normal(one.name).split(".")
            if len(rest) == 1:
                found.setdefault((label, one.place, one.server), one)
    return found


def qualified(lookup: Lookup, wholes: dict[Key, Lookup]) -> Lookup | None:
    """Return the look-up that found a bare name with a namespace appended, in the same place.

    It too is completed by the search list, which is therefore not at fault.
    """
    return wholes.get((normal(lookup.name), lookup.place, lookup.server))


def parts(lookup: Lookup) -> tuple[str, str] | None:
    """Return (service, namespace) that a name asks for; "" where the namespace is not known.

    A bare word is completed with the asking pod's namespace. None for other kinds of names.
    """
    labels = normal(lookup.name).split(".")
    if labels == [""] or not all(labels):
        return None
    if len(labels) == 1:
        return labels[0], lookup.place.namespace
    if len(labels) == 2 or (len(labels) > 2 and labels[2] == "svc"):
        return labels[0], labels[1]
    return None
