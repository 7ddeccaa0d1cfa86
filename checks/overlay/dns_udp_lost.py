"""DNS over UDP is lost where DNS over TCP passes.

The server and the way to it are well then. Through the Service's address alone it points to what
treats UDP apart: the Service's UDP port, or a connection table with an entry to a pod that is gone.
To CoreDNS's own address it points to the way: a checksum that a card should have written, a filter.

Limits: the cell that decides may not have been asked; the message names it.
Source: RFC 7766; kubernetes/kubernetes issue 88986 (checksum offload of vxlan) and
v1.30, pkg/proxy/conntrack/cleanup.go.
"""

from collections.abc import Iterator

from diagnose.check import Undecided, check
from diagnose.facts import ClientResolutions, ProbeMatrix
from diagnose.facts.dns_answers import Place, PlaceKind, Server, ServerRole
from diagnose.facts.lookup_contrasts import by_transport
from diagnose.facts.lookups import Lookup
from diagnose.facts.probe_matrix import Cell, State, called, joined, lost_text, node_or, said
from diagnose.model import CLUSTER, Finding, Remedy, Severity, Subject
from diagnose.remedies import look, quoted

POINTS_TO = {
    ServerRole.SERVICE: "; UDP to CoreDNS's own addresses passes: the Service's UDP port, or old "
    "entries of the connection table",
    ServerRole.UPSTREAM: "; a filter for UDP 53 on the way, or the server",
}
FAMILY = {
    ServerRole.SERVICE: "conntrack",
    ServerRole.UPSTREAM: "upstream-timeout",
    ServerRole.NODE_LOCAL: "node-local-dns",
}
THE_WAY = "; a wrong checksum (offload of the vxlan device) or a filter: the kernel's log and "
THE_WAY += "UdpInCsumErrors of the node tell which"


@check(
    title="DNS over UDP is lost where TCP passes",
    severity=Severity.CRITICAL,
    family="overlay",
    explains=("resolution-fails", "dns-intermittent-failures"),
)
def dns_udp_lost(lookups: ClientResolutions) -> Iterator[Finding]:
    """Yield one finding per server, all places together, and one per place by hand."""
    by_hand = list(of_hand(lookups.lookups))
    yield from by_hand
    if lookups.matrix:
        yield from of_matrix(lookups.matrix)
    elif not by_hand:
        raise Undecided("nothing was asked for over UDP in vain and over TCP as well")


def of_hand(lookups: tuple[Lookup, ...]) -> Iterator[Finding]:
    """Yield one finding per server and place that people asked; a possibility.

    Where other names come over UDP, it is the one answer that is lost, by its size as a rule.
    """
    seen: set[tuple[str, Subject]] = set()
    for one in by_transport(lookups):
        if (one.server, one.place) in seen:
            continue
        seen.add((one.server, one.place))
        address = quoted(one.server, "<server>")
        sized = bool(one.others)
        yield Finding(
            subject=one.place if one.place.kind else CLUSTER,
            message=f"over UDP {one.server or 'the server'} does not answer for {one.udp.name}, "
            "over TCP it does"
            + ("; other names come over UDP: large answers are lost" if sized else THE_WAY),
            quotes=(one.udp.quote, one.tcp.quote, *(other.quote for other in one.others[:1])),
            remedy=steps(address),
            proven=False,
            family="mtu" if sized else "",
            at=one.udp.at,
        )


def of_matrix(matrix: ProbeMatrix) -> Iterator[Finding]:
    """Yield one finding per server, all places together; a possibility."""
    cells = matrix.by(
        lambda one: (
            None
            if one.place.kind is PlaceKind.DIRECT
            else (one.place, one.server, one.transport == "udp")
        )
    )
    both = [key[:2] for key in cells if key[2] and (*key[:2], False) in cells]
    lost = any(key[2] and cell.state is State.SILENT for key, cell in cells.items())
    if lost and not both:
        raise Undecided("what is not answered over UDP was not asked over TCP")
    hit: dict[Server, list[Place]] = {}
    for place, server in both:
        if (
            cells[place, server, True].state is State.SILENT
            and cells[place, server, False].state is State.ANSWERS
        ):
            hit.setdefault(server, []).append(place)
    passing = {place for place, server in both if replica_passes(cells, place, server)}
    for server, places in hit.items():
        udp = joined(cells[place, server, True] for place in places)
        if not udp.lost:
            continue
        tcp = joined(cells[place, server, False] for place in places)
        wheres = {node_or(place) for place in places}
        alone = server.role is ServerRole.SERVICE and passing >= set(places)
        role = server.role if alone or server.role is not ServerRole.SERVICE else None
        address = quoted(server.address, "<server>")
        yield Finding(
            subject=next(iter(wheres)) if len(wheres) == 1 else CLUSTER,
            message=f"over UDP {called(server)} does not answer {said(places[0])}"
            + (f" and {len(places) - 1} more" if len(places) > 1 else "")
            + f" ({lost_text(udp)}), over TCP it does"
            + (POINTS_TO.get(role, THE_WAY) if role else THE_WAY),
            quotes=(*udp.quotes[:2], tcp.answered[0].quote),
            remedy=steps(address),
            proven=False,
            family=FAMILY.get(role, "") if role else "",
            at=udp.silent[0].at,
        )


def steps(address: str) -> tuple[Remedy, ...]:
    """Return the remedy: see which part of the way treats UDP apart."""
    return (
        look(
            "Ask over both, by the Service's address and by CoreDNS's own",
            f"dig @{address} kubernetes.default.svc.cluster.local; dig +tcp @{address} "
            "kubernetes.default.svc.cluster.local",
            f"conntrack -L -p udp --orig-dst {address} --dport 53  # on the node",
            "nstat -az UdpInCsumErrors; dmesg -T | grep -i checksum  # on both nodes",
            "kubectl -n kube-system get service kube-dns -o yaml",
            verify="UNREPLIED entries: delete them (conntrack -D); errors that grow: "
            "ethtool -K flannel.1 tx-checksum-ip-generic off; no UDP port: the Service",
        ),
    )


def replica_passes(
    cells: dict[tuple[Place, Server, bool], Cell], place: Place, one: Server
) -> bool:
    """Whether a place reaches this CoreDNS pod over UDP."""
    return one.role is ServerRole.REPLICA and bool(cells[place, one, True].answered)
