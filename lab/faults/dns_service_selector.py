"""The DNS Service selects labels that no CoreDNS pod carries."""

from lab.cluster import Lab
from lab.fault import Expect

EXPECT = Expect(
    first=("dns-service-selector-mismatch",), folded=("no-ready-endpoints",), founding=True
)


def stage(lab: Lab) -> None:
    """Change the selector, as a mix of two ways to deploy CoreDNS does."""
    selector = {"spec": {"selector": {"k8s-app": "core-dns"}}}
    lab.patch("service", lab.dns_service, selector)


def symptom(lab: Lab) -> None:
    """Return once clients get no answer."""
    lab.wait("clients without answers", lab.unanswered)


def cure(lab: Lab) -> None:
    """Apply CoreDNS's manifest again."""
    lab.apply(lab.coredns_manifest)
