"""What CoreDNS logs when it happens, and counts: panics, refused reloads, queries turned away.

A line says when, a counter only that it happened since the process started. So a counter speaks
for pods whose log says nothing of it, and never as more than a note of the past.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence
from diagnose.facts.coredns_metrics import Metric, Metrics, Sample, several
from diagnose.facts.corefile_faults import CorefileFaults
from diagnose.facts.logs import CoreDNSLogs
from diagnose.model import Fact, Gap, Subject
from diagnose.signatures import coredns
from diagnose.signatures.base import Signature
from diagnose.values import dataclass


@dataclass(frozen=True)
class Counted:
    """How often it happened to one process since it started."""

    subject: Subject
    sample: Sample

    @property
    def count(self) -> int:
        """The number."""
        return int(self.sample.value)


@dataclass(frozen=True, kw_only=True)
class Incidents(Fact):
    """The logs that may tell of it, and the counts of pods whose logs do not."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.DNS_LOGS, Ask.DNS_METRICS)
    signatures: ClassVar[tuple[Signature, ...]]
    metric: ClassVar[Metric]

    logs: CoreDNSLogs
    counted: tuple[Counted, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return both; the logs alone are enough, and what the counts lack is no gap."""
        logs = evidence.fetch(CoreDNSLogs)
        metrics = evidence.of(Metrics)
        if isinstance(logs, Gap):
            if not metrics:
                return logs
            logs = CoreDNSLogs(origin=metrics[0].origin, gaps=(logs,))
        told = {one.subject for one in logs.streams if one.count(*cls.signatures)}
        counted = tuple(
            Counted(pod.subject, sample)
            for pod, sample in several(metrics, cls.metric)
            if pod.subject not in told
        )
        return cls(origin=logs.origin, gaps=logs.gaps, logs=logs, counted=counted)


class CoreDNSPanics(Incidents):
    """Panics of CoreDNS. What it counts it survived: the query alone failed."""

    signatures = (coredns.PANIC, coredns.THREADS_EXHAUSTED, coredns.PANIC_RECOVERED)
    metric = Metric.PANICS


class ConcurrencyRejects(Incidents):
    """Queries beyond max_concurrent."""

    signatures = (coredns.MAX_CONCURRENT,)
    metric = Metric.REJECTS


class ReloadFailures(Incidents):
    """Changed Corefiles that CoreDNS refused; none by count where the file is fine by now."""

    signatures = (coredns.RELOAD_FAILED,)
    metric = Metric.RELOAD_FAILURES

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return both; the counts only while the file has a fault, or is not known."""
        found = super().read(evidence)
        faults = evidence.fetch(CorefileFaults)
        if isinstance(found, Gap) or isinstance(faults, Gap) or faults.faults:
            return found
        return replace(found, counted=())
