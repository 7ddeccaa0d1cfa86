"""The nodes' resolv.conf names a resolver of a network that is gone."""

from lab import node
from lab.cluster import EXTERNAL, Lab
from lab.fault import Expect

EXPECT = Expect(
    first=("node-resolvconf-wrong", "upstream-timeout"),
    beside=("upstream-timeout",),
    answers=("node-resolvconf-wrong", "upstream-timeout", "upstream-never-answers"),
    probes=("external-names-fail",),
)


def stage(lab: Lab) -> None:
    """Name an address that nobody has any more, and let CoreDNS inherit it."""
    for space in lab.nodes():
        node.write_resolv_conf(space, "nameserver 172.31.255.53\n")
    lab.recreate_coredns()


def symptom(lab: Lab) -> None:
    """Return once clients get no external name and CoreDNS has logged the time-out."""
    lab.wait("external names without answers", lambda: lab.unanswered(EXTERNAL))
    lab.wait("the time-out in CoreDNS's log", lambda: "i/o timeout" in lab.coredns_logs())


def cure(lab: Lab) -> None:
    """Name the resolver that there is, and recreate CoreDNS."""
    for space in lab.nodes():
        node.write_resolv_conf(space)
    lab.recreate_coredns()
