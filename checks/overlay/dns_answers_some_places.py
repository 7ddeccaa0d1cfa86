"""A server of the cluster's DNS answers in one place and not in another.

The server is alive then, and so is the way to it from the place that it answers. The places that
it is silent to have a broken way of their own: between their nodes and CoreDNS's, or their nodes'
rules for the Service's address.

Limits: a possibility, since the two look-ups may lie apart in time. Which part of the way it is,
look-ups at a CoreDNS pod's own address tell.
Source: Kubernetes documentation, Debugging DNS Resolution; flannel-io/flannel v0.26.7,
Documentation/troubleshooting.md.
"""

from collections.abc import Iterator

from diagnose.check import Undecided, check
from diagnose.facts import DNSServices, Lookups
from diagnose.facts.lookup_contrasts import by_place
from diagnose.facts.names import in_cluster
from diagnose.model import CLUSTER, Finding, Severity, Subject
from diagnose.remedies import look, quoted

SHOWN = 3


@check(
    title="Cluster DNS answers in some places only",
    severity=Severity.CRITICAL,
    family="overlay",
    explains=("resolution-fails", "dns-intermittent-failures"),
)
def dns_answers_some_places(lookups: Lookups, services: DNSServices | None) -> Iterator[Finding]:
    """Yield one finding per server."""
    known = set(services.addresses) if services else set()
    if len({one.place for one in lookups.lookups if one.server}) < 2:
        raise Undecided("the look-ups are of one place")
    for one in by_place(lookups.lookups):
        inside = any(in_cluster(each.name) for each in (one.heard, *one.silent))
        if not inside and one.server not in known:
            continue
        places = [each.place for each in one.silent]
        address = quoted(one.server, "<server>")
        more = f" and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
        yield Finding(
            subject=places[0] if len(places) == 1 else CLUSTER,
            message=f"{one.server} answers {said(one.heard.place)}, not "
            f"{', '.join(map(said, places[:SHOWN]))}{more}: their way to CoreDNS, or their nodes' "
            "rules",
            quotes=(one.heard.quote, *(each.quote for each in one.silent[:2])),
            remedy=look(
                "Ask a CoreDNS pod's own address from the places that get no answer",
                "kubectl -n kube-system get pods -l k8s-app=kube-dns -o wide",
                f"nslookup kubernetes.default.svc.cluster.local <CoreDNS pod IP>; nslookup "
                f"kubernetes.default.svc.cluster.local {address}",
                f"iptables-save -t nat | grep {address}  # on their nodes",
                verify="the pod does not answer either: the network between the nodes (tunnel, "
                "route, firewall); it answers: their nodes' rules for the Service",
            ),
            proven=False,
            at=one.silent[0].at,
        )


def said(place: Subject) -> str:
    """Return a place in words."""
    return f"{place.kind.lower()} {place.name}"
