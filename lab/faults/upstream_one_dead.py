"""One of two upstream resolvers is dead; now and then an external query is slow.

CoreDNS asks the next one when the first is silent for two seconds, and logs nothing; its metrics
count the failed health checks.
"""

import itertools

from lab import node, plan
from lab.cluster import Lab
from lab.fault import Expect

EXPECT = Expect(
    first=("upstream-timeout", "upstream-never-answers"),
    beside=("node-resolvconf-wrong",),
    proven=False,
    answers=("upstream-timeout", "upstream-never-answers"),
)
DEAD, ALIVE = "8.8.8.8", "8.8.4.4"
DROP = ("INPUT", "-d", DEAD, "-p", "udp", "--dport", "53", "-j", "DROP")


def stage(lab: Lab) -> None:
    """Drop what is sent to the first of two resolvers, and let CoreDNS know both."""
    lab.outside.run("iptables", "-I", *DROP)
    for space in lab.nodes():
        node.write_resolv_conf(space, f"nameserver {DEAD}\nnameserver {ALIVE}\n")
    lab.recreate_coredns()


def symptom(lab: Lab) -> None:
    """Return once each replica has counted failed health checks, under queries of new names."""
    turns = itertools.count()

    def counted() -> bool:
        for each in plan.NODES:
            lab.ask(each.name, f"new-{next(turns)}.example.com.")
        lines = [line for line in lab.metrics() if f'to="{DEAD}:53"' in line]
        return sum("healthcheck_failures_total" in line for line in lines) == 2

    lab.wait("failed health checks in CoreDNS's metrics", counted)


def cure(lab: Lab) -> None:
    """Name living resolvers alone, and recreate CoreDNS."""
    lab.outside.run("iptables", "-D", *DROP, check=False)
    for space in lab.nodes():
        node.write_resolv_conf(space)
    lab.recreate_coredns()
