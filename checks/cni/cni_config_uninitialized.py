"""The runtime of a node has no network: no usable CNI configuration is there.

Limits: for the first minutes of a node's life this is normal; a node that is Ready again, or an
event older than the node's recovery, raises nothing.
Source: containerd internal/cri/server (NetworkPluginNotReady, "cni plugin not initialized"), v1.7;
kubernetes/kubernetes pkg/kubelet/kubelet.go ("network is not ready"), v1.31.0.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import NetworkNotReady
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted


@check(
    title="The node has no usable CNI configuration",
    severity=Severity.CRITICAL,
    family="sandbox-cni-not-ready",
    explains=("pods-stuck-container-creating", "coredns-unschedulable", "node-not-ready"),
)
def cni_config_uninitialized(nodes: NetworkNotReady) -> Iterator[Finding]:
    """Yield one finding per node whose runtime says that its network is not ready."""
    for one in nodes.places:
        node = one.subject.name if one.subject.kind == "Node" else one.subject.node
        where = quoted(node, "the node")
        yield Finding(
            subject=one.subject,
            message=f"the container runtime has no network ({one.seen})"
            if one.seen
            else "the container runtime has no network",
            quotes=one.quotes[:3],
            remedy=(
                look(
                    "See what configures the network, and whether the add-on runs on the node",
                    f"ls -l /etc/cni/net.d  # on {where}",
                    "kubectl get daemonsets -A; kubectl get pods -A -o wide "
                    f"--field-selector spec.nodeName={quoted(node, '<node>')}",
                    verify="one .conf or .conflist; the add-on's pod of the node is Running",
                ),
                Remedy(
                    title="Install or repair the network add-on",
                    commands=("kubectl apply -f <the manifest of the cluster's network add-on>",),
                    risk=Risk.DISRUPTIVE,
                    verify="its DaemonSet is ready on every node",
                ),
                Remedy(
                    title="If the file is there but not loaded, restart the runtime",
                    commands=("systemctl restart containerd",),
                    risk=Risk.DISRUPTIVE,
                    verify=f"kubectl get node {quoted(node, '<node>')}  # Ready",
                ),
            ),
        )
