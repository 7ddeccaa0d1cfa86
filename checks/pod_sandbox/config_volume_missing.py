"""A pod mounts a ConfigMap that does not exist, or a key that it lacks.

For CoreDNS that is the Corefile: without its ConfigMap, or with another key, the pod waits in
ContainerCreating.

Limits: for seconds after an installation the ConfigMap may come later than the pod.
Source: kubernetes/kubernetes v1.30.5, pkg/volume/configmap/configmap.go (SetUpAt, MakePayload).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import NodeAgents
from diagnose.facts.node_agents import AgentFault, Lack
from diagnose.findings import times
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted

ROOT_CA = "kube-root-ca.crt"  # of pkg/controller/certificates/rootcacertpublisher
OF_COREDNS = ("coredns", "kube-dns")
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
        yield Finding(
            subject=one.subject,
            message=f"{one.detail} is not there, and the pod mounts it ({times(one.count)})",
            quotes=one.quotes[:3],
            remedy=steps(one),
            family=OTHER_KEY if " " in one.detail and " Corefile " not in one.detail else "",
            at=one.at,
        )


def steps(one: AgentFault) -> tuple[Remedy, ...]:
    """Return the remedy, by who writes the ConfigMap: a person, kubeadm, or a controller."""
    space, pod = quoted(one.subject.namespace, "kube-system"), quoted(one.subject.name, "<pod>")
    see = look(
        "See which ConfigMap and key the pod names, and what is there",
        f"kubectl -n {space} get pod {pod} -o jsonpath='{{.spec.volumes}}'",
        f"kubectl -n {space} get configmap",
        verify="the name or the key differs, or it was deleted",
    )
    waits = f"kubectl -n {space} get pod {pod}  # Running"
    if one.detail == ROOT_CA:
        return (
            see,
            look(
                "See whether kube-controller-manager runs, which writes it into each namespace",
                "kubectl -n kube-system get pods -l component=kube-controller-manager",
                "kubectl -n kube-system logs -l component=kube-controller-manager --tail=50",
                verify="it runs, and is the leader: then the ConfigMap comes within seconds",
            ),
        )
    if " " not in one.detail and one.detail not in OF_COREDNS:
        name = quoted(one.detail, "<name>")
        return (
            see,
            Remedy(
                title=f"Create {one.detail} again, from the manifests of what it belongs to",
                commands=(f"kubectl -n {space} apply -f <manifest of {name}>",),
                risk=Risk.DISRUPTIVE,
                verify=waits,
            ),
        )
    return (
        see,
        Remedy(
            title="Restore the Corefile: from your own file, or kubeadm's default",
            commands=(
                "kubectl -n kube-system create configmap coredns --from-file=Corefile",
                "kubeadm init phase addon coredns  # without a file of your own",
            ),
            risk=Risk.DISRUPTIVE,
            verify=f"kubectl -n {space} get pods -l k8s-app=kube-dns  # Running",
            why="kubeadm writes its default Corefile: own zones must be added again",
        ),
    )
