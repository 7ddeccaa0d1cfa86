"""What DNS answered to corediag's own questions: JSON, one question a line, written and read here.

Keys without a value are left out. A question is told as a sentence, since its line is long; of
that a finding quotes the piece with the name, the outcome and the answers.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from enum import Enum
from typing import Any, TypeVar

from diagnose.facts.dns_answers import Asked, NameKind, Place, PlaceKind, Server, ServerRole
from diagnose.facts.lookups import NOWHERE, Outcome
from diagnose.model import Gap, GapKind, ObjectQuote, Quote, Subject
from diagnose.parts import Parsed, Part
from diagnose.text.regex import regex
from diagnose.text.shown import visible
from diagnose.values import dataclass

MOST_ITEMS = 20_000
LONGEST_LINE = 64 * 1024
LONGEST = 500  # characters of one value
LONGEST_QUOTE = 8000
MOST_RECORDS = 50
LARGEST = 1 << 31
TRANSPORTS = ("udp", "tcp")
Named = TypeVar("Named", bound=Enum)


class Unreadable(ValueError):
    """A line that is no question; says why."""


# ---------------------------------------------------------------- written


def line_of(one: Asked) -> str:
    """Return a question and what came as one line of JSON."""
    place, server = one.place, one.server
    asker = place.subject
    of_node = asker.kind == "Node"
    values: dict[str, object] = {
        "from": place.kind.value,
        "asker": "" if of_node else path_of(asker),
        "node": place.node,
        "asker_address": place.address,
        "to": server.address,
        "port": server.port,
        "server": server.role.value,
        "server_object": f"{server.subject.kind} {path_of(server.subject)}".strip(),
        "server_node": server.subject.node,
        "transport": one.transport,
        "asked_for": one.name_kind.value,
        "name": one.name,
        "type": one.qtype,
        "outcome": one.outcome.value,
        "answers": list(one.answers),
        "authority": list(one.authority),
        "flags": list(one.flags),
        "payload": one.payload,
        "asked_bytes": one.asked_bytes,
        "bytes": one.size,
        "ms": one.took_ms,
        "detail": one.detail,
        "at": one.at.isoformat() if one.at else "",
    }
    kept = {key: value for key, value in values.items() if value or key in ("ms", "to")}
    return json.dumps(kept, ensure_ascii=False)


def text_of(several: Iterable[Asked]) -> str:
    """Return questions as lines."""
    return "".join(f"{line_of(one)}\n" for one in several)


def path_of(subject: Subject) -> str:
    """Return an object's namespace and name."""
    return f"{subject.namespace}/{subject.name}" if subject.namespace else subject.name


# ---------------------------------------------------------------- read


def parse(part: Part) -> Parsed:
    """Return the questions in order; lines that are none are one gap."""
    items: list[Asked] = []
    unread: list[str] = []
    count = 0
    what = f"{part.origin} as {part.kind.value}"
    gaps: list[Gap] = []
    for index, line in enumerate(part.text.split("\n")):
        if not line.strip():
            continue
        if len(items) >= MOST_ITEMS:
            because = f"more than {MOST_ITEMS} questions: the rest was left"
            gaps.append(Gap(what, GapKind.PARTIAL, because))
            break
        number = part.first_line + index
        try:
            items.append(asked_of(line, part.origin, number))
        except Unreadable as error:
            count += 1
            unread += [f"line {number}: {error}"] if count == 1 else []
    if count:
        more = f", and {count - 1} more" if count > 1 else ""
        kind = GapKind.PARTIAL if items else GapKind.MALFORMED
        gaps.append(Gap(what, kind, f"{unread[0]}{more}"))
    return Parsed(items=tuple(items), gaps=tuple(gaps))


def asked_of(line: str, origin: str, number: int) -> Asked:
    """Return the question of a line. Raises Unreadable."""
    if len(line) > LONGEST_LINE:
        raise Unreadable(f"more than {LONGEST_LINE} characters")
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"no JSON: {visible(str(error))[:100]}") from error
    if not isinstance(value, dict):
        raise Unreadable("no JSON object")
    transport = text(value, "transport")
    if transport not in TRANSPORTS:
        raise Unreadable("no transport that is known")
    bare = Asked(
        place=place_of(value),
        server=server_of(value),
        transport=transport,
        name_kind=named(NameKind, value, "asked_for"),
        name=text(value, "name"),
        qtype=text(value, "type"),
        outcome=named(Outcome, value, "outcome"),
        origin=origin,
        quote=Quote(origin, "", number),
        answers=texts(value, "answers"),
        authority=texts(value, "authority"),
        flags=texts(value, "flags"),
        payload=number_of(value, "payload"),
        asked_bytes=number_of(value, "asked_bytes"),
        size=number_of(value, "bytes"),
        took_ms=number_of(value, "ms"),
        detail=text(value, "detail"),
        at=time_of(value, "at"),
    )
    lines = AnswerLine(origin, line, number)
    quote = ObjectQuote(origin, sentence(bare), number, summary=True, lines=lines)
    return replace(bare, quote=quote)


ASKED_AND_TOLD = regex(
    r'"name": ?"[^"\n]{0,1000}", ?"type": ?"[^"\n]{0,20}", ?"outcome": ?"[^"\n]{0,100}"'
    r'(?:, ?"answers": ?\[[^]\n]{0,300}\])?'
)


@dataclass(frozen=True)
class AnswerLine:
    """The line that holds a question and what came."""

    origin: str
    text: str
    number: int

    def quote(self, _: tuple[str, ...]) -> Quote:
        """Return the piece that tells what was asked and what came, else the whole line."""
        found = ASKED_AND_TOLD.search(self.text)
        text = found[0] if found else self.text.strip()
        return Quote(self.origin, visible(text)[:LONGEST_QUOTE], self.number)


def place_of(value: dict[str, Any]) -> Place:
    """Return who asked."""
    kind = named(PlaceKind, value, "from")
    node = text(value, "node")
    namespace, slash, name = text(value, "asker").rpartition("/")
    if name:
        subject = Subject("Pod", name, namespace if slash else "", node)
    else:
        subject = Subject("Node", node) if node else NOWHERE
    return Place(kind, subject, text(value, "asker_address"))


def server_of(value: dict[str, Any]) -> Server:
    """Return who was asked."""
    kind, _, path = text(value, "server_object").partition(" ")
    namespace, _, name = path.rpartition("/")
    subject = Subject(kind, name, namespace, text(value, "server_node")) if name else NOWHERE
    port = number_of(value, "port") if "port" in value else 53
    if port > 0xFFFF:
        raise Unreadable("no port")
    return Server(named(ServerRole, value, "server"), text(value, "to"), port, subject)


def named(kind: type[Named], value: dict[str, Any], key: str) -> Named:
    """Return the member whose value stands at a key. Raises Unreadable."""
    try:
        return kind(value.get(key))
    except (ValueError, TypeError) as error:
        raise Unreadable(f"{key} is none that is known") from error


def text(value: dict[str, Any], key: str) -> str:
    """Return the text at a key, "" where there is none. Raises Unreadable for anything else."""
    found = value.get(key, "")
    if not isinstance(found, str):
        raise Unreadable(f"{key} is no text")
    return visible(found)[:LONGEST]


def texts(value: dict[str, Any], key: str) -> tuple[str, ...]:
    """Return the texts at a key. Raises Unreadable for anything else."""
    found = value.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise Unreadable(f"{key} are no texts")
    return tuple(visible(one)[:LONGEST] for one in found[:MOST_RECORDS])


def number_of(value: dict[str, Any], key: str) -> int:
    """Return the whole number at a key, 0 where there is none. Raises Unreadable."""
    found = value.get(key, 0)
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found < LARGEST:
        raise Unreadable(f"{key} is no number")
    return found


def time_of(value: dict[str, Any], key: str) -> datetime | None:
    """Return the time at a key; None where there is none that can be read."""
    try:
        at = datetime.fromisoformat(text(value, key))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


# ---------------------------------------------------------------- in words


def sentence(one: Asked) -> str:
    """Return a question and what came as one line for people."""
    size = f" ({one.asked_bytes} bytes)" if one.asked_bytes else ""
    return (
        f"{asker_of(one.place)} -> {server_text(one.server)} {one.transport} "
        f"{one.name} {one.qtype}{size}: {came_of(one)}"
    )


def asker_of(place: Place) -> str:
    """Return who asked."""
    kind: str = place.kind.value
    path = path_of(place.subject)
    if place.kind is PlaceKind.DIRECT or not path:
        return kind
    if place.kind is PlaceKind.HOST:
        return f"{kind} of {path}"
    on = f" on {place.subject.node}" if place.subject.node else ""
    return f"{kind} {path}{on}"


def server_text(server: Server) -> str:
    """Return who was asked: address, port and part."""
    path = path_of(server.subject) if server.role is ServerRole.REPLICA else ""
    part = f"{server.role.value} {path}".strip()
    if not server.address:
        return part
    try:
        bracketed = ipaddress.ip_address(server.address).version == 6
    except ValueError:
        bracketed = False
    address = f"[{server.address}]" if bracketed else server.address
    return f"{address}:{server.port} ({part})"


def came_of(one: Asked) -> str:
    """Return what came."""
    took = f" ({one.took_ms} ms)" if one.took_ms else ""
    detail = f": {one.detail}" if one.detail else ""
    match one.outcome:
        case Outcome.NOERROR:
            return f"{', '.join(one.answers[:4]) or 'an empty answer'}{took}"
        case Outcome.NODATA:
            return f"NODATA, no such record{took}"
        case Outcome.TIMEOUT:
            waited = f" within {round(one.took_ms / 1000)} s" if one.took_ms >= 500 else ""
            return f"no answer{waited}{detail}"
        case _:
            return f"{one.outcome.value}{took}{detail}"
