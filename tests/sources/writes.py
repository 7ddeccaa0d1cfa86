"""What the API server of the tests does with writes: pods that begin and end, reviews.

A test says what becomes of a pod that is created (a Fate), which rules the user has, and how long
an answer takes: before the write has its effect, and after.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.sources.apiserver import Cluster, Handler

Object = dict[str, Any]
Fate = Callable[[Object], str]  # sets the status of a pod, and returns what it logs
BORN = "2026-11-23T10:00:00Z"
EVERYTHING = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
PODS = re.compile(r"/api/v1/namespaces/(?P<namespace>[^/]+)/pods(?:/(?P<name>[^/]+))?$")
REVIEW = re.compile(r"/apis/authorization\.k8s\.io/v1/selfsubject(?P<kind>access|rules)reviews$")


class Writes:
    """How a cluster takes writes."""

    def __init__(self) -> None:
        """Let everybody do everything, and let pods end well at once, without a word."""
        self.sent: list[tuple[str, str, Object]] = []
        self.fate: Fate = ends("")
        self.rules: list[Object] = [EVERYTHING]
        self.rules_of: dict[str, list[Object]] = {}  # by namespace, besides
        self.incomplete = False
        self.allowed: Callable[[Object], bool] = lambda _: False
        self.delays: dict[str, tuple[float, float]] = {}

    def delay(self, request: str) -> tuple[float, float]:
        """Return how long a request takes before and after its effect."""
        return next((d for p, d in self.delays.items() if re.search(p, request)), (0.0, 0.0))


def ends(log: str, code: int = 0) -> Fate:
    """Return the fate of a pod that says something and ends."""

    def fate(pod: Object) -> str:
        ended = {"exitCode": code, "reason": "Completed" if not code else "Error"}
        ended["finishedAt"] = BORN
        state(pod, "Succeeded" if not code else "Failed", {"terminated": ended})
        return log

    return fate


def runs(log: str = "") -> Fate:
    """Return the fate of a pod that does not end."""

    def fate(pod: Object) -> str:
        state(pod, "Running", {"running": {"startedAt": BORN}})
        return log

    return fate


def waits(reason: str, message: str = "") -> Fate:
    """Return the fate of a pod whose container does not start."""

    def fate(pod: Object) -> str:
        state(pod, "Pending", {"waiting": {"reason": reason, "message": message}})
        return ""

    return fate


def state(pod: Object, phase: str, container: Object) -> None:
    """Set a pod's status."""
    pod["status"] = {
        "phase": phase,
        "podIP": "10.200.0.77",
        "containerStatuses": [{"name": "probe", "ready": False, "state": container}],
    }


def post(handler: Handler) -> None:
    """Answer a POST: of a pod, or of a review."""
    cluster, body = begun(handler, "POST")
    fault = cluster.fault_for(f"POST {handler.path}")
    if fault is not None:
        handler.fail(fault)
        return
    before_s, after_s = cluster.writes.delay(f"POST {handler.path}")
    cluster.closing.wait(before_s)
    found = PODS.match(handler.path)
    if found and not found["name"]:
        meta = body["metadata"]
        meta |= {"uid": str(uuid.uuid4()), "creationTimestamp": BORN}
        with cluster.lock:
            log = cluster.writes.fate(body)
            cluster.objects.setdefault("pods", []).append(body)
            cluster.logs[f"{found['namespace']}/{meta['name']}", False] = log
        cluster.closing.wait(after_s)
        handler.say(201, body)
    elif found := REVIEW.match(handler.path):
        handler.say(201, body | {"status": reviewed(cluster, found["kind"], body["spec"])})
    else:
        handler.say(405, {"kind": "Status", "message": "the server does not allow this method"})


def reviewed(cluster: Cluster, kind: str, spec: Object) -> Object:
    """Return the status of a review."""
    writes = cluster.writes
    if kind == "access":
        return {"allowed": writes.allowed(spec["resourceAttributes"])}
    rules = [*writes.rules, *writes.rules_of.get(spec["namespace"], [])]
    return {"resourceRules": rules, "nonResourceRules": [], "incomplete": writes.incomplete}


def delete(handler: Handler) -> None:
    """Answer a DELETE of a pod."""
    cluster, body = begun(handler, "DELETE")
    fault = cluster.fault_for(f"DELETE {handler.path}")
    if fault is not None:
        handler.fail(fault)
        return
    before_s, after_s = cluster.writes.delay(f"DELETE {handler.path}")
    cluster.closing.wait(before_s)
    found = PODS.match(handler.path)
    if not found or not found["name"]:
        handler.say(405, {"kind": "Status", "message": "the server does not allow this method"})
        return
    wanted = body.get("preconditions", {}).get("uid")
    with cluster.lock:
        pods = cluster.objects.get("pods", [])
        mine = [
            one
            for one in pods
            if one["metadata"]["name"] == found["name"]
            and one["metadata"].get("namespace") == found["namespace"]
        ]
        fits = [one for one in mine if wanted in (None, one["metadata"].get("uid"))]
        cluster.objects["pods"] = [one for one in pods if one not in fits]
    cluster.closing.wait(after_s)
    if fits:
        handler.say(200, fits[0])
    else:
        code = 409 if mine else 404
        handler.say(code, {"kind": "Status", "message": f'pods "{found["name"]}" not found'})


def begun(handler: Handler, method: str) -> tuple[Cluster, Object]:
    """Return the cluster and the body of a write, which is noted."""
    body = json.loads(handler.rfile.read(int(handler.headers.get("Content-Length", "0"))) or "{}")
    cluster = handler.cluster
    with cluster.lock:
        cluster.writes.sent.append((method, handler.path, body))
    return cluster, body
