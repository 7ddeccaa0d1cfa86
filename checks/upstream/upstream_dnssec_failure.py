"""The upstream fails for names because it does not accept their signatures (DNSSEC).

With checking disabled (the flag CD) it finds them; or it says so itself by an extended error.
Either the domain's signatures are broken, as for everybody, or the resolver's clock or trust
anchors are wrong, then for all signed domains; or a private domain lies below a signed one that
denies it.

Limits: one domain and the whole resolver are told apart by the number of domains alone.
Source: RFC 4035 section 3.2.2 (CD) and 5.5; RFC 8914 section 4 (codes 5 to 12).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import UpstreamAnswers
from diagnose.facts.upstream_answers import Bogus
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity
from diagnose.remedies import edit_corefile, look, quoted


@check(
    title="The upstream does not accept the signatures of names (DNSSEC)",
    severity=Severity.WARNING,
    family="upstream-refused",
    explains=("upstream-servfail", "external-names-fail"),
)
def upstream_dnssec_failure(answers: UpstreamAnswers) -> Iterator[Finding]:
    """Yield one finding per server that finds names only without checking their signatures."""
    for one in answers.bogus:
        domains = {".".join(name.split(".")[-2:]) for name in one.names}
        yield Finding(
            subject=CLUSTER,
            message=f"{one.server or 'the upstream'} answers SERVFAIL for "
            f"{', '.join(one.names[:3])}, and it is their signatures that it does not accept",
            quotes=one.quotes[:3],
            remedy=steps(one, alone=len(domains) == 1),
            at=one.at,
        )


def steps(one: Bogus, *, alone: bool) -> tuple[Remedy, ...]:
    """Return the remedy: whose fault it is, then the clock or an exception for the domain."""
    server, name = quoted(one.server, "<upstream>"), quoted(one.names[0], "<name>")
    return (
        look(
            "See whether every signed domain fails there, and whether others accept this one",
            f"dig +dnssec @{server} isc.org; date -u  # and the clock of the resolver",
            f"dig +dnssec @<another resolver that checks> {name}",
            verify="all fail: the resolver's clock or its trust anchors; this one fails everywhere "
            "too: the domain itself",
        ),
        Remedy(
            title="Where it is this domain alone, tell its owner; until then let the resolver "
            "take it unsigned"
            if alone
            else "Set the resolver's clock right, and renew its trust anchors",
            commands=(
                ("a negative trust anchor for it: rndc nta, unbound domain-insecure",)
                if alone
                else ("chronyc makestep; unbound-anchor  # on the resolver",)
            ),
            risk=Risk.MANUAL,
            verify=f"dig @{server} {name}",
            why="a private domain below a signed one needs such an exception for good",
        ),
        edit_corefile(
            "Or forward the domain to a resolver that serves it itself: a server block of its own",
            "upstream-dnssec-failure",
        ),
    )
