"""CoreDNS runs and is never ready: the probe asks for a plugin that the Corefile lacks."""

from lab.cluster import Lab
from lab.fault import Expect

PATIENCE_S = 65
EXPECT = Expect(
    first=("corefile-health-ready-missing", "coredns-not-ready"),
)


def stage(lab: Lab) -> None:
    """Take `ready` out of the Corefile and recreate CoreDNS."""
    lines = [line for line in lab.corefile().splitlines() if line.strip() != "ready"]
    lab.set_corefile("\n".join(lines) + "\n")
    lab.recreate_coredns()


def symptom(lab: Lab) -> None:
    """Return once CoreDNS runs unready and clients get no answer."""
    lab.wait("CoreDNS to run unready", lambda: lab.running_unready() == 2)
    lab.wait("clients without answers", lab.unanswered)
    # A pod that starts is unready too: only past its first minute it tells of anything.
    lab.wait("the pods' first minute to pass", lambda: lab.coredns_age_s() > PATIENCE_S)


def cure(lab: Lab) -> None:
    """Put the plugin back and recreate CoreDNS."""
    lab.apply(lab.coredns_manifest)
    lab.recreate_coredns()
