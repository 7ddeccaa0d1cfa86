"""The process among others: its standard streams, and the signals that end it.

A closed stream is taken for an empty one. What a stream's encoding cannot write is written out,
so that neither a Latin-1 terminal nor LANG=C can cost a report.
"""

from __future__ import annotations

import codecs
import os
import signal
import sys
import time
from types import FrameType

NAME = "corediag"  # of the error handler
LIKE = {"…": "...", "•": "*", "×": "x", "–": "-", "→": "->", "‘": "'", "’": "'", "“": '"', "”": '"'}
LIKE |= {"✓": "+", "✗": "x", "·": "."}  # of the picture of answers
GRACE_S = 1.0  # in which a second Ctrl-C is taken for the first one


class Ended(BaseException):
    """A signal asked the process to end; `code` is what the shell is told."""

    def __init__(self, code: int) -> None:
        """Keep the code."""
        super().__init__(code)
        self.code = code


def prepare_streams() -> None:
    """Open what was closed, and let no character fail on its way out."""
    codecs.register_error(NAME, written_out)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # the lowest free descriptor is the closed one: no other file gets its number
            descriptor = os.open(os.devnull, os.O_RDWR)
            stream = open(descriptor, mode, encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=NAME)


def written_out(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for characters that an encoding does not have, and where to go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    found = error.object[error.start : error.end]
    if all(one in LIKE for one in found):
        return "".join(LIKE[one] for one in found), error.end
    text, end = codecs.backslashreplace_errors(error)
    return str(text), end


def write(text: str) -> None:
    """Write to standard output, all of it. Raises OSError.

    What Python writes unbuffered (PYTHONUNBUFFERED, as in many images) may be cut by a full disk
    without an error.
    """
    out = getattr(sys.stdout, "buffer", None)
    if out is None:  # not of the system
        sys.stdout.write(text)
        return
    sys.stdout.flush()
    data = memoryview(text.encode(sys.stdout.encoding, NAME))
    while data:
        data = data[out.write(data) :]
    out.flush()


def silence() -> None:
    """Send standard output to nowhere: its reader is gone, and Python shall not complain of it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def watch_signals() -> None:
    """Let the signals that end a process end it as Ctrl-C does, with everything tidied up.

    One that is ignored, as by nohup, stays so. Ctrl-C again after a while ends it at once.
    """
    first_s: list[float] = []

    def interrupted(number: int, frame: FrameType | None) -> None:
        del number, frame
        if not first_s:
            first_s.append(time.monotonic())
            raise KeyboardInterrupt
        if time.monotonic() - first_s[0] > GRACE_S:
            os._exit(130)

    def ended(number: int, frame: FrameType | None) -> None:
        del frame
        signal.signal(number, signal.SIG_IGN)
        raise Ended(128 + number)

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupted)
    for name in ("SIGTERM", "SIGHUP"):  # the second is unknown to Windows
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, ended)


def last_breath() -> None:
    """Let no further Ctrl-C come between here and the end, which removes temporary files."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
