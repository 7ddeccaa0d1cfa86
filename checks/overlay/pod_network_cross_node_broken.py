"""Pods of one node do not reach pods of another one.

Each node's pods get answers from CoreDNS's pods beside them, or the host networks fail in the same
way, so neither CoreDNS nor the asking pods are at fault: what lies between the nodes is.

Limits: which part of the way it is, tunnel, route, filter or cloud network, nodes tell and answers
do not. Where the host network of the asking node gets through, its forwarding is at fault, which
has a check of its own.
Source: flannel-io/flannel v0.26.7, Documentation/troubleshooting.md and pkg/backend/vxlan.
"""

from collections.abc import Iterator, Mapping

from diagnose.check import NotApplicable, Undecided, check
from diagnose.facts import ClientMatrix
from diagnose.facts.dns_answers import PlaceKind
from diagnose.facts.probe_matrix import (
    NOTHING,
    POD_KINDS,
    Cell,
    State,
    joined,
    lost_text,
    nodes_text,
)
from diagnose.model import CLUSTER, Finding, Quote, Remedy, Risk, Severity, Subject
from diagnose.remedies import look, restart_flannel
from diagnose.values import dataclass


@dataclass(frozen=True)
class Broken:
    """One way that is broken, from the pods of a node to those of another."""

    source: str
    target: str
    cell: Cell
    host: Cell
    beside: tuple[Quote, ...]
    proven: bool


@check(
    title="Pods do not reach pods on other nodes",
    severity=Severity.CRITICAL,
    family="overlay",
    explains=(
        "resolution-fails",
        "dns-intermittent-failures",
        "nodelocaldns-upstream-unreachable",
        "coredns-unreachable-from-apiserver",
        "coredns-metrics-unreachable",
    ),
    also=("cloud-firewall-blocks",),
)
def pod_network_cross_node_broken(matrix: ClientMatrix) -> Iterator[Finding]:
    """Yield one finding per pair of nodes, or one for the node that all broken ways share."""
    pods, hosts = matrix.ways(*POD_KINDS), matrix.ways(PlaceKind.HOST)
    nodes = {node for pair in (*pods, *hosts) for node in pair}
    if len(nodes) == 1:
        raise NotApplicable("the places that asked and CoreDNS are all on one node")
    if not any(source != target for source, target in pods):
        raise Undecided("no pod asked a CoreDNS pod of another node")
    broken = tuple(broken_ways(pods, hosts, matrix.ways(PlaceKind.DIRECT)))
    ends = [frozenset((one.source, one.target)) for one in broken]
    shared = frozenset.intersection(*ends) if ends else frozenset()
    if len(shared) == 1:
        (node,) = shared
        yield finding(Subject("Node", node), broken)
        return
    for pair in dict.fromkeys(ends):
        several = tuple(one for one, end in zip(broken, ends, strict=True) if end == pair)
        yield finding(CLUSTER, several)


Ways = Mapping[tuple[str, str], Cell]


def broken_ways(pods: Ways, hosts: Ways, direct: Ways) -> Iterator[Broken]:
    """Yield the ways on which all is lost although both ends are alive.

    That the target is alive is told by another pod that it answers, or past the network; that
    the source is, by another CoreDNS pod that it reaches, or its host network that fails too.
    """
    answered: dict[str, list[tuple[str, Cell]]] = {}
    reaches: dict[str, list[tuple[str, Cell]]] = {}
    for (source, target), cell in pods.items():
        if cell.answered:
            answered.setdefault(target, []).append((source, cell))
            reaches.setdefault(source, []).append((target, cell))
    alive = {target for (_, target), cell in direct.items() if cell.answered}
    for (source, target), cell in pods.items():
        host = hosts.get((source, target), NOTHING)
        if source == target or not cell.lost or host.answered:
            continue
        there = [other for node, other in answered.get(target, ()) if node != source][:1]
        here = [other for node, other in reaches.get(source, ()) if node != target][:1]
        if not there and target not in alive:
            continue  # the CoreDNS pods there may be dead
        yield Broken(
            source,
            target,
            cell,
            host,
            tuple(other.answered[0].quote for other in (*there, *here)),
            proven=bool(there) and bool(here or host.lost),
        )


def finding(where: Subject, broken: tuple[Broken, ...]) -> Finding:
    """Return the finding of broken ways that belong together."""
    cell = joined(one.cell for one in broken)
    host = joined(one.host for one in broken)
    ends = {frozenset((one.source, one.target)) for one in broken}
    names = sorted({node for end in ends for node in end})
    if len(ends) > 1:
        text = f"pods on {where.name} and on {nodes_text(n for n in names if n != where.name)}"
        text += " do not reach each other"
    elif len(broken) > 1:
        text = f"pods on {names[0]} and pods on {names[1]} do not reach each other"
    else:
        text = f"pods on {broken[0].source} do not reach pods on {broken[0].target}"
    beside = tuple(dict.fromkeys(quote for one in broken for quote in one.beside))
    whole = " while CoreDNS answers beside them" if beside else ""
    own = {
        State.SILENT: "; nor do the host networks: what lies between the nodes",
        State.NOT_ASKED: "; from the host networks was not asked: that would tell forwarding on a "
        "node from what lies between",
    }
    return Finding(
        subject=where,
        message=f"{text} ({lost_text(cell)}){whole}{own.get(host.state, '')}",
        quotes=(*cell.quotes[:2], *host.quotes[:1], *beside[:2]),
        remedy=(
            look(
                "Find the hop that loses the packets",
                "ping <address of the other node>; ping <CoreDNS pod IP there>  # on one of them",
                "tcpdump -ni any udp port 8472  # on both nodes, during a question",
                verify="they leave and do not arrive: a filter or cloud network between; they "
                "arrive: routes, MAC addresses or filter of the node there",
            ),
            look(
                "Compare what the overlay is made of",
                "ip -d link show flannel.1; bridge fdb show dev flannel.1; ip route  # on both",
                "kubectl get nodes -o custom-columns=N:.metadata.name,CIDR:.spec.podCIDR,"
                "IP:.status.addresses[0].address",
                "iptables -S INPUT; iptables -S FORWARD  # on both",
                verify="one route and one fdb entry per other node, UDP 8472 let in",
            ),
            *((cloud_ports(),) if host.state is State.SILENT else ()),
            restart_flannel(where.name if where.kind == "Node" else ""),
        ),
        proven=any(one.proven for one in broken),
        at=cell.silent[0].at,
    )


def cloud_ports() -> Remedy:
    """Return the step for a filter outside of the nodes, which none of them shows."""
    return Remedy(
        title="Where packets leave and do not arrive, let the nodes' network pass them",
        commands=(
            "in the security groups or firewall rules of the cloud, between all nodes: UDP and "
            "TCP 53, the overlay's UDP port (8472 or 4789), TCP 10250 and 6443",
        ),
        risk=Risk.MANUAL,
        verify="tcpdump -ni any udp port 8472  # on both nodes: what leaves one arrives",
        why="the host networks fail too, and filters of the nodes have checks of their own",
    )
