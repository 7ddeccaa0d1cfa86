"""The answer comes from CoreDNS's own address instead of the service's.

The answer passes by the node's translation: both pods are on one bridge, whose packets are not
shown to netfilter, or the way back is another one.

Limits: which of these it is, the answer does not tell; only clients on the node of the CoreDNS pod
are affected where it is the bridge.
Source: isc-projects/bind9 v9.18, bin/dig/dighost.c (recv_done); linux
Documentation/networking/ip-sysctl.rst (bridge-nf-call-iptables).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import ClientResolutions
from diagnose.facts.lookups import Lookup, Outcome
from diagnose.facts.resolutions import as_lookup
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity, Subject
from diagnose.remedies import NODE, look, quoted


@check(
    title="The answer comes from another address than was asked",
    severity=Severity.CRITICAL,
    family="forward-drop",
    explains=("resolution-fails",),
)
def dns_reply_from_unexpected_source(lookups: ClientResolutions) -> Iterator[Finding]:
    """Yield one finding per place where an answer comes from an address that was not asked."""
    asked = map(as_lookup, lookups.matrix.items if lookups.matrix else ())
    places: dict[Subject, list[Lookup]] = {}
    for look_up in (*lookups.lookups, *asked):
        if look_up.outcome is Outcome.UNEXPECTED_SOURCE:
            places.setdefault(look_up.place, []).append(look_up)
    for place, several in places.items():
        server = next((one.server for one in several if one.server), "the service's address")
        node = quoted(place.node, NODE)
        yield Finding(
            subject=place if place.kind else CLUSTER,
            message=f"{server} was asked, another address answers: the way back is not translated",
            quotes=tuple(one.quote for one in several[:3]),
            remedy=(
                look(
                    "See whether packets of the bridge pass netfilter, and where the pods are",
                    f"sysctl net.bridge.bridge-nf-call-iptables  # on {node}",
                    "kubectl get pods -A -o wide | grep -E 'coredns|<client>'",
                    verify="0 or no such key; client and CoreDNS are on one node",
                ),
                Remedy(
                    title="Load br_netfilter and switch it on, now and at every start",
                    commands=(
                        "modprobe br_netfilter && sysctl -w net.bridge.bridge-nf-call-iptables=1",
                        "echo br_netfilter > /etc/modules-load.d/k8s.conf",
                        "echo net.bridge.bridge-nf-call-iptables=1 > /etc/sysctl.d/k8s.conf",
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify=f"dig @{server} kubernetes.default.svc.cluster.local  # in that pod",
                ),
            ),
            proven=False,
        )
