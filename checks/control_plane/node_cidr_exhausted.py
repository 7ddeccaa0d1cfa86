"""kube-controller-manager has no range of pod addresses left for a node.

The cluster's range divided by the size of a node's gives the number of nodes that there can be; the
next one joins without a range, and its network add-on has nothing to hand out.

Limits: ranges of nodes that were removed come back by themselves, so a single event may be over;
a node that has a range since is left out.
Source: kubernetes/kubernetes v1.30.5, pkg/controller/nodeipam/ipam/cidrset/cidr_set.go
(ErrCIDRRangeNoCIDRsRemaining) and range_allocator.go (RecordNodeStatusChange).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import NodeRanges
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look


@check(
    title="No range of pod addresses is left for a node",
    severity=Severity.CRITICAL,
    family="sandbox-ipam-exhausted",
    explains=("node-podcidr-missing",),
)
def node_cidr_exhausted(ranges: NodeRanges) -> Iterator[Finding]:
    """Yield one finding per node that got none, or one for the controller manager's word."""
    for one in {each.subject: each for each in ranges.exhausted}.values():
        yield Finding(
            subject=one.subject,
            message="the cluster's range of pod addresses is given away",
            quotes=(one.quote,),
            remedy=(
                look(
                    "Count the nodes, and how many ranges there are",
                    "kubectl get nodes -o custom-columns=NAME:.metadata.name,CIDR:.spec.podCIDR",
                    "kubectl -n kube-system get pods -l component=kube-controller-manager -o yaml "
                    "| grep -E 'cluster-cidr|node-cidr-mask'",
                    verify="2^(node mask - cluster mask) is fewer than the nodes",
                ),
                Remedy(
                    title="Remove nodes that are gone, or give new nodes smaller or more ranges",
                    commands=(
                        "kubectl delete node <a node that is gone>",
                        "or set --node-cidr-mask-size or a larger --cluster-cidr in "
                        "/etc/kubernetes/manifests/kube-controller-manager.yaml",
                    ),
                    risk=Risk.MANUAL,
                    verify="kubectl get nodes -o jsonpath='{.items[*].spec.podCIDR}'",
                    why="what is given stays; a changed range must not overlap the old one's",
                ),
            ),
            at=one.at,
        )
