"""One small stand-in for the kubelets of all nodes, reached at every node's address.

    python -m bench.scale.kubelet FOLDER

It serves what tools ask of kubelets through the API server: logs of containers, its configuration,
its health, a forwarded port. CoreDNS's log is that of the CoreDNS that the bench runs, and a
forwarded port leads to it; other logs are a few lines. A command is refused, as containers without
a shell refuse it.
Source: kubernetes/kubernetes v1.35, pkg/kubelet/server/server.go (paths), the stream of a port as
diagnose/sources/streams.py says it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import ssl
import struct
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from bench.scale.shape import DNS_SERVICE, DOMAIN
from lab.pins import FLANNEL, KUBERNETES

PORT = 10250
CONFIG = {
    "kubeletconfig": {
        "enableServer": True,
        "staticPodPath": "/etc/kubernetes/manifests",
        "syncFrequency": "1m0s",
        "fileCheckFrequency": "20s",
        "address": "0.0.0.0",
        "port": PORT,
        "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": True}},
        "authorization": {"mode": "Webhook"},
        "registryPullQPS": 5,
        "registryBurst": 10,
        "healthzPort": 10248,
        "healthzBindAddress": "127.0.0.1",
        "clusterDomain": DOMAIN,
        "clusterDNS": [DNS_SERVICE],
        "nodeStatusUpdateFrequency": "10s",
        "cgroupDriver": "systemd",
        "maxPods": 110,
        "resolvConf": "/etc/resolv.conf",
        "containerLogMaxSize": "10Mi",
        "containerLogMaxFiles": 5,
        "enableSystemLogHandler": True,
        "enableSystemLogQuery": False,
    }
}
LOGS = {
    "kube-proxy": (
        'I1125 09:00:01.100000       1 server.go:659] "Version info" version="v'
        + KUBERNETES
        + '"\n'
        'I1125 09:00:01.200000       1 config.go:200] "Starting service config controller"\n'
        "I1125 09:00:01.300000       1 shared_informer.go:356] "
        '"Caches are synced" controller="service config"\n'
    ),
    "kube-flannel": (
        f"I1125 09:00:01.000000       1 main.go:211] CLI flags config: version {FLANNEL}\n"
        "I1125 09:00:01.300000       1 main.go:462] Found network config - Backend type: vxlan\n"
        "I1125 09:00:01.500000       1 main.go:507] Running backend.\n"
    ),
    "kube-controller-manager": (
        "I1125 09:00:00.000000       1 controllermanager.go:189] "
        '"Starting" version="v' + KUBERNETES + '"\n'
    ),
}
WEBSOCKET = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
DNS_PORT = 53


class Kubelet(BaseHTTPRequestHandler):
    """Answers one request as a kubelet does."""

    protocol_version = "HTTP/1.1"
    folder: Path

    def do_GET(self) -> None:
        """Answer by the first part of the path."""
        url = urlsplit(self.path)
        words = url.path.strip("/").split("/")
        query = parse_qs(url.query)
        match words[0]:
            case "healthz":
                self.reply(200, "ok")
            case "configz":
                self.reply(200, json.dumps(CONFIG), "application/json")
            case "containerLogs":
                self.reply(200, self.log(words[-1], query))
            case "logs":
                self.reply(200, '<pre>\n<a href="pods/">pods/</a>\n</pre>\n', "text/html")
            case "portForward":
                self.forward()
            case "exec":
                self.reply(500, "unable to upgrade connection: no shell in this container")
            case _:
                self.reply(404, "404 page not found\n")

    do_POST = do_GET  # noqa: N815  the base class's way to name methods

    def log(self, container: str, query: dict[str, list[str]]) -> str:
        """Return the end of a container's log."""
        if container == "coredns":
            lines = (self.folder / "coredns.log").read_text(errors="replace").splitlines()
        else:
            lines = LOGS.get(container, "").splitlines()
        count = int(query.get("tailLines", ["1000"])[0])
        stamp = "2026-01-01T09:00:01.000000000Z " if "timestamps" in query else ""
        return "".join(f"{stamp}{one}\n" for one in lines[-count:])

    def reply(self, status: int, text: str, kind: str = "text/plain") -> None:
        """Send a whole answer."""
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def forward(self) -> None:
        """Hand a forwarded port on to CoreDNS, whichever port and pod is meant."""
        key = self.headers.get("Sec-WebSocket-Key", "")
        if not key:
            self.reply(400, "unable to upgrade: no WebSocket")
            return
        accepted = hashlib.sha1((key + WEBSOCKET).encode(), usedforsecurity=False).digest()
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(accepted).decode())
        protocol = self.headers.get("Sec-WebSocket-Protocol", "")
        self.send_header("Sec-WebSocket-Protocol", protocol.split(",")[0].strip())
        self.end_headers()
        self.close_connection = True
        for channel in (0, 1):
            self.wfile.write(frame(bytes([channel]) + struct.pack("<H", DNS_PORT)))
        with socket.create_connection((DNS_SERVICE, DNS_PORT), timeout=5) as dns:
            back = threading.Thread(target=self.hand_back, args=(dns,), daemon=True)
            back.start()
            for message in messages(self.rfile):
                if message[:1] == b"\0":
                    dns.sendall(message[1:])

    def hand_back(self, dns: socket.socket) -> None:
        """Send what comes from the port, until it ends."""
        try:
            while data := dns.recv(65536):
                self.wfile.write(frame(b"\0" + data))
        except OSError:
            return  # either side hung up

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  the base class's
        """Write no line per request."""


def frame(data: bytes) -> bytes:
    """Return one binary message of a WebSocket. RFC 6455, 5.2."""
    if len(data) < 126:
        return bytes([0x82, len(data)]) + data
    return bytes([0x82, 126]) + struct.pack("!H", len(data)) + data


def messages(stream: object) -> Iterator[bytes]:
    """Yield the messages that a client sends, until it closes."""
    read = stream.read  # type: ignore[attr-defined]
    while len(head := read(2)) == 2:
        size = head[1] & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", read(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", read(8))
        mask = read(4) if head[1] & 0x80 else bytes(4)
        data = bytes(byte ^ mask[n % 4] for n, byte in enumerate(read(size)))
        if head[0] & 0x0F == 8:
            return
        if head[0] & 0x0F in (0, 1, 2):
            yield data


class Server(ThreadingHTTPServer):
    """A server whose threads do not keep the process."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a client that hung up."""


def main(folder: Path) -> None:
    """Serve until ended."""
    Kubelet.folder = folder
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "pki" / "kubelet.crt", folder / "pki" / "kubelet.key")
    server = Server(("0.0.0.0", PORT), Kubelet)
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
