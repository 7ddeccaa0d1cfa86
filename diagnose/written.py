"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO


@contextlib.contextmanager
def whole(path: Path, mode: int) -> Iterator[IO[bytes]]:
    """Yield a file that takes the place of `path` at the end of the block, if that ends well.

    What stands there and is no regular file (a pipe, a device, a link) is written into instead:
    to rename over /dev/null would destroy it. Raises OSError, and then leaves no half of a file.
    """
    if not replaceable(path):
        with path.open("wb") as out:
            yield out
        return
    # in the same folder, so that the rename stays within one file system
    half = path.with_name(f".corediag-{os.getpid()}.part")
    try:
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with open(descriptor, "wb") as out:  # noqa: PTH123  pathlib opens no descriptor
            yield out
            out.flush()
            os.fsync(out.fileno())
        half.replace(path)
    finally:
        with contextlib.suppress(OSError):
            half.unlink()


def replaceable(path: Path) -> bool:
    """Whether a path is free, or a regular file. Raises OSError where that cannot be told."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return True
