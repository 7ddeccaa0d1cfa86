"""What became of a container after one of its runs ended, as its pod and its next run tell.

The log of a run that ended tells why it ended. Where that comes with every start, a later run that
got past it shows that it is over: the pod is ready, or the log of its run now goes on.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import field
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.facts.logs import LogStream, Match
from diagnose.facts.pods import Pod, unique
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.signatures.base import Emitter
from diagnose.signatures.coredns import BANNER
from diagnose.values import dataclass


@dataclass(frozen=True, kw_only=True)
class Runs(Fact):
    """The runs of CoreDNS that have a log, and its pods by their names."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.DNS_LOGS, Ask.DNS_PODS)

    streams: tuple[LogStream, ...] = ()
    pods: Mapping[str, Pod] = field(default_factory=dict)

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return what the evidence tells of CoreDNS's runs."""
        streams = tuple(one for one in evidence.of(LogStream) if one.emitter is Emitter.COREDNS)
        found = known(evidence, streams, Ask.DNS_LOGS)
        if isinstance(found, Gap):
            return found
        pods = {pod.subject.name: pod for pod in unique(evidence.of(Pod)) if pod.serves_dns}
        return cls(origin=found[0], gaps=found[1], streams=streams, pods=pods)

    @functools.cached_property
    def _of_line(self) -> Mapping[Quote, LogStream]:
        return {match.quote: one for one in self.streams for match in one.matches}

    @functools.cached_property
    def _of_now(self) -> Mapping[Subject, list[LogStream]]:
        found: dict[Subject, list[LogStream]] = {}
        for one in self.streams:
            if one.subject.name and not one.previous:
                found.setdefault(one.subject, []).append(one)
        return found

    @functools.cached_property
    def _longest_s(self) -> float | None:
        """For how long the pod of CoreDNS that is ready for the longest has run; None: none is."""
        stay = (one for one in self.pods.values() if one.ready and not one.deleting)
        return max((lived_s(one) or 0.0 for one in stay), default=None)

    def ended(self, match: Match, after_s: float = 0.0) -> bool:
        """Whether what a line says ended with the run whose log it stands in; see over."""
        stream = self._of_line.get(match.quote)
        return stream is not None and self.over(stream, after_s)

    def over(self, stream: LogStream, after_s: float = 0.0) -> bool:
        """Whether what ended a run, or its pod, has not come back in the run of now.

        `after_s` says for how long a run must have gone on to show that.
        """
        pod = self.pods.get(stream.subject.name)
        if pod is not None and pod.deleting:
            return self._longest_s is not None and self._longest_s >= after_s
        if not stream.previous:
            return False
        if pod is not None and pod.ready is not None:
            lived = lived_s(pod)
            return pod.ready and (lived is None or lived >= after_s)
        return any(got_past(one, after_s) for one in self._of_now.get(stream.subject, ()))


def got_past(stream: LogStream, after_s: float) -> bool:
    """Whether a run has served for so long."""
    first, last = stream.first_at, stream.last_at
    lived = (last - first).total_seconds() if first and last else 0.0
    return bool(stream.count(BANNER)) and lived >= after_s


def lived_s(pod: Pod) -> float | None:
    """Return for how many seconds a pod's container has run since its last start."""
    return pod.last_restart_age_s if pod.restarts else pod.age_s
