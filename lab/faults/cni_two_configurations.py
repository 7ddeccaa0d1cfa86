"""Two CNI configurations contend for cni0: one of a former add-on sorts first."""

from lab import plan
from lab.cluster import Lab
from lab.fault import Expect

NODE = plan.NODES[1].name
FILE = "/etc/cni/net.d/05-former.conflist"
CONFIG = """{
  "cniVersion": "0.3.1",
  "name": "former",
  "plugins": [{
    "type": "bridge",
    "bridge": "cni0",
    "isGateway": true,
    "ipam": {"type": "host-local", "subnet": "10.244.7.0/24"}
  }]
}
"""
EXPECT = Expect(
    first=("cni-leftover-configuration", "cni0-conflict"),
    folded=("pods-stuck-container-creating",),
)


def stage(lab: Lab) -> None:
    """Leave the configuration of a former add-on on the node and recreate its CoreDNS pod."""
    lab.space(NODE).write(FILE, CONFIG)
    lab.recreate_coredns(on=NODE)


def symptom(lab: Lab) -> None:
    """Return once the node's CoreDNS pod stays without a sandbox."""
    lab.wait("the plugin's complaint", lambda: lab.sandbox_failed("different from 10.244.7.1/24"))


def cure(lab: Lab) -> None:
    """Remove the leftover; new attempts take flannel's configuration."""
    lab.space(NODE).run("rm", "-f", FILE)
