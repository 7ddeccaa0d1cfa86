"""What every source shares: the error that stops a run before there is evidence."""

from __future__ import annotations

import errno
import tempfile
from pathlib import Path

from diagnose.model import Gap
from diagnose.parts import Haul
from diagnose.values import dataclass


@dataclass(frozen=True)
class Member:
    """One file of an archive: its bytes, or a temporary file, or the gap why it is not read."""

    name: str
    data: bytes = b""
    path: Path | None = None
    gap: Gap | None = None


class CutShort(Exception):
    """Reading was interrupted by `end`; what had come by then is in `haul`."""

    def __init__(self, haul: Haul, end: BaseException) -> None:
        """Keep both."""
        super().__init__(str(end))
        self.haul = haul
        self.end = end


class SourceError(Exception):
    """Evidence cannot be had from here at all; `hint` says what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        """Carry both, so that the command line can print them on two lines."""
        super().__init__(message)
        self.message = message
        self.hint = hint


_scratch: list[tempfile.TemporaryDirectory[str]] = []


def scratch() -> Path:
    """Return a temporary folder that is removed when the process ends."""
    if not _scratch:
        _scratch.append(tempfile.TemporaryDirectory(prefix="corediag-"))
    return Path(_scratch[0].name)


def told_by(error: OSError) -> str:
    """Return the system's words for an error."""
    return error.strerror or str(error) or type(error).__name__


def way_out(error: OSError) -> str:
    """Return what to do about an error of the system; "" where only the user knows."""
    if error.errno in (errno.EACCES, errno.EPERM):
        return "make it readable for you"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"make room in {tempfile.gettempdir()}, or let TMPDIR name another folder"
    return ""
