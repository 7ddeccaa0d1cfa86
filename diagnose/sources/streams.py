"""What is asked over a stream through the API server: a command in a container, a port of a pod.

Both go over one WebSocket each, opened by a GET and closed by the deadline of the request. Nothing
is raised: what does not come has its trouble said. The connection is one that urllib3 makes with
the settings of the HTTP requests, so that certificates and proxies count alike for both; the
WebSocket on it is that of the package websocket-client, which the package `kubernetes` uses too.

Limits: a port-forward reaches what listens on the pod's loopback address, so it tells nothing of
the pod network. A name server that answers with a truncated or foreign message is not corrected.
Source: kubernetes/kubernetes v1.35, staging/src/k8s.io/apimachinery/pkg/util/remotecommand
(v5.channel.k8s.io: channel number before each message, 3 holds the final Status) and
staging/src/k8s.io/kubelet/pkg/cri/streaming/portforward/websocket.go (v4.channel.k8s.io: two
channels per port, data and errors, each beginning with the port's number). RFC 6455; RFC 7766.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from urllib3.exceptions import ConnectTimeoutError

from diagnose import __version__
from diagnose.sources.http import (
    SILENT_AFTER,
    Answer,
    Exchange,
    Request,
    Trouble,
    explained,
    said_by_system,
)
from diagnose.sources.kubeconfig import Access
from diagnose.sources.options import LiveOptions
from diagnose.sources.pace import Pace
from diagnose.sources.probe import Probe, Probed, Removal, Review
from diagnose.text.regex import regex
from diagnose.text.shown import visible
from diagnose.values import dataclass

MOST_BYTES = 4 * 1024 * 1024
HEAD_BYTES = 64 * 1024  # of the answer to the GET
ASIDE_BYTES = 64 * 1024  # of stderr, of the final Status, of an error text: each
DNS_HEADER_BYTES = 12
UPGRADED = 101
LAST_LOOK_S = 1.0  # for the body of a refusal
FAIR_S = 1.0  # in which a server that can be reached is reached
SAID = 600  # characters: containerd's words end with what counts, after 500 of who called whom
STATUS_LINE = regex(r"HTTP/1\.[01] ([1-5][0-9][0-9])\b")
EMPTY = regex(r"(?i)\ncontent-length: *0+ *(?:\r|$)")
# channels of an exec, and of a port-forward for one port
STDOUT, STDERR, STATUS = 1, 2, 3
DATA, ERROR = 0, 1


@dataclass(frozen=True)
class Exec:
    """A command to run in a container that already runs; it may only read."""

    namespace: str
    pod: str
    container: str
    command: tuple[str, ...]
    timeout_s: float = 5.0
    most_bytes: int = MOST_BYTES

    @property
    def target(self) -> str:
        """Where it is sent, as the report names it."""
        return f"/api/v1/namespaces/{self.namespace}/pods/{self.pod}/exec"


@dataclass(frozen=True)
class Ran:
    """What came of a command. `exit_code` is None where the server told none.

    `status` is that of the answer to the GET, 101 when the stream was opened. `detail` is what the
    server says: why it refuses, or how the command ended.
    """

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
    """What came of queries: as many replies as came before the trouble, in order of arrival.

    `waited_s` is how long replies were waited for once all was sent; None where that is not told.
    `status` and `detail` are as in Ran. A port at which nobody listens has status 101 and the
    trouble CONNECTION.
    """

    request: Queries
    replies: tuple[Reply, ...] = ()
    status: int = 0
    trouble: Trouble = Trouble.NONE
    detail: str = ""
    waited_s: float | None = None


Wanted = Request | Exec | Queries | Probe | Removal | Review
Came = Answer | Ran | Replies | Probed


def failed(request: Wanted, trouble: Trouble, detail: str = "") -> Came:
    """Return the answer to a request that brought nothing."""
    match request:
        case Exec():
            return Ran(request, trouble=trouble, detail=detail)
        case Queries():
            return Replies(request, trouble=trouble, detail=detail)
        case Probe():
            return Probed(request, because=trouble.value)
        case Removal() | Review():
            return Answer(request.request, trouble=trouble, detail=detail)
        case _:
            return Answer(request, trouble=trouble, detail=detail)


class Streams:
    """Streams through one API server. Its methods may be called from several threads."""

    def __init__(self, way: Access, options: LiveOptions, pace: Pace | None = None) -> None:
        """Take the access; the deadline counts from now."""
        self._pace = pace or Pace(options.limits)
        self._way = way
        self._ends_at = time.monotonic() + options.timeout_s
        self._connect_timeout_s = options.connect_timeout_s
        self._on_request = options.on_request
        self._lock = threading.Lock()
        self._failed = 0

    def fetch(self, request: Exec | Queries) -> Ran | Replies:
        """Return what came of it."""
        talk = Running(request) if isinstance(request, Exec) else Asking(request)
        if self._failed < SILENT_AFTER and not self._pace.take(self._ends_at):
            return failed(request, Trouble.BUDGET)  # type: ignore[return-value]
        started = time.monotonic()
        ends_at = min(started + request.timeout_s, self._ends_at)
        stream = Stream(self._way, talk, ends_at, self._connect_timeout_s)
        if self._failed >= SILENT_AFTER:
            stream.trouble, stream.detail = Trouble.CONNECTION, "as before"
            return talk.came(stream)
        if ends_at <= started:
            stream.trouble = Trouble.DEADLINE
            return talk.came(stream)
        stream.run()
        with self._lock:
            unreached = stream.trouble is Trouble.CONNECTION and not stream.status
            self._failed = self._failed + 1 if unreached else 0
        if self._on_request is not None:
            self._on_request(
                Exchange(
                    talk.shown,
                    stream.status,
                    stream.size_bytes,
                    round((time.monotonic() - started) * 1000),
                    stream.trouble.value,
                )
            )
        return talk.came(stream)


class Broken(Exception):
    """The end of a stream that brings no more, with its trouble."""

    def __init__(self, trouble: Trouble, detail: str = "") -> None:
        """Say why."""
        super().__init__(trouble, detail)
        self.trouble = trouble
        self.detail = detail


class Running:
    """A command as it runs: what its channels brought."""

    protocols = ("v5.channel.k8s.io", "v4.channel.k8s.io")
    greeting = b""

    def __init__(self, request: Exec) -> None:
        """Know nothing yet."""
        self.request = request
        self.path = path_of(request.namespace, request.pod, "exec")
        asked = [("command", word) for word in request.command]
        container = [("container", request.container)] if request.container else []
        self.query = [*asked, *container, ("stdout", "true"), ("stderr", "true")]
        self.shown = f"{request.target}?{urlencode(container)}".rstrip("?")
        # a command that prints letter by letter has four bytes sent for each; those that
        # print so print little
        self.most_bytes = 2 * request.most_bytes + 1024 * 1024
        self.over = False
        self._heard = {STDOUT: bytearray(), STDERR: bytearray(), STATUS: bytearray()}
        self._status: Mapping[str, Any] = {}

    def begin(self) -> None:
        """Note that the stream is open."""

    def hear(self, channel: int, data: bytes) -> None:
        """Take one message; raises Broken when there is too much. Unknown channels are ignored."""
        if channel not in self._heard:
            return
        so_far = self._heard[channel]
        most = self.request.most_bytes if channel == STDOUT else ASIDE_BYTES
        fits = data[: most - len(so_far)]
        so_far += fits
        if channel == STDOUT and len(fits) < len(data):
            raise Broken(Trouble.TOO_LARGE)
        if channel == STATUS and data.rstrip().endswith(b"}"):
            self._status = mapping_of(so_far)
            self.over = bool(self._status)

    def missing(self) -> str:
        """Return what the server says in place of a Status, if it says anything."""
        return shown(self._heard[STATUS].decode("utf-8", "replace"))

    def came(self, stream: Stream) -> Ran:
        """Return what came."""
        code = exit_code_of(self._status)
        said = self._status.get("message") if code != 0 else ""
        return Ran(
            self.request,
            stdout=bytes(self._heard[STDOUT]),
            stderr=bytes(self._heard[STDERR]),
            exit_code=code,
            status=stream.status,
            trouble=stream.trouble,
            detail=stream.detail or (shown(said) if isinstance(said, str) else ""),
        )


class Asking:
    """DNS messages on their way: which are not answered yet."""

    protocols = ("v4.channel.k8s.io",)
    most_bytes = MOST_BYTES

    def __init__(self, request: Queries) -> None:
        """Know nothing yet. Raises nothing: what cannot be sent is said when it is to be."""
        self.request = request
        self.path = path_of(request.namespace, request.pod, "portforward")
        self.query = [("ports", str(request.port))]
        self.shown = f"{request.target}?ports={request.port}"
        self._open = Counter(message[:2] for message in request.messages)
        self._heard = {DATA: bytearray(), ERROR: bytearray()}
        self._begun: set[int] = set()
        self._replies: list[Reply] = []
        self._foreign = 0
        self._sent_at: float | None = None

    @property
    def over(self) -> bool:
        """Whether each is answered."""
        return not self._open

    @property
    def greeting(self) -> bytes:
        """All messages, on the channel of the data. Raises OverflowError for one too long."""
        framed = [len(one).to_bytes(2, "big") + one for one in self.request.messages]
        return bytes([DATA]) + b"".join(framed)

    def begin(self) -> None:
        """Note that all are sent."""
        self._sent_at = time.monotonic()

    def hear(self, channel: int, data: bytes) -> None:
        """Take one message; raises Broken for an error of the port. Others are ignored."""
        if channel not in self._heard:
            return
        so_far = self._heard[channel]
        so_far += data
        if channel not in self._begun:
            if len(so_far) < 2:
                return
            if int.from_bytes(so_far[:2], "little") != self.request.port:
                raise Broken(Trouble.NOT_JSON, "the stream is that of another port")
            self._begun.add(channel)
            del so_far[:2]
        if channel == ERROR and so_far:
            raise Broken(*explained_port(so_far.decode("utf-8", "replace")))
        while channel == DATA and len(so_far) >= 2:
            end = 2 + int.from_bytes(so_far[:2], "big")
            if len(so_far) < end:
                return
            self._take(bytes(so_far[2:end]))
            del so_far[:end]

    def _take(self, message: bytes) -> None:
        number = message[:2]
        if len(message) < DNS_HEADER_BYTES or number not in self._open:
            self._foreign += 1
            return
        took_ms = round(self._waited_s * 1000)
        self._replies.append(Reply(message, took_ms))
        self._open[number] -= 1
        if not self._open[number]:
            del self._open[number]

    @property
    def _waited_s(self) -> float:
        return 0.0 if self._sent_at is None else time.monotonic() - self._sent_at

    def missing(self) -> str:
        """Return what came in place of the replies, if anything did."""
        if self._foreign:
            return f"messages that answer no query: {self._foreign}"
        rest = bytes(self._heard[DATA][:DNS_HEADER_BYTES])
        return f"what came is no DNS message: {rest!r}" if rest and not self._replies else ""

    def came(self, stream: Stream) -> Replies:
        """Return what came."""
        return Replies(
            self.request,
            tuple(self._replies),
            stream.status,
            stream.trouble,
            stream.detail,
            self._waited_s,
        )


class Stream:
    """One WebSocket from its opening to its end, and how that went."""

    def __init__(
        self, way: Access, talk: Running | Asking, ends_at: float, connect_timeout_s: float
    ) -> None:
        """Take who is to be talked to, and about what."""
        self._way = way
        self._talk = talk
        self._ends_at = ends_at
        self._connect_timeout_s = connect_timeout_s
        self._line: Line | None = None
        self.status = 0
        self.trouble = Trouble.NONE
        self.detail = ""

    @property
    def size_bytes(self) -> int:
        """How much came."""
        return self._line.came if self._line else 0

    def run(self) -> None:
        """Talk until all is said, or there is trouble."""
        try:
            with contextlib.ExitStack() as closing:
                self._line = self._connected(closing)
                self._converse(self._line)
        except Broken as end:
            self.trouble, self.detail = end.trouble, end.detail
        except Exception as error:  # noqa: BLE001  what both packages raise on bytes that are
            # not what they expect is in no list; a stream that fails is not to end the run
            self.trouble, self.detail = self._explained(error)

    def _connected(self, closing: contextlib.ExitStack) -> Line:
        manager, host = self._way.manager, self._way.host
        pool = manager.connection_from_url(host)
        # a connection of its own: it does not return to the pool
        connection = pool._new_conn()
        closing.callback(connection.close)
        budget_s = max(self._ends_at - time.monotonic(), 0.001)
        # it counts twice: for the connection, and for what is spoken before it can be used
        connection.timeout = min(self._connect_timeout_s, budget_s / 2)
        try:
            if not connection.proxy:
                connection.connect()
            elif host.startswith("https:"):
                pool._prepare_proxy(connection)
            else:
                server = urlsplit(host)
                connection.set_tunnel(server.hostname, server.port or 80, manager.proxy_headers)
                connection.connect()
        except Exception as error:
            trouble, detail = explained(error, answered=False)
            if type(error).__name__ == "CertificateError":  # a ValueError of urllib3 1
                trouble = Trouble.ENCRYPTION
            if connection.proxy and not getattr(connection, "has_connected_to_proxy", True):
                trouble, detail = Trouble.PROXY, said_by_system(detail)
            hurried = connection.timeout < min(FAIR_S, self._connect_timeout_s)
            if hurried and type(error) is ConnectTimeoutError:
                trouble, detail = Trouble.TIMEOUT, ""  # that tells nothing of the server
            raise Broken(trouble, detail) from error
        return Line(connection.sock, self._ends_at)

    def _converse(self, line: Line) -> None:
        from websocket import ABNF, WebSocket  # noqa: PLC0415  when there is a stream at all

        socket = WebSocket(enable_multithread=False, skip_utf8_validation=True)
        self._open(socket, line)
        line.most_bytes = line.came + self._talk.most_bytes
        try:
            if self._talk.greeting:
                socket.send_binary(self._talk.greeting)
            self._talk.begin()
            while not self._talk.over:
                kind, message = socket.recv_data()
                if kind == ABNF.OPCODE_CLOSE:
                    why = message[2:].decode("utf-8", "replace")
                    raise Broken(Trouble.CUT, self._talk.missing() or shown(why))
                if message:
                    self._talk.hear(message[0], message[1:])
        finally:
            with contextlib.suppress(Exception):  # as in run; it is a courtesy
                socket.send_close()

    def _open(self, socket: Any, line: Line) -> None:
        host = self._way.host
        headers = {"User-Agent": f"corediag/{__version__}", **self._way.headers}
        try:
            socket.connect(
                f"ws{host.removeprefix('http').rstrip('/')}{self._talk.path}"
                f"?{urlencode(self._talk.query, quote_via=quote, safe='')}",
                socket=line,
                subprotocols=list(self._talk.protocols),
                header=[f"{name}: {value}" for name, value in headers.items()],
                suppress_origin=True,
                redirect_limit=0,
            )
        except Exception:
            # the package tells not all of a refusal: of a body in chunks, nothing
            self.status, said = refusal(line)
            if self.status in (0, UPGRADED):
                raise
        else:
            self.status, said = refusal(line)  # older versions of it take redirects for success
        if self.status < 300 and self.status != UPGRADED:
            raise Broken(Trouble.NOT_JSON, said or "it opens no stream")
        if self.status != UPGRADED:
            raise Broken(Trouble.NONE, said)
        line.head = None

    def _explained(self, error: Exception) -> tuple[Trouble, str]:
        import websocket  # noqa: PLC0415  see _converse

        answered = self.status == UPGRADED
        if isinstance(error, websocket.WebSocketTimeoutException | TimeoutError):
            return Trouble.TIMEOUT, self._talk.missing() if answered else ""
        if isinstance(error, websocket.WebSocketConnectionClosedException):
            trouble = Trouble.CUT if answered else Trouble.RESET
            return trouble, self._talk.missing() if answered else ""
        if isinstance(error, OSError):
            return explained(error, answered=answered)
        said = shown(str(error)) or type(error).__name__
        return Trouble.NOT_JSON, f"no WebSocket: {said}"


class Line:
    """What the package takes for a socket; all use of it ends at a deadline or a number of bytes.

    A timeout of the socket alone counts anew at each byte.
    """

    def __init__(self, socket: Any, ends_at: float) -> None:
        """Take a connected socket, encrypted or not. It is closed by who opened it."""
        self._socket = socket
        self.ends_at = ends_at
        self.most_bytes = HEAD_BYTES
        self.came = 0
        self.head: bytearray | None = bytearray()  # all that came, as long as it is one

    def recv(self, size: int) -> bytes:
        """Return up to so many bytes. Raises TimeoutError at the deadline, Broken for too many."""
        fits = min(size, self.most_bytes - self.came)
        if fits <= 0:
            raise Broken(Trouble.TOO_LARGE)
        data: bytes = self._in_time().recv(fits)
        self.came += len(data)
        if self.head is not None:
            self.head += data
        return data

    def send(self, data: bytes) -> int:
        """Send some of the bytes, and return how many."""
        sent: int = self._in_time().send(data)
        return sent

    def _in_time(self) -> Any:
        left_s = self.ends_at - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        self._socket.settimeout(left_s)
        return self._socket

    def gettimeout(self) -> float:
        """Return what the package asks for to tell whether a socket blocks: this one does."""
        return max(self.ends_at - time.monotonic(), 0.001)

    def fileno(self) -> int:
        """Return the descriptor, by which the package may wait."""
        number: int = self._socket.fileno()
        return number

    def close(self) -> None:
        """Do nothing: after a refusal the package closes what is read on."""


def path_of(namespace: str, pod: str, verb: str) -> str:
    """Return the path of a subresource; names may hold anything."""
    return f"/api/v1/namespaces/{quote(namespace, safe='')}/pods/{quote(pod, safe='')}/{verb}"


def refusal(line: Line) -> tuple[int, str]:
    """Return the status of an answer that opens no stream, and what it says; 0 when it is none."""
    head, end, body = bytes(line.head or b"").partition(b"\r\n\r\n")
    match = STATUS_LINE.match(head[:100].decode("latin-1"))
    if not match:
        return 0, ""
    status = int(match[1])
    if end and not body and status != UPGRADED and not EMPTY.search(head.decode("latin-1")):
        line.ends_at = min(line.ends_at, time.monotonic() + LAST_LOOK_S)
        with contextlib.suppress(OSError, Broken):
            body = line.recv(HEAD_BYTES)
    if body.lstrip()[:1] == b"<":
        return status, "a web page: something in between answers for it"
    return status, Answer(Request(""), status, body, mapping_of(body)).message


def mapping_of(body: bytes | bytearray) -> Mapping[str, Any]:
    """Return the JSON object in some bytes, of which a chunk's length may be the first."""
    text = body.decode("utf-8", "replace")
    try:
        value, _ = json.JSONDecoder().raw_decode(text, max(text.find("{"), 0))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def exit_code_of(status: Mapping[str, Any]) -> int | None:
    """Return the exit code of a final Status; None when it tells none.

    Source: kubernetes/kubernetes v1.35, staging/src/k8s.io/kubelet/pkg/cri/streaming/remotecommand/
    exec.go (ServeExec): the reason NonZeroExitCode, with the code as the message of a cause.
    """
    if status.get("status") == "Success":
        return 0
    details = status.get("details")
    causes = details.get("causes") if isinstance(details, dict) else None
    for cause in causes if isinstance(causes, list) else ():
        if isinstance(cause, dict) and cause.get("reason") == "ExitCode":
            code = cause.get("message")
            if isinstance(code, str) and code.isascii() and code.isdecimal() and len(code) < 10:
                return int(code)
    return None


def explained_port(text: str) -> tuple[Trouble, str]:
    """Return what the error of a port-forward means, and its words.

    Source: containerd/containerd v2.0, internal/cri/server/sandbox_portforward_linux.go ("failed
    to connect to localhost:%d inside namespace …", then what the system says, for IPv4 and IPv6).
    """
    said = shown(text)
    if "connection reset" in said or "broken pipe" in said:
        return Trouble.RESET, said
    if "timed out" in said or "timeout" in said:
        return Trouble.TIMEOUT, said
    return Trouble.CONNECTION, said


def shown(text: str) -> str:
    """Return the beginning of what a server says, in one line."""
    return visible(" ".join(text.split()))[:SAID]
