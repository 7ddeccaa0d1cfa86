"""Connection tracking drops one of two queries that a resolver sends at once.

glibc and musl send A and AAAA from one socket in the same moment. Through a Service address both
packets make an entry of connection tracking; where they race, the second cannot be inserted and is
dropped. The resolver asks again after five seconds, so a part of all look-ups takes 5 s.

Limits: a possibility: failed insertions have other origins, and a query that is lost elsewhere
takes five seconds too. What is slow when a CoreDNS pod's own address is asked is another fault.
Source: Linux v6.1 net/netfilter/nf_conntrack_core.c (__nf_conntrack_confirm); kubernetes/kubernetes
issue 56903; weaveworks/weave issue 3287.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import ConntrackRaces
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity
from diagnose.remedies import look


@check(
    title="Parallel queries race in connection tracking",
    severity=Severity.WARNING,
    family="conntrack",
    explains=("dns-intermittent-failures", "dns-latency-high", "lookups-slow"),
)
def conntrack_race(races: ConntrackRaces) -> Iterator[Finding]:
    """Yield one finding per node that counts failed insertions; a possibility."""
    for one in races.races:
        since = "between two readings" if one.grows else "since it started"
        yield Finding(
            subject=one.subject if one.subject.kind else CLUSTER,
            message=f"of two queries that a client sent at once one was never answered; it asked "
            f"again after {one.after_s:.1f} s"
            if one.after_s
            else f"{one.failed} entries of connection tracking could not be inserted {since}, "
            f"and {one.slow} of {one.asked} look-ups took as long as a resolver waits (5 s)",
            quotes=one.quotes,
            remedy=steps(),
            proven=False,
        )


def steps() -> tuple[Remedy, ...]:
    """Return the remedy: measure, then take DNS past the race."""
    return (
        look(
            "Measure whether only some look-ups through the Service take 5 s",
            "for i in $(seq 200); do time getent ahosts kubernetes.default; done  # in a pod",
            "watch -d conntrack -S  # on its node, meanwhile",
            "dig @<CoreDNS pod IP> kubernetes.default.svc.cluster.local  # never slow",
            verify="insert_failed grows with the slow ones; the pod's own address is never slow",
        ),
        Remedy(
            title="Run the node-local DNS cache",
            commands=("kubectl apply -f nodelocaldns.yaml",),
            risk=Risk.DISRUPTIVE,
            verify="no look-up of 200 takes 5 s",
            why="queries to it are not tracked, and it asks CoreDNS over TCP",
        ),
        Remedy(
            title="Or have the pods' resolver use a socket for each query",
            commands=("spec.dnsConfig.options: [{name: single-request-reopen}]  # glibc alone",),
            risk=Risk.DISRUPTIVE,
            verify="no look-up of 200 takes 5 s",
        ),
        Remedy(
            title="Or update the kernel: 5.0 and later resolve most of these races",
            commands=("drain, update and restart the nodes one by one",),
            risk=Risk.DISRUPTIVE,
            verify="conntrack -S  # insert_failed stands still",
        ),
    )
