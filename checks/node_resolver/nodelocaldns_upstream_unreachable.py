"""The node-local cache answers SERVFAIL for cluster names that CoreDNS knows.

The cache forwards cluster names to CoreDNS over TCP, through a Service of its own,
kube-dns-upstream. It answers itself, so it runs; what it cannot do is reach CoreDNS.

Limits: a cache whose Corefile forwards elsewhere looks the same; its ConfigMap tells. Its log alone
says that CoreDNS does not answer it, and not what is in the way: a possibility.
Source: kubernetes/dns cmd/node-cache/app/configmap.go (force_tcp, __PILLAR__CLUSTER__DNS__);
kubernetes/kubernetes cluster/addons/dns/nodelocaldns/nodelocaldns.yaml.
"""

from collections.abc import Iterator

from diagnose.check import NotApplicable, check
from diagnose.facts import CachePaths
from diagnose.facts.dns_answers import NameKind, ServerRole
from diagnose.facts.lookups import Outcome
from diagnose.facts.probe_matrix import NOTHING, ClientMatrix, joined, node_or, said
from diagnose.findings import times
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import NODE, look, quoted

BEHIND = frozenset({ServerRole.SERVICE, ServerRole.REPLICA})


@check(
    title="The node-local DNS cache cannot reach CoreDNS",
    severity=Severity.CRITICAL,
    family="node-local-dns",
    explains=("internal-names-fail", "resolution-fails"),
)
def nodelocaldns_upstream_unreachable(paths: CachePaths) -> Iterator[Finding]:
    """Yield one finding per node; proven where CoreDNS knows the name from the same place."""
    yield from by_logs(paths)
    if paths.matrix is not None:
        yield from by_answers(paths.matrix, alone=not paths.failures)


def by_logs(paths: CachePaths) -> Iterator[Finding]:
    """Yield one finding per cache and address of CoreDNS that its log says is not reached."""
    for one in paths.failures:
        pod = quoted(one.subject.name, "-l k8s-app=node-local-dns")
        how = one.trouble.reason.value
        yield Finding(
            subject=one.subject,
            message=f"the cache asks CoreDNS at {one.server or 'its address'} in vain: {how} "
            f"({times(one.count)})",
            quotes=(one.quote,),
            remedy=(
                look(
                    "Ask that address over TCP and UDP, then a CoreDNS pod, from the cache's node",
                    f"kubectl -n kube-system get pods {pod} -o wide",
                    f"dig +tcp @{quoted(one.server, '<its address>')} "
                    "kubernetes.default.svc.cluster.local  # on that node",
                    "dig @<address of a CoreDNS pod> kubernetes.default.svc.cluster.local",
                    "kubectl -n kube-system get pods -l k8s-app=kube-dns -o wide",
                    verify="pods answer, the address does not: the Service's rules; pods of the "
                    "same node alone answer: the pod network between nodes",
                ),
            ),
            proven=False,
            at=one.first_at,
        )


def by_answers(matrix: ClientMatrix, *, alone: bool) -> Iterator[Finding]:
    """Yield one finding per node whose cache does not know what CoreDNS knows."""
    if not matrix.of(ServerRole.NODE_LOCAL):
        if alone:
            raise NotApplicable("no node-local cache was asked")
        return
    knowing = matrix.by(
        lambda one: (
            one.place
            if one.server.role in BEHIND
            and one.name_kind is NameKind.SERVICE
            and one.outcome is Outcome.NOERROR
            else None
        )
    )
    caches = matrix.by(
        lambda one: (
            (node_or(one.place), one.server.address)
            if one.server.role is ServerRole.NODE_LOCAL and one.name_kind is NameKind.SERVICE
            else None
        )
    )
    for (where, address), cell in caches.items():
        if not cell.items or any(one.outcome is not Outcome.SERVFAIL for one in cell.items):
            continue
        places = dict.fromkeys(one.place for one in cell.items)
        beside = joined(knowing.get(place, NOTHING) for place in places)
        if not beside.items:
            continue  # CoreDNS itself may not know it
        over_tcp = any(one.transport == "tcp" for one in beside.items)
        node = where.name if where.kind == "Node" else where.node
        yield Finding(
            subject=where,
            message=f"{address} answers {said(next(iter(places)))} SERVFAIL for "
            f"{cell.items[0].name}, CoreDNS asked from there knows it"
            + ("" if over_tcp else "; the cache asks over TCP, which was not tried here"),
            quotes=(*cell.quotes[:2], beside.items[0].quote),
            remedy=(
                look(
                    "Ask the Service of the cache over TCP, on the node",
                    "kubectl -n kube-system get service kube-dns-upstream kube-dns",
                    "dig +tcp @<address of kube-dns-upstream> "
                    f"kubernetes.default.svc.cluster.local  # on {quoted(node, NODE)}",
                    "kubectl -n kube-system get configmap node-local-dns -o yaml",
                    verify="no answer over TCP: the Service's TCP port, its endpoints, or a filter",
                ),
                Remedy(
                    title="Repair that Service, then restart the cache on the node",
                    commands=(
                        "kubectl -n kube-system delete pod -l k8s-app=node-local-dns "
                        f"--field-selector spec.nodeName={quoted(node, NODE)}",
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify=f"dig @{quoted(address, '<its address>')} "
                    "kubernetes.default.svc.cluster.local  # on the node",
                ),
            ),
            at=cell.items[0].at,
        )
