"""Programs wait for each other's lock on iptables.

Limits: a wait now and then is routine where several programs write rules.
Source: netfilter iptables 1.8.9, iptables/xshared.c (xtables_lock).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import ProxyFailures
from diagnose.facts.logs import Match
from diagnose.findings import proxy_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look
from diagnose.signatures.kernel import XTABLES_LOCKED

FEW = 3


@check(
    title="Another program holds the lock of iptables",
    severity=Severity.WARNING,
    family="iptables-unusable",
    explains=("kube-proxy-iptables-sync-failed",),
)
def xtables_lock_contention(failures: ProxyFailures) -> Iterator[Finding]:
    """Yield one finding per kube-proxy that waits for the lock again and again."""
    yield from proxy_findings(failures, (XTABLES_LOCKED,), message, steps, least=FEW)


def message(_: Match) -> str:
    """Return what the lines say, in our words."""
    return "another program holds the lock of iptables when kube-proxy writes"


def steps(_: Match, node: str) -> tuple[Remedy, ...]:
    """Return the remedy: measure, then fewer writers or fewer rules."""
    return (
        look(
            "See how many rules there are, how long one call takes, and who holds the lock",
            "iptables-save | wc -l; time iptables-save -t nat >/dev/null"
            f"  # on {node or 'the node'}",
            "fuser -v /run/xtables.lock",
            verify="seconds for one call, or the name of the other writer",
        ),
        Remedy(
            title="Fewer writers at short intervals, or kube-proxy in nftables mode",
            commands=("kubectl -n kube-system edit configmap kube-proxy  # mode: nftables",),
            risk=Risk.DISRUPTIVE,
            verify="corediag run --check xtables-lock-contention",
        ),
    )
