"""A node does not forward, so its pods reach nothing but the node."""

from lab import plan
from lab.cluster import Lab
from lab.fault import Expect

NODE = plan.NODES[1].name
SWITCH = "/proc/sys/net/ipv4/ip_forward"
EXPECT = Expect(
    first=("ip-forward-disabled", "pod-egress-broken", "dns-intermittent-failures"),
    proven=False,
    answers=("ip-forward-disabled",),
    # The bridge plugin switches forwarding on when it wires a pod: a probe pod mends the node.
    probes=("external-names-fail", "coredns-unreachable-from-apiserver"),
)


def stage(lab: Lab) -> None:
    """Switch forwarding off, as a hardening rule does."""
    lab.space(NODE).shell(f"echo 0 > {SWITCH}; conntrack -F 2>&1")


def symptom(lab: Lab) -> None:
    """Return once a client of the node gets no answer of the replica on the other node."""
    other = plan.FIRST.name
    address = lab.coredns_addresses()[other]
    lab.wait("a replica without an answer", lambda: not lab.ask(NODE, server=address).good)


def cure(lab: Lab) -> None:
    """Switch forwarding on."""
    lab.space(NODE).shell(f"echo 1 > {SWITCH}")
