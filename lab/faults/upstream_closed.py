"""Nothing listens on the upstream's port 53 any more."""

from lab import network
from lab.cluster import EXTERNAL, Lab
from lab.fault import Expect

EXPECT = Expect(
    first=("upstream-connection-refused",),
    beside=("node-resolvconf-wrong",),
    founding=True,
    versions=True,
    answers=("upstream-connection-refused",),
    probes=(
        "external-names-fail",
        "upstream-never-answers",
    ),
)


def stage(lab: Lab) -> None:
    """End the resolver; its host answers each query with an ICMP port unreachable."""
    lab.outside.stop("upstream")
    lab.recreate_coredns()


def symptom(lab: Lab) -> None:
    """Return once clients get no external name and CoreDNS has logged the refusal."""
    lab.wait("external names without answers", lambda: lab.unanswered(EXTERNAL))
    lab.wait("the refusal in the log", lambda: "connection refused" in lab.coredns_logs())


def cure(lab: Lab) -> None:
    """Start the resolver again."""
    network.start_upstream(lab.outside)
