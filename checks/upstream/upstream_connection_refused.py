"""The upstream refuses CoreDNS's queries, or ends the connections that it accepted.

Where nothing listens, an ICMP port unreachable for UDP, or a reset for TCP, becomes "connection
refused". Kernels limit the rate of ICMP answers, so under load the same fault shows as a mixture
with timeouts. "Connection reset by peer" and EOF are another thing: something listens there,
accepted the connection and then ended it, a server that does not want this client or is overloaded,
or a machine between. On the port of DNS over TLS that is upstream-tls-failure.

Limits: a firewall that rejects with port unreachable looks the same. An answer with response code
REFUSED is another thing, and leaves no line in CoreDNS's log. EOF names no server.
Source: Linux udp(7), ECONNREFUSED; tcp(7), ECONNRESET; icmp(7), icmp_ratelimit; coredns/coredns
v1.12.0 plugin/errors/errors.go.
"""

from collections.abc import Iterator
from dataclasses import replace

from diagnose.check import check
from diagnose.facts import Corefile, ResolvConfs, UpstreamFailures
from diagnose.facts.upstream_failures import UpstreamFailure
from diagnose.findings import upstream_findings
from diagnose.model import Finding, Remedy, Severity
from diagnose.remedies import ask_upstream, look, name_upstream, quoted
from diagnose.signatures.trouble import Reason


@check(
    title="The upstream resolver refuses connections, or ends them",
    severity=Severity.CRITICAL,
    family="upstream-refused",
    explains=("external-names-fail", "hinfo-probe-unanswered", "upstream-timeout"),
)
def upstream_connection_refused(
    failures: UpstreamFailures, corefile: Corefile | None, resolvers: ResolvConfs | None
) -> Iterator[Finding]:
    """Yield one finding per server that refuses, and per server that ends connections."""
    yield from upstream_findings(
        failures,
        (Reason.REFUSED,),
        "{server} refuses: nothing listens there",
        lambda one: (ask_upstream(one.server, one.subject.node), name_upstream(one.server)),
        corefile=corefile,
        resolvers=resolvers,
    )
    plain = tuple(one for one in failures.failures if not one.over_tls)
    yield from upstream_findings(
        replace(failures, failures=plain),
        (Reason.RESET, Reason.EOF),
        "{server} accepts connections over TCP and ends them before an answer",
        ended,
        corefile=corefile,
        resolvers=resolvers,
    )


def ended(one: UpstreamFailure) -> tuple[Remedy, ...]:
    """Return the remedy: over which transport it answers, and whom, then another server."""
    address = quoted(one.server, "<upstream>")
    return (
        look(
            "Ask over UDP and over TCP, from the node and from a pod of that node",
            f"dig +time=2 +tries=1 @{address} example.com",
            f"dig +tcp +time=2 +tries=1 @{address} example.com",
            f"kdig +tls @{address} example.com  # where the Corefile says tls://",
            verify="TCP alone is ended: the server's own limit or access list, or a filter between",
        ),
        name_upstream(one.server),
    )
