"""For how many of its periods of processor time a container of CoreDNS was stopped by its limit.

The kernel gives a container with a CPU limit its share in each period, of 100 ms most often, and
stops it for the rest of a period once that is used up; the kubelet's cAdvisor counts both.

Source: Linux Documentation/scheduler/sched-bwc.rst (nr_periods, nr_throttled); google/cadvisor
metrics/prometheus.go (container_cpu_cfs_periods_total).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.facts.pods import Pod
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.values import dataclass

ENOUGH = 600  # periods: a minute of processor time asked for


@dataclass(frozen=True)
class CPUPeriods:
    """One count of a pod's container: of all its periods, or of those that were `cut` short."""

    subject: Subject
    origin: str
    count: int
    cut: bool
    quote: Quote


@dataclass(frozen=True)
class Throttled:
    """One pod: so many of its periods were cut short; `grows` where both were read twice."""

    subject: Subject
    cut: int
    periods: int
    grows: bool
    quotes: tuple[Quote, ...]

    @property
    def share(self) -> float:
        """The part of the periods that was cut short, 0 to 1."""
        return self.cut / self.periods


@dataclass(frozen=True, kw_only=True)
class CPUThrottling(Fact):
    """CoreDNS's pods with a CPU limit, as they were counted; `counted` that any were."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.DNS_METRICS,)

    counted: bool = False
    pods: tuple[Throttled, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return what was counted between two readings, or since the start by one."""
        mine = [one for one in evidence.of(CPUPeriods) if serves_dns(one)]
        found = known(evidence, mine, *cls.asks)
        if isinstance(found, Gap):
            return found
        by_pod: dict[Subject, list[CPUPeriods]] = {}
        for one in mine:
            by_pod.setdefault(one.subject, []).append(one)
        pods = tuple(made for several in by_pod.values() for made in counted(several))
        return cls(origin=found[0], gaps=found[1], counted=bool(pods), pods=pods)


def serves_dns(one: CPUPeriods) -> bool:
    """Whether a count is of a pod of CoreDNS, by its name."""
    return Pod(one.subject, "", one.quote).serves_dns


def counted(several: list[CPUPeriods]) -> Iterator[Throttled]:
    """Yield the share of one pod; nothing where one of the two counts is missing, or is small."""
    cut = [one for one in several if one.cut]
    every = [one for one in several if not one.cut]
    if not cut or not every:
        return
    grows = len(cut) > 1 and len(every) > 1
    stopped, periods = cut[-1].count, every[-1].count
    if grows:
        stopped -= cut[0].count
        periods -= every[0].count
    if periods >= ENOUGH and 0 <= stopped <= periods:
        yield Throttled(
            subject=cut[-1].subject,
            cut=stopped,
            periods=periods,
            grows=grows,
            quotes=(every[-1].quote, cut[-1].quote),
        )
