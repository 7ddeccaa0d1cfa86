"""Text for a terminal: its width in columns, its wrapping, its colours."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator

Paint = Callable[[str, str], str]

# ECMA-48 SGR parameters by the role that they mark.
STYLES = {
    "label": "1",
    "strong": "1",
    "critical": "1;31",
    "warning": "1;33",
    "info": "1;34",
    "good": "32",
    "command": "36",
    "safe": "32",
    "disruptive": "31",
    "manual": "33",
    "faint": "2",
}


def painter(colour: bool) -> Paint:
    """Return a function (text, role) that colours a text; without colour it leaves it as it is."""

    def paint(text: str, role: str) -> str:
        return f"\x1b[{STYLES[role]}m{text}\x1b[0m" if text else text

    def leave(text: str, role: str) -> str:
        del role
        return text

    return paint if colour else leave


def columns(character: str) -> int:
    """Return how many columns a terminal gives a character: 0, 1 or 2."""
    if character.isascii():
        return 1
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def text_width(text: str) -> int:
    """Return how many columns a terminal gives a text without escapes."""
    return len(text) if text.isascii() else sum(map(columns, text))


def cut(text: str, width: int) -> int:
    """Return how many characters of a text fit into a width, at least 1."""
    if text.isascii():
        return max(1, width)
    used = 0
    for index, character in enumerate(text):
        used += columns(character)
        if used > width:
            return max(1, index)
    return max(1, len(text))


def wrapped(text: str, width: int, hang: str = "") -> Iterator[str]:
    """Yield the lines of a text at most `width` wide, all but the first after `hang`.

    Lines end at a blank where there is one. Blanks inside a line stay as they are.
    """
    rest = text.rstrip()
    room, indent = width, ""
    while (fits := cut(rest, room)) < len(rest):
        blank = rest.rfind(" ", 0, fits + 1)
        at = blank if blank > 0 and rest[:blank].strip() else fits
        yield indent + rest[:at].rstrip()
        rest = rest[at:].lstrip(" ")
        room, indent = max(8, width - len(hang)), hang
    yield indent + rest
