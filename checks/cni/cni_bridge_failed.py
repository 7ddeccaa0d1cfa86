"""The bridge plugin cannot make its bridge, or the kernel refuses what it sets there.

A node that is itself a container may lack the permission, the bridge module or IPv6.

Limits: an address of another subnet on a real bridge is cni0-conflict, an interface of its name
that is no bridge cni-bridge-name-taken.
Source: containernetworking/plugins v1.9.1, plugins/main/bridge/bridge.go (ensureBridge, ensureAddr,
enableIPForward).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import SandboxFailures
from diagnose.facts.logs import Match
from diagnose.findings import sandbox_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, stuck_pods_go_on
from diagnose.signatures.cni import (
    BRIDGE_ADDRESS_DENIED,
    BRIDGE_FAILED,
    FORWARDING_DENIED,
    NO_BRIDGE,
)


@check(
    title="The bridge plugin cannot set up its bridge",
    severity=Severity.CRITICAL,
    family="sandbox-other",
    explains=("pods-stuck-container-creating",),
)
def cni_bridge_failed(failures: SandboxFailures) -> Iterator[Finding]:
    """Yield one finding per node on which the bridge cannot be set up."""
    yield from sandbox_findings(
        failures,
        (BRIDGE_FAILED, BRIDGE_ADDRESS_DENIED, FORWARDING_DENIED),
        message,
        steps,
        only=lambda match: NO_BRIDGE not in match["reason"],
    )


def message(match: Match) -> str:
    """Return what the plugin could not do."""
    bridge = match["bridge"] or "the bridge"
    if match.signature == FORWARDING_DENIED.name:
        return f"forwarding cannot be enabled: {match['reason'][:120]}"
    what = (
        f"{bridge} gets no address {match['address']}".rstrip()
        if match.signature == BRIDGE_ADDRESS_DENIED.name
        else f"{bridge} cannot be made"
    )
    return f"{what}: {match['reason'][:120]}"


def steps(match: Match, node: str) -> tuple[Remedy, ...]:
    """Return the remedy for the case that the message names."""
    bridge = match["bridge"] or "cni0"
    if match.signature == BRIDGE_ADDRESS_DENIED.name:
        cure = Remedy(
            title="Enable IPv6 on the node, or take the IPv6 range out of the configuration",
            commands=("sysctl -w net.ipv6.conf.all.disable_ipv6=0",),
            risk=Risk.DISRUPTIVE,
            verify="sysctl net.ipv6.conf.all.disable_ipv6  # 0",
        )
    elif match.signature == FORWARDING_DENIED.name:
        cure = Remedy(
            title="Enable forwarding outside, where /proc/sys can be written",
            commands=("sysctl -w net.ipv4.ip_forward=1  # on the machine that carries the node",),
            risk=Risk.DISRUPTIVE,
            verify=f"sysctl net.ipv4.ip_forward  # on {node}: 1",
        )
    else:
        cure = Remedy(
            title="Load the bridge module; a node that is a container needs CAP_NET_ADMIN",
            commands=(f"modprobe bridge  # on {node}",),
            risk=Risk.DISRUPTIVE,
            verify="ip link add testbr0 type bridge && ip link delete testbr0",
        )
    return (
        look(
            "See what the kernel has and allows",
            f"ip -d link show {bridge}; lsmod | grep bridge  # on {node}",
            "sysctl net.ipv4.ip_forward net.ipv6.conf.all.disable_ipv6",
            verify="the missing module, permission or setting",
        ),
        cure,
        stuck_pods_go_on(),
    )
