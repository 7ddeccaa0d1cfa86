"""A running CoreDNS rejected a changed Corefile and goes on with the old one."""

from lab.cluster import Lab
from lab.fault import Expect

EXPECT = Expect(
    first=("corefile-syntax-error", "corefile-reload-failed"),
    beside=("corefile-reload-failed",),
)


def stage(lab: Lab) -> None:
    """Cut the last brace off and leave the pods alone."""
    lab.set_corefile(lab.corefile().rstrip().removesuffix("}"))


def symptom(lab: Lab) -> None:
    """Return once a replica said that it keeps the old one; clients notice nothing yet."""
    # The kubelet refreshes mounted ConfigMaps within its sync period, CoreDNS looks every 30 s.
    lab.wait("the rejection", lambda: "plugin/reload: Corefile parse failed" in lab.coredns_logs())


def cure(lab: Lab) -> None:
    """Repair the Corefile; the pods load it by themselves or anew."""
    lab.apply(lab.coredns_manifest)
    lab.recreate_coredns()
