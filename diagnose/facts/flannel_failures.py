"""What ended flannel at its start: the errors after which it writes no subnet.env."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.facts.logs import LogStream, Match
from diagnose.facts.pods import Pod, unique
from diagnose.model import Fact, Gap, Subject
from diagnose.signatures import flannel
from diagnose.signatures.base import Emitter, Signature
from diagnose.values import dataclass

ENDINGS = (
    flannel.BACKEND_UNKNOWN,
    flannel.CREDENTIALS_MISSING,
    flannel.FLANNEL_BR_NETFILTER_MISSING,
    flannel.INTERFACE_NOT_FOUND,
    flannel.MASQUERADE_FAILED,
    flannel.NET_CONF_INVALID,
    flannel.NETWORK_MISMATCH,
    flannel.PODCIDR_MISSING,
    flannel.ROUTE_FAILED,
    flannel.VTEP_MAC_CHANGED,
    flannel.VXLAN_FAILED,
)


@dataclass(frozen=True)
class FlannelFailure:
    """The last line of one kind in the log of one pod; `count` is how often it is there."""

    subject: Subject
    match: Match
    count: int = 1


@dataclass(frozen=True, kw_only=True)
class FlannelFailures(Fact):
    """The failures of flannel that are open: after them it did not get going."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.FLANNEL_LOGS, Ask.SYSTEM_PODS)

    failures: tuple[FlannelFailure, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the failures, without those of pods that wrote their subnet or run since."""
        streams = tuple(one for one in evidence.of(LogStream) if one.emitter is Emitter.FLANNEL)
        found = known(evidence, streams, Ask.FLANNEL_LOGS)
        if isinstance(found, Gap):
            return found
        well = {pod.subject.name for pod in unique(evidence.of(Pod)) if pod.ready}
        well |= {
            one.subject.name
            for one in streams
            if one.subject.name and not one.previous and one.count(flannel.SUBNET_WRITTEN)
        }
        failures = [one for stream in streams for one in of_stream(stream, well)]
        first = {(one.subject, one.match.signature): one for one in reversed(failures)}
        return cls(origin=found[0], gaps=found[1], failures=tuple(first.values())[::-1])

    def of(self, *signatures: Signature) -> tuple[FlannelFailure, ...]:
        """Return the failures of these kinds."""
        names = {one.name for one in signatures}
        return tuple(one for one in self.failures if one.match.signature in names)


def of_stream(stream: LogStream, well: set[str]) -> Iterator[FlannelFailure]:
    """Yield the last failure of each kind after which the same log tells of no success.

    A run before the one of a pod that is well now has ended long ago.
    """
    if stream.previous and stream.subject.name in well:
        return
    begun = max((one.number for one in stream.matching(flannel.SUBNET_WRITTEN)), default=-1)
    for signature in ENDINGS:
        last = list(stream.matching(signature))[-1:]
        for match in last:
            if match.number > begun:
                yield FlannelFailure(match.subject, match, max(stream.count(signature), 1))
