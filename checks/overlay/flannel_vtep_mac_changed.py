"""flannel.1 has another MAC address than flannel gave it and told the other nodes.

systemd from 242 on gives new devices an address of its own choice (MACAddressPolicy=persistent).

Source: flannel-io/flannel v0.26.7, pkg/backend/vxlan/device.go (Configure); flannel issues 1155 and
1795; systemd systemd.link(5).
Limits: older versions of flannel do not look and say nothing.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import FlannelFailures
from diagnose.facts.logs import Match
from diagnose.findings import flannel_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted, restart_flannel
from diagnose.signatures.flannel import VTEP_MAC_CHANGED


@check(
    title="The MAC address of flannel's device was changed",
    severity=Severity.CRITICAL,
    family="overlay",
    explains=(
        "flannel-daemonset-failing",
        "flannel-subnet-env-missing",
        "resolution-fails",
        "pod-network-cross-node-broken",
    ),
)
def flannel_vtep_mac_changed(failures: FlannelFailures) -> Iterator[Finding]:
    """Yield one finding per flannel pod that ended for it."""
    yield from flannel_findings(failures, (VTEP_MAC_CHANGED,), message, steps)


def message(match: Match) -> str:
    """Return both addresses."""
    return f"{match['interface']} was to have {match['wanted']} and has {match['got']}"


def steps(match: Match) -> tuple[Remedy, ...]:
    """Return the remedy: keep systemd off the device, then let flannel make it again."""
    node = match.subject.node
    return (
        look(
            "Compare the device with what other nodes were told",
            f"ip link show {match['interface']}  # on {quoted(node, 'the node')}",
            f"kubectl get node {quoted(node, '<node>')} -o yaml | grep VtepMAC",
            verify="both differ",
        ),
        Remedy(
            title="Keep systemd off the device",
            commands=(
                "printf '[Match]\\nOriginalName=flannel*\\n[Link]\\nMACAddressPolicy=none\\n' "
                "> /etc/systemd/network/50-flannel.link",
                f"ip link delete {match['interface']}",
            ),
            risk=Risk.MANUAL,
            verify="udevadm test-builtin net_setup_link /sys/class/net/flannel.1",
        ),
        restart_flannel(node),
    )
