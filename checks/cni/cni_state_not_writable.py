"""The CNI plugins cannot write their state below /var/lib/cni.

host-local writes a file per address, flannel's plugin one per sandbox. A full disk, no inodes left
or a file system that the kernel set read-only after errors stops every new sandbox of the node.

Limits: the message tells full from read-only; which file filled the disk it does not.
Source: containernetworking/plugins v1.9.1, plugins/ipam/host-local/backend/disk/backend.go;
flannel-io/cni-plugin flannel.go (saveScratchNetConf).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import SandboxFailures
from diagnose.facts.logs import Match
from diagnose.findings import sandbox_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, stuck_pods_go_on
from diagnose.signatures.cni import IPAM_DISK
from diagnose.signatures.mechanisms import DISK


@check(
    title="CNI plugins cannot write their state",
    severity=Severity.CRITICAL,
    family="node-pressure",
    explains=("pods-stuck-container-creating",),
)
def cni_state_not_writable(failures: SandboxFailures) -> Iterator[Finding]:
    """Yield one finding per node on which /var/lib/cni cannot be written."""
    yield from sandbox_findings(failures, (IPAM_DISK, DISK), message, steps)


def message(match: Match) -> str:
    """Return where and why nothing can be written."""
    return f"{match['path'] or '/var/lib/cni'} cannot be written: {match['reason']}"


def steps(match: Match, node: str) -> tuple[Remedy, ...]:
    """Return the remedy: room on the disk, or a file system that can be written again."""
    full = "no space" in match["reason"] or "quota" in match["reason"]
    return (
        look(
            "See room, inodes and the state of the file system",
            f"df -h /var/lib/cni; df -i /var/lib/cni; findmnt -T /var/lib/cni  # on {node}",
            "dmesg | grep -iE 'remount|ext4|xfs' | tail",
            verify="no room, no inodes, or mounted ro",
        ),
        Remedy(
            title="Make room: unused images and old logs",
            commands=("crictl rmi --prune", "journalctl --vacuum-size=200M"),
            risk=Risk.DISRUPTIVE,
            verify="df -h /var/lib/cni; df -i /var/lib/cni  # below 90 %",
        )
        if full
        else Remedy(
            title="Repair what made the file system read-only, then mount it writable",
            commands=(
                f"kubectl drain {node} --ignore-daemonsets --delete-emptydir-data",
                "mount -o remount,rw <mount point>, or check the file system and restart the node",
            ),
            risk=Risk.DISRUPTIVE,
            verify="findmnt -T /var/lib/cni  # rw",
        ),
        stuck_pods_go_on(),
    )
