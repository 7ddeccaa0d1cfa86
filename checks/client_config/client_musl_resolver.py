"""A program on musl (Alpine) does not find a name that other resolvers find.

musl asks all name servers at once and takes the first answer. Up to 1.2.3 it has no TCP, so that an
answer which does not fit into a datagram is lost; and its search ends at the first suffix that is
answered without an address, or with a failure. Before 1.1.13 it does not search.

Limits: a possibility: the name may have come into being between the two look-ups, or the two were
made in different places. A musl program that says "Try again" got no answer, as others would.
Source: musl src/network/lookup_name.c (name_from_dns_search), res_msend.c, gai_strerror.c, 1.2.3;
musl WHATSNEW 1.2.4 (TCP).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import MuslLookups
from diagnose.findings import times
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted


@check(
    title="A client on musl does not find what others find",
    severity=Severity.WARNING,
    family="client-config",
    explains=("resolution-fails", "external-names-fail", "internal-names-fail"),
)
def client_musl_resolver(lookups: MuslLookups) -> Iterator[Finding]:
    """Yield one finding per name on which musl's resolver and another one disagree."""
    for one in lookups.names:
        yield Finding(
            subject=one.failed.place if one.failed.place.kind else CLUSTER,
            message=f"musl's resolver does not find {one.name} ({times(one.count)}), and "
            f"{one.found.tool} does: {', '.join(one.found.answers[:3])}",
            quotes=(one.failed.quote, one.found.quote),
            remedy=steps(quoted(one.name, "<name>")),
            proven=False,
            at=one.failed.at,
        )


def steps(name: str) -> tuple[Remedy, ...]:
    """Return the remedy: both resolvers in one place first."""
    return (
        look(
            "Ask in the same pod with musl and past it, and see how large the answer is",
            f"getent ahosts {name}; getent ahosts {name}.  # in the pod: with and without search",
            f"dig +ignore +bufsize=512 {name}. | grep -E 'flags|MSG SIZE'",
            "cat /etc/resolv.conf; cat /etc/alpine-release",
            verify="tc among the flags: no TCP before Alpine 3.18; only the name with a dot at its "
            "end resolves: the search ended early; several name servers: they disagree",
        ),
        Remedy(
            title="Use a base image of Alpine 3.18 or later, or one with glibc",
            commands=("FROM alpine:3.18 or later  # in the image's Dockerfile",),
            risk=Risk.DISRUPTIVE,
            verify=f"getent ahosts {name}  # in the new pod",
        ),
        Remedy(
            title="Or ask for full names, with few search domains and one name server",
            commands=("spec.dnsConfig.options: [{name: ndots, value: '1'}]  # of the workload",),
            risk=Risk.DISRUPTIVE,
            verify=f"getent ahosts {name}  # in the new pod",
        ),
    )
