"""dnsmasq refuses queries because too many wait for their answers.

In kube-dns, the predecessor of CoreDNS, dnsmasq stands in front; on nodes it is a cache of its own.
It keeps --dns-forward-max queries in flight, 150 unless told.

Limits: whether the load grew or the upstream became slow is not in the line.
Source: dnsmasq 2.78, src/forward.c (get_new_frec, query_full); kubernetes/dns pkg/dnsmasq/nanny.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CoreDNSLogs
from diagnose.facts.logs import Match
from diagnose.findings import log_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look
from diagnose.signatures.coredns import DNSMASQ_FULL


@check(
    title="dnsmasq has too many queries in flight",
    severity=Severity.CRITICAL,
    family="capacity",
    explains=("external-names-fail", "resolution-fails"),
)
def dnsmasq_concurrent_queries_limit(logs: CoreDNSLogs) -> Iterator[Finding]:
    """Yield one finding per pod that says so, quoting its last such line."""
    yield from log_findings(
        logs,
        (DNSMASQ_FULL,),
        lambda match: f"refuses what goes beyond {match['max']} queries in flight",
        steps,
    )


def steps(_: Match) -> tuple[Remedy, ...]:
    """Return the remedy: a slow upstream first, then the limit."""
    return (
        look(
            "See whether the upstream is slow, or clients ask too much",
            "kubectl -n kube-system logs -l k8s-app=kube-dns -c dnsmasq --tail=50 --prefix",
            "dig @<upstream> example.com | grep 'Query time'",
            verify="a slow answer, or very many names with search domains appended",
        ),
        Remedy(
            title="Raise the limit, and run more replicas; better, move to CoreDNS",
            commands=(
                "kubectl -n kube-system edit deployment kube-dns  # --dns-forward-max=1000",
                "kubectl -n kube-system scale deployment kube-dns --replicas=<n>",
            ),
            risk=Risk.DISRUPTIVE,
            verify="no such line for an hour",
        ),
    )
