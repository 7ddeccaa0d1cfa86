"""Nothing is staged: no cause may be found."""

from lab.cluster import Lab
from lab.fault import Expect

EXPECT = Expect(first=(), founding=True)


def stage(lab: Lab) -> None:
    """Change nothing."""


def symptom(lab: Lab) -> None:
    """Return once the cluster is well."""
    lab.wait_healthy()


def cure(lab: Lab) -> None:
    """Change nothing."""
