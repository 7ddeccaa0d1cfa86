"""How fast, how many at once and how much a run asks: an API server in trouble must not feel it."""

from __future__ import annotations

import threading
import time

from diagnose.values import dataclass

AT_ONCE = 8  # requests
GENTLE_AT_ONCE = 2
# What programs are held to that set no rate of their own: kubernetes/client-go v0.35.4,
# rest/config.go, DefaultQPS.
GENTLE_PER_S = 5.0
MOST_REQUESTS = 500  # several times what any cluster takes


@dataclass(frozen=True)
class Limits:
    """What one run may ask for: requests at once, per second (None: no bound), and in all."""

    at_once: int = AT_ONCE
    per_s: float | None = None
    most: int = MOST_REQUESTS


USUAL = Limits()


def limits(*, gentle: bool, most: int = MOST_REQUESTS) -> Limits:
    """Return the usual limits, or those of a run that is to be gentle."""
    if gentle:
        return Limits(GENTLE_AT_ONCE, GENTLE_PER_S, most)
    return Limits(most=most)


class Pace:
    """The rate and the budget of one run, for several threads."""

    def __init__(self, of: Limits) -> None:
        """Count from nothing."""
        self._limits = of
        self._lock = threading.Lock()
        self._taken = 0
        self._next_s = 0.0

    def take(self, ends_at_s: float) -> bool:
        """Wait for the turn of one more request; False when the budget is used up.

        `ends_at_s`, of the monotonic clock, is when waiting is of no use any more.
        """
        with self._lock:
            if self._taken >= self._limits.most:
                return False
            self._taken += 1
            now_s = time.monotonic()
            turn_s = max(now_s, self._next_s)
            if self._limits.per_s is not None:
                self._next_s = turn_s + 1 / self._limits.per_s
        time.sleep(max(0.0, min(turn_s, ends_at_s) - now_s))
        return True
