"""The DNS Service does not exist, so the address that kubelets hand out leads nowhere."""

from lab.cluster import Lab
from lab.fault import Expect

EXPECT = Expect(first=("dns-service-missing",), founding=True)


def stage(lab: Lab) -> None:
    """Delete the Service."""
    lab.kubectl("-n", "kube-system", "delete", "service", lab.dns_service)


def symptom(lab: Lab) -> None:
    """Return once clients get no answer."""
    lab.wait("clients without answers", lab.unanswered)


def cure(lab: Lab) -> None:
    """Apply CoreDNS's manifest again."""
    lab.apply(lab.coredns_manifest)
