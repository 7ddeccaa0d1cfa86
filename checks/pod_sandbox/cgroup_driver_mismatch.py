"""kubelet and runtime use different cgroup drivers.

Limits: containerd with the other driver says nothing under some kubelets; pods then start and are
killed again.
Source: kubernetes/kubernetes v1.23, pkg/kubelet/dockershim/docker_service.go (NewDockerService);
opencontainers/runc v1.1.0, libcontainer/specconv/spec_linux.go (CreateCgroupConfig).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import NodeAgents
from diagnose.facts.node_agents import Lack
from diagnose.findings import times
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import NODE, look, quoted


@check(
    title="kubelet and runtime use different cgroup drivers",
    severity=Severity.CRITICAL,
    family="sandbox-other",
    explains=("pods-stuck-container-creating", "coredns-crashloop", "node-not-ready"),
)
def cgroup_driver_mismatch(agents: NodeAgents) -> Iterator[Finding]:
    """Yield one finding per node whose kubelet and runtime disagree."""
    for one in agents.of(Lack.CGROUP_DRIVERS):
        node = one.subject.name if one.subject.kind == "Node" else one.subject.node
        yield Finding(
            subject=one.subject,
            message="kubelet and runtime use different cgroup drivers"
            + (f": {one.detail}" if one.detail else "")
            + f" ({times(one.count)})",
            quotes=one.quotes[:3],
            remedy=(
                look(
                    "Compare both",
                    "grep cgroupDriver /var/lib/kubelet/config.yaml; containerd config dump "
                    f"| grep SystemdCgroup  # on {quoted(node, NODE)}",
                    verify="systemd on one side, cgroupfs (SystemdCgroup = false) on the other",
                ),
                Remedy(
                    title="Set systemd on both sides",
                    commands=(
                        "set SystemdCgroup = true in /etc/containerd/config.toml",
                        "set cgroupDriver: systemd in /var/lib/kubelet/config.yaml",
                        "systemctl restart containerd kubelet",
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify=f"kubectl get node {quoted(node, NODE)}  # Ready, its pods stay up",
                ),
            ),
            at=one.at,
        )
