"""kube-dns, which came before CoreDNS, waits for what it reads from the API server.

It says so every half second until it has Services and endpoints, and ends itself after a minute.

Limits: it says that it waits, not for what: the line of the reflector beside it does. A few such
lines are part of each start.
Source: kubernetes/dns 1.14.13, pkg/dns/dns.go (waitForResourceSyncedOrDie).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import UnreadyCoreDNS
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import find_api_layer, look


@check(
    title="kube-dns waits for the API server",
    severity=Severity.CRITICAL,
    family="apiserver-unreachable",
    explains=(
        "no-ready-endpoints",
        "internal-names-fail",
    ),
    symptom=True,
)
def kube_dns_not_synced(unready: UnreadyCoreDNS) -> Iterator[Finding]:
    """Yield one finding per pod of kube-dns that does not get its lists."""
    for one in unready.pods:
        if one.kube_dns:
            yield Finding(
                subject=one.subject,
                message="kube-dns does not get Services and endpoints from the API server",
                quotes=one.quotes[:3],
                remedy=(
                    look(
                        "Read what its reflector says beside it",
                        "kubectl -n kube-system logs -l k8s-app=kube-dns -c kubedns --tail=50",
                        verify="refused, no answer, forbidden or a certificate: that is the cause",
                    ),
                    find_api_layer("", one.subject.node),
                    Remedy(
                        title="Once it works, move to CoreDNS: kube-dns is no longer maintained",
                        commands=("kubeadm upgrade apply <version>  # or CoreDNS's manifest",),
                        risk=Risk.DISRUPTIVE,
                        verify="kubectl -n kube-system rollout status deployment coredns",
                    ),
                ),
            )
