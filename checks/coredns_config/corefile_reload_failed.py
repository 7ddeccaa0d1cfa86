"""CoreDNS rejected a changed Corefile and keeps the old one.

The reload plugin read a new Corefile that CoreDNS does not accept. The old configuration serves on,
until the next restart of the pod, which then fails.

Limits: a file that is gone is not reported by the plugin. A count without a line says nothing of
when, so it speaks only while the Corefile has a fault, or is not known.
Source: coredns/coredns v1.12.0, plugin/reload/reload.go (hook), metrics.go
(coredns_reload_failed_total).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import ReloadFailures
from diagnose.facts.logs import Match
from diagnose.findings import log_findings, times
from diagnose.model import Finding, Remedy, Severity
from diagnose.remedies import edit_corefile
from diagnose.signatures.coredns import RELOAD_FAILED


@check(
    title="CoreDNS rejected a changed Corefile and keeps the old one",
    severity=Severity.WARNING,
    family="corefile-syntax",
    explains=("coredns-crashloop",),
)
def corefile_reload_failed(reloads: ReloadFailures) -> Iterator[Finding]:
    """Yield one finding per pod that says so, quoting its last such line, or that counts some."""
    yield from log_findings(reloads.logs, (RELOAD_FAILED,), message, steps)
    for one in reloads.counted:
        yield Finding(
            subject=one.subject,
            message=f"refused a changed Corefile {times(one.count)} since it started",
            quotes=(one.sample.quote,),
            remedy=steps(None),
            severity=Severity.INFO,
            proven=False,
        )


def message(match: Match) -> str:
    """Return what the line says, in our words."""
    return f"serves on with the old Corefile; the new one is refused: {match['reason'][:100]}"


def steps(_: Match | None) -> tuple[Remedy, ...]:
    """Return the remedy."""
    return (edit_corefile("Correct the Corefile before a pod restarts", "corefile-reload-failed"),)
