"""No network add-on is listed, the nodes are not ready, and CoreDNS waits for a node.

kubeadm installs no pod network. Until one is, each kubelet reports its node as not ready, and the
pods of CoreDNS, which tolerate no such node, are not placed; what uses the host's network runs.

Limits: a possibility: an add-on may run in a namespace that was not listed, or as a service of the
nodes.
Source: Kubernetes documentation, Troubleshooting kubeadm (coredns is stuck in the Pending state);
kubernetes/kubernetes v1.30.5, pkg/kubelet/kubelet.go (NetworkPluginNotReady).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import Nodes, Pods
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity
from diagnose.remedies import look

# What the names of network add-ons' pods begin with, or hold.
ADD_ONS = (
    "flannel calico canal cilium weave antrea kube-router ovn multus aws-node azure-cni azure-cns "
    "kindnet tigera romana kube-ovn spiderpool sdn netd gke-metadata terway"
).split()
HOSTED = ("kube-apiserver-", "kube-controller-manager-", "kube-proxy-")
WAITING = ("Pending", "ContainerCreating")


@check(
    title="No network add-on is installed",
    severity=Severity.CRITICAL,
    family="sandbox-cni-not-ready",
    explains=(
        "node-not-ready",
        "coredns-unschedulable",
        "pods-stuck-container-creating",
        "no-ready-endpoints",
    ),
)
def network_addon_missing(nodes: Nodes, pods: Pods) -> Iterator[Finding]:
    """Yield one finding for the cluster, where all of it comes together."""
    down = [one for one in nodes.nodes if one.ready is False]
    waiting = [pod for pod in pods.pods if pod.serves_dns and pod.status in WAITING]
    beside = [pod for pod in pods.named(*HOSTED) if pod.ready]
    there = any(word in pod.subject.name for pod in pods.pods for word in ADD_ONS)
    if there or not (down and waiting and beside) or any(one.ready for one in nodes.nodes):
        return
    yield Finding(
        subject=CLUSTER,
        message="no node is ready, CoreDNS waits, and no pod of a network add-on is listed",
        quotes=(down[0].quote, waiting[0].quote, beside[0].quote),
        remedy=(
            look(
                "See what the kubelets lack, and whether an add-on runs in another namespace",
                "kubectl describe nodes | grep -i -A1 'Ready '",
                "kubectl get daemonsets -A; ls /etc/cni/net.d  # on a node",
                verify="cni plugin not initialized, and no configuration: there is none",
            ),
            Remedy(
                title="Install one network add-on, with the range that the cluster was made with",
                commands=("kubectl apply -f <the add-on's manifest>",),
                risk=Risk.DISRUPTIVE,
                verify="kubectl get nodes  # Ready; the pods of CoreDNS follow by themselves",
                why="two add-ons at once contend for the same directory",
            ),
        ),
        proven=False,
    )
