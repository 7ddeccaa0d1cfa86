"""CoreDNS meets a defect of its own and panics.

A defect of CoreDNS or of a plugin, or a limit of the machine (no new thread) that the Go runtime
does not survive.

Limits: the stack below the line tells which plugin; it is not read. A count tells of panics since
the process started that it survived; it is a note.
Source: coredns/coredns v1.12.0, core/dnsserver/server.go (recover), plugin/metrics/vars/vars.go
(coredns_panics_total); Go runtime/proc.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CoreDNSPanics
from diagnose.facts.logs import Match
from diagnose.findings import log_findings, times
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look
from diagnose.signatures.coredns import PANIC, PANIC_RECOVERED, THREADS_EXHAUSTED


@check(
    title="CoreDNS meets a defect of its own and panics",
    severity=Severity.CRITICAL,
    family="coredns-crashloop",
    explains=("coredns-crashloop",),
)
def coredns_panic(panics: CoreDNSPanics) -> Iterator[Finding]:
    """Yield one finding per pod that says so, quoting its last such line, or that counts some."""
    yield from log_findings(
        panics.logs,
        (
            PANIC,
            THREADS_EXHAUSTED,
            PANIC_RECOVERED,
        ),
        message,
        steps,
    )
    for one in panics.counted:
        yield Finding(
            subject=one.subject,
            message=f"panicked {times(one.count)} since it started, and went on",
            quotes=(one.sample.quote,),
            remedy=steps(None),
            severity=Severity.INFO,
            proven=False,
        )


def message(match: Match) -> str:
    """Return what the line says, in our words."""
    return f"panics: {(match['panic'] or 'no new thread could be made')[:100]}"


def steps(_: Match | None) -> tuple[Remedy, ...]:
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
