"""Clients get no answer from cluster DNS.

A link-local address is a cache's on the node itself: nothing but that cache is lost then.

Limits: this is what clients meet. How it fails points the way: a timeout to the network or to
CoreDNS's absence, a refusal at once to a service without endpoints.
Source: RFC 1035 section 4.2; BIND 9.18 dighost.c ("no servers could be reached"); glibc
getaddrinfo EAI_AGAIN; kubernetes/kubernetes pkg/proxy/iptables/proxier.go (REJECT).
"""

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import replace

from diagnose.check import check
from diagnose.facts import ClientResolutions, DNSServices, ProbeMatrix
from diagnose.facts.dns_answers import Place, PlaceKind, Server, ServerRole
from diagnose.facts.lookup_contrasts import unanswered
from diagnose.facts.lookups import ANSWERED, Lookup, Outcome
from diagnose.facts.names import normal
from diagnose.facts.probe_matrix import POD_KINDS, Cell, joined, lost_text, node_or, said
from diagnose.model import CLUSTER, Finding, Remedy, Severity, Subject
from diagnose.remedies import look

FAMILY = {
    Outcome.TIMEOUT: "service-proxy",
    Outcome.CONNECTION_REFUSED: "no-endpoints",
    Outcome.UNREACHABLE: "overlay",
    Outcome.TEMPORARY: "service-proxy",
    Outcome.UNEXPECTED_SOURCE: "forward-drop",
}
SHOWN = 4  # addresses in one step
USED = frozenset({ServerRole.SERVICE, ServerRole.NODE_LOCAL})
# The resolvers that cloud networks give to machines: 169.254.169.253 and .254.
CLOUDS = ipaddress.ip_network("169.254.169.252/30")
MEANS = {
    Outcome.TIMEOUT: "no answer: the network between, or nobody there",
    Outcome.CONNECTION_REFUSED: "refused at once: no endpoint, or nothing listens",
    Outcome.UNREACHABLE: "no route",
    Outcome.TEMPORARY: "no usable answer",
    Outcome.UNEXPECTED_SOURCE: "answered from another address than was asked",
}


@check(
    title="Clients get no answer from cluster DNS",
    severity=Severity.CRITICAL,
    family="service-proxy",
    symptom=True,
)
def resolution_fails(lookups: ClientResolutions, services: DNSServices | None) -> Iterator[Finding]:
    """Yield one finding per server and way to fail, unless it answered later.

    Where the server is not told, an answer to the same question of the same client counts.
    """
    found = [*by_hand(lookups, services)]
    if lookups.matrix:
        found = [*by_answers(lookups.matrix), *found]
    remedy = step([server for server, _ in found])
    for _, finding in found:
        yield replace(finding, remedy=remedy)


def by_hand(
    lookups: ClientResolutions, services: DNSServices | None
) -> Iterator[tuple[str, Finding]]:
    """Yield one finding per server and way to fail, with that server."""
    order = {id(one): number for number, one in enumerate(lookups.lookups)}
    answered = {one.server: order[id(one)] for one in lookups.lookups if one.outcome in ANSWERED}
    again = {asked(one): order[id(one)] for one in lookups.lookups if one.outcome in ANSWERED}
    ways: dict[tuple[str, Outcome], list[Lookup]] = {}
    mute = unanswered(lookups.lookups)
    for one in lookups.lookups:
        outcome = Outcome.TEMPORARY if id(one) in mute else one.outcome
        if one.server:
            since = answered.get(one.server, -1)
        else:
            since = again.get(asked(one), -1) if one.typed and not one.aimed else -1
        if outcome in FAMILY and since < order[id(one)]:
            ways.setdefault((one.server, outcome), []).append(one)
    known = set(services.addresses) if services else set()
    for (server, outcome), several in ways.items():
        whose = " (the DNS service)" if server in known else ""
        yield (
            server,
            Finding(
                subject=several[0].place if several[0].place.kind else CLUSTER,
                message=f"{server or 'the resolver'}{whose}: {MEANS[outcome]}",
                quotes=tuple(one.quote for one in several[:3]),
                family="node-local-dns" if link_local(server) else FAMILY[outcome],
                proven=True,
            ),
        )


def asked(one: Lookup) -> tuple[Subject, str, bool]:
    """Return who asked for what, and whether the command named the server."""
    return one.place, normal(one.typed), one.aimed


def link_local(server: str) -> bool:
    """Whether an address is one that only a program on the client's own node can have."""
    try:
        address = ipaddress.ip_address(server)
    except ValueError:
        return False
    return address.is_link_local and address not in CLOUDS


def by_answers(matrix: ProbeMatrix) -> Iterator[tuple[str, Finding]]:
    """Yield one finding per server that clients are to use, and way in which all is lost."""
    ways: dict[tuple[Server, Outcome], list[tuple[Place, Cell]]] = {}
    for (place, server), cell in matrix.cells.items():
        uses = server.role in USED or (
            server.role is ServerRole.CONFIGURED and place.kind in POD_KINDS
        )
        if uses and cell.lost and place.kind is not PlaceKind.DIRECT:
            outcome = next(iter(cell.outcomes()))
            ways.setdefault((server, outcome), []).append((place, cell))
    for (server, outcome), pairs in ways.items():
        places = [place for place, _ in pairs]
        wheres = {node_or(place) for place in places}
        every = joined(cell for _, cell in pairs)
        more = f" and {len(places) - 1} more" if len(places) > 1 else ""
        yield (
            server.address,
            Finding(
                subject=next(iter(wheres)) if len(wheres) == 1 else CLUSTER,
                message=f"{server.address} ({server.role.value}): {MEANS[outcome]}; asked from "
                f"{said(places[0])}{more} ({lost_text(every)})",
                quotes=tuple(one.quote for one in every.silent[:3]),
                family=FAMILY[outcome],
                at=every.silent[0].at,
            ),
        )


def step(servers: Sequence[str]) -> Remedy:
    """Return the step that finds the hop which does not answer, with each address that fails."""
    addresses = list(dict.fromkeys(one for one in servers if one))[:SHOWN] or ["<service IP>"]
    return look(
        "Ask each hop: a CoreDNS pod directly, then the service address",
        "kubectl get pods -A -l k8s-app=kube-dns -o wide",
        "kubectl exec <pod> -- nslookup kubernetes.default.svc.cluster.local <CoreDNS pod IP>",
        *(
            f"kubectl exec <pod> -- nslookup kubernetes.default.svc.cluster.local {one}"
            for one in addresses
        ),
        verify="the first hop that does not answer is the broken one",
    )
