"""A plugin of the Corefile gets an option that it does not know."""

from lab.cluster import Lab
from lab.fault import Expect
from lab.faults import corefile_brace

EXPECT = Expect(
    first=("corefile-unknown-property", "corefile-version-skew"),
    folded=("coredns-crashloop",),
)


def stage(lab: Lab) -> None:
    """Write `resyncperiod`, which the plugin lost with CoreDNS 1.7, and recreate CoreDNS."""
    block = "fallthrough in-addr.arpa ip6.arpa"
    lab.set_corefile(lab.corefile().replace(block, f"resyncperiod 5m\n      {block}"))
    lab.recreate_coredns()


symptom = corefile_brace.symptom
cure = corefile_brace.cure
