"""A node has no range of pod addresses.

flannel, kubenet and the host-local plugin take a node's addresses from its spec.podCIDR, which
kube-controller-manager gives when it runs with --allocate-node-cidrs.

Limits: add-ons with pools of their own need none; so a cluster in which no node has one is found
only where flannel runs.
Source: kubernetes/kubernetes v1.30.5, pkg/controller/nodeipam/node_ipam_controller.go;
flannel-io/flannel v0.25, pkg/subnet/kube/kube.go (AcquireLease).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import NodeRanges
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity
from diagnose.remedies import look, restart_flannel


@check(
    title="A node has no range of pod addresses",
    severity=Severity.CRITICAL,
    family="overlay",
    explains=(
        "flannel-daemonset-failing",
        "flannel-podcidr-not-assigned",
    ),
)
def node_podcidr_missing(ranges: NodeRanges) -> Iterator[Finding]:
    """Yield one finding per node without a range beside others, or one where flannel has none."""
    missing = [one for one in ranges.missing if one.age_s is None or one.age_s >= PATIENCE_S]
    if not missing or not (ranges.given or ranges.flannel):
        return
    alone = not ranges.given
    for one in missing[:1] if alone else missing:
        yield Finding(
            subject=CLUSTER if alone else one.subject,
            message="no node has spec.podCIDR" if alone else "has no spec.podCIDR",
            quotes=tuple(each.quote for each in missing[:2]),
            remedy=(
                look(
                    "See which nodes have a range, and the controller manager's flags",
                    "kubectl get nodes -o custom-columns=NAME:.metadata.name,CIDR:.spec.podCIDR",
                    "kubectl -n kube-system get pods -l component=kube-controller-manager -o yaml "
                    "| grep -E 'cidr'",
                    verify="--allocate-node-cidrs=true and a --cluster-cidr",
                ),
                Remedy(
                    title="Let it give ranges",
                    commands=(
                        "add --allocate-node-cidrs=true and --cluster-cidr=<flannel's Network> to "
                        "/etc/kubernetes/manifests/kube-controller-manager.yaml",
                    ),
                    risk=Risk.MANUAL,
                    verify="kubectl get nodes -o jsonpath='{.items[*].spec.podCIDR}'",
                    why="kubeadm sets both with --pod-network-cidr",
                ),
                restart_flannel("" if alone else one.subject.name),
            ),
            proven=ranges.flannel,
        )


PATIENCE_S = 120.0
