"""kube-proxy in nftables mode cannot apply its table.

Limits: the first listing of a table that does not exist yet fails rightly.
Source: kubernetes/kubernetes v1.31, pkg/proxy/nftables/proxier.go (syncProxyRules) and
supported.go; v1.35.4, pkg/proxy/nftables/proxier.go (NewDualStackProxier).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import ProxyFailures
from diagnose.facts.logs import Match
from diagnose.findings import proxy_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, restart_kube_proxy
from diagnose.signatures.kube_proxy import IPTABLES_UNAVAILABLE, NFTABLES_FAILED


@check(
    title="kube-proxy cannot apply its nftables table",
    severity=Severity.CRITICAL,
    family="service-proxy",
    explains=(
        "kube-proxy-not-running",
        "service-proxy-rules-missing",
        "service-proxy-rules-stale",
    ),
)
def kube_proxy_nftables_failed(failures: ProxyFailures) -> Iterator[Finding]:
    """Yield one finding per kube-proxy whose nftables table cannot be applied."""
    yield from proxy_findings(failures, (NFTABLES_FAILED, IPTABLES_UNAVAILABLE), message, steps)


def message(match: Match) -> str:
    """Return why the table is not there; "" where the line is not of nftables."""
    text, reason = match.quote.text, match["reason"]
    if match["kernel"]:
        return f"its nftables mode needs kernel {match['kernel']} or later"
    if match.signature == IPTABLES_UNAVAILABLE.name and "nft" not in reason:
        return ""
    if "executable file not found" in text or "could not find nftables binary" in text:
        return "its image has no nft"
    if "not permitted" in reason or "Permission denied" in reason:
        return "it may not change nftables: it is not privileged"
    return f"its nftables table cannot be applied{': ' if reason else ''}{reason[:120]}"


def steps(_: Match, node: str) -> tuple[Remedy, ...]:
    """Return the remedy: versions and privileges, or iptables mode."""
    return (
        look(
            "See kernel, nft and kube-proxy's privileges",
            f"uname -r; nft --version; nft list table ip kube-proxy | head  # on "
            f"{node or 'the node'}",
            "kubectl -n kube-system get daemonset kube-proxy -o yaml | grep -E 'image:|privileged'",
            verify="kernel 5.13 and nft 1.0.1 at least, privileged: true",
        ),
        Remedy(
            title='Return to mode: "iptables" until node and image are new enough',
            commands=("kubectl -n kube-system edit configmap kube-proxy",),
            risk=Risk.DISRUPTIVE,
            verify="kubectl -n kube-system get configmap kube-proxy -o yaml | grep 'mode:'",
        ),
        restart_kube_proxy(node),
    )
