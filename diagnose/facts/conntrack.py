"""How full nodes' tables of tracked connections are: by the kernel's counts, and by what it says.

A table at its limit frees and takes entries all the time, so that its count may be below the limit
at the moment of a look; what was dropped or pushed out between two looks shows it all the same.

Source: Linux v6.1 net/netfilter/nf_conntrack_core.c (__nf_conntrack_alloc: at the limit early_drop
pushes out an entry that is not assured, or the packet is dropped; nf_conntrack_in counts `drop`,
which nf_ct_resolve_clash does too), nf_conntrack_standalone.c (ct_cpu_seq_show),
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
from diagnose.facts.sysctls import Counter, Sysctl, Sysctls
from diagnose.findings import times
from diagnose.model import CLUSTER, Fact, Gap, Quote, Subject
from diagnose.signatures.kernel import CONNTRACK_FULL
from diagnose.values import dataclass

COUNT, MOST = "net.netfilter.nf_conntrack_count", "net.netfilter.nf_conntrack_max"
# Of the limit: so full a table has no room for a burst; at the second mark it drops, since entries
# are freed and taken while it is read.
NEAR_PERCENT, FULL_PERCENT = 95.0, 99.0
BUSY_PERCENT = 90.0  # so full, what was lost since the node started may be lost again
DROPPED, PUSHED_OUT = "drop", "early_drop"


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
class Losses:
    """What one node lost since it started, and between the first look and the last."""

    subject: Subject
    ever: int
    dropped: int
    pushed_out: int
    quotes: tuple[Quote, ...]

    @property
    def go_on(self) -> bool:
        """Whether any were between the looks."""
        return self.dropped > 0 or self.pushed_out > 0


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
        counters = tuple(losing(evidence))
        items: tuple[Readable, ...] = (*settings, *counters, *streams)
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
        losses = {one.subject: one for one in losses_of(counters)}
        near = [
            found_full
            for subject in dict.fromkeys((*fills, *losses))
            if subject not in told
            and (found_full := full_of(subject, fills.get(subject), losses.get(subject)))
        ]
        return cls(origin=found[0], gaps=found[1], full=(*said, *near))


def full_of(subject: Subject, fill: Fill | None, losses: Losses | None) -> FullTable | None:
    """Return what the counts of one node tell; None where its table has room.

    Entries are pushed out at the limit alone. Packets are dropped for other reasons too, so that
    these count only beside a table that is nearly full.
    """
    percent = fill.percent if fill else None
    pushed_out = losses is not None and losses.pushed_out > 0
    goes_on = losses is not None and losses.go_on
    near = percent is not None and percent >= NEAR_PERCENT
    busy = percent is not None and percent >= BUSY_PERCENT
    lost = losses is not None and losses.ever > 0
    if not (near or pushed_out or (busy and lost)):
        return None
    holds = f"the table holds {in_words(fill)}" if fill else "the table is full"
    message, quotes = holds, fill.quotes if fill else ()
    if losses is not None and lost:
        quotes += losses.quotes
        lately = f"{losses.pushed_out} entries were pushed out and {losses.dropped} packets dropped"
        message = (
            f"{holds}; between two looks {lately}"
            if goes_on
            else f"{holds}, and {losses.ever} packets and entries were lost since the node started"
        )
    full = percent is not None and percent >= FULL_PERCENT
    return FullTable(
        subject if subject.kind else CLUSTER,
        message,
        quotes,
        proven=full or (near and goes_on) or (pushed_out and fill is None),
    )


def losing(evidence: Evidence) -> Iterator[Counter]:
    """Yield the counters of what nodes' connection tracking lost; a pod has a table of its own."""
    for one in evidence.of(Counter):
        if one.name in (DROPPED, PUSHED_OUT) and one.subject.kind != "Pod":
            yield one


def losses_of(counters: tuple[Counter, ...]) -> Iterator[Losses]:
    """Yield the losses of each node, its first reading compared with its last."""
    readings: dict[Subject, dict[str, list[Counter]]] = {}
    for one in counters:
        readings.setdefault(one.subject, {}).setdefault(one.name, []).append(one)
    for subject, named in readings.items():
        grown = {name: several[-1].value - several[0].value for name, several in named.items()}
        last = [several[-1] for several in named.values()]
        shown = [
            quote
            for name, several in named.items()
            for quote in ((several[0].quote, several[-1].quote) if grown[name] > 0 else ())
        ]
        yield Losses(
            subject=subject,
            ever=sum(one.value for one in last),
            dropped=max(0, grown.get(DROPPED, 0)),
            pushed_out=max(0, grown.get(PUSHED_OUT, 0)),
            quotes=tuple(dict.fromkeys(shown or [one.quote for one in last if one.value])),
        )


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
