"""One CoreDNS pod answers a client, another is silent to it.

The Service sends each question to any of them, so that a share of the look-ups is lost, or all of a
client that its connection keeps at one pod. The client, its way out and CoreDNS's configuration are
the same for both: what differs is the pod's node, and the way to it.

Limits: a possibility: the silent pod itself may be at fault; where both run on one node that is
likelier, and the label says so. What pods have which addresses may be a guess.
Source: Kubernetes documentation, Debugging DNS Resolution; kubernetes/kubernetes v1.31.0,
pkg/proxy/iptables/proxier.go (statistic mode random).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import ReplicaContrasts
from diagnose.model import CLUSTER, Finding, Severity
from diagnose.remedies import look, quoted


@check(
    title="One CoreDNS pod answers a client, another is silent",
    severity=Severity.CRITICAL,
    family="overlay",
    explains=("resolution-fails", "dns-intermittent-failures"),
)
def one_dns_pod_silent(replicas: ReplicaContrasts) -> Iterator[Finding]:
    """Yield one finding per client and silent pod."""
    for one in replicas.contrasts:
        silent, heard = one.silent.server, one.heard.server
        lost = quoted(silent, "<silent pod>")
        far, near = (f" on {node}" if node else "" for node in one.nodes)
        why = "the pod itself: both run on one node" if one.together else "the way to its node"
        yield Finding(
            subject=one.place if one.place.kind else CLUSTER,
            message=f"{heard}{near} answers, {silent}{far} does not: {why}",
            quotes=(one.silent.quote, one.heard.quote),
            remedy=(
                look(
                    "See where both pods run, and ask the silent one from a pod on its own node",
                    "kubectl -n kube-system get pods -l k8s-app=kube-dns -o wide",
                    "kubectl exec <pod on that node> -- nslookup "
                    f"kubernetes.default.svc.cluster.local {lost}",
                    verify="it answers there: the network between the nodes; it does not: the pod",
                ),
                look(
                    "Follow a question between the nodes",
                    f"tcpdump -ni any host {lost} or udp port 8472 or udp port 4789 or proto 4"
                    "  # on both nodes",
                    "ip route; iptables -S FORWARD  # on both nodes",
                    verify="it leaves and does not arrive: a filter between the nodes; it arrives "
                    "and is not forwarded: that node's firewall",
                ),
            ),
            proven=False,
            family="coredns-crashloop" if one.together else "",
            at=one.silent.at,
        )
