"""No node takes CoreDNS's pods.

Limits: taints for a node that is not ready, under pressure or not initialised are effects of
something else; where they are the reason, this is a possibility only. So it is where not the
scheduler names the reason but the taints of all nodes that are known: the pods' tolerations are
taken to be kubeadm's.
Source: kubernetes/kubernetes v1.30.5, pkg/scheduler/framework/types.go (FitError.Error).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import UnplacedDNS
from diagnose.facts.dns_pod_troubles import PodTrouble
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted

# What the scheduler answers, what it means, and what to do about it.
REASONS = (
    ("node.kubernetes.io/not-ready", "nodes are not ready", ""),
    ("node.kubernetes.io/unreachable", "nodes are not reachable", ""),
    ("node.cloudprovider.kubernetes.io/uninitialized", "the cloud provider has not set up", ""),
    ("-pressure", "nodes are under pressure", "free the node: df -h; free -m; crictl rmi --prune"),
    ("node.kubernetes.io/unschedulable", "nodes are cordoned", "kubectl uncordon <node>"),
    ("were unschedulable", "nodes are cordoned", "kubectl uncordon <node>"),
    ("taint", "a taint is not tolerated", "kubectl -n kube-system edit deployment coredns"),
    ("Insufficient cpu", "no node has enough CPU left", "lower requests, or add a node"),
    ("Insufficient memory", "no node has enough memory left", "lower requests, or add a node"),
    ("Too many pods", "the nodes are full", "raise maxPods, or add a node"),
    (
        "anti-affinity",
        "fewer nodes than replicas that must not share one",
        "kubectl -n kube-system scale deployment coredns --replicas=<number of nodes>",
    ),
    (
        "node affinity/selector",
        "no node carries the labels that the pods select",
        "kubectl -n kube-system edit deployment coredns",
    ),
)
OF_ANOTHER = 4  # rows that are the effect of another fault
PRESSURE = 3


@check(
    title="No node takes CoreDNS's pods",
    severity=Severity.CRITICAL,
    family="no-endpoints",
    explains=("no-ready-endpoints", "resolution-fails"),
)
def coredns_unschedulable(unplaced: UnplacedDNS) -> Iterator[Finding]:
    """Yield one finding per CoreDNS pod, or Deployment, that waits for a node."""
    for one in (*unplaced.told, *unplaced.supposed):
        rows = [row for row in REASONS if row[0] in one.detail]
        if len(rows) > 1:
            rows = [row for row in rows if row[0] != "taint"]
        words = ", ".join(dict.fromkeys(row[1] for row in rows))
        pressed = bool(rows) and all(row is REASONS[PRESSURE] for row in rows)
        yield Finding(
            subject=one.subject,
            message="waits for a node" + (f": {words}" if words else ""),
            quotes=one.quotes[:3],
            remedy=steps(one, [row[2] for row in rows if row[2]]),
            proven=bool(rows)
            and one in unplaced.told
            and not any(row in REASONS[:OF_ANOTHER] for row in rows),
            family="node-pressure" if pressed else "",
            severity=Severity.WARNING if unplaced.others_ready else None,
        )


def steps(one: PodTrouble, commands: list[str]) -> tuple[Remedy, ...]:
    """Return the remedy: the scheduler's reasons, then what each of them asks for."""
    space, pod = quoted(one.subject.namespace, "kube-system"), quoted(one.subject.name, "<pod>")
    return (
        look(
            "Read the scheduler's reasons, and the nodes' taints and room",
            f"kubectl -n {space} describe pod {pod} | grep -A3 FailedScheduling",
            "kubectl get nodes -o custom-columns=NAME:.metadata.name,TAINTS:.spec.taints[*].key",
            "kubectl describe nodes | grep -A6 'Allocated resources'",
            verify="each node's reason is named; nodes that are not ready come first",
        ),
        Remedy(
            title="Give the pods a node: tolerate, make room, or lower the replicas",
            commands=tuple(dict.fromkeys(commands))
            or ("see first why nodes are not ready: kubectl describe node <node>",),
            risk=Risk.DISRUPTIVE,
            verify=f"kubectl -n {space} get pods -l k8s-app=kube-dns -o wide  # with a node",
        ),
    )
