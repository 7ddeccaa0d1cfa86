"""The Corefile binds an address that the host does not have.

The bind plugin names an address or interface that is not there; a node-local cache's interface is
made at its start and goes when that fails.

Limits: an interface that comes later is not waited for.
Source: coredns/coredns v1.12.0, core/dnsserver/server.go (Listen), plugin/bind/setup.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CoreDNSLogs
from diagnose.facts.logs import Match
from diagnose.findings import log_findings
from diagnose.model import Finding, Remedy, Severity
from diagnose.remedies import edit_corefile, look, quoted
from diagnose.signatures.coredns import ADDRESS_NOT_AVAILABLE


@check(
    title="The Corefile binds an address that the host does not have",
    severity=Severity.CRITICAL,
    family="coredns-port",
    explains=(
        "coredns-crashloop",
        "nodelocaldns-down",
    ),
)
def coredns_address_not_available(logs: CoreDNSLogs) -> Iterator[Finding]:
    """Yield one finding per pod that says so, quoting its last such line."""
    yield from log_findings(logs, (ADDRESS_NOT_AVAILABLE,), message, steps)


def message(match: Match) -> str:
    """Return what the line says, in our words."""
    return f"{match['address'] or 'the address of bind'} is on no interface"


def steps(match: Match) -> tuple[Remedy, ...]:
    """Return the remedy."""
    return (
        look(
            "See which addresses the host has",
            f"ip -br addr  # on {quoted(match.subject.node, 'the node')}",
            verify="the address is missing, or bind names a wrong one",
        ),
        edit_corefile(
            "Correct the address of bind, or restart node-local-dns to make it",
            "coredns-address-not-available",
        ),
    )
