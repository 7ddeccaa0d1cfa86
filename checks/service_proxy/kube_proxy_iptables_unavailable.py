"""kube-proxy finds no iptables that it can use, and ends.

The image has none, or kube-proxy may not use it.

Limits: in nftables mode the nft command is what may be missing; that is kube-proxy-nftables-failed.
Source: kubernetes/kubernetes v1.35.4, cmd/kube-proxy/app/server_linux.go (platformCheckSupported).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import ProxyFailures
from diagnose.facts.logs import Match
from diagnose.findings import proxy_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, restart_kube_proxy
from diagnose.signatures.kube_proxy import IPTABLES_UNAVAILABLE

OTHERS = ("nftables", "nft ", "sysctl")  # other checks' matters


@check(
    title="kube-proxy finds no usable iptables",
    severity=Severity.CRITICAL,
    family="iptables-unusable",
    explains=("kube-proxy-not-running", "service-proxy-rules-missing"),
)
def kube_proxy_iptables_unavailable(failures: ProxyFailures) -> Iterator[Finding]:
    """Yield one finding per kube-proxy that ends for want of iptables."""
    yield from proxy_findings(
        failures,
        (IPTABLES_UNAVAILABLE,),
        message,
        steps,
        proven=lambda one: "iptables" in one.match.quote.text or bool(meant(one.match["reason"])),
    )


def message(match: Match) -> str:
    """Return why iptables cannot be used; "" where the line is another check's."""
    reason = match["reason"]
    if any(word in reason for word in OTHERS):
        return ""
    return meant(reason) or f"iptables cannot be used: {reason[:120]}"


def meant(reason: str) -> str:
    """Return what a reason says of iptables; "" for another reason, or half of one."""
    if "executable file not found" in reason:
        return "its image has no iptables"
    if "Permission denied" in reason or "not permitted" in reason:
        return "it may not use iptables: it is not privileged, or a security module forbids it"
    return ""


def steps(_: Match, node: str) -> tuple[Remedy, ...]:
    """Return the remedy: image and privileges, then kube-proxy."""
    return (
        look(
            "See kube-proxy's image and privileges",
            "kubectl -n kube-system get daemonset kube-proxy -o yaml "
            "| grep -E 'image:|privileged|capabilities' -A2",
            verify="the release's own image registry.k8s.io/kube-proxy, privileged: true",
        ),
        Remedy(
            title="Put the release's image and the privilege back",
            commands=("kubeadm init phase addon kube-proxy",),
            risk=Risk.DISRUPTIVE,
            verify="kubectl -n kube-system rollout status daemonset kube-proxy",
        ),
        restart_kube_proxy(node),
    )
