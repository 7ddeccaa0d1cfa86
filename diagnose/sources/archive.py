"""Archives of files, read without trusting them: nothing is ever extracted under its own name.

A .tar, .tar.gz or .zip is read front to back; small files are held in memory, long ones go to
temporary files with names of our own. Links, devices, names that lead out, doubles, bombs and
broken ends become gaps, and what came before them is kept: a zip whose directory is lost, as at
the end of a broken copy, is read by what stands before each of its files (APPNOTE.TXT 4.3.7).
"""

from __future__ import annotations

import gzip
import itertools
import stat
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol

from diagnose.model import Gap, GapKind
from diagnose.sources.base import Member, scratch, told_by, way_out
from diagnose.text.shown import visible
from diagnose.values import dataclass

BLOCK = 1024 * 1024
RECORD = 512  # a tar's unit
GZIP = b"\x1f\x8b"
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
CHECKSUM = slice(148, 156)  # of a tar header
AGAIN = "make the archive anew"
# What the modules raise on rubbish; tarfile follows headers that follow each other by recursion
BROKEN = (
    *(EOFError, OSError, ValueError, OverflowError, RecursionError, struct.error, LookupError),
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, NotImplementedError),
)
LOCAL = struct.Struct("<4s5H3I2H")  # what stands before a file in a zip
LOCAL_MARK, DESCRIPTOR_MARK = b"PK\x03\x04", b"PK\x07\x08"
DESCRIPTOR = 12  # bytes behind a file of which the size was not known before, without the mark
ENCRYPTED, SIZE_FOLLOWS, UTF8 = 1, 8, 0x800


@dataclass(frozen=True)
class Limits:
    """What an archive may cost. `held_*` are bytes in memory, of one file and of all."""

    files: int = 20_000
    unpacked_bytes: int = 8 * 1024**3
    held_bytes: int = BLOCK
    held_total_bytes: int = 256 * BLOCK
    ratio: int = 400
    ratio_from_bytes: int = 256 * BLOCK  # below that no ratio is suspect


LIMITS = Limits()


class TooMuch(OSError):
    """An archive wants more than it may cost."""


def is_archive(path: Path) -> bool:
    """Whether a file is a tar, a compressed tar, or a zip, by its first bytes."""
    try:
        with path.open("rb") as raw:
            head = raw.read(RECORD)
            raw.seek(0)
            if head.startswith(ZIP):
                return True
            if head.startswith(GZIP):
                with gzip.GzipFile(fileobj=raw) as stream:
                    head = stream.read(RECORD)
            return begins_tar(head)
    except BROKEN:
        return False


def begins_archive(head: bytes) -> bool:
    """Whether some bytes are the beginning of a tar or a zip."""
    return head.startswith(ZIP) or begins_tar(head[:RECORD])


def begins_tar(block: bytes) -> bool:
    """Whether a block is the header of a tar's member: its checksum is right."""
    if len(block) < RECORD or not block.strip(b"\0"):
        return False
    try:
        told = int(block[CHECKSUM].strip(b" \0") or b"-", 8)
    except ValueError:
        return False
    return told == sum(block[: CHECKSUM.start]) + sum(block[CHECKSUM.stop : RECORD]) + 8 * 32


def members(path: Path, limits: Limits = LIMITS) -> Iterator[Member]:
    """Yield the files of an archive in order; a Member with a gap for each that is not read."""
    with path.open("rb") as raw:
        zipped = raw.read(4).startswith(ZIP)
    names: set[str] = set()
    found = zip_members(path, limits) if zipped else tar_members(path, limits)
    for member in found:
        if member.gap is None and member.name in names:
            yield refused(member.name, "a second file of that name: the first is used")
        else:
            names.add(member.name)
            yield member


def refused(name: str, because: str, kind: GapKind = GapKind.MALFORMED, ask: str = "") -> Member:
    """Return the member that stands for a file which is not read."""
    shown = visible(name)[:200] or "a file without a name"
    return Member(shown, gap=Gap(shown, kind, because, ask))


def safe_name(name: str) -> str:
    """Return a member's name as a relative path; "" when it leads out of the archive."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    if parts and len(parts[0]) == 2 and parts[0].endswith(":"):
        parts = parts[1:]  # a drive of Windows
    return "" if ".." in parts or "\0" in name else "/".join(parts)


class Forward:
    """A stream for tarfile that goes forward only, and that refuses what costs too much.

    tarfile reads a header's extension in one piece, as long as the archive says it is.
    """

    def __init__(self, stream: IO[bytes], packed_bytes: int, limits: Limits) -> None:
        """Start at the stream's beginning."""
        self._stream = stream
        self._limits = limits
        self._most = max(limits.ratio_from_bytes, limits.ratio * packed_bytes)
        self._position = 0
        self.ended = False  # whether the last record that was read is the mark of the end

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes. Raises TooMuch for a piece or a sum that is too large."""
        if not 0 <= size <= 2 * BLOCK:
            raise TooMuch("a header in it is too large")
        data = self._stream.read(size)
        self._position += len(data)
        if self._position > min(self._most, self._limits.unpacked_bytes):
            raise TooMuch("it unpacks to far more than it should")
        if size == RECORD:
            self.ended = len(data) == RECORD and not data.strip(b"\0")
        return data

    def tell(self) -> int:
        """Return how many bytes have been read."""
        return self._position

    def seek(self, position: int, whence: int = 0) -> int:
        """Skip to a later position. Raises TooMuch for an earlier one."""
        if whence or position < self._position:
            raise TooMuch("it points back into itself")
        while self._position < position:
            if not self.read(min(BLOCK, position - self._position)):
                break
        return self._position

    def seekable(self) -> bool:
        """Whether seek can be called."""
        return True

    def readable(self) -> bool:
        """Whether read can be called."""
        return True


class Readable(Protocol):
    """What members are read from."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, none at the end."""


class Keeper:
    """Where the content of members goes: memory while it is small, else temporary files."""

    def __init__(self, packed_bytes: int, limits: Limits) -> None:
        """Hold nothing yet."""
        self._limits = limits
        self._most = min(
            limits.unpacked_bytes, max(limits.ratio_from_bytes, limits.ratio * packed_bytes)
        )
        self._held = 0
        self._unpacked = 0

    def keep(self, stream: Readable, name: str) -> Member:
        """Return the member with what a stream holds. Raises TooMuch, or what reading raises."""
        room = min(self._limits.held_bytes, self._limits.held_total_bytes - self._held)
        data = self._read(stream, max(room, 0) + 1)
        if len(data) <= room:
            self._held += len(data)
            return Member(name, data)
        full: OSError | None = None
        with tempfile.NamedTemporaryFile(dir=scratch(), delete=False, buffering=0) as out:
            while data and full is None:
                try:
                    data = data[out.write(data) :]
                except OSError as error:
                    full = error
                else:
                    data = data or self._read(stream, BLOCK)
        kept = Path(out.name)
        if full is None:
            return Member(name, path=kept)
        kept.unlink()
        because = f"cannot be unpacked: {told_by(full)}"
        return refused(name, because, GapKind.PARTIAL, way_out(full))

    def _read(self, stream: Readable, size: int) -> bytes:
        data = stream.read(size)
        self._unpacked += len(data)
        if self._unpacked > self._most:
            raise TooMuch("it unpacks to far more than it should")
        return data


def tar_members(path: Path, limits: Limits) -> Iterator[Member]:
    """Yield the files of a tar, compressed or not."""
    keeper = Keeper(file_size(path), limits)
    with path.open("rb") as raw:
        packed = raw.read(2) == GZIP
        raw.seek(0)
        stream: IO[bytes] = gzip.GzipFile(fileobj=raw) if packed else raw  # type: ignore[assignment]
        forward = Forward(stream, path.stat().st_size, limits)
        name = path.name
        try:
            # ignore_zeros stays off: what follows the end is not part of the archive
            with tarfile.open(fileobj=forward, mode="r:") as tar:  # type: ignore[call-overload]
                for number in itertools.count():
                    info = tar.next()
                    if info is None:
                        break
                    name = info.name
                    if number >= limits.files:
                        yield refused(
                            path.name, f"more than {limits.files} files: the rest is left"
                        )
                        return
                    if info.isdir():
                        continue
                    if because := why_not(info):
                        yield refused(info.name, because)
                        continue
                    content = tar.extractfile(info)
                    if content is not None:
                        member = keeper.keep(content, safe_name(info.name))
                        if member.gap is not None:
                            yield member
                            continue
                        size = len(member.data) if member.path is None else file_size(member.path)
                        yield member
                        if size < info.size:
                            yield refused(info.name, f"cut after {size} bytes", GapKind.PARTIAL)
                            return
            if not forward.ended:
                yield refused(
                    path.name, "ends without an end: the rest is lost", GapKind.PARTIAL, AGAIN
                )
        except BROKEN as error:
            yield broken(path, name, error)


def file_size(path: Path) -> int:
    """Return a file's size in bytes."""
    return path.stat().st_size


def why_not(info: tarfile.TarInfo) -> str:
    """Return why a tar's member is not read; "" when it is."""
    if info.issym() or info.islnk():
        return "a link, which is not followed"
    if not info.isreg():
        return "not a regular file"
    if info.issparse():
        return "a sparse file"
    if not safe_name(info.name):
        return "its name leads out of the archive"
    return ""


def zip_members(path: Path, limits: Limits) -> Iterator[Member]:
    """Yield the files of a zip."""
    keeper = Keeper(file_size(path), limits)
    name = path.name
    if not zipfile.is_zipfile(path):  # its directory is lost
        yield from salvaged(path, keeper, limits)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            for number, info in enumerate(archive.infolist()):
                name = info.filename
                if number >= limits.files:
                    yield refused(path.name, f"more than {limits.files} files: the rest is left")
                    return
                mode = info.external_attr >> 16
                if info.is_dir():
                    continue
                if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
                    yield refused(name, "a link or a device")
                elif info.flag_bits & 1:
                    yield refused(name, "encrypted", ask="give it without a password")
                elif not safe_name(name):
                    yield refused(name, "its name leads out of the archive")
                elif info.file_size > max(
                    limits.ratio_from_bytes, limits.ratio * info.compress_size
                ):
                    yield refused(name, "it unpacks to far more than it should")
                else:
                    yield zip_member(archive, info, keeper)
    except BROKEN as error:
        yield broken(path, name, error)


def zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, keeper: Keeper) -> Member:
    """Return one file of a zip, or the member that says why it cannot be read.

    Raises TooMuch when the archive as a whole costs too much.
    """
    try:
        with archive.open(info) as content:
            return keeper.keep(content, safe_name(info.filename))
    except TooMuch:
        raise
    except (*BROKEN, RuntimeError) as error:
        return refused(info.filename, f"cannot be unpacked: {error}", ask=AGAIN)


def salvaged(path: Path, keeper: Keeper, limits: Limits) -> Iterator[Member]:
    """Yield the files of a zip without a directory, up to where it ends or cannot be followed."""
    cut = refused(path.name, "ends without a directory: the rest is lost", GapKind.PARTIAL, AGAIN)
    try:
        with path.open("rb") as raw:
            for _ in range(limits.files):
                head = raw.read(LOCAL.size)
                if len(head) < LOCAL.size or not head.startswith(LOCAL_MARK):
                    break
                _, _, flags, method, *_, packed, _, name_bytes, extra = LOCAL.unpack(head)
                name = raw.read(name_bytes).decode("utf-8" if flags & UTF8 else "cp437", "replace")
                raw.seek(extra, 1)
                stored = Entry(raw, method, None if flags & SIZE_FOLLOWS else packed)
                if flags & ENCRYPTED or not stored.readable:
                    yield refused(name, "encrypted, or packed in a form that is not read")
                    if flags & SIZE_FOLLOWS:
                        break
                    raw.seek(packed, 1)
                    continue
                if not name.endswith("/"):
                    yield (
                        keeper.keep(stored, safe_name(name))
                        if safe_name(name)
                        else refused(name, "its name leads out of the archive")
                    )
                stored.skip()
                if flags & SIZE_FOLLOWS:
                    raw.seek(DESCRIPTOR + (4 if raw.read(4) == DESCRIPTOR_MARK else 0) - 4, 1)
    except BROKEN as error:
        cut = broken(path, path.name, error)
    yield cut


class Entry:
    """The content of one file of a zip, unpacked as far as it goes.

    `packed_bytes` is None where only the content itself tells its end.
    """

    def __init__(self, raw: IO[bytes], method: int, packed_bytes: int | None) -> None:
        """Stand at the content's first byte."""
        self._raw = raw
        self._left = packed_bytes
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS) if method else None
        self._rest = b""  # read and not yet unpacked
        self.readable = method == zipfile.ZIP_DEFLATED or (
            method == zipfile.ZIP_STORED and packed_bytes is not None
        )

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, none at the end. Raises zlib.error."""
        if self._inflate is None:
            return self._more(size)
        data = b""
        while not data and not self._inflate.eof:
            piece = self._rest or self._more(BLOCK)
            if not piece:
                break
            data = self._inflate.decompress(piece, size)
            self._rest = self._inflate.unconsumed_tail
        return data

    def _more(self, size: int) -> bytes:
        data = self._raw.read(size if self._left is None else min(size, self._left))
        if self._left is not None:
            self._left -= len(data)
        return data

    def skip(self) -> None:
        """Go behind the content, what was not asked for included. Raises zlib.error."""
        while self.read(BLOCK):
            pass
        if self._left is not None:
            self._raw.seek(self._left, 1)
        elif self._inflate is not None:
            self._raw.seek(-len(self._inflate.unused_data), 1)


def broken(path: Path, name: str, error: Exception) -> Member:
    """Return the member that says where an archive could not be read on."""
    where = "" if name == path.name else f" at {visible(name)[:200]}"
    detail = told_by(error) if isinstance(error, OSError) else str(error) or type(error).__name__
    return refused(
        path.name, f"cannot be read further{where}: {visible(detail)}", GapKind.PARTIAL, AGAIN
    )
