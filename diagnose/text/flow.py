"""A long text that still comes out of a pipe: read once, and never held whole."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from pathlib import Path
from typing import IO

MOST_BYTES = 8 * 1024**3


@dataclass(eq=False)
class Flow:
    """What is in a file, and what then comes out of a pipe.

    Read like a file that is open already: its `open` returns it, and works once.
    """

    begun: Path
    rest: IO[bytes]
    ours: bool = False  # to be closed at the end
    left: int = MOST_BYTES
    _file: IO[bytes] | None = None

    def open(self, mode: str = "rb") -> Flow:
        """Return it, at its begin. Raises OSError when it was read before."""
        del mode
        if self._file is not None:
            raise OSError(errno.ESPIPE, "it came out of a pipe, which is read only once")
        self._file = self.begun.open("rb")
        return self

    def read(self, size: int) -> bytes:
        """Return the next bytes, none at its end. Raises OSError beyond the most that is read."""
        if self._file is not None and not self._file.closed:
            if data := self._file.read(size):
                self.left -= len(data)
                return data
            self._file.close()
        data = self.rest.read(size)
        self.left -= len(data)
        if self.left < 0:
            raise OSError(errno.EFBIG, f"only its first {MOST_BYTES // 1024**3} GiB are read")
        return data

    def __enter__(self) -> Flow:
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close what is ours."""
        if self._file is not None:
            self._file.close()
        if self.ours:
            self.rest.close()
