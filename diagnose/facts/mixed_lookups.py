"""Look-ups by hand of one name at one server, of which a part failed and another part did not.

What failed first and answers since may have been mended between: so it is where a prompt between
the two shows a command that changes something, or where minutes lie between. Otherwise nothing
tells that the fault is gone: who asks the Service once more may be led to another replica.

Limits: answers over TCP, of other places and to other names are not held against a failure: those
differences have checks of their own. Files are taken in the order of their names.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from diagnose.facts.changes import Change
from diagnose.facts.lookups import ANSWERED, NO_ANSWER, Lookup, Outcome
from diagnose.facts.names import always_exists, normal
from diagnose.model import Subject
from diagnose.values import dataclass

MENDED_AFTER = timedelta(minutes=10)
FAILED = frozenset({*NO_ANSWER, Outcome.TEMPORARY, Outcome.UNEXPECTED_SOURCE})
# What no name that exists beyond doubt is answered by a server that is well.
WRONG = frozenset({Outcome.SERVFAIL, Outcome.REFUSED, Outcome.NXDOMAIN})


@dataclass(frozen=True)
class Mixed:
    """The look-ups of one name: some failed, some did not."""

    server: str
    place: Subject
    name: str
    failed: tuple[Lookup, ...]
    answered: tuple[Lookup, ...]

    @property
    def asked(self) -> int:
        """How many look-ups there were."""
        return len(self.failed) + len(self.answered)


def mixed(lookups: Sequence[Lookup], changes: Sequence[Change]) -> Iterator[Mixed]:
    """Yield each server, place and name of which a part fails, with nothing changed between."""
    lines: dict[str, list[int]] = {}
    for change in changes:
        lines.setdefault(change.origin, []).append(change.quote.line or 0)
    for several_lines in lines.values():
        several_lines.sort()
    groups: dict[tuple[str, Subject, bool], list[Lookup]] = {}
    for one in lookups:
        groups.setdefault((one.server, one.place, one.transport == "tcp"), []).append(one)
    for (server, place, _), several in groups.items():
        names = {asked_name(one) for one in several} - {""}
        only = next(iter(names)) if len(names) == 1 else ""
        by_name: dict[str, list[Lookup]] = {}
        for one in several:
            by_name.setdefault(asked_name(one) or only, []).append(one)
        for name, same in by_name.items():
            if not (name or server):
                continue
            for few in stretches(same, lines):
                failed = tuple(one for one in few if is_failed(one))
                answered = tuple(one for one in few if is_answered(one))
                if failed and answered and not long_ago(failed, answered):
                    yield Mixed(server, place, name, failed, answered)


def asked_name(lookup: Lookup) -> str:
    """Return a name as it was typed, else as it was found."""
    return normal(lookup.typed or lookup.name)


def is_failed(lookup: Lookup) -> bool:
    """Whether a look-up failed as it would not at a server that is well."""
    return lookup.outcome in FAILED or (lookup.outcome in WRONG and always_exists(lookup.name))


def is_answered(lookup: Lookup) -> bool:
    """Whether a look-up got its answer."""
    return lookup.outcome in ANSWERED and not is_failed(lookup)


def stretches(
    lookups: Sequence[Lookup], lines: Mapping[str, Sequence[int]]
) -> Iterator[list[Lookup]]:
    """Yield the look-ups between which nothing is known to have been changed.

    `lines` are those of the commands that change something, by origin and in order.
    """
    current: list[Lookup] = []
    for one in lookups:
        if current and changed(current[-1], one, lines.get(one.origin, ())):
            yield current
            current = []
        current.append(one)
    yield current


def changed(before: Lookup, after: Lookup, lines: Sequence[int]) -> bool:
    """Whether a command that changes something stands between two look-ups of one paste."""
    if before.origin != after.origin:
        return False
    return bisect_right(lines, before.quote.line or 0) < bisect_left(lines, after.quote.line or 0)


def long_ago(failed: Sequence[Lookup], answered: Sequence[Lookup]) -> bool:
    """Whether all failures lie long before all answers."""
    ends = [one.at for one in failed]
    starts = [one.at for one in answered]
    if None in ends or None in starts:
        return False
    return min(at for at in starts if at) - max(at for at in ends if at) >= MENDED_AFTER
