"""An endpoint of the DNS service is on a node that is not ready.

Until its pod counts as not ready, kube-proxy sends a share of all queries there.

Limits: the endpoint goes by itself once the node's pods are marked, after 40 seconds to minutes; a
node that is not ready for another reason than being away may still answer.
Source: kubernetes/kubernetes v1.30.5, pkg/controller/nodelifecycle/node_lifecycle_controller.go;
Kubernetes API, discovery/v1 Endpoint.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import Nodes, ReadyEndpoints
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted


@check(
    title="A DNS endpoint is on a node that is not ready",
    severity=Severity.WARNING,
    family="no-endpoints",
    explains=(
        "resolution-fails",
        "coredns-replica-failing",
    ),
    symptom=True,
)
def endpoint_on_notready_node(endpoints: ReadyEndpoints, nodes: Nodes) -> Iterator[Finding]:
    """Yield one finding per DNS service that sends to a node which is out."""
    out = {one.subject.name: one for one in nodes.nodes if one.ready is False}
    for backend in endpoints.backends:
        lost = [one for one in backend.ready if one.node in out]
        if not lost:
            continue
        first = lost[0]
        pod, space = quoted(first.pod, "<pod>"), backend.service.namespace or "kube-system"
        names = ", ".join(dict.fromkeys(one.node for one in lost))
        yield Finding(
            subject=backend.service,
            message=f"{len(lost)} of {len(backend.ready)} endpoints are on {names}, not ready",
            quotes=(
                *(each.on("addresses", first.address) for each in backend.quotes[:2]),
                out[first.node].quote,
            ),
            remedy=(
                look(
                    "See whether the node is gone or only says that it is not ready",
                    f"kubectl describe node {quoted(first.node, '<node>')} | grep -A8 Conditions",
                    f"dig +time=2 +tries=1 @{first.address} kubernetes.default.svc.cluster.local",
                    verify="no answer: its share of the queries is lost",
                ),
                Remedy(
                    title="Where the node is gone, remove the pod so that its endpoint goes",
                    commands=(f"kubectl -n {space} delete pod {pod} --force --grace-period=0",),
                    risk=Risk.DISRUPTIVE,
                    verify=f"kubectl -n {space} get endpointslices -l k8s-app=kube-dns",
                ),
            ),
            proven=False,
        )
