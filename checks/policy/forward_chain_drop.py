"""The node's FORWARD chain drops packets of pods: nothing accepts them before its policy.

Docker sets the policy to DROP at its start, ufw does so by its configuration. Add-ons accept their
own network in a chain of their own (FLANNEL-FWD); where that is missing, or stands in the other
flavour of iptables, pods reach nothing beyond their bridge.

Limits: chains of add-ons that decide by marks (Calico, Cilium) are not followed, so that nothing is
said where one is reached.
Source: moby libnetwork drivers/bridge/setup_ip_forwarding.go; flannel-io/flannel v0.26.7,
pkg/trafficmngr/iptables; kubernetes/kubernetes issue 39823.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import ForwardFilters, NetworkAddOn
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted, restart_add_on


@check(
    title="The node's FORWARD chain drops packets of pods",
    severity=Severity.CRITICAL,
    family="forward-drop",
    explains=(
        "resolution-fails",
        "upstream-timeout",
        "apiserver-unreachable-timeout",
        "external-names-fail",
        "pod-forwarding-broken",
        "pod-egress-broken",
        "coredns-unreachable-from-apiserver",
        "coredns-metrics-unreachable",
        "dns-intermittent-failures",
        "pod-network-cross-node-broken",
        "coredns-api-error-hidden",
        "coredns-replica-failing",
        "upstream-tcp-blocked",
    ),
)
def forward_chain_drop(filters: ForwardFilters, add_on: NetworkAddOn | None) -> Iterator[Finding]:
    """Yield one finding per node whose chain drops; a rejecting firewall has a check of its own."""
    for one in filters.blocked:
        if one.prohibited:
            continue
        node = one.subject.name if one.subject.kind == "Node" else ""
        what = "an unconditional rule" if one.rule else "the policy"
        yield Finding(
            subject=one.subject,
            message=f"{one.chain}: {what} drops what pods send through the node, nothing accepts "
            "it before",
            quotes=one.quotes,
            remedy=(
                look(
                    "See whether the counter grows while a pod fails, and what accepts pods",
                    f"iptables -nvL FORWARD; iptables -S  # on {quoted(node, 'node')}",
                    "iptables-legacy-save -t filter | grep -c FORWARD",
                    verify="the counter grows: that is the fault",
                ),
                restart_add_on(node, add_on=add_on.name if add_on else ""),
                Remedy(
                    title="Or accept forwarded packets",
                    commands=(
                        "iptables -P FORWARD ACCEPT",
                        'ufw: DEFAULT_FORWARD_POLICY="ACCEPT" in /etc/default/ufw; Docker: '
                        '"ip-forward-no-drop": true in /etc/docker/daemon.json',
                    ),
                    risk=Risk.MANUAL,
                    verify="kubectl exec <pod> -- nslookup kubernetes.default",
                    why="lost at the next start unless the program that sets it is told",
                ),
            ),
            proven=one.whole,
        )
