"""A log as blocks of whole lines: from a text or a file of any size, in bounded memory.

In a short loose text, lines that a terminal or an author cut are re-joined first. Pieces of CRI
records are re-joined everywhere, a record at the seam of two blocks excepted.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

from diagnose.parts import Part
from diagnose.text.clean import unwrap
from diagnose.text.envelopes import join_partial
from diagnose.text.flow import Flow
from diagnose.text.holes import skip_hole
from diagnose.text.regex import regex
from diagnose.values import dataclass

Piece = tuple[bytes, bool]  # lines, each behind a line feed; and whether the last one goes on
BLOCK_BYTES = 1024 * 1024
WORTH_BYTES = 24 * BLOCK_BYTES  # of a log that repays the start of further processes
LONGEST_LINE = 4 * BLOCK_BYTES  # a longer line is read in pieces
SHORT = 1024 * 1024  # characters of a text that may have been wrapped when it was copied
COLOURS = regex(rb"\x1b\[[0-?]{0,64}[ -/]{0,8}[@-~]")
CRI = (b" stdout ", b" stderr ")
PARTIAL = (b" stdout P", b" stderr P")


@dataclass
class Block:
    """Whole lines in a row; `data` is UTF-8 with a line feed before each of them.

    `numbers` holds the index of each line among the `taken` lines that the block was made of,
    None where that is its own. `first` is the index of the first one in the part: who reads the
    blocks in order sets it. `shown` are the lines as they stood there, by index, where they are
    still at hand. `continued` says that the first line goes on from the block before.
    """

    data: bytes
    first: int = 0
    numbers: Sequence[int] | None = None
    shown: Sequence[str] | None = None
    continued: bool = False
    taken: int = 0

    @cached_property
    def lines(self) -> int:
        """How many lines there are."""
        return self.data.count(b"\n")

    @property
    def span(self) -> int:
        """How many lines of the part there are in it."""
        return self.taken or self.lines

    @cached_property
    def split(self) -> Sequence[bytes]:
        """The lines."""
        return self.data[1:].split(b"\n")

    def index(self, line: int) -> int:
        """Return the index in the part of this block's line, both from 0."""
        return self.first + (line if self.numbers is None else self.numbers[line])


def blocks(part: Part) -> Iterator[Block]:
    """Yield the lines of a part. Raises OSError where its file cannot be read on."""
    if part.path is not None:
        yield from numbered(pieces_of(part.path))
    elif len(part.text) <= SHORT:
        yield from short(part)
    else:
        yield from numbered(pieces(part.text))


def is_short(part: Part) -> bool:
    """Whether a part is a text short enough to look at each of its lines."""
    return part.path is None and len(part.text) <= SHORT


def size_of(part: Part) -> int:
    """Return about how many bytes a part has."""
    try:
        if isinstance(part.path, Flow):
            return part.path.left
        return part.path.stat().st_size if part.path is not None else len(part.text)
    except OSError:
        return 0


def short(part: Part) -> Iterator[Block]:
    """Yield the one block of a short text: what was cut is whole again."""
    shown = part.text.split("\n")
    if shown[-1] == "":
        shown.pop()
    if not shown:
        return
    # What an API or a bundle brought was never on a terminal
    loose = part.ask is None
    entries = list(unwrap(shown) if loose else enumerate(shown))
    joined = [(entries[at][0], line) for at, line in join_partial(line for _, line in entries)]
    data = "".join(f"\n{line}" for _, line in joined).encode(errors="backslashreplace")
    yield Block(data, numbers=[number for number, _ in joined], shown=shown, taken=len(shown))


def pieces(text: str) -> Iterator[Piece]:
    """Yield a long text in pieces of whole lines, as pieces_of."""
    start = 0
    while start < len(text):
        end = text.rfind("\n", start, start + BLOCK_BYTES) + 1
        if end <= start:
            end = text.find("\n", start) + 1 or len(text)
        whole = text[end - 1] == "\n"
        data = f"\n{text[start : end - whole]}".encode(errors="backslashreplace")
        yield data, not whole
        start = end


def pieces_of(path: Path | Flow) -> Iterator[Piece]:
    """Yield a file in pieces that end with a line, each as UTF-8; of long lines, in parts."""
    rest = b"\n"
    for chunk in chunks(path):
        end = chunk.rfind(b"\n") + 1
        if end:
            # One copy: there may be a gigabyte of them
            yield b"".join((rest, memoryview(chunk)[: end - 1])), False
            rest = b"\n" + chunk[end:]
            continue
        rest += chunk
        if len(rest) > LONGEST_LINE:
            yield rest, True
            rest = b"\n"
    if len(rest) > 1:
        yield rest, True


def chunks(path: Path | Flow) -> Iterator[bytes]:
    """Yield a file's bytes as UTF-8 without a byte order mark."""
    with path.open("rb") as stream:
        head = stream.read(BLOCK_BYTES)
        wide = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}.get(head[:2])
        decoder = codecs.getincrementaldecoder(wide)("backslashreplace") if wide else None
        head = head[2:] if wide else head.removeprefix(codecs.BOM_UTF8)
        while head:
            if decoder is not None:
                yield decoder.decode(head).encode(errors="backslashreplace")
            elif b"\0" not in head:
                yield head
            elif text := head.replace(b"\0", b""):  # as a crash, or a rotation by copy, leaves it
                yield text
            elif not isinstance(stream, Flow) and not skip_hole(stream):
                return
            head = stream.read(BLOCK_BYTES)


def numbered(parts: Iterable[Piece]) -> Iterator[Block]:
    """Yield pieces as blocks."""
    open_line = False
    for piece, cut in parts:
        data, continued, open_line = piece, open_line, cut
        if b"\x1b" in data:
            data = COLOURS.sub(b"", data)
        head = data[:4096]
        if any(mark in head for mark in CRI) and any(mark in data for mark in PARTIAL):
            yield rejoined(data, continued)
        else:
            yield Block(data, continued=continued)


def rejoined(data: bytes, continued: bool) -> Block:
    """Return the block of lines among which are pieces of CRI records, those made whole."""
    lines = data[1:].decode(errors="backslashreplace").split("\n")
    joined = list(join_partial(lines))
    text = "".join(f"\n{line}" for _, line in joined)
    return Block(
        data=text.encode(),
        numbers=[number for number, _ in joined],
        continued=continued,
        taken=len(lines),
    )
