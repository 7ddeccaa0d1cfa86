"""The nodes wait for an external cloud provider, which does not initialise them.

A kubelet that is told of an external cloud provider registers its node with a taint that the cloud
controller manager takes away once it has filled in the node. Until then no pod is placed there but
those that tolerate it; CoreDNS does not.

Limits: in the first minutes of a node it is normal; unless the nodes are known to be older, it is a
possibility.
Source: kubernetes/kubernetes v1.30.5, staging/src/k8s.io/cloud-provider/api/well_known_taints.go,
pkg/kubelet/kubelet_node_status.go (initialNode).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import Nodes
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity
from diagnose.remedies import look

TAINT = "node.cloudprovider.kubernetes.io/uninitialized"
SOON_S = 600.0


@check(
    title="The cloud provider does not initialise the nodes",
    severity=Severity.CRITICAL,
    family="no-endpoints",
    explains=("coredns-unschedulable", "no-ready-endpoints"),
)
def nodes_uninitialized(nodes: Nodes) -> Iterator[Finding]:
    """Yield one finding when every node whose taints are known waits for it."""
    known = [one for one in nodes.nodes if one.taints is not None]
    waiting = [one for one in known if any(taint.startswith(TAINT) for taint in one.taints or ())]
    if not waiting or len(waiting) < len(known):
        return
    ages = [one.age_s for one in waiting if one.age_s is not None]
    if ages and max(ages) < SOON_S:
        return
    names = ", ".join(one.subject.name or "a node" for one in waiting[:3])
    more = f" and {len(waiting) - 3} more" if len(waiting) > 3 else ""
    yield Finding(
        subject=CLUSTER,
        message=f"{names}{more}: not initialised by the cloud provider, so no pod is placed there",
        quotes=tuple(one.quote for one in waiting[:3]),
        remedy=(
            look(
                "See whether a cloud controller manager runs, and what it says",
                "kubectl get pods -A -o wide | grep -i cloud-controller",
                "kubectl get nodes -o custom-columns=NAME:.metadata.name,ID:.spec.providerID",
                verify="it runs, and each node has a provider's id",
            ),
            Remedy(
                title="Install it, or take the external provider out of the kubelets",
                commands=(
                    "install the provider's cloud controller manager, with its credentials",
                    "or remove --cloud-provider=external from the kubelets; restart them",
                ),
                risk=Risk.MANUAL,
                verify="kubectl describe nodes | grep Taints  # without uninitialized",
            ),
        ),
        proven=bool(ages),
    )
