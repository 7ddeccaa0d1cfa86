"""A part of CoreDNS's answers takes longer than a second.

CoreDNS counts its answers by how long they took. Clients wait five seconds and ask again; what
takes a second is slow upstreams, queries that wait for a dead one first, or a process that gets no
processor time.

Limits: a note and a symptom. The counters reach back to the start of the process: a bad hour long
ago stays in them. Which bounds there are depends on the version; the first from a second on counts.
Source: coredns/coredns v1.12.4, plugin/metrics/vars/vars.go (request_duration_seconds),
plugin/plugin.go (TimeBuckets to 8 s, SlimTimeBuckets to 2.5 s).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CoreDNSMetrics
from diagnose.model import Finding, Severity
from diagnose.remedies import look

SLOW_S = 1.0
SHARE = 0.01
ENOUGH = 200  # answers; of fewer, one percent is one or two


@check(
    title="A part of CoreDNS's answers is slow",
    severity=Severity.INFO,
    family="capacity",
    symptom=True,
)
def dns_latency_high(metrics: CoreDNSMetrics) -> Iterator[Finding]:
    """Yield one finding per pod of whose answers more than one percent took over a second."""
    for pod in metrics.pods:
        slow = pod.slower(SLOW_S)
        if slow is None or slow.total < ENOUGH or slow.count <= SHARE * slow.total:
            continue
        yield Finding(
            subject=pod.subject,
            message=f"{slow.count} of {slow.total} answers since it started took longer than "
            f"{slow.seconds:g} s ({slow.count / slow.total:.0%})",
            quotes=slow.quotes,
            remedy=look(
                "See whether it is names outside of the cluster, and whether it goes on",
                "kubectl get --raw /api/v1/namespaces/kube-system/pods/<pod>:9153/proxy/metrics "
                "| grep -E 'request_duration_seconds_(sum|count)'  # twice, a minute apart",
                "kubectl -n kube-system top pods -l k8s-app=kube-dns",
                verify="the sums of proxy or forward grow: the upstream is slow",
            ),
            proven=False,
        )
