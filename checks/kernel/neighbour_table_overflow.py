"""The kernel's table of neighbours (ARP, NDP) is full, so packets to further addresses are lost.

Limits: the counts of `ip neigh` against gc_thresh3 tell how far it is over.
Source: Linux v6.1 net/core/neighbour.c (neigh_alloc).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import KernelMessages
from diagnose.findings import times
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted
from diagnose.signatures.kernel import NEIGHBOUR_TABLE_FULL


@check(
    title="The neighbour table of a node is full",
    severity=Severity.CRITICAL,
    family="overlay",
    explains=("resolution-fails", "upstream-timeout", "apiserver-unreachable-timeout"),
)
def neighbour_table_overflow(messages: KernelMessages) -> Iterator[Finding]:
    """Yield one finding per node and table that overflows."""
    for one in messages.of(NEIGHBOUR_TABLE_FULL):
        family = "ipv6" if one.match["table"] == "ndisc_cache" else "ipv4"
        yield Finding(
            subject=one.subject,
            message=f"{one.match['table'] or 'the neighbour table'} overflows: packets to "
            f"addresses that are not in it are lost ({times(one.count)})",
            quotes=(one.match.quote,),
            remedy=(
                look(
                    "Count the entries against the limit",
                    f"ip neigh | wc -l; sysctl net.{family}.neigh.default.gc_thresh3"
                    f"  # on {quoted(one.subject.name, 'the node')}",
                    verify="as many as gc_thresh3: that is the fault",
                ),
                Remedy(
                    title="Raise the three limits together",
                    commands=(
                        f"sysctl -w net.{family}.neigh.default.gc_thresh1=4096 "
                        f"net.{family}.neigh.default.gc_thresh2=8192 "
                        f"net.{family}.neigh.default.gc_thresh3=16384",
                        "write them to /etc/sysctl.d/99-neigh.conf too",
                    ),
                    risk=Risk.MANUAL,
                    verify="dmesg -T | grep 'table overflow'  # nothing new",
                ),
            ),
            at=one.match.at,
        )
