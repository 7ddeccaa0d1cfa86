"""A node has no route to the pods of another one.

Clusters made by hand with the bridge plugin need one static route per node; flannel's host-gw
needs all nodes in one network, and says so when it cannot add a route.

Limits: by comparing tables it is a possibility, since another table or a tunnel may lead there.
Source: flannel-io/flannel v0.26.7, pkg/backend/route_network.go (routeAdd).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import PodRoutes
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted


@check(
    title="A node has no route to the pods of another one",
    severity=Severity.CRITICAL,
    family="overlay",
    explains=(
        "resolution-fails",
        "apiserver-unreachable-timeout",
        "upstream-timeout",
        "pod-network-cross-node-broken",
    ),
)
def node_pod_routes_missing(paths: PodRoutes) -> Iterator[Finding]:
    """Yield one finding per node without a route."""
    for one in paths.missing:
        node = one.subject.name if one.subject.kind == "Node" else one.subject.node
        yield Finding(
            subject=one.subject,
            message=one.message,
            quotes=one.quotes,
            remedy=(
                look(
                    "Compare the node's routes with the other nodes' ranges",
                    f"ip route  # on {quoted(node, 'the node')}",
                    "kubectl get nodes -o custom-columns='NAME:.metadata.name,CIDR:.spec.podCIDR,"
                    "IP:.status.addresses[0].address'",
                    verify="one route per other node, via its address or over flannel.1",
                ),
                Remedy(
                    title="Add the route, also where the network is configured",
                    commands=("ip route add <range> via <address of the other node>",),
                    risk=Risk.MANUAL,
                    verify="ping <pod of that node>",
                    why="in a cloud, add it to the network's route table and switch off the check "
                    "of source and destination",
                ),
                Remedy(
                    title="Or let flannel use vxlan, which needs no common network",
                    commands=("kubectl -n kube-flannel edit configmap kube-flannel-cfg",),
                    risk=Risk.DISRUPTIVE,
                    verify="ip route  # routes over flannel.1",
                ),
            ),
            proven=one.proven,
        )
