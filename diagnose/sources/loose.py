"""Evidence that lies about: folders, single files, archives of files, and what is pasted.

Nothing here tells what a file holds but its content; a name is a hint. Folders are read without
following links out of them, in the order of their names.
"""

from __future__ import annotations

import os
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field, replace
from pathlib import Path

from diagnose.model import Gap, GapKind
from diagnose.parts import Haul, Kind, Part
from diagnose.sources.archive import LIMITS, begins_archive
from diagnose.sources.base import Member, SourceError, scratch, told_by, way_out
from diagnose.sources.echoed import carried_out
from diagnose.text.clean import decode, looks_binary, without_nuls
from diagnose.text.holes import skip_hole
from diagnose.text.recognise import cut, kind_of_log, named
from diagnose.text.shown import visible
from diagnose.values import dataclass

WHOLE_BYTES = 16 * 1024 * 1024  # a longer file is scanned from disk if it is a log
HEAD_BYTES = 256 * 1024
MOST_FILES = 20_000
BLOCK = 1024 * 1024
GZIP = b"\x1f\x8b"
PACKED = {
    b"BZh": "bunzip2",
    b"\xfd7zXZ": "unxz",
    b"(\xb5/\xfd": "unzstd",
    b"7z\xbc\xaf": "7z x",
}


@dataclass
class Reading:
    """What has been read so far; `room_bytes` are left for what compressed files unpack to."""

    parts: list[Part] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    room_bytes: int = LIMITS.unpacked_bytes

    def left_out(self, origin: str, because: str, ask: str = "", malformed: bool = True) -> None:
        """Note a file that could not be read, or only in part."""
        kind = GapKind.MALFORMED if malformed else GapKind.PARTIAL
        self.gaps.append(Gap(visible(origin), kind, because, ask))

    def haul(self, source: str) -> Haul:
        """Return what was read. Raises SourceError when nothing was, for the reason why."""
        if all(part.kind is Kind.BINARY for part in self.parts):
            raise unreadable(source, self.gaps)
        looked, gaps = carried_out(self.parts)
        return Haul(
            tuple(self.parts),
            looked,
            gaps,
            general_gaps=tuple(self.gaps),
            source=source,
            echoed=bool(looked),
        )


def read(paths: Sequence[str], ignore: Sequence[str] = ()) -> Haul:
    """Return what files and folders hold, cut into parts; `ignore` are file names to pass over.

    Raises SourceError when a path does not exist, cannot be read, or when nothing was there.
    """
    reading = Reading()
    files = 0
    for path in map(Path, paths):
        for file, name in files_of(path, ignore, reading):
            files += 1
            if files > MOST_FILES:
                reading.left_out(str(path), f"more than {MOST_FILES} files: the rest was not read")
                break
            add_file(file, name, reading)
    return reading.haul(", ".join(paths))


def read_file(file: Path, name: str) -> Haul:
    """Return what one file holds whose name tells nothing, such as a paste."""
    reading = Reading()
    if not file.stat().st_size:
        raise SourceError(f"{name}: empty", "paste a log, events, or the output of kubectl")
    add_file(file, name, reading, hint="")
    return reading.haul(name)


def read_members(members: Iterable[Member], source: str) -> Haul:
    """Return what the files of an archive hold. Raises SourceError when none can be read."""
    reading = Reading()
    for member in members:
        add_member(member, reading)
    return reading.haul(source)


def add_member(member: Member, reading: Reading) -> None:
    """Add the parts of one file of an archive."""
    if member.gap is not None:
        reading.gaps.append(member.gap)
    elif member.path is not None:
        add_file(member.path, member.name, reading)
    elif not member.data.startswith(GZIP):
        add_bytes(member.data, member.name, reading)
    else:
        try:
            with tempfile.NamedTemporaryFile(dir=scratch(), delete=False) as packed:
                packed.write(member.data)
            add_file(Path(packed.name), member.name, reading)
        except OSError as error:
            reading.left_out(member.name, told_by(error), way_out(error))


def unreadable(source: str, gaps: Sequence[Gap]) -> SourceError:
    """Return the error of a source of which nothing can be read: why, and what to do."""
    hint = (
        "give a file or a folder with logs, kubectl output or configuration; "
        "`corediag collect -o FILE` records one from a cluster"
    )
    if not gaps:
        return SourceError(f"{source}: nothing to read there", hint)
    first = gaps[0]
    what = "" if visible(source).endswith(first.what) else f"{first.what}: "
    more = f" (and {len(gaps) - 1} more)" if len(gaps) > 1 else ""
    return SourceError(
        f"{source}: nothing can be read in it: {what}{first.because}{more}", first.ask or hint
    )


def files_of(path: Path, ignore: Sequence[str], reading: Reading) -> Iterator[tuple[Path, str]]:
    """Yield (file, name to cite it by) for a file, or for all files below a folder."""
    try:
        if path.is_file():
            yield path, path.name
            return
        if not path.exists():
            raise SourceError(f"{path}: no such file or folder", "check the path")
        if not path.is_dir():
            raise SourceError(
                f"{path}: neither a file nor a folder",
                "give a regular file, or pipe it: … | corediag run --from -",
            )
        os.scandir(path).close()
    except OSError as error:
        raise SourceError(
            f"{path}: {told_by(error)}", way_out(error) or "check the path"
        ) from error

    def failed(error: OSError) -> None:
        name = os.path.relpath(error.filename, path) if error.filename else str(path)
        reading.left_out(name, told_by(error), way_out(error))

    for folder, folders, files in os.walk(path, onerror=failed):
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        for name in sorted(files):
            file = Path(folder, name)
            if name in ignore or name.startswith("."):
                continue
            shown = str(file.relative_to(path))
            try:
                if file.is_symlink() and not leads_inside(file, path):
                    reading.left_out(shown, "a link out of the folder")
                elif file.is_file():
                    yield file, shown
            except OSError as error:
                reading.left_out(shown, told_by(error), way_out(error))


def leads_inside(link: Path, folder: Path) -> bool:
    """Whether a link ends in a folder, or in a circle, which leads nowhere at all."""
    try:
        return link.resolve().is_relative_to(folder.resolve())
    except RuntimeError:
        return True


def add_file(file: Path, name: str, reading: Reading, hint: str | None = None) -> None:
    """Add the parts of one file, unpacked where it is compressed; `hint` as for add_bytes."""
    try:
        if beginning(file).startswith(GZIP):
            file, name = unpacked(file, name, reading), name.removesuffix(".gz")
        head = beginning(file)
        for magic, program in PACKED.items():
            if head.startswith(magic):
                reading.left_out(name, "packed in a form that is not read", f"{program} {name}")
                return
        if file.stat().st_size <= WHOLE_BYTES:
            add_bytes(file.read_bytes(), name, reading, hint)
        else:
            add_long(file, name, head, reading, hint)
    except OSError as error:
        reading.left_out(name, told_by(error), way_out(error))


def beginning(file: Path) -> bytes:
    """Return the first bytes of a file; of one that begins with a hole, those behind it."""
    with file.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
        if len(head) == HEAD_BYTES and not head.strip(b"\0") and skip_hole(stream):
            head = stream.read(HEAD_BYTES)
        return head


def unpacked(file: Path, name: str, reading: Reading) -> Path:
    """Return a temporary file with what a .gz holds, as far as it can be unpacked."""
    most = min(
        reading.room_bytes,
        max(LIMITS.ratio_from_bytes, LIMITS.ratio * file.stat().st_size),
    )
    size = 0
    with tempfile.NamedTemporaryFile(dir=scratch(), delete=False) as out:
        try:
            for piece in inflated(file):
                size += len(piece)
                if size > most:
                    reading.left_out(name, "unpacks to far more than it should", malformed=False)
                    break
                out.write(piece)
        except (EOFError, zlib.error) as error:
            reading.left_out(
                name, f"cannot be unpacked to its end: {error}", "copy it again", malformed=False
            )
        except OSError as error:
            reading.left_out(
                name,
                f"cannot be unpacked to its end: {told_by(error)}",
                way_out(error),
                malformed=False,
            )
    reading.room_bytes -= min(size, reading.room_bytes)
    return Path(out.name)


def inflated(file: Path) -> Iterator[bytes]:
    """Yield what a .gz file holds in pieces, all of it up to where it is broken.

    Raises EOFError or zlib.error there; the gzip module would lose the last pieces before it.
    """
    inflate = zlib.decompressobj(wbits=31)
    with file.open("rb") as stream:
        while block := stream.read(BLOCK):
            while block:
                if inflate.eof:  # members follow each other in a file that was appended to
                    inflate = zlib.decompressobj(wbits=31)
                yield inflate.decompress(block, BLOCK)
                block = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
    if not inflate.eof:
        raise EOFError("it ends too early")


def add_bytes(data: bytes, name: str, reading: Reading, hint: str | None = None) -> None:
    """Add the parts of some text; `hint` is the file's name where that is another one."""
    if looks_binary(data):
        damaged = None if begins_archive(data) else without_nuls(data)
        if damaged is None:
            add_binary(data, name, reading)
            return
        data = damaged
        reading.left_out(
            name, "holds NUL bytes, as after a crash: they are left out", malformed=False
        )
    text, _ = decode(data)
    parts = cut(text, origin=visible(name), hint=name if hint is None else hint)
    reading.parts.extend(parts)


def add_binary(head: bytes, name: str, reading: Reading) -> None:
    """Add a file that holds no text, and what to do with it."""
    reading.parts.append(Part(Kind.BINARY, visible(name)))
    if begins_archive(head):
        reading.left_out(name, "an archive", f"give it by its own name: --from {name}")
    else:
        reading.left_out(name, "binary data, not text", "give the text that it was made from")


def long_log(file: Path, name: str) -> Part | None:
    """Return the part of a log that begins as a file does, whose name tells nothing, as it is.

    None for all that is not plainly one: whatever is packed, or damaged.
    """
    head = beginning(file)
    packed = (GZIP, *PACKED)
    if head.startswith(packed) or begins_archive(head) or looks_binary(head):
        return None
    return log_in(head, name, "")


def log_in(head: bytes, name: str, called: str) -> Part | None:
    """Return the part of a long log, without its text; None when it does not begin as one."""
    text, _ = decode(head)
    shown = cut(text, origin=visible(name), hint=called)
    logs = [part for part in shown if part.kind is Kind.LOG]
    if not logs or len(logs[0].text) * 2 < len(text):
        return None
    told = named(called)
    emitter = kind_of_log(text, called)
    subject = told.subject if told.subject.kind else logs[0].subject
    return replace(logs[0], text="", first_line=1, emitter=emitter, subject=subject)


def add_long(file: Path, name: str, head: bytes, reading: Reading, hint: str | None = None) -> None:
    """Add a file that is too long to be held: as a log, else what its beginning shows."""
    if looks_binary(head):
        damaged = None if begins_archive(head) else without_nuls(head)
        if damaged is None:
            add_binary(head, name, reading)
            return
        head = damaged
    if part := log_in(head, name, name if hint is None else hint):
        reading.parts.append(replace(part, path=file))
        return
    with file.open("rb") as stream:
        add_bytes(stream.read(WHOLE_BYTES), name, reading, hint)
    reading.left_out(
        name,
        f"only the first {WHOLE_BYTES // 1024**2} MiB were read: it is longer, and no log",
        "cut out what is of interest",
        malformed=False,
    )
