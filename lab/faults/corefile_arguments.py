"""`health { lameduck 5s }` stands on one line, which the Corefile's grammar does not allow."""

import re

from lab.cluster import Lab
from lab.fault import Expect
from lab.faults import corefile_brace

EXPECT = Expect(first=("corefile-argument-error",), folded=("coredns-crashloop",), founding=True)


def stage(lab: Lab) -> None:
    """Join the lines and recreate CoreDNS."""
    joined, count = re.subn(r"health \{\s*(lameduck \S+)\s*\}", r"health { \1 }", lab.corefile())
    assert count == 1
    lab.set_corefile(joined)
    lab.recreate_coredns()


symptom = corefile_brace.symptom
cure = corefile_brace.cure
