"""Nothing listens at the upstream's port: it refuses CoreDNS's queries.

An ICMP port unreachable for UDP, or a reset for TCP, becomes "connection refused". Kernels limit
the rate of ICMP answers, so under load the same fault shows as a mixture with timeouts.

Limits: a firewall that rejects with port unreachable looks the same. An answer with response code
REFUSED is another thing, and leaves no line in CoreDNS's log.
Source: Linux udp(7), ECONNREFUSED; icmp(7), icmp_ratelimit; coredns/coredns v1.12.0
plugin/errors/errors.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import Corefile, ResolvConfs, UpstreamFailures
from diagnose.findings import upstream_findings
from diagnose.model import Finding, Severity
from diagnose.remedies import ask_upstream, name_upstream
from diagnose.signatures.trouble import Reason


@check(
    title="The upstream resolver refuses the connection",
    severity=Severity.CRITICAL,
    family="upstream-refused",
    explains=("external-names-fail", "hinfo-probe-unanswered", "upstream-timeout"),
)
def upstream_connection_refused(
    failures: UpstreamFailures, corefile: Corefile | None, resolvers: ResolvConfs | None
) -> Iterator[Finding]:
    """Yield one finding per server that refuses."""
    yield from upstream_findings(
        failures,
        (Reason.REFUSED, Reason.RESET, Reason.EOF),
        "{server} refuses: nothing listens there",
        lambda one: (ask_upstream(one.server, one.subject.node), name_upstream(one.server)),
        corefile=corefile,
        resolvers=resolvers,
    )
