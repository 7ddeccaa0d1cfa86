"""kube-proxy may not set a kernel parameter, and ends.

It sets the size of the connection table, and route_localnet for node ports. In a node that is
itself a container, or with /proc/sys mounted read-only, it may not.

Limits: a value that the node has already is not written, so the cure is to set it outside.
Source: kubernetes/kubernetes v1.19 and v1.35.4, cmd/kube-proxy/app/conntrack.go,
pkg/proxy/iptables/proxier.go (NewProxier).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import ProxyFailures
from diagnose.facts.logs import Match
from diagnose.findings import proxy_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, restart_kube_proxy
from diagnose.signatures.kube_proxy import CONNTRACK_DENIED, IPTABLES_UNAVAILABLE


@check(
    title="kube-proxy may not set kernel parameters",
    severity=Severity.CRITICAL,
    family="service-proxy",
    explains=("kube-proxy-not-running", "service-proxy-rules-missing"),
)
def kube_proxy_conntrack_sysctl_denied(failures: ProxyFailures) -> Iterator[Finding]:
    """Yield one finding per kube-proxy that ends because it may not write a parameter."""
    yield from proxy_findings(failures, (CONNTRACK_DENIED, IPTABLES_UNAVAILABLE), message, steps)


def message(match: Match) -> str:
    """Return which parameter could not be set, and why; "" where the line is of another kind."""
    if match.signature == IPTABLES_UNAVAILABLE.name:
        return match["reason"].strip('"')[:160] if "sysctl" in match["reason"] else ""
    return f"{match['sysctl'] or 'nf_conntrack hashsize'} cannot be set: {match['reason']}"


def steps(match: Match, node: str) -> tuple[Remedy, ...]:
    """Return the remedy: set it outside, or tell kube-proxy to leave it."""
    where = node or "the node"
    return (
        look(
            "See the value and whether /proc/sys can be written",
            f"sysctl net.netfilter.nf_conntrack_max; findmnt /proc/sys  # on {where}",
            verify="smaller than kube-proxy wants (32768 for each core), or mounted ro",
        ),
        Remedy(
            title="Tell kube-proxy to leave the connection table as it is",
            commands=(
                "kubectl -n kube-system edit configmap kube-proxy"
                "  # conntrack: {maxPerCore: 0, min: 0}",
            ),
            risk=Risk.DISRUPTIVE,
            verify="kubectl -n kube-system get configmap kube-proxy -o yaml | grep maxPerCore",
        )
        if match["sysctl"]
        else Remedy(
            title="Let kube-proxy write /proc/sys, or leave node ports off the loopback",
            commands=(
                "kubectl -n kube-system edit configmap kube-proxy"
                "  # iptables: {localhostNodePorts: false}",
            ),
            risk=Risk.DISRUPTIVE,
            verify="kubectl -n kube-system rollout status daemonset kube-proxy",
        ),
        Remedy(
            title="Or set it on the machine that carries the node",
            commands=("sysctl -w net.netfilter.nf_conntrack_max=524288",),
            risk=Risk.SAFE,
            verify="sysctl net.netfilter.nf_conntrack_max",
        ),
        restart_kube_proxy(node),
    )
