"""The nodes' resolv.conf holds a search list and no name server."""

from lab import node
from lab.cluster import Lab
from lab.fault import Expect
from lab.faults import loop_resolvconf

EXPECT = Expect(first=("node-resolvconf-empty",), folded=("coredns-crashloop",))


def stage(lab: Lab) -> None:
    """Leave only `search` in every node's file and let CoreDNS inherit it."""
    for space in lab.nodes():
        node.write_resolv_conf(space, "search corp.example.com\n")
    lab.recreate_coredns()


symptom = loop_resolvconf.symptom
cure = loop_resolvconf.cure
