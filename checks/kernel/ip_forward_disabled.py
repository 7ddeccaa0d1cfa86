"""A node does not forward packets, so its pods reach nothing beyond it.

Limits: a reading without a node's name may be of a pod or another machine; it is a possibility.
Source: Linux Documentation/networking/ip-sysctl.rst; kubernetes/kubernetes v1.29
cmd/kubeadm/app/preflight/checks.go (FileContentCheck).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import Sysctls
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted

SETTINGS = ("net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding")
OFF = ("0", "not 1")


@check(
    title="IP forwarding is off on a node",
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
def ip_forward_disabled(settings: Sysctls) -> Iterator[Finding]:
    """Yield one finding per node whose kernel does not forward IPv4."""
    off = [one for one in settings.named(*SETTINGS) if one.value in OFF]
    for one in {each.subject: each for each in reversed(off)}.values():
        node = one.subject.name
        yield Finding(
            subject=one.subject if one.subject.kind else CLUSTER,
            message=f"{one.name} is {one.value}: packets of pods do not leave the node",
            quotes=(one.quote,),
            remedy=(
                look(
                    "See who sets it to 0",
                    "grep -rs ip_forward /etc/sysctl.conf /etc/sysctl.d /run/sysctl.d "
                    f"/usr/lib/sysctl.d  # on {quoted(node, 'the node')}",
                    verify="the last file in order wins",
                ),
                Remedy(
                    title="Switch it on, now and at every start",
                    commands=(
                        "sysctl -w net.ipv4.ip_forward=1",
                        "echo net.ipv4.ip_forward=1 > /etc/sysctl.d/99-kubernetes.conf",
                    ),
                    risk=Risk.MANUAL,
                    verify="sysctl --system && sysctl net.ipv4.ip_forward  # 1",
                ),
            ),
            proven=one.subject.kind == "Node" or one.value != "0",
        )
