"""The upstream resolver answers SERVFAIL to everything."""

from lab import network
from lab.cluster import EXTERNAL, Lab
from lab.fault import Expect

EXPECT = Expect(
    first=("upstream-servfail", "external-names-fail"),
    proven=False,
    answers=("upstream-servfail",),
    probes=(
        "external-names-fail",
        "upstream-never-answers",
    ),
)


def stage(lab: Lab) -> None:
    """Change what the upstream answers, and let no old answer stay in CoreDNS's cache."""
    network.start_upstream(lab.outside, "servfail")
    lab.recreate_coredns()


def symptom(lab: Lab) -> None:
    """Return once clients get no external name."""
    lab.wait("external names without answers", lambda: lab.unanswered(EXTERNAL))


def cure(lab: Lab) -> None:
    """Let the upstream answer again."""
    network.start_upstream(lab.outside)
