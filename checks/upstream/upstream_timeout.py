"""The servers that CoreDNS forwards to do not answer it.

`plugin/errors: 2 NAME. TYPE: read udp A->B: i/o timeout` says: the query for NAME ended with
response code 2 (SERVFAIL), because B did not answer A in time. A name of two random numbers with
type HINFO is CoreDNS's own loop self-test, so nobody's application asked it; when nothing else
fails, the upstream may just ignore that type.

Limits: from the log alone it stays open whether the upstream is down, filters the pod's address, or
is not reachable from the pod network.
Source: coredns/coredns v1.12.0, plugin/errors/errors.go (ServeDNS), plugin/forward/connect.go.
"""

from collections.abc import Iterator
from dataclasses import replace

from diagnose.check import check
from diagnose.facts import Corefile, ResolvConfs, UpstreamFailures
from diagnose.findings import upstream_findings
from diagnose.model import Finding, Severity
from diagnose.remedies import ask_upstream, name_upstream
from diagnose.signatures.trouble import Reason


@check(
    title="The upstream resolver does not answer CoreDNS",
    severity=Severity.CRITICAL,
    family="upstream-timeout",
    explains=(
        "external-names-fail",
        "hinfo-probe-unanswered",
        "upstream-never-answers",
        "lookups-slow",
    ),
)
def upstream_timeout(
    failures: UpstreamFailures, corefile: Corefile | None, resolvers: ResolvConfs | None
) -> Iterator[Finding]:
    """Yield one finding per server that does not answer."""
    asked = tuple(one for one in failures.failures if not one.unhealthy)
    yield from upstream_findings(
        replace(failures, failures=asked),
        (Reason.TIMEOUT,),
        "{server} does not answer",
        lambda one: (ask_upstream(one.server, one.subject.node), name_upstream(one.server)),
        corefile=corefile,
        resolvers=resolvers,
    )
