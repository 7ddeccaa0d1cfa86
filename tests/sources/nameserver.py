"""A name server in a thread, over UDP and TCP on one port of 127.0.0.1, as a cluster's answers.

It reads no more than 512 bytes of a question over UDP, as CoreDNS does.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rrset

Answer = Callable[[bytes], bytes | None]
ZONE = "cluster.local."
RECORDS = {
    (f"kubernetes.default.svc.{ZONE}", "A"): "10.32.0.1",
    (ZONE, "SOA"): f"ns.dns.{ZONE} hostmaster.{ZONE} 1 7200 1800 86400 5",
    (ZONE, "NS"): f"ns.dns.{ZONE}",
    ("1.0.32.10.in-addr.arpa.", "PTR"): f"kubernetes.default.svc.{ZONE}",
    (f"dns-version.{ZONE}", "TXT"): '"1.1.0"',
    ("example.com.", "A"): "192.0.2.10",
}


def answered(wire: bytes) -> bytes | None:
    """Return what a cluster's server answers; None for what is no message at all."""
    try:
        query = dns.message.from_wire(wire)
    except dns.exception.DNSException:
        if len(wire) < 12:
            return None
        return wire[:2] + b"\x81\x01" + wire[4:6] + bytes(6) + wire[12:54]
    response = dns.message.make_response(query, recursion_available=True)
    (question,) = query.question
    name, qtype = question.name.to_text().lower(), question.to_text().split()[-1]
    if (name, qtype) in RECORDS:
        rrset = dns.rrset.from_text(name, 5, "IN", qtype, RECORDS[name, qtype])
        response.answer.append(rrset)
    elif not any(known == name for known, _ in RECORDS):
        response.set_rcode(dns.rcode.NXDOMAIN)
    return response.to_wire()


@contextmanager
def name_server(answer: Answer = answered) -> Iterator[int]:
    """Serve on a port of 127.0.0.1 until the end of the block; None of an answer is silence."""
    udp, tcp = bound()
    port: int = udp.getsockname()[1]
    closing = threading.Event()
    threads = [
        threading.Thread(target=serve_udp, args=(udp, answer, closing), daemon=True),
        threading.Thread(target=serve_tcp, args=(tcp, answer, closing), daemon=True),
    ]
    for thread in threads:
        thread.start()
    try:
        yield port
    finally:
        closing.set()
        for thread in threads:
            thread.join(5)
        udp.close()
        tcp.close()


def bound() -> tuple[socket.socket, socket.socket]:
    """Return sockets for UDP and TCP that have the same port."""
    while True:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        tcp = socket.socket()
        try:
            udp.bind(("127.0.0.1", 0))
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tcp.bind(udp.getsockname())
            tcp.listen(32)
        except OSError:  # another program has the port over TCP
            udp.close()
            tcp.close()
        else:
            return udp, tcp


def serve_udp(udp: socket.socket, answer: Answer, closing: threading.Event) -> None:
    """Answer datagrams."""
    udp.settimeout(0.05)
    while not closing.is_set():
        try:
            wire, client = udp.recvfrom(512)
        except TimeoutError:
            continue
        if (response := answer(wire)) is not None:
            udp.sendto(response, client)


def serve_tcp(tcp: socket.socket, answer: Answer, closing: threading.Event) -> None:
    """Answer one message of each connection, which is held open as long as the client holds it."""
    tcp.settimeout(0.05)
    held = []
    while not closing.is_set():
        try:
            connection, _ = tcp.accept()
        except TimeoutError:
            continue
        held.append(connection)
        connection.settimeout(5)
        try:
            length = int.from_bytes(whole(connection, 2), "big")
            response = answer(whole(connection, length))
            if response is not None:
                # in two pieces, as some servers do
                connection.sendall(len(response).to_bytes(2, "big"))
                connection.sendall(response)
        except OSError:
            continue
    for connection in held:
        connection.close()


def whole(connection: socket.socket, size: int) -> bytes:
    """Return so many bytes of a connection. Raises ConnectionError when it ends before."""
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            raise ConnectionError
        data += piece
    return data


def closed_port() -> int:
    """Return a port on which nobody listens, neither over UDP nor over TCP."""
    with name_server() as port:
        return port
