"""Pods are on a bridge of Docker's that has no part in the pod network.

Without a CNI plugin Docker gives pods their addresses. It takes the node's range from flannel by
options (--bip) that are written before it starts. Where it started without them, or flannel has
another range since, the pods have addresses that other nodes have no route to, or that another node
has as well: DNS works only for pods on CoreDNS's own node.

Limits: a possibility: Docker may run other things than pods, and a listing may be of a cluster of
its own kind.
Source: flannel-io/flannel v0.26.7 dist/mk-docker-opts.sh, Documentation/running.md; kubernetes
v1.23 kubelet --network-plugin (none without cni).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import DockerBridges
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted


@check(
    title="Docker's bridge is apart from the pod network",
    severity=Severity.CRITICAL,
    family="overlay",
    explains=("resolution-fails", "pod-network-cross-node-broken"),
)
def docker_bridge_apart(bridges: DockerBridges) -> Iterator[Finding]:
    """Yield one finding per node."""
    for one in bridges.apart:
        node = quoted(one.subject.name, "the node")
        yield Finding(
            subject=one.subject,
            message=one.message,
            quotes=one.quotes,
            remedy=(
                look(
                    "Compare Docker's bridge with the node's range",
                    "ip -4 addr show docker0; cat /run/flannel/subnet.env /run/flannel/docker; "
                    f"ps -o args= -C dockerd,kubelet  # on {node}",
                    verify="docker0 lies outside of FLANNEL_SUBNET; kubelet without "
                    "--network-plugin=cni",
                ),
                Remedy(
                    title="Start Docker with flannel's options, or use flannel's CNI plugin",
                    commands=(
                        "systemctl restart flanneld  # writes the options anew",
                        "systemctl show docker -p EnvironmentFiles  # must name them",
                        "systemctl daemon-reload && systemctl restart docker",
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify="ip -4 addr show docker0  # within FLANNEL_SUBNET",
                    why="all containers of the node restart; kubelet: --network-plugin=cni, and "
                    "pods are on cni0 then",
                ),
            ),
            proven=False,
        )
