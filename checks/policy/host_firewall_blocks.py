"""A firewall of the node turns pods' packets away and says so: administratively prohibited.

Senders see "no route to host" at once. The rules are those of firewalld, or RHEL's default ones
that end in REJECT; an add-on's rules that were appended behind them are never reached.

Limits: in INPUT it concerns what comes to the node itself (API server, kubelet, the overlay's
port), and which of that is needed is not seen: a possibility.
Source: firewalld src/firewall/core/ipXtables.py, nftables.py; iptables-services
iptables.init (/etc/sysconfig/iptables).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import ForwardFilters, NetworkAddOn
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted, restart_proxy


@check(
    title="A firewall of the node rejects packets of pods",
    severity=Severity.CRITICAL,
    family="forward-drop",
    explains=(
        "apiserver-no-route",
        "apiserver-unreachable-timeout",
        "upstream-no-route",
        "upstream-timeout",
        "resolution-fails",
        "kube-proxy-apiserver-unreachable",
        "coredns-liveness-killed",
        "vxlan-port-blocked",
        "pod-network-cross-node-broken",
        "pod-forwarding-broken",
        "dns-udp-lost",
        "dns-tcp-lost",
    ),
)
def host_firewall_blocks(filters: ForwardFilters, add_on: NetworkAddOn | None) -> Iterator[Finding]:
    """Yield one finding per node and chain that rejects."""
    for one in filters.blocked:
        if not one.prohibited:
            continue
        node = one.subject.name if one.subject.kind == "Node" else ""
        forwards = "FORWARD" in one.chain
        what = "what pods send through the node" if forwards else "what comes to the node itself"
        yield Finding(
            subject=one.subject,
            message=f"{one.chain} rejects {what} as prohibited; nothing accepts it before",
            quotes=one.quotes,
            remedy=(
                look(
                    "See who answers, and which firewall is active",
                    f"tcpdump -ni any icmp  # on {quoted(node, 'the node')}, during a probe",
                    "systemctl is-active firewalld iptables nftables ufw",
                    verify="the node itself answers: admin prohibited",
                ),
                Remedy(
                    title="Trust the pod and Service networks, open the ports between nodes",
                    commands=(
                        "firewall-cmd --permanent --zone=trusted --add-source=<pod network> "
                        "--add-source=<service network>",
                        "firewall-cmd --permanent --add-port=6443/tcp --add-port=10250/tcp "
                        "--add-port=8472/udp",
                        "firewall-cmd --reload",
                    ),
                    risk=Risk.MANUAL,
                    verify="kubectl exec <pod> -- nslookup kubernetes.default",
                    why="without firewalld: remove the rule from /etc/sysconfig/iptables",
                ),
                *restart_proxy(
                    node,
                    add_on=add_on.name if add_on else "",
                    where="Where Service addresses still fail, as a reload drops rules",
                ),
            ),
            proven=one.whole and forwards,
        )
