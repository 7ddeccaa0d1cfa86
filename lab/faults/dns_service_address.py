"""The DNS Service was made anew with another address than kubelets hand out."""

from lab.cluster import Lab
from lab.fault import Expect

EXPECT = Expect(
    first=("kubelet-clusterdns-mismatch",),
    answers=("kubelet-clusterdns-mismatch",),
)
OTHER = "10.32.0.11"


def stage(lab: Lab) -> None:
    """Delete the Service and make it again without asking for its address."""
    service = lab.get("-n", "kube-system", "service", lab.dns_service)
    lab.kubectl("-n", "kube-system", "delete", "service", lab.dns_service)
    for field in ("resourceVersion", "uid", "creationTimestamp", "managedFields"):
        service["metadata"].pop(field, None)
    service["spec"] |= {"clusterIP": OTHER, "clusterIPs": [OTHER]}
    lab.create(service)


def symptom(lab: Lab) -> None:
    """Return once clients get no answer."""
    lab.wait("clients without answers", lab.unanswered)


def cure(lab: Lab) -> None:
    """Make the Service anew with the address that kubelets hand out."""
    lab.kubectl("-n", "kube-system", "delete", "service", lab.dns_service)
    lab.apply(lab.coredns_manifest)
