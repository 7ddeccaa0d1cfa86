"""IPVS has nothing behind the DNS service's address, or not the address at all.

kube-proxy in IPVS mode makes a virtual server for each port of a Service and a real one for each
ready endpoint. Without them packets to the address are refused, or go where the default route
leads.

Limits: a possibility: a listing may be cut short, and a Service without ready endpoints has no real
server rightly, which is then the fault.
Source: kubernetes/kubernetes v1.31.0, pkg/proxy/ipvs/proxier.go (syncService, syncEndpoint).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import EmptyVirtualServers
from diagnose.model import CLUSTER, Finding, Severity
from diagnose.remedies import look, quoted, restart_kube_proxy


@check(
    title="IPVS has nothing behind the DNS service's address",
    severity=Severity.CRITICAL,
    family="service-proxy",
    explains=("resolution-fails", "service-proxy-broken"),
)
def ipvs_server_empty(servers: EmptyVirtualServers) -> Iterator[Finding]:
    """Yield one finding per listing and address."""
    for one in servers.untranslated:
        node = one.subject.name if one.subject.kind == "Node" else one.subject.node
        address = quoted(one.address, "<service address>")
        yield Finding(
            subject=one.subject if one.subject.kind else CLUSTER,
            message=f"{one.address}: {one.why}",
            quotes=one.quotes,
            remedy=(
                look(
                    "Compare with the Service's endpoints",
                    f"ipvsadm -Ln | grep -A3 {address}:53",
                    "kubectl -n kube-system get endpoints kube-dns",
                    verify="ready endpoints that IPVS does not have: kube-proxy of that node",
                ),
                restart_kube_proxy(node),
            ),
            proven=False,
        )
