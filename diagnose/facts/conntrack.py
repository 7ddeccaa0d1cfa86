"""How full nodes' tables of tracked connections are: by the kernel's counts, and by what it says.

Source: Linux v6.1 net/netfilter/nf_conntrack_core.c (__nf_conntrack_alloc drops at the limit),
Documentation/networking/nf_conntrack-sysctl.rst (nf_conntrack_count, nf_conntrack_max: entries).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.kernel_messages import of_stream
from diagnose.facts.logs import LogStream
from diagnose.facts.sysctls import Sysctl, Sysctls
from diagnose.findings import times
from diagnose.model import CLUSTER, Fact, Gap, Quote, Subject
from diagnose.signatures.kernel import CONNTRACK_FULL
from diagnose.values import dataclass

COUNT, MOST = "net.netfilter.nf_conntrack_count", "net.netfilter.nf_conntrack_max"
# Of the limit: so full a table has no room for a burst; at the second mark it drops, since entries
# are freed and taken while it is read.
NEAR_PERCENT, FULL_PERCENT = 95.0, 99.0


@dataclass(frozen=True)
class Fill:
    """How many entries one node's table holds, of how many."""

    subject: Subject
    count: int
    most: int
    quotes: tuple[Quote, ...]

    @property
    def percent(self) -> float:
        """The part of the table that is taken."""
        return 100.0 * self.count / self.most


@dataclass(frozen=True)
class FullTable:
    """One node whose table is full, or was."""

    subject: Subject
    message: str
    quotes: tuple[Quote, ...]
    proven: bool
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ConntrackTables(Fact):
    """The nodes whose table of tracked connections is full."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.KERNEL_SETTINGS, Ask.KERNEL_LOGS)

    full: tuple[FullTable, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return one entry per node; the kernel's counts of now outrank its lines of before."""
        streams = evidence.of(LogStream)
        settings = tuple(one for one in evidence.of(Sysctl) if one.subject.kind != "Pod")
        items: tuple[Readable, ...] = (*settings, *streams)
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return found
        fills = {one.subject: one for one in fills_of(evidence)}
        # a log that names no node is of the only one whose table is known
        alone = next(iter(fills.values())) if len(fills) == 1 else None
        said: list[FullTable] = []
        for stream in streams:
            for one in of_stream(stream):
                if one.match.signature == CONNTRACK_FULL.name:
                    fill = fills.get(one.subject, None if one.subject.name else alone)
                    often = f"({times(one.count)})"
                    now = f"; now it holds {in_words(fill)}" if fill else ""
                    said.append(
                        FullTable(
                            one.subject,
                            f"the kernel drops packets of new connections {often}{now}",
                            (one.match.quote, *(fill.quotes if fill else ())),
                            proven=fill is None or fill.percent >= NEAR_PERCENT,
                            at=one.match.at,
                        )
                    )
        told = {one.subject for one in said}
        if alone and any(not one.name for one in told):
            told.add(alone.subject)
        near = [
            FullTable(
                one.subject if one.subject.kind else CLUSTER,
                f"the table holds {in_words(one)}",
                one.quotes,
                proven=one.percent >= FULL_PERCENT,
            )
            for one in fills.values()
            if one.percent >= NEAR_PERCENT and one.subject not in told
        ]
        return cls(origin=found[0], gaps=found[1], full=(*said, *near))


def fills_of(evidence: Evidence) -> Iterator[Fill]:
    """Yield the fill of each node of which both numbers are known."""
    settings = evidence.fetch(Sysctls)
    if isinstance(settings, Gap):
        return
    limits = {one.subject: one for one in settings.named(MOST)}
    for one in settings.named(COUNT):
        limit = limits.get(one.subject)
        if limit and (most := number(limit.value)):
            yield Fill(one.subject, number(one.value), most, (one.quote, limit.quote))


def number(text: str | None) -> int:
    """Return a whole number; 0 of anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else 0


def in_words(fill: Fill) -> str:
    """Return how full a table is."""
    return f"{fill.count} of {fill.most} entries ({fill.percent:.0f} %)"
