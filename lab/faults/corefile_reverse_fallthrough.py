"""The kubernetes plugin owns the reverse zones without falling through for other addresses."""

from lab.cluster import Lab
from lab.fault import Expect
from lab.faults import corefile_no_kubernetes

EXPECT = Expect(first=("corefile-reverse-fallthrough-missing",))


def stage(lab: Lab) -> None:
    """Take `fallthrough` out of the plugin's block and recreate CoreDNS."""
    lines = [line for line in lab.corefile().splitlines() if "fallthrough" not in line]
    lab.set_corefile("\n".join(lines) + "\n")
    lab.recreate_coredns()


def symptom(lab: Lab) -> None:
    """Return once CoreDNS serves this Corefile; clients lose only reverse names."""
    lab.wait_healthy()


cure = corefile_no_kubernetes.cure
