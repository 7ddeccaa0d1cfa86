"""A Kubernetes API server in a thread: lists, gets, logs and streams of what a test gives.

It serves real HTTP on 127.0.0.1, so that what is tested is what happens on a wire: selectors,
pages, refusals, and the ways in which a connection breaks.
"""

from __future__ import annotations

import gzip
import json
import re
import socket
import ssl
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from tests.sources import writes
from tests.sources.websockets import Answers, Broken, Flaw, Runs, Wire, forward_port, run_command

Object = dict[str, Any]
DATE = "Mon, 23 Nov 2026 10:00:00 GMT"
PATH = re.compile(
    r"/apis?/(?:[\w.]+/)?v\w+(?:/namespaces/(?P<namespace>[^/]+))?/(?P<resource>[a-z]+)"
    r"(?:/(?P<name>[^/]+))?(?P<log>/log)?$"
)
STREAM = re.compile(
    r"/api/v1/namespaces/(?P<namespace>[^/]+)/pods/(?P<name>[^/]+)/(?P<verb>exec|portforward)$"
)
CONFIGZ = (
    '{"kubeletconfig":{"clusterDomain":"cluster.local","clusterDNS":["10.32.0.10"],'
    '"resolvConf":"/etc/resolv.conf"}}'
)
METRICS = (
    'coredns_build_info{goversion="go1.24.7",revision="1e0d8ea",version="1.12.4"} 1\n'
    'coredns_kubernetes_rest_client_requests_total{code="200",host="10.32.0.1:443",method="GET"} '
    "6\n"
    "coredns_panics_total 0\n"
)
FIELDS = {
    "metadata.name": ("metadata", "name"),
    "spec.clusterIP": ("spec", "clusterIP"),
    "spec.nodeName": ("spec", "nodeName"),
    "status.phase": ("status", "phase"),
    "involvedObject.name": ("involvedObject", "name"),
    "type": ("type",),
    "reason": ("reason",),
}


@dataclass(frozen=True)
class Fault:
    """What a server does instead of answering: see the `how` that Handler.fail knows."""

    how: str = "status"
    status: int = 500
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    times: int = 10**9


class Cluster:
    """The objects, logs and faults that a server shows, and the requests it was sent.

    `proxied` holds by path what pods and kubelets answer through the server.
    `execs`, `ports` and `flaws` are told of in tests.sources.websockets; the patterns of faults
    and flaws are searched in the target of a request; of a write, with its method before it.
    """

    def __init__(self) -> None:
        """Hold nothing."""
        self.objects: dict[str, list[Object]] = {}
        self.logs: dict[tuple[str, bool], str] = {}
        self.faults: dict[str, Fault] = {}
        self.execs: dict[tuple[str, str], Runs] = {}
        self.ports: dict[tuple[str, str, int], Answers] = {}
        self.flaws: dict[str, Flaw] = {}
        self.proxied: dict[str, str] = {}
        self.requests: list[str] = []
        self.writes = writes.Writes()
        self.served: dict[str, int] = {}
        self.tokens: set[str] = set()
        self.packed = False
        self.closing = threading.Event()
        self.lock = threading.Lock()

    def add(self, resource: str, *objects: Object) -> None:
        """Add objects of a resource."""
        self.objects.setdefault(resource, []).extend(objects)

    def fault_for(self, target: str) -> Fault | None:
        """Return the fault of the first pattern that a request matches, as often as it counts."""
        with self.lock:
            for pattern, fault in self.faults.items():
                if re.search(pattern, target):
                    seen = self.served.get(pattern, 0)
                    if seen < fault.times:
                        self.served[pattern] = seen + 1
                        return fault
        return None


class Handler(BaseHTTPRequestHandler):
    """Serves one Cluster."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one piece
    cluster: Cluster

    def do_GET(self) -> None:
        """Answer one request."""
        with self.cluster.lock:
            self.cluster.requests.append(self.path)
        fault = self.cluster.fault_for(self.path)
        if fault is not None:
            self.fail(fault)
            return
        token = self.headers.get("Authorization", "")
        if self.cluster.tokens and token not in self.cluster.tokens:
            self.say(401, status(401, "Unauthorized"))
            return
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        if url.path == "/version":
            self.say(200, {"major": "1", "minor": "35", "gitVersion": "v1.35.4"})
            return
        if stream := STREAM.match(url.path):
            self.stream(unquote(stream["namespace"]), unquote(stream["name"]), url)
            return
        if url.path in self.cluster.proxied:
            self.send(self.cluster.proxied[url.path].encode(), 200, "text/plain", {})
            return
        match = PATH.match(url.path)
        if match is None:
            self.say(404, status(404, "the server could not find the requested resource"))
        elif match["log"]:
            self.log(match["namespace"], match["name"], query)
        elif match["name"]:
            self.get(match["resource"], match["namespace"], match["name"])
        else:
            self.list(match["resource"], match["namespace"], query)

    def do_POST(self) -> None:
        """Create a pod, or review permissions."""
        writes.post(self)

    def do_DELETE(self) -> None:
        """Delete a pod."""
        writes.delete(self)

    def get(self, resource: str, namespace: str | None, name: str) -> None:
        """Answer with one object."""
        for one in self.cluster.objects.get(resource, ()):
            meta = one["metadata"]
            if meta["name"] == name and meta.get("namespace") == namespace:
                self.say(200, one)
                return
        self.say(404, status(404, f'{resource} "{name}" not found'))

    def list(self, resource: str, namespace: str | None, query: Mapping[str, str]) -> None:
        """Answer with a list, or a page of it, or a table of nodes."""
        found = [
            one
            for one in self.cluster.objects.get(resource, ())
            if (namespace is None or one["metadata"].get("namespace") == namespace)
            and labelled(one, query.get("labelSelector", ""))
            and fielded(one, query.get("fieldSelector", ""))
        ]
        if "as=Table" in self.headers.get("Accept", "") and resource == "nodes":
            self.say(200, table(found))
            return
        start = int(query.get("continue", "0"))
        end = start + int(query.get("limit", "0") or len(found) or 1)
        meta = {"continue": str(end)} if end < len(found) else {}
        self.say(
            200,
            {"kind": "List", "apiVersion": "v1", "metadata": meta} | {"items": found[start:end]},
        )

    def log(self, namespace: str | None, name: str | None, query: Mapping[str, str]) -> None:
        """Answer with the end of a log."""
        text = self.cluster.logs.get((f"{namespace}/{name}", "previous" in query))
        if text is None:
            told = f'previous terminated container in pod "{name}" not found'
            self.say(400, status(400, told))
            return
        lines = text.splitlines(keepends=True)[-int(query.get("tailLines", "1000000")) :]
        self.send("".join(lines).encode(), 200, "text/plain", {})

    def stream(self, namespace: str, name: str, url: SplitResult) -> None:
        """Run a command in a pod, or forward one of its ports, as far as a flaw allows."""
        query = parse_qs(url.query)
        self.close_connection = True
        if self.headers.get("Upgrade") != "websocket":
            self.say(400, status(400, "Upgrade request required"))
            return
        flaw = next((f for p, f in self.cluster.flaws.items() if re.search(p, self.path)), None)
        wire = Wire(self.connection, flaw, self.cluster.closing)
        try:
            if url.path.endswith("/exec"):
                runs = self.cluster.execs.get((namespace, name))
                if runs is None:
                    self.say(404, status(404, f'pods "{name}" not found'))
                    return
                run_command(wire, self.headers, runs, tuple(query["command"]))
            else:
                port = int(query["ports"][0])
                answers = self.cluster.ports.get((namespace, name, port))
                forward_port(wire, self.headers, self.rfile, port, answers)
        except Broken:
            pass

    def say(self, code: int, value: Object, headers: Mapping[str, str] | None = None) -> None:
        """Answer with JSON, without blanks as an API server does."""
        text = json.dumps(value, separators=(",", ":"))
        self.send(text.encode(), code, "application/json", headers or {})

    def send(self, body: bytes, code: int, kind: str, headers: Mapping[str, str]) -> None:
        """Answer with some bytes."""
        if self.cluster.packed and "gzip" in self.headers.get("Accept-Encoding", ""):
            body, headers = gzip.compress(body), {**headers, "Content-Encoding": "gzip"}
        self.send_response_only(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Date", DATE)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def fail(self, fault: Fault) -> None:
        """Fail in one of the ways that networks and servers have."""
        if fault.how == "hang":
            self.cluster.closing.wait(30)
            self.close_connection = True
        elif fault.how == "reset":
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True
        elif fault.how == "html":
            self.send(b"<html><body>Sign in</body></html>", fault.status, "text/html", {})
        elif fault.how == "cut":
            self.send_response_only(200)
            self.send_header("Content-Length", str(len(fault.body) + 1000))
            self.end_headers()
            self.wfile.write(fault.body.encode())
            self.close_connection = True
        elif fault.how == "raw":
            self.send(fault.body.encode(), fault.status, "text/plain", fault.headers)
        else:
            self.say(fault.status, status(fault.status, fault.body), fault.headers)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """A server whose threads do not outlive it, silent about clients that hang up."""

    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: Any) -> None:
        """Say nothing."""


def status(code: int, message: str) -> Object:
    """Return the Status object of a refusal."""
    return {"kind": "Status", "apiVersion": "v1", "status": "Failure", "metadata": {}} | {
        "message": message,
        "code": code,
    }


def labelled(one: Object, selector: str) -> bool:
    """Whether an object's labels match a selector of the forms k=v, k in (…), k notin (…)."""
    labels = one["metadata"].get("labels", {})
    for term in re.split(r",(?![^(]*\))", selector):
        several = re.fullmatch(r"(\S+) (in|notin) \(([^)]*)\)", term)
        if several:
            within = labels.get(several[1]) in several[3].split(",")
            if within != (several[2] == "in"):
                return False
        elif term:
            key, _, value = term.partition("=")
            if labels.get(key) != value:
                return False
    return True


def fielded(one: Object, selector: str) -> bool:
    """Whether an object matches a field selector."""
    for term in filter(None, selector.split(",")):
        key, _, value = term.partition("=")
        found: Any = one
        for step in FIELDS[key.removesuffix("!")]:
            found = found.get(step, {}) if isinstance(found, dict) else {}
        if (found == value) is key.endswith("!"):
            return False
    return True


def table(nodes: list[Object]) -> Object:
    """Return nodes as a Table, as `kubectl get nodes` asks for it."""
    columns = ("Name", "Status", "Roles", "Age", "Version")
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "columnDefinitions": [{"name": name} for name in columns],
        "rows": [
            {
                "cells": [
                    one["metadata"]["name"],
                    "Ready" if one["status"]["conditions"][0]["status"] == "True" else "NotReady",
                    "",
                    "3d",
                    "v1.35.4",
                ]
            }
            for one in nodes
        ],
    }


@contextmanager
def serving(cluster: Cluster, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Yield the URL under which a cluster's API is served, encrypted where a context is given."""
    handler = type("Bound", (Handler,), {"cluster": cluster})
    server = Server(("127.0.0.1", 0), handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    finally:
        cluster.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


def kubeconfig(folder: Path, url: str, token: str = "t0ps3cret") -> Path:
    """Write a kubeconfig with two contexts, lab and other; lab is the current one."""
    path = folder / "kubeconfig"
    path.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "lab", "cluster": {"server": url}}],
                "users": [{"name": "me", "user": {"token": token}}],
                "contexts": [
                    {"name": name, "context": {"cluster": "lab", "user": "me"}}
                    for name in ("lab", "other")
                ],
                "current-context": "lab",
            }
        )
    )
    return path


# ---------------------------------------------------------------- objects


def thing(
    kind: str, name: str, namespace: str = "", labels: Mapping[str, str] | None = None, **rest: Any
) -> Object:
    """Return an API object."""
    meta: Object = {"name": name, "labels": dict(labels or {})}
    if namespace:
        meta["namespace"] = namespace
    return {"kind": kind, "apiVersion": "v1", "metadata": meta, **rest}


def pod(
    name: str,
    namespace: str = "kube-system",
    labels: Mapping[str, str] | None = None,
    *,
    node: str = "n1",
    ready: bool = True,
    restarts: int = 0,
    phase: str = "Running",
    container: str = "coredns",
    config: str = "coredns",
    state: Mapping[str, Any] | None = None,
) -> Object:
    """Return a pod with one container that mounts one ConfigMap."""
    started = "2026-11-23T09:59:30Z" if restarts else "2026-11-20T10:00:00Z"
    running = {"running": {"startedAt": started}}
    return thing(
        "Pod",
        name,
        namespace,
        labels,
        spec={
            "nodeName": node,
            "serviceAccountName": "coredns",
            "containers": [{"name": container, "image": f"registry.k8s.io/{container}:v1.12.4"}],
            "volumes": [{"name": "config-volume", "configMap": {"name": config}}],
        },
        status={
            "phase": phase,
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
            "containerStatuses": [
                {
                    "name": container,
                    "ready": ready,
                    "restartCount": restarts,
                    "state": dict(state if state is not None else running),
                }
            ],
        },
    )


def daemon_set(
    name: str, namespace: str, labels: Mapping[str, str], desired: int, ready: int
) -> Object:
    """Return a DaemonSet that mounts a ConfigMap of its own name and -cfg."""
    volumes = [{"name": "cfg", "configMap": {"name": f"{name}-cfg"}}]
    return thing(
        "DaemonSet",
        name,
        namespace,
        labels,
        spec={
            "selector": {"matchLabels": dict(labels)},
            "template": {"spec": {"volumes": volumes}},
        },
        status={"desiredNumberScheduled": desired, "numberReady": ready},
    )


def node(name: str, *, ready: bool = True) -> Object:
    """Return a node."""
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    return thing("Node", name, status={"conditions": conditions})


def healthy(nodes: int = 3, coredns: int = 2) -> Cluster:
    """Return a cluster as kubeadm and flannel make it, in which nothing is wrong."""
    cluster = Cluster()
    dns = {"k8s-app": "kube-dns"}
    proxy, flannel = {"k8s-app": "kube-proxy"}, {"app": "flannel"}
    for number in range(1, nodes + 1):
        cluster.add("nodes", node(f"n{number}"))
        cluster.proxied[f"/api/v1/nodes/n{number}/proxy/configz"] = CONFIGZ
        for agent, namespace, labels in (
            ("kube-proxy", "kube-system", proxy),
            ("kube-flannel", "kube-flannel", flannel),
        ):
            name = f"{agent}-{number:05}"
            cluster.add("pods", pod(name, namespace, labels, node=f"n{number}", container=agent))
            cluster.logs[f"{namespace}/{name}", False] = f"started on n{number}\n"
        cluster.add("pods", pod(f"shop-{number}", "default", {"app": "shop"}, node=f"n{number}"))
    for number in range(1, coredns + 1):
        name = f"coredns-5d78c-{number:05}"
        cluster.add("pods", pod(name, labels=dns, node=f"n{1 + number % min(nodes, 2)}"))
        cluster.logs[f"kube-system/{name}", False] = "2026-11-23T09:59:00Z .:53\n"
        base = f"/api/v1/namespaces/kube-system/pods/{name}"
        cluster.proxied[f"{base}:8080/proxy/health"] = "OK"
        cluster.proxied[f"{base}:8181/proxy/ready"] = "OK"
        cluster.proxied[f"{base}:9153/proxy/metrics"] = METRICS
    cluster.add(
        "pods",
        pod(
            "kube-controller-manager-n1",
            labels={"component": "kube-controller-manager"},
            container="kube-controller-manager",
        ),
    )
    cluster.logs["kube-system/kube-controller-manager-n1", False] = "fine\n"
    cluster.add(
        "daemonsets",
        daemon_set("kube-proxy", "kube-system", proxy, nodes, nodes),
        daemon_set("kube-flannel", "kube-flannel", flannel, nodes, nodes),
    )
    cluster.add("services", service("kube-dns", "10.32.0.10", dns))
    own = {"clusterIP": "10.32.0.1", "ports": [{"name": "https", "port": 443}]}
    cluster.add("services", thing("Service", "kubernetes", "default", spec=own))
    cluster.add(
        "endpointslices",
        thing(
            "EndpointSlice",
            "kube-dns-x1",
            "kube-system",
            {"kubernetes.io/service-name": "kube-dns", **dns},
            endpoints=[],
        ),
    )
    cluster.add("deployments", thing("Deployment", "coredns", "kube-system", dns))
    corefile = ".:53 {\n    forward . /etc/resolv.conf\n}\n"
    cluster.add(
        "configmaps",
        thing("ConfigMap", "coredns", "kube-system", data={"Corefile": corefile}),
        thing(
            "ConfigMap",
            "kubelet-config",
            "kube-system",
            data={"kubelet": "clusterDNS:\n- 10.32.0.10\nclusterDomain: cluster.local\n"},
        ),
        thing("ConfigMap", "kube-flannel-cfg", "kube-flannel", data={"net-conf.json": "{}"}),
    )
    cluster.add("clusterroles", thing("ClusterRole", "system:coredns", rules=[]))
    cluster.add("clusterrolebindings", thing("ClusterRoleBinding", "system:coredns", subjects=[]))
    return cluster


def service(
    name: str, address: str, labels: Mapping[str, str], namespace: str = "kube-system"
) -> Object:
    """Return a Service whose selector is its labels."""
    return thing(
        "Service",
        name,
        namespace,
        labels,
        spec={"clusterIP": address, "clusterIPs": [address], "selector": dict(labels)},
    )


def warning(
    name: str, reason: str = "BackOff", message: str = "m", namespace: str = "default"
) -> Object:
    """Return a warning event."""
    return thing("Event", name, namespace, type="Warning", reason=reason, message=message)
