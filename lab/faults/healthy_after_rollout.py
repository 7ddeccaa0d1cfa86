"""CoreDNS was just rolled out anew: no cause may be found."""

from lab.cluster import Lab
from lab.fault import Expect

EXPECT = Expect(first=())


def stage(lab: Lab) -> None:
    """Roll the deployment out, as an operator does after a change."""
    lab.kubectl("-n", "kube-system", "rollout", "restart", "deployment/coredns")
    lab.rolled_out()


def symptom(lab: Lab) -> None:
    """Return once the cluster is well."""
    lab.wait_healthy()


def cure(lab: Lab) -> None:
    """Change nothing."""
