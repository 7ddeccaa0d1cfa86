"""What ping, curl, telnet, nc and wget print of the addresses that they try.

A curl that prints a response and not its `*` lines is read by its command line and by the first
line of what it printed.
Source: iputils ping_common.c (finish), v20180629 to 20240117; busybox networking/ping.c, 1.24 to
1.36; curl lib/connect.c and src/tool_operate.c, 7.47 to 8.5; inetutils telnet/commands.c; OpenBSD
nc/netcat.c; nmap ncat.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from diagnose.facts.lookups import Lookup, Outcome
from diagnose.facts.reached import Reached
from diagnose.model import Quote
from diagnose.parts import Part
from diagnose.text.clean import plain
from diagnose.text.regex import regex
from diagnose.text.shown import visible

LONGEST = 1000
MOST_LINES = 2000
MOST_TRIES = 500
IP = r"[0-9a-fA-F]{0,4}[.:][0-9a-fA-F.:]{2,45}"
PING = regex(
    rf"PING (?P<name>[\w.:-]{{1,253}})\s?\((?P<address>{IP})\)[^\d]{{0,40}}(?P<size>\d{{1,5}})?"
)
REPLY = regex(r"\d{1,5} bytes from ")
TALLY = regex(r"(?P<sent>\d{1,9}) packets transmitted, (?P<got>\d{1,9}) (?:packets )?received")
LIMIT = regex(r"(?:ping: )?(?:local error: )?[Mm]essage too long,? mtu=(?P<limit>\d{2,5})")
NEEDED = regex(r"From \S{1,80}.{0,80}[Ff]rag(?:mentation)? needed.{0,40}mtu ?= ?(?P<limit>\d{2,5})")
GONE = regex(
    rf"\* (?:Immediate connect fail for (?P<address>{IP}): |connect to (?P<other>{IP}) port \d+"
    r" (?:from \S+ port \d+ )?failed: )(?P<why>.{1,60})"
)
CURL = regex(r"(?:^|[\s/])curl\s(?P<rest>.*)")
URL = regex(
    r"(?:^|[\s'\"])(?:https?://)?(?:\[(?P<six>[\da-fA-F:]{2,45})\]|(?P<host>[\w-]+(?:\.[\w-]+){1,20}))"
    r"(?::(?P<port>\d{1,5}))?(?:[/?'\"\s]|$)"
)
ERROR = regex(r"curl: \((?P<code>\d{1,2})\)")
NO_WAY = {"7", "28"}  # could not connect, and operation timed out (libcurl-errors(3))
RESPONSE = regex(
    r"HTTP/[\d.]{1,3} \d{3}|<(?:!DOCTYPE|html|HTML|h1)|\{\s*\"|ok\s*$|Client sent an HTTP"
)
BACK = regex(r"(?:.*\b)?(?:[Cc]onnection refused|Connected to|succeeded!|open\b)")
PORTS = regex(
    rf"(?:^|[\s/])(?:telnet|ncat)\s(?:-\S+ (?:\d+ )?){{0,6}}(?P<address>{IP}) (?P<port>\d{{1,5}})\b"
)
# nc of BSD and of nmap, busybox's, and curl where it was given an address.
TOLD = tuple(
    map(
        regex,
        (
            rf"nc: connect to (?P<address>{IP}) port (?P<port>\d{{1,5}}) \((?:tcp|udp)\) "
            r"(?P<how>.{1,80})",
            rf"Connection to (?P<address>{IP}) (?P<port>\d{{1,5}}) port \[tcp/.{{1,20}}\] "
            r"(?P<how>succeeded)",
            rf"(?P<address>{IP}) \({IP}:(?P<port>\d{{1,5}})\)(?: open)? ?(?P<how>open|.{{0,80}})$",
            rf"nc: (?P<address>{IP}) \({IP}:(?P<port>\d{{1,5}})\): (?P<how>.{{1,80}})",
        ),
    )
)
TIMED_OUT = regex(r".*(?:timed? ?out|[Nn]o route to host|[Uu]nreachable)")


def read(part: Part) -> Iterator[Reached | Lookup]:
    """Yield the tries of a part, and the names that ping found."""
    command = plain(part.command[:LONGEST]).split(" -- ", 1)[-1]
    lines = [plain(raw[:LONGEST]).rstrip() for raw in part.text.split("\n")[:MOST_LINES]]
    yield from told(part, lines)
    if "PING " in part.text:
        yield from pings(part, command, lines)
    elif found := CURL.search(command):
        yield from curls(part, found["rest"], lines)
    elif found := PORTS.search(command):
        yield from connections(part, found["address"], int(found["port"]), lines)


def told(part: Part, lines: list[str]) -> Iterator[Reached]:
    """Yield the tries whose line itself says which address and port it is about."""
    count = 0
    for at, line in enumerate(lines):
        found = next((match for one in TOLD if (match := one.match(line))), None)
        if found and address(found["address"]) and count < MOST_TRIES:
            count += 1
            yield Reached(
                part.subject,
                part.origin,
                quote_of(part, at),
                "nc",
                address(found["address"]),
                not TIMED_OUT.match(found["how"]),
                port=int(found["port"]),
            )


def quote_of(part: Part, at: int) -> Quote:
    """Return the quote of one line."""
    return Quote(part.origin, visible(part.text.split("\n")[at].strip()), part.first_line + at)


def address(text: str) -> str:
    """Return an address as it is compared; "" for what is none."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""


def pings(part: Part, command: str, lines: list[str]) -> Iterator[Reached | Lookup]:
    """Yield one try per ping, once its replies or its tally are read."""
    heads = [(at, found) for at, line in enumerate(lines) if (found := PING.match(line))]
    typed = command.rsplit(maxsplit=1)[-1] if " " in command and len(heads) == 1 else ""
    for number, (at, head) in enumerate(heads[:MOST_TRIES]):
        end = heads[number + 1][0] if number + 1 < len(heads) else len(lines)
        body = lines[at + 1 : end]
        target, name = address(head["address"]), head["name"]
        named = "" if address(name) else name
        if named and target:
            yield Lookup(
                outcome=Outcome.NOERROR,
                origin=part.origin,
                quote=quote_of(part, at),
                name=named,
                answers=(target,),
                place=part.subject,
                tool="ping",
                typed=typed if named.startswith(typed) else "",
            )
        tally = next((found for line in body if (found := TALLY.search(line))), None)
        limit = next(
            (found for line in body if (found := LIMIT.search(line) or NEEDED.match(line))), None
        )
        replied = any(map(REPLY.match, body))
        if target and (replied or tally or limit):
            ok = replied or bool(tally and int(tally["got"]))
            yield Reached(
                subject=part.subject,
                origin=part.origin,
                quote=quote_of(part, at),
                tool="ping",
                address=target,
                ok=ok,
                name=named,
                size=int(head["size"] or 0),
                limit=int(limit["limit"]) if limit and not ok else 0,
            )


def curls(part: Part, rest: str, lines: list[str]) -> Iterator[Reached]:
    """Yield what one curl tried: each address of its `*` lines, else that of its command line."""
    url = URL.search(rest)
    if url is None:
        return
    port = int(url["port"] or (443 if "https:" in rest else 80))
    host = url["six"] or url["host"]
    family_4 = " -4" in f" {rest}" or "--ipv4" in rest
    seen: set[str] = set()
    for at, line in enumerate(lines):
        if found := GONE.match(line):
            target = address(found["address"] or found["other"])
            if target and target not in seen and len(seen) < MOST_TRIES:
                seen.add(target)
                back = "refused" in found["why"]
                yield Reached(
                    part.subject,
                    part.origin,
                    quote_of(part, at),
                    "curl",
                    target,
                    back,
                    "" if address(host) else host,
                    port,
                )
    if seen:
        return
    for at, line in enumerate(lines):
        error = ERROR.match(line)
        refused = "refused" in line
        if error and error["code"] not in NO_WAY and not refused:
            return
        if error or RESPONSE.match(line):
            named = "" if address(host) else host
            if named and not family_4:
                return
            yield Reached(
                part.subject,
                part.origin,
                quote_of(part, at),
                "curl",
                address(host),
                not error or refused,
                named,
                port,
            )
            return


def connections(part: Part, target: str, port: int, lines: list[str]) -> Iterator[Reached]:
    """Yield how one telnet or nc ended."""
    for at, line in enumerate(lines):
        back = BACK.match(line)
        if back or TIMED_OUT.match(line):
            yield Reached(
                part.subject,
                part.origin,
                quote_of(part, at),
                re.sub(r"\W", "", part.command.split(" ", 1)[0])[:20] or "telnet",
                address(target),
                bool(back),
                port=port,
            )
            return
