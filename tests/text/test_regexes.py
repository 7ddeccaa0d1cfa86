"""No regular expression takes longer than its text grows, whatever stands there."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.regexes import Expression, Hostile, expressions, hostile

SMALL, LARGE = 512, 4096
STEEPEST = 24  # of times as long for 8 times the text: 8 where it is linear, 64 where quadratic
CHEAP = 40  # times as long as a look at each of 4096 characters, below which nothing follows
DEAR = 3000  # likewise, of what the small text takes
SHARES = 8
MORE = int(os.environ.get("COREDIAG_FUZZ", "1"))
MOST = 25 * MORE  # texts for each expression
# They read the project's own expressions, pages and commands, and no evidence
OWN = ("diagnose.parsers.log_shapes.CLASS", "diagnose.report.page.", "diagnose.distributions.")


def taken_s(work: Callable[[Any], object], text: str | bytes, times: int = 1) -> float:
    """Return the processor's time that a piece of work takes, the least of several."""
    least = float("inf")
    for _ in range(times):
        begun = time.thread_time()
        work(text)
        least = min(least, time.thread_time() - begun)
    return least


PLAIN_S = taken_s(re.compile("[^ -~]").search, "a" * LARGE, 20)


def steep(one: Expression, texts: list[Hostile]) -> Hostile | None:
    """Return a text for which an expression takes longer than it grows; None without one."""
    work = one.pattern.search if one.anywhere else one.pattern.match
    for text in texts:
        small, large = one.given(text, SMALL), one.given(text, LARGE)
        if taken_s(work, small) > DEAR * PLAIN_S:
            return text  # the rest would take minutes
        if taken_s(work, large) < CHEAP * PLAIN_S:
            continue
        # once more: what was loaded meanwhile, or another process, took its time too
        if taken_s(work, large, 2) > max(CHEAP * PLAIN_S, STEEPEST * taken_s(work, small, 5)):
            return text
    return None


@pytest.mark.parametrize("share", range(SHARES))
def test_the_time_follows_the_text(share: int) -> None:
    """Eight times the text, of the expression's own parts many times over, takes no 24 times.

    The processor's time of this thread is compared with itself; no time is asserted.
    """
    found = {
        one.name: (one.pattern.pattern, text)
        for one in expressions()[share::SHARES]
        if not one.name.startswith(OWN) and (text := steep(one, hostile(one, MOST))) is not None
    }
    assert not found


@pytest.mark.parametrize(
    "pattern",
    [
        *(r"\s*end", r"\d+ pods", r"\d+\.?\d*s", r"\S+ is missing", r"\\*\"?$"),
        *(r"Name:[^,]+,", r"a{1,}b", r"open \S+ \(.*\): none"),
    ],
)
def test_steep_ones_are_found(pattern: str) -> None:
    """Of the kinds that were found here."""
    one = Expression("", re.compile(pattern), anywhere=True)
    assert steep(one, hostile(one, MOST)) is not None


def test_every_expression_is_looked_at() -> None:
    """Those in tables, of signatures, of classes, and in calls; and how each is used."""
    known = {one.pattern.pattern: one for one in expressions()}
    assert len(known) > 1000
    names = {one.name for one in known.values()}
    for name in ("facts.sandbox.PODS", "parsers.describe.DATA_KINDS", "parsers.logs.LEVEL"):
        assert f"diagnose.{name}" in names
    assert not known[r"Corefile|[\w-]*\.server"].anywhere
    assert known[r"(?:^|[./_-])corefile(?:$|[._-])"].anywhere
    assert any(one.name.startswith("describe.py:") for one in known.values())
