"""CoreDNS's binary cannot be executed.

The kernel refuses to start the binary: its file capability is not allowed in this container, or it
is built for another architecture.

Limits: the container's log may be empty; then only its state says so.
Source: opencontainers/runc v1.1, libcontainer/standard_init_linux.go; Linux execve(2).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CoreDNSLogs
from diagnose.facts.logs import Match
from diagnose.findings import log_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look
from diagnose.signatures.coredns import EXEC_FAILED


@check(
    title="CoreDNS's binary cannot be executed",
    severity=Severity.CRITICAL,
    family="coredns-crashloop",
    explains=("coredns-crashloop",),
)
def coredns_exec_failed(logs: CoreDNSLogs) -> Iterator[Finding]:
    """Yield one finding per pod that says so, quoting its last such line."""
    yield from log_findings(logs, (EXEC_FAILED,), message, steps)


def message(match: Match) -> str:
    """Return what the line says, in our words."""
    return f"cannot be started: {match['reason'] or 'the kernel refuses it'}"


def steps(_: Match) -> tuple[Remedy, ...]:
    """Return the remedy."""
    return (
        look(
            "See image, architecture and security context",
            "kubectl -n kube-system get deployment coredns -o yaml | grep -E 'image:|add|drop'",
            "kubectl get nodes -L kubernetes.io/arch",
            verify="the image is made for the node's architecture; NET_BIND_SERVICE is added",
        ),
        Remedy(
            title="Add the capability, or use an image of the node's architecture",
            commands=("kubectl -n kube-system edit deployment coredns",),
            risk=Risk.DISRUPTIVE,
            verify="kubectl -n kube-system rollout status deployment coredns",
        ),
    )
