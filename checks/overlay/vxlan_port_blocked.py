"""A node's packet filter drops the overlay's own packets, so pods reach no pod of another node.

The pods' packets travel between nodes inside UDP to one port. A firewall of the host that does not
know of it, a policy of DROP, or a rule left by somebody takes them away; all that stays on one node
works on.

Limits: firewalls outside of the nodes are not seen, nor what the network of a cloud drops. Rules
that match by more than protocol, port, address, interface and state are not judged.
Source: flannel-io/flannel Documentation/troubleshooting.md (Firewalls), pkg/backend/vxlan/vxlan.go;
iptables-extensions(8).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import OverlayFilters
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted


@check(
    title="A packet filter drops the overlay's packets",
    severity=Severity.CRITICAL,
    family="overlay",
    explains=(
        "resolution-fails",
        "upstream-timeout",
        "apiserver-unreachable-timeout",
        "pod-network-cross-node-broken",
        "dns-intermittent-failures",
        "coredns-unreachable-from-apiserver",
        "coredns-metrics-unreachable",
        "coredns-api-error-hidden",
        "coredns-replica-failing",
    ),
)
def vxlan_port_blocked(filters: OverlayFilters) -> Iterator[Finding]:
    """Yield one finding per node, port and direction."""
    for one in filters.blocked:
        node = quoted(one.subject.name, "the node")
        inward = "INPUT" in one.chain.upper()
        ways = "from" if inward else "to"
        what = "a rule" if one.rule else "its policy, with nothing that accepts it before,"
        yield Finding(
            subject=one.subject,
            message=f"{one.chain}: {what} drops the overlay's packets {ways} other nodes "
            f"(udp {one.port})",
            quotes=one.quotes,
            remedy=(
                look(
                    "See on which side they are lost, while a pod pings one of another node",
                    f"tcpdump -ni any udp port {one.port}  # on {node} and on the other node",
                    f"iptables -nvL {'INPUT' if inward else 'OUTPUT'}; nft list ruleset | "
                    f"grep -n {one.port}  # on {node}: the counter grows",
                    verify="they leave one node and the other's counter of the rule grows",
                ),
                Remedy(
                    title="Open the port between the nodes, where the firewall is configured",
                    commands=(
                        f"firewall-cmd --permanent --add-port={one.port}/udp && firewall-cmd "
                        f"--reload; ufw: ufw allow {one.port}/udp",
                        f"iptables -I {'INPUT' if inward else 'OUTPUT'} -p udp --dport {one.port} "
                        "-j ACCEPT  # until the next start",
                    ),
                    risk=Risk.MANUAL,
                    verify="a pod reaches a pod of another node; corediag run --check "
                    "vxlan-port-blocked",
                    why="on every node: each one sends to this port of the others",
                ),
            ),
            proven=one.proven,
        )
