"""A port of CoreDNS is already taken.

Another process listens where CoreDNS wants to, and CoreDNS exits; a taken metrics port costs the
metrics alone.

Limits: a taken port 8181 (ready) leaves no line: the readiness probe just fails.
Source: coredns/coredns v1.12.0, core/dnsserver/server.go (Listen); plugin/metrics/metrics.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CoreDNSLogs
from diagnose.facts.logs import Match
from diagnose.findings import log_findings
from diagnose.model import Finding, Remedy, Severity
from diagnose.remedies import edit_corefile, look, quoted
from diagnose.signatures.coredns import METRICS_PORT_IN_USE, PORT_IN_USE


@check(
    title="A port of CoreDNS is already taken",
    severity=Severity.CRITICAL,
    family="coredns-port",
    explains=("coredns-crashloop",),
)
def coredns_port_in_use(logs: CoreDNSLogs) -> Iterator[Finding]:
    """Yield one finding per pod that says so, quoting its last such line."""
    yield from log_findings(
        logs,
        (
            METRICS_PORT_IN_USE,
            PORT_IN_USE,
        ),
        message,
        steps,
    )


def message(match: Match) -> str:
    """Return what the line says, in our words."""
    return f"{match['address'] or 'a port'} is taken by another process"


def steps(match: Match) -> tuple[Remedy, ...]:
    """Return the remedy."""
    return (
        look(
            "Find who has the port",
            "ss -lntup '( sport = :53 or sport = :8080 or sport = :9153 )'"
            f"  # on {quoted(match.subject.node, 'the node')}",
            verify="the name of a process that is not this CoreDNS",
        ),
        edit_corefile(
            "Stop that process, or let CoreDNS bind another address or port", "coredns-port-in-use"
        ),
    )
