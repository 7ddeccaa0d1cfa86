"""Descriptions are read whole, several at once, out of the middle, and without indentation."""

from datetime import UTC, datetime
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.facts.cni_config import CNIConfig
from diagnose.facts.corefile import Corefile
from diagnose.facts.events import Event
from diagnose.facts.flannel import NetConf
from diagnose.facts.nodes import Node
from diagnose.facts.pods import Pod
from diagnose.facts.services import Endpoint, Endpoints, Service, ServicePort
from diagnose.facts.workloads import DaemonSet, Deployment
from diagnose.model import GapKind, ObjectQuote, Subject
from diagnose.parsers.describe import parse
from diagnose.parts import Kind, Parsed, Part
from diagnose.text.recognise import cut

Item = TypeVar("Item")
LOOP = (
    '[FATAL] plugin/loop: Loop (127.0.0.1:36286 -> :53) detected for zone ".", see '
    'https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO 104.906."'
)
CRASHING = f"""\
Name:                 coredns-5f7c9d8b6d-q4x2k
Namespace:            kube-system
Priority Class Name:  system-cluster-critical
Service Account:      coredns
Node:                 edge-a/10.77.3.11
Start Time:           Thu, 02 May 2024 09:40:00 +0000
Labels:               k8s-app=kube-dns
                      pod-template-hash=5f7c9d8b6d
Annotations:          <none>
Status:               Running
IP:                   10.44.0.7
IPs:
  IP:           10.44.0.7
Controlled By:  ReplicaSet/coredns-5f7c9d8b6d
Containers:
  coredns:
    Container ID:  containerd://7a2145
    Image:         registry.k8s.io/coredns/coredns:v1.11.1
    Image ID:      registry.k8s.io/coredns/coredns@sha256:1eeb
    Ports:         53/UDP, 53/TCP, 9153/TCP
    Host Ports:    0/UDP, 0/TCP, 0/TCP
    Args:
      -conf
      /etc/coredns/Corefile
    State:          Waiting
      Reason:       CrashLoopBackOff
    Last State:     Terminated
      Reason:       Error
      Message:      {LOOP}

      Exit Code:    1
      Started:      Thu, 02 May 2024 09:57:10 +0000
      Finished:     Thu, 02 May 2024 09:58:00 +0000
    Ready:          False
    Restart Count:  8
    Limits:
      memory:  170Mi
    Requests:
      cpu:        100m
      memory:     70Mi
    Liveness:     http-get http://:8080/health delay=60s timeout=5s period=10s #success=1 #failure=5
    Environment:
      EMPTY:
      NAME:     value
    Mounts:
      /etc/coredns from config-volume (ro)
Conditions:
  Type              Status
  Initialized       True
  Ready             False
  ContainersReady   False
  PodScheduled      True
Volumes:
  config-volume:
    Type:      ConfigMap (a volume populated by a ConfigMap)
    Name:      coredns
    Optional:  false
QoS Class:                   Burstable
Node-Selectors:              kubernetes.io/os=linux
Tolerations:                 CriticalAddonsOnly op=Exists
Events:
  Type     Reason     Age                 From               Message
  ----     ------     ----                ----               -------
  Normal   Scheduled  20m                 default-scheduler  Successfully assigned kube-system/coredns-5f7c9d8b6d-q4x2k to edge-a
  Warning  BackOff    2s (x71 over 17m)   kubelet            Back-off restarting failed container
"""  # noqa: E501  as kubectl prints it


def described(text: str, command: str = "", taken_at: datetime | None = None) -> Parsed:
    """Return what a description is parsed to."""
    part = Part(Kind.DESCRIBE, "paste", text, command=command, first_line=10, taken_at=taken_at)
    return parse(part)


def of_kind(parsed: Parsed, kind: type[Item]) -> list[Item]:
    """Return the items of one class."""
    return [item for item in parsed.items if isinstance(item, kind)]


def pod(text: str, command: str = "", taken_at: datetime | None = None) -> Pod:
    """Return the only pod of a text."""
    (item,) = of_kind(described(text, command, taken_at), Pod)
    return item


# ---------------------------------------------------------------- pods


def test_a_pod_tells_where_it_is_and_whose() -> None:
    """The node stands with its address; the pod is on another network than its node."""
    item = pod(CRASHING)
    assert item.subject == Subject("Pod", "coredns-5f7c9d8b6d-q4x2k", "kube-system", "edge-a")
    assert item.labels == {"k8s-app": "kube-dns", "pod-template-hash": "5f7c9d8b6d"}
    assert (item.ips, item.host_network) == (("10.44.0.7",), False)
    assert item.owner == "ReplicaSet/coredns-5f7c9d8b6d"
    assert item.node_selector == {"kubernetes.io/os": "linux"}
    assert item.started_at == datetime(2024, 5, 2, 9, 40, tzinfo=UTC)


def test_a_pod_tells_how_it_is() -> None:
    """STATUS is the word of kubectl get; the phase is what describe calls Status."""
    item = pod(CRASHING)
    assert (item.status, item.phase, item.ready) == ("CrashLoopBackOff", "Running", False)
    assert (item.ready_containers, item.total_containers, item.restarts) == (0, 1, 8)
    assert item.conditions == {
        "Initialized": "True",
        "Ready": "False",
        "ContainersReady": "False",
        "PodScheduled": "True",
    }


def test_a_container_tells_its_state_and_the_run_before() -> None:
    """Reason, exit code and message belong to the state above them."""
    (container,) = pod(CRASHING).containers
    assert (container.name, container.image) == (
        "coredns",
        "registry.k8s.io/coredns/coredns:v1.11.1",
    )
    assert (container.state, container.reason, container.exit_code) == (
        "waiting",
        "CrashLoopBackOff",
        None,
    )
    assert (container.last_reason, container.last_exit_code) == ("Error", 1)
    assert container.last_message == LOOP
    assert container.last_finished_at == datetime(2024, 5, 2, 9, 58, tzinfo=UTC)
    assert container.args == ("-conf", "/etc/coredns/Corefile")
    assert container.memory_limit_bytes == 170 * 1024**2


def test_the_quote_shows_what_is_wrong() -> None:
    """The worst container's lines in one, beginning at their line."""
    quote = pod(CRASHING).quote
    assert quote.text.startswith("State: Waiting  Reason: CrashLoopBackOff  Last State: Terminated")
    assert quote.text.endswith("Restart Count: 8")
    assert quote.line == 34
    assert quote.summary  # since no line reads so
    assert isinstance(quote, ObjectQuote)
    seen = quote.seen()
    assert seen.text == "Reason:       CrashLoopBackOff"
    assert seen.line is not None
    assert CRASHING.split("\n")[seen.line - 10].strip() == seen.text
    assert not seen.summary


@pytest.mark.parametrize(
    ("wanted", "line"),
    [
        (("selector",), "Selector:          k8s-app=kube-dns"),
        (("selector", "tier"), "                   tier=dns"),
        (("cluster_ips",), "IP:                10.32.0.10"),
        (("addresses", "10.200.1.5"), "Endpoints:         10.200.0.5:53,10.200.1.5:53"),
        (("selector", "k8s"), None),
        (("targets",), None),
    ],
)
def test_the_line_of_a_field_is_quoted(wanted: tuple[str, ...], line: str | None) -> None:
    """Also a further line of its value; a part of a word is none, nor is a field of another one."""
    text = (
        "Name:              other\nNamespace:         kube-system\nSelector:          a=b\n\n\n"
        "Name:              kube-dns\nNamespace:         kube-system\n"
        "Selector:          k8s-app=kube-dns\n                   tier=dns\n"
        "Type:              ClusterIP\nIP:                10.32.0.10\n"
        "Endpoints:         10.200.0.5:53,10.200.1.5:53\nSession Affinity:  None\n"
    )
    found = [one for one in described(text).items if isinstance(one, Service)]
    quote = next(one.quote for one in found if one.subject.name == "kube-dns").on(*wanted)
    assert isinstance(quote, ObjectQuote)
    seen = quote.seen()
    if line is None:
        assert seen.summary
    else:
        assert seen.line == text.split("\n").index(line) + 10
        assert seen.text == line.strip()


def test_ages_follow_from_what_has_a_date_and_an_age() -> None:
    """The pod started when it was scheduled, twenty minutes before the description."""
    item = pod(CRASHING)
    assert (item.age_s, item.last_restart_age_s) == (1200, 120)
    later = pod(CRASHING, taken_at=datetime(2024, 5, 2, 11, 58, tzinfo=UTC))
    assert later.last_restart_age_s == 7200


def test_dates_alone_tell_no_age() -> None:
    """A pod that has run well since months shows old dates only; it did not restart just now."""
    item = pod(CRASHING.partition("Events:")[0])
    assert (item.age_s, item.last_restart_age_s) == (None, None)


def test_events_are_about_the_described_pod_on_its_node() -> None:
    """Rows of a description do not name their object."""
    first, second = of_kind(described(CRASHING), Event)
    assert first.subject == second.subject == pod(CRASHING).subject
    assert (second.count, second.reason, second.quote.line) == (71, "BackOff", 74)


def test_a_description_without_indentation_is_the_same() -> None:
    """Chat programs strip leading blanks; the names of fields tell what belongs where."""
    stripped = "\n".join(" ".join(line.split()) for line in CRASHING.splitlines())
    item, wanted = pod(stripped), pod(CRASHING)
    assert item.subject == wanted.subject
    assert (item.status, item.labels, item.conditions) == (
        wanted.status,
        wanted.labels,
        wanted.conditions,
    )
    assert item.containers == wanted.containers
    assert len(of_kind(described(stripped), Event)) == 2


def test_an_indented_description_is_the_same() -> None:
    """Lists in Markdown indent what is in them."""
    indented = "\n".join(f"    {line}" for line in CRASHING.splitlines())
    assert pod(indented).containers == pod(CRASHING).containers


def test_a_piece_out_of_the_middle_is_a_pod_named_by_its_events() -> None:
    """What was cut is not known; the event names the pod."""
    text = "    State:" + CRASHING.partition("    State:")[2]
    item = pod(text)
    assert item.subject == Subject("Pod", "coredns-5f7c9d8b6d-q4x2k", "kube-system", "edge-a")
    assert (item.status, item.restarts, item.labels, item.ips) == (
        "CrashLoopBackOff",
        8,
        None,
        None,
    )


def test_the_run_before_is_not_the_state_now() -> None:
    """Of a piece that shows the last run alone, the status is not known."""
    item = pod("    Last State:     Terminated\n      Reason:       OOMKilled\n")
    assert (item.status, item.containers[0].last_reason) == ("", "OOMKilled")


def test_a_paste_of_the_lower_half_is_recognised() -> None:
    """People select from Status on; the next line is a field of a pod too."""
    text = "Status:" + CRASHING.partition("\nStatus:")[2]
    (part,) = cut(text, origin="paste")
    assert part.kind is Kind.DESCRIBE
    assert [type(item) for item in parse(part).items] == [Pod, Event, Event]


def test_a_piece_takes_its_name_from_the_command() -> None:
    """`kubectl describe pod NAME | tail` tells whose piece it is."""
    text = "Status:   Pending\nConditions:\n  Type           Status\n  PodScheduled   False\n"
    item = pod(text, "kubectl describe pod -n shop cart-0 | tail -20")
    assert item.subject == Subject("Pod", "cart-0", "shop")
    assert (item.phase, item.conditions) == ("Pending", {"PodScheduled": "False"})


def test_objects_one_after_the_other_are_kept_apart() -> None:
    """A Name in a volume begins no object."""
    other = CRASHING.replace("q4x2k", "zzzzz").replace("Waiting", "Running")
    parsed = described(f"{CRASHING}\n\n{other}")
    first, second = of_kind(parsed, Pod)
    assert (first.subject.name, second.subject.name) == (
        "coredns-5f7c9d8b6d-q4x2k",
        "coredns-5f7c9d8b6d-zzzzz",
    )
    assert len(of_kind(parsed, Event)) == 4


def test_init_containers_are_told_apart() -> None:
    """While one runs, the pod's status is how many are done."""
    item = pod(
        "Name:       cart-0\nNamespace:  shop\nStatus:     Pending\nInit Containers:\n"
        "  wait:\n    Image:          busybox\n    Command:\n      sleep\n    Args:\n      9\n"
        "    State:          Running\n"
        "    Ready:          False\n    Restart Count:  0\nContainers:\n"
        "  cart:\n    Image:          cart:1\n    State:          Waiting\n"
        "      Reason:       PodInitializing\n    Ready:          False\n"
        "    Restart Count:  0\n"
    )
    assert [(one.name, one.args) for one in item.init_containers] == [("wait", ("sleep", "9"))]
    assert [one.name for one in item.containers] == ["cart"]
    assert item.status == "Init:0/1"


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (
            "Status:  Failed\nReason:  Evicted\nMessage:  The node was low on resource: memory.\n"
            "Containers:\n",
            "Evicted",
        ),
        ("Status:  Terminating (lasts 3m)\nContainers:\n", "Terminating"),
        (
            "Status:  Running\nContainers:\n  a:\n    Image:  x\n    State:  Terminated\n"
            "      Reason:  OOMKilled\n      Exit Code:  137\n    Ready:  False\n",
            "OOMKilled",
        ),
        (
            "Status:  Running\nContainers:\n  a:\n    Image:  x\n    State:  Terminated\n"
            "      Exit Code:  3\n    Ready:  False\n",
            "ExitCode:3",
        ),
    ],
)
def test_the_status_is_the_word_of_kubectl_get(lines: str, status: str) -> None:
    """As printPod of kubectl puts it together."""
    item = pod(f"Name:  cart-0\nNamespace:  shop\n{lines}")
    assert item.status == status
    assert item.deleting == (status == "Terminating")


def test_a_pod_with_its_node_s_address_is_on_the_node_s_network() -> None:
    """Describe does not print hostNetwork; the addresses tell it."""
    item = pod(
        "Name:  proxy\nNamespace:  kube-system\nNode:  edge-a/10.77.3.11\n"
        "Status:  Running\nIP:  10.77.3.11\n"
    )
    assert item.host_network is True


# ---------------------------------------------------------------- nodes


def test_a_node_tells_why_it_is_not_ready() -> None:
    """The condition's message is what its runtime says."""
    parsed = described(
        "Name:               edge-b\n"
        "Roles:              <none>\n"
        "Labels:             kubernetes.io/hostname=edge-b\n"
        "                    kubernetes.io/os=linux\n"
        'Annotations:        flannel.alpha.coreos.com/backend-data: {"VtepMAC":"5a:2e"}\n'
        "                    flannel.alpha.coreos.com/backend-type: vxlan\n"
        "CreationTimestamp:  Thu, 02 May 2024 08:00:00 +0000\n"
        "Taints:             node.kubernetes.io/not-ready:NoExecute\n"
        "                    node.kubernetes.io/not-ready:NoSchedule\n"
        "Unschedulable:      false\n"
        "Conditions:\n"
        "  Type             Status  LastHeartbeatTime                 LastTransitionTime"
        "                Reason                       Message\n"
        "  ----             ------  -----------------                 ------------------"
        "                ------                       -------\n"
        "  MemoryPressure   False   Thu, 02 May 2024 10:00:00 +0000   Thu, 02 May 2024 08:00:00 "
        "+0000   KubeletHasSufficientMemory   kubelet has sufficient memory available\n"
        "  Ready            False   Thu, 02 May 2024 10:00:00 +0000   Thu, 02 May 2024 08:00:00 "
        "+0000   KubeletNotReady              container runtime network not ready: "
        "NetworkReady=false reason:NetworkPluginNotReady message:cni plugin not initialized\n"
        "Addresses:\n  InternalIP:  10.77.3.12\n  Hostname:    edge-b\n"
        "System Info:\n"
        "  Kernel Version:             5.15.0-107-generic\n"
        "  OS Image:                   Ubuntu 22.04.4 LTS\n"
        "  Container Runtime Version:  containerd://1.7.18\n"
        "  Kubelet Version:            v1.30.2\n"
        "PodCIDR:                      10.44.1.0/24\n"
        "PodCIDRs:                     10.44.1.0/24\n"
        "Events:\n"
        "  Type    Reason          Age   From             Message\n"
        "  ----    ------          ----  ----             -------\n"
        "  Normal  RegisteredNode  10m   node-controller  Node edge-b event: Registered\n"
    )
    node, event = parsed.items
    assert isinstance(node, Node)
    assert isinstance(event, Event)
    assert (node.subject, node.ready, node.age_s) == (Subject("Node", "edge-b"), False, 7200)
    assert node.messages["Ready"].endswith("message:cni plugin not initialized")
    assert node.conditions == {"MemoryPressure": "False", "Ready": "False"}
    assert node.addresses == ("10.77.3.12",)
    assert (node.kubelet_version, node.kernel) == ("v1.30.2", "5.15.0-107-generic")
    assert (node.os_image, node.runtime) == ("Ubuntu 22.04.4 LTS", "containerd://1.7.18")
    assert node.pod_cidrs == ("10.44.1.0/24",)
    assert node.taints is not None
    assert [taint.rpartition(":")[2] for taint in node.taints] == ["NoExecute", "NoSchedule"]
    assert node.annotations is not None
    assert node.annotations["flannel.alpha.coreos.com/backend-data"] == '{"VtepMAC":"5a:2e"}'
    assert node.quote.line == 24
    assert (event.subject, event.component) == (Subject("Node", "edge-b"), "node-controller")


def test_a_node_s_conditions_alone_are_a_node() -> None:
    """Only nodes have heartbeats; whose they are is not told."""
    (node,) = described(
        "  Type    Status   LastHeartbeatTime                 LastTransitionTime                "
        "Reason             Message\n"
        "  Ready   Unknown  Thu, 02 May 2024 10:00:00 +0000   Thu, 02 May 2024 10:01:00 +0000   "
        "NodeStatusUnknown  Kubelet stopped posting node status.\n"
    ).items
    assert isinstance(node, Node)
    assert (node.subject, node.ready) == (Subject("Node"), False)
    assert node.messages == {"Ready": "Kubelet stopped posting node status."}


# ---------------------------------------------------------------- services, endpoints

SERVICE = """\
Name:              kube-dns
Namespace:         kube-system
Labels:            k8s-app=kube-dns
                   kubernetes.io/name=CoreDNS
Annotations:       prometheus.io/port: 9153
Selector:          k8s-app=core-dns
Type:              ClusterIP
IP Family Policy:  SingleStack
IP Families:       IPv4
IP:                10.44.0.10
IPs:               10.44.0.10
Port:              dns  53/UDP
TargetPort:        53/UDP
Endpoints:         {0}
Port:              dns-tcp  53/TCP
TargetPort:        dns-tcp/TCP
Endpoints:         {0}
Session Affinity:  None
Events:            <none>
"""


def test_a_service_tells_its_addresses_ports_and_selector() -> None:
    """The fault is often in the selector: the quote shows it with the address."""
    item, _ = described(SERVICE.format("10.44.0.7:53,10.44.0.8:53")).items
    assert isinstance(item, Service)
    assert item.subject == Subject("Service", "kube-dns", "kube-system")
    assert (item.type, item.cluster_ips) == ("ClusterIP", ("10.44.0.10",))
    assert item.ports == (
        ServicePort(53, "UDP", "dns", "53"),
        ServicePort(53, "TCP", "dns-tcp", "dns-tcp"),
    )
    assert (item.selector, item.ip_families) == ({"k8s-app": "core-dns"}, ("IPv4",))
    assert item.labels == {"k8s-app": "kube-dns", "kubernetes.io/name": "CoreDNS"}
    assert item.quote.text == "Selector: k8s-app=core-dns  Type: ClusterIP  IP: 10.44.0.10"
    assert item.quote.line == 15


def test_a_service_s_endpoints_are_each_address_once() -> None:
    """Every port lists the same addresses."""
    _, item = described(SERVICE.format("10.44.0.7:53,10.44.0.8:53,10.44.0.9:53 + 2 more...")).items
    assert isinstance(item, Endpoints)
    assert [one.address for one in item.endpoints] == ["10.44.0.7", "10.44.0.8", "10.44.0.9"]
    assert (item.more, item.service, item.subject.namespace) == (2, "kube-dns", "kube-system")


@pytest.mark.parametrize("none", ["<none>", ""])
def test_no_endpoints_are_known_to_be_none(none: str) -> None:
    """Newer versions print nothing at all in place of <none>."""
    _, item = described(SERVICE.format(none)).items
    assert isinstance(item, Endpoints)
    assert (item.endpoints, item.more) == ((), 0)


def test_a_service_cut_short_tells_no_endpoints() -> None:
    """What is not there is not known to be empty."""
    (item,) = described(
        "Name:       kube-dns\nNamespace:  kube-system\n....\nSelector:   k8s-app=core-dns\n"
        "Type:       ClusterIP\n...\n"
    ).items
    assert isinstance(item, Service)
    assert (item.cluster_ips, item.ports) == (None, None)
    assert item.selector == {"k8s-app": "core-dns"}


def test_endpoints_tell_which_are_ready() -> None:
    """NotReadyAddresses are known and take no traffic."""
    (item,) = described(
        "Name:         kube-dns\nNamespace:    kube-system\nLabels:       k8s-app=kube-dns\n"
        "Subsets:\n  Addresses:          10.44.0.7\n  NotReadyAddresses:  10.44.0.8,10.44.0.9\n"
        "  Ports:\n    Name     Port  Protocol\n    ----     ----  --------\n"
        "    dns-tcp  53    TCP\n    dns      53    UDP\n\nEvents:  <none>\n"
    ).items
    assert isinstance(item, Endpoints)
    assert item.endpoints == (
        Endpoint("10.44.0.7"),
        Endpoint("10.44.0.8", ready=False),
        Endpoint("10.44.0.9", ready=False),
    )
    assert item.ports == (ServicePort(53, "TCP", "dns-tcp"), ServicePort(53, "UDP", "dns"))


def test_a_slice_tells_readiness_pod_and_node_of_each() -> None:
    """The label names its Service."""
    (item,) = described(
        "Name:         kube-dns-k8x2t\nNamespace:    kube-system\n"
        "Labels:       endpointslice.kubernetes.io/managed-by=endpointslice-controller.k8s.io\n"
        "              kubernetes.io/service-name=dns-of-old\nAnnotations:  <none>\n"
        "AddressType:  IPv4\nPorts:\n  Name     Port  Protocol\n  ----     ----  --------\n"
        "  dns      53    UDP\nEndpoints:\n"
        "  - Addresses:  10.44.0.7\n    Conditions:\n      Ready:    true\n"
        "    TargetRef:  Pod/dns-0\n    NodeName:   edge-a\n"
        "  - Addresses:  10.44.0.8\n    Conditions:\n      Ready:    false\n"
        "    TargetRef:  Pod/dns-1\n    NodeName:   edge-b\nEvents:         <none>\n"
    ).items
    assert isinstance(item, Endpoints)
    assert item.service == "dns-of-old"
    assert item.endpoints == (
        Endpoint("10.44.0.7", True, "dns-0", "edge-a"),
        Endpoint("10.44.0.8", False, "dns-1", "edge-b"),
    )


# ---------------------------------------------------------------- workloads


def test_a_deployment_tells_counts_and_its_template() -> None:
    """Its own labels and those of its pods are told apart."""
    (item,) = described(
        "Name:                   dns\nNamespace:              kube-system\n"
        "Labels:                 app=dns\nSelector:               k8s-app=kube-dns\n"
        "Replicas:               2 desired | 2 updated | 2 total | 1 available | 1 unavailable\n"
        "StrategyType:           RollingUpdate\nPod Template:\n"
        "  Labels:           k8s-app=kube-dns\n  Containers:\n   coredns:\n"
        "    Image:       coredns/coredns:1.11.1\nEvents:          <none>\n"
    ).items
    assert isinstance(item, Deployment)
    assert (item.desired, item.available, item.ready) == (2, 1, None)
    assert (item.labels, item.template_labels) == ({"app": "dns"}, {"k8s-app": "kube-dns"})
    assert item.images == ("coredns/coredns:1.11.1",)


def test_a_daemon_set_tells_how_many_are_available() -> None:
    """Of three nodes one has no pod that is well."""
    (item,) = described(
        "Name:           kube-proxy\nSelector:       k8s-app=kube-proxy\n"
        "Node-Selector:  kubernetes.io/os=linux\nLabels:         k8s-app=kube-proxy\n"
        "Desired Number of Nodes Scheduled: 3\nCurrent Number of Nodes Scheduled: 3\n"
        "Number of Nodes Scheduled with Available Pods: 2\nPod Template:\n  Containers:\n"
        "   kube-proxy:\n    Image:      registry.k8s.io/kube-proxy:v1.30.2\n"
    ).items
    assert isinstance(item, DaemonSet)
    assert (item.desired, item.current, item.ready) == (3, 3, 2)
    assert item.node_selector == {"kubernetes.io/os": "linux"}
    assert item.images == ("registry.k8s.io/kube-proxy:v1.30.2",)


# ---------------------------------------------------------------- ConfigMaps


def test_a_corefile_in_a_config_map_keeps_its_line_numbers() -> None:
    """What is printed below `Corefile:` and four dashes is the file as it is."""
    (item,) = described(
        "Name:         coredns\nNamespace:    kube-system\nLabels:       <none>\n\n"
        "Data\n====\nCorefile:\n----\n.:53 {\n    errors\n    forward . /etc/resolv.conf\n}\n\n\n"
        "BinaryData\n====\n\nEvents:  <none>\n"
    ).items
    assert isinstance(item, Corefile)
    assert item.text == ".:53 {\n    errors\n    forward . /etc/resolv.conf\n}\n"
    (block,) = item.blocks
    assert [directive.line for directive in block.directives] == [19, 20]
    assert item.faults == ()


def test_flannel_s_config_map_has_two_files() -> None:
    """Each is read by the parser of its kind."""
    cni, net = described(
        "Name:         kube-flannel-cfg\nNamespace:    kube-flannel\n\nData\n====\n"
        'cni-conf.json:\n----\n{\n  "name": "cbr0",\n  "plugins": [{"type": "flannel"}]\n}\n\n'
        'net-conf.json:\n----\n{\n  "Network": "10.44.0.0/16",\n  "Backend": {"Type": "vxlan"}\n'
        "}\n\nEvents:  <none>\n"
    ).items
    assert isinstance(cni, CNIConfig)
    assert isinstance(net, NetConf)
    assert cni.plugins == ("flannel",)
    assert (net.network, net.quote.line) == ("10.44.0.0/16", 25)


# ---------------------------------------------------------------- nothing, rubbish


def test_other_kinds_of_objects_tell_their_events_alone() -> None:
    """A StatefulSet is no item, its events are."""
    (event,) = described(
        "Name:               cart\nNamespace:          shop\nSelector:           app=cart\n"
        "Replicas:           1 desired | 1 total\nPod Template:\n  Containers:\n   cart:\n"
        "    Image:  cart:1\nEvents:\n  Type     Reason        Age   From                    "
        "Message\n  ----     ------        ----  ----                    -------\n"
        "  Warning  FailedCreate  3m    statefulset-controller  create Pod cart-0 failed\n",
        "kubectl -n shop describe sts cart",
    ).items
    assert isinstance(event, Event)
    assert (event.reason, event.component) == ("FailedCreate", "statefulset-controller")
    assert event.subject.name == "cart"


def test_what_is_no_description_is_a_gap() -> None:
    """Something stood there, and nothing came of it."""
    parsed = described("lorem ipsum\ndolor sit amet\n")
    assert parsed.items == ()
    assert [gap.kind for gap in parsed.gaps] == [GapKind.MALFORMED]
    assert described("\n...\n") == Parsed()


WORDS = st.sampled_from(
    "Name: Namespace: Node: Status: Containers: State: Reason: Labels: Selector: Endpoints: Port: "
    "Events: Data ==== ---- Corefile: Conditions: Taints: Replicas: Addresses: Subsets: Ready "
    "True Waiting kube-dns k8s-app=x 10.44.0.7:53 53/UDP Normal BackOff 2m kubelet \n \t <none> "
    "\x1b[31m é { }".split(" ")
)


@given(st.lists(WORDS, max_size=80).map(" ".join) | st.text(max_size=300), st.text(max_size=40))
def test_no_text_makes_the_parser_raise(text: str, command: str) -> None:
    """Whatever a description holds, the parser returns."""
    described(text, command)


@given(st.integers(0, len(CRASHING)), st.integers(0, len(CRASHING)))
def test_no_cut_makes_the_parser_raise(start: int, end: int) -> None:
    """A description may begin and end in the middle of a line."""
    described(CRASHING[start:end])


def test_a_config_map_whose_keys_are_left_out() -> None:
    """An author's dots in their place: nothing is read of it, and nothing breaks."""
    text = (
        "Name:         coredns\nNamespace:    kube-system\n\nData\n====\n...\n\nEvents:  <none>\n"
    )
    assert described(text, "kubectl describe configmap coredns").items == ()


def test_taints_of_several_nodes_by_grep() -> None:
    """Each belongs to the node above it; without names each is a node of its own."""
    named = described(
        "Name:               edge-a\nTaints:             example.com/team=blue:NoSchedule\n"
        "Name:               edge-b\nTaints:             <none>\n"
    )
    assert [(one.subject.name, one.taints) for one in of_kind(named, Node)] == [
        ("edge-a", ("example.com/team=blue:NoSchedule",)),
        ("edge-b", ()),
    ]
    nameless = described(
        "Taints:             example.com/team=blue:NoSchedule\nTaints:             <none>\n"
    )
    assert [one.taints for one in of_kind(nameless, Node)] == [
        ("example.com/team=blue:NoSchedule",),
        (),
    ]
