"""The bridge cni0 has an address of another subnet than the node has now.

The bridge plugin takes an existing bridge as it is and refuses when its address is not the
gateway that the node's pod range gives. The old bridge stays when a node gets a new range (joined
anew, reset, renamed) or when another CNI configuration made a bridge of that name.

Limits: new pods only; pods that run keep the old bridge. Deleting the bridge cuts those off until
they are recreated, hence the remedy's second step.
Source: containernetworking/plugins plugins/main/bridge/bridge.go (ensureAddr), v1.1.1.
"""

import ipaddress
from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import BridgeConflicts
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted


@check(
    title="cni0 has an address of another subnet",
    severity=Severity.CRITICAL,
    family="cni0-conflict",
    explains=(
        "pods-stuck-container-creating",
        "pod-forwarding-broken",
        "coredns-replica-failing",
        "coredns-unreachable-from-apiserver",
        "coredns-metrics-unreachable",
    ),
)
def cni0_conflict(conflicts: BridgeConflicts) -> Iterator[Finding]:
    """Yield one finding per node whose bridge is of another subnet than wanted."""
    for one in conflicts.conflicts:
        node = one.subject.name if one.subject.kind == "Node" else one.subject.node
        where = quoted(node, "<node>")
        bridge = quoted(one.bridge, "cni0")
        actual = f"has {one.actual}" if one.actual else "has another address"
        yield Finding(
            subject=one.subject,
            message=f"{one.bridge} {actual}, the node's pod range wants {one.wanted}"
            + (f" ({one.seen})" if one.seen else ""),
            quotes=one.quotes[:3],
            remedy=(
                look(
                    "Compare the bridge with the node's range, and look for a second CNI "
                    "configuration",
                    f"ip -4 -o addr show {bridge}; cat /run/flannel/subnet.env; ls /etc/cni/net.d"
                    f"  # on {where}",
                    verify=f"the bridge is not {one.wanted}; only one configuration in the folder",
                ),
                Remedy(
                    title="Delete the bridge; the next pod makes it anew with the right address",
                    commands=(
                        f"ip link set {bridge} down && ip link delete {bridge}  # on {where}",
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify=f"ip -4 -o addr show {bridge}  # {one.wanted} after the next pod start",
                    why="every pod that runs on this node loses its link until it is recreated",
                ),
                Remedy(
                    title="Recreate the pods of that node that use the pod network",
                    commands=(
                        f"kubectl get pods -A -o wide --field-selector spec.nodeName={where}",
                        "kubectl -n kube-system delete pod -l k8s-app=kube-dns "
                        f"--field-selector spec.nodeName={where}",
                        "kubectl -n <namespace> delete pod <each other one with a pod address>",
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify="kubectl -n kube-system get pods -l k8s-app=kube-dns -o wide  # Ready, "
                    f"with addresses of {network(one.wanted)}",
                    why="they kept links to the deleted bridge: a CoreDNS replica among them runs "
                    "and answers nobody",
                ),
            ),
            at=one.at,
        )


def network(gateway: str) -> str:
    """Return the range of a bridge's address, 10.200.1.1/24 to 10.200.1.0/24."""
    try:
        return str(ipaddress.ip_interface(gateway).network)
    except ValueError:
        return "the node's range"
