"""DNS stands on one node, or on one pod, although there are more nodes.

Limits: a note, not a fault: it hurts when that node goes.
Source: coredns/deployment kubernetes/coredns.yaml.sed (podAntiAffinity); kubernetes/kubernetes
v1.30.5 cmd/kubeadm/app/phases/addons/dns/manifests.go (two replicas).
"""

from collections.abc import Iterator

from diagnose.check import NotApplicable, check
from diagnose.facts import DNSPods, Nodes
from diagnose.model import Finding, Remedy, Risk, Severity, Subject
from diagnose.remedies import restart_coredns


@check(
    title="DNS is not redundant",
    severity=Severity.INFO,
    family="capacity",
    explains=(),
)
def coredns_single_replica(pods: DNSPods, nodes: Nodes) -> Iterator[Finding]:
    """Yield one note when every ready CoreDNS pod is on the same of several nodes."""
    names = {one.subject.name for one in nodes.nodes if one.ready}
    if len(names) < MOST:
        raise NotApplicable("the cluster has one node that is ready")
    ready = [pod for pod in pods.pods if pod.ready]
    if any(not (pod.ready or pod.finished or pod.deleting) for pod in pods.pods):
        return  # there is a further one, and it has a fault of its own
    places = {pod.subject.node for pod in ready}
    if not ready or "" in places or len(places) > 1:
        return
    single = len(ready) == 1
    node = places.pop()
    yield Finding(
        subject=Subject("Node", node) if not single else ready[0].subject,
        message=f"one ready pod for {len(names)} nodes"
        if single
        else f"all {len(ready)} ready pods are on {node}",
        quotes=tuple(pod.quote for pod in ready[:3]),
        remedy=(
            Remedy(
                title="Two replicas at least",
                commands=("kubectl -n kube-system scale deployment coredns --replicas=2",),
                risk=Risk.SAFE,
                verify="kubectl -n kube-system get pods -l k8s-app=kube-dns -o wide",
            )
            if single
            else restart_coredns("the scheduler spreads the new pods over the nodes"),
        ),
    )


MOST = 2  # nodes that redundancy takes
