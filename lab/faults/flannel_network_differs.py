"""flannel's network is not the one that nodes get their pod ranges from."""

from lab.cluster import Lab
from lab.fault import Expect

EXPECT = Expect(
    first=("flannel-network-cidr-mismatch", "flannel-daemonset-failing"),
)


def stage(lab: Lab) -> None:
    """Write flannel's default network into its configuration and restart it."""
    config = '{"Network": "10.244.0.0/16", "EnableNFTables": false, "Backend": {"Type": "vxlan"}}'
    lab.patch("configmap", "kube-flannel-cfg", {"data": {"net-conf.json": config}}, "kube-flannel")
    lab.recreate("app=flannel", "kube-flannel")


def symptom(lab: Lab) -> None:
    """Return once flannel's pods end again and again."""
    lab.wait("flannel to crash", lambda: lab.crashing("app=flannel", "kube-flannel") == 2)


def cure(lab: Lab) -> None:
    """Write the cluster's network and restart flannel."""
    lab.apply("flannel")
    lab.recreate("app=flannel", "kube-flannel")
