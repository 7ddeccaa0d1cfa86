"""Logs as facts: streams of one program each, kept as the matches of known signatures.

A log of any length becomes a LogStream of bounded size: counts, first and last matches of each
signature, and samples of graver lines that nothing knows.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.facts.pods import Pod, unique
from diagnose.model import Fact, Gap, GapKind, Quote, Subject
from diagnose.signatures.base import Emitter, Signature
from diagnose.values import dataclass

# A run that goes on for so long has outlived what ends one at its start.
OUTLIVED = timedelta(minutes=5)


@dataclass(frozen=True)
class Match:
    """One line of a stream that a signature knows.

    `subject` is the pod (or node) whose log it is. `number` counts the stream's lines from 1,
    so two matches of one stream can be put in order. `at` is the envelope's time, if it has one.
    `times` is how often the line stood there, where somebody condensed the log.
    """

    signature: str
    subject: Subject
    quote: Quote
    fields: Mapping[str, str]
    number: int
    at: datetime | None = None
    times: int = 1

    def __getitem__(self, name: str) -> str:
        """Return a named group of the pattern; empty when that wording lacks it."""
        return self.fields.get(name) or ""


@dataclass(frozen=True)
class LogStream:
    """The log of one container run, or a pasted stretch of one.

    `counts` holds how often each signature matched, by its name; `matches` the kept ones in
    line order: all of them up to a bound, beyond it the first and the last ones. `unknown`
    quotes up to a few lines of level error or fatal that no signature knows. `whole` says that
    nothing was left out between the first and the last line, `previous` that the container was
    ended since. `version` is the program's own word for it; "" when it does not say. `taken_at` is
    when it was read, up to its end; None where that is not known.
    """

    emitter: Emitter
    subject: Subject
    origin: str
    lines: int
    matches: tuple[Match, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    unknown: tuple[Quote, ...] = ()
    first_at: datetime | None = None
    last_at: datetime | None = None
    previous: bool = False
    whole: bool = False
    version: str = ""
    container: str = ""
    taken_at: datetime | None = None

    def matching(self, *signatures: Signature) -> Iterator[Match]:
        """Yield the kept matches of the signatures in line order."""
        names = {signature.name for signature in signatures}
        return (match for match in self.matches if match.signature in names)

    def count(self, *signatures: Signature) -> int:
        """Return how many lines match, counting those that were not kept."""
        return sum(self.counts.get(signature.name, 0) for signature in signatures)


RUNS = frozenset({"Running", "CrashLoopBackOff", "Error", "Terminating"})


def not_given(evidence: Evidence) -> Iterator[Gap]:
    """Yield a gap for each pod of CoreDNS that runs and whose log nobody gave, beside another's.

    Where a log names no pod it may be of any.
    """
    given = {one.subject.name for one in evidence.of(LogStream) if one.emitter is Emitter.COREDNS}
    if not given or "" in given or Ask.DNS_LOGS in evidence.looked:
        return
    told = " ".join(gap.what for gap in evidence.general_gaps)
    for pod in unique(evidence.of(Pod)):
        name, space = pod.subject.name, pod.subject.namespace or "kube-system"
        if pod.serves_dns and pod.status in RUNS and name not in given and name not in told:
            yield Gap(
                f"the log of pod {space}/{name}",
                GapKind.PARTIAL,
                "not in the evidence, or empty",
                f"kubectl -n {space} logs {name}; kubectl -n {space} logs {name} --previous",
            )


def shares(stream: LogStream, groups: Sequence[Sequence[Match]]) -> list[int]:
    """Return how many lines of a stream each group of its matches stands for.

    Lines that were counted and not kept go to the groups of which most were kept, in equal parts:
    of the others every line was kept.
    """
    counts = [sum(match.times for match in group) for group in groups]
    for name in dict.fromkeys(match.signature for group in groups for match in group):
        kept = [sum(match.signature == name for match in group) for group in groups]
        told = (m.times for group in groups for m in group if m.signature == name)
        rest = stream.counts.get(name, 0) - sum(told)
        most = [index for index, number in enumerate(kept) if number == max(kept)]
        for place, index in enumerate(most):
            if rest > 0:
                counts[index] += rest // len(most) + (place < rest % len(most))
    return counts


@dataclass(frozen=True, kw_only=True)
class Logs(Fact):
    """The streams of one kind of program."""

    emitter: ClassVar[Emitter]
    streams: tuple[LogStream, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the streams of this program in the evidence, or why there are none."""
        streams = tuple(one for one in evidence.of(LogStream) if one.emitter is cls.emitter)
        found = known(evidence, streams, *cls.asks)
        if isinstance(found, Gap):
            return found
        origin, gaps = found
        return cls(origin=origin, gaps=gaps, streams=streams)

    def matching(self, *signatures: Signature) -> Iterator[Match]:
        """Yield the kept matches of the signatures, stream by stream in line order."""
        for stream in self.streams:
            yield from stream.matching(*signatures)

    def count(self, *signatures: Signature) -> int:
        """Return how many lines of all streams match."""
        return sum(stream.count(*signatures) for stream in self.streams)

    def outlived(self, match: Match, *signatures: Signature) -> bool:
        """Whether a later run of the same pod went on for minutes without such lines.

        A run that was ended tells nothing: it may have ended before it could say so.
        """
        if not match.subject.name or match.at is None:
            return False
        return any(
            not one.previous
            and not one.count(*signatures)
            and one.first_at is not None
            and one.last_at is not None
            and one.first_at > match.at
            and one.last_at - one.first_at >= OUTLIVED
            for one in self._by_subject[match.subject]
        )

    @functools.cached_property
    def _by_subject(self) -> Mapping[Subject, list[LogStream]]:
        found: dict[Subject, list[LogStream]] = defaultdict(list)
        for one in self.streams:
            found[one.subject].append(one)
        return found


class CoreDNSLogs(Logs):
    """The logs of CoreDNS, also of a node-local cache and the older kube-dns."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.DNS_LOGS,)
    emitter = Emitter.COREDNS


class KubeletLogs(Logs):
    """The logs of kubelets."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.KUBELET_LOGS,)
    emitter = Emitter.KUBELET


class RuntimeLogs(Logs):
    """The logs of containerd, CRI-O or dockerd."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.RUNTIME_LOGS,)
    emitter = Emitter.RUNTIME


class KubeProxyLogs(Logs):
    """The logs of kube-proxy."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.PROXY_LOGS,)
    emitter = Emitter.KUBE_PROXY


class FlannelLogs(Logs):
    """The logs of flanneld."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.FLANNEL_LOGS,)
    emitter = Emitter.FLANNEL


class ControllerManagerLogs(Logs):
    """The logs of kube-controller-manager."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.CONTROLLER_MANAGER_LOGS,)
    emitter = Emitter.CONTROLLER_MANAGER


class ClientLogs(Logs):
    """Lines of programs that use DNS: applications, package managers, probes by hand."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.CLIENT_OUTPUT,)
    emitter = Emitter.CLIENT
