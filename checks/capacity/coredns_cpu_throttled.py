"""CoreDNS's CPU limit stops it for a part of the time.

With a limit the kernel stops a container for the rest of a period once its share is used up; all
queries wait meanwhile. CoreDNS's own manifests set no limit.

Limits: one reading counts since the container started, so it may be of a load that is over: a
possibility. A pod without a limit is not counted at all.
Source: Linux Documentation/scheduler/sched-bwc.rst; google/cadvisor metrics/prometheus.go
(container_cpu_cfs_throttled_periods_total); coredns/deployment kubernetes/Scaling_CoreDNS.md.
"""

from collections.abc import Iterator

from diagnose.check import NotApplicable, check
from diagnose.facts import CPUThrottling
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import DNS_NAMESPACE, look, quoted

SHARE = 0.2


@check(
    title="CoreDNS is throttled by its CPU limit",
    severity=Severity.WARNING,
    family="capacity",
    explains=("coredns-health-slow", "dns-latency-high"),
)
def coredns_cpu_throttled(throttling: CPUThrottling) -> Iterator[Finding]:
    """Yield one finding per pod that a fifth of its periods or more was stopped in."""
    if not throttling.counted:
        raise NotApplicable("no count of CoreDNS's throttled periods was read")
    for one in throttling.pods:
        if one.share < SHARE:
            continue
        when = "between two readings" if one.grows else "since it started"
        space = quoted(one.subject.namespace, DNS_NAMESPACE)
        yield Finding(
            subject=one.subject,
            message=f"its CPU limit stopped it in {one.cut} of {one.periods} periods {when} "
            f"({one.share:.0%})",
            quotes=one.quotes,
            remedy=(
                look(
                    "See the limit, and what the pods use",
                    f"kubectl -n {space} get deployment coredns -o jsonpath='{{..resources}}'",
                    f"kubectl -n {space} top pods -l k8s-app=kube-dns",
                    verify="limits.cpu is set, and use is near it at times",
                ),
                Remedy(
                    title="Take the CPU limit away, or raise it; keep the request",
                    commands=(
                        f"kubectl -n {space} set resources deployment coredns --limits=cpu=0",
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify="the count of throttled periods stands still",
                ),
                Remedy(
                    title="Where it must stay, share the queries among more replicas",
                    commands=(f"kubectl -n {space} scale deployment coredns --replicas=<n>",),
                    risk=Risk.DISRUPTIVE,
                    verify="the count of throttled periods stands still",
                ),
            ),
            proven=one.grows,
        )
