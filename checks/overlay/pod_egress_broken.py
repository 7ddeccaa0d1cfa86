"""A node reaches the upstream, its pods do not, and external names fail through CoreDNS there.

Packets of pods leave a node with the node's address (masquerade) and are forwarded by it; where
either is missing, or the upstream serves the nodes' addresses alone, only pods go without answer.

Limits: a policy that lets application pods ask cluster DNS alone looks the same from them, so that
it counts only where external names fail through CoreDNS too.
Source: flannel-io/flannel v0.26.7, pkg/trafficmngr/iptables (FLANNEL-POSTRTG);
iptables-extensions(8), MASQUERADE.
"""

from collections.abc import Iterator

from diagnose.check import Undecided, check
from diagnose.facts import ClientMatrix, NetworkAddOn
from diagnose.facts.dns_answers import NameKind, PlaceKind, ServerRole
from diagnose.facts.lookups import Outcome
from diagnose.facts.probe_matrix import NOTHING, POD_KINDS, Cell, fails, lost_text
from diagnose.model import Finding, Severity, Subject
from diagnose.remedies import NODE, look, quoted, restart_add_on

RESOLVED = frozenset({Outcome.NOERROR, Outcome.NODATA, Outcome.NXDOMAIN})


@check(
    title="Pods do not get out of the cluster",
    severity=Severity.CRITICAL,
    family="forward-drop",
    explains=(
        "upstream-timeout",
        "upstream-tcp-blocked",
        "external-names-fail",
        "apiserver-unreachable-timeout",
    ),
)
def pod_egress_broken(matrix: ClientMatrix, add_on: NetworkAddOn | None) -> Iterator[Finding]:
    """Yield one finding per node and upstream."""
    upstreams = matrix.by(
        lambda one: (
            (one.place.node, one.server.address, one.place.kind in POD_KINDS)
            if one.server.role is ServerRole.UPSTREAM and one.place.node
            else None
        )
    )
    through = matrix.by(
        lambda one: (
            one.server.subject.node
            if one.server.role is ServerRole.REPLICA
            and one.name_kind is NameKind.EXTERNAL
            and one.place.kind in (PlaceKind.DIRECT, *POD_KINDS)
            else None
        )
    )
    compared = [key for key in upstreams if key[2] and (*key[:2], False) in upstreams]
    if not compared and not any(map(resolves, through.values())):
        raise Undecided("no pod and host network of one node asked the same upstream")
    for node, server, _ in compared:
        pods, host = upstreams[node, server, True], upstreams[node, server, False]
        coredns = through.get(node, NOTHING)
        if not pods.lost or not host.answered or resolves(coredns):
            continue
        failing = [one for one in coredns.items if fails(one)]
        seen = "; external names fail through CoreDNS there" if failing else ""
        yield Finding(
            subject=Subject("Node", node),
            message=f"its pods get no answer from {server} ({lost_text(pods)}), its host network "
            f"does{seen}",
            quotes=(
                *pods.quotes[:2],
                host.answered[0].quote,
                *(one.quote for one in failing[:1]),
            ),
            remedy=(
                look(
                    "See whether the node masquerades what pods send out, and forwards it",
                    "iptables-save -t nat | grep -i masquerade; iptables -nvL FORWARD"
                    f"  # on {quoted(node, NODE)}",
                    f"tcpdump -ni any host {quoted(server, '<upstream>')} and port 53  # during a "
                    "question",
                    verify="they leave with the pod's address: masquerading; they do not leave: "
                    "forwarding or a policy; they leave right: the upstream's own filter",
                ),
                restart_add_on(node, add_on=add_on.name if add_on else ""),
            ),
            proven=bool(failing),
            at=pods.silent[0].at,
        )


def resolves(cell: Cell) -> bool:
    """Whether external names resolve in spite of all."""
    return any(one.outcome in RESOLVED for one in cell.items)
