"""The table of tracked connections is full, so new ones are dropped: of DNS, nearly each query.

Every UDP query through a Service address takes an entry for half a minute and more.

Source: Linux v6.1 net/netfilter/nf_conntrack_core.c (__nf_conntrack_alloc).
Limits: the kernel prints the line at most every five seconds, so its count says little.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import KernelMessages
from diagnose.findings import times
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted
from diagnose.signatures.kernel import CONNTRACK_FULL


@check(
    title="The connection tracking table is full",
    severity=Severity.CRITICAL,
    family="conntrack",
    explains=(
        "resolution-fails",
        "upstream-timeout",
        "upstream-operation-not-permitted",
        "apiserver-unreachable-timeout",
    ),
)
def conntrack_table_full(messages: KernelMessages) -> Iterator[Finding]:
    """Yield one finding per node that drops packets for it."""
    for one in messages.of(CONNTRACK_FULL):
        node = one.subject.name
        yield Finding(
            subject=one.subject,
            message=f"the kernel drops packets of new connections ({times(one.count)})",
            quotes=(one.match.quote,),
            remedy=(
                look(
                    "See how full the table is, and who fills it",
                    "sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max"
                    f"  # on {quoted(node, 'the node')}",
                    "conntrack -L 2>/dev/null | awk '{print $1, $5}' | sort | uniq -c | "
                    "sort -rn | head",
                    verify="count near max: that is the fault",
                ),
                Remedy(
                    title="Raise the limit",
                    commands=(
                        "sysctl -w net.netfilter.nf_conntrack_max=524288",
                        "set conntrack.maxPerCore in kube-proxy's configuration, which sets it "
                        "again at each start",
                    ),
                    risk=Risk.MANUAL,
                    verify="dmesg -T | grep 'table full'  # nothing new",
                ),
                Remedy(
                    title="Take DNS out of the table: run the node-local DNS cache",
                    commands=("kubectl apply -f nodelocaldns.yaml",),
                    risk=Risk.DISRUPTIVE,
                    verify="sysctl net.netfilter.nf_conntrack_count  # falls",
                    why="its NOTRACK rules keep queries to it out of the table",
                ),
            ),
            at=one.match.at,
        )
