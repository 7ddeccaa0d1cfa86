"""The FORWARD policy of a node is DROP and flannel's rules are gone, as a firewall leaves it."""

from lab import plan
from lab.cluster import Lab
from lab.fault import Expect

NODE = plan.NODES[1].name
EXPECT = Expect(
    first=("forward-chain-drop", "pod-egress-broken", "dns-intermittent-failures"),
    proven=False,
    answers=("forward-chain-drop",),
    probes=(
        "pod-forwarding-broken",
        "pod-network-cross-node-broken",
        "pod-egress-broken",
        "dns-intermittent-failures",
    ),
)


def stage(lab: Lab) -> None:
    """Set the policy and put a firewall's chain before flannel's rules."""
    lab.space(NODE).shell(
        """
        iptables -P FORWARD DROP
        iptables -N DOCKER-USER
        iptables -I FORWARD -j DOCKER-USER
        iptables -A DOCKER-USER -s 10.200.0.0/16 -j DROP
        conntrack -F 2>&1
        """
    )


def symptom(lab: Lab) -> None:
    """Return once a client of the node gets no answer of the replica on the other node."""
    address = lab.coredns_addresses()[plan.FIRST.name]
    lab.wait("a replica without an answer", lambda: not lab.ask(NODE, server=address).good)


def cure(lab: Lab) -> None:
    """Accept what is forwarded again."""
    lab.space(NODE).shell(
        """
        iptables -P FORWARD ACCEPT
        iptables -D FORWARD -j DOCKER-USER || true
        iptables -F DOCKER-USER || true
        iptables -X DOCKER-USER || true
        """
    )
