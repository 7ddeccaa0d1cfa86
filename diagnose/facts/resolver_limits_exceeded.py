"""Nodes whose cloud drops packets to its own resolver, as the network driver counts them.

AWS lets an interface send 1024 packets a second to the services at link-local addresses and to the
resolver of the VPC, and drops the rest; its driver counts them.

Source: Linux v6.1 drivers/net/ethernet/amazon/ena/ena_ethtool.c (linklocal_allowance_exceeded);
Amazon VPC documentation, DNS quotas.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.sysctls import Counter, Sysctl
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.values import dataclass

COUNTER = "linklocal_allowance_exceeded"


@dataclass(frozen=True)
class LimitExceeded:
    """One node; `grows` that the count was read twice, and `dropped` came between."""

    subject: Subject
    dropped: int
    grows: bool
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, kw_only=True)
class ResolverLimitsExceeded(Fact):
    """The nodes that sent more than the cloud takes; `counted` that such a count was read."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.KERNEL_SETTINGS,)

    counted: bool = False
    nodes: tuple[LimitExceeded, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the nodes whose count grows, or is above zero where it was read once."""
        counters = evidence.of(Counter)
        items: tuple[Readable, ...] = (*counters, *evidence.of(Sysctl))
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return found
        mine = [one for one in counters if one.name == COUNTER]
        return cls(origin=found[0], gaps=found[1], counted=bool(mine), nodes=tuple(exceeded(mine)))


def exceeded(counters: Iterable[Counter]) -> Iterator[LimitExceeded]:
    """Yield the nodes that lost packets so, by their first and last readings."""
    by_node: dict[Subject, list[Counter]] = {}
    for one in counters:
        by_node.setdefault(one.subject, []).append(one)
    for subject, readings in by_node.items():
        first, last = readings[0], readings[-1]
        if len(readings) == 1 and last.value:
            yield LimitExceeded(subject, last.value, False, (last.quote,))
        elif last.value > first.value:
            dropped = last.value - first.value
            yield LimitExceeded(subject, dropped, True, (first.quote, last.quote))
