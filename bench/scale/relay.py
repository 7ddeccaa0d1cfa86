"""A relay before the API server that notes what is asked and how many bytes come back.

Clients speak plain HTTP to it, so it sees every head; it speaks TLS to the server, with the
credentials of whoever is measured. It is used in a run of its own, which is not timed.
Limits: HTTP/1.1; a body must have its length said.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

BLOCK = 256 * 1024
KEPT = ("accept", "accept-encoding", "user-agent")  # of a request's headers, for the floor


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    target: str
    headers: dict[str, str] = field(default_factory=dict, hash=False)
    upgrade: bool = False


class Reader:
    """Takes what a client sends apart into requests."""

    def __init__(self, note: Callable[[Asked], None]) -> None:
        """Know nothing yet."""
        self._note = note
        self._data = b""
        self._body = 0
        self._raw = False

    def feed(self, data: bytes) -> None:
        """Take some bytes; what is no head is skipped."""
        if self._raw:
            return
        self._data += data
        while self._data:
            skipped = min(self._body, len(self._data))
            self._data, self._body = self._data[skipped:], self._body - skipped
            head, end, rest = self._data.partition(b"\r\n\r\n")
            if not end:
                return
            self._data = rest
            first, *lines = head.decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in lines)
            }
            method, target, _ = first.split(" ", 2)
            self._body = int(headers.get("content-length", "0"))
            self._raw = "upgrade" in headers
            kept = {name: headers[name] for name in KEPT if name in headers}
            self._note(Asked(method, target, kept, self._raw))
            if self._raw:
                return


class Relay:
    """Listens on a port of this machine; `asked` and `received` grow while it is used."""

    def __init__(self, host: str, port: int, pki: Path) -> None:
        """Listen."""
        self.asked: list[Asked] = []
        self.received = 0
        self.first_at = self.last_at = 0.0  # of the first request and the last answer
        self._target = (host, port)
        self._context = ssl.create_default_context(cafile=str(pki / "ca.crt"))
        self._context.load_cert_chain(pki / "admin.crt", pki / "admin.key")
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Relay:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Listen no more."""
        self._listener.close()

    def note(self, asked: Asked) -> None:
        """Keep one request."""
        with self._lock:
            self.first_at = self.first_at or time.perf_counter()
            self.asked.append(asked)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            plain = socket.create_connection(self._target, timeout=30)
            plain.settimeout(None)
            with self._context.wrap_socket(plain, server_hostname=self._target[0]) as server:
                reader = Reader(self.note)
                # One thread for both ways: a connection of OpenSSL must not be used by two at once
                while True:
                    ready, _, _ = select.select([client, server], [], [])
                    if server in ready and not self._back(server, client):
                        return
                    if client in ready:
                        data = client.recv(BLOCK)
                        if not data:
                            return
                        reader.feed(data)
                        server.sendall(data)

    def _back(self, server: ssl.SSLSocket, client: socket.socket) -> bool:
        """Hand on what has come; False at the end. What came may be no data: a session ticket."""
        server.setblocking(False)
        try:
            while data := server.recv(BLOCK):
                with self._lock:
                    self.received += len(data)
                    self.last_at = time.perf_counter()
                client.sendall(data)
        except ssl.SSLWantReadError:
            return True
        finally:
            server.setblocking(True)
        return False


def kubeconfig(port: int) -> str:
    """Return a kubeconfig that leads to a relay."""
    return f"""apiVersion: v1
kind: Config
clusters:
- name: lab
  cluster: {{server: "http://127.0.0.1:{port}"}}
users:
- name: admin
  user: {{}}
contexts:
- name: lab
  context: {{cluster: lab, user: admin}}
current-context: lab
"""
