"""Answers of the upstream cannot be read: too large for what CoreDNS asked for, or malformed.

Limits: up to CoreDNS 1.11.1 an answer larger than the buffer asked for is an unpacking error; later
versions ask again over TCP. Rubbish of a server that is no DNS server looks the same.
Source: miekg/dns v1.1, msg.go (ErrBuf, "overflow unpacking"); coredns/coredns pull 6277.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import Corefile, ResolvConfs, UpstreamFailures
from diagnose.findings import upstream_findings
from diagnose.model import Finding, Severity
from diagnose.remedies import ask_upstream, edit_corefile
from diagnose.signatures.trouble import Reason


@check(
    title="Answers of the upstream cannot be read",
    severity=Severity.WARNING,
    family="upstream-oversized",
    explains=("external-names-fail",),
)
def upstream_response_too_large(
    failures: UpstreamFailures, corefile: Corefile | None, resolvers: ResolvConfs | None
) -> Iterator[Finding]:
    """Yield one finding per server whose answers do not unpack."""
    yield from upstream_findings(
        failures,
        (Reason.OVERSIZED,),
        "answers of {server} do not fit the buffer that CoreDNS asked for",
        lambda one: (
            ask_upstream(one.server, one.subject.node),
            edit_corefile("Add bufsize 1232 to the block, or update CoreDNS", "upstream-resp*"),
        ),
        corefile=corefile,
        resolvers=resolvers,
    )
    yield from upstream_findings(
        failures,
        (Reason.GARBAGE,),
        "{server} answers what is not DNS",
        lambda one: (ask_upstream(one.server, one.subject.node),),
        corefile=corefile,
        resolvers=resolvers,
        certain=False,
    )
