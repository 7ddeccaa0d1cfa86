"""flannel ends on a node because the node has no range for its pods.

kube-controller-manager gives each node its range, if it is told to (--allocate-node-cidrs,
--cluster-cidr) and has one left.

Limits: nodes without a range are looked at by node-podcidr-missing, whether flannel said so or not.
Source: flannel-io/flannel v0.26.7, pkg/subnet/kube/kube.go (AcquireLease).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import FlannelNetworks
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted, restart_flannel


@check(
    title="flannel ends: the node has no address range",
    severity=Severity.CRITICAL,
    family="overlay",
    explains=("flannel-daemonset-failing", "flannel-subnet-env-missing"),
)
def flannel_podcidr_not_assigned(networks: FlannelNetworks) -> Iterator[Finding]:
    """Yield one finding per node without a range."""
    for one in networks.without:
        node = quoted(one.subject.name, "<node>")
        yield Finding(
            subject=one.subject,
            message="flannel finds no podCIDR for the node, and needs it to start",
            quotes=one.quotes[:3],
            remedy=(
                look(
                    "See which nodes lack one, and what the controller manager was told",
                    "kubectl get nodes -o custom-columns=NAME:.metadata.name,CIDR:.spec.podCIDR",
                    "kubectl -n kube-system get pods -l component=kube-controller-manager -o yaml "
                    "| grep -E 'allocate-node-cidrs|cluster-cidr'",
                    verify="all lack one: the flags are missing; one does: the ranges are used up",
                ),
                Remedy(
                    title="Let the controller manager give ranges",
                    commands=(
                        "add --allocate-node-cidrs=true and --cluster-cidr=<flannel's Network> to "
                        "/etc/kubernetes/manifests/kube-controller-manager.yaml",
                    ),
                    risk=Risk.MANUAL,
                    verify="kubectl get nodes -o custom-columns=CIDR:.spec.podCIDR  # no <none>",
                ),
                Remedy(
                    title="Or give this one node a free range",
                    commands=(
                        f'kubectl patch node {node} -p \'{{"spec":{{"podCIDR":"<range>"}}}}\'',
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify="no two nodes have the same range",
                    why="a range that was given cannot be changed",
                ),
                restart_flannel(one.subject.name),
            ),
        )
