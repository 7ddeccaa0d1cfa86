"""What `ipvsadm -Ln` prints.

Source: ipvsadm 1.31 ipvsadm.c (print_title, print_service_entry, print_dest).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from diagnose.facts.virtual_servers import VirtualServer, VirtualServers
from diagnose.model import Quote
from diagnose.parts import Part
from diagnose.text.clean import plain
from diagnose.text.regex import regex
from diagnose.text.shown import visible

LONGEST = 400
MOST = 5000
TITLE = regex(r"\s*(?:IP Virtual Server version|Prot LocalAddress:Port )")
SERVER = regex(
    r"\s*(?P<protocol>TCP|UDP|SCTP)\s+\[?(?P<address>[\da-fA-F.:]{2,45}?)\]?:(?P<port>\d{1,5})\s+[a-z]{2,8}\b"
)
REAL = regex(r"\s*-> \[?[\da-fA-F.:]{2,45}\]?:\d{1,5}\s")


def read(part: Part) -> Iterator[VirtualServers]:
    """Yield a listing that begins with its title."""
    if "LocalAddress:Port" not in part.text:
        return
    first: Quote | None = None
    servers: list[VirtualServer] = []
    for index, raw in enumerate(part.text.split("\n")):
        line = plain(raw[:LONGEST])
        quote = Quote(part.origin, visible(raw.strip()[:LONGEST]), part.first_line + index)
        if TITLE.match(line):
            first = first or quote
        elif found := SERVER.match(line):
            servers.append(
                VirtualServer(found["protocol"], found["address"], int(found["port"]), 0, quote)
            )
        elif servers and REAL.match(line):
            servers[-1] = replace(servers[-1], backends=servers[-1].backends + 1)
        if len(servers) >= MOST:
            break
    if first is not None:
        yield VirtualServers(part.subject, part.origin, first, tuple(servers))
