"""The kernel of CoreDNS's node does not let its queries out.

A write to a socket fails with EPERM when a packet filter rule or a policy drops it on the way out,
and when the connection tracking table is full.

Limits: the line does not tell these apart, so it is a possibility.
Source: Linux sendto(2), EPERM; netfilter nf_conntrack (table full, dropping packet).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import Corefile, ResolvConfs, UpstreamFailures
from diagnose.findings import upstream_findings
from diagnose.model import Finding, Severity
from diagnose.remedies import look, quoted
from diagnose.signatures.trouble import Reason


@check(
    title="CoreDNS may not send to its upstream",
    severity=Severity.CRITICAL,
    family="network-policy",
    explains=("external-names-fail", "hinfo-probe-unanswered", "upstream-timeout"),
)
def upstream_operation_not_permitted(
    failures: UpstreamFailures, corefile: Corefile | None, resolvers: ResolvConfs | None
) -> Iterator[Finding]:
    """Yield one finding per server to which the kernel refuses to send; never proven."""
    yield from upstream_findings(
        failures,
        (Reason.NOT_PERMITTED,),
        "the kernel refuses to send to {server}: a policy, a rule, or a full conntrack table",
        lambda one: (
            look(
                "Find who drops it",
                "kubectl get networkpolicies -A",
                "iptables -S OUTPUT; dmesg | grep 'nf_conntrack: table full'"
                f"  # on {quoted(one.subject.node, 'the node')}",
                verify="a policy without egress to port 53, a dropping rule, or the full table",
            ),
        ),
        corefile=corefile,
        resolvers=resolvers,
        certain=False,
    )
