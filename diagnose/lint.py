"""Corefiles before they are rolled out: what the checks of the configuration say of a file.

A file is a Corefile, or holds objects of Kubernetes: ConfigMaps with one, Deployments that name
the version. The checks are those whose facts a Corefile and a version tell. Where no version is
known they are judged by every release at which a rule for the file's plugins changes; only what
holds in all of them decides.

Imports are followed as CoreDNS does, from the folder of the importing file, which stands for
/etc/coredns; nothing outside of the Corefile's own folder is read, also not through links.
"""

from __future__ import annotations

import bisect
import glob
import re
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import IO

from diagnose.asks import Ask
from diagnose.collect import facts_for
from diagnose.evidence import Evidence
from diagnose.facts.corefile import (
    MOUNTED,
    Corefile,
    has_wildcard,
    import_gap,
    lex,
    parse_corefile,
    same_line,
    under,
)
from diagnose.facts.corefile_arguments import versions_of
from diagnose.facts.corefile_faults import CorefileFaults
from diagnose.facts.corefile_rules import Version, bound, parse_version
from diagnose.facts.corefile_tables import NEWEST, OLDEST, RELEASES, eras
from diagnose.facts.version import CoreDNSVersion
from diagnose.facts.workloads import Deployment
from diagnose.judge import judge
from diagnose.model import Check, Fact, Finding, Gap, GapKind, Quote, Severity, Spot, Status
from diagnose.parsers import objects
from diagnose.parts import Kind, Part
from diagnose.signatures.base import Emitter
from diagnose.sources.base import SourceError, told_by, way_out
from diagnose.text.clean import decode
from diagnose.text.recognise import cut
from diagnose.text.regex import regex
from diagnose.values import dataclass

LAYER = "coredns-config"
PROBE = ".:53 {\n    kubernetes cluster.local\n    forward . 192.0.2.1\n}\n"
OBJECT = regex(
    r"^[ \t]*+(?:- [{\[ \t]*+|[{\[][{\[ \t]*+)?"
    r"[\"']?(?:apiVersion|kind|items|metadata|data)[\"']?[ \t]*:",
    re.MULTILINE,
)
OBJECT_ENDINGS = (".yaml", ".yml", ".json")
CUSTOM_ENDINGS = (".server", ".override")
VALUE = regex(r"""(?:^|[\s,{])["']?(?:Corefile|[\w-]+\.server)["']?[ \t]*:[ \t]*(")""")
ESCAPES = {
    "0": "\0",
    "a": "\a",
    "b": "\b",
    "t": "\t",
    "\t": "\t",
    "n": "\n",
    "v": "\v",
    "f": "\f",
    "r": "\r",
    "e": "\x1b",
    "N": "\x85",
    "_": "\xa0",
    "L": "\u2028",
    "P": "\u2029",
}
HEX_DIGITS = {"x": 2, "u": 4, "U": 8}
MOST_BYTES = 16 * 1024 * 1024
SEEN = 256 * 1024  # characters that tell what a text is
MOST_IMPORTED_FILES = 1000
MOST_IMPORTED_BYTES = 4 * 1024 * 1024
# Kubernetes 1.25 installs it; what only older ones refuse troubles no file of today.
OLDEST_AT_WORK = "1.9.3"
BINARY = regex(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\ufffd]")
MOST_BINARY = 0.1  # of a text's characters; a comment of another encoding has fewer


@dataclass(frozen=True)
class Note:
    """One finding at its place in the given file, or in a file that it imports.

    `versions` says for which releases it holds, "" for the one that is meant or for all. It is
    `certain` unless another version, or another build, would not have it. `inside` is the end of
    the message that tells the place in an imported file.
    """

    file: str
    line: int
    column: int
    severity: Severity
    check: str
    message: str
    text: str = ""
    versions: str = ""
    certain: bool = True
    inside: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True)
class Linted:
    """What is said of one Corefile.

    `version` is the one that it was judged by, "" for all. `refused` tells that a problem holds in
    every one; `undecided` says in words what is not known.
    """

    file: str
    version: str
    notes: tuple[Note, ...]
    refused: bool
    undecided: tuple[Gap, ...]


@dataclass(frozen=True)
class Lint:
    """What is said of all that was given; `without` are the files that hold no Corefile."""

    checks: tuple[str, ...]
    files: tuple[Linted, ...]
    without: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether there is a problem for certain."""
        return any(one.refused for one in self.files)

    @property
    def undecided(self) -> bool:
        """Whether something is not known."""
        return bool(self.gaps) or any(one.undecided for one in self.files)


@dataclass(frozen=True)
class Given:
    """One Corefile with what belongs to it: the texts of files and where it stands in its own."""

    file: str
    corefile: Corefile
    places: Places
    version: CoreDNSVersion | None = None
    folder: Path | None = None


# ---------------------------------------------------------------- what is given


def given(name: str, stdin: IO[bytes]) -> tuple[Given, ...]:
    """Return the Corefiles of a file, "-" for standard input. Raises SourceError."""
    data = content(name, stdin)
    called = "<stdin>" if name == "-" else name
    # A byte that is not UTF-8 is to CoreDNS what it is here, and carriage returns stay
    text = data.decode("utf-8", "replace")
    if not wide(data) and len(BINARY.findall(text)) > MOST_BINARY * len(text):
        raise SourceError(f"{called}: holds no text", "give a Corefile, or a ConfigMap with one")
    if name.lower().endswith(OBJECT_ENDINGS) or OBJECT.search(text) or wide(data):
        return in_objects(called, decode(data)[0])
    if not lex(text):
        return ()
    if other := what_else(text):
        raise SourceError(
            f"{called}: no Corefile, but {other}",
            f"to read it: corediag run --from {shlex.quote(name)}",
        )
    path = None if name == "-" else Path(name)
    files, missing = beside(path, text) if path else (None, ())
    parsed = parse_corefile(text, origin=called, files=files)
    known = {import_gap(pattern, has_wildcard(pattern)) for pattern, _ in missing}
    gaps = (*(gap for gap in parsed.gaps if gap not in known), *(gap for _, gap in missing))
    custom = called.endswith(CUSTOM_ENDINGS)
    whole = replace(parsed, gaps=tuple(dict.fromkeys(gaps)), custom=custom)
    return (Given(called, whole, Places(text), folder=path.parent if path else None),)


def what_else(text: str) -> str:
    """Return what a text is that is known to be no Corefile, such as a log; "" for any other.

    What could be a broken Corefile is one: that takes most of its lines for something else.
    """
    lines: Counter[str] = Counter()
    for part in cut(text[:SEEN], origin=""):
        if part.kind is Kind.COREFILE:
            return ""
        told = part.emitter is not Emitter.UNKNOWN
        kind = f"a log of {part.emitter.value}" if told else part.kind.value
        known = part.kind not in (Kind.TEXT, Kind.SHELL, Kind.BINARY)
        lines[kind if known else ""] += sum(map(bool, map(str.strip, part.text.split("\n"))))
    (kind, count), *_ = lines.most_common(1) or [("", 0)]
    return kind if count * 2 > lines.total() else ""


def content(name: str, stdin: IO[bytes]) -> bytes:
    """Return the bytes of a file. Raises SourceError."""
    try:
        if name == "-":
            data = stdin.read(MOST_BYTES + 1)
        else:
            with Path(name).open("rb") as file:
                data = file.read(MOST_BYTES + 1)
    except IsADirectoryError:
        raise SourceError(f"{name}: a folder", "name the files: a Corefile, a ConfigMap") from None
    except (OSError, ValueError) as error:
        says = told_by(error) if isinstance(error, OSError) else str(error)
        hint = way_out(error) if isinstance(error, OSError) else ""
        raise SourceError(f"{name}: {says}", hint or "check the path") from error
    if len(data) > MOST_BYTES:
        raise SourceError(f"{name}: longer than {MOST_BYTES // 1024**2} MiB", "no Corefile is")
    return data


def wide(data: bytes) -> bool:
    """Whether bytes begin as UTF-16 does, in which PowerShell writes; CoreDNS does not read it."""
    return data[:2] in (b"\xff\xfe", b"\xfe\xff")


def in_objects(name: str, text: str) -> tuple[Given, ...]:
    """Return the Corefiles of objects of Kubernetes, with the version that a Deployment names."""
    parsed = objects.parse(Part(Kind.OBJECTS, name, text, whole=True))
    files = [one for one in parsed.items if isinstance(one, Corefile)]
    deployments = tuple(one for one in parsed.items if isinstance(one, Deployment))
    told = Evidence(items=deployments).fetch(CoreDNSVersion)
    version = told if isinstance(told, CoreDNSVersion) and len(told.versions) == 1 else None
    # A part that could not be read may hold another Corefile, or more of this one
    gaps = tuple(gap for gap in parsed.gaps if gap.kind is not GapKind.NOT_COLLECTED)
    found: list[Given] = []
    taken: set[int] = set()
    for one in files:
        places: Places = Literal(text, one) if one.origin == name else Quoted(text, one, taken)
        whole = replace(one, gaps=(*one.gaps, *gaps), torn=False)  # nobody cut a given file
        found.append(Given(name, whole, places, version))
    if gaps and not found:
        raise SourceError(f"{name}: {gaps[0].because}", gaps[0].ask)
    return tuple(found)


# ---------------------------------------------------------------- where it stands in its file


class Places:
    """Turns the places of a Corefile into those of its file; here they are the same."""

    def __init__(self, text: str) -> None:
        """Keep the text of the file."""
        self.lines = text.split("\n")

    def of(self, line: int, column: int) -> tuple[int, int]:
        """Return the line and the column in the file."""
        return line, column

    def first_column(self, line: int) -> int:
        """Return the column of the first word of a line of the Corefile."""
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return len(text) - len(text.lstrip()) + 1


class Literal(Places):
    """A literal block of YAML: lines are those of the file already, columns lack its margin."""

    def __init__(self, text: str, corefile: Corefile) -> None:
        """Keep the lines of both."""
        super().__init__(corefile.text)
        self.file_lines = text.split("\n")
        self.first = corefile.first_line

    def of(self, line: int, column: int) -> tuple[int, int]:
        """Return the line and the column in the file."""
        if not 0 < line <= len(self.file_lines):
            return line, column
        mine = self.lines[line - self.first] if line - self.first < len(self.lines) else ""
        return line, column + max(len(self.file_lines[line - 1]) - len(mine), 0)

    def first_column(self, line: int) -> int:
        """Return the column, in the Corefile, of the first word of a line."""
        return super().first_column(line - self.first + 1)


class Quoted(Places):
    """A string in quotes, of JSON or YAML, each character of which stands somewhere in the file.

    Without such a string (YAML has other notations) all is at the key.
    """

    def __init__(self, text: str, corefile: Corefile, taken: set[int]) -> None:
        """Look for the string that a Corefile is; `taken` are those of other Corefiles."""
        super().__init__(corefile.text)
        self.breaks = [-1, *(match.start() for match in re.finditer("\n", text))]
        self.starts = [0, *(match.end() for match in re.finditer("\n", corefile.text))]
        self.found: list[int] = []
        self.key = 0
        for match in VALUE.finditer(text):
            if match.start(1) in taken:
                continue
            self.key = self.key or match.start(1)
            value, found = unquoted(text, match.start(1) + 1)
            if value == corefile.text:
                taken.add(match.start(1))
                self.found = found
                return
        if not self.key and (plain := re.search(r"Corefile[\"']?\s*:", text)):
            self.key = plain.start()

    def of(self, line: int, column: int) -> tuple[int, int]:
        """Return the line and the column in the file."""
        at = self.key
        if self.found and 0 < line <= len(self.starts):
            at = self.found[min(self.starts[line - 1] + column - 1, len(self.found) - 1)]
        number = bisect.bisect_left(self.breaks, at)
        return number, at - self.breaks[number - 1]


def unquoted(text: str, at: int) -> tuple[str, list[int]]:
    """Return what a string in double quotes means, and where each of its characters stands.

    Source: YAML 1.2.2, 5.7 (escapes) and 7.3.1 (folding of lines); JSON has a part of both.
    """
    value: list[str] = []
    found: list[int] = []

    def add(character: str, where: int) -> None:
        value.append(character)
        found.append(where)

    while at < len(text) and text[at] != '"':
        start, char = at, text[at]
        at += 1
        if char == "\n":  # a fold is a blank, further empty lines are line ends
            while value and value[-1] in " \t" and text[found[-1]] in " \t":
                value.pop()
                found.pop()
            empty, at = folded(text, at)
            for one in "\n" * empty or " ":
                add(one, start)
        elif char != "\\" or at >= len(text):
            add(char, start)
        elif text[at] == "\n":
            empty, at = folded(text, at + 1)
            for one in "\n" * empty:
                add(one, start)
        elif text[at] in HEX_DIGITS:
            digits = text[at + 1 : at + 1 + HEX_DIGITS[text[at]]]
            at += 1 + len(digits)
            number = int(digits, 16) if re.fullmatch("[0-9A-Fa-f]+", digits) else 0xFFFD
            if 0xDC00 <= number < 0xE000 and value and 0xD800 <= ord(value[-1]) < 0xDC00:
                number = 0x10000 + ((ord(value.pop()) - 0xD800) << 10) + number - 0xDC00
                start = found.pop()
            add(chr(number) if number < 0x110000 else "\ufffd", start)
        else:
            add(ESCAPES.get(text[at], text[at]), start)
            at += 1
    return "".join(value), found


def folded(text: str, at: int) -> tuple[int, int]:
    """Return how many empty lines follow, and where the next text begins."""
    empty = 0
    while match := re.compile(r"[ \t]*\n").match(text, at):
        empty += 1
        at = match.end()
    blanks = re.compile(r"[ \t]*").match(text, at)
    return empty, blanks.end() if blanks else at


# ---------------------------------------------------------------- imports

Missing = tuple[str, Gap]


@dataclass
class Reading:
    """The imported files read so far, by the path that CoreDNS would find them under."""

    root: Path
    files: dict[str, str] = field(default_factory=dict)
    missing: list[Missing] = field(default_factory=list)
    bytes_left: int = MOST_IMPORTED_BYTES

    def add(self, path: Path, mounted: str) -> bool:
        """Read a file; False where it lies outside of the folder, or cannot be read."""
        if mounted in self.files:
            return True
        if len(self.files) >= MOST_IMPORTED_FILES or self.bytes_left <= 0:
            return False
        try:
            if not path.resolve().is_relative_to(self.root) or not path.is_file():
                return False
            with path.open("rb") as file:
                data = file.read(self.bytes_left)
        except (OSError, ValueError, RuntimeError):  # RuntimeError: links in a circle
            return False
        self.bytes_left -= len(data)
        self.files[mounted] = data.decode("utf-8", "replace")
        return True


def beside(path: Path, text: str) -> tuple[dict[str, str], tuple[Missing, ...]]:
    """Return the files that a Corefile and its imports bring, and the imports left undecided."""
    reading = Reading(path.parent.resolve())
    todo = [("", text)]
    seen: set[str] = set()
    while todo:
        importer, content = todo.pop()
        for pattern in imports_in(content):
            wanted = under(importer, pattern)
            if wanted in seen or "\0" in pattern:
                continue
            seen.add(wanted)
            before = set(reading.files)
            look_for(wanted, pattern, reading)
            todo += [(name, reading.files[name]) for name in reading.files if name not in before]
    return reading.files, tuple(reading.missing)


def imports_in(text: str) -> Iterator[str]:
    """Yield what the import lines of a text name."""
    tokens = lex(text)
    for at, one in enumerate(tokens[:-1]):
        begins = at == 0 or not same_line(tokens[at - 1], one)
        if begins and one.text == "import" and same_line(one, tokens[at + 1]):
            yield tokens[at + 1].text


def look_for(wanted: str, pattern: str, reading: Reading) -> None:
    """Read the files of one import; note where the folder does not tell whether there are any."""
    mount = MOUNTED.rpartition("/")[0] + "/"
    globbed = has_wildcard(pattern)
    if not wanted.startswith(mount):
        because = f"it imports {pattern}, outside of its folder, where nothing is read"
        reading.missing.append((pattern, Gap("the Corefile", GapKind.PARTIAL, because)))
        return
    relative = wanted[len(mount) :]
    if not globbed:
        reading.add(reading.root / relative, wanted)
        return
    names = glob.glob(relative, root_dir=reading.root, include_hidden=True)  # noqa: PTH207  Path.glob leaves no pattern of Go's its meaning
    read = [reading.add(reading.root / name, mount + name) for name in sorted(names)]
    folder = reading.root / relative.rpartition("/")[0]
    if not all(read) or (not names and not folder.is_dir()):
        reading.missing.append((pattern, import_gap(pattern, globbed=True)))


# ---------------------------------------------------------------- what is said


def lint(
    checks: Sequence[Check],
    files: Iterable[Given],
    version: str = "",
    *,
    without: Sequence[str] = (),
    gaps: Sequence[Gap] = (),
) -> Lint:
    """Return what some checks say of Corefiles, by a version or by all; `gaps` are the engine's."""
    chosen = decidable(checks)
    said = [linted(chosen, one, version) for one in files]
    return Lint(
        checks=tuple(check.id for check in chosen),
        files=tuple(once(one, said) for one in said),
        without=tuple(without),
        gaps=tuple(gaps),
    )


def once(one: Linted, said: Iterable[Linted]) -> Linted:
    """Return what is said, without what is told of an imported file at its own place as well."""
    told = {
        (note.check, note.message)
        for other in said
        if other is not one and other.file == one.file
        for note in other.notes
    }

    def elsewhere(note: Note) -> bool:
        message = note.message.removesuffix(note.inside)
        return bool(note.inside) and (note.check, message) in told

    return replace(one, notes=tuple(note for note in one.notes if not elsewhere(note)))


def decidable(checks: Sequence[Check]) -> tuple[Check, ...]:
    """Return the checks all of whose facts a Corefile and a version tell wholly."""
    facts = facts_of(checks, parse_corefile(PROBE, origin="Corefile"), named(NEWEST))

    def whole(fact: Fact | Gap) -> bool:
        return not isinstance(fact, Gap) and not fact.gaps

    return tuple(
        check
        for check in checks
        if all(whole(facts[need.fact]) for need in check.needs if need.required)
    )


def named(version: str) -> CoreDNSVersion:
    """Return the fact of a version that somebody named."""
    return CoreDNSVersion(origin="--coredns-version", versions=(version,))


def facts_of(
    checks: Sequence[Check], corefile: Corefile, version: CoreDNSVersion
) -> dict[type[Fact], Fact | Gap]:
    """Return the facts that a Corefile and a version tell."""
    evidence = Evidence(
        items=(corefile, version), looked=frozenset({Ask.DNS_CONFIG}), source=corefile.origin
    )
    return facts_for(checks, evidence)


def linted(checks: Sequence[Check], one: Given, version: str) -> Linted:
    """Return what some checks say of one Corefile."""
    told = one.version.newest if one.version and not version else version
    if told:
        said = Said.of(checks, one, told)
        notes = [one_note(one, check, finding) for check, finding in said.findings]
        gaps = [*said.gaps, *unknown_version(told)]
        refused = any(note.certain and note.severity > Severity.INFO for note in notes)
        if not refused and any(not note.certain for note in notes):
            gaps.append(conditional(notes))
        return Linted(one.file, told, ordered(notes), refused, tuple(dict.fromkeys(gaps)))
    return by_all(checks, one)


def by_all(checks: Sequence[Check], one: Given) -> Linted:
    """Return what some checks say of one Corefile by every version that is known."""
    names = {directive.name for block in one.corefile.blocks for directive in block.directives}
    names |= {directive.name for directive in one.corefile.strays}
    releases = eras(names)
    each = [Said.of(checks, one, release) for release in releases]
    indices: dict[tuple[Check, Finding], set[int]] = {}
    for index, said in enumerate(each):
        for pair in said.findings:
            indices.setdefault(pair, set()).add(index)
    notes = []
    for (check, finding), where in indices.items():
        note = one_note(one, check, finding)
        if len(where) < len(releases):
            newest = len(releases) - 1 in where
            if all(bound(releases[index]) < bound(OLDEST_AT_WORK) for index in where):
                continue
            severity = note.severity if newest else Severity.INFO
            versions = versions_of(where, releases)
            note = replace(note, severity=severity, versions=versions, certain=False)
        notes.append(note)
    refused = all(said.refused(one) for said in each)
    gaps = [gap for said in each for gap in said.gaps]
    if not refused and (some := [note for note in notes if not note.certain]):
        doubtful = [note for note in some if note.severity > Severity.INFO]
        gaps += [conditional(doubtful)] if doubtful else []
    return Linted(one.file, "", ordered(notes), refused, tuple(dict.fromkeys(gaps)))


@dataclass(frozen=True)
class Said:
    """What checks say of a Corefile by one version."""

    findings: tuple[tuple[Check, Finding], ...]
    gaps: tuple[Gap, ...]

    @classmethod
    def of(cls, checks: Sequence[Check], one: Given, version: str) -> Said:
        """Judge a Corefile."""
        facts = facts_of(checks, one.corefile, named(version))
        verdicts = [(check, judge(check, facts)) for check in checks]
        return cls(
            findings=tuple(
                (check, finding) for check, verdict in verdicts for finding in verdict.findings
            ),
            gaps=tuple(
                gap
                for _, verdict in verdicts
                if verdict.status in (Status.UNKNOWN, Status.PROBLEM)
                for gap in verdict.because
            ),
        )

    def refused(self, one: Given) -> bool:
        """Whether there is a problem for certain."""
        notes = (one_note(one, check, finding) for check, finding in self.findings)
        return any(note.certain and note.severity > Severity.INFO for note in notes)


def one_note(one: Given, check: Check, finding: Finding) -> Note:
    """Return a finding at its place."""
    quote = next((quote for quote in finding.quotes if quote.line), None)
    file, line, column, inside = where(one, quote)
    # What is a fault in one version or build only is no possibility but a condition
    versioned = any(need.fact is CorefileFaults for need in check.needs)
    return Note(
        file=file,
        line=line,
        column=column,
        severity=finding.severity or check.severity,
        check=check.id,
        message=finding.message + inside,
        text=quote.text if quote else "",
        certain=finding.proven or not versioned,
        inside=inside,
    )


def where(one: Given, quote: Quote | None) -> tuple[str, int, int, str]:
    """Return file, line and column of a quote, and what is left to say of the place."""
    if quote is None or quote.line is None:
        return one.file, *one.places.of(one.corefile.first_line, 1), ""
    spot = quote.spot or Spot(quote.line, one.places.first_column(quote.line))
    if not spot.file:
        return one.file, *one.places.of(spot.line, spot.column), ""
    name = spot.file.removeprefix(MOUNTED.rpartition("/")[0] + "/")
    if one.folder is not None:
        return str(one.folder / name), spot.line, spot.column, ""
    at = one.places.of(quote.line, one.places.first_column(quote.line))
    return one.file, *at, f" ({name}:{spot.line}:{spot.column})"


def ordered(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Return findings in the order of their places, the worst first; none twice."""
    return tuple(
        sorted(
            dict.fromkeys(notes),
            key=lambda note: (note.file, note.line, note.column, -note.severity, note.check),
        )
    )


def conditional(notes: Iterable[Note]) -> Gap:
    """Return the gap of findings that another version or build would not have."""
    certain = [note for note in notes if not note.certain]
    if any(not note.versions for note in certain):
        because = "whether the image holds a plugin that is not in the standard build"
        return Gap("the build of CoreDNS", GapKind.UNDECIDED, because)
    because = "the findings that name versions hold for these only"
    return Gap("the version of CoreDNS", GapKind.UNDECIDED, because, "give --coredns-version")


def unknown_version(version: str) -> Iterator[Gap]:
    """Yield the gap of a version of which not all rules are known."""
    at: Version | None = parse_version(version)
    if at is not None and not bound(OLDEST) <= at <= bound(NEWEST):
        because = f"the rules known are those of {RELEASES[0]} to {RELEASES[-1]}, not of {version}"
        yield Gap("the version of CoreDNS", GapKind.PARTIAL, because)


def by_file(files: Sequence[Linted]) -> Mapping[str, tuple[Linted, ...]]:
    """Return what is said of Corefiles by the file that they stand in."""
    groups: dict[str, list[Linted]] = {}
    for one in files:
        groups.setdefault(one.file, []).append(one)
    return {name: tuple(several) for name, several in groups.items()}
