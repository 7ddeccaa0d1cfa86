"""CoreDNS's pods answer by their own addresses, the Service's address does not.

The way between a pod and CoreDNS is whole then: what is broken is the translation of the Service's
address on the node that asks, whatever does it (kube-proxy, IPVS, nftables, eBPF). A Service
without a ready endpoint is refused rightly: that is no-ready-endpoints.

Limits: why the node does not translate is told by its rules, the proxy's log and the endpoints.
Source: kubernetes/kubernetes v1.31.0, pkg/proxy/iptables/proxier.go (a Service without endpoints is
rejected, one without rules is sent on to nowhere).
"""

from collections.abc import Iterator

from diagnose.check import NotApplicable, Undecided, check
from diagnose.facts import ClientMatrix, ReadyEndpoints
from diagnose.facts.dns_answers import Place, Server, ServerRole
from diagnose.facts.lookups import Outcome
from diagnose.facts.probe_matrix import Cell, State, called, joined, lost_text, node_or, said
from diagnose.model import Finding, Severity, Subject
from diagnose.remedies import NODE, look, quoted, restart_kube_proxy


@check(
    title="CoreDNS's pods answer, the Service's address does not",
    severity=Severity.CRITICAL,
    family="service-proxy",
    explains=("resolution-fails", "dns-intermittent-failures", "nodelocaldns-upstream-unreachable"),
)
def service_proxy_broken(matrix: ClientMatrix, endpoints: ReadyEndpoints) -> Iterator[Finding]:
    """Yield one finding per node and Service address.

    Each CoreDNS pod that answers anybody must answer the place from where the Service does not:
    otherwise the Service may lead to one that the place does not reach.
    """
    empty = {one.service.name for one in endpoints.backends if not one.ready and not one.more}
    services = matrix.by(
        lambda one: (
            (one.place, one.server)
            if is_service(one.server) and one.server.subject.name not in empty
            else None
        )
    )
    replicas = matrix.by(
        lambda one: (one.place, one.server) if one.server.role is ServerRole.REPLICA else None
    )
    beside: dict[Place, list[Cell]] = {}
    alive = {server for (_, server), cell in replicas.items() if cell.answered}
    for (place, server), cell in replicas.items():
        if server in alive:
            beside.setdefault(place, []).append(cell)
    compared = [key for key in services if key[0] in beside]
    if not compared and empty:
        raise NotApplicable("the DNS Service has no ready endpoint, and is refused rightly")
    if not compared:
        raise Undecided("no place asked both the Service and a CoreDNS pod")
    broken: dict[tuple[Subject, Server], list[Place]] = {}
    fine: dict[Server, list[Place]] = {}
    for place, server in compared:
        cell = services[place, server]
        if cell.state is State.ANSWERS:
            fine.setdefault(server, []).append(place)
        mute = all(one.outcome is not Outcome.UNEXPECTED_SOURCE for one in cell.silent)
        if cell.lost and mute and all(alike(one, cell).answered for one in beside[place]):
            broken.setdefault((node_or(place), server), []).append(place)
    for (where, server), places in broken.items():
        cell = joined(services[place, server] for place in places)
        direct = joined(one for place in places for one in beside[place])
        names = list(dict.fromkeys(called(one.server) for one in direct.answered))
        elsewhere = [one for one in fine.get(server, ()) if one.node != places[0].node]
        refused = all(one.outcome is Outcome.CONNECTION_REFUSED for one in cell.silent)
        node = where.name if where.kind == "Node" else where.node
        yield Finding(
            subject=where,
            message=f"{server.address}{' refuses' if refused else ' does not answer'} "
            f"{', '.join(map(said, places[:2]))} ({lost_text(cell)}), CoreDNS's pods do "
            f"({', '.join(names[:2])})"
            + (f"; it answers {said(elsewhere[0])}: this node's rules" if elsewhere else ""),
            quotes=(*cell.quotes[:2], *(one.quote for one in direct.answered[:1])),
            remedy=(
                look(
                    "See whether the Service has endpoints, and the node rules for its address",
                    "kubectl get endpointslices -A -l k8s-app=kube-dns",
                    f"iptables-save -t nat | grep {quoted(server.address, '<service address>')}; "
                    f"ipvsadm -Ln; nft list table ip kube-proxy  # on {quoted(node, NODE)}",
                    "kubectl -n kube-system get pods -l k8s-app=kube-proxy -o wide",
                    verify="endpoints and no rule: the proxy; no endpoints: the Service or its "
                    "pods; neither is missing: another program's rules",
                ),
                restart_kube_proxy(node),
            ),
            at=cell.silent[0].at,
        )


def is_service(server: Server) -> bool:
    """Whether a server is the DNS Service."""
    return server.role is ServerRole.SERVICE


def alike(cell: Cell, other: Cell) -> Cell:
    """Return the questions of a cell over the transports that another used."""
    transports = {one.transport for one in other.items}
    return Cell(tuple(one for one in cell.items if one.transport in transports))
