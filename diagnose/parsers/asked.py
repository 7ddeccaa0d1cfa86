"""What a kubectl command asked for: its resources, names and namespace."""

from __future__ import annotations

from diagnose.model import Subject
from diagnose.text.recognise import KUBECTL, option, positional
from diagnose.values import dataclass

LONGEST = 4000
# The API's kinds by what kubectl's command line and its tables call them.
KINDS = {
    alias: kind
    for kind, aliases in {
        "Pod": "po pod pods",
        "Node": "no node nodes",
        "Service": "svc service services",
        "Endpoints": "ep endpoint endpoints",
        "EndpointSlice": "endpointslice endpointslices",
        "DaemonSet": "ds daemonset daemonsets",
        "Deployment": "deploy deployment deployments",
        "ReplicaSet": "rs replicaset replicasets",
        "StatefulSet": "sts statefulset statefulsets",
        "Event": "ev event events",
        "ConfigMap": "cm configmap configmaps",
        "Namespace": "ns namespace namespaces",
        "Job": "job jobs",
        "CronJob": "cj cronjob cronjobs",
        "PersistentVolumeClaim": "pvc persistentvolumeclaim persistentvolumeclaims",
        "PersistentVolume": "pv persistentvolume persistentvolumes",
        "HorizontalPodAutoscaler": "hpa horizontalpodautoscaler horizontalpodautoscalers",
        "NetworkPolicy": "netpol networkpolicy networkpolicies",
        "ServiceAccount": "sa serviceaccount serviceaccounts",
        "ReplicationController": "rc replicationcontroller replicationcontrollers",
        "Ingress": "ing ingress ingresses",
        "Secret": "secret secrets",
        "Lease": "lease leases",
    }.items()
    for alias in aliases.split()
}
CLUSTER_SCOPED = frozenset({"Node", "Namespace", "PersistentVolume"})


@dataclass(frozen=True)
class Asked:
    """A kubectl command: its verb, the kinds of objects, their names, and the namespace.

    All are empty where the command does not tell; "all" is no kind.
    """

    verb: str = ""
    kinds: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    namespace: str = ""

    @property
    def kind(self) -> str:
        """The kind where only one was asked for, else ""."""
        return self.kinds[0] if len(set(self.kinds)) == 1 else ""


def kind_of(resource: str) -> str:
    """Return the API's kind of a resource's name, `deployment.apps` too; "" for unknown ones."""
    return KINDS.get(resource.split(".", 1)[0].lower(), "")


def asked(command: str) -> Asked:
    """Return what a command line asked kubectl for; nothing where it is another program's."""
    words = command[:LONGEST].split("|", 1)[0].replace("\\", " ").split()
    start = next((at for at, word in enumerate(words) if word.split(".")[-1] in KUBECTL), None)
    if start is None:
        return Asked()
    words = words[start + 1 :]
    namespace = option(words, "-n", "--namespace")
    rest = positional(words)
    if len(rest) < 2:
        return Asked(verb=rest[0] if rest else "", namespace=namespace)
    resources, names = rest[1], rest[2:]
    if "/" in resources:
        pairs = [word.partition("/") for word in rest[1:]]
        kinds = [kind_of(one) for one, _, _ in pairs]
        names = [name for _, _, name in pairs if name]
    else:
        kinds = [kind_of(one) for one in resources.split(",")]
    return Asked(rest[0], tuple(one for one in kinds if one), tuple(names), namespace)


def named_object(text: str, namespace: str = "", node: str = "") -> Subject | None:
    """Return the subject that `pod/coredns-x` names; None when it is not of that form."""
    resource, slash, name = text.partition("/")
    if not slash or not name or not resource:
        return None
    kind = kind_of(resource) or resource.split(".", 1)[0].capitalize()
    if kind in CLUSTER_SCOPED:
        return Subject(kind, name)
    return Subject(kind, name, namespace, node)
