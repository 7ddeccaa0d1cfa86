"""CoreDNS rejected a changed Corefile and keeps the old one.

The reload plugin read a new Corefile that CoreDNS does not accept. The old configuration serves on,
until the next restart of the pod, which then fails.

Limits: a file that is gone is not reported by the plugin.
Source: coredns/coredns v1.12.0, plugin/reload/reload.go (hook).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CoreDNSLogs
from diagnose.facts.logs import Match
from diagnose.findings import log_findings
from diagnose.model import Finding, Remedy, Severity
from diagnose.remedies import edit_corefile
from diagnose.signatures.coredns import RELOAD_FAILED


@check(
    title="CoreDNS rejected a changed Corefile and keeps the old one",
    severity=Severity.WARNING,
    family="corefile-syntax",
    explains=("coredns-crashloop",),
)
def corefile_reload_failed(logs: CoreDNSLogs) -> Iterator[Finding]:
    """Yield one finding per pod that says so, quoting its last such line."""
    yield from log_findings(logs, (RELOAD_FAILED,), message, steps)


def message(match: Match) -> str:
    """Return what the line says, in our words."""
    return f"serves on with the old Corefile; the new one is refused: {match['reason'][:100]}"


def steps(_: Match) -> tuple[Remedy, ...]:
    """Return the remedy."""
    return (edit_corefile("Correct the Corefile before a pod restarts", "corefile-reload-failed"),)
