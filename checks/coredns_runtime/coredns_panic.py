"""CoreDNS meets a defect of its own and panics.

A defect of CoreDNS or of a plugin, or a limit of the machine (no new thread) that the Go runtime
does not survive.

Limits: the stack below the line tells which plugin; it is not read.
Source: coredns/coredns v1.12.0, core/dnsserver/server.go (recover); Go runtime/proc.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CoreDNSLogs
from diagnose.facts.logs import Match
from diagnose.findings import log_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look
from diagnose.signatures.coredns import PANIC, PANIC_RECOVERED, THREADS_EXHAUSTED


@check(
    title="CoreDNS meets a defect of its own and panics",
    severity=Severity.CRITICAL,
    family="coredns-crashloop",
    explains=("coredns-crashloop",),
)
def coredns_panic(logs: CoreDNSLogs) -> Iterator[Finding]:
    """Yield one finding per pod that says so, quoting its last such line."""
    yield from log_findings(
        logs,
        (
            PANIC,
            THREADS_EXHAUSTED,
            PANIC_RECOVERED,
        ),
        message,
        steps,
    )


def message(match: Match) -> str:
    """Return what the line says, in our words."""
    return f"panics: {(match['panic'] or 'no new thread could be made')[:100]}"


def steps(_: Match) -> tuple[Remedy, ...]:
    """Return the remedy."""
    return (
        look(
            "Read the stack below the line, and the limits of the container",
            "kubectl -n kube-system logs -l k8s-app=kube-dns --previous --tail=200 --prefix",
            verify="the first plugin in the stack; or a limit on processes of the container",
        ),
        Remedy(
            title="Update CoreDNS, or take that plugin out meanwhile",
            commands=("kubectl -n kube-system set image deployment/coredns coredns=<newer image>",),
            risk=Risk.DISRUPTIVE,
            verify="kubectl -n kube-system rollout status deployment coredns",
        ),
    )
