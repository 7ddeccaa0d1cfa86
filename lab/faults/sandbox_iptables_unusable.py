"""containerd finds no iptables on its PATH, so the portmap plugin cannot tear a sandbox down.

The plugin needs iptables for pods with host ports alone; here CoreDNS offers its metrics on one.
The old pod stays in Terminating, and its successor waits for its place.
"""

from lab import node, plan
from lab.cluster import Lab
from lab.fault import Expect

NODE = plan.NODES[1].name
METRICS = ("containerPort: 9153,", "containerPort: 9153, hostPort: 9153,")
FOLDER = "/run/few-commands"
EXPECT = Expect(first=("sandbox-iptables-unusable",), founding=True)


def stage(lab: Lab) -> None:
    """Restart containerd with a PATH that holds runc and its shim alone, then delete a pod."""
    commands = "containerd-shim-runc-v2 runc unpigz"
    lab.space(NODE).shell(
        f"""
        mkdir -p {FOLDER}
        for name in {commands}; do
          if found=$(command -v $name); then ln -sf "$found" {FOLDER}; fi
        done
        """
    )
    lab.apply(lab.coredns_manifest, METRICS)
    lab.rolled_out()
    lab.restart_containerd(NODE, path=FOLDER)
    lab.recreate_coredns(on=NODE, wait=False)


def symptom(lab: Lab) -> None:
    """Return once a sandbox could not be torn down."""
    lab.wait("the plugin's complaint", lambda: lab.said("neither iptables nor ip6tables usable"))


def cure(lab: Lab) -> None:
    """Restart containerd with iptables in reach."""
    lab.restart_containerd(NODE, path=node.PATH)
    lab.apply(lab.coredns_manifest)
    lab.rolled_out()
