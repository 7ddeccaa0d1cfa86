"""The CNI configuration names a plugin whose binary is not on the node."""

from lab import node, plan
from lab.cluster import Lab
from lab.fault import Expect

NODE = plan.NODES[1]
EXPECT = Expect(
    first=("cni-plugin-binary-missing",), folded=("pods-stuck-container-creating",), founding=True
)


def stage(lab: Lab) -> None:
    """Remove the plugin that flannel's configuration chains to, between two CoreDNS pods.

    The plugin also tears pods down, so the old pod has to be gone before it; as on a new node.
    """
    lab.kubectl("cordon", NODE.name)
    lab.recreate_coredns(on=NODE.name)
    lab.space(NODE.name).run("rm", "-f", "/opt/cni/bin/portmap")
    lab.kubectl("uncordon", NODE.name)


def symptom(lab: Lab) -> None:
    """Return once the node's CoreDNS pod stays without a sandbox."""
    lab.wait("the runtime's complaint", lambda: lab.sandbox_failed('plugin "portmap"'))


def cure(lab: Lab) -> None:
    """Install the plugins again."""
    lab.kubectl("uncordon", NODE.name)
    node.restore_cni_binary(NODE, "portmap")
