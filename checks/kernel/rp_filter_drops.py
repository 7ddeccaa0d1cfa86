"""The reverse path filter drops packets of pods: they come from where the node has no route back.

Limits: the kernel only logs it with log_martians, and for other bad sources too. So it is proven
only where the interface's strict mode is seen as well. Its counter does not tell whose packets were
dropped: with a strict filter on a node with two ways out it is worth a note.
Source: Linux v6.1 net/ipv4/route.c (ip_handle_martian_source), net/ipv4/fib_frontend.c
(__fib_validate_source); Documentation/networking/ip-sysctl.rst (rp_filter).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import ReversePathDrops
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted


@check(
    title="The reverse path filter drops packets of pods",
    severity=Severity.WARNING,
    family="forward-drop",
    explains=(
        "resolution-fails",
        "upstream-timeout",
        "apiserver-unreachable-timeout",
        "pod-forwarding-broken",
        "pod-network-cross-node-broken",
    ),
)
def rp_filter_drops(drops: ReversePathDrops) -> Iterator[Finding]:
    """Yield one finding per node and interface; what only the counter tells is a note."""
    for one in drops.drops:
        names = [f"net.ipv4.conf.{each}.rp_filter" for each in (one.interface, "all")]
        remote = quoted(one.remote, "<the sender>")
        yield Finding(
            subject=one.subject,
            message=one.message,
            quotes=one.quotes,
            remedy=(
                look(
                    "See whether the counter grows while a probe fails",
                    "nstat -az TcpExtIPReversePathFilter"
                    f"  # on {quoted(one.subject.name, 'the node')}",
                    f"sysctl net.ipv4.conf.all.rp_filter {names[0]}",
                    f"ip route get {remote}",
                    verify="it grows, and the route leaves by another interface",
                ),
                Remedy(
                    title="Use the loose mode, or correct the route",
                    commands=(
                        f"sysctl -w net.ipv4.conf.all.rp_filter=2 {names[0]}=2",
                        "write both to /etc/sysctl.d/99-rp-filter.conf too",
                    ),
                    risk=Risk.MANUAL,
                    verify="the probe succeeds and the counter stands still",
                    why="the higher of both values holds for an interface",
                ),
            ),
            proven=one.certain,
            severity=Severity.INFO if one.noted else None,
            at=one.at,
        )
