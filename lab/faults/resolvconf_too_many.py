"""The nodes' resolv.conf has more name servers and search domains than a pod may have."""

from lab import node, plan
from lab.cluster import Lab
from lab.fault import Expect

EXPECT = Expect(
    first=("node-nameserver-limit", "node-search-limit"),
    beside=("node-nameserver-limit", "node-search-limit"),
)
SERVERS = (*plan.RESOLVERS, "10.77.0.54")
DOMAINS = [f"department-{number}.corp.example.com" for number in range(40)]


def stage(lab: Lab) -> None:
    """Write four name servers and forty domains, and recreate pods that inherit them."""
    text = "".join(f"nameserver {server}\n" for server in SERVERS)
    for space in lab.nodes():
        node.write_resolv_conf(space, f"{text}search {' '.join(DOMAINS)}\n")
    lab.recreate_coredns()
    lab.recreate("app=client", "default")


def symptom(lab: Lab) -> None:
    """Return once the kubelet said that it left some out."""
    lab.wait("the kubelet's complaint", lambda: lab.said("limits were exceeded", healthy=True))


def cure(lab: Lab) -> None:
    """Write a short file, recreate the pods, and remove events that would outlive it by an hour."""
    for space in lab.nodes():
        node.write_resolv_conf(space)
    lab.recreate_coredns()
    lab.recreate("app=client", "default")
    lab.kubectl("delete", "events", "-A", "--field-selector", "reason=DNSConfigForming")
