"""The nodes' resolv.conf names a loopback resolver, so CoreDNS forwards to itself.

The usual origin is a local stub resolver (systemd-resolved, dnsmasq) on the node.
"""

from lab import node
from lab.cluster import Lab
from lab.fault import Expect

EXPECT = Expect(
    first=("node-resolvconf-loopback", "loop"),
    folded=("coredns-crashloop",),
    founding=True,
    versions=True,
)


def stage(lab: Lab) -> None:
    """Write a loopback name server into every node's file and let CoreDNS inherit it."""
    for space in lab.nodes():
        node.write_resolv_conf(space, "nameserver 127.0.0.1\n")
    lab.recreate_coredns()


def symptom(lab: Lab) -> None:
    """Return once both replicas restart again and again and no client is answered."""
    lab.wait("both replicas in CrashLoopBackOff", lambda: lab.crashing() == 2)
    lab.wait("clients without answers", lab.unanswered)


def cure(lab: Lab) -> None:
    """Give the nodes a real upstream and recreate CoreDNS's pods, which copied the file."""
    for space in lab.nodes():
        node.write_resolv_conf(space)
    lab.recreate_coredns()
