"""flannel cannot make its vxlan device: the kernel has no such module, or refuses.

Source: flannel-io/flannel v0.26.7, pkg/backend/vxlan/vxlan.go (RegisterNetwork), device.go.
Limits: "operation not permitted" comes from a container without NET_ADMIN too.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import FlannelFailures
from diagnose.facts.logs import Match
from diagnose.findings import flannel_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted, restart_flannel
from diagnose.signatures.flannel import VXLAN_FAILED


@check(
    title="flannel cannot make its vxlan device",
    severity=Severity.CRITICAL,
    family="overlay",
    explains=("flannel-daemonset-failing", "flannel-subnet-env-missing"),
)
def flannel_vxlan_device_failed(failures: FlannelFailures) -> Iterator[Finding]:
    """Yield one finding per flannel pod that ended for it."""
    yield from flannel_findings(failures, (VXLAN_FAILED,), message, steps)


def message(match: Match) -> str:
    """Return the kernel's answer, with what it means."""
    reason = match["reason"]
    if "not supported" in reason:
        return f"{reason}: the kernel has no vxlan"
    if "not permitted" in reason:
        return f"{reason}: the container lacks NET_ADMIN, or the kernel is locked down"
    return reason


def steps(match: Match) -> tuple[Remedy, ...]:
    """Return the remedy: the module, the privilege, or a backend without a device."""
    node = match.subject.node
    return (
        look(
            "See whether the kernel can, and which vxlan devices there are",
            f"modprobe vxlan; lsmod | grep vxlan  # on {quoted(node, 'the node')}",
            "ip -d link show type vxlan",
            verify="no module: that is it; another device with the same id and port: remove it",
        ),
        Remedy(
            title="Install the module",
            commands=("apt-get install linux-modules-extra-$(uname -r)", "modprobe vxlan"),
            risk=Risk.MANUAL,
            verify="lsmod | grep vxlan",
            why="Ubuntu on Raspberry Pi has it in a package of its own",
        ),
        Remedy(
            title="Or use a backend that needs none: Type host-gw, where nodes share a network",
            commands=("kubectl -n kube-flannel edit configmap kube-flannel-cfg",),
            risk=Risk.DISRUPTIVE,
            verify="ip route  # one route via each other node",
        ),
        restart_flannel(node),
    )
