"""The objects of a cluster of some size, each under the key at which kube-apiserver stores it.

CoreDNS, kube-proxy and flannel are those of the lab's manifests; applications, nodes and events are
made up in the shape that a real cluster gives them. The same size and time make the same objects,
so that what a fault changed can be put back.
Source of the keys: kubernetes/kubernetes v1.35, pkg/registry/*/*/storage (nodes are `minions`,
Services `services/specs`, Endpoints `services/endpoints`).
"""

from __future__ import annotations

import copy
import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from string import Template
from typing import Any

import yaml

from bench.scale.protobuf import stored_event
from bench.scale.shape import (
    API_ADDRESS,
    API_PORT,
    DNS_PODS,
    DNS_SERVICE,
    DOMAIN,
    POD_RANGE,
    SERVICE_RANGE,
    Shape,
    node_address,
    node_name,
    pod_network,
    service_address,
)
from lab.pins import COREDNS, FLANNEL, FLANNEL_CNI, KUBERNETES

Object = dict[str, Any]
MANIFESTS = Path(__file__).resolve().parents[2] / "lab" / "manifests"
VALUES = {
    "API_URL": f"https://{API_ADDRESS}:{API_PORT}",
    "COREDNS": COREDNS,
    "DNS_SERVICE": DNS_SERVICE,
    "DOMAIN": DOMAIN,
    "FLANNEL": FLANNEL,
    "FLANNEL_CNI": FLANNEL_CNI,
    "KUBERNETES": KUBERNETES,
    "PODS": POD_RANGE,
}
SYSTEM = "kube-system"
CONTROL_PLANE = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
# The fields by which the API tells the items of a list apart, as managedFields name them.
MERGED_BY = {
    "conditions": ("type",),
    "containers": ("name",),
    "env": ("name",),
    "initContainers": ("name",),
    "ownerReferences": ("uid",),
    "podIPs": ("ip",),
    "hostIPs": ("ip",),
    "ports": ("containerPort", "protocol"),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
}
PLACES = {  # kinds by the folder of their keys
    "ClusterRole": "clusterroles",
    "ClusterRoleBinding": "clusterrolebindings",
    "ConfigMap": "configmaps",
    "DaemonSet": "daemonsets",
    "Deployment": "deployments",
    "EndpointSlice": "endpointslices",
    "Endpoints": "services/endpoints",
    "IPAddress": "ipaddresses",
    "Lease": "leases",
    "Namespace": "namespaces",
    "Node": "minions",
    "Pod": "pods",
    "ReplicaSet": "replicasets",
    "Service": "services/specs",
    "ServiceAccount": "serviceaccounts",
}
NOISE = (  # warnings as a busy cluster has them: how often, the reason, who says it, the words
    (
        5,
        "Unhealthy",
        "kubelet",
        'Readiness probe failed: Get "http://{ip}:8080/ready": context deadline exceeded '
        "(Client.Timeout exceeded while awaiting headers)",
    ),
    (
        4,
        "BackOff",
        "kubelet",
        "Back-off restarting failed container app in pod {pod}_{space}({uid})",
    ),
    (
        2,
        "FailedGetResourceMetric",
        "horizontal-pod-autoscaler",
        "failed to get cpu utilization: did not receive metrics for targeted pods (pods might be "
        "unready)",
    ),
    (
        2,
        "FailedScheduling",
        "default-scheduler",
        "0/{nodes} nodes are available: {nodes} Insufficient cpu. preemption: 0/{nodes} nodes are "
        "available: {nodes} No preemption victims found for incoming pod.",
    ),
    (
        2,
        "FailedMount",
        "kubelet",
        'MountVolume.SetUp failed for volume "config" : failed to sync configmap cache: timed out '
        "waiting for the condition",
    ),
    (
        1,
        "FailedToUpdateEndpoint",
        "endpoint-controller",
        "Failed to update endpoint {space}/{app}: Operation cannot be fulfilled on endpoints "
        '"{app}": the object has been modified; please apply your changes to the latest version '
        "and try again",
    ),
)
ROUTINE = (
    ("Scheduled", "default-scheduler", "Successfully assigned {space}/{pod} to {node}"),
    ("Pulled", "kubelet", 'Container image "{image}" already present on machine'),
    ("Created", "kubelet", "Created container: app"),
    ("Started", "kubelet", "Started container app"),
    ("SuccessfulCreate", "replicaset-controller", "Created pod: {pod}"),
)


@dataclass(frozen=True)
class Placed:
    """A pod of an application: which it is, and where it runs."""

    app: int
    number: int  # among those of its application
    node: int
    address: str


class World:
    """All objects of one size at one time."""

    def __init__(self, shape: Shape, at: datetime) -> None:
        """Make nothing yet; `at` is the time at which the cluster is seen."""
        self.shape = shape
        self.at = at.astimezone(UTC).replace(microsecond=0)

    def stored(self) -> Iterator[tuple[str, bytes]]:
        """Yield every key with the bytes at it."""
        for one in self.system():
            yield kept(one)
        for number in range(self.shape.nodes):
            yield kept(self.node(number))
            yield kept(self.lease(number))
        for number in range(self.shape.namespaces):
            for one in self.namespace(number):
                yield kept(one)
        for app in range(self.shape.services):
            for one in self.application(app):
                yield kept(one)
            key, model = self.pod_model(app)
            for placed in self.placed[app]:
                yield f"{key}{self.pod_name(placed)}", self.filled(model, placed)
        for number in range(self.shape.nodes):
            for name in ("kube-proxy", "kube-flannel-ds"):
                yield kept(self.agent(name, number))
        for number in range(self.shape.events - self.shape.sandbox_failures):
            yield stored(self.event(number))

    # ------------------------------------------------------------ time and identity

    def time(self, ago_s: float) -> str:
        """Return the time so many seconds ago, as the API writes it."""
        return (self.at - timedelta(seconds=ago_s)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def meta(self, name: str, space: str = "", ago_s: float = 86_400, **rest: Any) -> Object:
        """Return an object's metadata."""
        own = {"name": name} | ({"namespace": space} if space else {})
        own |= {"uid": uid_of(space, name, str(rest.get("kind", "")))}
        return own | {"creationTimestamp": self.time(ago_s)} | without(rest, "kind")

    def owned(self, value: Object, *managers: tuple[str, Sequence[str]]) -> Object:
        """Return the object with its managedFields: which manager wrote which parts of it."""
        version = value["apiVersion"]
        value["metadata"]["managedFields"] = [
            {
                "manager": name,
                "operation": "Update",
                "apiVersion": version,
                "time": value["metadata"]["creationTimestamp"],
                "fieldsType": "FieldsV1",
                "fieldsV1": own_fields(value, parts),
                **({"subresource": "status"} if parts == ("status",) else {}),
            }
            for name, parts in managers
        ]
        return value

    # ------------------------------------------------------------ nodes

    def node(self, number: int) -> Object:
        """Return a node that is well."""
        name, ago_s = node_name(number), 40 * 86_400
        zone = f"zone-{'abc'[number % 3]}"
        labels = {
            "beta.kubernetes.io/arch": "amd64",
            "beta.kubernetes.io/os": "linux",
            "kubernetes.io/arch": "amd64",
            "kubernetes.io/hostname": name,
            "kubernetes.io/os": "linux",
            "node.kubernetes.io/instance-type": "standard-16",
            "topology.kubernetes.io/region": "region-1",
            "topology.kubernetes.io/zone": zone,
        }
        if number == 0:
            labels["node-role.kubernetes.io/control-plane"] = ""
        flannel = "flannel.alpha.coreos.com"
        mac = ":".join(digest(name)[n : n + 2] for n in range(0, 12, 2))
        metadata = self.meta(
            name,
            ago_s=ago_s,
            labels=labels,
            annotations={
                f"{flannel}/backend-data": json.dumps({"VNI": 1, "VtepMAC": mac}),
                f"{flannel}/backend-type": "vxlan",
                f"{flannel}/kube-subnet-manager": "true",
                f"{flannel}/public-ip": node_address(number),
                "node.alpha.kubernetes.io/ttl": "0",
                "volumes.kubernetes.io/controller-managed-attach-detach": "true",
            },
        )
        network = f"{pod_network(number)}.0/24"
        machine = digest(name, "machine")[:32]
        size = {"cpu": "16", "memory": "65806180Ki", "pods": "110", "hugepages-2Mi": "0"}
        node = {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": metadata,
            "spec": {"podCIDR": network, "podCIDRs": [network]},
            "status": {
                "capacity": size | {"ephemeral-storage": "264212084Ki"},
                "allocatable": size | {"ephemeral-storage": "243497856330"},
                "conditions": [self.condition(*one, ago_s) for one in NODE_CONDITIONS],
                "addresses": [
                    {"type": "InternalIP", "address": node_address(number)},
                    {"type": "Hostname", "address": name},
                ],
                "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
                "nodeInfo": {
                    "machineID": machine,
                    "systemUUID": machine,
                    "bootID": uid_of(name, "boot"),
                    "kernelVersion": "6.1.0-34-amd64",
                    "osImage": "Debian GNU/Linux 12 (bookworm)",
                    "containerRuntimeVersion": "containerd://1.7.27",
                    "kubeletVersion": f"v{KUBERNETES}",
                    "kubeProxyVersion": "",
                    "operatingSystem": "linux",
                    "architecture": "amd64",
                },
                "images": [image_on_node(number + n * 7) for n in range(self.shape.images)],
            },
        }
        managers = (
            ("kubelet", ("metadata",)),
            ("kube-controller-manager", ("spec",)),
            ("flanneld", ("metadata",)),
            ("kubelet", ("status",)),
        )
        return self.owned(node, *managers)

    def condition(self, kind: str, status: str, reason: str, said: str, ago_s: float) -> Object:
        """Return a condition of a node."""
        return {
            "type": kind,
            "status": status,
            "lastHeartbeatTime": self.time(60),
            "lastTransitionTime": self.time(ago_s),
            "reason": reason,
            "message": said,
        }

    def lease(self, number: int) -> Object:
        """Return the lease by which a kubelet says that it lives."""
        name = node_name(number)
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": self.meta(name, "kube-node-lease"),
            "spec": {
                "holderIdentity": name,
                "leaseDurationSeconds": 40,
                "renewTime": self.time(5).replace("Z", ".000000Z"),
            },
        }

    # ------------------------------------------------------------ applications

    @cached_property
    def placed(self) -> list[list[Placed]]:
        """The pods of each application, dealt out to the nodes in turn."""
        agents = 2 * self.shape.nodes
        left = self.shape.pods - agents - DNS_PODS - len(CONTROL_PLANE)
        each, more = divmod(left, self.shape.services)
        apps: list[list[Placed]] = []
        count = 0
        for app in range(self.shape.services):
            pods = []
            for number in range(each + (app < more)):
                node = count % self.shape.nodes
                address = f"{pod_network(node)}.{10 + count // self.shape.nodes}"
                pods.append(Placed(app, number, node, address))
                count += 1
            apps.append(pods)
        return apps

    def space_of(self, app: int) -> str:
        """Return an application's namespace."""
        return f"team-{app % self.shape.namespaces:03}"

    def namespace(self, number: int) -> Iterator[Object]:
        """Yield a namespace and what every namespace holds."""
        name = f"team-{number:03}"
        labels = {"kubernetes.io/metadata.name": name, "team": name}
        yield {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": self.meta(name, labels=labels, kind="Namespace"),
            "spec": {"finalizers": ["kubernetes"]},
            "status": {"phase": "Active"},
        }
        yield {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": self.meta("default", name, kind="ServiceAccount"),
        }

    def application(self, app: int) -> Iterator[Object]:
        """Yield an application but for its pods: workload, Service and endpoints."""
        name, space = f"app-{app:04}", self.space_of(app)
        labels = {"app.kubernetes.io/name": name}
        count = len(self.placed[app])
        template = self.template(app)
        status = {
            "observedGeneration": 1,
            "replicas": count,
            "readyReplicas": count,
            "availableReplicas": count,
        }
        hash_ = digest(name)[:9]
        deployment: Object = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": self.meta(
                name,
                space,
                kind="Deployment",
                generation=1,
                labels=labels,
                annotations={"deployment.kubernetes.io/revision": "1"},
            ),
            "spec": {
                "replicas": count,
                "selector": {"matchLabels": labels},
                "template": template,
                "strategy": {"type": "RollingUpdate"},
                "revisionHistoryLimit": 10,
                "progressDeadlineSeconds": 600,
            },
            "status": status | {"updatedReplicas": count},
        }
        yield self.owned(deployment, ("helm", ("spec",)), ("kube-controller-manager", ("status",)))
        hashed = labels | {"pod-template-hash": hash_}
        with_hash = copy.deepcopy(template)
        with_hash["metadata"]["labels"] = hashed
        replica_set: Object = {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": self.meta(
                f"{name}-{hash_}",
                space,
                kind="ReplicaSet",
                generation=1,
                labels=hashed,
                ownerReferences=[owner("Deployment", deployment)],
            ),
            "spec": {
                "replicas": count,
                "selector": {"matchLabels": hashed},
                "template": with_hash,
            },
            "status": status | {"fullyLabeledReplicas": count},
        }
        yield self.owned(replica_set, ("kube-controller-manager", ("spec", "status")))
        yield from self.service(app)

    def service(self, app: int, unready: frozenset[Placed] = frozenset()) -> Iterator[Object]:
        """Yield an application's Service, its address, its EndpointSlice and Endpoints."""
        name, space = f"app-{app:04}", self.space_of(app)
        address = service_address(app)
        labels = {"app.kubernetes.io/name": name}
        service: Object = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": self.meta(name, space, kind="Service", labels=labels),
            "spec": cluster_ip(address)
            | {
                "selector": labels,
                "ports": [{"name": "http", "protocol": "TCP", "port": 80, "targetPort": 8080}],
            },
            "status": {"loadBalancer": {}},
        }
        yield self.owned(service, ("helm", ("spec",)))
        yield self.allocated(address, space, name)
        at = [
            (one.address, self.pod_name(one), node_name(one.node), one not in unready)
            for one in self.placed[app]
            if one.address
        ]
        ports = [{"name": "http", "protocol": "TCP", "port": 8080}]
        yield from self.endpoints(service, at, ports)

    def endpoints(
        self, service: Object, at: Sequence[tuple[str, str, str, bool]], ports: Sequence[Object]
    ) -> Iterator[Object]:
        """Yield the EndpointSlice and Endpoints of a Service: pods by address, name and node."""
        name, space = service["metadata"]["name"], service["metadata"]["namespace"]
        labels = service["metadata"]["labels"]
        targets = {
            pod: {"kind": "Pod", "namespace": space, "name": pod, "uid": uid_of(space, pod, "Pod")}
            for _, pod, _, _ in at
        }
        one: Object = {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": self.meta(
                f"{name}-{digest(name, space)[:5]}",
                space,
                kind="EndpointSlice",
                generateName=f"{name}-",
                labels=labels
                | {
                    "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
                    "kubernetes.io/service-name": name,
                },
                ownerReferences=[owner("Service", service)],
            ),
            "addressType": "IPv4",
            "endpoints": [
                {
                    "addresses": [address],
                    "conditions": {"ready": ready, "serving": ready, "terminating": False},
                    "nodeName": node,
                    "targetRef": targets[pod],
                }
                for address, pod, node, ready in at
            ],
            "ports": list(ports),
        }
        yield self.owned(one, ("kube-controller-manager", ("endpoints", "ports")))
        ready = [
            {"ip": address, "nodeName": node, "targetRef": targets[pod]}
            for address, pod, node, is_ready in at
            if is_ready
        ]
        yield {
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": self.meta(
                name,
                space,
                kind="Endpoints",
                labels=labels | {"endpoints.kubernetes.io/managed-by": "endpoint-controller"},
            ),
            "subsets": [{"addresses": ready, "ports": list(ports)}] if ready else [],
        }

    def allocated(self, address: str, space: str, name: str) -> Object:
        """Return the record that a cluster address is taken; without it the server warns."""
        return {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "IPAddress",
            "metadata": self.meta(
                address,
                labels={
                    "ipaddress.kubernetes.io/ip-family": "IPv4",
                    "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
                },
                kind="IPAddress",
            ),
            "spec": {
                "parentRef": {
                    "group": "",
                    "resource": "services",
                    "namespace": space,
                    "name": name,
                }
            },
        }

    def template(self, app: int) -> Object:
        """Return the pod template of an application."""
        name = f"app-{app:04}"
        return {
            "metadata": {"labels": {"app.kubernetes.io/name": name}},
            "spec": {
                "serviceAccountName": "default",
                "containers": [
                    {
                        "name": "app",
                        "image": f"registry.example.com/{self.space_of(app)}/{name}:1.{app % 20}.3",
                        "imagePullPolicy": "IfNotPresent",
                        "args": ["--listen=:8080", "--config=/etc/app/config.yaml"],
                        "env": [
                            *(
                                {"name": key, "value": f"{key.lower()}.{self.space_of(app)}.svc"}
                                for key in ("DATABASE_HOST", "QUEUE_HOST", "CACHE_HOST")
                            ),
                            field_env("POD_NAME", "metadata.name"),
                            field_env("POD_IP", "status.podIP"),
                        ],
                        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
                        "resources": {
                            "requests": {"cpu": "100m", "memory": "128Mi"},
                            "limits": {"memory": "256Mi"},
                        },
                        "livenessProbe": http_probe("/healthz", 8080),
                        "readinessProbe": http_probe("/ready", 8080),
                        "volumeMounts": [
                            {"name": "config", "mountPath": "/etc/app", "readOnly": True}
                        ],
                        "terminationMessagePath": "/dev/termination-log",
                        "terminationMessagePolicy": "File",
                    }
                ],
                "volumes": [
                    {"name": "config", "configMap": {"name": f"{name}-config", "defaultMode": 420}}
                ],
                "dnsPolicy": "ClusterFirst",
                "restartPolicy": "Always",
                "schedulerName": "default-scheduler",
                "securityContext": {},
                "terminationGracePeriodSeconds": 30,
            },
        }

    def pod_name(self, placed: Placed) -> str:
        """Return the name of an application's pod."""
        name = f"app-{placed.app:04}"
        return f"{name}-{digest(name)[:9]}-{digest(name, str(placed.number))[:5]}"

    def pod_model(self, app: int) -> tuple[str, bytes]:
        """Return the folder of an application's pods, and one with marks to be filled in."""
        name, space = f"app-{app:04}", self.space_of(app)
        template = self.template(app)
        hash_ = digest(name)[:9]
        template["metadata"]["labels"]["pod-template-hash"] = hash_
        set_ = {"metadata": self.meta(f"{name}-{hash_}", space, kind="ReplicaSet")}
        pod = self.pod(
            "@NAME@",
            space,
            template,
            node="@NODE@",
            host="@HOST@",
            address="@IP@",
            by=owner("ReplicaSet", set_, "apps/v1"),
        )
        pod["metadata"]["generateName"] = f"{name}-{hash_}-"
        return f"/registry/pods/{space}/", dumped(pod)

    def filled(self, model: bytes, placed: Placed) -> bytes:
        """Return the pod that a model and a place make."""
        name, space = self.pod_name(placed), self.space_of(placed.app)
        for mark, value in (
            (b"@UID@", uid_of(space, name, "Pod")),
            (b"@NAME@", name),
            (b"@NODE@", node_name(placed.node)),
            (b"@HOST@", node_address(placed.node)),
            (b"@IP@", placed.address),
            (b"@TOKEN@", digest(name, "token")[:5]),
            (b"@CONTAINER@", digest(name, "container")),
        ):
            model = model.replace(mark, value.encode())
        return model

    def pod(
        self,
        name: str,
        space: str,
        template: Object,
        *,
        node: str,
        host: str,
        address: str,
        by: Object,
        ago_s: float = 86_400,
    ) -> Object:
        """Return a pod that runs and is ready, made of a template."""
        metadata = self.meta(name, space, ago_s, kind="Pod", labels=template["metadata"]["labels"])
        metadata |= {"ownerReferences": [by], "generation": 1}
        marked = name.startswith("@")
        metadata["uid"] = "@UID@" if marked else metadata["uid"]
        token = f"kube-api-access-{'@TOKEN@' if marked else digest(name, 'token')[:5]}"
        spec = copy.deepcopy(template["spec"])
        spec["nodeName"] = node
        account = spec.get("serviceAccountName", "default")
        spec |= {"serviceAccount": account, "serviceAccountName": account, "priority": 0}
        spec |= {"enableServiceLinks": True, "preemptionPolicy": "PreemptLowerPriority"}
        volumes = [*spec.get("volumes", ()), projected_token(token)]
        mount = {
            "name": token,
            "readOnly": True,
            "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
        }
        spec["volumes"] = volumes
        for one in (*spec["containers"], *spec.get("initContainers", ())):
            one["volumeMounts"] = [*one.get("volumeMounts", ()), mount]
        spec["tolerations"] = [*spec.get("tolerations", ()), *map(toleration, TOLERATED)]
        started = self.time(ago_s - 5)
        container = "@CONTAINER@" if marked else digest(name, "container")
        ready = [running(one, container, started) for one in spec["containers"]]
        status: Object = {
            "observedGeneration": 1,
            "phase": "Running",
            "conditions": [
                {
                    "type": kind,
                    "observedGeneration": 1,
                    "status": "True",
                    "lastProbeTime": None,
                    "lastTransitionTime": started,
                }
                for kind in POD_CONDITIONS
            ],
            "hostIP": host,
            "hostIPs": [{"ip": host}],
            "podIP": address,
            "podIPs": [{"ip": address}],
            "startTime": self.time(ago_s),
            "containerStatuses": ready,
            "qosClass": "Burstable",
        }
        if "initContainers" in spec:
            status["initContainerStatuses"] = [
                ran(one, container, started) for one in spec["initContainers"]
            ]
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": metadata,
            "spec": spec,
            "status": status,
        }
        managers = (("kube-controller-manager", ("metadata", "spec")), ("kubelet", ("status",)))
        return self.owned(pod, *managers)

    # ------------------------------------------------------------ the system

    @cached_property
    def manifests(self) -> Mapping[tuple[str, str], Object]:
        """The lab's objects of CoreDNS, kube-proxy and flannel, by kind and name."""
        found = {}
        for name in ("coredns", "kube-proxy", "flannel"):
            text = Template((MANIFESTS / f"{name}.yaml").read_text()).substitute(VALUES)
            for one in yaml.safe_load_all(text):
                found[one["kind"], one["metadata"]["name"]] = one
        return found

    def manifest(self, kind: str, name: str) -> Object:
        """Return one of the lab's objects, with the metadata of an object that exists."""
        one = copy.deepcopy(self.manifests[kind, name])
        space = one["metadata"].get("namespace", "")
        one["metadata"] = self.meta(name, space, 40 * 86_400, kind=kind) | one["metadata"]
        return one

    def system(self) -> Iterator[Object]:
        """Yield what kubeadm and the network add-on make, but for the pods on each node."""
        for kind, name in self.manifests:
            if kind not in ("DaemonSet", "Deployment", "Service"):
                one = self.manifest(kind, name)
                if kind == "Namespace":
                    one["status"] = {"phase": "Active"}
                yield self.owned(one, ("kubeadm", tuple(without(one, *IDENTITY))))
        for name, data in KUBEADM.items():
            config: Object = {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": self.meta(name, SYSTEM, 40 * 86_400, kind="ConfigMap"),
                "data": data,
            }
            yield self.owned(config, ("kubeadm", ("data",)))
        for name in ("kube-proxy", "kube-flannel-ds"):
            yield self.daemon_set(name)
        yield from self.coredns()
        yield from self.dns_service()
        for name in CONTROL_PLANE:
            yield self.static_pod(name)

    def daemon_set(self, name: str, down: int = 0) -> Object:
        """Return a DaemonSet with a pod on each node, of which so many are not ready."""
        one = self.manifest("DaemonSet", name)
        one["metadata"]["generation"] = 1
        nodes = self.shape.nodes
        one["status"] = {
            "currentNumberScheduled": nodes,
            "desiredNumberScheduled": nodes,
            "numberAvailable": nodes - down,
            "numberMisscheduled": 0,
            "numberReady": nodes - down,
            "observedGeneration": 1,
            "updatedNumberScheduled": nodes,
        } | ({"numberUnavailable": down} if down else {})
        return self.owned(one, ("kubeadm", ("spec",)), ("kube-controller-manager", ("status",)))

    def agent_name(self, daemon_set: str, number: int) -> str:
        """Return the name of a DaemonSet's pod on a node."""
        return f"{daemon_set}-{digest(daemon_set, node_name(number))[:5]}"

    def agent(self, name: str, number: int) -> Object:
        """Return a DaemonSet's pod on a node."""
        daemon_set = self.manifest("DaemonSet", name)
        template = daemon_set["spec"]["template"]
        template["metadata"]["labels"] |= {
            "controller-revision-hash": digest(name, "revision")[:10],
            "pod-template-generation": "1",
        }
        pod = self.pod(
            self.agent_name(name, number),
            daemon_set["metadata"]["namespace"],
            template,
            node=node_name(number),
            host=node_address(number),
            address=node_address(number),
            by=owner("DaemonSet", daemon_set),
            ago_s=30 * 86_400,
        )
        pod["metadata"]["generateName"] = f"{name}-"
        return pod

    def coredns(self) -> Iterator[Object]:
        """Yield CoreDNS's Deployment, its ReplicaSet and pods."""
        deployment = self.manifest("Deployment", "coredns")
        template = deployment["spec"]["template"]
        hash_ = digest("coredns")[:9]
        status = {
            "observedGeneration": 1,
            "replicas": DNS_PODS,
            "readyReplicas": DNS_PODS,
            "availableReplicas": DNS_PODS,
        }
        deployment["metadata"] |= {"generation": 1}
        deployment["status"] = status | {
            "updatedReplicas": DNS_PODS,
            "conditions": [
                {
                    "type": kind,
                    "status": "True",
                    "reason": reason,
                    "message": said,
                    "lastUpdateTime": self.time(86_400),
                    "lastTransitionTime": self.time(86_400),
                }
                for kind, reason, said in DEPLOYMENT_CONDITIONS
            ],
        }
        yield self.owned(
            deployment, ("kubeadm", ("spec",)), ("kube-controller-manager", ("status",))
        )
        hashed = template["metadata"]["labels"] | {"pod-template-hash": hash_}
        set_: Object = {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": self.meta(
                f"coredns-{hash_}",
                SYSTEM,
                kind="ReplicaSet",
                generation=1,
                labels=hashed,
                ownerReferences=[owner("Deployment", deployment)],
            ),
            "spec": {
                "replicas": DNS_PODS,
                "selector": {"matchLabels": hashed},
                "template": {"metadata": {"labels": hashed}, "spec": template["spec"]},
            },
            "status": status | {"fullyLabeledReplicas": DNS_PODS},
        }
        yield self.owned(set_, ("kube-controller-manager", ("spec", "status")))
        template["metadata"]["labels"] = hashed
        for address, name, node, _ in self.dns_places():
            number = int(node.rpartition("-")[2]) - 1
            yield self.pod(
                name,
                SYSTEM,
                template,
                node=node,
                host=node_address(number),
                address=address,
                by=owner("ReplicaSet", set_),
            )

    def dns_places(self) -> list[tuple[str, str, str, bool]]:
        """Return CoreDNS's pods: address, name, node, and that they are ready."""
        hash_ = digest("coredns")[:9]
        return [
            (
                f"{pod_network(number)}.2",
                f"coredns-{hash_}-{digest('coredns', str(number))[:5]}",
                node_name(number),
                True,
            )
            for number in range(1, 1 + DNS_PODS)
        ]

    def dns_service(self, *, selected: bool = True) -> Iterator[Object]:
        """Yield the Service kube-dns with its endpoints; none where its selector fits no pod."""
        service = self.manifest("Service", "kube-dns")
        service["spec"] |= cluster_ip(DNS_SERVICE)
        service["status"] = {"loadBalancer": {}}
        if not selected:
            service["spec"]["selector"] = {"k8s-app": "core-dns"}
        yield self.owned(service, ("kubeadm", ("spec",)))
        yield self.allocated(DNS_SERVICE, SYSTEM, "kube-dns")
        ports = [
            {"name": one["name"], "protocol": one["protocol"], "port": one["port"]}
            for one in service["spec"]["ports"]
        ]
        yield from self.endpoints(service, self.dns_places() if selected else (), ports)

    def static_pod(self, name: str) -> Object:
        """Return a pod of the control plane, as the kubelet of the first node mirrors it."""
        template = {
            "metadata": {"labels": {"component": name, "tier": "control-plane"}},
            "spec": {
                "hostNetwork": True,
                "priorityClassName": "system-node-critical",
                "containers": [
                    {
                        "name": name,
                        "image": f"registry.k8s.io/{name}:v{KUBERNETES}",
                        "command": [name],
                        "resources": {"requests": {"cpu": "100m"}},
                    }
                ],
                "tolerations": [{"operator": "Exists", "effect": "NoExecute"}],
            },
        }
        node = node_name(0)
        by = {"apiVersion": "v1", "kind": "Node", "name": node, "uid": uid_of("", node, "")}
        pod = self.pod(
            f"{name}-{node}",
            SYSTEM,
            template,
            node=node,
            host=node_address(0),
            address=node_address(0),
            by=by | {"controller": True},
        )
        pod["metadata"]["annotations"] = {
            "kubernetes.io/config.mirror": digest(name)[:32],
            "kubernetes.io/config.source": "file",
        }
        return pod

    # ------------------------------------------------------------ events

    def event(self, number: int) -> Object:
        """Return an event as any busy cluster has it: mostly routine, some warnings."""
        every = (self.shape.events - self.shape.sandbox_failures) / self.shape.warnings
        turn = int(number / every)
        warns = int((number + 1) / every) > turn
        if warns:
            often = [one for one in NOISE for _ in range(one[0])]
            _, reason, by, words = often[turn % len(often)]
        else:
            reason, by, words = ROUTINE[number % len(ROUTINE)]
        app = number * 7 % self.shape.services
        pods = self.placed[app] or self.placed[0]
        placed = pods[number % len(pods)]
        space, pod = self.space_of(placed.app), self.pod_name(placed)
        said = words.format(
            app=f"app-{placed.app:04}",
            image=self.template(placed.app)["spec"]["containers"][0]["image"],
            ip=placed.address,
            node=node_name(placed.node),
            nodes=self.shape.nodes,
            pod=pod,
            space=space,
            uid=uid_of(space, pod, "Pod"),
        )
        return self.event_of(
            (space, pod),
            reason,
            said,
            by,
            node_name(placed.node),
            kind="Warning" if warns else "Normal",
            ago_s=3_500 - number % 3_400,
            number=number,
        )

    def event_of(
        self,
        pod: tuple[str, str],
        reason: str,
        said: str,
        by: str,
        node: str,
        *,
        kind: str,
        ago_s: float,
        number: int,
        count: int = 1,
    ) -> Object:
        """Return an event about a pod."""
        space, name = pod
        host = {"host": node} if by == "kubelet" else {}
        first = self.time(ago_s + 120 * (count > 1))
        event: Object = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": self.meta(
                f"{name}.{digest(name, reason, str(number))[:16]}", space, ago_s, kind="Event"
            ),
            "involvedObject": {
                "kind": "Pod",
                "namespace": space,
                "name": name,
                "uid": uid_of(space, name, "Pod"),
                "apiVersion": "v1",
                "resourceVersion": str(1000 + number),
            },
            "reason": reason,
            "message": said,
            "source": {"component": by} | host,
            "firstTimestamp": first,
            "lastTimestamp": self.time(ago_s),
            "count": count,
            "type": kind,
            "reportingComponent": by,
            "reportingInstance": node if host else "",
        }
        event["metadata"]["managedFields"] = [
            {
                "manager": by,
                "operation": "Update",
                "apiVersion": "v1",
                "time": first,
                "fieldsType": "FieldsV1",
                "fieldsV1": own_fields(event, tuple(without(event, *IDENTITY))),
            }
        ]
        return event


# ---------------------------------------------------------------- pieces

IDENTITY = ("apiVersion", "kind", "metadata")
NODE_CONDITIONS = (
    ("NetworkUnavailable", "False", "FlannelIsUp", "Flannel is running on this node"),
    (
        "MemoryPressure",
        "False",
        "KubeletHasSufficientMemory",
        "kubelet has sufficient memory available",
    ),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)
POD_CONDITIONS = (
    "PodReadyToStartContainers",
    "Initialized",
    "Ready",
    "ContainersReady",
    "PodScheduled",
)
DEPLOYMENT_CONDITIONS = (
    ("Available", "MinimumReplicasAvailable", "Deployment has minimum availability."),
    (
        "Progressing",
        "NewReplicaSetAvailable",
        f'ReplicaSet "coredns-{hashlib.sha256(b"coredns").hexdigest()[:9]}" has successfully '
        "progressed.",
    ),
)
TOLERATED = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
KUBEADM = {
    "kubeadm-config": {
        "ClusterConfiguration": (
            "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\n"
            f"clusterName: kubernetes\nkubernetesVersion: v{KUBERNETES}\n"
            'controlPlaneEndpoint: ""\ncertificatesDir: /etc/kubernetes/pki\n'
            "imageRepository: registry.k8s.io\ndns: {}\n"
            f"networking:\n  dnsDomain: {DOMAIN}\n  podSubnet: {POD_RANGE}\n"
            f"  serviceSubnet: {SERVICE_RANGE}\n"
        )
    },
    "kubelet-config": {
        "kubelet": (
            "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"
            f"cgroupDriver: systemd\nclusterDNS:\n- {DNS_SERVICE}\nclusterDomain: {DOMAIN}\n"
            "resolvConf: /etc/resolv.conf\nrotateCertificates: true\n"
            "staticPodPath: /etc/kubernetes/manifests\n"
        )
    },
}


def kept(value: Object) -> tuple[str, bytes]:
    """Return an object's key and its JSON: the server reads that too, by how it begins."""
    metadata = value["metadata"]
    space = metadata.get("namespace", "")
    path = f"{space}/{metadata['name']}" if space else metadata["name"]
    return f"/registry/{PLACES[value['kind']]}/{path}", dumped(value)


def stored(event: Object) -> tuple[str, bytes]:
    """Return an event's key and its bytes."""
    metadata = event["metadata"]
    return f"/registry/events/{metadata['namespace']}/{metadata['name']}", stored_event(event)


def dumped(value: Object) -> bytes:
    """Return an object as JSON without blanks."""
    return json.dumps(value, separators=(",", ":")).encode()


def digest(*words: str) -> str:
    """Return a hexadecimal number that some words make."""
    return hashlib.sha256("\0".join(words).encode()).hexdigest()


def uid_of(*words: str) -> str:
    """Return the uid that some words make."""
    return str(uuid.UUID(digest(*words)[:32]))


def without(value: Mapping[str, Any], *keys: str) -> Object:
    """Return a mapping without some keys."""
    return {key: one for key, one in value.items() if key not in keys}


def own_fields(value: Object, parts: Sequence[str]) -> Object:
    """Return FieldsV1 of some parts of an object."""
    found = fields_of({key: value[key] for key in parts if key != "metadata" and key in value})
    if "metadata" in parts:
        metadata = without(value["metadata"], "name", "namespace", "uid", "creationTimestamp")
        found["f:metadata"] = fields_of(without(metadata, "managedFields", "generation"))
    return found


def fields_of(value: object, name: str = "") -> Object:
    """Return FieldsV1: the shape of a value without its contents."""
    if isinstance(value, dict):
        return {".": {}} | {f"f:{key}": fields_of(one, key) for key, one in value.items()}
    if isinstance(value, list) and name in MERGED_BY:
        keys = MERGED_BY[name]
        return {".": {}} | {
            "k:" + json.dumps({key: one[key] for key in keys}, separators=(",", ":")): fields_of(
                one
            )
            for one in value
            if isinstance(one, dict) and all(key in one for key in keys)
        }
    return {}


def owner(kind: str, value: Object, version: str = "") -> Object:
    """Return the reference of what an object belongs to."""
    return {
        "apiVersion": version or value["apiVersion"],
        "kind": kind,
        "name": value["metadata"]["name"],
        "uid": value["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def cluster_ip(address: str) -> Object:
    """Return what the spec of a Service with a cluster address holds."""
    return {
        "type": "ClusterIP",
        "clusterIP": address,
        "clusterIPs": [address],
        "sessionAffinity": "None",
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
        "internalTrafficPolicy": "Cluster",
    }


def image_on_node(number: int) -> Object:
    """Return an image that a node holds, with its digest and its tag, as kubelets tell them."""
    name = f"registry.example.com/team-{number % 200:03}/app-{number % 2000:04}"
    return {
        "names": [f"{name}@sha256:{digest(name)}", f"{name}:1.{number % 20}.3"],
        "sizeBytes": 20_000_000 + number % 977 * 100_003,
    }


def field_env(name: str, path: str) -> Object:
    """Return a variable that takes a field of the pod."""
    return {"name": name, "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": path}}}


def http_probe(path: str, port: int) -> Object:
    """Return a probe over HTTP with its defaults."""
    return {
        "httpGet": {"path": path, "port": port, "scheme": "HTTP"},
        "timeoutSeconds": 1,
        "periodSeconds": 10,
        "successThreshold": 1,
        "failureThreshold": 3,
    }


def projected_token(name: str) -> Object:
    """Return the volume of a service account's token, as every pod has it."""
    ca = {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}
    field = {"apiVersion": "v1", "fieldPath": "metadata.namespace"}
    return {
        "name": name,
        "projected": {
            "sources": [
                {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                {"configMap": ca},
                {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": field}]}},
            ],
            "defaultMode": 420,
        },
    }


def toleration(key: str) -> Object:
    """Return the toleration that every pod is given."""
    return {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}


def running(container: Object, id_: str, started: str) -> Object:
    """Return the status of a container that runs."""
    return {
        "name": container["name"],
        "state": {"running": {"startedAt": started}},
        "lastState": {},
        "ready": True,
        "restartCount": 0,
        "image": container["image"],
        "imageID": f"{container['image'].rpartition(':')[0]}@sha256:{digest(container['image'])}",
        "containerID": f"containerd://{id_}",
        "started": True,
        **({"resources": container["resources"]} if container.get("resources") else {}),
        "volumeMounts": [
            one | ({"recursiveReadOnly": "Disabled"} if one.get("readOnly") else {})
            for one in container.get("volumeMounts", ())
        ],
    }


def ran(container: Object, id_: str, at: str) -> Object:
    """Return the status of a container that ran before the others, and ended well."""
    ended = {
        "exitCode": 0,
        "reason": "Completed",
        "startedAt": at,
        "finishedAt": at,
        "containerID": f"containerd://{id_}",
    }
    return running(container, id_, at) | {"state": {"terminated": ended}, "started": False}
