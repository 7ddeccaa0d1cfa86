"""Nodes whose connection tracking drops one of two queries that one socket sends at once.

The two packets, A and AAAA, both make an entry before either is confirmed; the second is dropped,
counted as insert_failed, and the resolver asks again after its five seconds.

Source: Linux v6.1 net/netfilter/nf_conntrack_core.c (__nf_conntrack_confirm, insert_failed);
resolv.conf(5), timeout.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.captures import Packet, repeated
from diagnose.facts.lookup_times import LookupTime, is_repeated
from diagnose.facts.lookups import Lookup
from diagnose.facts.sysctls import Counter
from diagnose.model import Fact, Gap, GapKind, Quote, Subject
from diagnose.values import dataclass

COUNTER = "insert_failed"
MANY = 100  # since the node started; a few are no sign
ALWAYS = 3  # slow look-ups without a fast one: then it is no chance


@dataclass(frozen=True)
class ConntrackRace:
    """One node; `slow` of `asked` look-ups took a multiple of the resolver's timeout.

    `after_s` are the seconds after which a capture shows two queries of one socket again, of which
    one alone was answered; 0 where the node's counters tell.
    """

    subject: Subject
    failed: int
    grows: bool
    slow: int
    asked: int
    quotes: tuple[Quote, ...]
    after_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class ConntrackRaces(Fact):
    """The nodes that count failed insertions, where some look-ups take five seconds."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.CLIENT_OUTPUT, Ask.KERNEL_SETTINGS)

    races: tuple[ConntrackRace, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the nodes; slow look-ups without any count of a node leave a gap."""
        times = tuple(one for one in evidence.of(LookupTime) if not one.failed)
        lookups, packets = evidence.of(Lookup), evidence.of(Packet)
        counters = [one for one in evidence.of(Counter) if one.name == COUNTER]
        items: tuple[Readable, ...] = (*lookups, *times, *packets)
        found = known(evidence, items, Ask.CLIENT_OUTPUT)
        if isinstance(found, Gap):
            return found
        slow = [one for one in times if is_repeated(one.seconds)]
        fast = [one for one in times if one.seconds < 1]
        seen = tuple(pairs(packets))
        if not slow or (not fast and len(slow) >= ALWAYS):
            return cls(origin=found[0], gaps=found[1], races=seen)
        if not counters:
            missing = Gap(
                "the counters of connection tracking",
                GapKind.NOT_COLLECTED,
                "look-ups took as long as the resolver waits before it asks again",
                "conntrack -S  # on the client's node, twice",
            )
            return cls(origin=found[0], gaps=(*found[1], missing), races=seen)
        return cls(
            origin=found[0],
            gaps=found[1],
            races=(*races(counters, slow, len(times)), *seen),
        )


def races(counters: list[Counter], slow: list[LookupTime], asked: int) -> Iterator[ConntrackRace]:
    """Yield the nodes whose count grows, or is high where it was read once."""
    by_node: dict[Subject, list[Counter]] = {}
    for one in counters:
        by_node.setdefault(one.subject, []).append(one)
    for subject, readings in by_node.items():
        first, last = readings[0], readings[-1]
        growth = last.value - first.value
        if growth > 0 or (len(readings) == 1 and last.value >= MANY):
            shown = (first.quote, last.quote) if growth > 0 else (last.quote,)
            yield ConntrackRace(
                subject=subject,
                failed=growth if growth > 0 else last.value,
                grows=growth > 0,
                slow=len(slow),
                asked=asked,
                quotes=(*shown, slow[0].quote),
            )


def pairs(packets: tuple[Packet, ...]) -> Iterator[ConntrackRace]:
    """Yield where a capture shows that one of two queries at once was lost, and asked again."""
    for one in repeated(packets):
        if one.lost:
            quotes = (one.first.quote, one.lost.quote, one.again.quote)
            yield ConntrackRace(
                subject=one.first.subject,
                failed=0,
                grows=False,
                slow=1,
                asked=1,
                quotes=tuple(dict.fromkeys(quotes)),
                after_s=one.seconds,
            )
            return
