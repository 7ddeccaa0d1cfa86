"""CoreDNS is scaled to zero, so the DNS Service has no endpoint."""

from lab.cluster import Lab
from lab.fault import Expect

EXPECT = Expect(first=("coredns-scaled-to-zero", "no-ready-endpoints"), founding=True)


def stage(lab: Lab) -> None:
    """Scale the deployment down."""
    lab.kubectl("-n", "kube-system", "scale", "deployment/coredns", "--replicas=0")


def symptom(lab: Lab) -> None:
    """Return once no replica is left and clients get no answer."""
    lab.wait("the last replica to end", lambda: lab.all_ready(lab.coredns_label, count=0))
    lab.wait("clients without answers", lab.unanswered)


def cure(lab: Lab) -> None:
    """Scale it up again."""
    lab.kubectl("-n", "kube-system", "scale", "deployment/coredns", "--replicas=2")
