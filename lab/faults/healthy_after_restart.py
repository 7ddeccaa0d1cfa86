"""A node was just restarted: no cause may be found."""

from lab import lifecycle, plan
from lab.cluster import Lab
from lab.fault import Expect
from lab.spaces import close_space

NODE = plan.NODES[1].name
EXPECT = Expect(first=())


def stage(lab: Lab) -> None:
    """End everything on the node at once, as a power cut does, and start it again."""
    close_space(lab.space(NODE))
    lifecycle.up(lab)


def symptom(lab: Lab) -> None:
    """Return once the cluster is well."""
    lab.wait_healthy()


def cure(lab: Lab) -> None:
    """Change nothing."""
