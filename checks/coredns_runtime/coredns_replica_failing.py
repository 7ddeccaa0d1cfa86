"""One CoreDNS pod fails wherever it is asked from, the others answer.

The Service sends a share of the questions to it as long as it is an endpoint, so that clients fail
now and then. What it answers past the network tells whether CoreDNS itself is at fault, or the
way to this one pod.

Limits: where neither a pod of its node nor the way past the network was asked, the way to that node
is as likely, and it is a possibility; so it is where only the API server asked, and got no answer.
Source: kubernetes/kubernetes v1.31.0, pkg/proxy/iptables/proxier.go (statistic mode random);
coredns/coredns v1.12.0, plugin/kubernetes/handler.go (SERVFAIL until synced).
"""

from collections.abc import Iterator, Mapping

from diagnose.check import NotApplicable, check
from diagnose.facts import ProbeMatrix
from diagnose.facts.dns_answers import NameKind, Place, PlaceKind, Server, ServerRole
from diagnose.facts.lookups import Outcome
from diagnose.facts.probe_matrix import DIRECT, NOTHING, POD_KINDS, Cell, called, joined
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted

KINDS = (NameKind.SERVICE, NameKind.ZONE, NameKind.VERSION)
FAMILY = {
    Outcome.SERVFAIL: "apiserver-unreachable",
    Outcome.NXDOMAIN: "apiserver-unreachable",
    Outcome.REFUSED: "corefile-domain",
}


@check(
    title="One CoreDNS pod fails wherever it is asked from",
    severity=Severity.CRITICAL,
    family="coredns-crashloop",
    explains=("dns-intermittent-failures",),
)
def coredns_replica_failing(matrix: ProbeMatrix) -> Iterator[Finding]:
    """Yield one finding per such pod."""
    replicas: dict[Server, dict[Place, Cell]] = {}
    for (place, server), cell in matrix.cells.items():
        if server.role is ServerRole.REPLICA:
            replicas.setdefault(server, {})[place] = cell.only(*KINDS)
    if len(replicas) < 2:
        raise NotApplicable("fewer than two CoreDNS pods were asked")
    good = {place for cells in replicas.values() for place, cell in cells.items() if right(cell)}
    for server, cells in replicas.items():
        bad = all(wrong(cell) for cell in cells.values()) and good >= set(cells)
        cut = cut_off(server, cells) and good >= set(cells)
        if bad or cut:
            yield finding(server, cells, cut=cut)


def right(cell: Cell) -> bool:
    """Whether a cell shows a pod that answers for the cluster as it must."""
    return bool(cell.answered) and not cell.failed


def wrong(cell: Cell) -> bool:
    """Whether all questions of a cell failed, more often than by chance."""
    failed = bool(cell.items) and len(cell.failed) == len(cell.items)
    return failed and (cell.lost or bool(cell.answered))


def cut_off(server: Server, cells: Mapping[Place, Cell]) -> bool:
    """Whether a pod answers past the network and nobody in it, not even on its own node."""
    clients = {place: cell for place, cell in cells.items() if place != DIRECT}
    beside = any(place.node == server.subject.node and server.subject.node for place in clients)
    silent = bool(clients) and all(cell.lost for cell in clients.values())
    return right(cells.get(DIRECT, NOTHING)) and silent and beside


def finding(server: Server, cells: Mapping[Place, Cell], *, cut: bool) -> Finding:
    """Return the finding of one pod; `cut` says that it answers past the network."""
    every = joined(cells.values())
    outcome = next(iter(every.outcomes()))
    node = server.subject.node
    beside = any(place.kind in POD_KINDS and place.node == node and node for place in cells)
    # the API server's stream to a pod may hang as well as the pod: silence there is one witness
    alone = set(cells) == {DIRECT} and every.lost
    sure = cut or beside or (DIRECT in cells and not alone)
    came = f"{outcome.value} for each of {len(every.failed)} questions"
    text = (
        f"{called(server)} answers the API server, and no pod or node, not even its own ({came})"
        if cut
        else f"{called(server)} fails {places_text(cells)} ({came}), other CoreDNS pods answer"
    )
    if alone:
        text += "; or the API server's stream to it, as nobody else asked it"
    elif not sure:
        text += "; or the way to its node: a pod there, and the API server, were not asked"
    pod = quoted(server.subject.name, "<pod>")
    space = quoted(server.subject.namespace, "kube-system")
    return Finding(
        subject=server.subject if server.subject.kind else every.items[0].place.subject,
        message=text,
        quotes=tuple(one.quote for one in (*every.failed[:3], *every.answered[:1])),
        remedy=(
            look(
                "See how the pod is, and what it says last",
                f"kubectl -n {space} describe pod {pod}",
                f"kubectl -n {space} logs {pod} --tail=50",
                f"ip neigh show; bridge link  # on {quoted(node, 'its node')}: its veth on cni0",
                verify="not ready, an error, or a link that is gone",
            ),
            Remedy(
                title="Recreate this one pod",
                commands=(f"kubectl -n {space} delete pod {pod}",),
                risk=Risk.DISRUPTIVE,
                verify="corediag run --check coredns-replica-failing",
                why="the others answer meanwhile; read its log first, it goes with the pod",
            ),
        ),
        proven=sure,
        family="overlay" if cut else FAMILY.get(outcome, ""),
        at=every.failed[0].at,
    )


def places_text(cells: Mapping[Place, Cell]) -> str:
    """Return how many places asked, and whether the network was between."""
    clients = sum(place.kind is not PlaceKind.DIRECT for place in cells)
    past = ["past the network"] if len(cells) > clients else []
    many = "s" if clients > 1 else ""
    over = [f"from {clients} place{many} in the cluster"] if clients else []
    return " and ".join((*past, *over))
