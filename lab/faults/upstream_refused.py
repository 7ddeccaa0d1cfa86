"""The upstream resolver answers REFUSED: its access list does not know this network."""

from lab import network
from lab.cluster import Lab
from lab.fault import Expect
from lab.faults import upstream_servfail

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
    network.start_upstream(lab.outside, "refused")
    lab.recreate_coredns()


symptom = upstream_servfail.symptom
cure = upstream_servfail.cure
