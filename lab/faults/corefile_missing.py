"""The ConfigMap with the Corefile does not exist, so new CoreDNS pods wait for their volume."""

from lab.cluster import Lab
from lab.fault import Expect

EXPECT = Expect(
    first=("config-volume-missing",),
    beside=("no-ready-endpoints",),
)


def stage(lab: Lab) -> None:
    """Delete the ConfigMap and recreate CoreDNS."""
    lab.kubectl("-n", "kube-system", "delete", "configmap", "coredns")
    lab.recreate_coredns()


def symptom(lab: Lab) -> None:
    """Return once the kubelet misses the ConfigMap and clients get no answer."""
    lab.wait("the kubelet's complaint", lambda: lab.said('configmap "coredns" not found'))
    lab.wait("clients without answers", lab.unanswered)


def cure(lab: Lab) -> None:
    """Apply CoreDNS's manifest again, and recreate the pods, which would wait for minutes."""
    lab.apply(lab.coredns_manifest)
    lab.recreate_coredns()
