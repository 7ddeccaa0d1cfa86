"""A node has no rules for the DNS service, or for the API server's.

CoreDNS's pods answer by their own addresses and not by the Service's, or the node's packet filter
rules, where they are in the evidence, do not hold the address. The node's table of connections
shows it too: it has queries to the Service's address as they were asked, and no pod is to answer.

Limits: rules that a replacement of kube-proxy keeps elsewhere (eBPF maps, IPVS) are not seen in
iptables; where such a replacement runs, only answers decide.
Source: kubernetes/kubernetes v1.31.0, pkg/proxy/iptables/proxier.go (KUBE-SERVICES).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import ServiceRules
from diagnose.model import Finding, Severity
from diagnose.remedies import look, quoted, restart_kube_proxy


@check(
    title="The node has no rules for the service address",
    severity=Severity.CRITICAL,
    family="service-proxy",
    explains=(
        "resolution-fails",
        "apiserver-unreachable-timeout",
        "coredns-api-error-hidden",
        "service-proxy-broken",
    ),
)
def service_proxy_rules_missing(rules: ServiceRules) -> Iterator[Finding]:
    """Yield one finding per node, or place, where a Service address is not translated."""
    for one in rules.missing:
        node = one.subject.name if one.subject.kind == "Node" else one.subject.node
        yield Finding(
            subject=one.subject,
            message=one.message,
            quotes=one.quotes[:3],
            remedy=(
                look(
                    "Look for the rules on the node",
                    f"iptables-save -t nat | grep {quoted(one.address, '<service address>')}; "
                    f"ipvsadm -Ln  # on {quoted(node, 'the node')}",
                    "kubectl -n kube-system get pods -l k8s-app=kube-proxy -o wide",
                    verify="none found",
                ),
                restart_kube_proxy(node),
            ),
            proven=one.proven,
        )
