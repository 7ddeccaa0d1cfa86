"""The API server's certificate lacks the Service's address, which pods reach it by."""

from lab import control_plane
from lab.cluster import Lab
from lab.fault import Expect

EXPECT = Expect(
    first=("apiserver-cert-name-mismatch", "coredns-api-error-hidden"),
    folded=("no-ready-endpoints",),
    beside=("flannel-daemonset-failing",),
    versions=True,
)


def stage(lab: Lab) -> None:
    """Issue a certificate for the server's own address alone, and recreate CoreDNS."""
    lab.serve_under(control_plane.OWN_NAMES)
    lab.recreate_coredns()


def symptom(lab: Lab) -> None:
    """Return once CoreDNS runs unready and clients get no answer."""
    lab.wait("CoreDNS to run unready", lambda: lab.running_unready() == 2)
    lab.wait("clients without answers", lab.unanswered)


def cure(lab: Lab) -> None:
    """Issue the certificate with every name again; the pods go on by themselves."""
    lab.serve_under(control_plane.SERVES)
