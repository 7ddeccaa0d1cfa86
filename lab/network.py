"""The wires: a bridge in the space `outside`, the nodes and the machine on it, and the upstream."""

import sys
from pathlib import Path

from lab import plan
from lab.process import run, wait_for
from lab.spaces import Space, open_space

BRIDGE = "lab0"
MODE_FILE = "/run/upstream.mode"
CHECKOUT = Path(__file__).resolve().parent.parent


def open_outside(pause: Path) -> Space:
    """Return the space that holds the bridge and the resolvers, wired to the machine."""
    outside = open_space("outside", pause)
    addresses = "".join(
        f"ip address replace {address}/32 dev lo\n"
        for address in plan.RESOLVERS
        if address != plan.OUTSIDE
    )
    outside.shell(
        f"""
        mountpoint -q /run || mount -t tmpfs lab /run
        mountpoint -q /var/log || mount -t tmpfs lab /var/log
        ip link show {BRIDGE} > /dev/null 2>&1 || ip link add {BRIDGE} type bridge
        ip address replace {plan.OUTSIDE}/{plan.PREFIX} dev {BRIDGE}
        ip link set {BRIDGE} up
        echo 0 > /proc/sys/net/ipv4/ip_forward
        echo 0 > /proc/sys/net/bridge/bridge-nf-call-iptables
        {addresses}
        """
    )
    if run("ip", "link", "show", plan.HOST_LINK, check=False).returncode != 0:
        _wire(outside, "machine", plan.HOST_LINK, 1)
    run("ip", "address", "replace", f"{plan.HOST}/{plan.PREFIX}", "dev", plan.HOST_LINK)
    run("ip", "link", "set", plan.HOST_LINK, "up")
    return outside


def wire_node(outside: Space, space: Space, node: plan.Node) -> None:
    """Assert that the node is on the bridge, with its address and its default route."""
    if space.run("ip", "link", "show", "eth0", check=False).returncode != 0:
        _wire(outside, node.name, "eth0", space.pid)
    space.shell(
        f"""
        ip address replace {node.address}/{plan.PREFIX} dev eth0
        ip link set eth0 up
        ip route replace default via {plan.OUTSIDE}
        """
    )


def _wire(outside: Space, name: str, end: str, to: int) -> None:
    port = f"to-{name}"
    between = f"cdl{to}"  # others are wired at the same time
    outside.run("ip", "link", "delete", port, check=False)
    run(
        *("ip", "link", "add", "name", between, "type", "veth"),
        *("peer", "name", end, "netns", str(to)),
    )
    run("ip", "link", "set", between, "netns", str(outside.pid), "name", port)
    outside.run("ip", "link", "set", port, "master", BRIDGE, "up")


def start_upstream(outside: Space, mode: str = "answer") -> None:
    """Assert that the resolvers run, and that they behave as the mode says."""
    start_resolver(outside, plan.RESOLVERS, mode)


def start_resolver(space: Space, addresses: tuple[str, ...], mode: str = "answer") -> None:
    """Assert that a resolver of the lab listens on these addresses of a space."""
    space.write(MODE_FILE, mode)
    if not space.daemon_pid("upstream"):
        start_module(space, "upstream", "lab.upstream", MODE_FILE, *addresses)
    wait_for("the resolver to listen", lambda: listens(space, addresses[0]))


def start_module(space: Space, name: str, module: str, *words: str) -> None:
    """Start a module of the lab as a daemon in a space."""
    # -E and -s: what the environment or a user's packages bring has no place here.
    code = f"import sys; sys.path.insert(0, {str(CHECKOUT)!r}); sys.argv = sys.argv[1:]"
    code += f"; import runpy; runpy.run_module({module!r}, run_name='__main__')"
    space.daemon(name, sys.executable, "-E", "-s", "-c", code, module, *words)


def listens(space: Space, address: str) -> bool:
    """Whether something listens on the DNS port of an address."""
    return f"{address}:53" in space.output("ss", "-Hlun")
