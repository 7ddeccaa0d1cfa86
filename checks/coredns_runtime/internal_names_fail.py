"""Cluster names do not resolve, although the DNS server answers.

The name kubernetes.default exists in every cluster, so NXDOMAIN for it is always a fault; for
any other cluster name it may be the truth. SERVFAIL says that CoreDNS does not know the cluster.
Of what corediag asked itself it counts where no server of the cluster knows the name; where some
do, the others have checks of their own. What a node's own resolver says tells nothing of CoreDNS.

A name that ended in a search domain outside of the cluster was not asked of CoreDNS's own zone; the
servers of that domain answered.

A part of the name tells less: where the whole one resolves, or the tool searches for no rest, it
is the client's. Old busybox asks for the server's own name too; where that is found, CoreDNS knows
the cluster, and where neither is, nobody answers, which resolution-fails says.

Limits: other cluster names that are NXDOMAIN are left alone: nobody says that they exist.
Source: kubernetes/dns docs/specification.md; coredns/coredns v1.12.0 plugin/kubernetes/handler.go
(SERVFAIL until synced, NXDOMAIN for names that are not there).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import Corefile, ProbeMatrix, Resolutions
from diagnose.facts.asked_elsewhere import in_dns_pod, of_node
from diagnose.facts.dns_answers import Asked, NameKind
from diagnose.facts.lookup_contrasts import asked_as_is, short_forms, unanswered
from diagnose.facts.lookups import Lookup, Outcome, searched_outside
from diagnose.facts.names import DEFAULT_DOMAIN, always_exists, in_cluster, normal
from diagnose.facts.probe_matrix import CLUSTER_ROLES
from diagnose.model import CLUSTER, Finding, Severity
from diagnose.remedies import look

FAMILY = {
    Outcome.NXDOMAIN: "corefile-domain",
    Outcome.SERVFAIL: "apiserver-unreachable",
    Outcome.REFUSED: "corefile-domain",
    Outcome.NOT_KNOWN: "apiserver-unreachable",
}
MEANS = {
    Outcome.NXDOMAIN: "NXDOMAIN for a name that every cluster has",
    Outcome.SERVFAIL: "SERVFAIL: CoreDNS does not know the cluster's Services",
    Outcome.REFUSED: "REFUSED: no server block of CoreDNS takes the name, its plugin acl forbids "
    "it, or the upstream of a search domain refuses it",
    Outcome.NOT_KNOWN: "a name that every cluster has is not known, or nothing answered",
}
SERVICE = ".svc."  # of a name that CoreDNS has from the cluster
STEP = look(
    "See whether CoreDNS knows the cluster",
    "kubectl -n kube-system logs -l k8s-app=kube-dns --tail=50 --prefix",
    "kubectl -n kube-system get configmap coredns -o yaml",
    verify="nslookup kubernetes.default.svc.cluster.local <service IP>",
)


@check(
    title="Cluster names do not resolve",
    severity=Severity.CRITICAL,
    family="apiserver-unreachable",
    explains=("resolution-fails",),
    symptom=True,
)
def internal_names_fail(lookups: Resolutions, corefile: Corefile | None) -> Iterator[Finding]:
    """Yield one finding per way in which cluster names fail, unless they resolved later."""
    zones = corefile.kubernetes_zones() if corefile else ()
    domains = tuple(normal(zone) for zone in zones if "arpa" not in zone) or (DEFAULT_DOMAIN,)
    found: dict[Outcome, list[int]] = {}
    solved = {
        normal(one.name): number
        for number, one in enumerate(lookups.lookups)
        if one.outcome in (Outcome.NOERROR, Outcome.NODATA)
    }
    others = {id(each.short) for each in short_forms(lookups.lookups)}
    others |= unanswered(lookups.lookups)
    for number, one in enumerate(lookups.lookups):
        if (
            of_node(one.server)
            or in_dns_pod(one)
            or id(one) in others
            or asked_as_is(one, domains[0])
            or searched_outside(one)
        ):
            continue
        wanted = in_cluster(one.name, domains)
        if one.outcome in (Outcome.NXDOMAIN, Outcome.NOT_KNOWN):
            wanted = always_exists(one.name, domains)
        if one.outcome in FAMILY and wanted and solved.get(normal(one.name), -1) < number:
            found.setdefault(one.outcome, []).append(number)
    if lookups.matrix:
        yield from by_answers(lookups.matrix)
    for numbers in found.values():
        several = [lookups.lookups[number] for number in numbers]
        place = several[0].place
        family, means = said_by(several, bool(zones), domains)
        sure = any(certain(one.name, domains) for one in several)
        if several[0].outcome is Outcome.SERVFAIL and not sure:
            means = (
                f"{coded(several[0])} for {several[0].name}: CoreDNS does not know the cluster's "
                "Services or, where none has that name, the upstream of a search domain fails"
            )
        yield Finding(
            subject=place if place.kind else CLUSTER,
            message=means,
            quotes=tuple(one.quote for one in several[:3]),
            remedy=STEP,
            family=family,
        )


def certain(name: str, domains: tuple[str, ...]) -> bool:
    """Whether a name is the cluster's for sure: a bare word may also be another domain's host."""
    return "." in normal(name) or always_exists(name, domains)


def coded(lookup: Lookup) -> str:
    """Return what a client says of a failure; Go has one wording for all codes but NXDOMAIN."""
    return "an error (Go does not tell which)" if lookup.tool == "Go" else lookup.outcome.value


def said_by(several: list[Lookup], served: bool, domains: tuple[str, ...]) -> tuple[str, str]:
    """Return the family and the meaning of look-ups that ended in one way.

    A Corefile that serves the cluster's domain knows the whole name, so that a part of it is
    unknown because the client's search does not lead there.
    """
    outcome = several[0].outcome
    if outcome is Outcome.NOT_KNOWN and all(SERVICE in (one.server_name or "") for one in several):
        return (
            "upstream-timeout",
            "a name that every cluster has is not found, and the server's own is: CoreDNS knows "
            "the cluster; as it stands the name goes upstream, and no answer comes from there",
        )
    parts = [one for one in several if not normal(one.name).endswith(domains)]
    if outcome is Outcome.NXDOMAIN and served and len(parts) == len(several):
        return (
            "cluster-dns-mismatch",
            "NXDOMAIN for a part of a name that CoreDNS serves: the client's search list does not "
            "complete it, or leads to another domain",
        )
    return FAMILY[outcome], MEANS[outcome]


def by_answers(matrix: ProbeMatrix) -> Iterator[Finding]:
    """Yield one finding per way to fail where no server of the cluster knows the name."""
    asked = [
        one
        for one in matrix.items
        if one.name_kind is NameKind.SERVICE and one.server.role in CLUSTER_ROLES
    ]
    if any(one.outcome in (Outcome.NOERROR, Outcome.NODATA) for one in asked):
        return
    ways: dict[Outcome, list[Asked]] = {}
    for one in asked:
        if one.outcome in FAMILY:
            ways.setdefault(one.outcome, []).append(one)
    for outcome, several in ways.items():
        servers = {one.server.address: one for one in several}
        yield Finding(
            subject=CLUSTER,
            message=f"{MEANS[outcome]} ({', '.join(list(servers)[:3])})",
            quotes=tuple(one.quote for one in servers.values())[:3],
            remedy=STEP,
            family=FAMILY[outcome],
            at=several[0].at,
        )
