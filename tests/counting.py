"""Work counted, not timed: how many functions are called, and whether that follows its input."""

from __future__ import annotations

import cProfile
from collections.abc import Callable
from typing import Any

SIZES = (8, 16, 32)
STEEPEST = 2.5  # of the work that a doubling adds: 2 where it is linear, 4 where it is quadratic
LEAST = 2000  # calls that a doubling adds, below which nothing follows


def calls(work: Callable[[], Any]) -> int:
    """Return how many functions a piece of work calls, those of C too."""
    profile = cProfile.Profile()
    profile.enable()
    try:
        work()
    finally:
        profile.disable()
    return sum(entry.callcount for entry in profile.getstats())


def growth(prepared: Callable[[int], Callable[[], Any]], sizes: tuple[int, ...] = SIZES) -> float:
    """Return how the calls that one doubling adds compare to those that the one before added.

    `prepared` takes a size and returns the work to count. 0 where too little is done to tell.
    """
    counts = []
    for size in sizes:
        work = prepared(size)
        work()  # what is compiled or kept at first use
        counts.append(calls(work))
    first, second, third = counts
    return (third - second) / max(second - first, 1) if third - second > LEAST else 0.0
