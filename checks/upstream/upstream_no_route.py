"""There is no route from CoreDNS to the upstream: its host cannot be reached.

"no route to host" comes from a router or a neighbour that does not find the host, and from a
firewall that rejects with host or admin prohibited. "network is unreachable" is the pod's own want
of a route: see upstream-network-unreachable.

Limits: up to CoreDNS 1.14 an ICMP host unreachable for UDP shows as a timeout.
Source: Linux icmp(7), EHOSTUNREACH; udp(7), IP_RECVERR.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import Corefile, ResolvConfs, UpstreamFailures
from diagnose.facts.upstream_failures import UpstreamFailure
from diagnose.findings import upstream_findings
from diagnose.model import Finding, Remedy, Severity
from diagnose.remedies import ask_upstream, look, name_upstream, quoted
from diagnose.signatures.trouble import Reason


@check(
    title="There is no route to the upstream resolver",
    severity=Severity.CRITICAL,
    family="upstream-timeout",
    explains=("external-names-fail", "hinfo-probe-unanswered", "upstream-never-answers"),
)
def upstream_no_route(
    failures: UpstreamFailures, corefile: Corefile | None, resolvers: ResolvConfs | None
) -> Iterator[Finding]:
    """Yield one finding per server to which there is no route."""
    yield from upstream_findings(
        failures,
        (Reason.NO_ROUTE,),
        "no route to {server}",
        steps,
        corefile=corefile,
        resolvers=resolvers,
    )


def steps(failure: UpstreamFailure) -> tuple[Remedy, ...]:
    """Return the remedy: routes and rejecting rules, then another upstream."""
    server = quoted(failure.server, "<upstream>")
    return (
        look(
            "See whether the node has the route, or a rule that rejects",
            f"ip route get {server}; iptables -S | grep -E 'icmp-(host|admin)-prohibited'",
            verify="a route exists and no rule rejects pod traffic",
        ),
        ask_upstream(failure.server, failure.subject.node),
        name_upstream(failure.server),
    )
