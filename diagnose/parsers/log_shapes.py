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
from bisect import bisect
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from itertools import accumulate, chain, compress
from operator import itemgetter
from typing import Any

from diagnose.parsers.log_blocks import PARTIAL, Block
from diagnose.parsers.log_engines import Search, automaton_over
from diagnose.parsers.log_places import IN_JSON, Identity, identity, naming
from diagnose.parsers.log_search import (
    GRAVE,
    MATCHED,
    Found,
    Literals,
    around,
    candidates,
    first_matches,
    hit_lines,
    literals,
    routine_lines,
    window,
)
from diagnose.signatures.base import Emitter, Signature, Wording
from diagnose.text.envelopes import Envelope, strip
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
    r"\{\d*+(?:,\d*+)?\}[+?]?"
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
Fetch = Callable[[Sequence[int]], Sequence[bytes]]  # of lines, by their indexes, ascending


@dataclass(eq=False)
class Sort:
    """Lines of one shape that hit the same literals and match the same signatures."""

    hits: frozenset[int]
    take: Take | None  # of the digits by which the keys of the matches differ
    tokens: dict[Any, int] = field(default_factory=dict)


@dataclass(eq=False)
class Shape:
    """Lines that are equal but for digits; `take` gets the digits that tell their sorts apart."""

    take: Take | None
    sorts: dict[Any, Sort] = field(default_factory=dict)


class Shapes(dict[bytes, Any]):
    """What is known of lines by their shape; notes which were asked for and are not known."""

    strange = False

    def __missing__(self, _: bytes) -> None:
        """Return none, and note it."""
        self.strange = True


# What takes out of lines of a shape what names their pod or program; and the numbers of their
# identities by that, first the look-up itself, which is all that most lines take.
Name = tuple[Take, Callable[[bytes], int | None], dict[bytes, int]]


class Odd:
    """Stands for the shape of lines with hits that must be looked at one by one."""


ODD = Odd()
PIECE = Odd()  # of what may be a piece of a CRI record
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
    """The lines of a block with hits, and its routine lines by (index, text).

    `texts` holds lines that are likely to be asked for, by their indexes; `flats` are the shapes
    of all, where they are at hand. Of a log that names pods or programs, `who` holds each line's
    place among `identities`, which stand in the order of their first lines.
    """

    groups: Sequence[Group]
    texts: Mapping[int, bytes] = field(default_factory=dict)
    routine: Sequence[tuple[int, str]] = ()
    flats: Sequence[bytes] | None = None
    who: bytes = b""
    identities: Sequence[Identity] = ()

    def line(self, block: Block, row: int) -> bytes:
        """Return a line."""
        text = self.texts.get(row)
        return block.split[row] if text is None else text


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
        self.shapes = Shapes()  # of Shape and Odd; False where lines have no hits
        self.room = ROOM_BYTES
        self.meanings: dict[Hashable, int] = {}  # tokens, by what lines are taken for
        self.tokens = 0
        self.dense = False
        self.patience = 0
        self.many = False  # whether the lines name pods or programs
        self.named = Shapes()  # of Name; a number where all lines of a shape have it
        self.numbers: dict[Identity, int] = {}
        self.identities: list[Identity] = []
        self.steps = Steps()

    def digest(self, block: Block) -> Digest:
        """Return the lines of a block that hold literals, in groups."""
        if self.room <= 0 or len(self.shapes) > MOST_TOKENS:
            self.shapes.clear()
            self.meanings.clear()
            self.named.clear()
            self.numbers.clear()
            self.identities.clear()
            self.room = ROOM_BYTES
        self.patience -= self.patience > 0
        # Whose a line is, is known by its shape as well
        self.dense = self.dense or (self.many and not self.patience and not self.known.routine)
        if not self.dense:
            block.join()
        digest = self.by_shape(block) if self.dense else self.by_search(block)
        if self.known.routine:
            return digest
        if self.many:
            digest = self.with_names(block, digest)
        found = routine_lines(block.data)
        numbers = numbers_of([begin for begin, _ in found], block)
        routine = [
            (row, around(block.data, begin, hit))
            for row, (begin, hit) in zip(numbers, found, strict=True)
        ]
        return replace(digest, routine=routine)

    # -- few lines have hits

    def by_search(self, block: Block) -> Digest:
        """Let the automaton find the lines with hits."""
        self.steps.searched += 1
        data = block.data
        row, position, found = -1, 0, 0
        groups: list[Group] = []
        rows: defaultdict[Shape, list[int]] = defaultdict(list)
        lines: dict[int, bytes] = {}
        for begin, end, _, hits in hit_lines(data, self.known.automaton):
            row += data.count(b"\n", position, begin)
            position = begin
            found += 1
            lines[row] = line = data[begin:end]
            # A short text repays no study
            alone = self.known.routine or len(line) > LONGEST
            shape = ODD if alone else self.shape_of(line)
            if isinstance(shape, Shape):
                rows[shape].append(row)
            else:
                groups.append(Group(None, hits, (row,)))
        groups += self.grouped(rows, lambda some: [lines[row] for row in some])
        vars(block)["lines"] = row + 1 + data.count(b"\n", position + 1) if found else block.lines
        self.dense = found * DENSE > block.lines and not self.patience
        return Digest(groups, lines)

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
        if not block.may_hold_pieces:
            block.joined = True
        flats = block.data.translate(FLAT).split(b"\n")
        del flats[0]
        vars(block)["lines"] = len(flats)
        fetch = Lines(block, flats)
        self.shapes.strange = False
        shapes = list(map(self.shapes.__getitem__, flats))
        known = len(self.shapes)
        if self.shapes.strange:
            missed = list(missing(shapes))
            if not block.joined and any(may_be_piece(flats[row]) for row in missed):
                block.join()
                return self.by_shape(block)
            self.meet(missed, flats, fetch(missed))
            for row in missed:
                shapes[row] = self.shapes.get(flats[row], ODD)
            self.steps.strange += len(missed)
        rows: defaultdict[Shape, list[int]] = defaultdict(list)
        odd: list[int] = []
        hitting = compress(range(len(shapes)), shapes)
        for row, shape in zip(hitting, filter(None, shapes), strict=True):
            if shape is PIECE and not block.joined:
                block.join()
                return self.by_shape(block)
            if shape is ODD or shape is PIECE:
                odd.append(row)
            else:
                rows[shape].append(row)
        groups = [
            group
            for row, line in zip(odd, fetch(odd), strict=True)
            for group in self.alone(row, line)
        ]
        fetch.expect(sum(len(some) for shape, some in rows.items() if shape.take is not None))
        groups += self.grouped(rows, fetch)
        if (len(self.shapes) - known) * STRANGE > len(flats):
            self.dense, self.patience = False, PATIENCE
        asked = sorted({row for group in groups for row in asked_for(group)})
        return Digest(groups, dict(zip(asked, fetch.few(asked), strict=True)), flats=flats)

    def meet(self, missed: Sequence[int], flats: Sequence[bytes], lines: Sequence[bytes]) -> None:
        """Learn the shapes of lines that are not known; those that are too long stay unknown."""
        new = {
            flats[row]: line
            for row, line in zip(missed, lines, strict=True)
            if len(line) <= LONGEST
        }
        data = b"".join(b"\n" + flat for flat in new)
        at = -1
        position = 0
        hitting = set()
        for begin, _, _, _ in hit_lines(data, flat_literals(self.known.routine).automaton):
            at += data.count(b"\n", position, begin)
            position = begin
            hitting.add(at)
        for number, (flat, line) in enumerate(new.items()):
            if may_be_piece(flat):
                self.shapes[flat] = PIECE
                self.room -= len(flat)
            elif number in hitting:
                self.learn(flat, line)
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
        flats = digest.flats
        if flats is None:
            flats = block.data[1:].translate(FLAT).split(b"\n")
        fetch = Lines(block, flats)
        self.named.strange = False
        names = list(map(self.named.__getitem__, flats))
        if self.named.strange:
            strange = list(missing(names))
            for row, line in zip(strange, fetch(strange), strict=True):
                name = self.named.get(flats[row])
                names[row] = self.name(line, flats[row]) if name is None else name
        keys = names
        if {*map(type, names)} != {int}:
            # One look-up a line: there may be ten million of them
            keys = [
                name[1](name[0](line)) if name.__class__ is tuple else name
                for name, line in zip(names, block.split, strict=True)
            ]
            for row in missing(keys):
                keys[row] = self.number(block.split[row], names[row])
        order = list(dict.fromkeys(keys))
        if len(order) > MOST_NAMES:
            return digest
        identities = tuple(self.identities[number] for number in order)
        groups = digest.groups
        if len(order) == 1:
            who = bytes(len(keys))
        else:
            places = dict(zip(order, range(len(order)), strict=True))
            who = bytes(map(places.__getitem__, keys))
            groups = [one for group in groups for one in by_owner(group, who)]
        asked = {row for one in range(len(order)) for row in last_rows(who, one, ENDS)}
        asked.update(row for group in groups for row in asked_for(group))
        rows = sorted(asked - digest.texts.keys())
        texts = {**digest.texts, **dict(zip(rows, fetch.few(rows), strict=True))}
        return replace(digest, groups=groups, texts=texts, who=who, identities=identities)

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

    def name(self, line: bytes, flat: bytes) -> Name | int | None:
        """Learn where lines of a shape name their pod; of one for all of them, its number.

        None where each line must be asked.
        """
        self.steps.named += 1
        if len(line) > LONGEST or len(self.named) > MOST_TOKENS:
            return None
        if line[:1] == b"{":
            spans = [found.span() for found in IN_JSON.finditer(flat)]
        elif any(run in flat for run in OF_ENVELOPES):
            return None
        else:
            found = naming(line)
            spans = [found[0].span(name) for name in found[1]] if found else []
        take = take_of(spans, flat)
        self.room -= len(flat)
        if take is None:
            self.named[flat] = number = self.number(line)
            return number
        numbers: dict[bytes, int] = {}
        self.named[flat] = name = (take, numbers.get, numbers)
        return name

    # -- both

    def learn(self, flat: bytes, line: bytes) -> Shape | Odd:
        """Work out which digits tell the sorts of a shape apart."""
        self.steps.studied += 1
        self.room -= len(flat)
        told = decisive(flat, line, self.known)
        shape = ODD if told is None else Shape(take_of(told, flat))
        self.shapes[flat] = shape
        return shape

    def grouped(self, rows: Mapping[Shape, list[int]], fetch: Fetch) -> Iterator[Group]:
        """Yield the groups of lines, given by their shapes."""
        together: dict[int, tuple[frozenset[int], list[Sequence[int]]]] = {}
        for shape, of_shape in rows.items():
            for token, hits, alike_ in self.told(shape, of_shape, fetch):
                if token is None:
                    yield Group(None, hits, alike_)
                else:
                    together.setdefault(token, (hits, []))[1].append(alike_)
        for token, (hits, several) in together.items():
            yield Group(token, hits, several[0] if len(several) == 1 else sorted(chain(*several)))

    def told(
        self, shape: Shape, rows: list[int], fetch: Fetch
    ) -> Iterator[tuple[int | None, frozenset[int], list[int]]]:
        """Yield (token, hits, indexes) of lines of a shape, those alike together."""
        for digits, of_sort, fetched in divided(rows, shape.take, fetch):
            sort = shape.sorts.get(digits)
            if sort is None and len(shape.sorts) >= MOST_SORTS:
                for row, line in zip(of_sort, fetched or fetch(of_sort), strict=True):
                    for group in self.alone(row, line):
                        yield None, group.hits, [row]
                continue
            if sort is None:
                line = (fetched or fetch(of_sort[:1]))[0]
                sort = shape.sorts[digits] = self.sort_of(line)
                self.room -= 200
            if not sort.hits:
                continue
            for key, alike_, texts in divided(of_sort, sort.take, fetch, fetched):
                token = sort.tokens.get(key)
                if token is None and len(sort.tokens) < MOST_KEYS:
                    line = (texts or fetch(alike_[:1]))[0]
                    token = sort.tokens[key] = self.token_of(line, sort.hits)
                    self.room -= 200
                yield token, sort.hits, alike_

    def sort_of(self, line: bytes) -> Sort:
        """Return the sort that a line belongs to."""
        for _, _, _, hits in hit_lines(b"\n" + line, self.known.automaton):
            flat = line.translate(FLAT)
            if says_nothing(line, hits, self.known):
                break
            return Sort(hits, take_of(telling(line, hits, self.known), flat))
        return Sort(frozenset(), None)

    def token_of(self, line: bytes, hits: frozenset[int]) -> int:
        """Return the token of all lines that are taken for the same as one."""
        meaning = meaning_of(line, hits, self.known)
        token = None if meaning is None else self.meanings.get(meaning)
        if token is None:
            token = self.tokens
            self.tokens += 1
            if meaning is not None:
                self.meanings[meaning] = token
                self.room -= 200
        return token


def may_be_piece(flat: bytes) -> bool:
    """Whether a line of this shape may be a piece of a CRI record."""
    return any(mark in flat for mark in PARTIAL)


def asked_for(group: Group) -> Sequence[int]:
    """Return the indexes of a group's lines whose text is likely to be asked for."""
    rows = group.rows
    if group.token is None or len(rows) <= 2 * LAST:
        return rows
    return (*rows[:LAST], *rows[-LAST:])


def by_owner(group: Group, who: bytes) -> Iterator[Group]:
    """Yield a group divided by whose the lines are."""
    rows = defaultdict(list)
    for row in group.rows:
        rows[who[row]].append(row)
    for one, own in rows.items():
        yield replace(group, rows=own, who=one)


class Lines:
    """Cuts lines of a block out of it, by their indexes; `flats` are as long as they are."""

    def __init__(self, block: Block, flats: Sequence[bytes]) -> None:
        """Cut out none."""
        self.block = block
        self.flats = flats
        self.all: Sequence[bytes] | None = None

    def expect(self, count: int) -> None:
        """Cut out all at once where so many will be asked for."""
        if count * 2 > len(self.flats):
            self.all = self.block.split

    @functools.cached_property
    def begins(self) -> Sequence[int]:
        """Where the lines begin, but for the line feeds."""
        return list(accumulate(map(len, self.flats), initial=1))

    def __call__(self, rows: Sequence[int]) -> Sequence[bytes]:
        """Return lines, given in ascending order."""
        if not rows:
            return ()
        flats, data = self.flats, self.block.data
        if len(rows) * 2 > len(flats) or "split" in vars(self.block):
            split = self.block.split
            return [split[row] for row in rows]
        begins = self.begins
        return [data[(at := begins[row] + row) : at + len(flats[row])] for row in rows]

    def few(self, rows: Sequence[int]) -> Sequence[bytes]:
        """Return lines, given in ascending order: most of them stand at the ends of the block."""
        if self.is_cut:
            return self(rows)
        flats, data = self.flats, self.block.data
        ahead = bisect(rows, len(flats) // 2)
        lines, at, row = [], 1, 0
        for one in rows[:ahead]:
            at += sum(map(len, flats[row:one])) + one - row
            row = one
            lines.append(data[at : at + len(flats[row])])
        rest, at, row = [], len(data) + 1, len(flats)
        for one in reversed(rows[ahead:]):
            at -= sum(map(len, flats[one:row])) + row - one
            row = one
            rest.append(data[at : at + len(flats[row])])
        return [*lines, *reversed(rest)]

    @property
    def is_cut(self) -> bool:
        """Whether it is known where all lines begin."""
        return "begins" in vars(self) or "split" in vars(self.block)


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
    rows: list[int], take: Take | None, fetch: Fetch, lines: Sequence[bytes] = ()
) -> Iterable[tuple[Any, list[int], Sequence[bytes]]]:
    """Return (what lines hold at some places, the indexes of those that do, they), in order.

    The lines themselves are empty where nobody had to look at them.
    """
    if take is None:
        return (((), rows, lines),)
    lines = lines or fetch(rows)
    keys = list(map(take, lines))
    if keys.count(keys[0]) == len(keys):
        return ((keys[0], rows, lines),)
    parted: dict[Any, tuple[list[int], list[bytes]]] = {}
    for key, row, line in zip(keys, rows, lines, strict=True):
        own = parted.get(key)
        if own is None:
            own = parted[key] = ([], [])
        own[0].append(row)
        own[1].append(line)
    return ((key, own, texts) for key, (own, texts) in parted.items())


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


@dataclass(frozen=True)
class Taken:
    """What any program's log would match by a line: whose it is, is not known here."""

    raw: str
    envelope: Envelope | None  # of a line of JSON
    found: tuple[Found, ...]


def taken(line: bytes, hits: frozenset[int], known: Literals) -> Taken:
    """Return what a line of plain ASCII may be taken for."""
    raw = line.rstrip(b"\r").decode("ascii")
    envelope = strip(raw) if raw.startswith("{") else None
    text = envelope.line[:MATCHED] if envelope else raw
    tried = candidates(Emitter.UNKNOWN, hits, known.routine)
    return Taken(raw, envelope, tuple(first_matches((*tried.specific, *tried.fallback), text)))


def says_nothing(line: bytes, hits: frozenset[int], known: Literals) -> bool:
    """Whether nothing comes of a line for any program's log, although it holds literals."""
    told = known.levels | known.absences | known.versions.keys()
    what = None if hits & told else taken(line, hits, known)
    return what is not None and not what.found and GRAVE.search(what.raw) is None


def meaning_of(line: bytes, hits: frozenset[int], known: Literals) -> Hashable:
    """Return what is the same for all lines that are taken alike; None where that is unclear."""
    what = taken(line, hits, known)
    grave = GRAVE.search(what.raw) is not None
    if grave and not what.found:
        return None
    return hits, grave, tuple(key_of(*one) for one in what.found)


def telling(line: bytes, hits: frozenset[int], known: Literals) -> Spans:
    """Return where the digits stand by which the keys of a line's matches differ from others'."""
    what = taken(line, hits, known)
    spans: Spans = []
    for signature, match in what.found:
        groups = match.re.groupindex
        for name in signature.key:
            if name in groups and (value := match[name]):
                spans += unlike(what.raw, match.string, match.start(name), value[:500])
    # What matches nothing is told apart only where it may be kept as unknown
    if not what.found and GRAVE.search(what.raw):
        rest = (what.envelope or strip(what.raw)).text
        spans += unlike(what.raw, rest, 0, rest[:500])
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


def take_of(spans: Spans, flat: bytes) -> Take | None:
    """Return what takes the digits in these stretches out of lines of a shape; None for none."""
    joined: Spans = []
    for begin, end in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    slices = []
    for begin, end in joined:
        first, last = flat.find(b"0", begin, end), flat.rfind(b"0", begin, end)
        if first >= 0:
            slices.append(slice(first, last + 1))
    return itemgetter(*slices) if slices else None


def key_of(signature: Signature, found: re.Match[str]) -> tuple[object, ...]:
    """Return the signature's name and what tells its matches apart."""
    groups = found.re.groupindex
    values = (found[name] if name in groups else None for name in signature.key)
    return (signature.name, *(value and alike(value[:500]) for value in values))


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
