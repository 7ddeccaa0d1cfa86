"""Packets between pods of one bridge pass the service rules by: br_netfilter is not loaded.

flannel from 0.26 on ends at its start without the module. Where it does not, a pod that asks the
DNS service and is served by a CoreDNS pod on the same bridge gets the answer from the pod's
address and discards it.

Limits: kube-proxy looks once, at its start, and says the same where the network add-on has no
Linux bridge and nothing depends on the module.
Source: flannel-io/flannel v0.26.7, main.go ("Failed to check br_netfilter"); kubernetes/kubernetes
v1.25, pkg/proxy/iptables/proxier.go (NewProxier); Linux net/bridge/br_netfilter_hooks.c.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import BridgeFilter, NetworkAddOn
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import FLANNEL, look, quoted, restart_flannel


@check(
    title="The kernel module br_netfilter is not loaded",
    severity=Severity.CRITICAL,
    family="forward-drop",
    explains=(
        "flannel-daemonset-failing",
        "flannel-subnet-env-missing",
        "cni-config-uninitialized",
        "resolution-fails",
        "dns-reply-from-unexpected-source",
        "dns-intermittent-failures",
        "external-names-fail",
        "internal-names-fail",
        "coredns-api-error-hidden",
    ),
)
def br_netfilter_not_loaded(
    bridges: BridgeFilter, add_on: NetworkAddOn | None
) -> Iterator[Finding]:
    """Yield one finding per node or pod that shows it."""
    for one in bridges.places:
        node = one.subject.name if one.subject.kind == "Node" else one.subject.node
        yield Finding(
            subject=one.subject,
            message=one.message,
            quotes=one.quotes[:3],
            remedy=(
                look(
                    "See whether the module is there and its setting is 1",
                    "lsmod | grep br_netfilter; sysctl net.bridge.bridge-nf-call-iptables"
                    f"  # on {quoted(node, 'the node')}",
                    verify="no line, or 0: that is the fault",
                ),
                Remedy(
                    title="Load it, now and at every start",
                    commands=(
                        "modprobe br_netfilter",
                        "echo br_netfilter > /etc/modules-load.d/k8s.conf",
                        "sysctl -w net.bridge.bridge-nf-call-iptables=1 "
                        "net.bridge.bridge-nf-call-ip6tables=1",
                        "write both lines to /etc/sysctl.d/k8s.conf too",
                    ),
                    risk=Risk.MANUAL,
                    verify="sysctl net.bridge.bridge-nf-call-iptables  # 1",
                    why="on every node, since each is asked for it when flannel starts there",
                ),
                *((restart_flannel(node),) if add_on and add_on.name == FLANNEL else ()),
            ),
            proven=one.proven,
        )
