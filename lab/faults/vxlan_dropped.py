"""A firewall on one node drops vxlan: pods there reach no pod of the other node."""

from lab import plan
from lab.cluster import Lab
from lab.fault import Expect

NODE = plan.NODES[1].name
DROP = ("INPUT", "-p", "udp", "--dport", "8472", "-j", "DROP")
EXPECT = Expect(
    first=("vxlan-port-blocked", "pod-network-cross-node-broken", "dns-intermittent-failures"),
    proven=False,
    answers=("vxlan-port-blocked", "pod-network-cross-node-broken"),
)


def stage(lab: Lab) -> None:
    """Drop what arrives at flannel's port, and leave one replica, on the other node."""
    lab.space(NODE).run("iptables", "-I", *DROP)
    lab.space(NODE).run("conntrack", "-F", check=False)


def symptom(lab: Lab) -> None:
    """Return once a client gets an answer of the replica beside it and none of the other."""

    def split() -> bool:
        answers = [
            lab.ask(NODE, server=address).good for address in lab.coredns_addresses().values()
        ]
        return sorted(answers) == [False, True]

    lab.wait("one replica without an answer", split)


def cure(lab: Lab) -> None:
    """Let vxlan through."""
    lab.space(NODE).run("iptables", "-D", *DROP, check=False)
