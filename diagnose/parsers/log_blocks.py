"""A log as blocks of whole lines: from a text or a file of any size, in bounded memory.

In a short loose text, lines that a terminal or an author cut are re-joined first. Pieces of CRI
records are re-joined everywhere, a record at the seam of two blocks excepted.

Of a plain file, blocks say where they lie in it, and are read by whoever needs them: another
process, mostly. Only what stands around their seams is read here.
"""

from __future__ import annotations

import codecs
import errno
import functools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

from diagnose.parts import Part
from diagnose.text.clean import unwrap
from diagnose.text.envelopes import join_partial
from diagnose.text.flow import Flow
from diagnose.text.holes import data_from, skip_hole
from diagnose.text.regex import regex
from diagnose.values import dataclass

Piece = tuple[bytes, bool]  # lines, each behind a line feed; and whether the last one goes on
BLOCK_BYTES = 1024 * 1024
WORTH_BYTES = 24 * BLOCK_BYTES  # of a log that repays the start of further processes
EDGE_BYTES = 4096  # of the end of a block, in which its last line feed is looked for
ENDING_BYTES = 16 * 1024
LONGEST_LINE = 4 * BLOCK_BYTES  # a longer line is read in pieces
SHORT = 1024 * 1024  # characters of a text that may have been wrapped when it was copied
COLOURS = regex(rb"\x1b\[[0-?]{0,64}[ -/]{0,8}[@-~]")
CRI = (b" stdout ", b" stderr ")
PARTIAL = (b" stdout P", b" stderr P")


class Opened:
    """A plain file, open for as long as anybody may want lines of it."""

    def __init__(self, path: Path) -> None:
        """Open it. Raises OSError."""
        self.descriptor = -1
        self.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def __del__(self) -> None:
        """Close it."""
        if self.descriptor >= 0:
            os.close(self.descriptor)

    def extent(self, begin: int, end: int) -> Extent:
        """Return a part of it."""
        found = os.fstat(self.descriptor)
        return Extent(self.descriptor, begin, end, (found.st_dev, found.st_ino))

    def read(self, size: int, at: int) -> bytes:
        """Return the bytes from a place on; fewer at the end. Raises OSError."""
        return os.pread(self.descriptor, size, at)

    def lines(self, extent: Extent) -> bytes:
        """Return the lines of a part of it as blocks hold them. Raises OSError."""
        memory = bytearray(extent.end - extent.begin + 1)
        return cleaned(bytes(memory[: extent.into(memoryview(memory))]))


@dataclass(frozen=True)
class Extent:
    """Where whole lines lie in an open file; `file` tells it from others that may have its number.

    What others do to the file meanwhile may make them less.
    """

    descriptor: int
    begin: int
    end: int  # where the last one's line feed stands
    file: tuple[int, int]

    def into(self, memory: memoryview) -> int:
        """Read the lines, a line feed before each, and return how many bytes that is.

        Raises OSError where they cannot be read, or the file is not open in this process.
        """
        found = os.fstat(self.descriptor)
        if (found.st_dev, found.st_ino) != self.file:
            raise OSError(errno.EBADF, "another file")
        memory[:1] = b"\n"
        done, size = 1, self.end - self.begin + 1
        while done < size:
            more = os.preadv(self.descriptor, [memory[done:size]], self.begin + done - 1)
            if not more:
                break
            done += more
        return done


@dataclass
class Block:
    """Whole lines in a row; `data` is UTF-8 with a line feed before each of them.

    `held` is the data or what returns it. `numbers` holds the index of each line among the `taken`
    lines that the block was made of, None where that is its own. `first` is the index of the first
    one in the part: who reads the blocks in order sets it. `shown` are the lines as they stood
    there, by index, where they are still at hand. `continued` says that the first line goes on from
    the block before; `joined`, that there are no pieces of CRI records left.
    """

    held: bytes | Callable[[], bytes]
    first: int = 0
    numbers: Sequence[int] | None = None
    shown: Sequence[str] | None = None
    continued: bool = False
    taken: int = 0
    extent: Extent | None = None
    joined: bool = True

    @cached_property
    def data(self) -> bytes:
        """The lines. Raises OSError where they cannot be read."""
        return self.held() if callable(self.held) else self.held

    @cached_property
    def ending(self) -> bytes:
        """The last bytes of the lines."""
        return self.data[-ENDING_BYTES:]

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

    @property
    def may_hold_pieces(self) -> bool:
        """Whether it begins like a log in which there may be pieces of CRI records."""
        return not self.joined and any(mark in self.data[:4096] for mark in CRI)

    def join(self) -> None:
        """Make pieces of CRI records whole."""
        if self.may_hold_pieces and any(mark in self.data for mark in PARTIAL):
            lines = self.data[1:].decode(errors="backslashreplace").split("\n")
            joined = list(join_partial(lines))
            self.held = "".join(f"\n{line}" for _, line in joined).encode()
            self.numbers = [number for number, _ in joined]
            self.taken = len(lines)
            for name in ("data", "ending", "lines", "split"):
                vars(self).pop(name, None)
        self.joined = True

    def index(self, line: int) -> int:
        """Return the index in the part of this block's line, both from 0."""
        return self.first + (line if self.numbers is None else self.numbers[line])


def blocks(part: Part) -> Iterator[Block]:
    """Yield the lines of a part. Raises OSError where its file cannot be read on."""
    if part.path is not None:
        yield from of_file(part.path)
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
    # A buffer would not notice that skip_hole sets the file below it
    source = path.open("rb") if isinstance(path, Flow) else path.open("rb", buffering=0)
    with source as stream:
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
        yield Block(cleaned(piece), continued=open_line, joined=False)
        open_line = cut


def cleaned(data: bytes) -> bytes:
    """Return lines without what stands in no log: colours, and the NUL bytes of a crash."""
    if b"\x1b" in data:
        data = COLOURS.sub(b"", data)
    return data.replace(b"\0", b"") if b"\0" in data else data


def of_file(path: Path | Flow) -> Iterator[Block]:
    """Yield the blocks of a file: of a plain one, where they are."""
    if not isinstance(path, Flow) and hasattr(os, "preadv") and path.is_file():
        file = Opened(path)
        head = file.read(4, 0)
        if not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            yield from extents(file, len(codecs.BOM_UTF8) * head.startswith(codecs.BOM_UTF8))
            return
    yield from numbered(pieces_of(path))


def extents(file: Opened, begin: int) -> Iterator[Block]:
    """Yield the lines of a plain file from a place on, in the blocks that pieces_of makes.

    Those that have no line feed near the seam are read.
    """
    at = 0  # how far it was read, or given to be read
    rest = b""  # what was read of a line that began before that, behind a line feed
    continued = False
    while True:
        if not rest:
            edge = file.read(EDGE_BYTES, at + BLOCK_BYTES - EDGE_BYTES)
            feed = edge.rfind(b"\n")
            if len(edge) == EDGE_BYTES and feed >= 0:
                end = at + BLOCK_BYTES - EDGE_BYTES + feed
                extent = file.extent(begin, end)
                held = functools.partial(file.lines, extent)
                yield Block(held, continued=continued, extent=extent, joined=False)
                begin, at, continued = end + 1, at + BLOCK_BYTES, False
                continue
            before = file.read(at - begin, begin) if begin < at else b""
            rest = b"\n" + before.replace(b"\0", b"")
        here = max(at, begin)
        chunk = file.read(at + BLOCK_BYTES - here, here)
        if not chunk:
            break
        at = here + len(chunk)
        if end := chunk.rfind(b"\n") + 1:
            yield Block(cleaned(rest + chunk[: end - 1]), continued=continued, joined=False)
            begin, rest, continued = here + end, b"", False
            continue
        text = chunk.replace(b"\0", b"")
        if not text:
            there = data_from(file.descriptor, at)
            if there is None:
                break
            at = there
        rest += text
        if len(rest) > LONGEST_LINE:
            yield Block(cleaned(rest), continued=continued, joined=False)
            rest, continued = b"\n", True
    if len(rest) > 1:
        yield Block(cleaned(rest), continued=continued, joined=False)
