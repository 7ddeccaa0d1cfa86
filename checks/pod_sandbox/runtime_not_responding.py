"""The container runtime does not answer the kubelet.

The kubelet lists all containers every second and calls the node not ready when that takes more than
three minutes (PLEG is not healthy), or when the runtime's status does not come.

Limits: a start of the kubelet says so for some seconds. An overloaded disk, too many containers or
a runtime that hangs look alike.
Source: kubernetes/kubernetes v1.30.5, pkg/kubelet/runtime.go (runtimeErrors), pkg/kubelet/pleg
generic.go (Healthy).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import NodeAgents
from diagnose.facts.node_agents import Lack
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import NODE, look, quoted


@check(
    title="The container runtime does not answer the kubelet",
    severity=Severity.CRITICAL,
    family="sandbox-other",
    explains=("node-not-ready", "pods-stuck-container-creating"),
)
def runtime_not_responding(agents: NodeAgents) -> Iterator[Finding]:
    """Yield one finding per node whose runtime is down or too slow."""
    for one in agents.of(Lack.RUNTIME):
        node = quoted(one.subject.name, NODE)
        yield Finding(
            subject=one.subject,
            message=f"the runtime does not answer in time: {one.detail[:120]}",
            quotes=one.quotes[:3],
            remedy=(
                look(
                    "See whether the runtime answers, and whether disk and memory allow it",
                    f"systemctl status containerd; time crictl ps -q | wc -l  # on {node}",
                    "cat /proc/pressure/io /proc/pressure/memory; df -h /var/lib/containerd",
                    verify="no answer, minutes for a list, or a disk that is full or busy",
                ),
                Remedy(
                    title="Relieve the disk, then restart runtime and kubelet",
                    commands=("systemctl restart containerd", "systemctl restart kubelet"),
                    risk=Risk.DISRUPTIVE,
                    verify=f"kubectl get node {node}  # Ready",
                    why="containers go on while the runtime restarts",
                ),
            ),
            at=one.at,
        )
