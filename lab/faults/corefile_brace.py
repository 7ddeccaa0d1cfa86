"""The Corefile lacks a closing brace; new CoreDNS pods end at once."""

from lab.cluster import Lab
from lab.fault import Expect

EXPECT = Expect(first=("corefile-syntax-error",), folded=("coredns-crashloop",), founding=True)


def stage(lab: Lab) -> None:
    """Cut the last brace off and recreate CoreDNS."""
    lab.set_corefile(lab.corefile().rstrip().removesuffix("}"))
    lab.recreate_coredns()


def symptom(lab: Lab) -> None:
    """Return once both replicas restart again and again and clients get no answer."""
    lab.wait("both replicas in CrashLoopBackOff", lambda: lab.crashing() == 2)
    lab.wait("clients without answers", lab.unanswered)


def cure(lab: Lab) -> None:
    """Repair the Corefile and recreate CoreDNS."""
    lab.apply(lab.coredns_manifest)
    lab.recreate_coredns()
