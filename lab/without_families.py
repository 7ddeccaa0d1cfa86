"""Stands between a client and the API server and takes `ipFamilies` out of what Services say.

    python -m lab.without_families LISTEN_PORT PKI_FOLDER IDENTITY

It plays an API server of before dual stack (Kubernetes 1.19 and older). The client is believed to
be IDENTITY, whose certificate the proxy shows to the API server in its stead, unless a request
carries a token. Limits: it expects JSON (`--kube-api-content-type=application/json`), and closes
each connection after its answer.
"""

import http.client
import re
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from lab import plan

FIELDS = re.compile(rb'"ipFamil(?:ies|yPolicy)":(?:\[[^\]]*\]|"[^"]*"),?')
SERVICES = "/services"
NOT_PASSED_ON = {"host", "accept-encoding", "connection", "transfer-encoding", "content-length"}


def without_families(body: bytes) -> bytes:
    """Return JSON text without the fields; a comma that they leave behind is mended."""
    return re.sub(rb",(?=\s*[}\]])", b"", FIELDS.sub(b"", body))


def handler(identified: ssl.SSLContext, anonymous: ssl.SSLContext) -> type[BaseHTTPRequestHandler]:
    """Return the class that serves one request after another."""

    class Handler(BaseHTTPRequestHandler):
        def _pass_on(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            asked = {
                name: value
                for name, value in self.headers.items()
                if name.lower() not in NOT_PASSED_ON
            }
            host, _, port = plan.API_URL.removeprefix("https://").partition(":")
            upstream = anonymous if self.headers.get("Authorization") else identified
            wire = http.client.HTTPSConnection(host, int(port), context=upstream)
            wire.request(self.command, self.path, self.rfile.read(size) or None, asked)
            answer = wire.getresponse()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in NOT_PASSED_ON:
                    self.send_header(name, value)
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            about_services = SERVICES in self.path.partition("?")[0]
            if "watch=" in self.path:
                for line in iter(answer.readline, b""):
                    self.wfile.write(without_families(line) if about_services else line)
                    self.wfile.flush()
            else:
                body = answer.read()
                self.wfile.write(without_families(body) if about_services else body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass_on  # noqa: N815

        def log_message(self, *words: object) -> None:
            """Say nothing about good requests."""

    return Handler


def serve(port: int, pki: Path, identity: str) -> None:
    """Serve until killed."""
    anonymous = ssl.create_default_context(cafile=str(pki / "ca.crt"))
    identified = ssl.create_default_context(cafile=str(pki / "ca.crt"))
    identified.load_cert_chain(pki / f"{identity}.crt", pki / f"{identity}.key")
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(pki / "apiserver.crt", pki / "apiserver.key")
    server = ThreadingHTTPServer(("127.0.0.1", port), handler(identified, anonymous))
    server.socket = own.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
