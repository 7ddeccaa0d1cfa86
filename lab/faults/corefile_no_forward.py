"""The Corefile forwards nothing, so external names are refused."""

import re

from lab.cluster import EXTERNAL, Lab
from lab.fault import Expect
from lab.faults import corefile_no_kubernetes

EXPECT = Expect(first=("corefile-no-forward",))


def stage(lab: Lab) -> None:
    """Take `forward` with its block out of the Corefile and recreate CoreDNS."""
    text, count = re.subn(r"\n\s*forward [^{\n]*(\{[^}]*\})?", "", lab.corefile())
    assert count == 1
    lab.set_corefile(text)
    lab.recreate_coredns()


def symptom(lab: Lab) -> None:
    """Return once CoreDNS is ready and clients get no external name."""
    lab.wait("CoreDNS to be ready", lambda: lab.all_ready(lab.coredns_label))
    lab.wait("external names without answers", lambda: lab.unanswered(EXTERNAL))


cure = corefile_no_kubernetes.cure
