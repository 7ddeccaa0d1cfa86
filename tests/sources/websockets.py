"""The server's side of exec and port-forward: a WebSocket by hand, and the ways in which it fails.

By hand, because most of what is tested is a server that breaks the rules, at a byte that a test
names: a package that keeps them would be in the way. RFC 6455; for the channels see
diagnose.sources.streams.

A test says what pods do by two tables of the Cluster (tests.sources.apiserver), and how the
connection fails by a third:

    cluster.execs["default", "shop-1"] = lambda command: (b"out", b"err", 0)
    cluster.ports["kube-system", "coredns-1", 53] = lambda message: reply  # None: no reply
    cluster.flaws["pods/shop-1/exec"] = Flaw("reset", at=40)

In place of an exit code may stand the words with which a container runtime refuses to start a
command. A port that is not in the table refuses the connection, a pod that is not in the first
is not found. What happens before the upgrade (a status, a hang, a reset) is a Fault.
"""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

ACCEPTED = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
BINARY, CLOSE, PING = 2, 8, 9
PIECE = 32 * 1024
Runs = Callable[[tuple[str, ...]], tuple[bytes, bytes, int | str]]
Answers = Callable[[bytes], bytes | None]


@dataclass(frozen=True)
class Flaw:
    """How a stream that was opened goes wrong, after `at` bytes were sent, the 101 included.

    `hang`, `reset`, `close`: the connection stands still, breaks, ends.
    `drip`: nothing goes wrong, but each byte is sent alone; `crumbs`: each in a frame of its own.
    `frames`: only the bytes of `body` follow the 101; `head`: they are sent in place of it.
    `cut`: the stream ends in order, without what it should end with.
    `channel`: messages on channels that nobody asked for come first.
    `endless`: the first message comes again and again.
    """

    how: str
    at: int = 0
    body: bytes = b""


class Broken(Exception):
    """The connection was ended on purpose."""


class Wire:
    """What is sent, as far as a flaw lets it."""

    def __init__(self, connection: Any, flaw: Flaw | None, closing: threading.Event) -> None:
        """Take the connection of a request that was read."""
        self.connection = connection
        self.flaw = flaw or Flaw("")
        self.closing = closing
        self.sent = 0
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data: bytes) -> None:
        """Send bytes. Raises Broken when the flaw ends the connection."""
        if self.flaw.how == "drip":
            for one in data:
                self.connection.sendall(bytes([one]))
            return
        if self.flaw.how in ("hang", "reset", "close"):
            rest = self.flaw.at - self.sent
            self.connection.sendall(data[:rest])
            self.sent += len(data)
            if rest <= len(data):
                self.fail()
            return
        self.connection.sendall(data)

    def fail(self) -> None:
        """End the connection as the flaw says."""
        if self.flaw.how == "hang":
            self.closing.wait(30)
        elif self.flaw.how == "reset":
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            # closed here, since the server would shut it down first, which is an orderly end
            socket.socket(fileno=self.connection.detach()).close()
        raise Broken

    def say(self, channel: int, data: bytes) -> None:
        """Send a message on a channel."""
        pieces = [data[at : at + PIECE] for at in range(0, len(data), PIECE)] or [b""]
        if self.flaw.how == "crumbs":
            pieces = [bytes([one]) for one in data]
        for piece in pieces:
            self.send(frame(bytes([channel]) + piece))

    def open(self, key: str, protocols: str, known: tuple[str, ...]) -> None:
        """Send the 101, and what the flaw has follow it at once."""
        if self.flaw.how == "head":
            self.send(self.flaw.body)
            raise Broken
        chosen = next(one for one in known if one in protocols.replace(" ", "").split(","))
        digest = hashlib.sha1(key.encode() + ACCEPTED, usedforsecurity=False).digest()
        accept = base64.b64encode(digest).decode()
        self.send(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: {chosen}\r\n\r\n".encode()
        )
        if self.flaw.how == "frames":
            self.send(self.flaw.body)
            raise Broken
        if self.flaw.how == "channel":
            for channel in (4, 200, 255):
                self.say(channel, b"nobody asked")
            self.send(frame(b""))
            self.send(frame(b"still there?", PING))

    def close(self) -> None:
        """End the stream in order."""
        self.send(frame(struct.pack("!H", 1000), CLOSE))


def frame(data: bytes, kind: int = BINARY) -> bytes:
    """Return one frame as a server sends it: whole and not masked."""
    if len(data) < 126:
        return bytes([0x80 | kind, len(data)]) + data
    if len(data) < 1 << 16:
        return struct.pack("!BBH", 0x80 | kind, 126, len(data)) + data
    return struct.pack("!BBQ", 0x80 | kind, 127, len(data)) + data


def messages(stream: BinaryIO) -> Iterator[bytes]:
    """Yield what a client sends, until it closes or hangs up. Its frames have to be masked."""
    while len(head := stream.read(2)) == 2:
        size = head[1] & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", stream.read(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", stream.read(8))
        if not head[1] & 0x80:
            raise AssertionError("a client has to mask its frames")
        mask, data = stream.read(4), stream.read(size)
        if head[0] & 0xF == CLOSE:
            return
        if head[0] & 0xF == BINARY:
            yield bytes(one ^ mask[at % 4] for at, one in enumerate(data))


def run_command(wire: Wire, headers: Mapping[str, str], runs: Runs, words: tuple[str, ...]) -> None:
    """Serve one exec."""
    known = ("v5.channel.k8s.io", "v4.channel.k8s.io")
    wire.open(headers["Sec-WebSocket-Key"], headers["Sec-WebSocket-Protocol"], known)
    wire.say(1, b"")  # as API servers do, to say that the stream stands
    stdout, stderr, code = runs(words)
    wire.say(2, stderr)
    wire.say(1, stdout)
    while wire.flaw.how == "endless":
        wire.say(1, stdout)
    if wire.flaw.how != "cut":
        wire.say(3, json.dumps(final_status(code)).encode())
    wire.close()


def final_status(code: int | str) -> Mapping[str, Any]:
    """Return the Status that ends an exec."""
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    if isinstance(code, str):
        failure = {"status": "Failure", "reason": "InternalError", "code": 500}
        return {"metadata": {}, **failure, "message": f"Internal error occurred: {code}"}
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: exit status {code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }


def forward_port(
    wire: Wire, headers: Mapping[str, str], stream: BinaryIO, port: int, answers: Answers | None
) -> None:
    """Serve the forwarding of one port at which DNS over TCP is spoken."""
    known = ("v4.channel.k8s.io",)
    wire.open(headers["Sec-WebSocket-Key"], headers["Sec-WebSocket-Protocol"], known)
    wire.say(0, port.to_bytes(2, "little"))
    wire.say(1, port.to_bytes(2, "little"))
    if answers is None:
        wire.say(
            1,
            f"error forwarding port {port} to pod x, uid : failed to execute portforward in "
            f'network namespace "y": failed to connect to localhost:{port} inside namespace "x", '
            f"IPv4: dial tcp4 127.0.0.1:{port}: connect: connection refused".encode(),
        )
        wire.close()
        return
    heard = b""
    for message in messages(stream):
        assert message[0] == 0
        heard += message[1:]
        while len(heard) >= 2 and len(heard) >= (end := 2 + int.from_bytes(heard[:2], "big")):
            reply, heard = answers(heard[2:end]), heard[end:]
            while reply is not None:
                wire.say(0, len(reply).to_bytes(2, "big") + reply)
                if wire.flaw.how != "endless":
                    break
        if wire.flaw.how == "cut":
            break
    wire.close()
