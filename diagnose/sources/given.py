"""What --from names: a bundle of ours, an archive, a folder, a file, or standard input."""

from __future__ import annotations

import re
import stat
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO

from diagnose.model import Gap, GapKind
from diagnose.parts import Haul
from diagnose.process import Ended
from diagnose.sources import bundle, loose
from diagnose.sources.base import CutShort, SourceError, scratch, told_by, way_out
from diagnose.text.flow import MOST_BYTES, Flow

PASTED = "pasted text"
STREAMED_BYTES = MOST_BYTES
# What a shell passes for <(kubectl …), besides standard input under its other name.
DESCRIPTOR = re.compile(r"/dev/stdin|/(?:dev|proc/self)/fd/\d+")


def read(path: str, stdin: IO[bytes]) -> Haul:
    """Return what a path holds, "-" for standard input. Raises SourceError."""
    if path == "-":
        return read_stream(stdin, "standard input", PASTED)
    try:
        if DESCRIPTOR.fullmatch(path) and not stat.S_ISREG(Path(path).stat().st_mode):
            stream = Path(path).open("rb")  # noqa: SIM115  a long log is read later
            haul = read_stream(stream, path, path, ours=True)
            if not any(isinstance(part.path, Flow) for part in haul.parts):
                stream.close()
            return haul
        return read_path(Path(path), path)
    except OSError as error:
        raise SourceError(
            f"{path}: {told_by(error)}", way_out(error) or "check the path"
        ) from error


def read_stream(stream: IO[bytes], name: str, pasted: str, ours: bool = False) -> Haul:
    """Return what comes out of a pipe; `pasted` is what a text from it is called.

    Of a long log only the beginning is kept in a file: the rest is read when it is scanned.
    """
    gaps: list[Gap] = []
    # in a folder of its own, since what is wrong with an archive is told by the file's name
    kept = Path(tempfile.mkdtemp(dir=scratch()), name.strip("/").replace("/", "-"))
    left = STREAMED_BYTES
    looked = False
    end: BaseException | None = None
    try:
        with kept.open("wb") as out:
            while left and (data := some_of(stream, min(left, loose.BLOCK))):
                out.write(data)
                left -= len(data)
                if looked or STREAMED_BYTES - left <= loose.WHOLE_BYTES:
                    continue
                looked = True
                out.flush()
                if part := loose.long_log(kept, pasted):
                    flow = Flow(kept, stream, ours)
                    return Haul((replace(part, path=flow),), source=pasted)
        if not left:
            because = f"only its first {STREAMED_BYTES // 1024**3} GiB are read"
            gaps.append(Gap(name, GapKind.PARTIAL, because))
    except OSError as error:
        because = f"could not be read to its end: {told_by(error)}"
        gaps.append(Gap(name, GapKind.PARTIAL, because, way_out(error)))
    except (KeyboardInterrupt, Ended) as interruption:
        end = interruption
        gaps.append(Gap(name, GapKind.PARTIAL, "the run was interrupted", "give it again, whole"))
    if end is not None and not kept.stat().st_size:
        raise end  # nothing came at all
    if bundle.is_bundle(kept) or bundle.is_archive(kept):
        haul = read_path(kept, name)
    else:
        haul = loose.read_file(kept, pasted)
    haul = replace(haul, general_gaps=(*gaps, *haul.general_gaps))
    if end is not None:
        raise CutShort(replace(haul, looked=frozenset()), end)
    return haul


def some_of(stream: IO[bytes], size: int) -> bytes:
    """Return what a stream has, so that an interruption loses nothing that came; b"" at its end."""
    read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
    return read(size)


def read_path(path: Path, name: str) -> Haul:
    """Return what a file or folder holds; `name` is how the report calls it."""
    if bundle.is_bundle(path):
        return bundle.read(path, called=name)
    if path.is_file() and bundle.is_archive(path):
        return loose.read_members(bundle.members(path), name)
    return loose.read([str(path)])
