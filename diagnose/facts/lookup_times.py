"""How long look-ups by hand took.

A resolver that hears nothing asks again after a time of its own, so that a lost query or answer
shows as that time, and several lost ones as its multiples: 5 s of glibc, dig and nslookup, 2.5 s of
musl and busybox, which share their five seconds out among two attempts.

Source: resolv.conf(5), timeout and attempts; musl 1.2.4 src/network/res_msend.c (retry_interval);
busybox 1.36 networking/nslookup.c (default_timeout, default_retry).
"""

from __future__ import annotations

from diagnose.model import Quote, Subject
from diagnose.values import dataclass

STEP_S = 2.5
STEPS = 8
SPREAD_S = 0.6  # what the answer after the repetition may take


@dataclass(frozen=True)
class LookupTime:
    """The time that one command which resolves a name took, by the clock.

    `failed` says that no answer came at all, `whole` that the time is of a command that did more
    than look a name up, as far as is known.
    """

    subject: Subject
    origin: str
    quote: Quote
    seconds: float
    failed: bool = False
    whole: bool = False


def is_repeated(seconds: float) -> bool:
    """Whether a look-up took a multiple of a resolver's own time-out, and little more."""
    steps = int(seconds / STEP_S)
    return 1 <= steps <= STEPS and seconds - steps * STEP_S <= SPREAD_S
