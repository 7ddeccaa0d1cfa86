"""An interface has the name that the bridge plugin's bridge is to have, and is no bridge.

Another tool, a former network add-on or a hand made it. The plugin takes over a bridge of that name
and nothing else.

Limits: whose interface it is, the message does not tell.
Source: containernetworking/plugins v1.9.1, plugins/main/bridge/bridge.go (ensureBridge,
bridgeByName).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import SandboxFailures
from diagnose.facts.logs import Match
from diagnose.findings import sandbox_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, stuck_pods_go_on
from diagnose.signatures.cni import BRIDGE_FAILED, NO_BRIDGE


@check(
    title="An interface that is no bridge has the bridge's name",
    severity=Severity.CRITICAL,
    family="sandbox-other",
    explains=("pods-stuck-container-creating",),
)
def cni_bridge_name_taken(failures: SandboxFailures) -> Iterator[Finding]:
    """Yield one finding per node on which the name is taken."""
    yield from sandbox_findings(
        failures,
        (BRIDGE_FAILED,),
        lambda match: f"an interface named {name_of(match)} is there and is not a bridge",
        steps,
        only=lambda match: NO_BRIDGE in match["reason"],
    )


def name_of(match: Match) -> str:
    """Return the bridge's name, or what stands for it."""
    return match["bridge"] or "cni0"


def steps(match: Match, node: str) -> tuple[Remedy, ...]:
    """Return the remedy: whose it is, and away with it."""
    bridge = name_of(match)
    return (
        look(
            "See what the interface is, and to whom it belongs",
            f"ip -d link show {bridge}; ip addr show {bridge}  # on {node}",
            verify="its kind: dummy, veth, macvlan, a VLAN or another",
        ),
        Remedy(
            title="Delete or rename that interface; the next pod makes the bridge",
            commands=(f"ip link delete {bridge}  # on {node}",),
            risk=Risk.DISRUPTIVE,
            verify=f"ip -d link show {bridge}  # bridge, after the next pod start",
            why="what uses it loses its network; where it must stay, give the bridge another "
            "name in the configuration of the network add-on",
        ),
        stuck_pods_go_on(),
    )
