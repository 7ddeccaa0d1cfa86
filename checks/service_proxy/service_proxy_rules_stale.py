"""A node's rules lead to CoreDNS pods that do not exist.

kube-proxy no longer follows the endpoints (its watch ended, it cannot write), or a second back end
of iptables still holds rules of old.

Limits: rules and endpoints must be of the same time; for a second after a change they differ
rightly.
Source: kubernetes/kubernetes v1.31.0, pkg/proxy/iptables/proxier.go (KUBE-SEP chains).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import ProxyBackends
from diagnose.model import Finding, Severity
from diagnose.remedies import NODE, look, quoted, restart_kube_proxy


@check(
    title="The node's rules lead to CoreDNS pods that do not exist",
    severity=Severity.CRITICAL,
    family="service-proxy",
    explains=(
        "resolution-fails",
        "service-proxy-broken",
        "dns-intermittent-failures",
    ),
)
def service_proxy_rules_stale(backends: ProxyBackends) -> Iterator[Finding]:
    """Yield one finding per node whose rules name an address that is no endpoint."""
    for one in backends.stale:
        node = one.subject.name if one.subject.kind == "Node" else one.subject.node
        yield Finding(
            subject=one.subject,
            message=f"rules lead to {', '.join(one.gone[:4])}; "
            f"endpoints are {', '.join(one.endpoints[:4])}",
            quotes=one.quotes[:3],
            remedy=(
                look(
                    "Compare rules and endpoints now, in both back ends of iptables",
                    "iptables-save -t nat | grep kube-dns; iptables-legacy-save -t nat "
                    f"| grep kube-dns  # on {quoted(node, NODE)}",
                    "kubectl get endpointslices -A -l k8s-app=kube-dns",
                    verify="they still differ",
                ),
                restart_kube_proxy(node),
            ),
        )
