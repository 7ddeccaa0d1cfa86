"""Weave Net does not start: its range of addresses overlaps a route of the host.

Weave takes 10.32.0.0/12 unless it is told otherwise, which holds the ranges of many sites, clouds
and VPNs. It refuses to start rather than to take their packets, so no pod gets a network.

Limits: the route may be a leftover of another network add-on.
Source: weaveworks/weave v2.5.0, net/netcheck.go (CheckNetworkFree), prog/weave-kube/launch.sh
(IPALLOC_RANGE).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import SandboxFailures
from diagnose.facts.logs import Match
from diagnose.findings import sandbox_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted, stuck_pods_go_on
from diagnose.signatures.cni import WEAVE_OVERLAPS


@check(
    title="Weave Net's range overlaps a route of the host",
    severity=Severity.CRITICAL,
    family="overlay",
    explains=(
        "pods-stuck-container-creating",
        "cni-config-uninitialized",
        "weave-allocator-unreachable",
    ),
)
def weave_range_overlaps(failures: SandboxFailures) -> Iterator[Finding]:
    """Yield one finding per place where Weave Net refuses its range."""
    yield from sandbox_findings(failures, (WEAVE_OVERLAPS,), message, steps)


def message(match: Match) -> str:
    """Return both ranges."""
    return f"weave-net does not start: {match['range']} overlaps the host's {match['route']}"


def steps(match: Match, node: str) -> tuple[Remedy, ...]:
    """Return the remedy: whose the route is, then another range."""
    return (
        look(
            "See whose route it is",
            f"ip route show {quoted(match['route'], '<route>')}  # on {node}",
            verify="the device: the site's, a VPN's, or a leftover bridge",
        ),
        Remedy(
            title="Give Weave Net a range that nobody has, or remove the leftover",
            commands=(
                "kubectl -n kube-system set env daemonset/weave-net -c weave IPALLOC_RANGE=<range>",
                "rm /var/lib/weave/weave-netdata.db  # on each node, if it had run before",
            ),
            risk=Risk.DISRUPTIVE,
            verify="kubectl -n kube-system get pods -l name=weave-net  # 2/2",
            why="kube-proxy's --cluster-cidr has to be the same range",
        ),
        stuck_pods_go_on(),
    )
