"""DNS over TCP is lost where DNS over UDP passes.

Answers that are cut off (TC) are asked for again over TCP, and a node-local cache asks CoreDNS over
TCP for everything, so names with long answers fail and a cache fails for all. A rule or a port
that names UDP 53 alone is the usual reason.

Limits: who drops TCP, the Service, a policy or a filter, answers tell only in part.
Source: RFC 7766 sections 4 and 5; Kubernetes API networking.k8s.io/v1 NetworkPolicyPort (protocol).
"""

from collections.abc import Iterator

from diagnose.check import NotApplicable, Undecided, check
from diagnose.facts import ClientMatrix
from diagnose.facts.dns_answers import Place, PlaceKind, Server, ServerRole
from diagnose.facts.probe_matrix import State, called, joined, lost_text, node_or, said
from diagnose.model import CLUSTER, Finding, Severity
from diagnose.remedies import look, quoted

POINTS_TO = {
    ServerRole.SERVICE: "; the Service's TCP port, or a policy or filter that names UDP alone",
    ServerRole.UPSTREAM: "; a filter for TCP 53 on the way, or the server",
}
FAMILY = {
    ServerRole.SERVICE: "service-proxy",
    ServerRole.UPSTREAM: "upstream-timeout",
    ServerRole.NODE_LOCAL: "node-local-dns",
}


@check(
    title="DNS over TCP is lost where UDP passes",
    severity=Severity.WARNING,
    family="network-policy",
    explains=("dns-intermittent-failures", "nodelocaldns-upstream-unreachable"),
)
def dns_tcp_lost(matrix: ClientMatrix) -> Iterator[Finding]:
    """Yield one finding per server, all places together; a possibility."""
    cells = matrix.by(
        lambda one: (
            None
            if one.place.kind is PlaceKind.DIRECT
            else (one.place, one.server, one.transport == "tcp")
        )
    )
    if not any(over_tcp for _, _, over_tcp in cells):
        raise NotApplicable("nobody asked over TCP, since nothing failed over UDP")
    both = [key[:2] for key in cells if key[2] and (*key[:2], False) in cells]
    lost = any(key[2] and cell.state is State.SILENT for key, cell in cells.items())
    if lost and not both:
        raise Undecided("what is not answered over TCP was not asked over UDP")
    hit: dict[Server, list[Place]] = {}
    for place, server in both:
        if (
            cells[place, server, True].state is State.SILENT
            and cells[place, server, False].state is State.ANSWERS
        ):
            hit.setdefault(server, []).append(place)
    for server, places in hit.items():
        tcp = joined(cells[place, server, True] for place in places)
        if not tcp.lost:
            continue
        udp = joined(cells[place, server, False] for place in places)
        wheres = {node_or(place) for place in places}
        address = quoted(server.address, "<server>")
        yield Finding(
            subject=next(iter(wheres)) if len(wheres) == 1 else CLUSTER,
            message=f"over TCP {called(server)} does not answer {said(places[0])}"
            + (f" and {len(places) - 1} more" if len(places) > 1 else "")
            + f" ({lost_text(tcp)}), over UDP it does"
            + POINTS_TO.get(server.role, "; a policy or filter that names UDP alone"),
            quotes=(*tcp.quotes[:2], udp.answered[0].quote),
            remedy=(
                look(
                    "Find what lets UDP 53 through and not TCP 53",
                    "kubectl -n kube-system get service kube-dns -o yaml  # ports",
                    "kubectl get networkpolicies -A -o yaml | grep -B3 -A3 'port: 53'",
                    f"dig +tcp @{address} kubernetes.default.svc.cluster.local  # on the node",
                    verify="passes on the node and not in pods: a policy; fails on both: the "
                    "Service's port or a filter",
                ),
            ),
            proven=False,
            family=FAMILY.get(server.role, ""),
            at=tcp.silent[0].at,
        )
