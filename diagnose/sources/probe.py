"""Probe pods: the only thing that corediag creates in a cluster, and how it goes away again.

A probe pod runs one script, says in its log what came, and ends. Its log is read through
`pods/log`: neither `pods/exec` nor a stream is needed, so that --no-exec leaves the rung as it is,
and a pod that nobody comes back to has nothing more to do. One pod holds all the questions of a
run, since a second round would be a second pod.

They stand in the namespace `default`, whatever the context says: every cluster has it, leftovers
of any run are found in one place, and the permission to create and delete pods is needed there
alone. The pods satisfy the Pod Security Standard "restricted".

`Probes` knows the name of a pod before it is sent, so that nothing that was under way when a run
is interrupted is forgotten: it waits for the answer, deletes, and says what may be left. What even
that misses (a kill, a lost connection) ends by activeDeadlineSeconds, and the next run removes it.

Source: kubernetes/kubernetes v1.35, pkg/registry/core/pod/strategy.go (CheckGracefulDelete: with a
grace period of 0 the object is gone when the request is answered);
staging/src/k8s.io/pod-security-admission/policy.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

import urllib3
from urllib3 import exceptions as http

from diagnose import __version__
from diagnose.pool import Pool
from diagnose.sources.http import (
    Answer,
    Client,
    Exchange,
    Request,
    Trouble,
    date_of,
    explained,
    pieces_of,
    understood,
)
from diagnose.sources.kubeconfig import Access
from diagnose.text.shown import visible
from diagnose.values import dataclass

NAMESPACE = "default"
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
REVIEWS = "/apis/authorization.k8s.io/v1"
MANAGED_BY, OWNER = "app.kubernetes.io/managed-by", "corediag"
INSTANCE = "app.kubernetes.io/instance"  # the run
PREFIX = "corediag-probe-"
CONTAINER = "probe"
NOBODY = 65534
REMOVAL_S = 1.5  # for everything that is still there when a run ends or is interrupted
PAUSE_S = (0.2, 0.3, 0.5, 1.0)  # between looks at a pod; the last one goes on
LAST_S = 2.0  # of a run's time, in which a log is read and the pod removed
WRITE_S = 5.0  # that one write may take
MOST_BYTES = 1024 * 1024  # of an answer to a write, and of a log
# Reasons for which a container that waits will go on waiting.
# Source: kubernetes/kubernetes v1.35, pkg/kubelet/images/types.go and
# pkg/kubelet/kuberuntime/kuberuntime_container.go.
HOPELESS = frozenset(
    {
        "ErrImageNeverPull",
        "InvalidImageName",
        "ImageInspectError",
        "ErrImagePull",
        "ImagePullBackOff",
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
        "CrashLoopBackOff",
    }
)


@dataclass(frozen=True)
class Probe:
    """A pod to create on a node: it runs a command, its log is read, and it is removed.

    `present` says that the node has the image, which then is never pulled. `lives_s` is when the
    kubelet ends it at the latest.
    """

    name: str
    instance: str
    node: str
    image: str
    present: bool
    command: tuple[str, ...]
    lives_s: int

    @property
    def target(self) -> str:
        """Where it stands, as the report names it."""
        return f"{PODS}/{self.name}"


@dataclass(frozen=True)
class Probed:
    """What came of a probe. `refusal` is the answer to its creation where that was none.

    `exit_code` is None unless its command came to an end; `because` says why it did not.
    """

    request: Probe
    log: bytes = b""
    exit_code: int | None = None
    started: bool = False
    address: str = ""
    because: str = ""
    refusal: Answer | None = None


@dataclass(frozen=True)
class Removal:
    """A probe pod of another run to remove: this one, and no other of its name."""

    name: str
    uid: str

    @property
    def request(self) -> Request:
        """What an answer says that it answers."""
        return Request(f"{PODS}/{self.name}")


@dataclass(frozen=True)
class Review:
    """A question for one's own permissions: all in a namespace, or one (`resource` is set).

    It is sent as a POST and creates nothing. Without a namespace one is asked for in all of them.
    """

    namespace: str
    group: str = ""
    resource: str = ""
    verb: str = ""

    @property
    def request(self) -> Request:
        """What an answer says that it answers."""
        kind = "selfsubjectaccessreviews" if self.resource else "selfsubjectrulesreviews"
        return Request(f"{REVIEWS}/{kind}")

    @property
    def body(self) -> dict[str, Any]:
        """The object to send."""
        kind, spec = "SelfSubjectRulesReview", dict[str, Any](namespace=self.namespace)
        if self.resource:
            resource, _, subresource = self.resource.partition("/")
            asked = {"group": self.group, "resource": resource, "subresource": subresource}
            asked |= {"namespace": self.namespace, "verb": self.verb}
            kind, spec = "SelfSubjectAccessReview", {"resourceAttributes": asked}
        return {"apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec}


def manifest(probe: Probe) -> dict[str, Any]:
    """Return the pod to create.

    It is bound to its node without the scheduler, and no taint keeps it away. Meshes are told to
    leave it alone: what their sidecars answer is not what cluster DNS answers.
    """
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": probe.name,
            "namespace": NAMESPACE,
            "labels": {
                "app.kubernetes.io/name": PREFIX.strip("-"),
                INSTANCE: probe.instance,
                MANAGED_BY: OWNER,
                "sidecar.istio.io/inject": "false",
            },
            "annotations": {"linkerd.io/inject": "disabled"},
        },
        "spec": {
            "nodeName": probe.node,
            "restartPolicy": "Never",
            "activeDeadlineSeconds": probe.lives_s,
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "tolerations": [{"operator": "Exists"}],
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": NOBODY,
                "runAsGroup": NOBODY,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [
                {
                    "name": CONTAINER,
                    "image": probe.image,
                    "imagePullPolicy": "Never" if probe.present else "IfNotPresent",
                    # a pod's command is not taken as it is: $(NAME) is a variable, $$ a dollar
                    "command": [one.replace("$", "$$") for one in probe.command],
                    "resources": {
                        "requests": {"cpu": "10m", "memory": "16Mi"},
                        "limits": {"cpu": "200m", "memory": "64Mi"},
                    },
                    "securityContext": {
                        "allowPrivilegeEscalation": False,
                        "readOnlyRootFilesystem": True,
                        "capabilities": {"drop": ["ALL"]},
                    },
                }
            ],
        },
    }


class Writer:
    """Everything that corediag ever sends but GETs: probe pods, and reviews that create nothing.

    No other path and no other method can be sent; nothing is sent a second time on its own.
    """

    def __init__(self, way: Access, on_request: Callable[[Exchange], None] | None = None) -> None:
        """Take the access."""
        self._way = way
        self._on_request = on_request

    def create(self, probe: Probe) -> Answer:
        """Create a probe pod."""
        return self._send("POST", Request(PODS), manifest(probe), WRITE_S)

    def delete(self, name: str, uid: str = "", timeout_s: float = WRITE_S) -> Answer:
        """Delete a probe pod at once; with a uid only if it is that one."""
        if not name.startswith(PREFIX):
            raise ValueError(f"{name}: no probe pod")
        body: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions"}
        body["gracePeriodSeconds"] = 0
        if uid:
            body["preconditions"] = {"uid": uid}
        return self._send("DELETE", Request(f"{PODS}/{name}"), body, timeout_s)

    def review(self, review: Review) -> Answer:
        """Ask for one's own permissions."""
        return self._send("POST", review.request, review.body, WRITE_S)

    def _send(
        self, method: str, request: Request, value: Mapping[str, Any], timeout_s: float
    ) -> Answer:
        started = time.monotonic()
        status, at, trouble, detail = 0, None, Trouble.NONE, ""
        body = bytearray()
        try:
            response = self._way.manager.urlopen(
                method,
                self._way.host.rstrip("/") + request.path,
                body=json.dumps(value).encode(),
                headers={
                    "User-Agent": f"corediag/{__version__}",
                    "Accept": "application/json",
                    "Content-Type": "application/json",
                    **self._way.headers,
                },
                timeout=urllib3.Timeout(connect=timeout_s, read=timeout_s),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            status, at = response.status, date_of(response.headers.get("Date", ""))
            with contextlib.closing(response):
                for piece in pieces_of(response):
                    body += piece[: MOST_BYTES - len(body)]
                    if len(body) >= MOST_BYTES or time.monotonic() > started + timeout_s:
                        break
        except (http.HTTPError, OSError, ValueError, AttributeError, TypeError) as error:
            trouble, detail = explained(error, answered=bool(status))
        if self._on_request is not None:
            took_ms = round((time.monotonic() - started) * 1000)
            self._on_request(
                Exchange(request.path, status, len(body), took_ms, trouble.value, method)
            )
        return understood(Answer(request, status, bytes(body), {}, at, trouble, detail))


@dataclass
class Sent:
    """A pod whose creation was begun: whether that was answered, and whether by a yes."""

    answered: threading.Event = field(default_factory=threading.Event)
    exists: bool = False


class Probes:
    """Probe pods of one run. `fetch` may be called from several threads, `remove` at any time."""

    def __init__(
        self, client: Client, writer: Writer, timeout_s: float, say: Callable[[str], None]
    ) -> None:
        """Take what reads and what writes; the deadline counts from now. `say` is for leftovers."""
        self._client = client
        self._writer = writer
        self._say = say
        self._ends_at = time.monotonic() + timeout_s
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._sent: dict[str, Sent] = {}

    def fetch(self, probe: Probe) -> Probed:
        """Create a pod, return what it said, and remove it."""
        with self._lock:
            if self._closed.is_set():
                return Probed(probe, because="the run is over")
            if not self._sent:
                # of no use but where an interruption comes between two steps of the way out
                atexit.register(self._remove_one_by_one)
            sent = self._sent[probe.name] = Sent()
        try:
            answer = self._writer.create(probe)
            sent.exists = answer.status in (200, 201, 202)
        finally:
            sent.answered.set()
        if not sent.exists:
            # never sent, or refused: no such pod of ours; else it may come to be
            if answer.trouble in (Trouble.CONNECTION, Trouble.PROXY) or 400 <= answer.status < 500:
                self._forget(probe.name)
            return Probed(probe, because="it could not be created", refusal=answer)
        try:
            return self._watched(probe)
        finally:
            self._take_away(probe.name, time.monotonic() + REMOVAL_S)

    def _watched(self, probe: Probe) -> Probed:
        """Return what a pod said, when its command has ended, cannot begin, or time is over."""
        failures = looks = 0
        seen = State()
        while True:
            answer = self._client.fetch(Request(probe.target))
            if answer.fine:
                seen, failures = state_of(answer.value), 0
            else:
                failures += 1
            if answer.status == 404:
                return Probed(probe, because="somebody removed it")
            over = time.monotonic() > self._ends_at - LAST_S
            if seen.ended or seen.hopeless or over or failures > 1 or self._closed.is_set():
                break
            self._closed.wait(PAUSE_S[min(looks, len(PAUSE_S) - 1)])
            looks += 1
        log = b""
        because = seen.because
        if seen.started:
            query = (("container", CONTAINER),)
            came = self._client.fetch(
                Request(f"{probe.target}/log", query, text=True, most_bytes=MOST_BYTES)
            )
            log = came.body if came.status == 200 else b""
            if not came.fine:
                told = came.message if came.status else came.trouble.value
                because = f"its log: {told or came.trouble.value}"
            elif not seen.ended:
                because = "it was not done in time"
        elif not because:
            because = "it did not start in time"
        return Probed(probe, log, seen.exit_code, seen.started, seen.address, because)

    def _forget(self, name: str) -> None:
        with self._lock:
            self._sent.pop(name, None)

    def _take_away(self, name: str, until: float) -> None:
        """Delete a pod if it is there; it is forgotten only when it certainly is not."""
        sent = self._sent.get(name)
        if sent is None:
            return
        sent.answered.wait(max(0.0, until - time.monotonic()))
        while (rest_s := until - time.monotonic()) > 0:
            answer = self._writer.delete(name, timeout_s=rest_s)
            if answer.status in (200, 202) or (answer.status == 404 and sent.exists):
                self._forget(name)
                return
            time.sleep(min(0.2, rest_s))

    def remove(self) -> None:
        """Remove every pod that is left, in a bounded time, whatever comes in between.

        An interruption is raised when that is done.
        """
        until = time.monotonic() + REMOVAL_S
        interruption: BaseException | None = None
        while True:
            try:
                self._closed.set()
                left = list(self._sent)
                if left:
                    pool = Pool(len(left), max(0.1, until - time.monotonic()))
                    list(pool.map(lambda name: self._take_away(name, until), left))
                    pool.close()
                self._tell_left()
                break
            except BaseException as error:  # noqa: BLE001  Ctrl-C and signals, raised below
                interruption = interruption or error
                if time.monotonic() > until:
                    break
        if interruption is not None:
            raise interruption

    def _remove_one_by_one(self) -> None:
        """Remove what is left when Python ends, which then starts no thread any more."""
        until = time.monotonic() + REMOVAL_S
        for name in list(self._sent):
            self._take_away(name, until)
        self._tell_left()

    def _tell_left(self) -> None:
        with self._lock:
            left = dict(self._sent)
            self._sent.clear()
        sure = [name for name, one in left.items() if one.exists]
        unsure = [name for name in left if name not in sure]
        for names, what in ((sure, "could not remove"), (unsure, "not known to be created:")):
            if names:
                self._say(
                    f"{what} {', '.join(names)} in namespace {NAMESPACE}; what is left ends by "
                    "itself, and the next `corediag run --probe` removes it, or:\n"
                    f"kubectl -n {NAMESPACE} delete pods {' '.join(names)}"
                )


@dataclass(frozen=True)
class State:
    """What the status of a probe pod says."""

    started: bool = False
    ended: bool = False
    hopeless: bool = False
    exit_code: int | None = None
    address: str = ""
    because: str = ""


def state_of(pod: Mapping[str, Any]) -> State:
    """Return what a pod's status says, whatever its shape."""
    status = mapping(pod.get("status"))
    several = status.get("containerStatuses")
    containers = [mapping(one) for one in several] if isinstance(several, list) else []
    own = next((one for one in containers if one.get("name") == CONTAINER), {})
    state = mapping(own.get("state"))
    address = status.get("podIP")
    address = visible(address) if isinstance(address, str) else ""
    if "terminated" in state:
        ended = mapping(state["terminated"])
        code = ended.get("exitCode")
        code = code if isinstance(code, int) else None
        because = "" if code == 0 else told_by(ended, "it ended")
        started = ended.get("reason") not in ("StartError", "ContainerCannotRun")
        return State(started, True, False, code, address, because)
    if status.get("phase") in ("Failed", "Succeeded"):
        return State("running" in state, True, False, None, address, told_by(status, "it failed"))
    if "running" in state:
        return State(started=True, address=address)
    waiting = mapping(state.get("waiting"))
    hopeless = waiting.get("reason") in HOPELESS
    return State(hopeless=hopeless, address=address, because=told_by(waiting, "it did not start"))


def told_by(state: Mapping[str, Any], what: str) -> str:
    """Return what happened with the reason and the message that a state gives."""
    told = [state.get(key) for key in ("reason", "message")]
    words = [visible(" ".join(one.split()))[:300] for one in told if isinstance(one, str) and one]
    code = state.get("exitCode")
    if isinstance(code, int) and code:
        words.append(f"exit code {code}")
    return ": ".join((what, *words)) if words else what


def mapping(value: object) -> Mapping[str, Any]:
    """Return a mapping as it is, anything else as an empty one."""
    return value if isinstance(value, Mapping) else {}
