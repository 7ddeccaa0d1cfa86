"""Which lines of a log are looked at, and what they may match: one pass over all literals.

The automaton is a deterministic one: its time depends on the bytes alone, not on how many
literals there are. Literals that begin with a line feed stand at the begin of a line.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ahocorasick_rs import Implementation

from diagnose.parsers import log_absences
from diagnose.parsers.log_engines import Search, automaton_over, fastest_over
from diagnose.signatures.base import Emitter, Signature, Wording
from diagnose.signatures.tables import SIGNATURES, applying
from diagnose.text.envelopes import strip
from diagnose.text.regex import regex
from diagnose.values import dataclass

MATCHED = 8 * 1024  # characters of a line that patterns are tried on
LONGEST_JSON = 1024 * 1024  # bytes of a line that is taken as JSON
MOST_ROUTINE = 8  # routine lines that are looked at from each end of a block
ROUTINE = tuple(one for one in SIGNATURES if one.routine)
Found = tuple[Signature, re.Match[str]]


@dataclass(frozen=True)
class Said:
    """How a program tells its version: a literal of the line and the pattern."""

    literal: str
    pattern: re.Pattern[str]


# CoreDNS's own is the signature BANNER.
VERSIONS = (
    Said("Version info", regex(r'Version info\\*" version=\\*"(?P<version>v\d[^"\\]*)')),
    Said("] Version: v", regex(r"\] Version: (?P<version>v\d\S*)")),
    Said(
        "Kubelet version",
        regex(r'Kubelet version\\*" kubeletVersion=\\*"(?P<version>[^"\\]+)'),
    ),
    Said('"Starting" version=', regex(r'"Starting" version="(?P<version>v\d[^"]*)')),
    Said(
        "starting containerd",
        regex(r"starting containerd.{0,300}? version=\"?(?P<version>[^\s\"]+)"),
    ),
    Said("Starting CRI-O, version: ", regex(r"Starting CRI-O, version: (?P<version>[^\s,]+)")),
)
# What marks a line of level error or fatal; a line feed stands for the begin of the line.
LEVELS = (
    *("[ERROR]", "[FATAL]", "[PANIC]", "level=error", "level=fatal", "level=panic"),
    *('"level":"error"', '"level":"fatal"'),
    *(f"{before}{level}{digit}" for before in "\n " for level in "EF" for digit in "01"),
)
GRAVE = regex(
    r"\[(?:ERROR|FATAL|PANIC)\]|level=(?:error|fatal|panic)|\"level\":\"(?:error|fatal)\"|"
    r"(?:^|[\s\]])[EF]\d{4} \d\d:\d\d:\d\d"
)


@dataclass(frozen=True)
class Literals:
    """The automaton, and for each of its literals what a hit may mean."""

    routine: bool
    automaton: Search
    texts: tuple[str, ...]
    wordings: tuple[tuple[Wording, ...], ...]
    versions: Mapping[int, Said]
    levels: frozenset[int]
    absences: frozenset[int]


def piece(literal: str) -> str:
    """Return the part of a literal to look for: JSON logs escape quotes and HTML's characters."""
    return max(re.split(r'["\\<>&]', literal), key=len)


@functools.cache
def literals(routine: bool) -> Literals:
    """Return the automaton over all signatures, or over all but those that are routine.

    The former is for short texts: they do not repay the making of a DFA, which takes as long as
    it takes to search two megabytes.
    """
    rows: dict[str, list[Wording]] = {}
    for signature in SIGNATURES:
        if routine or not signature.routine:
            for wording in signature.wordings:
                rows.setdefault(piece(wording.literal), []).append(wording)
    further = (
        *(said.literal for said in VERSIONS),
        *LEVELS,
        *log_absences.LITERALS,
    )
    for literal in further:
        rows.setdefault(literal, [])
    number = {literal: index for index, literal in enumerate(rows)}
    texts = [literal.encode() for literal in rows]
    return Literals(
        routine=routine,
        automaton=automaton_over(texts, Implementation.NoncontiguousNFA)
        if routine
        else fastest_over(texts),
        texts=tuple(rows),
        wordings=tuple(map(tuple, rows.values())),
        versions={number[said.literal]: said for said in VERSIONS},
        levels=frozenset(number[literal] for literal in LEVELS),
        absences=frozenset(number[literal] for literal in log_absences.LITERALS),
    )


@dataclass(frozen=True)
class Candidates:
    """What a line with certain hits may match, in the order of the tables."""

    specific: tuple[tuple[Signature, tuple[Wording, ...]], ...]
    fallback: tuple[tuple[Signature, tuple[Wording, ...]], ...]


@functools.lru_cache(maxsize=4096)
def candidates(emitter: Emitter, hits: frozenset[int], routine: bool) -> Candidates:
    """Return the signatures that apply to a program's log and whose literal was hit."""
    known = literals(routine)
    hit = {id(wording) for number in hits for wording in known.wordings[number]}
    tried = [
        (signature, tuple(one for one in signature.wordings if id(one) in hit))
        for signature in applying(emitter)
    ]
    return Candidates(
        tuple((one, wordings) for one, wordings in tried if wordings and not one.fallback),
        tuple((one, wordings) for one, wordings in tried if wordings and one.fallback),
    )


def hit_lines(data: bytes, automaton: Search) -> Iterator[tuple[int, int, int, frozenset[int]]]:
    """Yield (begin, end, where the first hit is, numbers of all literals) of each line with hits.

    Every line stands behind a line feed, which belongs to the literals that begin with one.
    """
    begin = end = first = -1
    numbers: set[int] = set()
    for number, start, _ in automaton(data):
        if start >= end:
            if numbers:
                yield begin, end, first, frozenset(numbers)
            begin = data.rfind(b"\n", 0, start + 1) + 1
            end = data.find(b"\n", begin)
            end = len(data) if end < 0 else end
            first = start
            numbers = {number}
        else:
            numbers.add(number)
    if numbers:
        yield begin, end, first, frozenset(numbers)


def window(data: bytes, begin: int, end: int, hit: int) -> str:
    """Return a line's text; of a very long one, what stands around the hit."""
    if end - begin > MATCHED and (data[begin : begin + 1] != b"{" or end - begin > LONGEST_JSON):
        if hit - begin > MATCHED // 2:
            begin = hit - MATCHED // 8
        end = min(end, begin + MATCHED)
    return data[begin:end].decode(errors="backslashreplace").rstrip("\r")


def around(data: bytes, begin: int, hit: int) -> str:
    """Return the text of the line that begins there, as window does."""
    end = data.find(b"\n", hit)
    return window(data, begin, len(data) if end < 0 else end, hit)


def routine_lines(data: bytes) -> list[tuple[int, int]]:
    """Return (begin, where the literal is) of a block's first and last routine lines, in order."""
    literals_ = {piece(wording.literal).encode() for one in ROUTINE for wording in one.wordings}
    places = {at for literal in literals_ for at in found_at(data, literal)}
    found: dict[int, int] = {}
    for at in sorted(places):
        found.setdefault(data.rfind(b"\n", 0, at) + 1, at)
    return list(found.items())


def found_at(data: bytes, literal: bytes) -> Iterator[int]:
    """Yield where a literal stands: the first few places, then the last few, in any order."""
    at = -1
    for _ in range(MOST_ROUTINE):
        at = data.find(literal, at + 1)
        if at < 0:
            return
        yield at
    first, at = at, len(data)
    for _ in range(MOST_ROUTINE):
        at = data.rfind(literal, first + 1, at)
        if at < 0:
            return
        yield at


def matching(tried: Candidates, text: str) -> list[Found]:
    """Return the matches of a line: all specific ones, else the first fallback of each emitter."""
    found = list(first_matches(tried.specific, text))
    if all(signature.envelope for signature, _ in found):
        seen: set[Emitter] = set()
        for signature, match in first_matches(tried.fallback, text):
            if signature.emitter not in seen:
                seen.add(signature.emitter)
                found.append((signature, match))
    return found


def match_of(
    signature: Signature, hits: frozenset[int], known: Literals, text: str
) -> re.Match[str] | None:
    """Return a signature's match of a line with certain hits."""
    hit = {id(wording) for number in hits for wording in known.wordings[number]}
    wordings = [one for one in signature.wordings if id(one) in hit]
    return next((match for _, match in first_matches([(signature, wordings)], text)), None)


def first_matches(
    tried: Iterable[tuple[Signature, Sequence[Wording]]], text: str
) -> Iterator[Found]:
    """Yield the signatures that match, each with its first wording that does."""
    for signature, wordings in tried:
        for wording in wordings:
            match = wording.compiled.search(text)
            if match is None and wording.pattern.startswith("^"):
                match = wording.compiled.search(strip(text).text)
            if match is not None:
                yield signature, match
                break
