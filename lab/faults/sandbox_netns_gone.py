"""The network namespace of new sandboxes vanishes while the CNI plugin works.

The mechanism is a clean-up on the node that takes young namespaces for orphans.
"""

from lab import plan
from lab.cluster import Lab
from lab.fault import Expect

NODE = plan.NODES[1].name
EXPECT = Expect(
    first=("sandbox-netns-gone",), folded=("pods-stuck-container-creating",), founding=True
)


def stage(lab: Lab) -> None:
    """Run an over-eager clean-up of /run/netns that spares what was there, recreate a pod."""
    lab.start_netns_reaper(NODE)
    lab.recreate_coredns(on=NODE)


def symptom(lab: Lab) -> None:
    """Return once the node's CoreDNS pod stays without a sandbox."""
    lab.wait("the plugin's complaint", lambda: lab.sandbox_failed("failed to Statfs"))


def cure(lab: Lab) -> None:
    """End the clean-up; new attempts succeed."""
    lab.space(NODE).stop("netns-reaper")
