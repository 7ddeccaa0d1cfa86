"""The Corefile has no kubernetes plugin: cluster names go to the upstream, which denies them."""

import re

from lab.cluster import Lab
from lab.fault import Expect

EXPECT = Expect(first=("corefile-kubernetes-plugin-missing",))


def stage(lab: Lab) -> None:
    """Take the plugin with its block out of the Corefile and recreate CoreDNS."""
    text, count = re.subn(r"\n\s*kubernetes [^{]*\{[^}]*\}", "", lab.corefile())
    assert count == 1
    lab.set_corefile(text)
    lab.recreate_coredns()


def symptom(lab: Lab) -> None:
    """Return once CoreDNS is ready and clients get no cluster name all the same."""
    lab.wait("CoreDNS to be ready", lambda: lab.all_ready(lab.coredns_label))
    lab.wait("cluster names without answers", lab.unanswered)


def cure(lab: Lab) -> None:
    """Put the plugin back and recreate CoreDNS."""
    lab.apply(lab.coredns_manifest)
    lab.recreate_coredns()
