"""Names outside of the cluster do not resolve, although the DNS server answers.

SERVFAIL is what CoreDNS says when its upstream did not answer it, and also what it passes on.
A failing public name is told from a failing cluster name here, since other servers are
responsible for it: the upstreams of the Corefile, not the Kubernetes API.

Of what corediag asked itself, a server counts that knows a cluster name and no external one.

What another server knows does not clear this one: that a node's own resolver finds the name is the
usual proof that the way from CoreDNS is at fault. Old busybox tells no way to fail; where it found
the server's own name, the server answers, and a name that exists beyond doubt was lost behind it.
A public server that was asked by hand for a name with a search domain behind it tells nothing: the
name itself was not asked for, nor cluster DNS.

Limits: NXDOMAIN may be the truth about a name and raises nothing.
Source: coredns/coredns v1.12.0 plugin/forward/forward.go (ServeDNS); RFC 1035 section 4.1.1;
busybox 1.28 networking/nslookup.c (print_host).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import Corefile, ProbeMatrix, Resolutions
from diagnose.facts.dns_answers import NameKind, Server, ServerRole
from diagnose.facts.lookups import Lookup, Outcome, elsewhere, with_servers
from diagnose.facts.names import DEFAULT_DOMAIN, external, in_cluster, normal, public
from diagnose.facts.probe_matrix import CLUSTER_ROLES, Cell, called, joined
from diagnose.facts.resolutions import found
from diagnose.model import CLUSTER, Finding, Severity
from diagnose.remedies import look

FAMILY = {
    Outcome.SERVFAIL: "upstream-timeout",
    Outcome.REFUSED: "upstream-refused",
    Outcome.TIMEOUT: "upstream-timeout",
    Outcome.NOT_KNOWN: "upstream-timeout",
}
RESOLVED = frozenset({Outcome.NOERROR, Outcome.NODATA, Outcome.NXDOMAIN})
STEP = look(
    "Ask the upstream itself, from a CoreDNS pod's node",
    "kubectl -n kube-system logs -l k8s-app=kube-dns --tail=50 --prefix",
    "dig @<upstream> example.com",
    verify="dig @<service IP> example.com",
)


@check(
    title="External names do not resolve",
    severity=Severity.CRITICAL,
    family="upstream-timeout",
    explains=("resolution-fails",),
    symptom=True,
)
def external_names_fail(lookups: Resolutions, corefile: Corefile | None) -> Iterator[Finding]:
    """Yield one finding per way in which external names fail while the server answers.

    A timeout counts only where the same server answered for a cluster name: without, it is the
    server itself that does not answer.
    """
    zones = corefile.kubernetes_zones() if corefile else ()
    domains = tuple(normal(zone) for zone in zones if "arpa" not in zone) or (DEFAULT_DOMAIN,)
    alive = {
        one.server
        for one in lookups.ended(Outcome.NOERROR, Outcome.NODATA)
        if in_cluster(one.name, domains)
    }
    solved = {
        (one.server, normal(one.name))
        for one in lookups.ended(Outcome.NOERROR)
        if not one.unchecked  # clients ask otherwise
    }
    exist = {name for _, name in solved}
    ways: dict[Outcome, list[int]] = {}
    for number, one in enumerate(with_servers(lookups.lookups)):
        if one.outcome is Outcome.TIMEOUT and one.server not in alive:
            continue
        if elsewhere(one):
            continue
        name = normal(one.name)
        if one.outcome is Outcome.NOT_KNOWN and not (
            heard(one, alive) and (name in exist or public(name))
        ):
            continue
        by = {"", one.server} if one.server else {server for server, _ in solved}
        failed = one.outcome in FAMILY and not any((server, name) in solved for server in by)
        if failed and external(one.name, domains):
            ways.setdefault(one.outcome, []).append(number)
    upstreams = ", ".join(corefile.upstreams(".")) if corefile else ""
    if lookups.matrix:
        yield from by_answers(lookups.matrix, upstreams)
    for outcome, numbers in ways.items():
        several = [lookups.lookups[number] for number in numbers]
        names = ", ".join(dict.fromkeys(normal(one.name) for one in several[:3]))
        via = f"; CoreDNS asks {upstreams} for them" if upstreams else ""
        place = several[0].place
        yield Finding(
            subject=place if place.kind else CLUSTER,
            message=f"{outcome.value} for {names}{via}",
            quotes=tuple(one.quote for one in several[:3]),
            remedy=STEP,
            family=FAMILY[outcome],
        )


def heard(lookup: Lookup, alive: set[str]) -> bool:
    """Whether a tool that tells no way to fail was answered: for the server's own name."""
    return lookup.server in alive and bool(lookup.server_name)


def by_answers(matrix: ProbeMatrix, upstreams: str) -> Iterator[Finding]:
    """Yield one finding for all servers of the cluster, or one per CoreDNS pod of several."""
    cells = matrix.by(lambda one: one.server if one.server.role in CLUSTER_ROLES else None)
    outside = {server: cell.only(NameKind.EXTERNAL) for server, cell in cells.items()}
    failing = {
        server: outside[server]
        for server, cell in cells.items()
        if unresolved(outside[server]) and knows(cell, outside[server])
    }
    if not failing:
        return
    via = f"; CoreDNS asks {upstreams} for them" if upstreams else ""
    resolving = any(one.outcome in RESOLVED for server in outside for one in outside[server].items)
    pods = {server: one for server, one in failing.items() if server.role is ServerRole.REPLICA}
    groups: list[tuple[tuple[Server, ...], Cell]]
    groups = [((server,), one) for server, one in pods.items()] if resolving else []
    for servers, cell in groups or [(tuple(failing), joined(failing.values()))]:
        outcome = cell.items[0].outcome
        names = ", ".join(dict.fromkeys(normal(one.name) for one in cell.items[:3]))
        alone = " alone, others resolve it" if resolving else ""
        yield Finding(
            subject=servers[0].subject if groups and servers[0].subject.kind else CLUSTER,
            message=f"{outcome.value} for {names} from {', '.join(map(called, servers[:2]))}"
            f"{alone}, which know cluster names{via}",
            quotes=cell.quotes[:3],
            remedy=STEP,
            family=FAMILY[outcome],
            at=cell.items[0].at,
        )


def knows(cell: Cell, outside: Cell) -> bool:
    """Whether cluster names are known over a transport that external ones were asked over."""
    transports = {one.transport for one in outside.items}
    return any(found(one) and one.transport in transports for one in cell.items)


def unresolved(cell: Cell) -> bool:
    """Whether external names were asked for, and each failed in a way that is none of theirs."""
    return bool(cell.items) and all(one.outcome in FAMILY for one in cell.items)
