"""The text of a part, of which single lines are wanted again once all was parsed."""

from __future__ import annotations

import bisect
import functools
import re
from array import array

from diagnose.model import Quote
from diagnose.parts import Part
from diagnose.text.shown import visible

LONGEST = 8000  # characters of a quote


class PartText:
    """The text of a part with the places of its lines, which are looked for when one is wanted."""

    def __init__(self, part: Part) -> None:
        """Keep the part, which is there as long as its items are."""
        self.part = part

    @functools.cached_property
    def starts(self) -> array[int]:
        """The positions at which lines begin."""
        return array("Q", [0, *(match.end() for match in re.finditer("\n", self.part.text))])

    def line_at(self, position: int) -> int:
        """Return the number, from 0, of the line that holds a position."""
        return bisect.bisect_right(self.starts, position) - 1

    def lines(self, begin: int, most: int) -> list[str]:
        """Return the lines from a number on."""
        starts = self.starts
        until = begin + most
        end = starts[until] - 1 if until < len(starts) else len(self.part.text)
        return self.part.text[starts[begin] : end].split("\n")

    def quote(self, line: int, text: str) -> Quote:
        """Return a quote of a line."""
        return Quote(self.part.origin, visible(text.strip())[:LONGEST], self.part.first_line + line)
