"""How long look-ups by hand took."""

from __future__ import annotations

from diagnose.model import Quote, Subject
from diagnose.values import dataclass


@dataclass(frozen=True)
class LookupTime:
    """The time that one command which resolves a name took, by the clock."""

    subject: Subject
    origin: str
    quote: Quote
    seconds: float
