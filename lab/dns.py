"""Asks one DNS question over UDP or TCP; also the wire format for the upstream resolver.

Run as a program it prints the answer as JSON: `python -m lab.dns SERVER NAME TYPE [tcp] [SIZE]`.
The lab runs it inside a pod's network namespace, so that the question travels the way a client's
would.
"""

import ipaddress
import json
import secrets
import socket
import struct
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "HINFO": 13, "TXT": 16, "AAAA": 28}
TYPES["SRV"] = 33
NAMES = {number: name for name, number in TYPES.items()}
RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}


@dataclass(frozen=True)
class Question:
    """What a query asks; `name` ends with a dot."""

    id: int
    name: str
    type: int
    recursion_desired: bool
    size: int  # length of header and question on the wire


@dataclass(frozen=True)
class Answer:
    """What came back: an rcode, or `TIMEOUT` or the socket's error in its place."""

    rcode: str
    records: tuple[str, ...] = ()
    truncated: bool = False
    said: str = ""

    @property
    def good(self) -> bool:
        """Whether the answer holds at least one record."""
        return self.rcode == "NOERROR" and bool(self.records)


def encoded(name: str) -> bytes:
    """Return a name as length-prefixed labels."""
    labels = [label.encode() for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def query(name: str, type_: str, id_: int, size: int = 0) -> bytes:
    """Return the bytes of a query for which recursion is desired, padded to a size (RFC 7830)."""
    header = struct.pack("!6H", id_, 0x0100, 1, 0, 0, bool(size))
    asked = header + encoded(name) + struct.pack("!2H", TYPES[type_], 1)
    if not size:
        return asked
    rest = size - len(asked) - 15  # of the OPT record and of its option without the padding
    option = struct.pack("!2H", 12, rest) + bytes(rest)
    return asked + struct.pack("!BHHIH", 0, 41, 1232, 0, len(option)) + option


def parsed_question(packet: bytes) -> Question:
    """Return the first question; raise ValueError or struct.error when there is none."""
    id_, flags, count = struct.unpack_from("!3H", packet)
    if not count:
        raise ValueError("a query without a question")
    name, offset = _name(packet, 12)
    type_, _ = struct.unpack_from("!2H", packet, offset)
    return Question(id_, name, type_, bool(flags & 0x0100), offset + 4)


def parsed_answer(packet: bytes) -> Answer:
    """Return the rcode and the records of the answer section."""
    _, flags, questions, answers = struct.unpack_from("!4H", packet)
    offset = 12
    for _ in range(questions):
        _, offset = _name(packet, offset)
        offset += 4
    rcode = RCODES.get(flags & 15, str(flags & 15))
    return Answer(rcode, tuple(_records(packet, offset, answers)), bool(flags & 0x0200))


def ask(
    server: str,
    name: str,
    type_: str = "A",
    *,
    tcp: bool = False,
    size: int = 0,
    wait_s: float = 3,
) -> Answer:
    """Return the server's answer, or what the socket said instead."""
    packet = query(name, type_, secrets.randbelow(1 << 16), size)
    kind = socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with socket.socket(family, kind) as wire:
        wire.settimeout(wait_s)
        try:
            wire.connect((server, 53))
            if tcp:
                wire.sendall(struct.pack("!H", len(packet)) + packet)
                size = struct.unpack("!H", _exactly(wire, 2))[0]
                return parsed_answer(_exactly(wire, size))
            wire.send(packet)
            while True:
                reply = wire.recv(65535)
                if reply[:2] == packet[:2]:
                    return parsed_answer(reply)
        except TimeoutError:
            return Answer("TIMEOUT")
        except OSError as error:
            return Answer("ERROR", said=error.strerror or str(error))


def _exactly(wire: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        more = wire.recv(size - len(got))
        if not more:
            raise OSError("closed before the answer was whole")
        got += more
    return got


def _name(packet: bytes, offset: int) -> tuple[str, int]:
    labels: list[str] = []
    after = 0
    for _ in range(128):  # a pointer that points at itself would never end
        length = packet[offset]
        if length & 0xC0 == 0xC0:
            after = after or offset + 2
            offset = struct.unpack_from("!H", packet, offset)[0] & 0x3FFF
        elif length:
            labels.append(packet[offset + 1 : offset + 1 + length].decode("latin-1"))
            offset += 1 + length
        else:
            return ".".join(labels) + ".", after or offset + 1
    raise ValueError("a name that never ends")


def _records(packet: bytes, offset: int, count: int) -> Iterator[str]:
    for _ in range(count):
        _, offset = _name(packet, offset)
        type_, _, _, size = struct.unpack_from("!2HIH", packet, offset)
        offset += 10
        data = packet[offset : offset + size]
        if type_ in (TYPES["A"], TYPES["AAAA"]):
            yield str(ipaddress.ip_address(data))
        elif type_ in (TYPES["CNAME"], TYPES["PTR"], TYPES["NS"]):
            yield _name(packet, offset)[0]
        else:
            yield f"{NAMES.get(type_, type_)}:{data.hex()}"
        offset += size


if __name__ == "__main__":
    further = sys.argv[4:]
    bytes_ = next((int(word) for word in further if word.isdigit()), 0)
    print(json.dumps(asdict(ask(*sys.argv[1:4], tcp="tcp" in further, size=bytes_))))
