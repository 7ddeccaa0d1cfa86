"""Sockets that listen: of /proc/net/{udp,tcp}[6], `ss -lntup` and `netstat -lntup`.

Of a udp socket without a peer, which listens, /proc/net/udp shows the state 07, of a tcp socket
that listens /proc/net/tcp 0A. Connections are left out.

Limits: the addresses of /proc/net are taken for those of a little-endian machine.
Source: Linux v6.1 net/ipv4/udp.c (udp4_format_sock), net/ipv4/tcp_ipv4.c (get_tcp4_sock),
net/ipv6/{udp,tcp_ipv6}.c; iproute2 misc/ss.c (sock_state_print, proc_ctx_print), v6.1; net-tools
netstat.c, 2.10; busybox networking/netstat.c, 1.36.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from diagnose.facts.listeners import Listener
from diagnose.model import Gap, GapKind, Quote
from diagnose.parts import Parsed, Part
from diagnose.text.clean import plain
from diagnose.text.regex import regex
from diagnose.text.shown import visible

SEEN = 600  # characters of a line
MOST_ITEMS = 20_000
FILE = regex(r"(?:==> )?/proc/(?:\d+/|self/)?net/(?P<protocol>udp|tcp)6?:?(?: <==)?$")
HEAD = regex(r"sl\s+(?:local|remote)_address|Netid\s|State\s+Recv-Q|Proto\s+Recv-Q|Active ")
PROC = regex(
    r"(?:/proc/net/(?P<protocol>udp|tcp)6?:)?\s*\d+: (?P<address>[0-9A-F]{8}|[0-9A-F]{32}):"
    r"(?P<port>[0-9A-F]{4}) [0-9A-F]{8,32}:[0-9A-F]{4} (?P<state>[0-9A-F]{2}) "
)
LISTENING = {"0A": "tcp", "07": "udp"}
SS = regex(
    r"(?:(?P<protocol>udp|tcp)\s+)?(?P<state>UNCONN|LISTEN)\s+\d+\s+\d+\s+(?P<local>\S{1,120})\s+"
    r"\S+(?P<rest>.*)$"
)
SS_PROCESS = regex(r'users:\(\("(?P<process>[^"]{1,100})"')
NETSTAT = regex(
    r"(?P<protocol>udp|tcp)6?\s+\d+\s+\d+\s+(?P<local>\S{1,120})\s+(?P<peer>\S{1,120})"
    r"(?:\s+(?P<state>[A-Z][A-Z_0-9]{2,11})\b)?(?:\s+(?:\d+\s+\d+\s+)?(?P<owner>\d+/\S.{0,100}|-))?\s*$"
)


def parse(part: Part) -> Parsed:
    """Return the sockets that listen, in the order in which they stand."""
    items: list[Listener] = []
    failed: Gap | None = None
    understood = False
    protocol = ""
    for index, raw in enumerate(part.text.split("\n")):
        line = plain(raw[:SEEN]).strip()
        if not line or len(items) >= MOST_ITEMS:
            continue
        here = Quote(part.origin, visible(raw.rstrip("\r")[:SEEN].strip()), part.first_line + index)
        if found := FILE.match(line):
            protocol, understood = found["protocol"], True
        elif HEAD.match(line):
            understood = True
        elif listener := listener_of(part, line, here, protocol):
            items.append(listener)
        elif PROC.match(line) or NETSTAT.match(line):
            understood = True  # a connection
        elif failed is None:
            what = f"{part.origin} as {part.kind.value}"
            failed = Gap(what, GapKind.MALFORMED, f"line {here.line}: {visible(line)[:200]}")
    gaps = (failed,) if failed and not items and not understood else ()
    return Parsed(items=tuple(items), gaps=gaps)


def listener_of(part: Part, line: str, here: Quote, file: str) -> Listener | None:
    """Return what a line tells of a socket that listens; None of any other line."""
    if found := PROC.match(line):
        protocol = LISTENING.get(found["state"], "")
        told = found["protocol"] or file
        if not protocol or (told and told != protocol):
            return None
        return Listener(
            part.subject,
            part.origin,
            here,
            protocol,
            address_of(found["address"]),
            int(found["port"], 16),
        )
    if found := SS.match(line):
        protocol = found["protocol"] or ("udp" if found["state"] == "UNCONN" else "tcp")
        named = SS_PROCESS.search(found["rest"])
        process = named["process"] if named else ""
    elif found := NETSTAT.match(line):
        protocol = found["protocol"]
        wanted = "LISTEN" if protocol == "tcp" else None
        if found["state"] != wanted and not (protocol == "udp" and found["peer"].endswith(":*")):
            return None
        process = (found["owner"] or "").partition("/")[2].partition(":")[0].strip()
    else:
        return None
    address, _, port = found["local"].rpartition(":")
    if not (port.isascii() and port.isdigit() and len(port) < 6):
        return None
    bare = address.strip("[]").partition("%")[0] or "*"
    address, process = visible(bare), visible(process)
    return Listener(part.subject, part.origin, here, protocol, address, int(port), process)


def address_of(digits: str) -> str:
    """Return the address of 8 or 32 hexadecimal digits, words of a little-endian machine."""
    packed = b"".join(word[::-1] for word in words_of(bytes.fromhex(digits)))
    address = ipaddress.ip_address(packed)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def words_of(octets: bytes) -> Iterator[bytes]:
    """Yield the 32-bit words of an address."""
    for start in range(0, len(octets), 4):
        yield octets[start : start + 4]
