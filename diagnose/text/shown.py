"""Text made safe to show: what a terminal would obey or hide is written out."""

from __future__ import annotations

# Characters that Unicode calls printable and that show nothing: fillers, variation selectors.
UNSEEN = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u2800\u3164\uffa0"
    + "".join(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
)


def visible(text: str) -> str:
    r"""Return the text with all that a terminal would obey or hide written as \xNN or \uNNNN.

    Tabs become blanks. The result is one line.
    """
    if text.isprintable() and text.isascii():
        return text
    return "".join(map(shown, text))


def shown(character: str) -> str:
    """Return one character in the form that `visible` gives it."""
    if character == "\t":
        return " "
    if character.isprintable() and character not in UNSEEN:
        return character
    code = ord(character)
    named = {"\n": "\\n", "\r": "\\r", "\x1b": "\\x1b"}.get(character)
    return named or (
        f"\\x{code:02x}"
        if code < 0x100
        else f"\\u{code:04x}"
        if code < 0x10000
        else f"\\U{code:08x}"
    )
