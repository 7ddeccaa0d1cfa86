"""The network add-on's pods of the nodes that are not well, whichever add-on it is.

Source: the DaemonSets of projectcalico/calico v3.34 (manifests/calico.yaml, canal.yaml),
cilium/cilium v1.17 (install/kubernetes), weaveworks/weave v2.8 (prog/weave-kube), antrea-io/antrea
v2.8 (build/yamls/antrea.yml), cloudnativelabs/kube-router v2.1, aws/amazon-vpc-cni-k8s v1.19,
kubernetes-sigs/kind v0.24 (kindnet), ovn-kubernetes and kubeovn/kube-ovn v1.13,
k8snetworkplumbingwg/multus-cni v4; kubernetes/kubernetes v1.31.0, pkg/printers/internalversion
(printPod: the words of STATUS).
"""

from __future__ import annotations

from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.facts.pods import Pod, unique
from diagnose.model import Fact, Gap
from diagnose.text.regex import regex
from diagnose.values import dataclass

# A DaemonSet's pod is called like it, with five letters or digits at the end. flannel has a
# check of its own.
AGENT = regex(
    r"(?P<set>(?:rke2-)?canal|calico-node|weave-net|(?:rke2-)?cilium|antrea-agent|kube-router|"
    r"aws-node|azure-cns|kindnet|ovnkube-node|kube-ovn-cni|kube-multus-ds|multus)-[a-z0-9]{5}$"
)
# The container, or one that prepares it, ended or cannot be started.
ENDED = regex(r"(?:CrashLoop|.*Err|OOMKilled|ImagePull|InvalidImage|RunContainer|StartError)")
# What a pod that is being made goes through.
BEGINNING = regex(r"(?:Pending|ContainerCreating|PodInitializing|Init:\d+/\d+)$")
YOUNG_S = 120.0
WITHOUT_SANDBOX = "ContainerCreating"


@dataclass(frozen=True)
class FailingAgent:
    """One pod of an add-on that is not well; `name` is its DaemonSet's.

    It `ended` where its container does not stay up; else it runs and is not ready, or is not made.
    """

    pod: Pod
    name: str
    ended: bool


@dataclass(frozen=True, kw_only=True)
class AddOnAgents(Fact):
    """The failing agents, and a pod that has no sandbox beside them."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.SYSTEM_PODS, Ask.DNS_PODS)

    failing: tuple[FailingAgent, ...] = ()
    waiting: Pod | None = None

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the agents that any listing or object shows as not well."""
        pods = unique(evidence.of(Pod))
        found = known(evidence, pods, *cls.asks)
        if isinstance(found, Gap):
            return found
        failing = tuple(
            FailingAgent(pod, named["set"], ended(pod))
            for pod in pods
            if (named := AGENT.match(pod.subject.name)) and fails(pod)
        )
        return cls(origin=found[0], gaps=found[1], failing=failing, waiting=without_sandbox(pods))


def fails(pod: Pod) -> bool:
    """Whether a pod is not well, and is not just being made or removed."""
    if pod.ready is not False or pod.finished or pod.out_of_sight or pod.deleting:
        return False
    if pod.status in ("Terminating", "Evicted"):
        return False
    young = pod.age_s is not None and pod.age_s < YOUNG_S
    return not (young and BEGINNING.match(pod.status))


def ended(pod: Pod) -> bool:
    """Whether its status says that a container of it ended, or cannot be started."""
    return ENDED.match(pod.status.removeprefix("Init:")) is not None


def without_sandbox(pods: tuple[Pod, ...]) -> Pod | None:
    """Return a pod that waits in ContainerCreating, of DNS before others."""
    waiting = [
        pod
        for pod in pods
        if pod.status == WITHOUT_SANDBOX and not pod.host_network and not of_network(pod)
    ]
    return next((pod for pod in waiting if pod.serves_dns), next(iter(waiting), None))


def of_network(pod: Pod) -> bool:
    """Whether it is an agent itself, which uses the host's network."""
    name = pod.subject.name
    return bool(AGENT.match(name)) or "flannel" in name or name.startswith("kube-proxy")
