"""A running CoreDNS could not start with a changed Corefile, and goes on with the old one."""

from lab.cluster import Lab
from lab.fault import Expect
from lab.faults import corefile_reload_failed

EXPECT = Expect(
    first=("corefile-argument-error", "corefile-reload-failed"),
    beside=("corefile-reload-failed",),
)


def stage(lab: Lab) -> None:
    """Write a word where cache wants a number, and leave the pods alone."""
    lab.set_corefile(lab.corefile().replace("cache 30", "cache thirty"))


def symptom(lab: Lab) -> None:
    """Return once a replica said that it keeps the old one; clients notice nothing yet."""
    lab.wait("the refusal", lambda: "Corefile changed but reload failed" in lab.coredns_logs())


cure = corefile_reload_failed.cure
