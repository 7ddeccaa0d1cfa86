"""The Corefile names a plugin that this CoreDNS was not built with."""

from lab.cluster import Lab
from lab.fault import Expect
from lab.faults import corefile_brace

EXPECT = Expect(
    first=("corefile-version-skew", "corefile-unknown-directive"), folded=("coredns-crashloop",)
)


def stage(lab: Lab) -> None:
    """Write `proxy`, which was removed with CoreDNS 1.5, and recreate CoreDNS."""
    lab.set_corefile(lab.corefile().replace("forward .", "proxy ."))
    lab.recreate_coredns()


symptom = corefile_brace.symptom
cure = corefile_brace.cure
