"""Where commands can be run on a node: in pods there that may have a shell.

Nothing is made for it: a node is seen from a pod of an agent in its host network, a client's view
is had from a pod that runs there anyway. Whether a pod has a shell shows only when it is tried.
"""

from __future__ import annotations

from collections.abc import Sequence

from diagnose.asks import Ask
from diagnose.facts.dns_answers import Place, PlaceKind
from diagnose.model import Subject
from diagnose.sources.plans.base import KUBE_SYSTEM, Plan, Run, listed
from diagnose.sources.plans.dns import by_labels
from diagnose.sources.plans.reading import (
    Object,
    at,
    labels_at,
    name_of,
    several_at,
    space_of,
    text_at,
)
from diagnose.values import dataclass

MOST_ON_NODE = 120  # pods that are read of one node; kubelets take 110 unless told otherwise
# Host-network agents that carry a shell, by the container that has it, the likeliest first.
AGENT_CONTAINERS = (
    "kube-flannel",
    "flannel",
    "kube-proxy",
    "calico-node",
    "cilium-agent",
    "weave",
    "kube-router",
    "antrea-agent",
    "ovnkube-node",
    "kindnet-cni",
    "aws-node",
    "azure-npm",
)
MESH = ("istio-proxy", "linkerd-proxy", "envoy", "kuma-sidecar")  # they answer DNS themselves
# Known to hold nothing but their program.
BARE = ("coredns", "pause", "metrics-server", "distroless", "etcd", "kube-apiserver", "csi-")
FAMILIAR = (KUBE_SYSTEM, "kube-flannel", "default")


@dataclass(frozen=True)
class Shell:
    """A container in which a command can be run."""

    namespace: str
    pod: str
    container: str
    node: str
    address: str = ""
    host: bool = False  # in the host network: what it sees is the node's
    cluster_dns: bool = False  # its resolv.conf is the kubelet's for cluster DNS
    node_resolver: bool = False  # its resolv.conf is that of the node

    @property
    def subject(self) -> Subject:
        """The pod."""
        return Subject("Pod", self.pod, self.namespace, self.node)

    @property
    def place(self) -> Place:
        """Whose view it gives: the node's, or the pod's."""
        if self.host:
            return Place(PlaceKind.HOST, Subject("Node", self.node), self.address)
        return Place(PlaceKind.POD, self.subject, self.address)


def is_linux(node: Object) -> bool:
    """Whether a node runs Linux, as one does that does not tell."""
    return labels_at(node, "metadata", "labels").get("kubernetes.io/os", "linux") == "linux"


def is_ready(one: Object) -> bool:
    """Whether a node or a pod is Ready."""
    return readiness(one) == "True"


def readiness(one: Object) -> str:
    """Return the status of a node's or a pod's condition Ready; "" when it has none."""
    several = several_at(one, "status", "conditions")
    return next((text_at(c, "status") for c in several if text_at(c, "type") == "Ready"), "")


def pods_on(run: Run, ask: Ask, node: str) -> Plan[Sequence[Object]]:
    """Return the pods that run on a node, up to a bound."""
    found = yield from listed(
        run,
        ask,
        "/api/v1/pods",
        "",
        fields=f"spec.nodeName={node},status.phase=Running",
        limit=MOST_ON_NODE,
        keep=False,
        more_is_fine=True,
        cached=True,
    )
    return found.items


def agents_among(pods: Sequence[Object]) -> list[Shell]:
    """Return where the node's own view can be had, the likeliest to have a shell first."""
    found: list[tuple[int, str, Shell]] = []
    for pod in pods:
        if at(pod, "spec", "hostNetwork") is not True:
            continue
        for container in running(pod):
            if container in AGENT_CONTAINERS:
                rank = AGENT_CONTAINERS.index(container)
                found.append((rank, name_of(pod), shell_of(pod, container)))
    return [one for _, _, one in sorted(found, key=lambda each: each[:2])]


def clients_among(pods: Sequence[Object]) -> list[Shell]:
    """Return where an ordinary pod's view can be had, the most ordinary first.

    A pod with a mesh's proxy is left out: the proxy answers its queries, or stands in their way.
    """
    found: list[tuple[tuple[bool, bool, int, str], Shell]] = []
    for pod in pods:
        if at(pod, "spec", "hostNetwork") is True or by_labels(
            labels_at(pod, "metadata", "labels")
        ):
            continue
        if not text_at(pod, "status", "podIP") or any(one in MESH for one in containers(pod)):
            continue
        images = {
            text_at(one, "name"): text_at(one, "image")
            for one in several_at(pod, "spec", "containers")
        }
        known = [
            one
            for one in running(pod)
            if not any(word in f"{one} {images.get(one, '')}" for word in BARE)
        ]
        if not known:
            continue
        space = space_of(pod)
        rank = FAMILIAR.index(space) if space in FAMILIAR else len(FAMILIAR)
        other_dns = text_at(pod, "spec", "dnsPolicy") in ("Default", "None")
        found.append(((other_dns, not is_ready(pod), rank, name_of(pod)), shell_of(pod, known[0])))
    return [one for _, one in sorted(found, key=lambda each: each[0])]


def containers(pod: Object) -> list[str]:
    """Return the names of a pod's containers, those that start before them too."""
    several = (*several_at(pod, "spec", "containers"), *several_at(pod, "spec", "initContainers"))
    return [text_at(one, "name") for one in several]


def running(pod: Object) -> list[str]:
    """Return the names of the containers that run, in the pod's order."""
    alive = {
        text_at(one, "name")
        for one in several_at(pod, "status", "containerStatuses")
        if at(one, "state", "running") is not None
    }
    names = [text_at(one, "name") for one in several_at(pod, "spec", "containers")]
    return [one for one in names if one in alive]


def shell_of(pod: Object, container: str) -> Shell:
    """Return the place of a pod's container."""
    spec = at(pod, "spec")
    host = at(spec, "hostNetwork") is True
    policy = text_at(spec, "dnsPolicy") or "ClusterFirst"
    return Shell(
        namespace=space_of(pod),
        pod=name_of(pod),
        container=container,
        node=text_at(spec, "nodeName"),
        address=text_at(pod, "status", "podIP"),
        host=host,
        cluster_dns=policy == "ClusterFirst" and not host,
        node_resolver=host and policy in ("Default", "ClusterFirst") and not at(spec, "dnsConfig"),
    )
