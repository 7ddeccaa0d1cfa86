"""The upstream resolver answers nothing: a firewall that drops port 53, or a dead resolver."""

from lab import network
from lab.cluster import EXTERNAL, Lab
from lab.fault import Expect

EXPECT = Expect(
    first=("upstream-timeout",),
    beside=("node-resolvconf-wrong",),
    founding=True,
    versions=True,
    answers=("upstream-timeout",),
    probes=(
        "external-names-fail",
        "upstream-never-answers",
    ),
)


def stage(lab: Lab) -> None:
    """Let the upstream swallow every query; recreate CoreDNS, whose self-test then times out."""
    network.start_upstream(lab.outside, "silent")
    lab.recreate_coredns()


def symptom(lab: Lab) -> None:
    """Return once clients get no external name and CoreDNS has logged the time-out."""
    lab.wait("external names without answers", lambda: lab.unanswered(EXTERNAL))
    lab.wait("the time-out in CoreDNS's log", lambda: "i/o timeout" in lab.coredns_logs())


def cure(lab: Lab) -> None:
    """Let the upstream answer again; nothing in the cluster was wrong."""
    network.start_upstream(lab.outside)
