"""Pods of one namespace get no answer where pods of another one, on the same node, do.

Node, network and CoreDNS are the same for both then; what differs is what is allowed to them. A
network policy does that, also one of a kind that the API of Kubernetes does not hold (Calico's,
Cilium's own).

Of look-ups that people made by hand, the pods of one namespace must all be silent and those of
another all answered; where their nodes are known to differ, it is the node that may do it.

Limits: one pod whose own interface is broken looks the same, so it is a possibility.
Source: Kubernetes documentation, Network Policies (default deny all egress traffic).
"""

from collections.abc import Iterator

from diagnose.check import Undecided, check
from diagnose.facts import ClientResolutions, Pods, ProbeMatrix
from diagnose.facts.lookups import ANSWERED, Lookup, Outcome
from diagnose.facts.names import in_cluster
from diagnose.facts.probe_matrix import CLUSTER_ROLES, POD_KINDS, Cell, joined, lost_text, said
from diagnose.model import Finding, Remedy, Risk, Severity, Subject
from diagnose.remedies import look, quoted


@check(
    title="Pods of one namespace get no answer where others do",
    severity=Severity.CRITICAL,
    family="network-policy",
    explains=("resolution-fails",),
)
def dns_blocked_for_namespace(lookups: ClientResolutions, pods: Pods | None) -> Iterator[Finding]:
    """Yield one finding per namespace, with pods that fail and one beside them that does not."""
    if lookups.matrix is None:
        yield from by_hand(lookups.lookups, pods)
    else:
        yield from by_answers(lookups.matrix)


def by_hand(lookups: tuple[Lookup, ...], pods: Pods | None) -> Iterator[Finding]:
    """Yield the namespaces of which every pod that was tried is silent."""
    nodes = {pod.subject.name: pod.subject.node for pod in pods.pods} if pods else {}
    heard: dict[str, Lookup] = {}
    silent: dict[str, Lookup] = {}
    for one in lookups:
        if one.place.kind == "Pod" and one.place.namespace and in_cluster(one.name):
            if one.outcome in ANSWERED:
                heard.setdefault(one.place.namespace, one)
            elif one.outcome in (Outcome.TIMEOUT, Outcome.TEMPORARY):
                silent.setdefault(one.place.namespace, one)
    for space, lost in silent.items():
        node = nodes.get(lost.place.name, "")
        other = next(
            (
                one
                for mine, one in heard.items()
                if mine != space
                and (not node or nodes.get(one.place.name, node) == node)
                and mine not in silent
            ),
            None,
        )
        if other is None or space in heard:
            continue
        yield Finding(
            subject=Subject("Namespace", space),
            message=f"{lost.place.name} gets no answer, {other.place.name} in "
            f"{other.place.namespace} does",
            quotes=(lost.quote, other.quote),
            remedy=steps(space),
            proven=False,
        )


def steps(space: str) -> tuple[Remedy, ...]:
    """Return the remedy: find the policy, then let the namespace ask DNS."""
    name = quoted(space, "<namespace>")
    return (
        look(
            "See which policies of any kind select the pod",
            f"kubectl -n {name} get networkpolicies -o yaml",
            "kubectl api-resources | grep -i networkpolic",
            f"kubectl -n {name} get pods --show-labels",
            verify="one selects it for Egress and allows no port 53; none: the pod's own "
            "interface, ask from another pod of the namespace",
        ),
        Remedy(
            title="Allow the namespace to ask DNS, over UDP and TCP",
            commands=(f"corediag explain networkpolicy-blocks-client  # for {name}",),
            risk=Risk.DISRUPTIVE,
            verify=f"kubectl -n {name} exec <pod> -- nslookup kubernetes.default",
            why="policies add up; it may be isolated on purpose",
        ),
    )


def by_answers(matrix: ProbeMatrix) -> Iterator[Finding]:
    """Yield the namespaces that corediag's own questions show."""
    cells = matrix.by(
        lambda one: (
            (one.place.node, one.place.subject.namespace)
            if one.place.kind in POD_KINDS and one.server.role in CLUSTER_ROLES and one.place.node
            else None
        )
    )
    nodes: dict[str, dict[str, Cell]] = {}
    for (node, space), cell in cells.items():
        nodes.setdefault(node, {})[space] = cell
    if not cells:
        raise Undecided("no pod was asked whose node is known")
    lost = any(cell.lost for cell in cells.values())
    if lost and not any(len(spaces) > 1 for spaces in nodes.values()):
        raise Undecided("no pods of two namespaces on one node were asked")
    blocked: dict[str, list[tuple[Cell, Cell]]] = {}
    passing = {space for spaces in nodes.values() for space, one in spaces.items() if one.answered}
    for spaces in nodes.values():
        beside = next((one for one in spaces.values() if one.answered and not one.silent), None)
        for space, cell in spaces.items():
            if beside is not None and cell.lost and space not in passing:
                blocked.setdefault(space, []).append((cell, beside))
    for space, pairs in blocked.items():
        cell = joined(lost for lost, _ in pairs)
        other = pairs[0][1].answered[0]
        nodes_hit = {one.place.node for one in cell.items}
        yield Finding(
            subject=Subject("Namespace", space),
            message=f"{said(cell.silent[0].place)} gets no answer ({lost_text(cell)}), "
            f"{said(other.place)} does",
            quotes=(*cell.quotes[:2], other.quote),
            remedy=steps(space),
            proven=False,
            severity=None if len(nodes_hit) > 1 else Severity.WARNING,
            at=cell.silent[0].at,
        )
