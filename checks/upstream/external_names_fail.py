"""Names outside of the cluster do not resolve, although the DNS server answers.

SERVFAIL is what CoreDNS says when its upstream did not answer it, and also what it passes on.
A failing public name is told from a failing cluster name here, since other servers are
responsible for it: the upstreams of the Corefile, not the Kubernetes API.

Limits: NXDOMAIN may be the truth about a name and raises nothing.
Source: coredns/coredns v1.12.0 plugin/forward/forward.go (ServeDNS); RFC 1035 section 4.1.1.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import Corefile, Lookups
from diagnose.facts.lookups import Outcome
from diagnose.facts.names import DEFAULT_DOMAIN, external, in_cluster, normal
from diagnose.model import CLUSTER, Finding, Severity
from diagnose.remedies import look

FAMILY = {
    Outcome.SERVFAIL: "upstream-timeout",
    Outcome.REFUSED: "upstream-refused",
    Outcome.TIMEOUT: "upstream-timeout",
}


@check(
    title="External names do not resolve",
    severity=Severity.CRITICAL,
    family="upstream-timeout",
    explains=("resolution-fails",),
    symptom=True,
)
def external_names_fail(lookups: Lookups, corefile: Corefile | None) -> Iterator[Finding]:
    """Yield one finding per way in which external names fail while the server answers.

    A timeout counts only where the same server answered for a cluster name: without, it is the
    server itself that does not answer.
    """
    zones = corefile.kubernetes_zones() if corefile else ()
    domains = tuple(normal(zone) for zone in zones if "arpa" not in zone) or (DEFAULT_DOMAIN,)
    alive = {
        one.server
        for one in lookups.ended(Outcome.NOERROR, Outcome.NODATA)
        if in_cluster(one.name, domains)
    }
    solved = {normal(one.name) for one in lookups.ended(Outcome.NOERROR)}
    ways: dict[Outcome, list[int]] = {}
    for number, one in enumerate(lookups.lookups):
        if one.outcome is Outcome.TIMEOUT and one.server not in alive:
            continue
        failed = one.outcome in FAMILY and normal(one.name) not in solved
        if failed and external(one.name, domains):
            ways.setdefault(one.outcome, []).append(number)
    upstreams = ", ".join(corefile.upstreams(".")) if corefile else ""
    for outcome, numbers in ways.items():
        several = [lookups.lookups[number] for number in numbers]
        names = ", ".join(dict.fromkeys(normal(one.name) for one in several[:3]))
        via = f"; CoreDNS asks {upstreams} for them" if upstreams else ""
        place = several[0].place
        yield Finding(
            subject=place if place.kind else CLUSTER,
            message=f"{outcome.value} for {names}{via}",
            quotes=tuple(one.quote for one in several[:3]),
            remedy=look(
                "Ask the upstream itself, from a CoreDNS pod's node",
                "kubectl -n kube-system logs -l k8s-app=kube-dns --tail=50 --prefix",
                "dig @<upstream> example.com",
                verify="dig @<service IP> example.com",
            ),
            family=FAMILY[outcome],
        )
