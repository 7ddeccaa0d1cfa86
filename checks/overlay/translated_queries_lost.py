"""Queries to the DNS Service are translated to a CoreDNS pod, and no reply comes.

The node's table of connections shows it: the Service's address has been replaced by a pod's, so the
Service's rules are there and do their work. What is lost is lost behind them: on the way to the pod
and back, or since the pod is gone and the entry is old.

Limits: a possibility: an entry without a reply may also be younger than the reply's way. A filter
between the nodes and a wrong checksum of the overlay's packets look alike here.
Source: Linux v6.1 net/netfilter/nf_conntrack_core.c (IPS_SEEN_REPLY); kubernetes/kubernetes v1.30,
pkg/proxy/conntrack/cleanup.go, and issue 88986 (masqueraded packets of a vxlan device).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import UnansweredFlows
from diagnose.findings import times
from diagnose.model import CLUSTER, Finding, Severity
from diagnose.remedies import look, quoted


@check(
    title="Queries are sent on to CoreDNS and not answered",
    severity=Severity.CRITICAL,
    family="overlay",
    explains=("resolution-fails", "dns-intermittent-failures", "dns-udp-lost"),
)
def translated_queries_lost(flows: UnansweredFlows) -> Iterator[Finding]:
    """Yield one finding per address and backend."""
    for one in flows.unanswered:
        backend = quoted(one.backend, "<CoreDNS pod IP>")
        if one.gone:
            why = ", which is no CoreDNS pod (any more): an old entry"
        elif one.masqueraded:
            why = ", from the node's own address on the pod network; no reply came: the overlay"
        else:
            why = "; no reply came: the way between the nodes"
        yield Finding(
            subject=one.subject if one.subject.kind else CLUSTER,
            message=f"queries to {one.asked} are sent on to {one.backend}{why} "
            f"({times(one.count)})",
            quotes=one.quotes,
            remedy=look(
                "Ask the pod itself from the same place, and see what arrives at its node",
                f"dig @{backend} kubernetes.default.svc.cluster.local; dig +tcp @{backend} "
                "kubernetes.default.svc.cluster.local",
                f"tcpdump -ni any host {backend} and port 53  # on the pod's node",
                "ethtool -k flannel.1 | grep tx-checksum; nstat -az UdpInCsumErrors",
                "kubectl -n kube-system get pods -l k8s-app=kube-dns -o wide",
                verify="nothing arrives: a filter or the tunnel; it arrives with a bad checksum: "
                "ethtool -K flannel.1 tx-checksum-ip-generic off; no such pod: conntrack -D",
            ),
            proven=False,
            family="conntrack" if one.gone else "",
        )
