"""The resolver outside the cluster: answers a few names with authority, and misbehaves on demand.

    python -m lab.upstream MODE_FILE ADDRESS [ADDRESS ...]

The mode file holds one word, read anew for every query: `answer`, `servfail`, `refused`, `silent`,
or `forward ADDRESS…`, which hands each query on to the next of the addresses in turn, and so can
close a loop. Limits: no EDNS, no recursion of its own; every answer fits a datagram.
"""

import ipaddress
import itertools
import selectors
import socket
import struct
import sys
from pathlib import Path
from threading import Thread

from lab.dns import TYPES, Question, encoded, parsed_question

ZONES = {
    "example.com.": ("192.0.2.10", "2001:db8::10"),
    "www.example.com.": ("192.0.2.11", "2001:db8::11"),
    "example.net.": ("198.51.100.10", "2001:db8:1::10"),
    "example.org.": ("203.0.113.10", "2001:db8:2::10"),
}
APEXES = ("example.com.", "example.net.", "example.org.")
RCODES = {"servfail": 2, "refused": 5}
TURNS = itertools.count()
Address = tuple[str, int]


def reply(packet: bytes, mode: str) -> bytes | None:
    """Return the bytes to send back, or None where silence is wanted."""
    asked = parsed_question(packet)
    if mode == "silent":
        return None
    if mode in RCODES:
        return _packet(asked, packet, rcode=RCODES[mode])
    addresses = ZONES.get(asked.name.lower())
    if addresses is None:
        return _packet(asked, packet, rcode=3, authority=_soa(asked.name))
    for type_, address in zip(("A", "AAAA"), addresses, strict=True):
        if asked.type == TYPES[type_]:
            return _packet(asked, packet, answer=ipaddress.ip_address(address).packed)
    return _packet(asked, packet, authority=_soa(asked.name))


def _packet(
    asked: Question, packet: bytes, *, rcode: int = 0, answer: bytes = b"", authority: bytes = b""
) -> bytes:
    flags = 0x8400 | 0x0080 | (0x0100 if asked.recursion_desired else 0) | rcode
    header = struct.pack("!6H", asked.id, flags, 1, bool(answer), bool(authority), 0)
    body = packet[12 : asked.size]
    if answer:
        body += struct.pack("!3HIH", 0xC00C, asked.type, 1, 30, len(answer)) + answer
    return header + body + authority


def _soa(name: str) -> bytes:
    apex = next((a for a in APEXES if ("." + name.lower()).endswith("." + a)), ".")
    data = encoded(f"ns.{apex}") + encoded(f"hostmaster.{apex}")
    data += struct.pack("!5I", 1, 3600, 600, 86400, 30)
    return encoded(apex) + struct.pack("!2HIH", TYPES["SOA"], 1, 30, len(data)) + data


def forwarded(packet: bytes, to: str) -> bytes | None:
    """Return what the other server answers, or None when it is silent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.settimeout(2)
        try:
            wire.connect((to, 53))
            wire.send(packet)
            return wire.recv(65535)
        except OSError:
            return None


def serve(mode_file: Path, addresses: list[str]) -> None:
    """Answer on UDP and TCP port 53 of every address until killed."""
    ready = selectors.DefaultSelector()
    for address in addresses:
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            wire = socket.socket(socket.AF_INET, kind)
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            wire.bind((address, 53))
            if kind == socket.SOCK_STREAM:
                wire.listen(64)
            ready.register(wire, selectors.EVENT_READ, kind)
    while True:
        for key, _ in ready.select():
            ready_wire = key.fileobj
            assert isinstance(ready_wire, socket.socket)
            try:
                if key.data == socket.SOCK_DGRAM:
                    packet, sender = ready_wire.recvfrom(65535)
                    # A thread each: a query that waits for its own return must not block it.
                    Thread(
                        target=_over_udp, args=(ready_wire, packet, sender, mode_file), daemon=True
                    ).start()
                else:
                    _over_tcp(ready_wire, mode_file)
            except (OSError, ValueError, struct.error, IndexError) as error:
                print(f"upstream: {error}", file=sys.stderr, flush=True)


def _over_udp(wire: socket.socket, packet: bytes, sender: Address, mode_file: Path) -> None:
    try:
        if answer := _answer(packet, mode_file):
            wire.sendto(answer, sender)
    except (OSError, ValueError, struct.error, IndexError) as error:
        print(f"upstream: {error}", file=sys.stderr, flush=True)


def _over_tcp(wire: socket.socket, mode_file: Path) -> None:
    connection, _ = wire.accept()
    with connection:
        connection.settimeout(2)
        size = struct.unpack("!H", connection.recv(2))[0]
        if answer := _answer(connection.recv(size), mode_file):
            connection.sendall(struct.pack("!H", len(answer)) + answer)


def _answer(packet: bytes, mode_file: Path) -> bytes | None:
    mode = mode_file.read_text().split() or ["answer"]
    if mode[0] == "forward":
        return forwarded(packet, mode[1 + next(TURNS) % (len(mode) - 1)])
    return reply(packet, mode[0])


if __name__ == "__main__":
    serve(Path(sys.argv[1]), sys.argv[2:])
