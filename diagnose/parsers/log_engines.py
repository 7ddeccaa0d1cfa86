"""What looks for many texts at once: hyperscan where it is installed, else ahocorasick_rs.

Both find the same. Hyperscan takes a third of the time where few lines hold any of the texts, and
more than the other where many do, since each hit is a call; long logs of many hits are read by
their shapes instead. It is no requirement: it has no wheel for every system, and to build it
takes a C++ compiler and more. docs/logs-at-scale.md tells what was measured.

Source: hyperscan 5.4, doc/dev-reference/runtime.rst (hs_scan: matches in the order of their
ends, their starts not told); python-hyperscan 0.9 (Database.compile, Database.scan).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import ahocorasick_rs
from ahocorasick_rs import Implementation

# Where texts stand in data, as (number of the text, begin, end), ordered by end, then begin.
Search = Callable[[bytes], Iterable[tuple[int, int, int]]]


def automaton_over(
    texts: Sequence[bytes], implementation: Implementation = Implementation.ContiguousNFA
) -> Search:
    """Return the search with an automaton; of the DFA, the time depends on the bytes alone."""
    automaton: Any = ahocorasick_rs.BytesAhoCorasick(list(texts), implementation=implementation)
    return functools.partial(automaton.find_matches_as_indexes, overlapping=True)


def fastest_over(texts: Sequence[bytes]) -> Search:
    """Return the fastest search that this system has, for data in megabytes."""
    try:
        return hyperscan_over(texts)
    except Exception:  # noqa: BLE001  not installed, or for another processor: it is no need
        return automaton_over(texts, Implementation.DFA)


def hyperscan_over(texts: Sequence[bytes]) -> Search:
    """Return the search with hyperscan. Raises what it raises where it cannot be had."""
    import hyperscan  # noqa: PLC0415  a few megabytes, for long logs alone

    database = hyperscan.Database()
    database.compile(
        expressions=[b"".join(b"\\x%02x" % one for one in text) for text in texts],
        ids=list(range(len(texts))),
        elements=len(texts),
        flags=[0] * len(texts),
    )
    lengths = list(map(len, texts))

    def search(data: bytes) -> Iterable[tuple[int, int, int]]:
        found: list[tuple[int, int, int]] = []

        def take(number: int, _: int, end: int, *__: object) -> None:
            found.append((end, end - lengths[number], number))

        database.scan(data, match_event_handler=take)
        found.sort()
        return [(number, begin, end) for end, begin, number in found]

    if [*search(texts[0])] == []:
        raise RuntimeError("finds nothing")
    return search
