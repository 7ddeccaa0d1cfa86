"""A node tracks as many connections as it may: it drops new ones, DNS queries among them.

The limit is the machine's, what counts against it is each network namespace's own. It is lowered to
what one node holds, far more than any other namespace has, and set back by the cure.
"""

import sys
from pathlib import Path

from lab import plan
from lab.cluster import Lab
from lab.fault import Expect

NODE = plan.NODES[1].name
LIMIT = Path("/proc/sys/net/netfilter/nf_conntrack_max")
COUNT = "/proc/sys/net/netfilter/nf_conntrack_count"
FLOWS = 9_000
# A flow without an answer is kept for 30 s: three new ones a second leave little of the room, so
# that packets find a place until something asks much, as on a node that is at its limit.
ROOM, NEW_PER_S = 160, 3
NORMAL = "262144"
HOLD = f"""
import resource, socket, time
resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))
door = socket.create_server(("127.0.0.1", 9099), backlog={FLOWS})
held = []
for _ in range({FLOWS}):
    held.append(socket.create_connection(("127.0.0.1", 9099)))
    held.append(door.accept()[0])
while True:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.sendto(b"x", ("{plan.OUTSIDE}", 9))
    time.sleep(1 / {NEW_PER_S})
"""
EXPECT = Expect(
    first=("conntrack-table-full",),
    proven=False,  # it is at its limit, and not at each moment beyond it
    beside=("dns-intermittent-failures",),
    answers=("conntrack-table-full",),
    probes=(
        "dns-intermittent-failures",
        "resolution-fails",
        "dns-udp-lost",
        "coredns-liveness-killed",  # its probes are dropped as well
    ),
)


def stage(lab: Lab) -> None:
    """Hold thousands of connections open on one node, and let the table take few more."""
    space = lab.space(NODE)
    space.daemon("flows", sys.executable, "-c", HOLD)

    def tracked() -> int:
        return int(space.output("cat", COUNT))

    lab.wait("the connections", lambda: tracked() > FLOWS)
    LIMIT.write_text(str(FLOWS + ROOM))


def symptom(lab: Lab) -> None:
    """Return once the table is full and a client's query on the node goes missing."""
    space = lab.space(NODE)

    def dropped() -> bool:
        full = int(space.output("cat", COUNT)) >= int(LIMIT.read_text()) * 0.98
        return full and any(not lab.ask(NODE).good for _ in range(10))

    lab.wait("queries that go missing", dropped)


def cure(lab: Lab) -> None:
    """Give the table its size back, let the connections go, recreate what was killed meanwhile."""
    LIMIT.write_text(NORMAL)
    lab.space(NODE).stop("flows")
    lab.space(NODE).run("conntrack", "-F", check=False)
    lab.recreate_coredns()
