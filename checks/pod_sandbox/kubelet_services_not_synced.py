"""A kubelet has not read the Services and starts no container.

It gives containers the addresses of Services in their environment and waits for the list.

Limits: once or twice while a kubelet starts is routine. Why the list does not come, its reflector's
line tells.
Source: kubernetes/kubernetes v1.30.5, pkg/kubelet/kubelet_pods.go (makeEnvironmentVariables).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import NodeAgents
from diagnose.facts.node_agents import Lack
from diagnose.findings import times
from diagnose.model import Finding, Severity
from diagnose.remedies import NODE, look, quoted


@check(
    title="The kubelet has not read the Services",
    severity=Severity.CRITICAL,
    family="sandbox-other",
    explains=("no-ready-endpoints",),
    symptom=True,
)
def kubelet_services_not_synced(agents: NodeAgents) -> Iterator[Finding]:
    """Yield one finding per node, or pod, that waits for the kubelet's list of Services."""
    for one in agents.of(Lack.SERVICES):
        node = one.subject.name if one.subject.kind == "Node" else one.subject.node
        yield Finding(
            subject=one.subject,
            message=f"containers wait for the kubelet's list of Services ({times(one.count)})",
            quotes=one.quotes[:3],
            remedy=(
                look(
                    "Read why the list does not come, and compare the versions",
                    "journalctl -u kubelet --since -10min | grep -E 'reflector|Service'"
                    f"  # on {quoted(node, NODE)}",
                    "kubectl get nodes; kubectl version",
                    verify="the reflector's error; a kubelet that is newer than the API server",
                ),
            ),
            at=one.at,
        )
