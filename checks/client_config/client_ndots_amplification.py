"""Most of CoreDNS's work is to say that searched names do not exist, and it is too much work.

With three search domains and ndots:5 a program's look-up of api.example.com asks for four names,
each as A and AAAA, of which six end in NXDOMAIN. That is every cluster's normal state and no fault;
it is told where CoreDNS lacks processor time besides, since then it is the load to take away.

Limits: a note and a possibility. Counters reach back to the start of the process and do not tell
which names were asked for: programs that ask for names of nobody look the same.
Source: coredns/coredns v1.12.4, plugin/metrics/vars/vars.go (responses_total), plugin/health/
overloaded.go (request_failures_total); resolv.conf(5), ndots; kubernetes/kubernetes issue 33554.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CoreDNSMetrics
from diagnose.facts.coredns_metrics import Metric
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look

SHARE = 0.6
ENOUGH = 10_000  # answers
STRAINED = 3  # own health requests over loopback that failed


@check(
    title="Searched names that do not exist are most of CoreDNS's load",
    severity=Severity.INFO,
    family="ndots",
    explains=("coredns-health-slow", "dns-latency-high", "lookups-slow"),
)
def client_ndots_amplification(metrics: CoreDNSMetrics) -> Iterator[Finding]:
    """Yield one finding per pod that is short of time and answers mostly NXDOMAIN."""
    for pod in metrics.pods:
        answers = pod.of(Metric.RESPONSES)
        absent = [one for one in answers if one["rcode"] == "NXDOMAIN"]
        total = pod.total(Metric.RESPONSES)
        count = int(sum(one.value for one in absent))
        failures = [one for one in pod.of(Metric.HEALTH_FAILURES) if one.value >= STRAINED]
        if total < ENOUGH or count < SHARE * total or not failures:
            continue
        yield Finding(
            subject=pod.subject,
            message=f"{count / total:.0%} of {total} answers say that the name does not exist, and "
            f"{int(failures[0].value)} of its own health requests failed for want of time",
            quotes=(max(absent, key=lambda one: one.value).quote, failures[0].quote),
            remedy=steps(),
            proven=False,
        )


def steps() -> tuple[Remedy, ...]:
    """Return the remedy: see the names, then have fewer of them asked for."""
    return (
        look(
            "See for a minute which names are asked for (the log plugin prints each query)",
            "kubectl -n kube-system logs -l k8s-app=kube-dns --tail=2000 | grep NXDOMAIN | "
            "grep -c 'svc.cluster.local'",
            "kubectl -n kube-system top pods -l k8s-app=kube-dns",
            verify="most are public names with a search domain behind them",
        ),
        Remedy(
            title="Lower ndots in the busiest workloads, or end their names with a dot",
            commands=("spec.dnsConfig.options: [{name: ndots, value: '2'}]",),
            risk=Risk.DISRUPTIVE,
            verify="the rate of NXDOMAIN in coredns_dns_responses_total falls",
            why="names with as many dots are asked for as they are first",
        ),
        Remedy(
            title="Or answer closer to the pods: the node-local DNS cache, more replicas",
            commands=(
                "kubectl apply -f nodelocaldns.yaml",
                "kubectl -n kube-system scale deployment coredns --replicas=<n>",
            ),
            risk=Risk.DISRUPTIVE,
            verify="coredns_health_request_failures_total stands still",
        ),
    )
