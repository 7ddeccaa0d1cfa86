"""API objects and kubelet configurations, whole, cut, pasted and hostile."""

from __future__ import annotations

import copy
import datetime
import json
import time
from typing import Any, TypeVar

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.asks import Ask
from diagnose.facts.cni_config import CNIConfig
from diagnose.facts.corefile import Corefile
from diagnose.facts.events import Event
from diagnose.facts.flannel import NetConf
from diagnose.facts.kubelet_config import KubeletConfig
from diagnose.facts.nodes import Node
from diagnose.facts.pods import Pod
from diagnose.facts.rbac import ClusterRole, ClusterRoleBinding
from diagnose.facts.services import Endpoint, Endpoints, Service, ServicePort
from diagnose.facts.workloads import DaemonSet, Deployment
from diagnose.model import CLUSTER, GapKind, Subject
from diagnose.parsers.decode import DEEPEST, decode
from diagnose.parsers.objects import parse, parse_kubelet_config
from diagnose.parts import Kind, Parsed, Part

Item = TypeVar("Item")
NOON = datetime.datetime(2024, 5, 1, 12, tzinfo=datetime.UTC)


def part(text: str, **more: Any) -> Part:
    """Return a part of objects."""
    return Part(Kind.OBJECTS, "objects.yaml", text, **more)


def read(value: Any, **more: Any) -> Parsed:
    """Return what is made of a value as JSON."""
    return parse(part(json.dumps(value, indent=4), **more))


def only(parsed: Parsed, kind: type[Item]) -> Item:
    """Return the only item, which is of a class, and was read without a gap."""
    assert parsed.gaps == ()
    (item,) = parsed.items
    assert isinstance(item, kind)
    return item


def pod_object(**status: Any) -> dict[str, Any]:
    """Return a pod of CoreDNS that restarts, some of its status replaced."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "coredns-7c65d6cfc9-hx8zq",
            "namespace": "kube-system",
            "creationTimestamp": "2024-05-01T11:00:00Z",
            "labels": {"k8s-app": "kube-dns"},
            "ownerReferences": [
                {"kind": "ReplicaSet", "name": "coredns-7c65d6cfc9", "controller": True}
            ],
            "managedFields": [{"manager": "kubelet", "time": "2024-05-01T11:58:00Z"}],
        },
        "spec": {
            "nodeName": "worker-a",
            "dnsPolicy": "Default",
            "nodeSelector": {"kubernetes.io/os": "linux"},
            "containers": [
                {
                    "name": "coredns",
                    "image": "registry.k8s.io/coredns/coredns:v1.11.1",
                    "command": ["/coredns", "-dns.port=53"],
                    "args": ["-conf", "/etc/coredns/Corefile"],
                    "resources": {"limits": {"memory": "170Mi"}},
                }
            ],
        },
        "status": {
            "phase": "Running",
            "startTime": "2024-05-01T11:00:01Z",
            "podIP": "10.200.0.5",
            "podIPs": [{"ip": "10.200.0.5"}, {"ip": "fd00::5"}],
            "conditions": [
                {
                    "type": "Ready",
                    "status": "False",
                    "lastTransitionTime": "2024-05-01T11:55:00Z",
                }
            ],
            "containerStatuses": [
                {
                    "name": "coredns",
                    "ready": False,
                    "restartCount": 7,
                    "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m"}},
                    "lastState": {
                        "terminated": {
                            "exitCode": 1,
                            "reason": "Error",
                            "finishedAt": "2024-05-01T11:57:00Z",
                        }
                    },
                }
            ],
            **status,
        },
    }


# ---------------------------------------------------------------- pods


def test_a_pod_in_full() -> None:
    """Each field that facts and checks use is read, with ages from when the part was taken."""
    pod = only(read(pod_object(), taken_at=NOON), Pod)
    assert pod.subject == Subject("Pod", "coredns-7c65d6cfc9-hx8zq", "kube-system", "worker-a")
    assert (pod.status, pod.phase, pod.ready) == ("CrashLoopBackOff", "Running", False)
    assert (pod.ready_containers, pod.total_containers, pod.restarts) == (0, 1, 7)
    assert (pod.age_s, pod.last_restart_age_s) == (3600.0, 180.0)
    assert pod.ips == ("10.200.0.5", "fd00::5")
    assert pod.owner == "ReplicaSet/coredns-7c65d6cfc9"
    assert pod.dns_policy == "Default"
    assert pod.host_network is False
    assert pod.node_selector == {"kubernetes.io/os": "linux"}
    assert pod.conditions == {"Ready": "False"}
    assert pod.started_at == datetime.datetime(2024, 5, 1, 11, 0, 1, tzinfo=datetime.UTC)
    assert pod.ready_since is None
    assert pod.serves_dns
    assert not pod.deleting
    (container,) = pod.containers
    assert (container.state, container.reason) == ("waiting", "CrashLoopBackOff")
    assert (container.last_reason, container.last_exit_code) == ("Error", 1)
    assert container.last_finished_at == datetime.datetime(2024, 5, 1, 11, 57, tzinfo=datetime.UTC)
    assert container.args == ("-dns.port=53", "-conf", "/etc/coredns/Corefile")
    assert container.memory_limit_bytes == 170 * 1024**2


def test_a_pod_is_quoted_as_its_row() -> None:
    """The quote is what `kubectl get pods -A -o wide` prints, at the line of the name."""
    text = json.dumps(pod_object(), indent=4)
    quote = only(parse(part(text, taken_at=NOON, first_line=10)), Pod).quote
    assert quote.text == (
        "kube-system   coredns-7c65d6cfc9-hx8zq   0/1   CrashLoopBackOff   7 (3m ago)   60m   "
        "10.200.0.5   worker-a"
    )
    assert quote.summary  # since no line of the object reads so
    assert quote.line is not None
    assert text.split("\n")[quote.line - 10].strip() == '"name": "coredns-7c65d6cfc9-hx8zq",'


def test_the_time_since_when_a_pod_is_ready() -> None:
    """It is the last change of its condition, and only told while it is ready."""
    condition = {"type": "Ready", "status": "True", "lastTransitionTime": "2024-05-01T11:30:00Z"}
    running = {"name": "coredns", "ready": True, "restartCount": 0, "state": {"running": {}}}
    pod = only(read(pod_object(conditions=[condition], containerStatuses=[running])), Pod)
    assert pod.ready is True
    assert pod.status == "Running"
    assert pod.ready_since == datetime.datetime(2024, 5, 1, 11, 30, tzinfo=datetime.UTC)


def waiting(reason: str) -> dict[str, Any]:
    """Return the status of a container that waits."""
    return {"name": "coredns", "ready": False, "state": {"waiting": {"reason": reason}}}


def ended(code: int, reason: str = "", name: str = "coredns") -> dict[str, Any]:
    """Return the status of a container that ended."""
    state = {"exitCode": code, **({"reason": reason} if reason else {})}
    return {"name": name, "ready": False, "state": {"terminated": state}}


def runs(name: str = "coredns", *, ready: bool = True) -> dict[str, Any]:
    """Return the status of a container that runs."""
    return {"name": name, "ready": ready, "started": True, "state": {"running": {}}}


KILLED = {"terminated": {"exitCode": 137, "signal": 9}}
WORDS: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "ContainerCreating",
        {"phase": "Pending", "containerStatuses": [waiting("ContainerCreating")]},
    ),
    ("Pending", {"phase": "Pending", "containerStatuses": []}),
    ("Running", {"containerStatuses": [runs()]}),
    ("Error", {"phase": "Failed", "containerStatuses": [ended(1, "Error")]}),
    ("OOMKilled", {"containerStatuses": [ended(137, "OOMKilled")]}),
    ("Completed", {"phase": "Succeeded", "containerStatuses": [ended(0, "Completed")]}),
    ("ExitCode:3", {"containerStatuses": [ended(3)]}),
    ("NotReady", {"containerStatuses": [ended(0, "Completed"), runs("side")]}),
    ("Error", {"containerStatuses": [ended(1, "Error"), ended(0, "Completed", "side")]}),
    ("Error", {"containerStatuses": [ended(0, "Completed"), ended(1, "Error", "side")]}),
    ("Signal:9", {"containerStatuses": [{**ended(137), "state": KILLED}]}),
    ("ErrImagePull", {"phase": "Pending", "containerStatuses": [waiting("ErrImagePull")]}),
    ("Evicted", {"phase": "Failed", "reason": "Evicted", "containerStatuses": []}),
    ("Init:0/1", {"initContainerStatuses": [runs("init", ready=False)]}),
    ("Init:Error", {"initContainerStatuses": [ended(1, "Error", "init")]}),
    ("Init:ExitCode:2", {"initContainerStatuses": [ended(2, "", "init")]}),
    (
        "Init:CrashLoopBackOff",
        {"initContainerStatuses": [{**waiting("CrashLoopBackOff"), "name": "init"}]},
    ),
    (
        "PodInitializing",
        {
            "phase": "Pending",
            "initContainerStatuses": [ended(0, "Completed", "init")],
            "containerStatuses": [waiting("PodInitializing")],
        },
    ),
    (
        "SchedulingGated",
        {
            "phase": "Pending",
            "containerStatuses": [],
            "conditions": [{"type": "PodScheduled", "reason": "SchedulingGated"}],
        },
    ),
)


@pytest.mark.parametrize(("word", "status"), WORDS, ids=[word for word, _ in WORDS])
def test_the_status_word(word: str, status: dict[str, Any]) -> None:
    """STATUS is computed as kubectl computes it."""
    value = pod_object(**status)
    if "initContainerStatuses" in status:
        value["spec"]["initContainers"] = [{"name": "init"}]
    assert only(read(value), Pod).status == word


def test_a_pod_that_is_deleted() -> None:
    """It is Terminating, unless it came to its end, or its node is lost."""
    value = pod_object(containerStatuses=[runs()])
    value["metadata"]["deletionTimestamp"] = "2024-05-01T12:00:30Z"
    pod = only(read(value), Pod)
    assert (pod.status, pod.deleting) == ("Terminating", True)
    value["status"]["reason"] = "NodeLost"
    assert only(read(value), Pod).status == "Unknown"
    value["status"] = {"phase": "Failed", "containerStatuses": [ended(1, "Error")]}
    assert only(read(value), Pod).status == "Error"


def test_a_sidecar_counts_among_the_containers() -> None:
    """An init container that restarts always is one of those that are to be ready."""
    value = pod_object(
        initContainerStatuses=[{**runs("side"), "restartCount": 2}],
        containerStatuses=[{**runs(), "restartCount": 1}],
    )
    value["spec"]["initContainers"] = [{"name": "side", "restartPolicy": "Always"}]
    pod = only(read(value), Pod)
    assert (pod.status, pod.ready_containers, pod.total_containers) == ("Running", 2, 2)
    assert pod.restarts == 3


def test_a_manifest_tells_no_state() -> None:
    """A pod without a status has no state, rather than a bad one."""
    value = pod_object()
    del value["status"]
    pod = only(read(value), Pod)
    assert (pod.status, pod.ready, pod.restarts, pod.ips) == ("", None, None, None)


def test_why_a_pod_is_not_scheduled() -> None:
    """The scheduler's message stands for the pod's own."""
    condition = {"type": "PodScheduled", "status": "False", "message": "0/2 nodes are available"}
    value = pod_object(phase="Pending", conditions=[condition], containerStatuses=[])
    pod = only(read(value), Pod)
    assert (pod.message, pod.ready) == ("0/2 nodes are available", False)


# ---------------------------------------------------------------- ages


def test_without_a_time_a_short_age_is_not_known() -> None:
    """The latest time of a part is a lower bound: it makes no pod young."""
    value = pod_object()
    value["metadata"]["creationTimestamp"] = "2024-05-01T11:57:30Z"
    assert only(read(value), Pod).age_s is None
    value["metadata"]["creationTimestamp"] = "2024-05-01T11:00:00Z"
    assert only(read(value), Pod).age_s == 3480.0


def test_a_deletion_that_lies_ahead_is_no_present() -> None:
    """A deletion's deadline does not count as the latest time."""
    value = pod_object()
    value["metadata"]["deletionTimestamp"] = "2024-05-01T18:00:00Z"
    assert only(read(value), Pod).age_s == 3480.0


# ---------------------------------------------------------------- services


def test_a_service() -> None:
    """Addresses, ports with their targets, selector and families are read."""
    value = {
        "kind": "Service",
        "metadata": {
            "name": "kube-dns",
            "namespace": "kube-system",
            "labels": {"k8s-app": "kube-dns"},
        },
        "spec": {
            "type": "ClusterIP",
            "clusterIP": "10.32.0.10",
            "clusterIPs": ["10.32.0.10"],
            "ipFamilies": ["IPv4"],
            "selector": {"k8s-app": "kube-dns"},
            "ports": [
                {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 53},
                {"name": "metrics", "port": 9153, "protocol": "TCP", "targetPort": "metrics"},
            ],
        },
    }
    service = only(read(value), Service)
    assert service.serves_dns
    assert service.cluster_ips == ("10.32.0.10",)
    assert service.ports == (
        ServicePort(53, "UDP", "dns", "53"),
        ServicePort(9153, "TCP", "metrics", "metrics"),
    )
    assert (service.selector, service.ip_families) == ({"k8s-app": "kube-dns"}, ("IPv4",))
    assert service.quote.text == (
        "kube-system   kube-dns   ClusterIP   10.32.0.10   53/UDP,9153/TCP   k8s-app=kube-dns"
    )


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"clusterIP": "None"}, ()),
        ({"type": "ExternalName"}, ()),
        ({"ports": []}, None),
        ({"clusterIP": "CLUSTER_DNS_IP"}, None),
        ({"clusterIPs": ["10.32.0.10", "fd00:10::a"]}, ("10.32.0.10", "fd00:10::a")),
    ],
)
def test_the_addresses_of_a_service(spec: dict[str, Any], told: tuple[str, ...] | None) -> None:
    """A headless Service has none; a manifest need not tell them."""
    value = {"kind": "Service", "metadata": {"name": "kube-dns"}, "spec": spec}
    assert only(read(value), Service).cluster_ips == told


def test_endpoints() -> None:
    """Ready and other addresses are told apart, each with its pod and node, each once."""
    target = {"kind": "Pod", "name": "coredns-a", "namespace": "kube-system"}
    subset = {
        "addresses": [{"ip": "10.200.0.5", "nodeName": "worker-a", "targetRef": target}],
        "notReadyAddresses": [{"ip": "10.200.1.7"}, {"ip": "10.200.0.5"}],
        "ports": [{"name": "dns", "port": 53, "protocol": "UDP"}],
    }
    value = {"kind": "Endpoints", "metadata": {"name": "kube-dns"}, "subsets": [subset]}
    found = only(read(value), Endpoints)
    assert found.service == "kube-dns"
    assert found.endpoints == (
        Endpoint("10.200.0.5", True, "coredns-a", "worker-a"),
        Endpoint("10.200.1.7", False),
    )
    assert found.ports == (ServicePort(53, "UDP", "dns"),)
    assert "10.200.1.7 (not ready)" in found.quote.text


def test_a_slice() -> None:
    """The Service is told by the label, and readiness that is not told means ready."""
    value = {
        "kind": "EndpointSlice",
        "metadata": {
            "name": "kube-dns-x7k2p",
            "namespace": "kube-system",
            "labels": {"kubernetes.io/service-name": "kube-dns"},
        },
        "addressType": "IPv4",
        "endpoints": [
            {"addresses": ["10.200.0.5"], "conditions": {"ready": True}, "nodeName": "worker-a"},
            {"addresses": ["10.200.1.7"], "conditions": {"ready": False}},
            {"addresses": ["10.200.2.9"], "conditions": {}},
        ],
        "ports": None,
    }
    found = only(read(value), Endpoints)
    assert (found.service, found.subject.kind) == ("kube-dns", "EndpointSlice")
    assert [one.ready for one in found.endpoints] == [True, False, True]
    assert found.endpoints[0].node == "worker-a"


def test_no_endpoints_is_knowledge() -> None:
    """An Endpoints object without subsets has none, and says so in its quote."""
    found = only(read({"kind": "Endpoints", "metadata": {"name": "kube-dns"}}), Endpoints)
    assert found.endpoints == ()
    assert found.quote.text == "kube-dns   <none>"


# ---------------------------------------------------------------- workloads, nodes, events


def test_a_daemon_set() -> None:
    """Its counts are the status's; where that is missing they are not known."""
    value: dict[str, Any] = {
        "kind": "DaemonSet",
        "metadata": {"name": "kube-proxy", "namespace": "kube-system"},
        "spec": {
            "selector": {"matchLabels": {"k8s-app": "kube-proxy"}},
            "template": {
                "spec": {
                    "nodeSelector": {"kubernetes.io/os": "linux"},
                    "containers": [{"image": "registry.k8s.io/kube-proxy:v1.30.0"}],
                }
            },
        },
        "status": {"desiredNumberScheduled": 3, "currentNumberScheduled": 3, "numberReady": 1},
    }
    found = only(read(value), DaemonSet)
    assert (found.desired, found.current, found.ready) == (3, 3, 1)
    assert found.node_selector == {"kubernetes.io/os": "linux"}
    assert found.images == ("registry.k8s.io/kube-proxy:v1.30.0",)
    del value["status"]
    found = only(read(value), DaemonSet)
    assert (found.desired, found.current, found.ready) == (None, None, None)


@pytest.mark.parametrize(
    ("spec", "status", "counts"),
    [
        ({"replicas": 2}, {"replicas": 2, "unavailableReplicas": 2}, (2, 0, 0)),
        ({"replicas": 2}, {"replicas": 2, "readyReplicas": 1, "availableReplicas": 1}, (2, 1, 1)),
        ({"replicas": 0}, {"observedGeneration": 3}, (0, 0, 0)),
        ({}, {}, (1, None, None)),
    ],
)
def test_a_deployment(
    spec: dict[str, Any], status: dict[str, Any], counts: tuple[int | None, ...]
) -> None:
    """Counts of 0 are left out by the API; a manifest tells none."""
    value = {"kind": "Deployment", "metadata": {"name": "coredns"}, "spec": spec, "status": status}
    found = only(read(value), Deployment)
    assert (found.desired, found.ready, found.available) == counts


def test_a_node() -> None:
    """Conditions with their messages, versions, networks, taints and annotations are read."""
    network = "container runtime network not ready: NetworkReady=false"
    value = {
        "kind": "Node",
        "metadata": {
            "name": "worker-a",
            "annotations": {"flannel.alpha.coreos.com/public-ip": "10.240.0.21"},
        },
        "spec": {
            "podCIDR": "10.200.1.0/24",
            "podCIDRs": ["10.200.1.0/24"],
            "taints": [
                {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"},
                {"key": "a", "value": "b", "effect": "NoExecute"},
            ],
        },
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": "10.240.0.21"},
                {"type": "Hostname", "address": "worker-a"},
            ],
            "conditions": [{"type": "Ready", "status": "False", "message": network}],
            "nodeInfo": {
                "kubeletVersion": "v1.30.0",
                "osImage": "Debian GNU/Linux 12",
                "kernelVersion": "6.1.0",
                "containerRuntimeVersion": "containerd://1.7.16",
            },
        },
    }
    node = only(read(value), Node)
    assert (node.subject, node.ready) == (Subject("Node", "worker-a"), False)
    assert node.conditions == {"Ready": "False"}
    assert node.messages == {"Ready": network}
    assert node.pod_cidrs == ("10.200.1.0/24",)
    assert node.addresses == ("10.240.0.21",)
    assert node.taints == ("node.kubernetes.io/not-ready:NoSchedule", "a=b:NoExecute")
    assert node.annotations == {"flannel.alpha.coreos.com/public-ip": "10.240.0.21"}
    assert (node.kubelet_version, node.runtime) == ("v1.30.0", "containerd://1.7.16")
    assert network in node.quote.text


def core_event(**more: Any) -> dict[str, Any]:
    """Return an Event of core/v1."""
    return {
        "kind": "Event",
        "apiVersion": "v1",
        "metadata": {"name": "coredns-a.17cb5c3e", "namespace": "kube-system"},
        "involvedObject": {"kind": "Pod", "name": "coredns-a", "namespace": "kube-system"},
        "reason": "FailedCreatePodSandBox",
        "message": "Failed to create pod sandbox:\nrpc error",
        "type": "Warning",
        "count": 5,
        "firstTimestamp": "2024-05-01T11:50:00Z",
        "lastTimestamp": "2024-05-01T11:58:00Z",
        "source": {"component": "kubelet", "host": "worker-a"},
        **more,
    }


def test_an_event() -> None:
    """The node is the reporting kubelet's; a message of several lines is one line."""
    event = only(read(core_event(), taken_at=NOON), Event)
    assert event.subject == Subject("Pod", "coredns-a", "kube-system", "worker-a")
    assert (event.component, event.count, event.type) == ("kubelet", 5, "Warning")
    assert (event.age_s, event.first_age_s) == (120.0, 600.0)
    assert event.message == "Failed to create pod sandbox: rpc error"
    assert event.quote.text == (
        "kube-system   2m (x5)   Warning   FailedCreatePodSandBox   pod/coredns-a   "
        "Failed to create pod sandbox: rpc error"
    )


def test_an_event_of_the_newer_api() -> None:
    """A series tells how often and when last; deprecated fields keep the node."""
    value = {
        "kind": "Event",
        "apiVersion": "events.k8s.io/v1",
        "metadata": {"name": "x.1"},
        "regarding": {"kind": "Pod", "name": "coredns-a", "namespace": "kube-system"},
        "reason": "BackOff",
        "note": "Back-off restarting failed container",
        "type": "Warning",
        "eventTime": "2024-05-01T11:40:00.000000Z",
        "series": {"count": 12, "lastObservedTime": "2024-05-01T11:59:00.123456Z"},
        "reportingController": "kubelet",
        "reportingInstance": "worker-a",
        "deprecatedFirstTimestamp": None,
    }
    event = only(read(value, taken_at=NOON), Event)
    assert event.subject.node == "worker-a"
    assert (event.count, event.component) == (12, "kubelet")
    assert event.age_s == pytest.approx(59.9, abs=0.1)
    assert event.first_age_s == 1200.0
    assert event.message == "Back-off restarting failed container"


def test_events_have_ages_to_compare_without_a_time() -> None:
    """Without the time of the part the latest event is 0 s old."""
    late = core_event(lastTimestamp="2024-05-01T11:59:00Z")
    parsed = read({"kind": "EventList", "items": [core_event(), late]})
    ages = [one.age_s for one in parsed.items if isinstance(one, Event)]
    assert ages == [60.0, 0.0]


def test_an_event_of_a_node() -> None:
    """It has no namespace, whatever its own is."""
    involved = {"kind": "Node", "name": "worker-a", "namespace": ""}
    assert only(read(core_event(involvedObject=involved)), Event).subject == Subject(
        "Node", "worker-a"
    )


# ---------------------------------------------------------------- permissions and refusals

ROLES = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: system:coredns
rules:
- apiGroups: [""]
  resources: [services, namespaces]
  verbs: [list, watch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: system:coredns
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: system:coredns}
subjects:
- {kind: ServiceAccount, name: coredns, namespace: kube-system}
"""


def test_role_and_binding() -> None:
    """Rules and accounts are read; the core group stays the empty text."""
    role, binding = parse(part(ROLES)).items
    assert isinstance(role, ClusterRole)
    assert role.rules[0].allows("", "services", "watch")
    assert not role.rules[0].allows("discovery.k8s.io", "endpointslices", "list")
    assert isinstance(binding, ClusterRoleBinding)
    assert (binding.role, binding.accounts) == ("system:coredns", ("kube-system/coredns",))
    assert (role.quote.line, binding.quote.line) == (4, 13)


@pytest.mark.parametrize("name", ["flannel", "coredns-autoscaler", "external-dns"])
def test_roles_of_others_are_left(name: str) -> None:
    """A role of another program must not pass for CoreDNS's."""
    text = ROLES.replace("system:coredns", name).replace("name: coredns", "name: other")
    assert parse(part(text)) == Parsed()
    value = {"kind": "ClusterRole", "metadata": {"name": name}, "rules": []}
    assert read(value) == Parsed()
    assert read(value, ask=Ask.RBAC).items


def test_a_role_by_another_name_that_is_bound_to_coredns() -> None:
    """What CoreDNS's account is bound to is its role."""
    text = ROLES.replace("system:coredns", "dns-reader")
    role, binding = parse(part(text)).items
    assert isinstance(role, ClusterRole)
    assert isinstance(binding, ClusterRoleBinding)
    assert role.subject.name == binding.role == "dns-reader"


def status_of(code: int, reason: str, kind: str, name: str) -> dict[str, Any]:
    """Return the Status that the API server answers with."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": f'{kind}.rbac.authorization.k8s.io "{name}" is {reason}',
        "reason": reason,
        "details": {"name": name, "kind": kind},
        "code": code,
    }


def test_a_role_that_does_not_exist() -> None:
    """404 for CoreDNS's role or binding is knowledge, not a gap."""
    role = only(read(status_of(404, "NotFound", "clusterroles", "system:coredns")), ClusterRole)
    assert not role.exists
    text = (
        "Error from server (NotFound): clusterrolebindings.rbac.authorization.k8s.io "
        '"system:coredns" not found'
    )
    binding = only(parse(part(text)), ClusterRoleBinding)
    assert (binding.exists, binding.subject.name) == (False, "system:coredns")


@pytest.mark.parametrize(
    ("code", "reason", "kind"),
    [
        (403, "Forbidden", GapKind.DENIED),
        (401, "Unauthorized", GapKind.DENIED),
        (404, "NotFound", GapKind.NOT_COLLECTED),
        (504, "Timeout", GapKind.UNREACHABLE),
    ],
)
def test_a_refusal_is_a_gap(code: int, reason: str, kind: GapKind) -> None:
    """What did not come is a gap that says why."""
    parsed = read(status_of(code, reason, "configmaps", "coredns"))
    assert parsed.items == ()
    assert [gap.kind for gap in parsed.gaps] == [kind]
    assert "coredns" in parsed.gaps[0].what


# ---------------------------------------------------------------- ConfigMaps

CONFIG_MAP = """\
apiVersion: v1
data:
  Corefile: |
    .:53 {
        errors
        kubernetes cluster.local in-addr.arpa ip6.arpa
        forward . /etc/resolv.conf
    }
kind: ConfigMap
metadata:
  name: coredns
  namespace: kube-system
"""


def line_of(corefile: Corefile, name: str) -> int:
    """Return the line of a plugin."""
    return next(
        one.line for block in corefile.blocks for one in block.directives if one.name == name
    )


def test_a_corefile_keeps_the_lines_of_its_file() -> None:
    """In a literal block of YAML a Corefile's lines are the file's own."""
    corefile = only(parse(part(CONFIG_MAP, first_line=100)), Corefile)
    assert corefile.faults == ()
    line = line_of(corefile, "forward")
    assert CONFIG_MAP.split("\n")[line - 100].strip() == "forward . /etc/resolv.conf"
    assert corefile.quote(line).text.strip() == "forward . /etc/resolv.conf"
    assert corefile.origin == "objects.yaml"


def test_a_corefile_behind_blank_lines_and_other_keys() -> None:
    """Neither what precedes a block nor blank lines at its head move the lines."""
    text = CONFIG_MAP.replace("data:\n", "data:\n  Zone: |\n    x\n\n    y\n").replace(
        "Corefile: |\n", "Corefile: |\n\n"
    )
    corefile = only(parse(part(text)), Corefile)
    assert text.split("\n")[line_of(corefile, "errors") - 1].strip() == "errors"


ONE_STRING = """\
apiVersion: v1
data:
  Corefile: ".:53 {\\n    errors \\n    kubernetes cluster.local\\n    \\
    forward . 8.8.8.8\\n\\tcache 30\\n}\\n"
kind: ConfigMap
metadata:
  name: coredns
"""


def test_a_corefile_as_one_string_counts_for_itself() -> None:
    """An escaped string has one line in the file, so its Corefile's lines count from 1."""
    as_json = json.dumps(yaml.safe_load(ONE_STRING), indent=4)
    for text in (ONE_STRING, as_json):
        corefile = only(parse(part(text)), Corefile)
        assert corefile.origin == "objects.yaml, Corefile"
        assert corefile.quote(line_of(corefile, "forward")).text == "    forward . 8.8.8.8"
        assert line_of(corefile, "cache") == 5


def test_imports_that_are_in_the_same_evidence() -> None:
    """The files of coredns-custom are at hand where their ConfigMap is; its servers are read."""
    main = CONFIG_MAP.replace("errors", "import custom/*.override")
    custom = """\
---
apiVersion: v1
data:
  log.override: log
  corp.server: |
    corp.example:53 {
        forward . 10.9.9.9
    }
kind: ConfigMap
metadata:
  name: coredns-custom
"""
    alone = only(parse(part(main)), Corefile)
    assert alone.gaps, "what it imports is not known"
    items = parse(part(main + custom)).items
    both = [one for one in items if isinstance(one, Corefile)]
    assert len(both) == len(items) == 2
    assert both[0].gaps == ()
    assert both[0].plugin("log")
    assert both[1].upstreams("corp.example.") == ("10.9.9.9",)


def test_a_corefile_that_was_cut_tells_nothing() -> None:
    """Neither a brace nor a plugin that is missing where the paste ends is held against it."""
    for end in ("    }\n", "    forward", "orward", "errors", "{"):
        parsed = parse(part(CONFIG_MAP[: CONFIG_MAP.index(end)]))
        assert parsed.items == ()
        assert [gap.kind for gap in parsed.gaps] == [GapKind.PARTIAL]
    closed = CONFIG_MAP[: CONFIG_MAP.index("kind:")]
    assert only(parse(part(closed)), Corefile).plugin("forward"), "its last brace was seen"
    whole = CONFIG_MAP.replace("    }\n", "")
    assert only(parse(part(whole)), Corefile).faults, "in a whole one it is"


def test_a_manifest_may_end_within_its_corefile() -> None:
    """Its data comes last: an open block is a fault only where something stands behind it."""
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: coredns}\ndata:\n  Corefile: |\n"
    text = head + "    .:53 {\n        errors\n"
    assert only(parse(part(text)), Corefile).torn
    assert not only(parse(part(text + "    }\n")), Corefile).torn
    for more in ("  other: x\n", "---\napiVersion: v1\nkind: Pod\n"):
        found = [one for one in parse(part(text + more)).items if isinstance(one, Corefile)]
        assert [one.torn for one in found] == [False]


def test_flannel_and_kubelets() -> None:
    """Configurations of flannel and of kubelets in ConfigMaps are read by their own parsers."""
    text = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: kube-flannel-cfg
data:
  cni-conf.json: |
    {"name": "cbr0", "plugins": [{"type": "flannel"}, {"type": "portmap"}]}
  net-conf.json: |
    {
      "Network": "10.200.0.0/16",
      "Backend": {"Type": "vxlan"}
    }
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: kubelet-config-1.23
data:
  kubelet: |
    apiVersion: kubelet.config.k8s.io/v1beta1
    clusterDNS:
    - 10.32.0.10
    clusterDomain: cluster.local
    kind: KubeletConfiguration
"""
    parsed = parse(part(text))
    assert parsed.gaps == ()
    cni, net, kubelet = parsed.items
    assert isinstance(cni, CNIConfig)
    assert cni.plugins == ("flannel", "portmap")
    assert isinstance(net, NetConf)
    assert (net.network, net.quote.line) == ("10.200.0.0/16", 10)
    assert isinstance(kubelet, KubeletConfig)
    assert (kubelet.subject, kubelet.cluster_dns) == (CLUSTER, ("10.32.0.10",))
    assert kubelet.resolv_conf == ""
    assert text.split("\n")[(kubelet.quote.line or 0) - 1].strip() == "clusterDNS:"


def test_a_secret_is_not_looked_into() -> None:
    """Nothing of a Secret is read, also where it holds a Corefile."""
    text = CONFIG_MAP.replace("kind: ConfigMap", "kind: Secret")
    assert parse(part(text)) == Parsed()


# ---------------------------------------------------------------- kubelet configurations


def kubelet(text: str, **more: Any) -> Parsed:
    """Return what is made of a kubelet's configuration."""
    return parse_kubelet_config(Part(Kind.KUBELET_CONFIG, "config.yaml", text, **more))


def test_a_kubelets_file() -> None:
    """All three settings are read, and quoted at the first one's line."""
    text = """\
apiVersion: kubelet.config.k8s.io/v1beta1
cgroupDriver: systemd
clusterDNS:
- 10.32.0.10
- fd00::a
clusterDomain: cluster.local
kind: KubeletConfiguration
resolvConf: /run/systemd/resolve/resolv.conf
"""
    node = Subject("Node", "worker-a")
    found = only(kubelet(text, subject=node, first_line=5), KubeletConfig)
    assert found.subject == node
    assert found.cluster_dns == ("10.32.0.10", "fd00::a")
    assert found.cluster_domain == "cluster.local"
    assert found.resolv_conf == "/run/systemd/resolve/resolv.conf"
    assert found.quote.line == 7
    assert found.quote.text.startswith("clusterDNS: [10.32.0.10, fd00::a]   clusterDomain: cluster")


def test_configz() -> None:
    """What a kubelet serves is whole: a key that it lacks is unset."""
    found = only(kubelet('{"kubeletconfig": {"clusterDomain": "cluster.local"}}'), KubeletConfig)
    assert (found.cluster_dns, found.cluster_domain) == ((), "cluster.local")


@pytest.mark.parametrize(
    ("text", "servers"),
    [
        ("kind: KubeletConfiguration\nauthentication: {}\nregisterNode: true\n", ()),
        ("kind: KubeletConfiguration\nclusterDNS: []\n", ()),
        ("kind: KubeletConfiguration\nauthentication: {}\n", None),
        ("clusterDomain: cluster.local\n", None),
        ("clusterDNS:\nclusterDomain: cluster.local\n", ()),
        ("", ()),
    ],
)
def test_unset_and_not_told(text: str, servers: tuple[str, ...] | None) -> None:
    """A key is unset where the file is whole; of a piece it is not told.

    Programs sort the keys: a file that ends before clusterDNS could stand may go on.
    """
    assert only(kubelet(text), KubeletConfig).cluster_dns == servers


FLAGS = (
    'KUBELET_EXTRA_ARGS="--cluster-dns=10.32.0.10 --cluster-domain=cluster.local --resolv-conf="',
    'KUBELET_EXTRA_ARGS=--cluster-dns 10.32.0.10 --cluster-domain "cluster.local" --resolv-conf=""',
    "--cluster-dns=10.32.0.10 \\\n --cluster-domain=cluster.local \\\n --resolv-conf= \\\n -v=2",
    "/usr/bin/kubelet --cluster-domain=cluster.local --cluster-dns='10.32.0.10' --resolv-conf=''",
    "--cluster_dns=10.32.0.10 --cluster_domain=cluster.local --resolv-conf=",
)


@pytest.mark.parametrize("text", FLAGS)
def test_flags(text: str) -> None:
    """Flags of the command line tell the same, however they are quoted."""
    found = only(kubelet(text), KubeletConfig)
    assert found.cluster_dns == ("10.32.0.10",)
    assert (found.cluster_domain, found.resolv_conf) == ("cluster.local", "")
    assert "10.32.0.10" in found.quote.text


def test_flags_that_are_not_given_are_not_told() -> None:
    """The configuration file may set what no flag does."""
    found = only(kubelet("KUBELET_EXTRA_ARGS=--cluster-dns=10.32.0.10,10.32.0.11"), KubeletConfig)
    assert found.cluster_dns == ("10.32.0.10", "10.32.0.11")
    assert (found.cluster_domain, found.resolv_conf) == (None, None)


def test_a_kubelets_file_without_anything_of_it() -> None:
    """Text that is none is a gap."""
    parsed = kubelet("this is not it\n")
    assert parsed.items == ()
    assert [gap.kind for gap in parsed.gaps] == [GapKind.MALFORMED]


# ---------------------------------------------------------------- how objects come


def names(parsed: Parsed) -> list[str]:
    """Return the names of the items."""
    return [item.subject.name for item in parsed.items if isinstance(item, Pod)]


def pods(count: int) -> list[dict[str, Any]]:
    """Return pods with names of their own."""
    several = [pod_object() for _ in range(count)]
    for number, one in enumerate(several):
        one["metadata"]["name"] = f"coredns-{number}"
    return several


class Plain(yaml.SafeDumper):
    """Writes YAML as kubectl does, without aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        """Whether a value that comes twice is written twice."""
        return True


def as_yaml(value: Any) -> str:
    """Return a value as kubectl prints it."""
    return yaml.dump(value, Dumper=Plain, default_flow_style=False)


SHAPES = {
    "list": json.dumps({"apiVersion": "v1", "items": pods(2), "kind": "List"}, indent=4),
    "raw": json.dumps(
        {
            "kind": "PodList",
            "apiVersion": "v1",
            "items": [{k: v for k, v in one.items() if k != "kind"} for one in pods(2)],
        }
    ),
    "array": json.dumps(pods(2)),
    "jq": "\n".join(json.dumps(one, indent=2) for one in pods(2)),
    "one line": "".join(map(json.dumps, pods(2))),
    "watch": "\n".join(json.dumps({"type": "ADDED", "object": one}) for one in pods(2)),
    "nested": json.dumps({"kind": "List", "items": [{"kind": "PodList", "items": pods(2)}]}),
    "prompt": "me@host:~$ kubectl get pods -o json\n"
    + json.dumps(pods(2), indent=1)
    + "\nme@host:~$",
    "yaml list": as_yaml({"apiVersion": "v1", "items": pods(2), "kind": "List"}),
    "yaml documents": "---\n".join(map(as_yaml, pods(2))),
    "yaml array": as_yaml(pods(2)),
    "yaml prompt": "me@host:~$ kubectl get pods -o yaml\n"
    + as_yaml({"apiVersion": "v1", "items": pods(2), "kind": "List"})
    + "me@host:~$ kubectl get nodes\n",
    "yaml margin": as_yaml({"items": pods(2), "kind": "List"})
    .replace("\n", "\n    ")
    .join(("    ", "")),
    "json and yaml": json.dumps(pods(1)) + "\n---\n" + as_yaml(pods(2)[1]),
    "typographic": json.dumps({"items": pods(2), "kind": "List"}, indent=2).replace('"', "”"),
    "commas": json.dumps({"items": pods(2), "kind": "List"}, indent=2).replace("}\n", "},\n"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape(shape: str) -> None:
    """Lists, streams, arrays, pastes: the objects are the same."""
    parsed = parse(part(SHAPES[shape]))
    assert names(parsed) == ["coredns-0", "coredns-1"]
    assert all(one.status == "CrashLoopBackOff" for one in parsed.items if isinstance(one, Pod))


@pytest.mark.parametrize("shape", ["list", "jq", "yaml list", "yaml documents"])
def test_quotes_have_the_lines_of_names(shape: str) -> None:
    """Each quote's line is the one that names the object."""
    lines = SHAPES[shape].split("\n")
    for item in parse(part(SHAPES[shape])).items:
        assert isinstance(item, Pod)
        assert item.quote.line is not None
        line = lines[item.quote.line - 1]
        assert "name" in line
        assert item.subject.name in line


@pytest.mark.parametrize("shape", ["list", "raw", "array", "yaml list"])
def test_what_is_cut_off_keeps_the_whole_objects(shape: str) -> None:
    """The first pod is there, and a gap says that more was meant."""
    text = SHAPES[shape]
    parsed = parse(part(text[: int(len(text) * 0.75)]))
    assert names(parsed)[0] == "coredns-0"
    assert [gap.kind for gap in parsed.gaps] == [GapKind.PARTIAL]


def test_a_pod_cut_in_its_status_has_none() -> None:
    """Half a status must not pass for a whole one."""
    text = json.dumps(pod_object())
    cut = text[: text.index('"lastState"')]
    (pod,) = parse(part(cut)).items
    assert isinstance(pod, Pod)
    assert (pod.status, pod.restarts, pod.containers[0].name) == ("", None, "coredns")


def test_endpoints_that_are_cut_are_not_told() -> None:
    """Half the addresses are not the addresses."""
    value = {
        "kind": "Endpoints",
        "metadata": {"name": "kube-dns"},
        "subsets": [{"addresses": [{"ip": "10.200.0.5"}, {"ip": "10.200.1.7"}]}],
    }
    parsed = parse(part(json.dumps(value)[:-15]))
    assert parsed.items == ()
    assert [gap.kind for gap in parsed.gaps] == [GapKind.PARTIAL]


def test_a_broken_object_costs_no_other() -> None:
    """Of a list in JSON or YAML only the broken object suffers, and the gap names its line."""
    lines = json.dumps({"items": pods(3), "kind": "List"}, indent=2).split("\n")
    at = next(i for i, line in enumerate(lines) if '"coredns-1"' in line)
    lines[at] = '      "name" oops,'
    parsed = parse(part("\n".join(lines)))
    assert {"coredns-0", "coredns-2"} <= set(names(parsed))
    assert f"line {at + 1}:" in parsed.gaps[0].because

    lines = as_yaml({"items": pods(3), "kind": "List"}).split("\n")
    at = next(i for i, line in enumerate(lines) if "dnsPolicy" in line)
    lines[at] = "    }oops"
    parsed = parse(part("\n".join(lines)))
    assert names(parsed) == ["coredns-0", "coredns-1", "coredns-2"]
    assert f"line {at + 1}:" in parsed.gaps[0].because


def test_tabs_in_yaml() -> None:
    """An editor's tabs in place of margins are undone."""
    text = "kind: Node\nmetadata:\n\tname: worker-a\n\tlabels:\n\t\ta: b\n"
    assert only(parse(part(text)), Node).labels == {"a": "b"}


def test_a_first_line_that_lost_its_margin() -> None:
    """A copy that began behind the first line's margin is read."""
    text = "apiVersion: v1\n    kind: Node\n    metadata:\n      name: worker-a\n"
    assert only(parse(part(text)), Node).subject.name == "worker-a"


def test_what_was_left_out_is_a_gap() -> None:
    """`...` stands for something: the object is read on, and the gap says so."""
    text = "kind: Pod\nmetadata:\n  name: a\n...\nstatus:\n  phase: Failed\n  reason: Evicted\n"
    parsed = parse(part(text))
    (pod,) = parsed.items
    assert isinstance(pod, Pod)
    assert (pod.subject.name, pod.status) == ("a", "Evicted")
    assert [gap.kind for gap in parsed.gaps] == [GapKind.PARTIAL]


def test_other_kinds_and_tables_are_passed_over() -> None:
    """What no fact is made of is no gap."""
    assert read({"kind": "Table", "rows": [{"cells": ["coredns"]}]}) == Parsed()
    assert read({"kind": "ReplicaSet", "metadata": {"name": "x"}, "spec": {}}) == Parsed()


def test_nothing_at_all() -> None:
    """Text without any object is a gap; no text is nothing."""
    assert parse(part("")) == Parsed()
    assert [gap.kind for gap in parse(part("hello\n")).gaps] == [GapKind.MALFORMED]


def test_terminal_escapes_are_shown() -> None:
    """What a terminal would obey is never handed on."""
    value = pod_object()
    value["metadata"]["name"] = "a\x1b[2Jb"
    value["status"]["message"] = "red\x1b[31m"
    pod = only(read(value), Pod)
    assert "\x1b" not in pod.subject.name + pod.quote.text + pod.message


# ---------------------------------------------------------------- hostile input


def bomb(levels: int) -> str:
    """Return YAML whose aliases stand for 9**levels values."""
    lines = ["kind: Pod", "l0: &l0 [x, x]"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines)


HOSTILE = {
    "bomb": bomb(40),
    "tag": "kind: Pod\nmetadata: !!python/object/apply:os.system [id]\n",
    "deep json": '{"kind":"Pod","spec":' + "[" * 200_000,
    "deep object": '{"a":' * 200_000,
    "deep yaml": "kind: Pod\nspec: " + "[" * 200_000,
    "deep block": "\n".join(" " * n + "a:" for n in range(DEEPEST * 5)),
    "recursive alias": "kind: Pod\nspec: &a\n  b: *a\n",
    "digits": '{"kind":"Pod","metadata":{"name":' + "9" * 10_000 + "}}",
    "controls": "kind: Pod\x00\x01\nmetadata: {name: \x02}\n",
    "surrogate": "kind: Pod\nmetadata: {name: '\udc80'}\n",
    "braces": "{\n" * 20_000,
    "broken values": '{"a":[1,]}\n' * 20_000,
    "broken items": '{"items": [\n' + ' {"a" 1},\n' * 20_000,
    "dots": "kind: Pod\n" + "...\n" * 100_000,
    "documents": "---\n" * 100_000,
    "quotes": "kind: Pod\n" + "x: 'a\n" * 20_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_takes_little_time(name: str) -> None:
    """Whatever the text, nothing is raised, and the time is bounded."""
    began = time.process_time()
    parse(part(HOSTILE[name]))
    kubelet(HOSTILE[name])
    assert time.process_time() - began < 5


@pytest.mark.parametrize("name", ["bomb", "tag", "deep json", "deep yaml", "recursive alias"])
def test_what_is_refused_is_a_gap(name: str) -> None:
    """A document that is not read is told of, and makes no item."""
    parsed = parse(part(HOSTILE[name]))
    assert parsed.items == ()
    assert parsed.gaps


def test_an_alias_is_read() -> None:
    """A few aliases, as people write by hand, stand for what they name."""
    text = "kind: Node\nmetadata:\n  name: &n worker-a\n  labels: {host: *n}\n"
    assert only(parse(part(text)), Node).labels == {"host": "worker-a"}


def test_a_long_list_is_read_fast() -> None:
    """5 MB of pods take well under a second, on a slow machine not much more."""
    one = pod_object()
    one["metadata"]["annotations"] = {"checksum": "x" * 200}
    text = json.dumps({"kind": "List", "items": [one] * 2200}, indent=1)
    assert len(text) > 3_000_000
    began = time.process_time()
    assert len(parse(part(text)).items) == 2200
    assert time.process_time() - began < 5


SAMPLES: tuple[Any, ...] = (
    pod_object(),
    core_event(),
    status_of(404, "NotFound", "clusterroles", "system:coredns"),
    *yaml.safe_load_all(ROLES),
    yaml.safe_load(CONFIG_MAP),
    {"kind": "Service", "metadata": {"name": "kube-dns"}, "spec": {"ports": [{"port": 53}]}},
    {"kind": "Endpoints", "metadata": {}, "subsets": [{"addresses": [{"ip": "10.0.0.1"}]}]},
    {"kind": "EndpointSlice", "metadata": {}, "endpoints": [{"addresses": ["10.0.0.1"]}]},
    {"kind": "Node", "spec": {"taints": [{}]}, "status": {"conditions": [{"type": "Ready"}]}},
    {"kind": "DaemonSet", "spec": {"template": {"spec": {"containers": [{}]}}}, "status": {}},
    {"kind": "Deployment", "spec": {"replicas": 1}, "status": {"replicas": 1}},
    {"kind": "KubeletConfiguration", "clusterDNS": ["10.0.0.1"], "resolvConf": "/x"},
    {"kubeletconfig": {"clusterDNS": ["10.0.0.1"]}},
    {"kind": "List", "items": [{"kind": "Pod", "status": {"containerStatuses": [{}]}}]},
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        ["True", "2024-05-01T11:00:00Z", "None", "9999-12-31T23:59:59-14:00", "Always"]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths to every value in a value."""
    found = [path]
    if isinstance(value, dict):
        for key, inner in value.items():
            found += paths_of(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += paths_of(inner, (*path, index))
    return found


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_value_at_any_place(data: st.DataObject) -> None:
    """No field of any type at any place makes the parsers raise."""
    value = copy.deepcopy(data.draw(st.sampled_from(SAMPLES)))
    for _ in range(data.draw(st.integers(1, 4))):
        path = data.draw(st.sampled_from(paths_of(value)[1:] or [()]))
        if not path:
            break
        holder = value
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = data.draw(VALUES)
    text = json.dumps(value) if data.draw(st.booleans()) else as_yaml(value)
    parse(part(text))
    kubelet(text)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([*SHAPES.values(), CONFIG_MAP, ONE_STRING, ROLES, *FLAGS]), st.data())
def test_any_cut_and_any_insertion(text: str, data: st.DataObject) -> None:
    """Text that is cut anywhere, or disturbed by other text, makes no parser raise."""
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    other = data.draw(
        st.one_of(st.text(max_size=20), st.sampled_from(["\t", "{", "\n- ", "...\n"]))
    )
    for mutated in (text[start:end], text[:start] + other + text[end:]):
        parse(part(mutated))
        kubelet(mutated)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.sampled_from("{}[]\",:-&*!|>'#%@`\n\t a1kind"), max_size=120))
def test_any_punctuation(text: str) -> None:
    """Random punctuation of JSON and YAML makes no parser raise."""
    for found in decode(text).found:
        assert isinstance(found.value, dict)
    parse(part(text))
    kubelet(text)


def test_an_object_of_which_a_line_could_not_be_read_lacks_nothing() -> None:
    """Half of a Service would tell the contrary: the port may be in what was left out."""
    text = (
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: kube-dns\nspec:\n  ports:\n"
        "{}- {{name: dns, port: 53, protocol: UDP}}\n"
        "  - {{name: dns-tcp, port: 53, protocol: TCP}}\n  type: ClusterIP\n"
        "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: other\nspec:\n  type: ClusterIP\n"
    )
    names = [
        [
            item.subject.name
            for item in parse(part(text.format(margin))).items
            if type(item) is Service
        ]
        for margin in ("  ", " \\xff")
    ]
    assert names == [["kube-dns", "other"], ["other"]]


@pytest.mark.parametrize(
    ("text", "servers"),
    [
        ("", None),
        ("clusterDNS:\n", None),
        ("...\nclusterDomain: cluster.local\n", None),
        ("clusterDNS:\n...\nclusterDomain: cluster.local\n", None),
        ("authentication: {}\n", None),
        ("clusterDNS: []\nclusterDomain: cluster.local\n", ()),
        ("authentication: {}\nclusterDomain: cluster.local\n", ()),
    ],
)
def test_a_kubelet_configuration_that_may_go_on(text: str, servers: tuple[str, ...] | None) -> None:
    """Only a key that would stand behind it shows that clusterDNS is not set."""
    head = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"
    parsed = parse_kubelet_config(Part(Kind.KUBELET_CONFIG, "kubelet.yaml", head + text))
    assert [one.cluster_dns for one in parsed.items if isinstance(one, KubeletConfig)] == [servers]
