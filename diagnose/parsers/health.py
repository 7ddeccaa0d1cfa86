"""Lines that say what endpoints answer, as diagnose.facts.coredns_health writes them."""

from __future__ import annotations

from diagnose.facts.coredns_health import NO_ANSWER, Endpoint
from diagnose.model import Quote, Subject
from diagnose.parts import Parsed, Part
from diagnose.text.regex import regex

LONGEST = 400
MOST = 2_000
LINE = regex(
    r"(?P<path>/\S{0,200}) of port (?P<port>\d{1,5}) \((?P<by>[^()]{1,60})\): "
    rf"(?:(?P<status>[1-5]\d\d)(?: (?P<body>.{{1,300}}))?|{NO_ANSWER}(?P<trouble>.{{1,300}}))\Z"
)


def parse(part: Part) -> Parsed:
    """Return an endpoint for each line that tells of one; other lines are passed over."""
    subject = part.subject if part.subject.kind else Subject("Pod")
    items: list[Endpoint] = []
    for number, line in enumerate(part.text.split("\n")):
        found = LINE.match(line.strip()[:LONGEST])
        if found is None or len(items) >= MOST:
            continue
        items.append(
            Endpoint(
                subject=subject,
                origin=part.origin,
                quote=Quote(part.origin, line.strip()[:LONGEST], part.first_line + number),
                path=found["path"],
                port=int(found["port"]),
                by=found["by"],
                status=int(found["status"] or 0),
                body=found["body"] or "",
                trouble=found["trouble"] or "",
            )
        )
    return Parsed(items=tuple(items))
