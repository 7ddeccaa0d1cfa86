"""The DNS service answers only on nodes that run CoreDNS.

internalTrafficPolicy Local keeps packets on the node of the client; where no ready CoreDNS is, they
are dropped.

Limits: with a CoreDNS on every node the policy is rightly set.
Source: Kubernetes API, core/v1 ServiceSpec.internalTrafficPolicy; kubernetes/kubernetes v1.31.0,
pkg/proxy/iptables/proxier.go ("has no local endpoints").
"""

from collections.abc import Iterator
from dataclasses import replace

from diagnose.check import check
from diagnose.facts import DNSPods, DNSServices, Nodes
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted


@check(
    title="The DNS service answers only on nodes that run CoreDNS",
    severity=Severity.CRITICAL,
    family="service-proxy",
    explains=("resolution-fails", "service-proxy-rules-missing"),
)
def dns_service_internal_traffic_local(
    services: DNSServices, pods: DNSPods, nodes: Nodes
) -> Iterator[Finding]:
    """Yield one finding per such service while a ready node has no ready CoreDNS."""
    every = {one.subject.name for one in nodes.nodes if one.ready is not False}
    serving = {pod.subject.node for pod in pods.pods if pod.ready}
    bare = sorted(every - serving)
    for one in services.services:
        if one.internal_traffic_policy != "Local" or not bare or "" in serving:
            continue
        space = quoted(one.subject.namespace, "kube-system")
        name = quoted(one.subject.name, "kube-dns")
        more = f" and {len(bare) - 3} more" if len(bare) > 3 else ""
        yield Finding(
            subject=one.subject,
            message=f"internalTrafficPolicy is Local, and no ready CoreDNS is on "
            f"{', '.join(bare[:3])}{more}",
            quotes=(
                replace(
                    one.quote.on("internal_traffic_policy"),
                    text=f"{one.quote.text}   internalTrafficPolicy: Local",
                    summary=True,
                ),
            ),
            remedy=(
                look(
                    "Ask from a node with a CoreDNS pod and from one without",
                    "kubectl -n kube-system get pods -l k8s-app=kube-dns -o wide",
                    "dig +time=2 @<DNS service address> kubernetes.default.svc.cluster.local",
                    verify="only nodes with a CoreDNS pod answer",
                ),
                Remedy(
                    title="Set the policy back",
                    commands=(
                        f"kubectl -n {space} patch service {name} "
                        '-p \'{"spec":{"internalTrafficPolicy":"Cluster"}}\'',
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify="every node answers",
                    why="for answers on the node use NodeLocal DNSCache",
                ),
            ),
        )
