"""What kube-proxy says that it cannot do, as far as it is not over.

kube-proxy repeats a sync that failed within 30 seconds, so a failure without a repetition in
minutes of log has passed; one that ended the process is over once its pod runs again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.facts.logs import LogStream, Match
from diagnose.facts.pods import Pod, unique
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.signatures import kernel, kube_proxy
from diagnose.signatures.base import Emitter, Signature
from diagnose.values import dataclass

QUIET = timedelta(minutes=5)
# The process ends with these.
ENDING = frozenset(
    one.name
    for one in (
        kube_proxy.CONNTRACK_DENIED,
        kube_proxy.IPTABLES_UNAVAILABLE,
        kube_proxy.IPVS_UNAVAILABLE,
        kube_proxy.PROXY_CONFIG_INVALID,
    )
)
WENT_ON = "may be incomplete"  # a configuration that it warns of and takes
# kube-proxy is past its start once it has said this.
BEGUN = (kube_proxy.CACHES_SYNCED,)


@dataclass(frozen=True)
class ProxyFailure:
    """The failures of one kube-proxy of one kind; `match` is the last line that says so."""

    subject: Subject
    match: Match
    quotes: tuple[Quote, ...]
    count: int = 1
    first_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ProxyFailures(Fact):
    """The logs of kube-proxy, read for what fails; `silent` are those that wait for the API.

    `well` names the pods that are ready, "" among them where all are.
    """

    asks: ClassVar[tuple[Ask, ...]] = (Ask.PROXY_LOGS, Ask.SYSTEM_PODS)

    streams: tuple[LogStream, ...] = ()
    well: frozenset[str] = frozenset()
    silent: tuple[ProxyFailure, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the logs, which pods are ready, and who still waits for its first lists."""
        streams = tuple(one for one in evidence.of(LogStream) if one.emitter is Emitter.KUBE_PROXY)
        found = known(evidence, streams, Ask.PROXY_LOGS)
        if isinstance(found, Gap):
            return found
        pods = [one for one in unique(evidence.of(Pod)) if "kube-proxy" in one.subject.name]
        well = frozenset(pod.subject.name for pod in pods if pod.ready)
        if pods and all(pod.ready for pod in pods):
            well |= {""}  # whichever it was that logged
        silent = tuple(one for stream in streams for one in waiting(stream))
        return cls(origin=found[0], gaps=found[1], streams=streams, well=well, silent=silent)

    def matching(self, *signatures: Signature) -> Iterator[ProxyFailure]:
        """Yield one failure per pod that logged any of these and has not recovered."""
        groups: dict[Subject, list[tuple[LogStream, list[Match]]]] = {}
        for stream in self.streams:
            lines = list(stream.matching(*signatures))
            if lines and not self.over(stream, lines[-1]):
                groups.setdefault(stream.subject, []).append((stream, lines))
        for subject, several in groups.items():
            last = several[-1][1][-1]
            times = [one.at for _, lines in several for one in lines if one.at]
            yield ProxyFailure(
                subject=subject,
                match=last,
                quotes=tuple(lines[-1].quote for _, lines in several),
                count=sum(stream.count(*signatures) for stream, _ in several),
                first_at=min(times, default=None),
            )

    def over(self, stream: LogStream, last: Match) -> bool:
        """Whether a failure is history: its pod runs again, or it was not repeated."""
        ended = last.signature in ENDING and WENT_ON not in last.quote.text
        if stream.subject.name in self.well and (stream.previous or ended):
            return True
        if stream.previous and any(
            one.subject == stream.subject and not one.previous and one.count(*BEGUN)
            for one in self.streams
            if one.subject.name
        ):
            return True
        if ended:
            return any(one.number > last.number for one in stream.matching(*BEGUN))
        return bool(last.at and stream.last_at and stream.last_at - last.at > QUIET)


def waiting(stream: LogStream) -> Iterator[ProxyFailure]:
    """Yield the failure of a kube-proxy that waits for lists which do not come, and says no more.

    Newer versions print nothing of an API server that refuses or does not answer.
    """
    synced = {name_of(one) for one in stream.matching(kube_proxy.CACHES_SYNCED)}
    waits = list(stream.matching(kube_proxy.CACHES_AWAITED))
    late = [one for one in waits if name_of(one) not in synced]
    ended = any(one.signature in ENDING for one in stream.matches)
    if not late or stream.previous or ended:
        return
    if any(one.signature not in ROUTINE for one in stream.matches):
        return  # it gives a reason
    yield ProxyFailure(stream.subject, late[-1], (late[-1].quote,), first_at=late[0].at)


def name_of(match: Match) -> str:
    """Return which lists a line is about; "" for the node's own."""
    return match["controller"] or match["name"].strip()


ROUTINE = frozenset(
    one.name
    for one in (
        kube_proxy.CACHES_AWAITED,
        kube_proxy.CACHES_SYNCED,
        kube_proxy.NODE_PORTS_EVERYWHERE,
        kube_proxy.NFT_LIST_FAILED,
        kube_proxy.HEALTHZ_FAILED,
        kernel.XTABLES_LOCKED,
    )
)
