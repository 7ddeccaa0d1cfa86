"""cni0 of a node has an address of another subnet, so no new pod starts there."""

from lab import plan
from lab.cluster import Lab
from lab.fault import Expect

NODE = plan.NODES[1].name
EXPECT = Expect(first=("cni0-conflict",), folded=("pods-stuck-container-creating",), founding=True)


def stage(lab: Lab) -> None:
    """Give the bridge the address of a former subnet, then recreate the node's CoreDNS pod."""
    lab.space(NODE).shell("ip -4 address flush dev cni0; ip address add 10.200.99.1/24 dev cni0")
    lab.recreate_coredns(on=NODE)


def symptom(lab: Lab) -> None:
    """Return once a pod of the node stays without a sandbox, and the plugin said why."""
    lab.wait("the plugin's complaint", lambda: lab.sandbox_failed("different from 10.200.1.1/24"))
    lab.wait("a client without answers", lambda: lab.unanswered(on=NODE))


def cure(lab: Lab) -> None:
    """Delete the bridge, then recreate the node's pods, which lost their link with it."""
    lab.space(NODE).run("ip", "link", "delete", "cni0")
    lab.recreate_pods_on(NODE)
