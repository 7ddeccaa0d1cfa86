"""The API server is down."""

from lab import control_plane
from lab.cluster import Lab, withdraw_static_pod
from lab.fault import Expect

EXPECT = Expect(
    first=("apiserver-connection-refused", "apiserver-down"),
    proven=False,  # from outside it is seen by the refusal alone
    recordable=False,
    founding=True,
    versions=True,
)


def stage(lab: Lab) -> None:
    """Take the API server's manifest away, as a bad edit of the static pod does."""
    withdraw_static_pod(lab, "kube-apiserver")


def symptom(lab: Lab) -> None:
    """Return once the API gives no answer."""
    lab.wait("no answer of the API", lambda: not lab.api_answers())


def cure(lab: Lab) -> None:
    """Put the manifest back."""
    control_plane.place(lab.first, "kube-apiserver")
    lab.wait("the API server", lab.api_answers)
