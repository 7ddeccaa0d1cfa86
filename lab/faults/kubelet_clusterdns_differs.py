"""Kubelets hand out a DNS address that no Service has."""

from lab import node, plan
from lab.cluster import Lab
from lab.fault import Expect

EXPECT = Expect(
    first=("kubelet-clusterdns-mismatch",),
    founding=True,
    answers=("kubelet-clusterdns-mismatch",),
)
WRONG = "10.32.0.53"


def stage(lab: Lab) -> None:
    """Configure both kubelets with another address and recreate the clients."""
    for each in plan.NODES:
        lab.restart_kubelet(each.name, node.kubelet_config(each) | {"clusterDNS": [WRONG]})
    lab.recreate("app=client", "default")


def symptom(lab: Lab) -> None:
    """Return once the clients hold the wrong address and so get no answer."""
    lab.wait("clients with the wrong address", lambda: lab.all_ready("app=client", "default"))
    lab.wait("lookups that fail", lambda: not lab.resolves(plan.FIRST.name))


def cure(lab: Lab) -> None:
    """Give the kubelets the Service's address again and recreate the clients."""
    for each in plan.NODES:
        lab.restart_kubelet(each.name)
    lab.recreate("app=client", "default")


def healed(lab: Lab) -> None:
    """Return once the clients resolve with what their resolv.conf says."""
    lab.wait_healthy()
    lab.wait("lookups that succeed", lambda: all(lab.resolves(each.name) for each in plan.NODES))
