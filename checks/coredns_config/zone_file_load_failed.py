"""A zone or hosts file of CoreDNS cannot be read.

The file or hosts plugin names a file that is not in the pod, or that does not parse.

Limits: the zone of that file fails; all others go on.
Source: coredns/coredns v1.12.0, plugin/file/reload.go, plugin/hosts/setup.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CoreDNSLogs
from diagnose.facts.logs import Match
from diagnose.findings import log_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look
from diagnose.signatures.coredns import HOSTS_FILE_MISSING, ZONE_FILE_FAILED

DIRECTORY = "is a directory"


@check(
    title="A zone or hosts file of CoreDNS cannot be read",
    severity=Severity.WARNING,
    family="corefile-syntax",
    explains=("external-names-fail",),
)
def zone_file_load_failed(logs: CoreDNSLogs) -> Iterator[Finding]:
    """Yield one finding per pod that says so, quoting its last such line."""
    yield from log_findings(
        logs,
        (
            ZONE_FILE_FAILED,
            HOSTS_FILE_MISSING,
        ),
        message,
        steps,
    )


def message(match: Match) -> str:
    """Return what the line says, in our words."""
    if match["reason"] == DIRECTORY:
        return (
            f"hosts is given {match['file']} as its file, which is a directory: the file comes "
            "first, zones behind it"
        )
    file = match["file"] or match["plugin"] or "a zone file"
    return f"{file} cannot be read: {match['reason'][:80]}".rstrip(": ")


def steps(_: Match) -> tuple[Remedy, ...]:
    """Return the remedy."""
    return (
        look(
            "See whether the file is mounted into the pod",
            "kubectl -n kube-system get deployment coredns -o yaml | grep -A6 volumes:",
            verify="a volume that holds the file at that path",
        ),
        Remedy(
            title="Mount the file from a ConfigMap, or correct its path",
            commands=(
                "kubectl -n kube-system edit deployment coredns",
                "kubectl -n kube-system edit configmap coredns  # hosts FILE ZONES…",
            ),
            risk=Risk.DISRUPTIVE,
            verify="kubectl -n kube-system rollout status deployment coredns",
        ),
    )
