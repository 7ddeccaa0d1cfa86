"""Names of Services that were asked for in vain, and what shows that they are written wrongly.

Source: Kubernetes DNS-Based Service Discovery Specification, 2.3 and 2.4: a Service's name is
<service>.<ns>.svc.<zone>; names of pods below it exist for headless Services alone.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.lookup_contrasts import unanswered
from diagnose.facts.lookups import Lookup, Outcome
from diagnose.facts.names import DEFAULT_DOMAIN, normal
from diagnose.facts.services import Service, merged
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.values import dataclass

UNKNOWN = frozenset({Outcome.NXDOMAIN, Outcome.NOT_KNOWN})
ALIKE = 0.8  # of two words, by difflib's ratio
MANY = 3  # Services of a namespace that make a listing of it
MOST = 20  # Services that are compared with one name
ENDS = 4  # letters at one end that alike names have in common


@dataclass(frozen=True)
class MistakenName:
    """One name; `meant` is what exists instead, "" when it is not known."""

    name: str
    place: Subject
    why: str
    meant: str
    quotes: tuple[Quote, ...]


class Listing:
    """The Services of one namespace, to be asked for one whose name is nearly another."""

    def __init__(self) -> None:
        """Begin without any."""
        self.services: dict[str, Service] = {}
        self._ends: dict[str, list[str]] = {}

    def add(self, service: Service) -> None:
        """Keep a Service by its name and by both of the name's ends."""
        name = service.subject.name
        self.services.setdefault(name, service)
        for end in (f"{name[:ENDS]}*", f"*{name[-ENDS:]}"):
            alike = self._ends.setdefault(end, [])
            if len(alike) < MOST:
                alike.append(name)

    def close(self, name: str) -> str:
        """Return the name that is nearly this one; "" without any."""
        candidates = {
            *self._ends.get(f"{name[:ENDS]}*", ()),
            *self._ends.get(f"*{name[-ENDS:]}", ()),
        }
        found = difflib.get_close_matches(name, sorted(candidates), n=1, cutoff=ALIKE)
        return found[0] if found else ""


@dataclass(frozen=True, kw_only=True)
class MistakenNames(Fact):
    """The names that are written wrongly, as far as other evidence shows it."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.CLIENT_OUTPUT, Ask.DNS_SERVICES)

    names: tuple[MistakenName, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return each name once; what resolved at any time is left out."""
        lookups, services = evidence.of(Lookup), merged(evidence.of(Service))
        items: tuple[Readable, ...] = lookups
        found = known(evidence, items, Ask.CLIENT_OUTPUT)
        if isinstance(found, Gap):
            return found
        solved = {
            normal(one.name): one for one in reversed(lookups) if one.outcome is Outcome.NOERROR
        }
        spaces: dict[str, Listing] = {}
        for service in services:
            spaces.setdefault(service.subject.namespace, Listing()).add(service)
        mute = unanswered(lookups)
        names: dict[str, MistakenName] = {}
        for one in lookups:
            name = normal(one.name)
            if one.outcome in UNKNOWN and id(one) not in mute and name not in solved:
                for wrong in judged(one, name.split("."), spaces, solved):
                    names.setdefault(name, wrong)
        return cls(origin=found[0], gaps=found[1], names=tuple(names.values()))


def judged(
    lookup: Lookup,
    labels: Sequence[str],
    spaces: dict[str, Listing],
    solved: dict[str, Lookup],
) -> Iterator[MistakenName]:
    """Yield what is wrong with a name."""
    name = ".".join(labels)
    if "://" in name or "/" in name:
        why = "that is a URL, of which only the host's name can be looked up"
        meant = name.partition("://")[2].partition("/")[0].partition(":")[0]
        yield MistakenName(name, lookup.place, why, meant, (lookup.quote,))
        return
    at = labels.index("svc") if "svc" in labels else -1
    domain = ".".join(labels[at + 1 :]) if at > 1 else ""
    if domain and domain != DEFAULT_DOMAIN and misspelt(domain):
        meant = ".".join((*labels[: at + 1], DEFAULT_DOMAIN))
        why = f"its domain is {domain}, where {DEFAULT_DOMAIN} is likely meant"
        yield MistakenName(name, lookup.place, why, meant, (lookup.quote,))
        return
    whole = solved.get(".".join(labels[1:])) if at == 3 else None
    if whole is not None and len(whole.answers) == 1:
        parent = ".".join(labels[1:])
        why = f"{parent} has one address: below it there are names of pods only if it is headless"
        yield MistakenName(name, lookup.place, why, parent, (lookup.quote, whole.quote))
        return
    if at == 2 or (at == -1 and len(labels) == 2):
        listing = spaces.get(labels[1], Listing())
        mine = listing.services
        if labels[0] in mine:
            return
        close = listing.close(labels[0])
        if close or len(mine) >= MANY:
            beside = mine[close] if close else next(iter(mine.values()))
            meant = ".".join((close, *labels[1:])) if close else ""
            why = f"no Service {labels[0]} is listed in {labels[1]}"
            why += f", {close} is" if close else ""
            yield MistakenName(name, lookup.place, why, meant, (lookup.quote, beside.quote))


def misspelt(domain: str) -> bool:
    """Whether a domain is nearly the usual one; one that only begins or ends so is another."""
    if domain in ("local", "cluster"):
        return True
    near = difflib.SequenceMatcher(None, domain[:40], DEFAULT_DOMAIN).ratio() >= ALIKE
    return near and domain.count(".") < 2
