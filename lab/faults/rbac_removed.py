"""CoreDNS's ClusterRoleBinding is gone, so the API server forbids it everything."""

from lab.cluster import Lab
from lab.fault import Expect

EXPECT = Expect(
    first=("rbac-core-resources-forbidden",),
    proven=False,  # CoreDNS 1.12.4 prints no reason, and another role may grant the same
    founding=True,
    versions=True,
)


def stage(lab: Lab) -> None:
    """Delete the binding and recreate CoreDNS."""
    lab.kubectl("delete", "clusterrolebinding", lab.coredns_role)
    lab.recreate_coredns()


def symptom(lab: Lab) -> None:
    """Return once CoreDNS runs unready and clients get no answer."""
    lab.wait("CoreDNS to run unready", lambda: lab.running_unready() == 2)
    lab.wait("clients without answers", lab.unanswered)


def cure(lab: Lab) -> None:
    """Apply CoreDNS's manifest again; it goes on by itself."""
    lab.apply(lab.coredns_manifest)
