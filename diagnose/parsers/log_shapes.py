"""Which lines of a block hold literals, those that mean the same put together.

Most lines of a long log differ in nothing but digits: times, ports, query numbers. Lines are of
one shape when they are equal but for the values of their digits. Where the digits stand that a
pattern, a literal or a key looks at is worked out once for each shape; lines with the same
digits there match the same signatures with the same keys. So the patterns are tried on a few
lines of each group, and the others are counted.

Blocks in which few lines hold literals are searched with the automaton; those in which many do,
line by line by their shape, most of which are known after a while.

Limits: lines that are longer than LONGEST bytes, or hold more than plain ASCII, stay alone.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from itertools import compress
from operator import itemgetter
from typing import Any

from diagnose.parsers.log_blocks import Block
from diagnose.parsers.log_engines import Search, automaton_over
from diagnose.parsers.log_places import Identity, identity, naming
from diagnose.parsers.log_search import (
    MATCHED,
    Literals,
    candidates,
    first_matches,
    hit_lines,
    literals,
    routine_lines,
    window,
)
from diagnose.signatures.base import Emitter, Wording
from diagnose.text.envelopes import strip
from diagnose.text.regex import regex
from diagnose.values import dataclass

FLAT = bytes.maketrans(b"123456789", b"000000000")
ENDS = 20  # lines at each end of a stream that may tell its times
LAST = 3  # lines of a group that may be asked for again
LONGEST = 2048  # bytes of a line that has a shape
ROOM_BYTES = 8 * 1024 * 1024  # of the shapes that are known at a time
MOST_TOKENS = 50_000  # groups that are known at a time
DENSE = 12  # one line in so many has hits: shapes are faster than the automaton
STRANGE = 4  # one line in so many is of a new shape: the automaton is faster
PATIENCE = 32  # blocks until shapes are tried again after that

# Ports, resource versions, times, identifiers. IPv6 addresses have at most four digits in a row.
VARYING = regex(r"[0-9a-fT](?:\d{4,}|\d\d:\d\d:\d\d|[0-9a-f]{11,})")
DIGITS = regex(r"\d+")
IN_JSON_STRING = regex(r'"(?:[^"\\]++|\\.)*+"')
ESCAPED = regex(r"\\u[0-9a-fA-F]{4}")
# What the patterns of envelopes hold of digits: k3s and rke2 as programs, syslog's version.
OF_ENVELOPES = (b"k0s", b"rke0", b">0 ")


# ---------------------------------------------------------------- which digits a pattern looks at


@dataclass(frozen=True)
class Digits:
    """Which digits of a line decide whether a pattern matches; all others may have any value.

    `runs` are flattened texts: a digit in one of them decides. With `every`, each digit does from
    the first place of `prefix` on, which a match begins with.
    """

    runs: tuple[bytes, ...] = ()
    every: bool = False
    prefix: bytes = b""


NEUTRAL = regex(
    r"\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|\(\?(?:P<\w+>|<[=!]|[:=!>]|[aiLmsux-]+\))|"
    r"\{\d*,?\d*\}[+?]?"
)
CLASS = regex(r"\[\^?\]?[^\]]*\]")
PLAIN_RUN = regex(r"[A-Za-z0-9 :/@_\"'#%&,;<=>~-]+")
BREAK, CLASS_WITH_DIGITS = "\0", "\1"


def flattened(text: str) -> bytes:
    """Return a text as it stands in the shape of a line."""
    return text.encode(errors="backslashreplace").translate(FLAT)


def digits_of(pattern: str) -> Digits:
    """Return which digits a pattern looks at, rather too many than too few."""
    # Escaped brackets go first, so that those of classes are the only ones left
    text = NEUTRAL.sub(neutral_mark, pattern)
    text = CLASS.sub(class_mark, text)
    if not any(one.isdigit() or one == CLASS_WITH_DIGITS for one in text):
        return Digits()
    runs = set()
    alone = CLASS_WITH_DIGITS in text
    for found in PLAIN_RUN.finditer(text):
        run, behind = found[0], text[found.end() : found.end() + 1]
        pieces = (run[:-1], run[-1]) if behind and behind in "?*+\2" else (run,)
        for piece in pieces:
            if any(map(str.isdigit, piece)):
                runs.add(flattened(piece))
                alone = alone or piece.isdigit()
    if not alone:
        return Digits(tuple(sorted(runs)))
    first = PLAIN_RUN.match(text)
    prefix = first[0] if first and is_one_way(text) else ""
    if first and text[first.end() : first.end() + 1] in ("?", "*", "+", "\2"):
        prefix = prefix[:-1]
    return Digits(every=True, prefix=flattened(prefix))


def neutral_mark(found: re.Match[str]) -> str:
    """Return what stands for a part of a pattern that no digit is told by."""
    if found[0].startswith("{"):
        return "\2"
    return f"({BREAK}" if found[0].startswith("(?") and not found[0].endswith(")") else BREAK


def class_mark(found: re.Match[str]) -> str:
    """Return what stands for a set of characters: whether it tells digits from each other."""
    inside = found[0].replace("0-9", "")
    return CLASS_WITH_DIGITS if any(map(str.isdigit, inside)) else BREAK


def is_one_way(text: str) -> bool:
    """Whether a pattern has no alternatives outside of groups."""
    depth = 0
    for one in text:
        depth += (one == "(") - (one == ")")
        if one == "|" and depth <= 0:
            return False
    return True


@functools.cache
def digits_in(wording_pattern: str) -> Digits:
    """Return digits_of, kept."""
    return digits_of(wording_pattern)


# ---------------------------------------------------------------- shapes

Take = Callable[[bytes], Any]


@dataclass(eq=False)
class Sort:
    """Lines of one shape that hit the same literals and match the same signatures."""

    hits: frozenset[int]
    takes: tuple[Take, ...]  # the digits by which the keys of the matches differ
    tokens: dict[tuple[bytes, ...], int] = field(default_factory=dict)


@dataclass(eq=False)
class Shape:
    """Lines that are equal but for digits; `takes` are the digits that tell their sorts apart."""

    takes: tuple[Take, ...]
    sorts: dict[tuple[bytes, ...], Sort] = field(default_factory=dict)


# What takes out of lines of a shape what names their pod or program; and the numbers of their
# identities by that, first the look-up itself, which is all that most lines take.
Name = tuple[Take, Callable[[bytes], int | None], dict[bytes, int]]


class Odd:
    """Stands for the shape of lines with hits that must be looked at one by one."""


ODD = Odd()
MOST_SORTS = 200  # of one shape; lines of further ones stay alone
MOST_KEYS = 500  # of one sort
MOST_NAMES = 255  # of pods and programs in one block


@dataclass(frozen=True)
class Group:
    """Lines of a block that mean the same, by their indexes in it, ascending.

    Lines of equal `token` hit and match alike, also those of other blocks; None says nothing.
    """

    token: int | None
    hits: frozenset[int]
    rows: Sequence[int]
    who: int = 0  # whose they are, by their place among the digest's identities


@dataclass(frozen=True)
class Digest:
    """The lines of a block with hits, and its routine lines by (index, where the literal is).

    `begins` tells where the former begin, `texts` what some lines are; `lines` are all lines of
    the block, `flats` their shapes. What is None or missing is not at hand. Of a log that names
    pods or programs, `who` holds each line's place among `identities`, which stand in the order
    of their first lines.
    """

    groups: Sequence[Group]
    begins: Mapping[int, int] | None = None
    lines: Sequence[bytes] | None = None
    texts: Mapping[int, bytes] = field(default_factory=dict)
    routine: Sequence[tuple[int, int]] = ()
    flats: Sequence[bytes] | None = None
    who: bytes = b""
    identities: Sequence[Identity] = ()

    def line(self, block: Block, row: int) -> bytes:
        """Return a line with hits."""
        if self.begins is not None and row in self.begins:
            begin = self.begins[row]
            end = block.data.find(b"\n", begin)
            return block.data[begin : len(block.data) if end < 0 else end]
        if self.lines is not None:
            return self.lines[row]
        if row in self.texts:
            return self.texts[row]
        return block.split[row]


@dataclass
class Steps:
    """How much was done: what tests count instead of seconds."""

    searched: int = 0  # blocks in which the automaton looked at each byte
    studied: int = 0  # shapes whose digits were worked out
    strange: int = 0  # lines whose shape was not known
    named: int = 0  # lines that were searched for the name of their pod


class Reducer:
    """Makes digests of blocks; what it knows of shapes outlives a block."""

    def __init__(self, known: Literals) -> None:
        """Know no shape yet."""
        self.known = known
        self.shapes: dict[bytes, Shape | Odd | bool] = {}
        self.room = ROOM_BYTES
        self.tokens = 0
        self.dense = False
        self.patience = 0
        self.many = False  # whether the lines name pods or programs
        self.named: dict[bytes, Name] = {}
        self.numbers: dict[Identity, int] = {}
        self.identities: list[Identity] = []
        self.steps = Steps()

    def digest(self, block: Block) -> Digest:
        """Return the lines of a block that hold literals, in groups."""
        if self.room <= 0 or len(self.shapes) > MOST_TOKENS:
            self.shapes.clear()
            self.named.clear()
            self.numbers.clear()
            self.identities.clear()
            self.room = ROOM_BYTES
        self.patience -= self.patience > 0
        # Whose a line is, is known by its shape as well
        self.dense = self.dense or (self.many and not self.patience and not self.known.routine)
        digest = self.by_shape(block) if self.dense else self.by_search(block)
        if self.known.routine:
            return digest
        if self.many:
            digest = self.with_names(block, digest)
        found = routine_lines(block.data)
        numbers = numbers_of([begin for begin, _ in found], block)
        routine = [(row, hit) for row, (_, hit) in zip(numbers, found, strict=True)]
        return replace(digest, routine=routine)

    # -- few lines have hits

    def by_search(self, block: Block) -> Digest:
        """Let the automaton find the lines with hits."""
        self.steps.searched += 1
        data = block.data
        row, position, found = -1, 0, 0
        begins: dict[int, int] = {}
        groups: list[Group] = []
        rows: defaultdict[Shape, list[int]] = defaultdict(list)
        lines: dict[int, bytes] = {}
        for begin, end, _, hits in hit_lines(data, self.known.automaton):
            row += data.count(b"\n", position, begin)
            position = begin
            found += 1
            begins[row] = begin
            line = data[begin:end]
            # A short text repays no study
            alone = self.known.routine or len(line) > LONGEST
            shape = ODD if alone else self.shape_of(line)
            if isinstance(shape, Shape):
                rows[shape].append(row)
                lines[row] = line
            else:
                groups.append(Group(None, hits, (row,)))
        groups += self.grouped(rows, lines)
        vars(block)["lines"] = row + 1 + data.count(b"\n", position + 1) if found else block.lines
        self.dense = found * DENSE > block.lines and not self.patience
        return Digest(groups, begins)

    def shape_of(self, line: bytes) -> Shape | Odd:
        """Return the shape of a line with hits."""
        flat = line.translate(FLAT)
        shape = self.shapes.get(flat)
        if shape is None or isinstance(shape, bool):
            shape = self.learn(flat, line)
        return shape

    # -- many lines have hits

    def by_shape(self, block: Block) -> Digest:
        """Find the lines with hits by their shapes."""
        data = block.data
        flats = data.translate(FLAT).split(b"\n")
        lines = data.split(b"\n")
        del flats[0], lines[0]
        shapes = list(map(self.shapes.get, flats))
        known = len(self.shapes)
        missed = list(missing(shapes))
        if missed:
            self.meet(missed, flats, lines)
            for row in missed:
                shapes[row] = self.shapes.get(flats[row], ODD)
            self.steps.strange += len(missed)
        rows: defaultdict[Shape, list[int]] = defaultdict(list)
        groups: list[Group] = []
        for row in compress(range(len(shapes)), shapes):
            shape = shapes[row]
            if isinstance(shape, Shape):
                rows[shape].append(row)
            else:
                groups += self.alone(row, lines[row])
        groups += self.grouped(rows, lines)
        if (len(self.shapes) - known) * STRANGE > len(lines):
            self.dense, self.patience = False, PATIENCE
        return Digest(groups, lines=lines, flats=flats)

    def meet(self, missed: Sequence[int], flats: Sequence[bytes], lines: Sequence[bytes]) -> None:
        """Learn the shapes of lines that are not known; those that are too long stay unknown."""
        rows = [row for row in missed if len(flats[row]) <= LONGEST]
        data = b"".join(b"\n" + flats[row] for row in rows)
        at = -1
        position = 0
        hitting = set()
        for begin, _, _, _ in hit_lines(data, flat_literals(self.known.routine).automaton):
            at += data.count(b"\n", position, begin)
            position = begin
            hitting.add(at)
        for number, row in enumerate(rows):
            flat = flats[row]
            if flat in self.shapes:
                continue
            if number in hitting:
                self.learn(flat, lines[row])
            else:
                self.shapes[flat] = False
                self.room -= len(flat)

    def alone(self, row: int, line: bytes) -> Iterator[Group]:
        """Yield the group of a line without a shape, if it has hits."""
        for _, _, _, hits in hit_lines(b"\n" + line, self.known.automaton):
            yield Group(None, hits, (row,))

    # -- lines of several programs

    def with_names(self, block: Block, digest: Digest) -> Digest:
        """Return a digest that tells whose each line is, the groups divided by that."""
        lines, flats = digest.lines, digest.flats
        if lines is None or flats is None:
            lines, flats = block.split, block.data[1:].translate(FLAT).split(b"\n")
        names = list(map(self.named.get, flats))
        strange = [(row, self.name(lines[row], flats[row])) for row in missing(names)]
        # One look-up a line: there may be ten million of them
        keys = [
            name[1](name[0](line)) if name else None
            for line, name in zip(lines, names, strict=True)
        ]
        for row, number in strange:
            keys[row] = number
        for row in missing(keys):
            keys[row] = self.number(lines[row], names[row])
        order = list(dict.fromkeys(keys))
        if len(order) > MOST_NAMES:
            return digest
        places = dict(zip(order, range(len(order)), strict=True))
        who = bytes(map(places.__getitem__, keys))
        identities = tuple(self.identities[number or 0] for number in order)
        groups = []
        for group in digest.groups:
            rows = defaultdict(list)
            for row in group.rows:
                rows[who[row]].append(row)
            groups += [replace(group, rows=own, who=one) for one, own in rows.items()]
        return replace(digest, groups=groups, lines=lines, who=who, identities=identities)

    def number(self, line: bytes, name: Name | None = None) -> int:
        """Return the number of a line's identity, and keep it for lines that hold the same."""
        key = identity(line)
        number = self.numbers.get(key)
        if number is None:
            number = self.numbers[key] = len(self.identities)
            self.identities.append(key)
            self.room -= 200
        if name is not None and len(name[2]) < MOST_SORTS:
            name[2][name[0](line)] = number
        return number

    def name(self, line: bytes, flat: bytes) -> int:
        """Return the number of a line's identity, and learn where lines of its shape hold it."""
        self.steps.named += 1
        if len(line) > LONGEST or line[:1] == b"{" or len(self.named) > MOST_TOKENS:
            return self.number(line)
        if any(run in flat for run in OF_ENVELOPES):
            return self.number(line)
        found = naming(line)
        spans = [found[0].span(name) for name in found[1]] if found else []
        begin = min((begin for begin, _ in spans if begin >= 0), default=0)
        end = max((end for _, end in spans), default=0)
        numbers: dict[bytes, int] = {}
        self.named[flat] = name = (itemgetter(slice(begin, end)), numbers.get, numbers)
        self.room -= len(flat)
        return self.number(line, name)

    # -- both

    def learn(self, flat: bytes, line: bytes) -> Shape | Odd:
        """Work out which digits tell the sorts of a shape apart."""
        self.steps.studied += 1
        self.room -= len(flat)
        told = decisive(flat, line, self.known)
        shape = ODD if told is None else Shape(takes_of(told))
        self.shapes[flat] = shape
        return shape

    def grouped(
        self, rows: Mapping[Shape, list[int]], lines: Mapping[int, bytes] | Sequence[bytes]
    ) -> Iterator[Group]:
        """Yield the groups of lines, given by their shapes."""
        for shape, of_shape in rows.items():
            for digits, of_sort in divided(of_shape, lines, shape.takes):
                sort = shape.sorts.get(digits)
                if sort is None and len(shape.sorts) >= MOST_SORTS:
                    for row in of_sort:
                        yield from self.alone(row, lines[row])
                    continue
                if sort is None:
                    sort = shape.sorts[digits] = self.sort_of(lines[of_sort[0]])
                    self.room -= 200
                if not sort.hits:
                    continue
                for key, alike in divided(of_sort, lines, sort.takes):
                    token = sort.tokens.get(key)
                    if token is None and len(sort.tokens) < MOST_KEYS:
                        token = sort.tokens[key] = self.tokens
                        self.tokens += 1
                        self.room -= 200
                    yield Group(token, sort.hits, alike)

    def sort_of(self, line: bytes) -> Sort:
        """Return the sort that a line belongs to."""
        for _, _, _, hits in hit_lines(b"\n" + line, self.known.automaton):
            return Sort(hits, takes_of(telling(line, hits, self.known)))
        return Sort(frozenset(), ())


def numbers_of(begins: Sequence[int], block: Block) -> Sequence[int]:
    """Return the indexes of a block's lines, given by their beginnings in ascending order.

    Lines that are looked at stand at both ends of a block: each half is counted from its end.
    """
    data, middle = block.data, len(block.data) // 2
    numbers, row, position = [], -1, 0
    for begin in begins:
        if begin > middle:
            break
        row += data.count(b"\n", position, begin)
        position = begin
        numbers.append(row)
    rest, row, position = [], block.lines, len(data)
    for begin in reversed(begins[len(numbers) :]):
        row -= data.count(b"\n", begin - 1, position)
        position = begin - 1
        rest.append(row)
    return [*numbers, *reversed(rest)]


def last_rows(who: bytes, one: int, most: int) -> list[int]:
    """Return the indexes of the last lines that are somebody's, ascending."""
    rows: list[int] = []
    end = len(who)
    while len(rows) < most and (end := who.rfind(one, 0, end)) >= 0:
        rows.append(end)
    return rows[::-1]


def first_rows(who: bytes, one: int, most: int) -> list[int]:
    """Return the indexes of the first lines that are somebody's."""
    rows: list[int] = []
    at = -1
    while len(rows) < most and (at := who.find(one, at + 1)) >= 0:
        rows.append(at)
    return rows


def missing(shapes: Sequence[object]) -> Iterator[int]:
    """Yield the indexes of lines whose shape is not known."""
    row = -1
    try:
        while True:
            row = shapes.index(None, row + 1)
            yield row
    except ValueError:
        return


def divided(
    rows: list[int], lines: Mapping[int, bytes] | Sequence[bytes], takes: Sequence[Take]
) -> Iterable[tuple[tuple[bytes, ...], list[int]]]:
    """Return (what the lines hold at some places, the lines that hold that), in order."""
    if not takes:
        return (((), rows),)
    texts = [lines[row] for row in rows]
    keys = list(zip(*(map(take, texts) for take in takes), strict=True))
    if keys.count(keys[0]) == len(keys):
        return ((keys[0], rows),)
    parted: defaultdict[tuple[bytes, ...], list[int]] = defaultdict(list)
    for key, row in zip(keys, rows, strict=True):
        parted[key].append(row)
    return parted.items()


# ---------------------------------------------------------------- which digits of a line matter

Spans = list[tuple[int, int]]


@dataclass(frozen=True)
class FlatLiterals:
    """The literals as they stand in shapes, and what a hit may mean there."""

    automaton: Search
    texts: tuple[str, ...]
    wordings: tuple[tuple[Wording, ...], ...]


@functools.cache
def flat_literals(routine: bool) -> FlatLiterals:
    """Return the automaton over the flattened literals."""
    known = literals(routine)
    rows: dict[bytes, list[int]] = {}
    for number, text in enumerate(known.texts):
        rows.setdefault(flattened(text), []).append(number)
    return FlatLiterals(
        automaton=automaton_over(list(rows)),
        texts=tuple(flat.decode() for flat in rows),
        wordings=tuple(
            tuple(one for number in numbers for one in known.wordings[number])
            for numbers in rows.values()
        ),
    )


def decisive(flat: bytes, line: bytes, known: Literals) -> Spans | None:
    """Return where the digits stand that decide on hits and matches; None where none can tell."""
    text = line.rstrip(b"\r")
    if not text.isascii() or not text.replace(b"\t", b" ").decode("ascii").isprintable():
        return None
    if b"\t" in text and b"&" in text:
        return None  # such lines are cleaned before they are matched
    flats = flat_literals(known.routine)
    spans: Spans = []
    runs: set[bytes] = set(OF_ENVELOPES)
    for number, begin, end in flats.automaton(b"\n" + flat):
        if any(map(str.isdigit, flats.texts[number])):
            spans.append((max(begin - 1, 0), end - 1))
        for wording in flats.wordings[number]:
            told = digits_in(wording.pattern)
            runs.update(told.runs)
            if told.every:
                spans.append((max(flat.find(told.prefix), 0), len(flat)))
    for run in runs:
        at = flat.find(run)
        while at >= 0:
            spans.append((at, at + len(run)))
            at = flat.find(run, at + 1)
    if flat.startswith(b"{"):
        spans += in_json(text.decode("ascii"))
    return spans


def in_json(text: str) -> Iterator[tuple[int, int]]:
    """Yield where a JSON line holds digits that change how it is read: numbers, escapes."""
    at = 0
    for string in IN_JSON_STRING.finditer(text):
        yield at, string.start()
        at = string.end()
        for escaped in ESCAPED.finditer(text, string.start(), at):
            yield escaped.span()
    yield at, len(text)


def telling(line: bytes, hits: frozenset[int], known: Literals) -> Spans:
    """Return where the digits stand by which the keys of a line's matches differ from others'."""
    raw = line.rstrip(b"\r").decode("ascii")
    envelope = strip(raw) if raw.startswith("{") else None
    text = envelope.line[:MATCHED] if envelope else raw
    # What any program's log would match: whose it is, is not known here
    tried = candidates(Emitter.UNKNOWN, hits, known.routine)
    found = list(first_matches((*tried.specific, *tried.fallback), text))
    spans: Spans = []
    for signature, match in found:
        groups = match.re.groupindex
        for name in signature.key:
            if name in groups and (value := match[name]):
                spans += unlike(raw, match.string, match.start(name), value[:500])
    if not found:
        rest = (envelope or strip(raw)).text
        spans += unlike(raw, rest, 0, rest[:500])
    return spans


def unlike(raw: str, string: str, start: int, value: str) -> Iterator[tuple[int, int]]:
    """Yield where a line holds the digits of a value that alike() leaves as they are.

    The value stands at `start` of a string that is the line, its end, or was made from it.
    """
    if raw.endswith(string):
        offset = len(raw) - len(string) + start
    elif raw.count(value) == 1:
        offset = raw.index(value)
    else:
        yield 0, len(raw)
        return
    at = 0
    for varying in VARYING.finditer(value):
        yield offset + at, offset + varying.start()
        at = varying.end()
    yield offset + at, offset + len(value)


def takes_of(spans: Spans) -> tuple[Take, ...]:
    """Return what takes the stretches out of a line, those that overlap joined."""
    joined: Spans = []
    for begin, end in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        elif begin < end:
            joined.append((begin, end))
    return tuple(itemgetter(slice(begin, end)) for begin, end in joined)


@functools.lru_cache(maxsize=8192)
def alike(value: str) -> str:
    """Return a text without what differs from line to line: ports, times, identifiers."""
    return VARYING.sub("#", value)


def text_of(digest: Digest, block: Block, row: int, known: Literals) -> str:
    """Return the text of a line with hits; of a very long one, what stands around the first."""
    line = digest.line(block, row)
    if len(line) <= MATCHED:
        return line.decode(errors="backslashreplace").rstrip("\r")
    data = b"\n" + line
    begin, end, first, _ = next(hit_lines(data, known.automaton))
    return window(data, begin, end, first)
