"""A node's host network reaches CoreDNS's pods, its own pods do not.

The tunnel and CoreDNS work then, as the host shows; what differs for pods is that the node has to
forward their packets: its FORWARD chain, ip_forward, the reverse path filter, the bridge.

Limits: a network policy can cut a pod off in the same way. So it is proven only where pods of two
namespaces fail, a pod that fails reaches the CoreDNS pod on its own bridge, or CoreDNS's pod on the
node is hit as well: nobody on other nodes reaches it, or it resolves no external name.
Source: Linux Documentation/networking/ip-sysctl.rst (ip_forward, rp_filter); iptables(8), FORWARD.
"""

from collections.abc import Iterator, Mapping

from diagnose.check import Undecided, check
from diagnose.facts import ClientMatrix, NetworkAddOn
from diagnose.facts.dns_answers import NameKind, PlaceKind, ServerRole
from diagnose.facts.probe_matrix import (
    NOTHING,
    POD_KINDS,
    Cell,
    State,
    joined,
    lost_text,
    nodes_text,
)
from diagnose.model import Finding, Remedy, Risk, Severity, Subject
from diagnose.remedies import NODE, look, quoted, restart_add_on

Ways = Mapping[tuple[str, str], Cell]


@check(
    title="A node does not forward what its pods send",
    severity=Severity.CRITICAL,
    family="forward-drop",
    explains=(
        "pod-network-cross-node-broken",
        "pod-egress-broken",
        "upstream-tcp-blocked",
        "coredns-unreachable-from-apiserver",
        "resolution-fails",
        "dns-intermittent-failures",
        "external-names-fail",
        "upstream-timeout",
        "nodelocaldns-upstream-unreachable",
        "coredns-metrics-unreachable",
    ),
)
def pod_forwarding_broken(matrix: ClientMatrix, add_on: NetworkAddOn | None) -> Iterator[Finding]:
    """Yield one finding per node."""
    pods, hosts = matrix.ways(*POD_KINDS), matrix.ways(PlaceKind.HOST)
    if not pods:
        raise Undecided("no pod asked a CoreDNS pod by its own address")
    compared = [pair for pair in pods if pair in hosts]
    if not compared and any(cell.lost for cell in pods.values()):
        raise Undecided("no host network asked what the pods of its node get no answer from")
    resolving = matrix.by(
        lambda one: (
            one.server.subject.node
            if one.server.role is ServerRole.REPLICA
            and one.name_kind is NameKind.EXTERNAL
            and one.place.kind is PlaceKind.DIRECT
            else None
        )
    )
    nodes: dict[str, list[str]] = {}
    for source, target in compared:
        nodes.setdefault(source, []).append(target)
    for node, targets in nodes.items():
        over = [one for one in targets if one != node]
        own = pods.get((node, node), NOTHING)
        asked = joined(pods[node, one] for one in over) if over else own
        host = joined(hosts[node, one] for one in (over or targets))
        if not asked.lost or host.state is not State.ANSWERS:
            continue
        beside = own if over and own.answered else NOTHING
        coming = joined(cell for way, cell in incoming(pods, hosts, node))
        through = resolving.get(node, NOTHING)
        hit = (
            coming if coming.lost else through if through.failed and not well(through) else NOTHING
        )
        yield finding(node, over, asked, host, beside, hit, add_on=add_on.name if add_on else "")


def incoming(pods: Ways, hosts: Ways, node: str) -> Iterator[tuple[tuple[str, str], Cell]]:
    """Yield what places on other nodes were answered by CoreDNS's pods on a node."""
    for ways in (pods, hosts):
        yield from (pair for pair in ways.items() if pair[0][1] == node != pair[0][0])


def well(cell: Cell) -> bool:
    """Whether any question was answered as it must be."""
    return len(cell.failed) < len(cell.items)


def finding(
    node: str,
    over: list[str],
    asked: Cell,
    host: Cell,
    beside: Cell,
    hit: Cell,
    *,
    add_on: str,
) -> Finding:
    """Return the finding of one node; `over` names the nodes that its pods do not reach.

    `beside` holds the answers of the CoreDNS pod on their own node, `hit` what that pod itself
    suffers.
    """
    spaces = {one.place.subject.namespace for one in asked.silent}
    where = f"no CoreDNS pod on {nodes_text(over)}" if over else "no CoreDNS pod, not even its own"
    own = "; they reach the one on their own node" if beside.answered else ""
    sure = bool(beside.answered) or len(spaces) > 1 or bool(hit.items)
    too = "; the CoreDNS pod there is cut off too" if hit.items and not own else ""
    policy = "" if sure else "; a network policy of their namespace would look the same"
    return Finding(
        subject=Subject("Node", node),
        message=f"its pods reach {where} ({lost_text(asked)}), its host network does{own}{too}"
        + policy,
        quotes=(
            *asked.quotes[:2],
            host.answered[0].quote,
            *(one.quote for one in beside.answered[:1]),
            *(one.quote for one in hit.failed[:1]),
        ),
        remedy=(
            look(
                "See what the node does with packets that it forwards",
                "sysctl net.ipv4.ip_forward net.ipv4.conf.all.rp_filter "
                f"net.bridge.bridge-nf-call-iptables  # on {quoted(node, NODE)}",
                f"iptables -nvL FORWARD; ip addr show cni0  # on {quoted(node, NODE)}",
                "kubectl get networkpolicies -A",
                verify="ip_forward is 0, or a counter of a DROP grows while a pod asks",
            ),
            Remedy(
                title="Let it forward",
                commands=("sysctl -w net.ipv4.ip_forward=1", "iptables -P FORWARD ACCEPT"),
                risk=Risk.MANUAL,
                verify="kubectl exec <pod on the node> -- nslookup kubernetes.default",
                why="whichever the first step shows; lost at the next start unless the program "
                "that sets it is told",
            ),
            restart_add_on(node, add_on=add_on),
        ),
        proven=sure,
        at=asked.silent[0].at,
    )
