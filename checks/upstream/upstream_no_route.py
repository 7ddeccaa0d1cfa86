"""There is no route from CoreDNS to the upstream.

"no route to host" also comes from a firewall that rejects with host or admin prohibited, and
"network is unreachable" from a pod without a default route or without that address family.

Limits: up to CoreDNS 1.14 an ICMP host unreachable for UDP shows as a timeout.
Source: Linux icmp(7), EHOSTUNREACH, ENETUNREACH; udp(7), IP_RECVERR.
"""

import ipaddress
from collections.abc import Iterator
from dataclasses import replace

from diagnose.check import check
from diagnose.facts import Corefile, ResolvConfs, UpstreamFailures
from diagnose.facts.upstream_failures import UpstreamFailure
from diagnose.findings import upstream_findings
from diagnose.model import Finding, Remedy, Severity
from diagnose.remedies import ask_upstream, look, name_upstream
from diagnose.signatures.trouble import Reason


@check(
    title="There is no route to the upstream resolver",
    severity=Severity.CRITICAL,
    family="upstream-timeout",
    explains=("external-names-fail", "hinfo-probe-unanswered", "upstream-never-answers"),
    also=("upstream-network-unreachable",),
)
def upstream_no_route(
    failures: UpstreamFailures, corefile: Corefile | None, resolvers: ResolvConfs | None
) -> Iterator[Finding]:
    """Yield one finding per server to which there is no route."""
    yield from upstream_findings(
        failures,
        (Reason.NO_ROUTE, Reason.NETWORK_UNREACHABLE),
        "no route to {server}",
        steps,
        corefile=corefile,
        resolvers=resolvers,
        family=family,
    )
    named = tuple(one for one in failures.failures if one.server)
    yield from upstream_findings(
        replace(failures, failures=named),
        (Reason.ADDRESS_INVALID,),
        "{server} cannot be asked: a link-local address without its interface",
        steps,
        corefile=corefile,
        resolvers=resolvers,
        family=lambda _: "resolv-conf",
    )


def family(failure: UpstreamFailure) -> str:
    """Return the family: an IPv6 server without IPv6 is a matter of address families."""
    try:
        six = ipaddress.ip_address(failure.server.partition("%")[0]).version == 6
    except ValueError:
        six = False
    unreachable = failure.trouble.reason is Reason.NETWORK_UNREACHABLE
    return "dual-stack" if six and unreachable else ""


def steps(failure: UpstreamFailure) -> tuple[Remedy, ...]:
    """Return the remedy: routes and rejecting rules, then another upstream."""
    server = failure.server or "<upstream>"
    return (
        look(
            "See whether the node has the route, or a rule that rejects",
            f"ip route get {server}; iptables -S | grep -E 'icmp-(host|admin)-prohibited'",
            verify="a route exists and no rule rejects pod traffic",
        ),
        ask_upstream(failure.server, failure.subject.node),
        name_upstream(failure.server),
    )
