"""The node-local cache of a node does not answer, although CoreDNS does from there.

Pods of the node have the cache's link-local address in their resolv.conf and no other.

Limits: why it does not answer, its pod and its log tell.
Source: Kubernetes documentation, Using NodeLocal DNSCache; kubernetes/dns cmd/node-cache.
"""

from collections.abc import Iterator

from diagnose.check import NotApplicable, check
from diagnose.facts import ClientMatrix
from diagnose.facts.dns_answers import ServerRole
from diagnose.facts.probe_matrix import NOTHING, joined, lost_text, node_or, said
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import NODE, look, quoted

BEHIND = frozenset({ServerRole.SERVICE, ServerRole.REPLICA})


@check(
    title="The node-local DNS cache does not answer",
    severity=Severity.CRITICAL,
    family="node-local-dns",
    explains=("resolution-fails", "dns-intermittent-failures"),
)
def nodelocaldns_down(matrix: ClientMatrix) -> Iterator[Finding]:
    """Yield one finding per node; proven where CoreDNS answers from the same place."""
    if not matrix.of(ServerRole.NODE_LOCAL):
        raise NotApplicable("no node-local cache was asked")
    behind = matrix.by(lambda one: one.place if one.server.role in BEHIND else None)
    caches = matrix.by(
        lambda one: (
            (node_or(one.place), one.server.address)
            if one.server.role is ServerRole.NODE_LOCAL
            else None
        )
    )
    for (where, address), cell in caches.items():
        if not cell.lost:
            continue
        places = dict.fromkeys(one.place for one in cell.items)
        beside = joined(behind.get(place, NOTHING) for place in places)
        node = where.name if where.kind == "Node" else where.node
        space = "kube-system"
        yield Finding(
            subject=where,
            message=f"{address} does not answer {said(next(iter(places)))} ({lost_text(cell)})"
            + (", CoreDNS does from there" if beside.answered else ""),
            quotes=(*cell.quotes[:2], *(one.quote for one in beside.answered[:1])),
            remedy=(
                look(
                    "See whether the cache runs there, who holds its address, and what it says",
                    f"kubectl -n {space} get pods -l k8s-app=node-local-dns -o wide",
                    f"kubectl -n {space} logs -l k8s-app=node-local-dns --previous --tail=20",
                    f"ss -lntup | grep {quoted(address, '<its address>')}; ip addr show "
                    f"nodelocaldns  # on {quoted(node, NODE)}",
                    verify="not running: its log says why; running and not listening: the port "
                    "is taken or its interface is gone",
                ),
                Remedy(
                    title="Restart the cache on the node",
                    commands=(
                        f"kubectl -n {space} delete pod -l k8s-app=node-local-dns "
                        f"--field-selector spec.nodeName={quoted(node, NODE)}",
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify=f"dig @{quoted(address, '<its address>')} "
                    "kubernetes.default.svc.cluster.local  # on the node",
                ),
                Remedy(
                    title="If it cannot run: remove its interface, so that pods reach kube-dns",
                    commands=("ip link delete nodelocaldns",),
                    risk=Risk.MANUAL,
                    verify="kubectl exec <pod on the node> -- nslookup kubernetes.default",
                    why="only where the cache listens on the Service's address too (iptables mode)",
                ),
            ),
            proven=bool(beside.answered),
            at=cell.silent[0].at,
        )
