"""What DNS answered, read as a pattern: from where, by whom, for what kind of name, how.

A cell is all that one place was answered by one server. Whether a server is reached and whether
what it says is right are two things: SERVFAIL reaches the place that asked.

Limits: getent does not tell a missing answer from an error, so that "temporary failure" and "name
not known" say nothing of whether a server was reached.
Source: RFC 1035 sections 4.1.1 and 4.2; Clopper and Pearson, The use of confidence or fiducial
limits, Biometrika 26 (1934).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from enum import Enum
from typing import ClassVar, Self, TypeVar

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known, not_collected
from diagnose.facts.dns_answers import (
    Asked,
    NameKind,
    Place,
    PlaceKind,
    Server,
    ServerRole,
    breaches,
)
from diagnose.facts.lookups import ANSWERED, NO_ANSWER, NOWHERE, Outcome
from diagnose.facts.pods import Pod, unique
from diagnose.model import CLUSTER, Fact, Gap, Quote, Subject
from diagnose.values import dataclass

Key = TypeVar("Key")

SURE = 2  # lost questions; a single packet may be lost by chance
LARGE_BYTES = 512  # what DNS over UDP carries without EDNS (RFC 1035, 4.2.1)
CONFIDENCE = 0.95
MOST_EXACT = 1000  # questions of one cell for which the exact interval is worth its time
SILENCE = NO_ANSWER | {Outcome.UNEXPECTED_SOURCE}
ERRORS = frozenset({Outcome.SERVFAIL, Outcome.REFUSED, Outcome.FORMERR, Outcome.NOTIMP})
UNCLEAR = frozenset({Outcome.TEMPORARY, Outcome.NOT_KNOWN})
CLUSTER_ROLES = frozenset({ServerRole.SERVICE, ServerRole.REPLICA, ServerRole.NODE_LOCAL})
POD_KINDS = frozenset({PlaceKind.POD, PlaceKind.PROBE})  # what has an address of the pod network
DIRECT = Place(PlaceKind.DIRECT, NOWHERE)


class State(Enum):
    """Whether a server is reached from a place."""

    NOT_ASKED = "not asked"
    ANSWERS = "answers"
    SILENT = "does not answer"
    MIXED = "answers in part"


@dataclass(frozen=True)
class Cell:
    """Questions and what came, usually those of one place to one server."""

    items: tuple[Asked, ...] = ()

    @functools.cached_property
    def answered(self) -> tuple[Asked, ...]:
        """The questions to which a DNS message came back."""
        return tuple(one for one in self.items if one.outcome in ANSWERED)

    @functools.cached_property
    def silent(self) -> tuple[Asked, ...]:
        """The questions to which none came."""
        return tuple(one for one in self.items if one.outcome in SILENCE)

    @functools.cached_property
    def failed(self) -> tuple[Asked, ...]:
        """The questions to which none came, or an answer that is wrong."""
        return tuple(one for one in self.items if fails(one))

    @property
    def asked(self) -> int:
        """How many questions tell whether the server is reached."""
        return len(self.answered) + len(self.silent)

    @property
    def state(self) -> State:
        """Whether the server is reached."""
        if not self.silent:
            return State.ANSWERS if self.answered else State.NOT_ASKED
        return State.MIXED if self.answered else State.SILENT

    @property
    def lost(self) -> bool:
        """Whether nothing came back, more often than by chance."""
        return self.state is State.SILENT and (len(self.silent) >= SURE or self.told)

    @property
    def told(self) -> bool:
        """Whether the network itself said that nobody is there, which is no chance."""
        return any(one.outcome is not Outcome.TIMEOUT for one in self.silent)

    @property
    def quotes(self) -> tuple[Quote, ...]:
        """What shows its state: of each outcome the first."""
        first = {one.outcome: one.quote for one in reversed(self.items)}
        return tuple(dict.fromkeys(first[one.outcome] for one in self.items))

    def outcomes(self) -> dict[Outcome, int]:
        """Return how often what came instead of a right answer, the most frequent first."""
        counts: dict[Outcome, int] = {}
        for one in self.failed:
            counts[one.outcome] = counts.get(one.outcome, 0) + 1
        return dict(sorted(counts.items(), key=lambda pair: -pair[1]))

    def only(self, *kinds: NameKind, transport: str = "") -> Cell:
        """Return the questions of these kinds, over this transport."""
        return Cell(
            tuple(
                one
                for one in self.items
                if (not kinds or one.name_kind in kinds) and transport in ("", one.transport)
            )
        )


NOTHING = Cell()


def joined(cells: Iterable[Cell]) -> Cell:
    """Return the questions of several cells as one."""
    return Cell(tuple(one for cell in cells for one in cell.items))


@dataclass(frozen=True, kw_only=True)
class ProbeMatrix(Fact):
    """Every question that corediag asked DNS, and what came."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.DNS_ANSWERS, Ask.CLIENT_ANSWERS, Ask.PROBE_ANSWERS)

    items: tuple[Asked, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return all answers; where nothing was asked, a gap: that nobody answered is no fact."""
        return cls.made(evidence, *cls.asks)

    @classmethod
    def made(cls, evidence: Evidence, *asks: Ask) -> Self | Gap:
        """Return the matrix, judged whole by those of some asks that were carried out.

        That a run did not go as far as probe pods takes nothing from what it asked elsewhere.
        """
        items = evidence.of(Asked)
        if Ask.DNS_ANSWERS not in asks:
            mine = [one for one in items if one.place.kind is not PlaceKind.DIRECT]
        else:
            mine = list(items)
        carried_out = [one for one in asks if one in evidence.looked]
        found = known(evidence, mine, *(carried_out or asks))
        if isinstance(found, Gap):
            return found
        if not mine:
            return next(iter(found[1]), not_collected(asks[0]))
        return cls(origin=found[0], gaps=found[1], items=tuple(placed(items, evidence)))

    @functools.cached_property
    def cells(self) -> Mapping[tuple[Place, Server], Cell]:
        """The cells by place and server, in the order of the questions."""
        return self.by(lambda one: (one.place, one.server))

    def by(
        self, key: Callable[[Asked], Key | None], items: Iterable[Asked] | None = None
    ) -> dict[Key, Cell]:
        """Return the questions grouped by a key; those whose key is None are left out."""
        groups: dict[Key, list[Asked]] = {}
        for one in self.items if items is None else items:
            name = key(one)
            if name is not None:
                groups.setdefault(name, []).append(one)
        return {name: Cell(tuple(several)) for name, several in groups.items()}

    def cell(self, place: Place, server: Server) -> Cell:
        """Return one cell, without questions where it was not asked."""
        return self.cells.get((place, server), NOTHING)

    @functools.cached_property
    def places(self) -> tuple[Place, ...]:
        """Who asked."""
        return tuple(dict.fromkeys(place for place, _ in self.cells))

    @functools.cached_property
    def servers(self) -> tuple[Server, ...]:
        """Who was asked."""
        return tuple(dict.fromkeys(server for _, server in self.cells))

    def of(self, *roles: ServerRole) -> tuple[Server, ...]:
        """Return the servers that play these parts."""
        return tuple(one for one in self.servers if one.role in roles)

    @functools.cached_property
    def sizes(self) -> Mapping[tuple[str, str], int]:
        """The bytes of the largest answer to each name and type, whoever gave it."""
        sizes: dict[tuple[str, str], int] = {}
        for one in self.items:
            asked = (one.name, one.qtype)
            sizes[asked] = max(one.size, sizes.get(asked, 0))
        return sizes

    def size_of(self, one: Asked) -> int:
        """Return how large the larger packet of a question and its answer is; 0: not known.

        That of an answer that did not come is what others got for the same question; over UDP it is
        never larger than the question allowed.
        """
        size = self.sizes.get((one.name, one.qtype), 0)
        if one.transport == "udp":
            size = min(size, max(one.payload, LARGE_BYTES))
        return max(size, one.asked_bytes)

    def ways(self, *kinds: PlaceKind) -> dict[tuple[str, str], Cell]:
        """Return what CoreDNS's pods answered such places, by the nodes of both where known."""
        return self.by(
            lambda one: (
                (one.place.node, one.server.subject.node)
                if one.server.role is ServerRole.REPLICA
                and one.place.kind in kinds
                and one.place.node
                and one.server.subject.node
                else None
            )
        )

    @property
    def clients(self) -> tuple[Place, ...]:
        """The places from where the pod network or the host's was used."""
        return tuple(one for one in self.places if one.kind is not PlaceKind.DIRECT)

    @functools.cached_property
    def all(self) -> Cell:
        """All questions."""
        return Cell(self.items)


@dataclass(frozen=True, kw_only=True)
class ClientMatrix(ProbeMatrix):
    """The same, where whoever needs it wants to know what pods and nodes are answered."""

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return all answers, or the gap why nobody in the cluster was asked."""
        return cls.made(evidence, Ask.CLIENT_ANSWERS, Ask.PROBE_ANSWERS)


def placed(items: Iterable[Asked], evidence: Evidence) -> Iterator[Asked]:
    """Yield the questions with one place for all that went past the network, servers as pods.

    A server that is told by its address alone is looked up among the pods.
    """
    pods = {ip: pod for pod in unique(evidence.of(Pod)) for ip in pod.ips or ()}
    made: dict[Server, Server] = {}
    for one in items:
        server = made.get(one.server)
        if server is None:
            pod = pods.get(one.server.address)
            known_pod = one.server.subject.kind == "Pod" and one.server.subject.node
            fits = pod is not None and one.server.role in (
                ServerRole.REPLICA,
                ServerRole.CONFIGURED,
            )
            server = (
                replace(one.server, subject=pod.subject)
                if pod is not None and fits and not known_pod and not pod.host_network
                else one.server
            )
            made[one.server] = server
        place = DIRECT if one.place.kind is PlaceKind.DIRECT else one.place
        same = server is one.server and place is one.place
        yield one if same else replace(one, server=server, place=place)


def fails(one: Asked) -> bool:
    """Whether no answer came, or one that cannot be right.

    A padded question only asks whether it arrives. Servers outside of the cluster need not know its
    names, and NXDOMAIN may be the truth about an external name.
    """
    if one.outcome in SILENCE or one.outcome is Outcome.GARBAGE:
        return True
    if one.asked_bytes:
        return False
    if one.server.role in CLUSTER_ROLES and breaches(one):
        return True
    if one.name_kind is NameKind.ABSENT:
        return one.outcome in ERRORS or invented(one)
    if one.name_kind is NameKind.EXTERNAL:
        return one.outcome in ERRORS or one.outcome in UNCLEAR
    if one.server.role not in CLUSTER_ROLES and one.name_kind is not NameKind.SHORT:
        return False
    return one.outcome in ERRORS or one.outcome in UNCLEAR or one.outcome is Outcome.NXDOMAIN


def invented(one: Asked) -> bool:
    """Whether a name that does not exist was answered with a record."""
    absent = one.name_kind is NameKind.ABSENT
    return absent and one.outcome is Outcome.NOERROR and bool(one.answers)


def said(place: Place) -> str:
    """Return who asked, in words."""
    if place.kind is PlaceKind.DIRECT:
        return "the API server"
    if place.kind is PlaceKind.HOST:
        return f"the host network of {place.node or 'a node'}"
    subject = place.subject
    name = "/".join(filter(None, (subject.namespace, subject.name))) or "a pod"
    return f"{name} on {subject.node}" if subject.node else name


def called(server: Server) -> str:
    """Return who was asked, in words: its name and its address."""
    name = server.subject.name if server.role is ServerRole.REPLICA else ""
    return f"{name} ({server.address})" if name and server.address else name or server.address


def node_or(place: Place) -> Subject:
    """Return the node of a place, the place's own subject where it is not known, or CLUSTER."""
    if place.node:
        return Subject("Node", place.node)
    return place.subject if place.subject.kind else CLUSTER


def nodes_text(names: Iterable[str]) -> str:
    """Return names of nodes, the first few of them."""
    every = list(dict.fromkeys(names))
    more = f" and {len(every) - 3} more" if len(every) > 3 else ""
    return ", ".join(every[:3]) + more


def lost_text(cell: Cell) -> str:
    """Return how many of a cell's questions got no answer: "none of 4 questions"."""
    if cell.state is State.SILENT:
        return f"none of {cell.asked} questions answered" if cell.asked > 1 else "not answered"
    return f"{len(cell.silent)} of {cell.asked} questions not answered"


# ---------------------------------------------------------------- how sure a share is


def bounds(failed: int, asked: int) -> tuple[float, float]:
    """Return the limits between which the true share of failures lies, at 95 %.

    Exact (Clopper and Pearson), by halving; for very many questions the interval of Wilson.
    """
    if asked <= 0:
        return 0.0, 1.0
    if asked > MOST_EXACT:
        return wilson(failed, asked)
    tail = (1 - CONFIDENCE) / 2
    low = 0.0 if failed == 0 else halved(lambda share: 1 - below(failed - 1, asked, share), tail)
    high = 1.0 if failed == asked else 1 - halved(lambda rest: below(failed, asked, 1 - rest), tail)
    return low, high


def halved(rising: Callable[[float], float], level: float) -> float:
    """Return where a rising function of a share reaches a level."""
    low, high = 0.0, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        if rising(middle) < level:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def below(most: int, asked: int, share: float) -> float:
    """Return how probable at most so many failures are where each question fails by a share."""
    if share <= 0:
        return 1.0
    if share >= 1:
        return 1.0 if most >= asked else 0.0
    whole = math.lgamma(asked + 1)
    terms = (
        whole
        - math.lgamma(count + 1)
        - math.lgamma(asked - count + 1)
        + count * math.log(share)
        + (asked - count) * math.log1p(-share)
        for count in range(most + 1)
    )
    return min(1.0, math.fsum(map(math.exp, terms)))


def wilson(failed: int, asked: int) -> tuple[float, float]:
    """Return the limits of a share by Wilson's score, which are close for many questions."""
    z = 1.96
    share = failed / asked
    middle = (share + z * z / (2 * asked)) / (1 + z * z / asked)
    spread = z * math.sqrt(share * (1 - share) / asked + z * z / (4 * asked**2))
    spread /= 1 + z * z / asked
    return max(0.0, middle - spread), min(1.0, middle + spread)


def limits_text(failed: int, asked: int) -> str:
    """Return between which shares the true one lies: "at 95 % between 3 % and 38 % fail"."""
    low, high = bounds(failed, asked)
    if failed == 0:
        return f"at 95 % fewer than {percent(high)} fail"
    return f"at 95 % between {percent(low)} and {percent(high)} fail"


def percent(share: float) -> str:
    """Return a share in whole per cent, small ones with a decimal."""
    value = share * 100
    return f"{value:.1f} %" if 0 < value < 1 else f"{value:.0f} %"
