"""The upstream answers with SERVFAIL or REFUSED.

CoreDNS passes such an answer on and logs no error: only the query log shows it, by the flag `ra`,
or who asks the upstream itself. By itself forward asks no other server then.

Limits: one broken domain is the domain's own matter; so only several names prove it.
Source: coredns/coredns v1.12.0, plugin/forward/forward.go (ServeDNS), plugin/log/log.go; option
failover since v1.13.0; RFC 1035 section 4.1.1.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import Corefile, UpstreamAnswers
from diagnose.facts.lookups import Outcome
from diagnose.facts.upstream_answers import ErrorAnswer
from diagnose.findings import times
from diagnose.model import Finding, Remedy, Severity
from diagnose.remedies import edit_corefile, look, quoted

MANY = 3  # names of different domains; fewer may be broken themselves
FEW = 2


@check(
    title="The upstream answers with SERVFAIL or REFUSED",
    severity=Severity.WARNING,
    family="upstream-refused",
    explains=("external-names-fail",),
)
def upstream_servfail(answers: UpstreamAnswers, corefile: Corefile | None) -> Iterator[Finding]:
    """Yield one finding per pod or server and code; proven where several domains fail."""
    upstreams = ", ".join(corefile.upstreams(".")) if corefile else ""
    for one in answers.errors:
        if one.count < FEW and not one.server:
            continue
        domains = {".".join(name.split(".")[-2:]) for name in one.names}
        many = len(domains) >= MANY or one.always
        names = f"for {', '.join(one.names[:3])}" if one.names else "and nothing else"
        yield Finding(
            subject=one.subject,
            message=f"{one.server or upstreams or 'the upstream'} answers {one.outcome.value} "
            f"{names} ({times(one.count)})",
            quotes=one.quotes,
            remedy=steps(one),
            severity=Severity.CRITICAL if many else None,
            proven=many,
            at=one.at,
        )


def steps(one: ErrorAnswer) -> tuple[Remedy, ...]:
    """Return the remedy: the same question to the upstream, without DNSSEC too, then another."""
    server = quoted(one.server, "<upstream>")
    name = quoted(one.names[0] if one.names else "", "<name>")
    what = (
        "SERVFAIL without +cd and NOERROR with it: DNSSEC (its clock, or the zone's signatures)"
        if one.outcome is Outcome.SERVFAIL
        else "REFUSED: the server does not serve this network, or not this zone"
    )
    return (
        look(
            "Ask the upstream itself, once without checking signatures",
            f"dig @{server} {name}",
            f"dig +cd @{server} {name}",
            f"dig @<another resolver> {name}",
            verify=what,
        ),
        edit_corefile(
            "Forward to a resolver that answers; since CoreDNS 1.13.0 failover SERVFAIL REFUSED "
            "in the block of forward asks the next one",
            "upstream-servfail",
        ),
    )
