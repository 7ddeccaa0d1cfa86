"""A proxy before an API server that fails as networks and servers fail, at requests of choice.

It speaks TCP to both sides. What the server behind it answers is recorded once and said again, so
that many runs cost little; streams are passed on as they are. A fault is what is sent in place of
an answer, and at which of its bytes the connection stands still, breaks, ends or drips. What came
is counted: requests, attempts, writes, bytes, connections that are open and requests that are
under way at once, and how many came in a second.
"""

from __future__ import annotations

import contextlib
import functools
import re
import select
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit
from zlib import crc32

HEAD_END = b"\r\n\r\n"
LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
COMMAND = re.compile(r"(?:^|&)command=([^&]*)")
CONTAINER = re.compile(r"(?:^|&)container=([^&]*)")
PIECE = 64 * 1024
GONE = select.POLLRDHUP | select.POLLHUP | select.POLLERR | select.POLLNVAL
PATIENCE_S = 60.0  # no fault takes longer than that, whatever a client does


@dataclass(frozen=True)
class Fault:
    """What is wrong with the answer to one request.

    `instead` yields what is sent in place of what the server says. After `at` bytes the connection
    does what `how` says: `hang`, `reset`, `close`, or `drip`, a byte each `drip_s`. `delay_s` goes
    before all of it. The first `times` attempts at the request fail so, later ones go well.
    """

    name: str
    instead: Callable[[], Iterable[bytes]] | None = None
    how: str = ""
    at: int = 0
    delay_s: float = 0.0
    drip_s: float = 1.0
    times: int = 10**9


@dataclass(frozen=True)
class Asked:
    """One request: `number` among all, `attempt` among those of its key, from 1 on."""

    method: str
    target: str
    accept: str
    number: int
    attempt: int
    connection: int
    at: float
    stream: bool = False

    @functools.cached_property
    def key(self) -> str:
        """What tells requests apart that a client means as different ones.

        Of a command in a pod the first words count: those that follow hold numbers of chance.
        """
        as_table = " as a table" if "as=Table" in self.accept else ""
        path, _, query = self.target.partition("?")
        words = COMMAND.findall(query)
        if not words:
            return f"{self.method} {self.target}{as_table}"
        script = f" script {crc32(words[2].encode()) % 1000}" if len(words) > 2 else ""
        container = "".join(CONTAINER.findall(query))
        return f"{self.method} {path}?{container} {' '.join(words[:2])[:40]}{script}"


@dataclass
class Seen:
    """A request and what became of it."""

    asked: Asked
    fault: str = ""
    sent_bytes: int = 0
    done_at: float = 0.0  # when the whole answer was sent; 0 while it was not


@dataclass(frozen=True)
class Sample:
    """What the server behind says to a request when nothing is wrong."""

    asked: Asked
    reply: bytes

    @property
    def head_bytes(self) -> int:
        """How long the head of the answer is, its empty line included."""
        return self.reply.find(HEAD_END) + len(HEAD_END)

    @property
    def body(self) -> bytes:
        """What follows the head."""
        return self.reply[self.head_bytes :]

    @property
    def status(self) -> int:
        """The status of the answer."""
        return int(self.reply[9:12])


class Recording:
    """A server behind the proxy, whose answers are kept."""

    def __init__(self, url: str) -> None:
        """Know no answer yet."""
        parts = urlsplit(url)
        self.address = (parts.hostname or "", parts.port or 80)
        self.samples: dict[str, Sample] = {}
        self._lock = threading.Lock()

    def answer(self, asked: Asked, request: bytes) -> Sample:
        """Return what the server says; it is asked once for each key."""
        with self._lock:
            known = self.samples.get(asked.key)
            if known is None:
                known = self.samples[asked.key] = Sample(asked, self._exchanged(request))
        return known

    def keep(self, asked: Asked, came: bytes) -> None:
        """Note what came of a stream; the longest of a key counts."""
        with self._lock:
            known = self.samples.get(asked.key)
            if known is None or len(known.reply) < len(came):
                self.samples[asked.key] = Sample(asked, came)

    def _exchanged(self, request: bytes) -> bytes:
        came = bytearray()
        with socket.create_connection(self.address, PATIENCE_S) as server:
            server.sendall(request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
            while piece := server.recv(PIECE):
                came += piece
        return bytes(came)


class Gone(Exception):
    """The connection is at its end."""


class Wire:
    """What is sent to a client, as far as a fault lets it."""

    def __init__(self, client: socket.socket, fault: Fault | None, seen: Seen) -> None:
        """Take a connection on which an answer is due."""
        self.client = client
        self.fault = fault or Fault("")
        self.seen = seen

    def send(self, data: bytes) -> None:
        """Send bytes. Raises Gone when the connection ends by the fault, or by the client."""
        try:
            if not self.fault.how:
                self._pass(data)
                return
            before = max(0, self.fault.at - self.seen.sent_bytes)
            self._pass(data[:before])
            if before < len(data) or (before == 0 and not data):
                self._fail(data[before:])
        except OSError as error:
            raise Gone from error

    def end(self) -> None:
        """End the answer. Raises Gone where the fault wants it to end the connection too."""
        if self.fault.how and self.seen.sent_bytes >= self.fault.at:
            self._fail(b"")

    def _pass(self, data: bytes) -> None:
        for start in range(0, len(data), PIECE):
            piece = data[start : start + PIECE]
            self.client.sendall(piece)
            self.seen.sent_bytes += len(piece)

    def _fail(self, rest: bytes) -> None:
        if self.fault.how == "drip":
            for one in rest:  # a wait before each, so that even the last byte comes late
                self.wait(self.fault.drip_s)
                self._pass(bytes([one]))
            return
        if self.fault.how == "garble":
            self._pass(bytes(range(1, 256)) * 8)
        elif self.fault.how == "hang":
            self.wait(PATIENCE_S)
        elif self.fault.how == "reset":
            reset(self.client)
        raise Gone

    def wait(self, seconds: float) -> None:
        """Wait; what the client says meanwhile is lost. Raises Gone when it hangs up."""
        ends_at = time.monotonic() + seconds
        while (left := ends_at - time.monotonic()) > 0:
            if self.client.fileno() < 0:
                raise Gone  # the proxy has gone away
            ready, _, _ = select.select([self.client], [], [], left)
            if ready and not self.client.recv(PIECE):
                raise Gone


def reset(client: socket.socket) -> None:
    """Break a connection, so that its other end gets an error and no orderly end."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    socket.socket(fileno=client.detach()).close()


def is_alive(client: socket.socket) -> bool:
    """Whether the other end has neither ended nor broken the connection."""
    if client.fileno() < 0:
        return False
    poll = select.poll()
    poll.register(client, GONE)
    return not any(events & GONE for _, events in poll.poll(0))


@dataclass
class Counts:
    """What a proxy was sent."""

    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    most_open: int = 0
    most_at_once: int = 0

    @property
    def attempts(self) -> Counter[str]:
        """How often each key was asked."""
        return Counter(one.asked.key for one in self.seen)

    @property
    def writes(self) -> list[str]:
        """The requests that are not mere questions."""
        return [one.asked.key for one in self.seen if one.asked.method not in ("GET", "HEAD")]

    @property
    def sent_bytes(self) -> int:
        """How much was sent to the client."""
        return sum(one.sent_bytes for one in self.seen)

    def most_in(self, window_s: float = 1.0) -> int:
        """Return how many requests came within some time, at most."""
        times = sorted(one.asked.at for one in self.seen)
        most = first = 0
        for last, at in enumerate(times):
            while at - times[first] >= window_s:
                first += 1
            most = max(most, last - first + 1)
        return most


Choice = Callable[[Asked, Recording], Fault | None]


class Proxy:
    """One address at which a recorded server answers, faults included."""

    def __init__(
        self,
        server: Recording,
        choice: Choice = lambda *_: None,
        *,
        tls: Callable[[int], ssl.SSLContext] | None = None,
        closes: bool = False,
    ) -> None:
        """Listen. `tls` gives the settings of a connection by its number; `closes` after each."""
        self.server = server
        self.choice = choice
        self.counts = Counts()
        self._tls = tls
        self._closes = closes
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._busy: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def refuse(self) -> None:
        """Go away: break what is open, and refuse what comes."""
        # closing alone does not wake the thread that waits in accept, and the port stays open
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            several = list(self._open)
        for one in several:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _listen(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.settimeout(PATIENCE_S)
            with self._lock:
                self.counts.connections += 1
                number = self.counts.connections
                self._open.add(client)
                alive = sum(map(is_alive, self._open))
                self.counts.most_open = max(self.counts.most_open, alive)
            threading.Thread(target=self._serve, args=(client, number), daemon=True).start()

    def _serve(self, client: socket.socket, number: int) -> None:
        plain = client
        try:
            if self._tls is not None:
                client = self._tls(number).wrap_socket(client, server_side=True)
            while self._answered(client, number, plain):
                pass
        except (Gone, OSError):
            pass
        finally:
            with self._lock:
                self._open.discard(plain)
            client.close()

    def _answered(self, client: socket.socket, number: int, plain: socket.socket) -> bool:
        """Answer one request; False when the connection is to end."""
        request = read_request(client)
        asked = self._noted(request, number, plain)
        seen = Seen(asked)
        fault = self.choice(asked, self.server)
        seen.fault = fault.name if fault else ""
        with self._lock:
            self.counts.seen.append(seen)
        wire = Wire(client, fault, seen)
        try:
            if fault and fault.delay_s:
                wire.wait(fault.delay_s)
            if asked.stream and not (fault and fault.instead):
                self._pass_on(wire, asked, request)
                return False
            if fault and fault.instead:
                whole = True
                for piece in fault.instead():
                    wire.send(piece)
                wire.end()
            else:
                reply = self.server.answer(asked, request).reply
                wire.send(reply)
                whole = is_whole(reply)
            seen.done_at = time.monotonic()
            return whole and not self._closes and not asked.stream
        finally:
            with self._lock:
                self._busy.discard(plain)

    def _noted(self, request: bytes, number: int, plain: socket.socket) -> Asked:
        head = request.partition(HEAD_END)[0].decode("latin-1")
        method, target, _ = head.split("\r\n", 1)[0].split(" ", 2)
        fields = dict(
            line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line
        )
        with self._lock:
            self._busy.add(plain)
            under_way = sum(map(is_alive, self._busy))
            self.counts.most_at_once = max(self.counts.most_at_once, under_way)
            asked = Asked(
                method,
                target,
                fields.get("accept", "").replace("as=table", "as=Table"),
                number=len(self.counts.seen) + 1,
                attempt=1,
                connection=number,
                at=time.monotonic(),
                stream="upgrade" in fields,
            )
            before = sum(one.asked.key == asked.key for one in self.counts.seen)
        return replace(asked, attempt=before + 1)

    def _pass_on(self, wire: Wire, asked: Asked, request: bytes) -> None:
        came = bytearray()
        with socket.create_connection(self.server.address, PATIENCE_S) as server:
            server.sendall(request)
            if wire.fault.how and not wire.fault.at:
                wire.send(b"\0")
            while True:
                ready, _, _ = select.select([wire.client, server], [], [], PATIENCE_S)
                if wire.client in ready or not ready:
                    data = wire.client.recv(PIECE) if ready else b""
                    if not data:
                        break
                    server.sendall(data)
                if server in ready:
                    data = server.recv(PIECE)
                    if not data:
                        break
                    came += data
                    wire.send(data)
        wire.seen.done_at = time.monotonic()
        if not wire.fault.name:
            self.server.keep(asked, bytes(came))


def read_request(client: socket.socket) -> bytes:
    """Return one request, head and body. Raises Gone when none comes."""
    came = bytearray()
    while HEAD_END not in came:
        piece = client.recv(PIECE)
        if not piece:
            raise Gone
        came += piece
    length = LENGTH.search(came)
    end = came.find(HEAD_END) + len(HEAD_END) + (int(length[1]) if length else 0)
    while len(came) < end:
        came += client.recv(PIECE)
    return bytes(came)


def is_whole(reply: bytes) -> bool:
    """Whether an answer is as long as it says, so that another one can follow it."""
    head, _, body = reply.partition(HEAD_END)
    length = LENGTH.search(head + b"\r\n")
    return bool(length) and int(length[1]) == len(body)  # type: ignore[index]


@contextmanager
def proxied(
    server: Recording,
    choice: Choice = lambda *_: None,
    *,
    tls: Callable[[int], ssl.SSLContext] | None = None,
    closes: bool = False,
) -> Iterator[Proxy]:
    """Yield a proxy before a server, until the end of the block."""
    proxy = Proxy(server, choice, tls=tls, closes=closes)
    try:
        yield proxy
    finally:
        proxy.refuse()
