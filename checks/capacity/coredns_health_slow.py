"""CoreDNS answers its own health request late or not at all.

It asks itself every second over the loopback interface; what takes longer than a second there is
its own process that gets no processor time, for a CPU limit or a node that has none left, or that
has more queries than it can answer.

Limits: a line or two are a pause of the scheduler; a refused request is the end of the process.
Source: coredns/coredns v1.8.4, plugin/health/overloaded.go (overloaded).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CoreDNSLogs
from diagnose.findings import times
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look
from diagnose.signatures.coredns import HEALTH_SLOW

FEW = 3
ENDED = "connection refused"  # what the request meets while the process shuts down


@check(
    title="CoreDNS is too slow to answer its own health request",
    severity=Severity.WARNING,
    family="capacity",
    explains=("coredns-liveness-killed", "dns-latency-high"),
    also=("dns-query-overload",),
)
def coredns_health_slow(logs: CoreDNSLogs) -> Iterator[Finding]:
    """Yield one finding per pod that says so several times; a possibility."""
    for stream in logs.streams:
        lines = [one for one in stream.matching(HEALTH_SLOW) if ENDED not in one["reason"]]
        if len(lines) < FEW:
            continue
        worst = max((one["elapsed"] for one in lines if one["elapsed"]), key=len, default="")
        yield Finding(
            subject=stream.subject,
            message=f"its own health request over loopback is slow or fails ({times(len(lines))}"
            + (f", up to {worst})" if worst else ")"),
            quotes=tuple(one.quote for one in lines[-2:]),
            remedy=(
                look(
                    "Measure its processor time, its limit and the load of the node",
                    "kubectl -n kube-system top pods -l k8s-app=kube-dns",
                    "kubectl -n kube-system get deployment coredns -o jsonpath='{..resources}'",
                    "kubectl top nodes",
                    "kubectl get --raw /api/v1/nodes/<node>/proxy/metrics/cadvisor | grep -E "
                    "'cfs_(throttled_)?periods_total.*coredns'  # twice",
                    verify="the limit is reached and a part of the periods is throttled; or the "
                    "node has nothing left; or neither: it is the number of queries",
                ),
                Remedy(
                    title="Add replicas, or take the CPU limit away",
                    commands=("kubectl -n kube-system scale deployment coredns --replicas=<n>",),
                    risk=Risk.DISRUPTIVE,
                    verify="no such line for ten minutes",
                ),
            ),
            proven=False,
            at=lines[0].at,
        )
