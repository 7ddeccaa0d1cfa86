"""JSON and YAML as Kubernetes writes them and as people paste them, read without trust.

Values have the types of JSON alone: dates stay texts. Each object is read for itself, so that one
that is broken or cut off costs no other; a line of YAML that cannot be read is left out and noted.
What tools do to a paste is undone only where the text cannot be read as it stands: typographic
quotes, tabs, a margin, `...` in place of what was left out.

Safety: YAML is built from the parser's events without recursion; depth, aliases and what they
stand for are bounded, and a tag that is not of YAML's core schema makes its document unreadable.
JSON that is nested too deeply likewise. managedFields are not built.

Limits: anchors hold within one object of a list. JSON's numbers tell no lines: an object's line
is that of its name, found in its text.
"""

from __future__ import annotations

import bisect
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field, replace
from typing import Any

import yaml

from diagnose.text.clean import ESCAPES, plain
from diagnose.text.recognise import prompt_of
from diagnose.text.regex import regex
from diagnose.values import dataclass

LEFT_OUT = "a part was left out"
MOST_CHARACTERS = 64 * 1024 * 1024
MOST_OBJECTS = 100_000
MOST_TROUBLES = 20
DEEPEST = 100  # levels; the API's objects have about 20
DEEPEST_LIST = 4  # a list in a list, as `kubectl get` of several lists prints


@dataclass(frozen=True)
class Found:
    """One object; lines count from 0 in the text.

    `name_line` is that of its name, or else its first. `implied` is the kind that its list tells.
    Where the text ends within the object, `open` is the path to that place, and what was not
    whole is not in the value. `at` is the position of JSON's brace in the text, -1 for what is
    YAML, or was read of a text that had to be mended.
    """

    value: dict[str, Any]
    line: int
    name_line: int
    implied: str = ""
    open: tuple[str, ...] = ()
    at: int = -1


@dataclass(frozen=True)
class Trouble:
    """What could not be read: where, and in words; `left_out` says that only a piece is missing."""

    line: int
    because: str
    left_out: bool = False


@dataclass
class Decoded:
    """What a text holds, in order, with what could not be read of it."""

    found: list[Found] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)

    def trouble(self, line: int, because: str, left_out: bool = False) -> None:
        """Note what could not be read; the first ones only."""
        if len(self.troubles) < MOST_TROUBLES:
            self.troubles.append(Trouble(line, because, left_out))


class Placed(dict[str, Any]):
    """A mapping of YAML that knows where its values stand.

    `places` tells for each key its line, or for a literal block scalar (True) the first line of
    its text.
    """

    __slots__ = ("places",)

    def __init__(self) -> None:
        """Hold nothing."""
        super().__init__()
        self.places: dict[str, tuple[int, bool]] = {}


class Refused(Exception):
    """A document that is not read at all, for a reason in words."""


JSON_START = regex(r"^[ \t]*(?:\{(?!\{)|\[\s*(?:[{\]]|$))", re.MULTILINE)
YAML_START = regex(r"^[ \t]*(?:---(?:\s|$)|(?:- )?[\"']?[A-Za-z_][\w./-]*[\"']?:(?:\s|$))", re.M)
ELISION = regex(
    r"^[ \t]*+(?:[#/]{1,2} ?)?"
    r"(?:\.{3,6}|…|\[(?:\.{3,6}|…|snip)\]|\((?:\.{3,6}|…)\)|<(?:snip|\.{3})>"
    r"|-{2,4} ?snip ?-{2,4})[ \t]*+(?:,[ \t]*+)?$",
    re.MULTILINE | re.IGNORECASE,
)


def decode(text: str) -> Decoded:
    """Return every object of a text, JSON or YAML, single, in lists or one after the other."""
    found = Decoded()
    if len(text) > MOST_CHARACTERS:
        found.trouble(text.count("\n", 0, MOST_CHARACTERS), "longer than is read", left_out=True)
        text = text[:MOST_CHARACTERS]
    moved = False
    if "\x1b" in text:  # the colours of a pager; neither JSON nor YAML has it raw
        text = ESCAPES.sub("", text)
        moved = True
    text = text.replace("\u00a0", " ")  # web pages have it for blanks; to YAML it is a letter
    as_json, as_yaml = JSON_START.search(text), YAML_START.search(text)
    if as_json and (not as_yaml or as_json.start() < as_yaml.start()):
        end = read_json(text, as_json.start(), found)
        if following := YAML_START.search(text, end):
            read_yaml(text, following.start(), found)
        if moved:
            found.found = [replace(one, at=-1) for one in found.found]
    elif as_yaml:
        read_yaml(text, as_yaml.start(), found)
    if len(found.found) >= MOST_OBJECTS:
        found.trouble(0, f"more than {MOST_OBJECTS} objects: the rest was left out", left_out=True)
    return found


def members_of(
    value: object, line: int, name_line: int, implied: str = "", depth: int = 0
) -> Iterator[Found]:
    """Yield the objects of a value: itself, or those of a list or a watch event in it."""
    if depth > DEEPEST_LIST:
        return
    if isinstance(value, list):
        for one in value:
            yield from members_of(one, line, name_line, implied, depth + 1)
        return
    if not isinstance(value, dict):
        return
    kind = value.get("kind")
    kind = kind if isinstance(kind, str) else ""
    items, watched = value.get("items"), value.get("object")
    if isinstance(items, list) and (kind.endswith("List") or not kind):
        for one in items:
            yield from members_of(one, line, name_line, of_list(kind), depth + 1)
    elif isinstance(watched, dict) and set(value) == {"type", "object"}:
        yield from members_of(watched, line, name_line, "", depth + 1)
    else:
        yield Found(value, line, name_line, implied)


def of_list(kind: str) -> str:
    """Return the kind of the items of a list."""
    return kind.removesuffix("List") if kind.endswith("List") else ""


# ---------------------------------------------------------------- JSON

DECODER = json.JSONDecoder(strict=False)
BLANKS = regex(r"[\s\ufeff]*")
BETWEEN = regex(r"[\s,;\ufeff]*")
TOKEN = regex(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[{}\[\],]', re.DOTALL)
TRAILING = regex(r",(?=\s*(?:[}\]]|\Z))")
MOST_REPAIRED = 400_000  # characters of a broken object that are gone through again
MOST_BROKEN = 100  # values that are repaired


class Broken(Exception):
    """JSON that cannot be read from a position on."""

    def __init__(self, position: int, because: str) -> None:
        """Carry the place and the reason."""
        super().__init__(because)
        self.position = position
        self.because = because


@dataclass(frozen=True)
class Element:
    """An item of a list with its place; `open` as in Found."""

    value: Any
    start: int
    end: int
    open: tuple[str, ...] = ()


def read_json(text: str, at: int, into: Decoded) -> int:
    """Add the objects of the JSON values from a position on; return the end of the last one.

    A text that cannot be read as it stands is read again as its author saw it.
    """
    mine = Decoded()
    end = JSONText(text, mine).read(at)
    if mine.troubles:
        again = Decoded()
        clean = ELISION.sub("", plain(text))
        start = JSON_START.search(clean) if clean != text else None
        if start is not None:
            JSONText(clean, again).read(start.start())
            if elided := ELISION.search(text):
                again.trouble(text.count("\n", 0, elided.start()), LEFT_OUT, left_out=True)
            if len(again.found) > len(mine.found) or len(again.troubles) < len(mine.troubles):
                again.found = [replace(one, at=-1) for one in again.found]
                mine, end = again, len(text)
    if mine.troubles and not mine.found and len(text) < MOST_REPAIRED:
        flow = Decoded()  # {kind: Pod}, as YAML and programs' own notations have it
        read_yaml(text, at, flow)
        if any("kind" in one.value for one in flow.found):
            mine, end = flow, len(text)
    into.found.extend(mine.found)
    for one in mine.troubles:
        into.trouble(one.line, one.because, one.left_out)
    return end


class JSONText:
    """A text with JSON values in it, and the lines of its positions."""

    def __init__(self, text: str, into: Decoded) -> None:
        """Note where the lines end."""
        self.text = text
        self.into = into
        self.ends = [match.start() for match in re.finditer("\n", text)]
        self.broken_ones = 0

    def line(self, position: int) -> int:
        """Return the number of the line of a position."""
        return bisect.bisect_left(self.ends, position)

    def skip(self, position: int, pattern: re.Pattern[str] = BLANKS) -> int:
        """Return the position behind blanks."""
        match = pattern.match(self.text, position)
        return match.end() if match else position

    def read(self, at: int) -> int:
        """Add the objects of all values from a position on; return the end of the last one."""
        end = at
        while len(self.into.found) < MOST_OBJECTS:
            at = self.skip(end, BETWEEN)
            if self.text[at : at + 1] not in ("{", "["):
                following = JSON_START.search(self.text, end)
                if following is None:
                    return end
                between = YAML_START.search(self.text, end, following.start())
                if between is not None:  # YAML documents; JSON in them is theirs
                    return end
                at = self.skip(following.start())
            end = self.value(at)
        return end

    def value(self, at: int) -> int:
        """Add the objects of the value at a position; return its end."""
        if self.text[at] == "[":
            elements, end = self.elements(at)
            for one in elements:
                self.add(one, "")
            return end
        head: dict[str, Any] = {}
        try:
            elements, end, listed = self.object(at, head)
        except Broken as broken:
            element, end = self.broken(at, broken, None)
            if element is not None:
                self.add(element, "")
            return end
        if not listed:
            self.add(Element(head, at, end), "")
            return end
        kind = head.get("kind")
        for one in elements:
            self.add(one, of_list(kind) if isinstance(kind, str) else "")
        return end

    def add(self, one: Element, implied: str) -> None:
        """Add the objects of an item."""
        if not isinstance(one.value, dict | list):
            return
        line, name_line = self.line(one.start), self.name_line(one)
        for each in members_of(one.value, line, name_line, implied):
            mine = each.value is one.value
            self.into.found.append(
                Found(each.value, each.line, each.name_line, each.implied, one.open, one.start)
                if mine
                else each
            )

    def name_line(self, one: Element) -> int:
        """Return the line of an object's name, its first one where that is not found."""
        metadata = one.value.get("metadata") if isinstance(one.value, dict) else None
        name = metadata.get("name") if isinstance(metadata, dict) else None
        if isinstance(name, str):
            for begin in ('"name": ', '"name":'):
                at = self.text.find('"metadata"', one.start, one.end)
                at = self.text.find(f'{begin}"{name}"', max(at, one.start), one.end)
                if at >= 0:
                    return self.line(at)
        return self.line(one.start)

    def decoded(self, at: int) -> tuple[Any, int]:
        """Return (value, its end) at a position; raises Broken."""
        try:
            return DECODER.raw_decode(self.text, at)
        except json.JSONDecodeError as error:
            raise Broken(error.pos, error.msg.removesuffix(" at")) from None
        except RecursionError:
            raise Broken(at, "nested too deeply") from None
        except ValueError as error:  # a number of thousands of digits
            raise Broken(at, str(error)[:100]) from None

    def object(self, at: int, head: dict[str, Any]) -> tuple[list[Element], int, bool]:
        """Fill `head` with the members of an object; return its items, end, and if it is a list.

        The items of a list are read each for itself. Raises Broken outside of them.
        """
        elements: list[Element] = []
        listed = False
        at = self.skip(at + 1, BETWEEN)
        while self.text[at : at + 1] != "}":
            if self.text[at : at + 1] != '"':
                if listed:
                    self.into.trouble(self.line(at), "the list has no end", left_out=True)
                    return elements, at, listed
                raise Broken(at, "no key of an object")
            key, at = self.decoded(at)
            at = self.skip(at)
            if self.text[at : at + 1] != ":":
                raise Broken(at, "Expecting ':' delimiter")
            at = self.skip(at + 1)
            if key == "items" and self.text[at : at + 1] == "[":
                listed = True
                elements, at = self.elements(at)
            else:
                try:
                    head[key], at = self.decoded(at)
                except Broken as broken:
                    if not listed:
                        raise
                    self.into.trouble(self.line(broken.position), broken.because, left_out=True)
                    return elements, len(self.text), listed
            at = self.skip(at, BETWEEN)
        return elements, at + 1, listed

    def elements(self, at: int) -> tuple[list[Element], int]:
        """Return the items of the array at a position, and its end; broken ones repaired."""
        elements: list[Element] = []
        at = self.skip(at + 1, BETWEEN)
        while at < len(self.text) and self.text[at] != "]":
            start = at
            try:
                value, at = self.decoded(at)
                elements.append(Element(value, start, at))
            except Broken as broken:
                element, at = self.broken(start, broken, self.next_item(start, broken.position))
                if element is not None:
                    elements.append(element)
            at = self.skip(at, BETWEEN)
        return elements, at + 1

    def next_item(self, start: int, failed: int) -> int | None:
        """Return where the next item of a printed list begins, by its margin; None where none."""
        line_start = self.text.rfind("\n", 0, start) + 1
        margin = self.text[line_start:start]
        if margin.strip() or not line_start:
            return None
        at = self.text.find(f"\n{margin}{{", failed)
        return at + 1 + len(margin) if at >= 0 else None

    def broken(self, start: int, broken: Broken, end: int | None) -> tuple[Element | None, int]:
        """Return (what can be read of a broken value, where to go on), and note the trouble."""
        self.broken_ones += 1
        if self.broken_ones > MOST_BROKEN:
            self.into.trouble(self.line(start), "too much of it is not valid JSON")
            return None, len(self.text)
        stop = min(len(self.text) if end is None else end, start + MOST_REPAIRED)
        value, behind, path = repaired(self.text, start, stop)
        because = "it ends in the middle" if path else f"not valid JSON: {broken.because}"
        self.into.trouble(self.line(broken.position), because, left_out=True)
        if value is None:
            return None, len(self.text) if end is None else end
        return Element(value, start, behind, path), behind if end is None else end


def repaired(text: str, start: int, stop: int) -> tuple[Any, int, tuple[str, ...]]:
    """Return (value, its end, the open path) of JSON that has commas too many or was cut.

    Cut JSON is closed behind its last whole member. The value is None when that does not help.
    """
    stack: list[str] = []
    safe: tuple[int, tuple[str, ...]] = (start, ())
    for token in TOKEN.finditer(text, start, stop):
        mark = token[0]
        if mark in "{[":
            if len(stack) >= DEEPEST:
                return None, stop, ()
            stack.append("}" if mark == "{" else "]")
            safe = (token.end(), tuple(stack))
        elif mark in "}]":
            if not stack or stack.pop() != mark:
                return None, stop, ()
            safe = (token.end(), tuple(stack))
            if not stack:
                return loaded(text[start : token.end()]), token.end(), ()
        elif mark == ",":
            safe = (token.start(), tuple(stack))
    value = loaded(text[start : safe[0]] + "".join(reversed(safe[1])))
    return value, stop, open_path(value, len(safe[1]))


def loaded(text: str) -> Any:
    """Return the value of JSON without its commas too many; None when it still is none."""
    kept = []
    last = 0
    for token in TOKEN.finditer(text):
        if token[0] == "," and TRAILING.match(text, token.start()):
            kept.append(text[last : token.start()])
            last = token.end()
    kept.append(text[last:])
    try:
        return json.loads("".join(kept), strict=False)
    except (ValueError, RecursionError):
        return None


def open_path(value: Any, depth: int) -> tuple[str, ...]:
    """Return the keys to the innermost bracket that was open; indices of arrays are "".

    Never empty, so that it says that something was open.
    """
    path = []
    for _ in range(depth - 1):
        if isinstance(value, dict) and value:
            key = next(reversed(value))
            path.append(key)
            value = value[key]
        elif isinstance(value, list) and value:
            path.append("")
            value = value[-1]
        else:
            break
    return tuple(path) or ("",)


# ---------------------------------------------------------------- YAML: its lines

DOCUMENT = regex(r"---(?:\s|$)")
QUOTED_VALUE = regex(r"\s*(?:- +)*(?:[\w./-]+: +)?[“”„‟‘’]")
DASH = regex(r"([ ]*)-(?:[ ]|$)")
ITEMS = regex(r"items:\s*(?:#.*)?$")
TOP_KEY = regex(r"[A-Za-z_][\w./-]*:(?:\s|$)")
WITH_VALUE = regex(r"[A-Za-z_][\w./-]*: +[^\s|>&{\[#]")
MOST_FIXES = 12
LARGE = 200_000  # characters of one object; few are read again and again when they are broken


def read_yaml(text: str, at: int, into: Decoded) -> None:
    """Add the objects of all YAML documents from a position on."""
    lines = text.split("\n")
    first = text.count("\n", 0, at)
    lines[:first] = [""] * first
    following = ""
    for index in range(len(lines) - 1, first - 1, -1):
        line = lines[index]
        if not line.strip():
            continue
        if ELISION.match(line):
            if line != "..." or not DOCUMENT.match(following):  # else it only ends a document
                into.trouble(index, LEFT_OUT, left_out=True)
            lines[index] = ""
            continue
        following = line
        if QUOTED_VALUE.match(line):
            lines[index] = plain(line)
    margin = margin_of(lines)
    if margin:
        lines = [line[margin:] for line in lines]
    start = first
    for index in range(first, len(lines) + 1):
        if index == len(lines) or DOCUMENT.match(lines[index]):
            read_document(lines, start, index, into)
            start = index + 1
            if index < len(lines) and (rest := lines[index][3:].strip()) and rest[0] != "#":
                lines[index] = f"   {rest}"  # `--- {a: b}`
                start = index
            if len(into.found) >= MOST_OBJECTS:
                return


def margin_of(lines: Iterable[str]) -> int:
    """Return how many blanks all lines begin with."""
    return min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)


def read_document(lines: Sequence[str], start: int, end: int, into: Decoded) -> None:
    """Add the objects of one document, each item of a list for itself."""
    body = [index for index in range(start, end) if lines[index].strip()]
    body = [index for index in body if not lines[index].lstrip().startswith("#")] or body
    if not body:
        return
    opening = next((index for index in body if ITEMS.match(lines[index])), None)
    first = next((index for index in body if opening is None or index > opening), end)
    dash = DASH.match(lines[first]) if first < end else None
    if dash is None or (opening is None and first != body[0]):
        value = Document(lines[start:end], start, into).value()
        for found in members_of(value, body[0], name_line(value, body[0])):
            into.found.append(found)
        return
    margin = len(dash[1])
    starts, stop = [first], end
    for index in range(first + 1, end):
        line = lines[index]
        if line[:margin].strip() or not line.strip():
            if line.strip() and TOP_KEY.match(line):
                stop = index
                break
            continue
        if line[margin : margin + 2] in ("- ", "-"):
            starts.append(index)
        elif not margin and TOP_KEY.match(line):
            stop = index
            break
    head = list_head(lines, start, opening, stop, end, into)
    kind = head.get("kind")
    implied = of_list(kind) if isinstance(kind, str) else ""
    if opening is not None and kind is None and "apiVersion" in head:
        # kubectl prints the kind of a list behind its items
        into.trouble(end - 1, "the list has no end", left_out=True)
    for begin, until in zip(starts, [*starts[1:], stop], strict=True):
        value = Document(lines[begin:until], begin, into).value()
        for each in value if isinstance(value, list) else [value]:
            into.found.extend(members_of(each, begin, name_line(each, begin), implied))
        if len(into.found) >= MOST_OBJECTS:
            return


def list_head(
    lines: Sequence[str], start: int, opening: int | None, stop: int, end: int, into: Decoded
) -> dict[str, Any]:
    """Return what a list says of itself, before and behind its items."""
    if opening is None:
        return {}
    head = [*lines[start:opening], *lines[stop:end]]
    value = Document(head, start, into, quiet=True).value() if any(head) else None
    return value if isinstance(value, dict) else {}


def name_line(value: object, line: int) -> int:
    """Return the line of an object's name, or else its first."""
    metadata = value.get("metadata") if isinstance(value, dict) else None
    if isinstance(metadata, Placed) and "name" in metadata.places:
        return metadata.places["name"][0]
    return line


class Document:
    """The lines of one document, the first of which has the number `first` in the text."""

    def __init__(
        self, lines: Sequence[str], first: int, into: Decoded, *, quiet: bool = False
    ) -> None:
        """Take the lines as they stand."""
        self.lines = list(lines)
        self.first = first
        self.into = into
        self.quiet = quiet

    def trouble(self, line: int, because: str, left_out: bool = False) -> None:
        """Note what could not be read."""
        if not self.quiet:
            self.into.trouble(line + self.first, because, left_out)

    def value(self) -> Any:
        """Return the document's value without the lines that cannot be read; None without any."""
        cleaned = False
        fixes = MOST_FIXES if sum(map(len, self.lines)) < LARGE else 2
        while True:
            try:
                return build("\n".join(self.lines), self.first)
            except Refused as refused:
                self.trouble(0, str(refused))
                return None
            except (yaml.YAMLError, ValueError) as error:
                if not cleaned:
                    cleaned = True
                    before, self.lines = self.lines, tidy(self.lines)
                    if self.lines != before:
                        continue
                line = self.blamed(error)
                if line is None:
                    self.trouble(0, "not valid YAML")
                    return None
                because = getattr(error, "problem", None) or "not valid YAML"
                if not prompt_of(self.lines[line].strip()):
                    self.trouble(line, f"not valid YAML: {because}", left_out=True)
                if fixes <= 0:  # what stands before it, once
                    if fixes < 0:
                        return None
                    self.lines = self.lines[:line]
                self.lines[line : line + 1] = [""] if line < len(self.lines) else []
                fixes -= 1

    def blamed(self, error: Exception) -> int | None:
        """Return the line that an error is about; None when there is no such line."""
        if not isinstance(error, yaml.MarkedYAMLError):
            return None
        scalar = "simple key" in str(error.context) or "scalar" in str(error.context)
        mark = error.context_mark if scalar and error.context_mark else error.problem_mark
        line = mark.line if mark else len(self.lines) - 1
        line = min(line, len(self.lines) - 1)
        while line >= 0 and not self.lines[line].strip():
            line -= 1
        return line if line >= 0 else None


def tidy(lines: Sequence[str]) -> list[str]:
    """Return the lines as their author saw them: straight quotes, no tabs, one margin."""
    clean = [plain(line) for line in lines]
    clean = [
        line[: len(line) - len(line.lstrip())].expandtabs(8) + line.lstrip()
        if line[:1].isspace()
        else line
        for line in clean
    ]
    shown = [index for index, line in enumerate(clean) if line.strip()]
    if len(shown) > 1:
        head = clean[shown[0]]
        rest = margin_of(clean[shown[1] :])
        indent = len(head) - len(head.lstrip())
        if indent < rest and WITH_VALUE.match(head.lstrip()):  # a copy lost the first margin
            clean[shown[1] :] = [line[rest:] for line in clean[shown[1] :]]
            clean[shown[0]] = head.lstrip()
    return clean


# ---------------------------------------------------------------- YAML: its values

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
CORE = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in "str int float bool null map seq binary timestamp".split()
) | {"!"}
CONSTANTS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
INTEGER = regex(r"[-+]?(?:0|[1-9]\d{0,17})")
MOST_ALIASES = 1000
MOST_EXPANDED = 100_000  # values that aliases stand for, taken together
PLACES = frozenset({"metadata", "data", "kubeletconfig"})
SKIPPED = "managedFields"


class Frame:
    """A collection while it is built."""

    __slots__ = ("anchor", "key", "key_line", "start", "value")

    def __init__(self, value: Any, anchor: str | None, start: int) -> None:
        """Begin a collection; `start` is how many values there were before."""
        self.value = value
        self.anchor = anchor
        self.start = start
        self.key: str | None = None
        self.key_line = 0


def build(text: str, first: int = 0) -> Any:
    """Return the value of the first document in a text; places count from `first`.

    Raises yaml.YAMLError, ValueError, or Refused.
    """
    loader = LOADER(text)
    try:
        return built(loader, first)
    finally:
        loader.dispose()


def built(loader: Any, first: int) -> Any:
    """Return the value that the events of a loader make."""
    stack: list[Frame] = []
    anchors: dict[str, tuple[Any, int]] = {}
    count = aliases = expanded = skipping = 0
    while True:
        event = loader.get_event()
        kind = type(event)
        if event is None or kind is yaml.StreamEndEvent or kind is yaml.DocumentEndEvent:
            return None
        starts = kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent
        if skipping:
            if starts:
                skipping += 1
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                skipping -= 1
                if skipping == 1:
                    skipping = 0
            continue
        top = stack[-1] if stack else None
        literal = False
        if kind is yaml.ScalarEvent:
            if event.tag is not None and event.tag not in CORE:
                raise Refused(f"the tag {event.tag[:60]} is not read")
            if top is not None and top.key is None and type(top.value) is not list:
                top.key, top.key_line = event.value, event.start_mark.line
                continue
            value = scalar(event)
            literal = event.style == "|"
            count += 1
            if event.anchor:
                anchors[event.anchor] = (value, 1)
        elif starts:
            if event.tag is not None and event.tag not in CORE:
                raise Refused(f"the tag {event.tag[:60]} is not read")
            if len(stack) >= DEEPEST:
                raise Refused("nested too deeply")
            if top is not None and top.key == SKIPPED:
                top.key, skipping = None, 2
                continue
            if kind is yaml.SequenceStartEvent:
                made: Any = []
            else:
                made = Placed() if keeps_places(stack) else {}
            stack.append(Frame(made, event.anchor, count))
            continue
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            frame = stack.pop()
            value = frame.value
            count += 1
            if frame.anchor:
                anchors[frame.anchor] = (value, count - frame.start)
            top = stack[-1] if stack else None
            if top is not None and top.key is None and type(top.value) is not list:
                top.key = "?"  # a collection as a key, such as an unquoted {{ template }}
                continue
        elif kind is yaml.AliasEvent:
            if event.anchor not in anchors:
                raise Refused("an alias without its anchor")
            value, size = anchors[event.anchor]
            aliases, expanded, count = aliases + 1, expanded + size, count + size
            if aliases > MOST_ALIASES or expanded > MOST_EXPANDED:
                raise Refused("its aliases stand for too much")
            if top is not None and top.key is None and type(top.value) is not list:
                top.key = value if isinstance(value, str) else "?"
                continue
        else:
            continue
        if top is None:
            return value
        if type(top.value) is list:
            top.value.append(value)
            continue
        key, top.key = top.key, None
        if key == "<<" and isinstance(value, dict):
            for inner, other in value.items():
                top.value.setdefault(inner, other)
            continue
        top.value[key] = value
        if type(top.value) is Placed:
            line = event.start_mark.line + 1 if literal else top.key_line
            top.value.places[str(key)] = (line + first, literal)


def keeps_places(stack: Sequence[Frame]) -> bool:
    """Whether the mapping to begin is one whose lines are wanted: an object, and some in it."""
    if len(stack) > 4:
        return False
    return not stack or type(stack[-1].value) is list or stack[-1].key in PLACES


def scalar(event: Any) -> Any:
    """Return the value of a scalar: a text, a whole number, true, false or null."""
    text = event.value
    if event.style or event.tag is not None:
        return text
    if text in CONSTANTS:
        return CONSTANTS[text]
    if text[0] in "0123456789-+" and INTEGER.fullmatch(text):
        return int(text)
    return text
