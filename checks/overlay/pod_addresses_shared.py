"""Pods of different nodes have one address.

Each node gives its pods addresses of a range of its own. Where two nodes give out the same ones,
packets for one pod end at the other, or nowhere. Two nodes have one range, or their network add-on
takes them for one node: Weave by the address of its bridge, which is made of the machine's id;
host-local, by a range that was written by hand on each node.

Where the pods use the host's network, the nodes themselves have one address: virtual machines do by
an interface for their way out (10.0.2.15 of VirtualBox), and the network add-on builds its tunnel
to an address that is each node's own.

Limits: a possibility: a listing may be of a moment in which a pod is being replaced.
Source: Kubernetes documentation, The Kubernetes network model; weaveworks/weave v2.8.1 docs
(machine-id); flannel-io/flannel v0.26.7, Documentation/troubleshooting.md (Vagrant).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import SharedAddresses
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted

SHOWN = 3


@check(
    title="Pods of different nodes have one address",
    severity=Severity.CRITICAL,
    family="overlay",
    explains=("resolution-fails", "dns-intermittent-failures", "pod-network-cross-node-broken"),
)
def pod_addresses_shared(addresses: SharedAddresses) -> Iterator[Finding]:
    """Yield one finding per address."""
    for one in addresses.shared:
        nodes = ", ".join(one.nodes[:SHOWN])
        first, second = (quoted(node, "<node>") for node in one.nodes[:2])
        yield Finding(
            subject=CLUSTER,
            message=f"{one.address} is the own address of each of the nodes {nodes}"
            if one.of_nodes
            else f"{one.address} is that of pods on {nodes}: {', '.join(one.pods[:SHOWN])}",
            quotes=one.quotes,
            remedy=node_steps() if one.of_nodes else pod_steps(first, second),
            proven=False,
        )


def node_steps() -> tuple[Remedy, ...]:
    """Return how nodes come to addresses of their own."""
    return (
        look(
            "See which address the nodes can reach each other by",
            "kubectl get nodes -o wide",
            "ip -br addr  # on each node",
            verify="an interface with an address that no other node has",
        ),
        Remedy(
            title="Name that interface to kubelet and to the network add-on",
            commands=(
                "kubelet --node-ip=<address>  # on each node, in KUBELET_EXTRA_ARGS",
                "flannel: --iface=<interface>; Calico: IP_AUTODETECTION_METHOD=interface=<name>",
            ),
            risk=Risk.DISRUPTIVE,
            verify="kubectl get nodes -o wide  # INTERNAL-IP differs",
        ),
    )


def pod_steps(first: str, second: str) -> tuple[Remedy, ...]:
    """Return how nodes come to ranges of their own."""
    return (
        look(
            "Compare the ranges of the nodes, and what tells their machines apart",
            "kubectl get nodes -o custom-columns=NAME:.metadata.name,CIDR:.spec.podCIDR",
            "cat /etc/cni/net.d/*; cat /etc/machine-id; ip link show weave; "
            f"cat /run/flannel/subnet.env  # on {first} and {second}",
            verify="one range, one machine id or one address of the bridge on both",
        ),
        Remedy(
            title="Give each node a range of its own",
            commands=(
                "rm /etc/machine-id; systemd-machine-id-setup  # on a machine that was copied",
                "correct the subnet in /etc/cni/net.d  # where it is written by hand",
            ),
            risk=Risk.DISRUPTIVE,
            verify="kubectl get pods -A -o wide  # after the pods were recreated",
            why="then restart the network add-on of the node and recreate its pods",
        ),
    )
