"""There is no route to the API server.

"no route to host" is what ICMP host unreachable or prohibited becomes, so a host firewall that
rejects pod traffic looks the same as a missing route.

Limits: the text does not tell a firewall's reject from a route.
Source: Linux icmp(7), EHOSTUNREACH and ENETUNREACH; Go net package (connect: no route to host).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.effects import COREDNS_WITHOUT_API
from diagnose.facts import ApiFailures
from diagnose.facts.api_failures import ApiFailure
from diagnose.findings import api_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import find_api_layer, look
from diagnose.signatures.trouble import Reason


@check(
    title="There is no route to the API server",
    severity=Severity.CRITICAL,
    family="apiserver-unreachable",
    explains=(
        *COREDNS_WITHOUT_API,
        "pods-stuck-container-creating",
    ),
)
def apiserver_no_route(failures: ApiFailures) -> Iterator[Finding]:
    """Yield one finding per program that finds no route to the API server."""
    yield from api_findings(
        failures,
        (Reason.NO_ROUTE, Reason.NETWORK_UNREACHABLE),
        "no route to {target} for {resource}",
        steps,
    )


def steps(failure: ApiFailure) -> tuple[Remedy, ...]:
    """Return the remedy: show what rejects or misses the route, then let pods through."""
    return (
        find_api_layer(failure.trouble.target, failure.subject.node),
        look(
            "Show rejecting rules and the routes of the node",
            "iptables -S | grep -E 'icmp-(host|admin)-prohibited'; nft list ruleset | grep reject",
            "systemctl is-active firewalld ufw; ip route",
            verify="a rule that rejects pod traffic, or no route for the address",
        ),
        Remedy(
            title="Where firewalld rejects, trust the pod network",
            commands=(
                "firewall-cmd --permanent --zone=trusted --add-source=<pod network> "
                "--add-interface=cni0",
                "firewall-cmd --permanent --add-masquerade && firewall-cmd --reload",
            ),
            risk=Risk.DISRUPTIVE,
            verify="corediag run --check apiserver-no-route",
        ),
    )
