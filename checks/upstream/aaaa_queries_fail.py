"""Asking for a name's IPv6 addresses fails, although its IPv4 addresses are found.

Resolvers ask for both and wait for both. A server on the way that does not know AAAA, or answers it
with an error, makes each look-up of the name slow or fail: glibc reports a temporary failure, musl
none of the addresses that it has.

NXDOMAIN for one type of a name that exists says that two sources answer for it, often an entry of
the plugin hosts or a rule of the Corefile for IPv4, and the upstream for the rest.

Limits: which server on the way fails for it is not told: the upstream, the name's own servers, or a
rule of the Corefile. It is a possibility, since minutes may lie between the two questions.
Source: RFC 4074 (common misbehaviour against queries for IPv6 addresses); RFC 3596; bind9 v9.18
bin/dig/nslookup.c (A, then AAAA); musl 1.2.4 src/network/lookup_name.c (name_from_dns).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import Lookups
from diagnose.facts.lookup_contrasts import by_type
from diagnose.facts.lookups import Outcome
from diagnose.facts.names import external, normal
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted


@check(
    title="Queries for IPv6 addresses alone fail",
    severity=Severity.WARNING,
    family="dual-stack",
    explains=("external-names-fail", "dns-intermittent-failures"),
)
def aaaa_queries_fail(lookups: Lookups) -> Iterator[Finding]:
    """Yield one finding per server and name."""
    for pair in by_type(lookups.lookups):
        failed = pair.failed
        far = external(failed.name) and failed.outcome is not Outcome.NXDOMAIN
        name, server = quoted(normal(failed.name), "<name>"), quoted(failed.server, "<server>")
        yield Finding(
            subject=failed.place if failed.place.kind else CLUSTER,
            message=f"{failed.outcome.value} for AAAA of {normal(failed.name)}, of which "
            f"{', '.join(pair.found.answers[:2])} is found",
            quotes=(failed.quote, pair.found.quote),
            remedy=(
                look(
                    "Find the server that fails for AAAA: the cluster's, its upstream, the name's",
                    f"dig @{server} {name} AAAA",
                    f"dig @<upstream of CoreDNS> {name} AAAA",
                    f"dig +trace {name} AAAA",
                    verify="the first that answers NOERROR stands before the one that fails",
                ),
                Remedy(
                    title="Where it cannot be repaired: answer AAAA of that zone in CoreDNS",
                    commands=(
                        "template IN AAAA <zone> { rcode NOERROR }  # in the Corefile",
                        "kubectl -n kube-system edit configmap coredns",
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify=f"dig @{server} {name} AAAA  # NOERROR without an answer",
                    why="clients take the IPv4 address at once; IPv6 is not used for the zone then",
                ),
            ),
            proven=False,
            family="" if far else "corefile-domain",
        )
