"""The controller-manager meets an API server that says nothing about IP families.

Since Kubernetes 1.20 every API server fills the field in, so a proxy in between omits it, as an
older one does. The line is a guess that is logged, never an outage by itself. It is a line of
verbosity 2; 1.35 words it anew, with the Service as a value: `Couldn't find ipfamilies for
service`.
"""

from lab import control_plane, network, plan
from lab.cluster import Lab
from lab.fault import Expect

PORT = 6444
NAME = "kube-controller-manager"
LINE = "find ipfamilies for"
EXPECT = Expect(first=("endpointslice-ipfamily-fallback",), founding=True)


def stage(lab: Lab) -> None:
    """Start the proxy beside the controller-manager and let that ask it."""
    words = (str(PORT), control_plane.PKI, NAME)
    network.start_module(lab.first, "without-families", "lab.without_families", *words)
    control_plane.place(
        lab.first,
        NAME,
        ("--v=2", "--kube-api-content-type=application/json", f"--master=https://127.0.0.1:{PORT}"),
    )


def symptom(lab: Lab) -> None:
    """Return once the controller-manager, settled, said that it guesses the family of kube-dns."""

    def guesses() -> bool:
        if not lab.all_ready(f"component={NAME}", count=1):  # it may be started twice
            return False
        lines = lab.logs(f"{NAME}-{plan.FIRST.name}").splitlines()
        return any(LINE in line and lab.dns_service in line for line in lines)

    lab.wait("the controller-manager's guess", guesses)


def cure(lab: Lab) -> None:
    """Let the controller-manager ask the API server itself."""
    control_plane.place(lab.first, NAME)
    lab.first.stop("without-families")


def healed(lab: Lab) -> None:
    """Return once a controller-manager runs that has nothing to guess."""
    lab.wait("the controller-manager", lambda: lab.all_ready(f"component={NAME}", count=1))
    lab.wait_healthy()
