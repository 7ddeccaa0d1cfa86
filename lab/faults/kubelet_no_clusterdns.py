"""Kubelets have no clusterDNS, so pods get the node's resolvers in its place."""

from lab import node, plan
from lab.cluster import Lab
from lab.fault import Expect
from lab.faults import kubelet_clusterdns_differs

EXPECT = Expect(
    first=("kubelet-clusterdns-missing",),
    answers=("kubelet-clusterdns-missing",),
)


def stage(lab: Lab) -> None:
    """Take the setting out of both kubelets' configuration and recreate the clients."""
    for each in plan.NODES:
        lab.restart_kubelet(each.name, node.kubelet_config(each) | {"clusterDNS": []})
    lab.recreate("app=client", "default")


symptom = kubelet_clusterdns_differs.symptom
cure = kubelet_clusterdns_differs.cure
healed = kubelet_clusterdns_differs.healed
