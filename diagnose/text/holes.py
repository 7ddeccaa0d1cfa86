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
    here = stream.tell()
    try:
        there = os.lseek(stream.fileno(), here, os.SEEK_DATA)
    except AttributeError:  # not known to Windows
        there = here
    except OSError:  # nothing but a hole, or a stream without positions
        return False
    stream.seek(there)
    return True
