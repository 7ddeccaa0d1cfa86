"""A pod mounts a ConfigMap that does not exist, or a key that it lacks.

For CoreDNS that is the Corefile: without its ConfigMap, or with another key, the pod waits in
ContainerCreating.

Limits: for seconds after an installation the ConfigMap may come later than the pod.
Source: kubernetes/kubernetes v1.30.5, pkg/volume/configmap/configmap.go (SetUpAt, MakePayload).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import NodeAgents
from diagnose.facts.node_agents import Lack
from diagnose.findings import times
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted

OTHER_KEY = "coredns-crashloop"  # the Corefile is there, and what it is mounted with is not


@check(
    title="A ConfigMap that the pod mounts is missing",
    severity=Severity.CRITICAL,
    family="corefile-syntax",
    explains=("pods-stuck-container-creating",),
)
def config_volume_missing(agents: NodeAgents) -> Iterator[Finding]:
    """Yield one finding per pod whose ConfigMap, or key of it, is not there."""
    for one in agents.of(Lack.VOLUME):
        space = quoted(one.subject.namespace, "kube-system")
        name = one.detail if " " not in one.detail else "coredns"
        yield Finding(
            subject=one.subject,
            message=f"{one.detail} is not there, and the pod mounts it ({times(one.count)})",
            quotes=one.quotes[:3],
            remedy=(
                look(
                    "See which ConfigMap and key the pod names, and what is there",
                    f"kubectl -n {space} get configmap; kubectl -n {space} get deployment coredns "
                    "-o jsonpath='{.spec.template.spec.volumes}'",
                    verify="the name or the key differs, or it was deleted",
                ),
                Remedy(
                    title="Restore it",
                    commands=(
                        "kubeadm init phase addon coredns",
                        f"kubectl -n {space} create configmap {quoted(name, 'coredns')} "
                        "--from-file=Corefile  # or from your own file",
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify=f"kubectl -n {space} get pods -l k8s-app=kube-dns  # Running",
                    why="kubeadm writes its default Corefile: own zones must be added again",
                ),
            ),
            family=OTHER_KEY if " " in one.detail and " Corefile " not in one.detail else "",
            at=one.at,
        )
