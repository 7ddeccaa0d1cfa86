"""CoreDNS may not bind its port.

Ports below 1024 need the capability NET_BIND_SERVICE, since images from 1.11.0 on do not run as
root.

Limits: the line does not tell which of the container's settings is at fault.
Source: coredns/coredns v1.12.0, core/dnsserver/server.go (Listen); Linux capabilities(7).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CoreDNSLogs
from diagnose.facts.logs import Match
from diagnose.findings import log_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look
from diagnose.signatures.coredns import PORT_DENIED


@check(
    title="CoreDNS may not bind its port",
    severity=Severity.CRITICAL,
    family="coredns-port",
    explains=("coredns-crashloop",),
)
def coredns_port_bind_denied(logs: CoreDNSLogs) -> Iterator[Finding]:
    """Yield one finding per pod that says so, quoting its last such line."""
    yield from log_findings(logs, (PORT_DENIED,), message, steps)


def message(match: Match) -> str:
    """Return what the line says, in our words."""
    return f"{match['address']}: no permission; the container lacks NET_BIND_SERVICE"


def steps(_: Match) -> tuple[Remedy, ...]:
    """Return the remedy."""
    return (
        look(
            "Show the container's security context",
            "kubectl -n kube-system get deployment coredns -o jsonpath='{..securityContext}'",
            verify="capabilities.add holds NET_BIND_SERVICE, or not",
        ),
        Remedy(
            title="Add the capability, in capitals",
            commands=(
                "kubectl -n kube-system patch deployment coredns --type=json -p "
                '\'[{"op":"add","path":'
                '"/spec/template/spec/containers/0/securityContext","value":'
                '{"capabilities":{"add":["NET_BIND_SERVICE"],"drop":["ALL"]}}}]\'',
            ),
            risk=Risk.DISRUPTIVE,
            verify="kubectl -n kube-system rollout status deployment coredns",
        ),
    )
