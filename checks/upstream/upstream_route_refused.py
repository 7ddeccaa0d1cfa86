"""A node's own routes refuse what CoreDNS sends to its upstream.

A route of type unreachable, prohibit or blackhole ends every packet to what it names. Somebody set
it: an administrator, a VPN client, a program that bans addresses. CoreDNS cannot tell it from a
server that is silent, since the word that comes back does not reach its socket.

Limits: only where a route of the failing pod's node holds the address of an upstream that does not
answer, and no longer prefix does; rules that choose another table are not read.
Source: ip-route(8), TYPE; Linux net/ipv4/route.c, v6.12 (ip_error).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import RefusingRoutes
from diagnose.facts.refusing_routes import RefusedWay
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity, Subject
from diagnose.remedies import look, name_upstream, quoted


@check(
    title="A route of the node refuses the upstream resolver",
    severity=Severity.CRITICAL,
    family="upstream-timeout",
    explains=(
        "upstream-timeout",
        "upstream-no-route",
        "upstream-network-unreachable",
        "external-names-fail",
        "hinfo-probe-unanswered",
        "upstream-never-answers",
    ),
)
def upstream_route_refused(routes: RefusingRoutes) -> Iterator[Finding]:
    """Yield one finding per upstream, the nodes that refuse it together."""
    servers: dict[str, list[RefusedWay]] = {}
    for way in routes.ways:
        servers.setdefault(way.upstream.server, []).append(way)
    for server, several in servers.items():
        first = several[0]
        nodes = [way.node for way in several if way.node]
        on = f" on {', '.join(nodes[:3])}" if nodes else ""
        more = f" and {len(nodes) - 3} more" if len(nodes) > 3 else ""
        yield Finding(
            subject=Subject("Node", nodes[0]) if len(nodes) == 1 else CLUSTER,
            message=f"{server} does not answer CoreDNS, and the route to "
            f"{first.route.destination}{on}{more} is {first.route.type}",
            quotes=(*(way.route.quote for way in several[:3]), first.upstream.quote),
            remedy=steps(first),
            at=first.upstream.at,
        )


def steps(way: RefusedWay) -> tuple[Remedy, ...]:
    """Return the remedy: what the node does with such packets, then the route."""
    server = quoted(way.upstream.server, "<upstream>")
    route = f"{way.route.type} {quoted(way.route.destination, '<destination>')}"
    return (
        look(
            "See what the node does with packets to it, and where the route comes from",
            f"ip route get {server}  # on {quoted(way.node, 'the node')}",
            "ip rule; ip route show table all type unreachable; "
            "ip route show table all type blackhole; ip route show table all type prohibit",
            verify="an error in place of a way",
        ),
        Remedy(
            title="Take the route away, and out of what sets it at each start",
            commands=(f"ip route delete {route}  # on each of these nodes",),
            risk=Risk.MANUAL,
            verify=f"dig +time=2 +tries=1 @{server} example.com  # on the node",
            why="somebody may have banned that address on purpose: then name another upstream",
        ),
        name_upstream(way.upstream.server),
    )
