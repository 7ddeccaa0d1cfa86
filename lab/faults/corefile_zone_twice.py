"""The Corefile configures the same zone and port twice."""

from lab.cluster import Lab
from lab.fault import Expect
from lab.faults import corefile_brace

EXPECT = Expect(first=("corefile-duplicate-zone",), folded=("coredns-crashloop",))


def stage(lab: Lab) -> None:
    """Append a second server block for the root zone, and recreate CoreDNS."""
    lab.set_corefile(f"{lab.corefile().rstrip()}\n.:53 {{\n    forward . 10.77.0.53\n}}\n")
    lab.recreate_coredns()


symptom = corefile_brace.symptom
cure = corefile_brace.cure
