"""The table of tracked connections is full, so new ones are dropped: of DNS, nearly each query.

Every UDP query through a Service address takes an entry for half a minute and more.

The kernel's counts tell it as well: from 95 % of the limit on there is no room for a burst, from
99 % on it drops; and whatever the count of the moment, entries pushed out between two looks do.

Source: Linux v6.1 net/netfilter/nf_conntrack_core.c (__nf_conntrack_alloc, early_drop).
Limits: the kernel prints the line at most every five seconds, so its count says little. Counts are
of one moment.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import ConntrackTables
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted


@check(
    title="The connection tracking table is full",
    severity=Severity.CRITICAL,
    family="conntrack",
    explains=(
        "resolution-fails",
        "upstream-timeout",
        "upstream-operation-not-permitted",
        "apiserver-unreachable-timeout",
        "dns-intermittent-failures",
        "dns-udp-lost",
        "coredns-unreachable-from-apiserver",
        "coredns-metrics-unreachable",
        "dns-tcp-lost",
        "external-names-fail",
        "coredns-api-error-hidden",
        "coredns-replica-failing",
    ),
)
def conntrack_table_full(tables: ConntrackTables) -> Iterator[Finding]:
    """Yield one finding per node that drops packets for it, or is about to."""
    for one in tables.full:
        node = one.subject.name
        yield Finding(
            subject=one.subject,
            message=one.message,
            quotes=one.quotes,
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
            proven=one.proven,
            at=one.at,
        )
