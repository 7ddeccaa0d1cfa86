"""The file that a kubelet's resolvConf names does not exist; no pod sandbox is made there."""

from lab import node, plan
from lab.cluster import Lab
from lab.fault import Expect

NODE = plan.NODES[1].name
EXPECT = Expect(first=("node-resolvconf-missing",), folded=("pods-stuck-container-creating",))


def stage(lab: Lab) -> None:
    """Remove the file of one node and recreate its CoreDNS pod."""
    lab.space(NODE).run("rm", "-f", node.RESOLV_CONF)
    lab.recreate_coredns(on=NODE)


def symptom(lab: Lab) -> None:
    """Return once the kubelet said that it cannot read the file."""
    lab.wait("the kubelet's complaint", lambda: lab.said("/etc/resolv.conf: no such file"))


def cure(lab: Lab) -> None:
    """Write the file; the pod goes on by itself."""
    node.write_resolv_conf(lab.space(NODE))
