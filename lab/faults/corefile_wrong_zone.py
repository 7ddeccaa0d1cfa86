"""The Corefile serves another cluster domain than kubelets put into search lists."""

from lab import plan
from lab.cluster import Lab
from lab.fault import Expect
from lab.faults import corefile_no_kubernetes

EXPECT = Expect(
    first=("cluster-domain-mismatch", "corefile-kubernetes-plugin-missing"),
    answers=("cluster-domain-mismatch",),
)


def stage(lab: Lab) -> None:
    """Change the zone of the kubernetes plugin and recreate CoreDNS."""
    lab.set_corefile(lab.corefile().replace(f"kubernetes {plan.DOMAIN}", "kubernetes k8s.local"))
    lab.recreate_coredns()


symptom = corefile_no_kubernetes.symptom
cure = corefile_no_kubernetes.cure
