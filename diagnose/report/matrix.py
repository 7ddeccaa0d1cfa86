"""The picture of what DNS answered: places in rows, servers in columns, in a cell what came.

A row of a place is followed by rows of its own for what ends otherwise there: external names,
short ones, large messages, one transport. docs/matrix.md says how to read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from diagnose.facts.dns_answers import Asked, NameKind, Place, PlaceKind, Server, ServerRole
from diagnose.facts.lookups import Outcome
from diagnose.facts.probe_matrix import (
    CLUSTER_ROLES,
    LARGE_BYTES,
    NOTHING,
    Cell,
    ProbeMatrix,
)
from diagnose.facts.services import Backends
from diagnose.report.layout import text_width, wrapped
from diagnose.report.seen_well import how_well
from diagnose.report.words import plural
from diagnose.text.shown import visible
from diagnose.values import dataclass

YES, NO, UNASKED = "✓", "✗", "·"
LEGEND = f"{YES} as it must be, {NO} failed, 2/10 two of ten failed, {UNASKED} not asked"
MOST_PLACES = 12
MOST_SERVERS = 12
PLACE_COLUMNS = 22
CELL_COLUMNS = 15
TAIL = 6  # of a name that is cut: what tells pods of one owner apart
GAP = "  "

ROLES = {
    ServerRole.SERVICE: "Service",
    ServerRole.REPLICA: "CoreDNS",
    ServerRole.NODE_LOCAL: "cache",
    ServerRole.UPSTREAM: "upstream",
    ServerRole.CONFIGURED: "nameserver",
}
WORDS = {
    Outcome.CONNECTION_REFUSED: "refused",
    Outcome.UNREACHABLE: "no route",
    Outcome.UNEXPECTED_SOURCE: "other source",
    Outcome.TEMPORARY: "no answer",
    Outcome.NOT_KNOWN: "not known",
    Outcome.GARBAGE: "malformed",
    Outcome.NOERROR: "an address",  # for a name that does not exist
}
ASPECTS = {
    NameKind.SHORT: "short names",
    NameKind.ABSENT: "absent names",
    NameKind.EXTERNAL: "external names",
    NameKind.REVERSE: "reverse names",
}
LARGE = "large messages"
TRANSPORTS = {"udp": "over UDP", "tcp": "over TCP"}

Item = TypeVar("Item")
Segment = tuple[str, str]  # a text and the role that colours it, "" for none


def summary(matrix: ProbeMatrix, backends: tuple[Backends, ...] = ()) -> str:
    """Return in a few words how many questions were asked, and how many failed.

    Where none did, `backends` of the DNS Services say whom that tells of.
    """
    asked, failed = len(matrix.items), len(matrix.all.failed)
    text = (
        f"{plural(asked, 'question')} from {plural(len(matrix.places), 'place')} to "
        f"{plural(len(matrix.servers), 'server')}"
    )
    if failed:
        return f"{text}: {failed} failed"
    return f"{text}: {how_well(matrix, backends)}"


# ---------------------------------------------------------------- what stands in a cell


def mark(cell: Cell) -> str:
    """Return the sign of a cell, and what came instead of a right answer."""
    if not cell.items:
        return UNASKED
    failed = len(cell.failed)
    if not failed:
        return YES
    if failed < len(cell.items):
        return f"{failed}/{len(cell.items)}"
    return f"{NO} {word(next(iter(cell.outcomes())))}"


def word(outcome: Outcome) -> str:
    """Return what came, short."""
    return WORDS.get(outcome, outcome.value)


def role_of(text: str) -> str:
    """Return the colour of a mark."""
    return {YES: "good", UNASKED: "faint"}.get(text[:1], "critical")


def aspects(matrix: ProbeMatrix, cell: Cell) -> dict[str, Cell]:
    """Return the questions of one place to one server by what they are about; "" for the most.

    A transport is an aspect where it fails and the other one does not.
    """
    for name, other in (("udp", "tcp"), ("tcp", "udp")):
        lost, passed = cell.only(transport=name), cell.only(transport=other)
        alone = passed.answered and not passed.failed
        if lost.items and len(lost.failed) == len(lost.items) and alone:
            return {"": passed, TRANSPORTS[name]: lost}
    groups: dict[str, list[Asked]] = {}
    for one in cell.items:
        large = matrix.size_of(one) > LARGE_BYTES
        about = LARGE if large else ASPECTS.get(one.name_kind, "")
        if one.server.role not in CLUSTER_ROLES and one.name_kind is NameKind.EXTERNAL:
            about = LARGE if large else ""  # what such a server is there for
        groups.setdefault(about, []).append(one)
    return {about: Cell(tuple(several)) for about, several in groups.items()}


# ---------------------------------------------------------------- rows and columns


@dataclass(frozen=True)
class Row:
    """One row: whose it is, what it is about ("" for the first of a place), its marks."""

    label: str
    about: str
    marks: tuple[str, ...]

    @property
    def fails(self) -> bool:
        """Whether anything in it failed."""
        return any(one not in (YES, UNASKED) for one in self.marks)


def rows_of(matrix: ProbeMatrix, place: Place, servers: Sequence[Server]) -> list[Row]:
    """Return the rows of one place."""
    cells = [aspects(matrix, matrix.cell(place, server)) for server in servers]
    first = [base_of(one) for one in cells]
    rows = [Row(place_text(place), "", tuple(map(mark, first)))]
    names = dict.fromkeys(about for one in cells for about in one if about)
    for about in names:
        marks = tuple(mark(one.get(about, NOTHING)) for one in cells)
        if any(tells(text, base) for text, base in zip(marks, rows[0].marks, strict=True)):
            rows.append(Row("", about, marks))
    return rows


def tells(text: str, base: str) -> bool:
    """Whether a mark says more than the one of the first row: a failure of its own."""
    if text in (YES, UNASKED):
        return False
    return text != base if text.startswith(NO) else base in (YES, UNASKED)


def base_of(cells: Mapping[str, Cell]) -> Cell:
    """Return what the first row of a place shows: the usual questions, else whatever was asked."""
    usual = cells.get("", NOTHING)
    if usual.items:
        return usual
    return next(iter(cells.values()), NOTHING)


def place_text(place: Place) -> str:
    """Return a place as the head of a row: its node first, since rows are compared by node."""
    node = visible(place.node)
    if place.kind is PlaceKind.DIRECT:
        return str(place.kind.value)
    if place.kind is PlaceKind.HOST:
        return f"{node or 'a node'} (host)"
    subject = place.subject
    name = visible("/".join(filter(None, (subject.namespace, subject.name)))) or place.kind.value
    if place.kind is PlaceKind.PROBE:
        name = place.kind.value
    return f"{node} {name}" if node else name


def head_of(server: Server) -> tuple[str, str, str]:
    """Return the three lines above a column: the part it plays, its address, where it is."""
    subject = server.subject
    where = subject.node if server.role is ServerRole.REPLICA else ""
    if server.role is ServerRole.REPLICA and not where:
        where = subject.name
    port = f":{server.port}" if server.port != 53 else ""
    return (ROLES[server.role], visible(server.address) + port, visible(where))


def short(text: str, columns: int) -> str:
    """Return a text that fits: of a longer one the middle is left out, for a sign of ASCII."""
    if text_width(text) <= columns:
        return text
    left, right = text[: columns - 1 - TAIL], text[-TAIL:]
    while text_width(left) + text_width(right) > columns - 1:
        left, right = left[:-1], right[1:]
    return f"{left}~{right}"


@dataclass(frozen=True)
class Column:
    """One server: the lines above it."""

    server: Server
    head: tuple[str, ...]


@dataclass(frozen=True)
class Picture:
    """Rows and columns as they are shown; `hidden` says how many places and servers are not."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    hidden: tuple[int, int]


def picture(matrix: ProbeMatrix) -> Picture:
    """Return the picture: where there are too many, those with a failure first.

    Rows of one node stand together.
    """
    bad = {(one.place, one.server) for one in matrix.all.failed}
    servers = chosen(matrix.servers, {server for _, server in bad}, MOST_SERVERS)
    servers.sort(key=lambda one: list(ROLES).index(one.role))
    places = chosen(matrix.places, {place for place, _ in bad}, MOST_PLACES)
    order = {place.node: number for number, place in reversed(list(enumerate(places)))}
    places.sort(key=lambda one: (one.kind is not PlaceKind.DIRECT, order[one.node]))
    columns = tuple(
        Column(server, tuple(short(line, CELL_COLUMNS) for line in head_of(server)))
        for server in servers
    )
    rows = tuple(row for place in places for row in rows_of(matrix, place, servers))
    hidden = (len(matrix.places) - len(places), len(matrix.servers) - len(servers))
    return Picture(columns, rows, hidden)


def chosen(items: Iterable[Item], first: set[Item], most: int) -> list[Item]:
    """Return at most so many items in their order, of more those that matter first."""
    every = list(items)
    if len(every) <= most:
        return every
    kept = sorted(every, key=lambda one: one not in first)[:most]
    wanted = set(kept)
    return [one for one in every if one in wanted]


# ---------------------------------------------------------------- text


def lines(matrix: ProbeMatrix, width: int) -> Iterator[tuple[Segment, ...]]:
    """Yield the lines of the picture, in parts that have a colour, columns without room below."""
    made = picture(matrix)
    needed = sum(len(GAP) + column_width(made, number) for number in range(len(made.columns)))
    room = max(PLACE_COLUMNS, width - needed)  # names stay whole where all columns fit beside
    labels = [short(row.label or f"{GAP}{row.about}", room) for row in made.rows]
    left = max(map(text_width, labels), default=0)
    for numbers in fitting(made, width - left):
        widths = [column_width(made, number) for number in numbers]
        for line in range(3):
            heads = [made.columns[number].head[line] for number in numbers]
            if any(heads):
                yield ((" " * left, ""), *segments(heads, widths, "strong" if not line else ""))
        for label, row in zip(labels, made.rows, strict=True):
            marks = [row.marks[number] for number in numbers]
            if row.about and all(one in (YES, UNASKED) for one in marks):
                continue
            yield ((padded(label, left), ""), *segments(marks, widths))
        yield ()
    places, servers = made.hidden
    both = ((places, "place"), (servers, "server"))
    more = [plural(count, noun) for count, noun in both if count]
    if more:
        yield ((f"and {' and '.join(more)} more: see -o json", "faint"),)
    for text in wrapped(LEGEND, width):
        yield ((text, "faint"),)


def segments(
    texts: Sequence[str], widths: Sequence[int], role: str | None = None
) -> Iterator[Segment]:
    """Yield the cells of a line, each behind its gap."""
    for text, width in zip(texts, widths, strict=True):
        yield (GAP, "")
        yield (text, role_of(text) if role is None else role)
        yield (" " * (width - text_width(text)), "")


def column_width(made: Picture, number: int) -> int:
    """Return how wide a column is."""
    texts = (*made.columns[number].head, *(row.marks[number] for row in made.rows))
    return max(map(text_width, texts))


def fitting(made: Picture, room: int) -> Iterator[list[int]]:
    """Yield the numbers of columns that fit beside each other, at least one at a time."""
    batch: list[int] = []
    used = 0
    for number in range(len(made.columns)):
        needed = len(GAP) + column_width(made, number)
        if batch and used + needed > room:
            yield batch
            batch, used = [], 0
        batch.append(number)
        used += needed
    if batch:
        yield batch


def padded(text: str, columns: int) -> str:
    """Return a text filled up to a width."""
    return text + " " * (columns - text_width(text))


def plain(matrix: ProbeMatrix, width: int) -> list[str]:
    """Return the lines without colour."""
    return ["".join(text for text, _ in line).rstrip() for line in lines(matrix, width)]


# ---------------------------------------------------------------- for machines


def as_object(matrix: ProbeMatrix) -> dict[str, Any]:
    """Return the whole matrix as docs/report.schema.json describes it."""
    places = {place: number for number, place in enumerate(matrix.places)}
    servers = {server: number for number, server in enumerate(matrix.servers)}
    cells = matrix.by(lambda one: (one.place, one.server, one.name_kind, one.transport))
    return {
        "asked": len(matrix.items),
        "failed": len(matrix.all.failed),
        "places": [
            {"kind": slug(one.kind.name), "subject": subject_of(one), "address": one.address}
            for one in places
        ],
        "servers": [
            {
                "role": slug(one.role.name),
                "subject": subject_of(one),
                "address": one.address,
                "port": one.port,
            }
            for one in servers
        ],
        "cells": [
            {
                "place": places[place],
                "server": servers[server],
                "name": slug(kind.name),
                "transport": transport,
                "asked": len(cell.items),
                "failed": len(cell.failed),
                "outcomes": counted(cell),
            }
            for (place, server, kind, transport), cell in cells.items()
        ],
    }


def counted(cell: Cell) -> dict[str, int]:
    """Return how often which outcome came."""
    counts: dict[str, int] = {}
    for one in cell.items:
        counts[one.outcome.value] = counts.get(one.outcome.value, 0) + 1
    return counts


def slug(name: str) -> str:
    """Return the name of an enumeration's member as one word of the report."""
    return name.lower().replace("_", "-")


def subject_of(one: Place | Server) -> dict[str, str]:
    """Return the subject of a place or server."""
    subject = one.subject
    return {
        "kind": subject.kind,
        "name": subject.name,
        "namespace": subject.namespace,
        "node": subject.node,
    }
