"""kube-controller-manager is not told to give nodes ranges of pod addresses.

flannel, kubenet and the host-local plugin take a node's addresses from its spec.podCIDR, which it
gives with --allocate-node-cidrs and --cluster-cidr alone: after kubeadm init without
--pod-network-cidr, or by a unit file written by hand, it gives none.

Limits: add-ons with pools of their own need none, so it is a fault only where a node lacks a range
and flannel runs, or other nodes have one; without flannel it is a possibility.
Source: kubernetes/kubernetes v1.30.5, cmd/kube-controller-manager/app/core.go
(startNodeIpamController); flannel-io/flannel v0.25, pkg/subnet/kube/kube.go (AcquireLease).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import NodeRanges
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity
from diagnose.remedies import look, restart_flannel

SETTINGS = "--allocate-node-cidrs=true and --cluster-cidr=<flannel's Network>"


@check(
    title="kube-controller-manager is not told to give nodes pod addresses",
    severity=Severity.CRITICAL,
    family="overlay",
    explains=(
        "node-podcidr-missing",
        "flannel-daemonset-failing",
        "flannel-podcidr-not-assigned",
    ),
)
def controller_manager_not_allocating_cidrs(ranges: NodeRanges) -> Iterator[Finding]:
    """Yield a finding where its flags are known and nodes go without a range."""
    if not (ranges.unset and ranges.missing) or not (ranges.given or ranges.flannel):
        return
    count = len(ranges.missing)
    yield Finding(
        subject=CLUSTER,
        message=f"--allocate-node-cidrs is not set, and {count} "
        f"{'node has' if count == 1 else 'nodes have'} no spec.podCIDR",
        quotes=(*ranges.unset[:1], *(one.quote for one in ranges.missing[:2])),
        remedy=(
            look(
                "See the flags, and which network flannel was given",
                "kubectl -n kube-system get pods -l component=kube-controller-manager -o yaml "
                "| grep -E 'cidr'",
                "kubectl -n kube-flannel get configmap kube-flannel-cfg -o yaml | grep Network",
                verify="no --allocate-node-cidrs=true; the network that --cluster-cidr is to be",
            ),
            Remedy(
                title="Let it give ranges",
                commands=(
                    f"add {SETTINGS} to /etc/kubernetes/manifests/kube-controller-manager.yaml",
                ),
                risk=Risk.MANUAL,
                verify="kubectl get nodes -o jsonpath='{.items[*].spec.podCIDR}'",
                why="kubeadm sets both with --pod-network-cidr; set podSubnet in its "
                "ClusterConfiguration too, or the next upgrade takes them away",
            ),
            restart_flannel(),
        ),
        proven=ranges.flannel,
    )
