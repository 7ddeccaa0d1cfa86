"""flannel does not come up on the nodes and its subnet.env is gone, as after a reboot."""

from lab.cluster import Lab
from lab.fault import Expect

EXPECT = Expect(
    first=(
        "flannel-configuration-invalid",  # by which the fault is staged
        "flannel-daemonset-failing",
        "flannel-subnet-env-missing",
    ),
    founding=True,
)


def stage(lab: Lab) -> None:
    """Break flannel's configuration, restart it, and lose what /run held."""
    config = '{"Network": "10.200.0.0/16", "Backend": {"Type": "vxlan"}'  # a brace is missing
    lab.patch("configmap", "kube-flannel-cfg", {"data": {"net-conf.json": config}}, "kube-flannel")
    lab.recreate("app=flannel", "kube-flannel")
    for space in lab.nodes():
        space.run("rm", "-f", "/run/flannel/subnet.env")
    lab.recreate_coredns()


def symptom(lab: Lab) -> None:
    """Return once CoreDNS's pods stay without a sandbox and no client is answered."""
    lab.wait("the plugin's complaint", lambda: lab.sandbox_failed("/run/flannel/subnet.env"))
    lab.wait("flannel to crash", lambda: lab.crashing("app=flannel", "kube-flannel"))
    lab.wait("clients without answers", lab.unanswered)


def cure(lab: Lab) -> None:
    """Repair the configuration and restart flannel; the pods go on by themselves."""
    lab.apply("flannel")
    lab.recreate("app=flannel", "kube-flannel")
