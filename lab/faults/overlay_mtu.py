"""The wire between the nodes takes smaller packets than the overlay believes: large ones vanish."""

from lab import plan
from lab.cluster import Lab
from lab.fault import Expect
from lab.network import BRIDGE

NARROW, WIDE, LARGE = 1300, 1500, 1380
EXPECT = Expect(
    first=("overlay-mtu-mismatch", "large-messages-lost"),
    proven=False,
    answers=("overlay-mtu-mismatch", "large-messages-lost"),
)


def set_mtu(lab: Lab, mtu: int) -> None:
    """Give the bridge's ports to the nodes this MTU, and leave the nodes' own ends alone."""
    for each in plan.NODES:
        lab.outside.run("ip", "link", "set", f"to-{each.name}", "mtu", str(mtu))
    lab.outside.run("ip", "link", "set", BRIDGE, "mtu", str(WIDE), check=False)


def stage(lab: Lab) -> None:
    """Narrow the ports of the bridge: it drops what does not fit and tells nobody."""
    set_mtu(lab, NARROW)


def symptom(lab: Lab) -> None:
    """Return once a replica on the other node answers small questions and no large one."""
    here, there = (each.name for each in plan.NODES)

    def split() -> bool:
        address = lab.coredns_addresses().get(there, "")
        small = lab.ask(here, server=address)
        return small.good and lab.ask(here, server=address, size=LARGE).rcode == "TIMEOUT"

    lab.wait("large questions without an answer", split)


def cure(lab: Lab) -> None:
    """Give the ports their size back."""
    set_mtu(lab, WIDE)
