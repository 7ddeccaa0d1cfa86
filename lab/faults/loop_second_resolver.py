"""The upstream resolver forwards back to CoreDNS, so a query circles between the two."""

from lab import network, plan
from lab.cluster import Lab
from lab.fault import Expect

EXPECT = Expect(first=("upstream-forwards-back", "loop"), folded=("coredns-crashloop",))


def stage(lab: Lab) -> None:
    """Recreate CoreDNS under a silent upstream, then let that forward to the pods in turn.

    CoreDNS repeats its self-test for half a minute while it is unanswered, which leaves time to
    learn the pods' addresses.
    """
    for each in plan.NODES:
        lab.outside.shell(f"ip route replace {lab.pod_range(each.name)} via {each.address}")
    network.start_upstream(lab.outside, "silent")
    lab.recreate_coredns()
    lab.wait("addresses of the pods", lambda: len(lab.coredns_addresses()) == 2)
    network.start_upstream(lab.outside, "forward " + " ".join(lab.coredns_addresses().values()))


def symptom(lab: Lab) -> None:
    """Return once both replicas ended because of the loop."""
    lab.wait("both replicas in CrashLoopBackOff", lambda: lab.crashing() == 2)
    lab.wait("clients without answers", lab.unanswered)


def cure(lab: Lab) -> None:
    """Let the upstream answer by itself and recreate CoreDNS."""
    network.start_upstream(lab.outside)
    for each in plan.NODES:
        lab.outside.run("ip", "route", "delete", lab.pod_range(each.name), check=False)
    lab.recreate_coredns()
