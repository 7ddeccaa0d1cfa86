"""A node is not ready.

No pod is put on it, its pods are no endpoints of any Service, and after five minutes they are to
go. What the Ready condition says tells whose fault it is: a kubelet that no longer reports, or
one that reports what it lacks. What the kubelet itself answers tells a dead one from a node that
is cut off.

Limits: it says that the node is out, not why its kubelet is silent.
Source: kubernetes/kubernetes v1.30.5, pkg/controller/nodelifecycle/node_lifecycle_controller.go
("Kubelet stopped posting node status.") and pkg/kubelet/nodestatus/setters.go (ReadyCondition).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import KubeletHealth, Nodes
from diagnose.facts.coredns_health import Endpoint
from diagnose.facts.nodes import Node
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted

PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure")


@check(
    title="A node is not ready",
    severity=Severity.CRITICAL,
    family="node-pressure",
    explains=(
        "no-ready-endpoints",
        "pods-stuck-container-creating",
        "coredns-unschedulable",
        "endpoint-on-notready-node",
        "coredns-replica-failing",
    ),
    symptom=True,
)
def node_not_ready(nodes: Nodes, kubelets: KubeletHealth | None) -> Iterator[Finding]:
    """Yield one finding per node that is known not to be ready."""
    best: dict[str, Node] = {}
    for one in nodes.nodes:
        if one.ready is not None and len(one.messages) >= len(told(best, one)):
            best[one.subject.name] = one
    several = [one for one in best.values() if not one.ready]
    grave = len(several) == len(best)
    for one in several:
        said = kubelets.of(one.subject.name) if kubelets else None
        yield Finding(
            subject=one.subject,
            message=why(one) + (f"; {answered(said)}" if said else ""),
            quotes=(one.quote, said.quote) if said else (one.quote,),
            remedy=steps(one),
            severity=Severity.CRITICAL if grave else Severity.WARNING,
        )


def told(best: dict[str, Node], node: Node) -> dict[str, str]:
    """Return the messages that are known of the same node already."""
    return dict(best[node.subject.name].messages) if node.subject.name in best else {}


def why(node: Node) -> str:
    """Return what the node's conditions say, as far as they are known."""
    pressed = [name for name in PRESSURES if node.conditions.get(name) == "True"]
    message = node.messages.get("Ready", "")
    words = ["not ready"]
    if node.conditions.get("Ready") == "Unknown" or "stopped posting" in message:
        words = ["not ready: its kubelet no longer reports"]
    elif message:
        words = [f"not ready: {message[:160]}"]
    return "; ".join([*words, *pressed])


def answered(kubelet: Endpoint) -> str:
    """Return what the kubelet itself answers, in our words."""
    if kubelet.status == 200:
        return "its kubelet runs and says that it is well"
    if kubelet.status:
        return f"its kubelet runs and is not well: {kubelet.body[:80]}"
    if kubelet.reached:
        return "the node is reached, its kubelet does not run"
    if kubelet.lost:
        return "neither node nor kubelet is reached from the API server"
    return f"the API server cannot ask its kubelet: {kubelet.trouble[:120]}"


def steps(node: Node) -> tuple[Remedy, ...]:
    """Return the remedy: the condition's message, then the kubelet."""
    name = quoted(node.subject.name, "<node>")
    return (
        look(
            "Read what the conditions say",
            f"kubectl describe node {name} | sed -n '/Conditions/,/Addresses/p'",
            verify="the message of Ready names what is missing",
        ),
        look(
            f"Where the kubelet is silent, look at it on {node.subject.name or 'the node'}",
            "systemctl status kubelet; journalctl -u kubelet -n 50",
            "curl -sk --max-time 5 https://<API server>:6443/livez",
            verify="it runs and reaches the API server",
        ),
        Remedy(
            title="Restart the kubelet",
            commands=("systemctl restart kubelet  # on the node",),
            risk=Risk.DISRUPTIVE,
            verify=f"kubectl get node {name}  # Ready",
            why="repair what its log names first",
        ),
    )
