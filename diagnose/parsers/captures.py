"""What tcpdump prints of DNS messages and of the overlays that carry them.

Limits: with -v a packet takes two lines; the second has the addresses. What -e, -A or -X add is not
read. Source: the-tcpdump-group/tcpdump 4.9 to 4.99, print-ip.c, print-udp.c, print-domain.c.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from diagnose.facts.captures import Packet
from diagnose.model import Quote
from diagnose.parts import Part
from diagnose.text.clean import plain
from diagnose.text.regex import regex
from diagnose.text.shown import visible

LONGEST = 600
MOST = 5000
FOUR = r"\d{1,3}(?:\.\d{1,3}){3}"
SIX = r"[\da-fA-F]{0,4}:[\da-fA-F:]{1,44}"
ENDS = regex(
    rf"(?:^|[\s])(?P<source>{FOUR}|{SIX})\.(?P<from>\d{{1,5}}|domain) > "
    rf"(?P<target>{FOUR}|{SIX})\.(?P<to>\d{{1,5}}|domain): (?P<rest>.{{0,300}})"
)
DEVICE = regex(r"[\d:.]{6,20} (?P<device>[\w.@-]{2,30})\s+(?:In|Out|P|M|B|Out\?)\s")
CHOSEN = regex(r"-(?:[a-zA-Z]*i)[ =]?(?P<device>[\w.-]{2,30})")
QUERY = regex(
    r"(?:\[[^\]]{1,60}\] )?(?P<number>\d{1,5})[+%]{0,2}"
    r"(?: \[\d{1,3}[a-z]{1,3}[^\]]{0,20}\]){0,3} [A-Z]{1,10}\?"
)
REPLY = regex(
    r"(?:\[[^\]]{1,60}\] )?(?P<number>\d{1,5})(?: ?[A-Z][A-Za-z]{4,12})?[*|$-]{0,4}"
    r"(?: q:.{1,200}?)? \d{1,3}/\d{1,3}/\d{1,3}"
)
CLOCK = regex(r"(?:\d{4}-\d\d-\d\d )?(?P<hours>\d\d):(?P<minutes>\d\d):(?P<seconds>\d\d\.\d{1,9}) ")
OVERLAY_PORTS = {"8472", "4789"}


def read(part: Part) -> Iterator[Packet]:
    """Yield the packets of a capture in order."""
    if " > " not in part.text:
        return
    chosen = CHOSEN.search(part.command[:LONGEST]) if "tcpdump" in part.command else None
    usual = chosen["device"] if chosen and chosen["device"] != "any" else ""
    count, inside = 0, False
    for index, raw in enumerate(part.text.split("\n")):
        line = plain(raw[:LONGEST])
        found = ENDS.search(line) if " > " in line else None
        if found is None:
            if "tcpdump -" in line and (chosen := CHOSEN.search(line.partition("tcpdump")[2])):
                usual = chosen["device"] if chosen["device"] != "any" else ""
            continue
        rest, overlay = found["rest"], found["to"] in OVERLAY_PORTS
        query = None if overlay else QUERY.match(rest)
        reply = REPLY.match(rest) if not (overlay or query) else None
        told = query or reply
        # what stands behind an overlay's packet, without a time of its own, is inside of it
        inner = inside and not line.lstrip()[:2].isdigit()
        inside = overlay or (inside and inner and told is None)
        if not overlay and told is None:
            continue
        seen = DEVICE.match(line.lstrip())
        yield Packet(
            subject=part.subject,
            origin=part.origin,
            quote=Quote(part.origin, visible(raw.strip()), part.first_line + index),
            source=address(found["source"]),
            source_port=port(found["from"]),
            target=address(found["target"]),
            target_port=port(found["to"]),
            number=int(told["number"]) if told else None,
            reply=reply is not None,
            device=seen["device"] if seen else usual,
            inner=inner,
            at_s=clock(line),
        )
        count += 1
        if count >= MOST:
            return


def clock(line: str) -> float | None:
    """Return the seconds of the day that a line begins with."""
    found = CLOCK.match(line.lstrip())
    if found is None:
        return None
    return int(found["hours"]) * 3600 + int(found["minutes"]) * 60 + float(found["seconds"])


def address(text: str) -> str:
    """Return an address as it is compared."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return text


def port(text: str) -> int:
    """Return a port's number; that of DNS has a name."""
    return 53 if text == "domain" else int(text)
