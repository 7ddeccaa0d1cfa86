"""CoreDNS runs in the nodes' network, where a local resolver holds port 53."""

from lab import network, plan
from lab.cluster import Lab
from lab.fault import Expect

EXPECT = Expect(
    first=("node-port53-conflict", "coredns-port-in-use"),
    folded=("coredns-crashloop",),
)


def stage(lab: Lab) -> None:
    """Start a resolver on each node, then move CoreDNS into the nodes' network."""
    for each in plan.NODES:
        network.start_resolver(lab.space(each.name), (each.address, "127.0.0.1"))
    lab.apply(
        lab.coredns_manifest, ("dnsPolicy: Default", "dnsPolicy: Default\n      hostNetwork: true")
    )
    lab.recreate_coredns()


def symptom(lab: Lab) -> None:
    """Return once a new replica restarts again and again; the rollout leaves an old one."""
    lab.wait("a replica in CrashLoopBackOff", lab.crashing)


def cure(lab: Lab) -> None:
    """Move CoreDNS back into the pod network, and end the resolvers."""
    lab.apply(lab.coredns_manifest)
    for space in lab.nodes():
        space.stop("upstream")
    lab.recreate_coredns()
