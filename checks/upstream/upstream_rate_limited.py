"""The cloud's resolver drops queries above its rate limit.

AWS takes 1024 packets a second from a network interface for the resolver of its VPC. Where all
CoreDNS pods run on one node they share that one limit; what is above it is dropped without a word.

Limits: the count is of the whole interface, other link-local services (metadata, clock) included. A
single reading is of any time since the start of the node: a possibility.
Source: Linux v6.1 drivers/net/ethernet/amazon/ena/ena_ethtool.c (linklocal_allowance_exceeded);
Amazon VPC documentation, DNS quotas; Amazon EKS best practices, CoreDNS.
"""

from collections.abc import Iterator

from diagnose.check import NotApplicable, check
from diagnose.facts import ResolverLimitsExceeded
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity
from diagnose.remedies import edit_corefile, look, quoted


@check(
    title="The cloud drops queries above its rate limit",
    severity=Severity.WARNING,
    family="upstream-refused",
    explains=("upstream-timeout", "dns-intermittent-failures", "external-names-fail"),
)
def upstream_rate_limited(limits: ResolverLimitsExceeded) -> Iterator[Finding]:
    """Yield one finding per node whose interface exceeded the limit."""
    if not limits.counted:
        raise NotApplicable("no count of what the network driver of AWS (ENA) dropped was read")
    for one in limits.nodes:
        when = "between two readings" if one.grows else "since it started"
        yield Finding(
            subject=one.subject if one.subject.kind else CLUSTER,
            message=f"{one.dropped} packets to the cloud's resolver and its neighbours were "
            f"dropped {when}: more than 1024 a second",
            quotes=one.quotes,
            remedy=steps(quoted(one.subject.name, "the node")),
            proven=one.grows,
        )


def steps(node: str) -> tuple[Remedy, ...]:
    """Return the remedy: see that it goes on, then spread and cache."""
    return (
        look(
            "See that it goes on, and how many CoreDNS pods share the node",
            f"ethtool -S eth0 | grep linklocal_allowance_exceeded  # on {node}, twice",
            "kubectl -n kube-system get pods -l k8s-app=kube-dns -o wide",
            verify="the count grows; several pods on one node share its limit",
        ),
        Remedy(
            title="Spread CoreDNS over more nodes",
            commands=(
                "kubectl -n kube-system scale deployment coredns --replicas=<n>",
                "podAntiAffinity by kubernetes.io/hostname in the Deployment",
            ),
            risk=Risk.DISRUPTIVE,
            verify="the count stands still",
        ),
        edit_corefile("Cache for longer: cache 60, with prefetch", "upstream-rate-limited"),
        Remedy(
            title="Ask less: the node-local DNS cache, and a smaller ndots in busy workloads",
            commands=("kubectl apply -f nodelocaldns.yaml",),
            risk=Risk.DISRUPTIVE,
            verify="the count stands still",
        ),
    )
