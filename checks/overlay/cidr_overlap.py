"""An address outside of the pod network lies in its range, so packets for it never leave the node.

The defaults of add-ons (10.244.0.0/16, 192.168.0.0/16, 10.42.0.0/16) are also in use in offices and
clouds.

The network of a node's other interface (docker0) must not hold ranges that the overlay leads to.

Limits: networks that the evidence does not name (a VPN) are not compared. An interface whose
network holds pods' ranges is a possibility, as a narrower route outweighs it.
Source: Kubernetes documentation, Creating a cluster with kubeadm (pod network must not overlap).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import AddressOverlaps
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look


@check(
    title="The pod network overlaps with another network",
    severity=Severity.CRITICAL,
    family="overlay",
    explains=(
        "upstream-timeout",
        "upstream-no-route",
        "upstream-network-unreachable",
        "apiserver-no-route",
        "apiserver-unreachable-timeout",
        "resolution-fails",
        "pod-network-cross-node-broken",
    ),
)
def cidr_overlap(paths: AddressOverlaps) -> Iterator[Finding]:
    """Yield one finding per address that lies in the pods' network."""
    for one in paths.overlaps:
        yield Finding(
            subject=one.subject,
            message=one.message,
            quotes=one.quotes,
            remedy=(
                look(
                    "See all ranges side by side",
                    "kubectl cluster-info dump | grep -m2 -E "
                    "'cluster-cidr|service-cluster-ip-range'",
                    "ip route; grep nameserver /etc/resolv.conf",
                    verify="the pair that overlaps",
                ),
                Remedy(
                    title="Move the pod network to a free range",
                    commands=(
                        "kubeadm init --pod-network-cidr=<free range>, and the same as flannel's "
                        "Network, in a new cluster or after a kubeadm reset of all nodes",
                    ),
                    risk=Risk.MANUAL,
                    verify="corediag run --check cidr-overlap",
                    why="nodes keep the ranges that they were given; a resolver can be changed "
                    "instead, where it is that alone",
                ),
            ),
            proven=one.proven,
        )
