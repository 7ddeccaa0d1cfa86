"""A Service's address does not answer from a place where a pod's own address does.

Between the two lies the translation alone: the rules of kube-proxy, or of what replaces it, on the
client's node.

Limits: a possibility: the pod that answered may be none of the Service's, and a Service may send to
a pod that cannot be reached. A ping does not count, since most Services' addresses answer none.
Source: kubernetes/kubernetes v1.31.0 pkg/proxy/iptables/proxier.go; Kubernetes documentation,
Debug Services.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import Reachability
from diagnose.model import CLUSTER, Finding, Severity
from diagnose.remedies import look, quoted, restart_kube_proxy


@check(
    title="A Service's address is silent where a pod's answers",
    severity=Severity.CRITICAL,
    family="service-proxy",
    explains=("resolution-fails", "apiserver-unreachable-timeout"),
)
def service_address_silent(reached: Reachability) -> Iterator[Finding]:
    """Yield one finding per Service's address."""
    for pair in reached.services:
        lost, ok = pair.lost, pair.ok
        target = quoted(lost.address, "<Service address>")
        yield Finding(
            subject=lost.subject if lost.subject.kind else CLUSTER,
            message=f"{lost.address}:{lost.port} is silent, {ok.address}:{ok.port} answers",
            quotes=(lost.quote, ok.quote),
            remedy=(
                look(
                    "See whether the node has rules for the address, and who makes them",
                    "kubectl get endpointslices -A  # ready pods of the Service",
                    f"iptables-save | grep -- {target}; ipvsadm -Ln | grep -A3 {target}",
                    "kubectl -n kube-system logs -l k8s-app=kube-proxy --tail=30 --prefix",
                    verify="no rule: kube-proxy; rules to other addresses: stale ones",
                ),
                restart_kube_proxy("", "kube-system"),
            ),
            proven=False,
        )
