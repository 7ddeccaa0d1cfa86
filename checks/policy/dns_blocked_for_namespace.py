"""Pods of one namespace get no answer where pods of another one, on the same node, do.

Node, network and CoreDNS are the same for both then; what differs is what is allowed to them. A
network policy does that, also one of a kind that the API of Kubernetes does not hold (Calico's,
Cilium's own).

Limits: one pod whose own interface is broken looks the same, so it is a possibility.
Source: Kubernetes documentation, Network Policies (default deny all egress traffic).
"""

from collections.abc import Iterator

from diagnose.check import Undecided, check
from diagnose.facts import ClientMatrix
from diagnose.facts.probe_matrix import CLUSTER_ROLES, POD_KINDS, Cell, joined, lost_text, said
from diagnose.model import Finding, Remedy, Risk, Severity, Subject
from diagnose.remedies import look, quoted


@check(
    title="Pods of one namespace get no answer where others do",
    severity=Severity.CRITICAL,
    family="network-policy",
    explains=("resolution-fails",),
)
def dns_blocked_for_namespace(matrix: ClientMatrix) -> Iterator[Finding]:
    """Yield one finding per namespace, with pods that fail and one beside them that does not."""
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
        name = quoted(space, "<namespace>")
        nodes_hit = {one.place.node for one in cell.items}
        yield Finding(
            subject=Subject("Namespace", space),
            message=f"{said(cell.silent[0].place)} gets no answer ({lost_text(cell)}), "
            f"{said(other.place)} does",
            quotes=(*cell.quotes[:2], other.quote),
            remedy=(
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
            ),
            proven=False,
            severity=None if len(nodes_hit) > 1 else Severity.WARNING,
            at=cell.silent[0].at,
        )
