"""flannel cannot write its masquerade rules, so packets of pods leave with addresses nobody knows.

Limits: which reason stands behind it the rest of the line says; a missing table of the kernel has a
check of its own.
Source: flannel-io/flannel v0.26.7, main.go, pkg/trafficmngr/iptables/iptables.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import FlannelFailures
from diagnose.facts.logs import Match
from diagnose.findings import flannel_findings
from diagnose.model import Finding, Remedy, Severity
from diagnose.remedies import look, quoted, restart_flannel, restart_kube_proxy
from diagnose.signatures.flannel import MASQUERADE_FAILED


@check(
    title="flannel cannot write its masquerade rules",
    severity=Severity.CRITICAL,
    family="iptables-unusable",
    explains=(
        "flannel-daemonset-failing",
        "flannel-subnet-env-missing",
        "upstream-timeout",
        "apiserver-unreachable-timeout",
        "pod-egress-broken",
    ),
)
def flannel_masquerade_failed(failures: FlannelFailures) -> Iterator[Finding]:
    """Yield one finding per flannel pod that says so."""
    yield from flannel_findings(failures, (MASQUERADE_FAILED,), message, steps)


def message(match: Match) -> str:
    """Return why not, as flannel says it."""
    return f"no masquerade rules: {match['reason'][:160] or 'no reason is given'}"


def steps(match: Match) -> tuple[Remedy, ...]:
    """Return the remedy: an iptables that works, then kube-proxy's and flannel's rules again."""
    node = match.subject.node
    return (
        look(
            "See whether iptables works on the node, and which rules masquerade",
            f"iptables -t nat -S POSTROUTING; iptables --version  # on {quoted(node, 'the node')}",
            "kubectl -n kube-flannel get daemonset kube-flannel-ds -o yaml | grep -A8 security",
            verify="an error: the kernel or the binary; none: the container's privileges",
        ),
        restart_kube_proxy(node),
        restart_flannel(node),
    )
