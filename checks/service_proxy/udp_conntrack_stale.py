"""kube-proxy cannot remove old UDP entries from the connection table.

A client that keeps its source port goes on to the address that the entry names, also when that pod
of CoreDNS is gone.

Limits: that the clean-up fails is certain, that a client suffers from it is not.
Source: kubernetes/kubernetes v1.30, pkg/proxy/conntrack/cleanup.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import DNSServices, ProxyFailures
from diagnose.facts.logs import Match
from diagnose.findings import proxy_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look
from diagnose.signatures.kube_proxy import CONNTRACK_STALE


@check(
    title="Old UDP entries of the connection table stay",
    severity=Severity.WARNING,
    family="conntrack",
    explains=(
        "resolution-fails",
        "service-proxy-broken",
        "dns-udp-lost",
    ),
)
def udp_conntrack_stale(failures: ProxyFailures, services: DNSServices | None) -> Iterator[Finding]:
    """Yield one finding per kube-proxy whose clean-up of the connection table fails."""
    address = next(iter(services.addresses), "") if services else ""
    known = address or "<DNS service address>"

    def steps(_: Match, node: str) -> tuple[Remedy, ...]:
        """Return the remedy: see the entries, delete them, install the tool."""
        return (
            look(
                "Look for entries to pods that are gone",
                f"conntrack -L -p udp --orig-dst {known} --dport 53  # on {node or 'the node'}",
                "kubectl -n kube-system get pods -l k8s-app=kube-dns -o wide",
                verify="UNREPLIED entries whose src is no CoreDNS pod's address",
            ),
            Remedy(
                title="Delete them",
                commands=(f"conntrack -D -p udp --orig-dst {known} --dport 53",),
                risk=Risk.DISRUPTIVE,
                verify=f"conntrack -L -p udp --orig-dst {known} --dport 53",
            ),
            Remedy(
                title="Where the tool is missing, give it to kube-proxy",
                commands=("apt-get install -y conntrack || dnf install -y conntrack-tools",),
                risk=Risk.SAFE,
                verify="conntrack --version",
                why="the release's own image of kube-proxy holds it",
            ),
        )

    yield from proxy_findings(failures, (CONNTRACK_STALE,), message, steps, proven=lambda _: False)


def message(match: Match) -> str:
    """Return why the clean-up fails."""
    if "executable file not found" in match["reason"]:
        return "old UDP entries are not removed: the conntrack tool is missing"
    return "old UDP entries are not removed"
