"""Holes in files: stretches that were never written, and that read as NUL bytes.

A log that is rotated by copying and emptying it begins with one, of the size that it had before.
"""

from __future__ import annotations

import os
from typing import BinaryIO


def skip_hole(stream: BinaryIO) -> bool:
    """Set a stream to the next bytes that are stored; False when there are none up to its end.

    Where the file system or the machine does not tell holes, it stays where it is.
    """
    there = data_from(stream.fileno(), stream.tell())
    if there is None:
        return False
    stream.seek(there)
    return True


def data_from(descriptor: int, here: int) -> int | None:
    """Return where the next bytes that are stored begin, as skip_hole; None for nowhere."""
    try:
        return os.lseek(descriptor, here, os.SEEK_DATA)
    except AttributeError:  # not known to Windows
        return here
    except OSError:  # nothing but a hole, or a stream without positions
        return None
