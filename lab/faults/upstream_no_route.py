"""A firewall of the nodes rejects what pods send to the upstream, as firewalld does.

Its ICMP host prohibited is a hard error to a UDP socket: the kernel calls it "no route to host".
"""

from lab import plan
from lab.cluster import EXTERNAL, Lab
from lab.fault import Expect

REJECT = ("FORWARD", "-p", "udp", "-d", plan.OUTSIDE, "--dport", "53", "-j", "REJECT")
KIND = ("--reject-with", "icmp-host-prohibited")
EXPECT = Expect(
    first=("host-firewall-blocks", "upstream-no-route"),
    beside=("node-resolvconf-wrong",),
    versions=True,
    answers=("host-firewall-blocks", "upstream-no-route"),
    probes=("external-names-fail", "upstream-never-answers", "upstream-timeout"),
)


def stage(lab: Lab) -> None:
    """Put the rule before all others of the chain and recreate CoreDNS."""
    for space in lab.nodes():
        space.run("iptables", "-I", *REJECT, *KIND)
        space.run("conntrack", "-F", check=False)
    lab.recreate_coredns()


def symptom(lab: Lab) -> None:
    """Return once clients get no external name and the log says why."""
    lab.wait("external names without answers", lambda: lab.unanswered(EXTERNAL))
    lab.wait("the reason in the log", lambda: "no route to host" in lab.coredns_logs())


def cure(lab: Lab) -> None:
    """Take the rule out."""
    for space in lab.nodes():
        space.run("iptables", "-D", *REJECT, *KIND, check=False)
