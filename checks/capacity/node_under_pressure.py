"""A node runs out of disk, memory or process numbers: it evicts pods and takes no new ones.

CoreDNS and the agents of the network may be among those pods, unless their priority protects
them.

Limits: whether pods of cluster DNS are concerned is not told, so this is a possibility. A log may
be older than what was done about it.
Source: kubernetes/kubernetes v1.30.5, pkg/kubelet/eviction/eviction_manager.go (Admit),
staging/src/k8s.io/api/core/v1/types.go (NodeDiskPressure), well_known_taints.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import DNSPodTroubles, NodePressure
from diagnose.facts.dns_pod_troubles import Trouble
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity
from diagnose.remedies import NODE, look, quoted

OUT = (Trouble.EVICTED, Trouble.UNPLACED)


@check(
    title="A node is under pressure",
    severity=Severity.WARNING,
    family="node-pressure",
    explains=("coredns-evicted", "coredns-unschedulable"),
)
def node_under_pressure(
    pressure: NodePressure, troubles: DNSPodTroubles | None
) -> Iterator[Finding]:
    """Yield one finding per node under pressure; it is grave where CoreDNS has no place left."""
    grave = (
        troubles is not None
        and not troubles.others_ready
        and any(one.trouble in OUT for one in troubles.troubles)
    )
    for one in pressure.nodes:
        node = quoted(one.subject.name or one.subject.node, NODE)
        yield Finding(
            subject=one.subject if one.subject.kind else CLUSTER,
            message=f"short of {', '.join(one.short_of)}: it evicts pods and takes no new ones",
            quotes=one.quotes,
            remedy=(
                look(
                    "See what uses it up, and whom it evicted",
                    f"kubectl describe node {node} | sed -n '/Conditions/,/Addresses/p'",
                    f"df -h; df -i; free -m; crictl stats  # on {node}",
                    "kubectl get pods -A --field-selector status.phase=Failed",
                    verify="the file system, or the process, that grows",
                ),
                Remedy(
                    title="Make room on the node",
                    commands=(
                        f"crictl rmi --prune; journalctl --vacuum-size=500M  # on {node}",
                        "kubectl delete pods -A --field-selector status.phase=Failed",
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify=f"kubectl describe node {node} | grep Pressure  # False",
                    why="kubelet takes the taint away some minutes after the pressure ends",
                ),
            ),
            proven=False,
            severity=Severity.CRITICAL if grave else None,
        )
