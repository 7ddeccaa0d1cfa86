"""The nodes have no route to the upstream resolver; CoreDNS sees only silence.

An ICMP host unreachable is no hard error to a UDP socket in another network namespace, so the pod
times out and its log does not say why.
"""

from lab import node
from lab.cluster import EXTERNAL, Lab
from lab.fault import Expect

EXPECT = Expect(
    first=(
        "upstream-route-refused",
        "upstream-no-route",
        "node-resolvconf-wrong",
        "upstream-timeout",
    ),
    beside=("node-resolvconf-wrong", "upstream-timeout"),
    answers=(
        "upstream-route-refused",
        "upstream-no-route",
        "upstream-network-unreachable",
        "node-resolvconf-wrong",
        "upstream-timeout",
        "upstream-never-answers",
    ),
    probes=(
        "external-names-fail",
        "upstream-never-answers",
    ),
)
UPSTREAM = "8.8.4.4"


def stage(lab: Lab) -> None:
    """Name a resolver in every node's file whose route is marked unreachable."""
    for space in lab.nodes():
        space.run("ip", "route", "replace", "unreachable", UPSTREAM)
        node.write_resolv_conf(space, f"nameserver {UPSTREAM}\n")
    lab.recreate_coredns()


def symptom(lab: Lab) -> None:
    """Return once clients get no external name and CoreDNS logged the time-out."""
    lab.wait("external names without answers", lambda: lab.unanswered(EXTERNAL))
    lab.wait("the time-out in the log", lambda: "i/o timeout" in lab.coredns_logs())


def cure(lab: Lab) -> None:
    """Give the nodes their route and their resolver back, and recreate CoreDNS."""
    for space in lab.nodes():
        space.run("ip", "route", "delete", "unreachable", UPSTREAM, check=False)
        node.write_resolv_conf(space)
    lab.recreate_coredns()
