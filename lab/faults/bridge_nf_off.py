"""Bridged traffic passes no iptables, so replies of a pod on the same node come unexpected."""

from lab import plan
from lab.cluster import Lab
from lab.fault import Expect

NODE = plan.NODES[1].name
SWITCH = "/proc/sys/net/bridge/bridge-nf-call-iptables"
EXPECT = Expect(
    first=(
        "br-netfilter-not-loaded",
        "dns-reply-from-unexpected-source",
        "dns-intermittent-failures",
    ),
    proven=False,
    answers=("br-netfilter-not-loaded",),
    probes=("dns-reply-from-unexpected-source", "dns-intermittent-failures"),
)


def stage(lab: Lab) -> None:
    """Switch it off on one node."""
    lab.space(NODE).shell(f"echo 0 > {SWITCH}; conntrack -F 2>&1")


def symptom(lab: Lab) -> None:
    """Return once a part of a client's queries goes unanswered."""

    def some_lost() -> bool:
        return not all(lab.ask(NODE).good for _ in range(8))

    lab.wait("queries without answers", some_lost)


def cure(lab: Lab) -> None:
    """Switch it on."""
    lab.space(NODE).shell(f"echo 1 > {SWITCH}")
