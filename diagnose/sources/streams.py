"""What is asked over a stream through the API server: a command in a container, a port of a pod.

Both go over one WebSocket each, opened by a GET and closed by the deadline of the request. Nothing
is raised: what does not come has its trouble said.

Source: kubernetes/kubernetes v1.35, staging/src/k8s.io/apimachinery/pkg/util/remotecommand
(v5.channel.k8s.io: channel number before each message, 3 holds the final Status) and
staging/src/k8s.io/kubelet/pkg/cri/streaming/portforward/websocket.go (v4.channel.k8s.io: two
channels per port, data and errors, each beginning with the port's number).
"""

from __future__ import annotations

from dataclasses import dataclass

from diagnose.sources.http import Answer, Request, Trouble
from diagnose.sources.kubeconfig import Access
from diagnose.sources.options import LiveOptions

MOST_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Exec:
    """A command to run in a container that already runs; it may only read."""

    namespace: str
    pod: str
    container: str
    command: tuple[str, ...]
    timeout_s: float = 10.0
    most_bytes: int = MOST_BYTES

    @property
    def target(self) -> str:
        """Where it is sent, as the report names it."""
        return f"/api/v1/namespaces/{self.namespace}/pods/{self.pod}/exec"


@dataclass(frozen=True)
class Ran:
    """What came of a command. `exit_code` is None where the server told none."""

    request: Exec
    stdout: bytes = b""
    stderr: bytes = b""
    exit_code: int | None = None
    status: int = 0
    trouble: Trouble = Trouble.NONE
    detail: str = ""


@dataclass(frozen=True)
class Queries:
    """DNS messages for a TCP port of a pod, sent one after the other on one connection.

    Each is answered, in any order, by a message with its id. RFC 7766.
    """

    namespace: str
    pod: str
    messages: tuple[bytes, ...]
    port: int = 53
    timeout_s: float = 5.0

    @property
    def target(self) -> str:
        """Where they are sent, as the report names it."""
        return f"/api/v1/namespaces/{self.namespace}/pods/{self.pod}/portforward"


@dataclass(frozen=True)
class Reply:
    """One DNS message that came, and the milliseconds since all were sent."""

    message: bytes
    took_ms: int


@dataclass(frozen=True)
class Replies:
    """What came of queries: as many replies as came before the trouble, in order of arrival."""

    request: Queries
    replies: tuple[Reply, ...] = ()
    status: int = 0
    trouble: Trouble = Trouble.NONE
    detail: str = ""


Wanted = Request | Exec | Queries
Came = Answer | Ran | Replies


def failed(request: Wanted, trouble: Trouble, detail: str = "") -> Came:
    """Return the answer to a request that brought nothing."""
    match request:
        case Exec():
            return Ran(request, trouble=trouble, detail=detail)
        case Queries():
            return Replies(request, trouble=trouble, detail=detail)
        case _:
            return Answer(request, trouble=trouble, detail=detail)


class Streams:
    """Streams through one API server. Its methods may be called from several threads."""

    def __init__(self, way: Access, options: LiveOptions) -> None:
        """Take the access; the deadline counts from now."""
        self._way = way
        self._options = options

    def fetch(self, request: Exec | Queries) -> Came:
        """Return what came of it."""
        return failed(request, Trouble.CONNECTION, "not built yet")
