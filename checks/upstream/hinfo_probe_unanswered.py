"""Only the loop plugin's own HINFO query goes unanswered.

Some resolvers drop queries of type HINFO. The self-test then times out at each start, and no
application is hurt.

Limits: a log that shows nothing but the self-test cannot tell this from an upstream that answers
nothing; CoreDNS sends it seconds after its start, when no client has asked yet.
Source: coredns/coredns v1.12.0, plugin/loop/setup.go (exchange); RFC 8482 for ANY-like refusals.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import UpstreamFailures
from diagnose.model import Finding, Severity
from diagnose.remedies import ask_upstream
from diagnose.signatures.trouble import Reason


@check(
    title="Only the loop self-test goes unanswered",
    severity=Severity.INFO,
    family="upstream-timeout",
)
def hinfo_probe_unanswered(failures: UpstreamFailures) -> Iterator[Finding]:
    """Yield one finding per server that fails for nothing but the self-test."""
    hurt = {one.server for one in failures.failures if not one.probe_only}
    for one in failures.failures:
        unasked = one.trouble.reason is Reason.ADDRESS_INVALID  # the Corefile's fault, not theirs
        if one.probe_only and one.server not in hurt and not unasked:
            yield Finding(
                subject=one.subject,
                message=f"CoreDNS's own HINFO query to {one.server or 'its upstream'} is the only "
                "one that fails; no application asked it",
                quotes=(one.quote,),
                remedy=ask_upstream(one.server, one.subject.node),
                proven=False,
                at=one.first_at,
            )
