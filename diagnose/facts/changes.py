"""Commands that people ran between two looks, and that change what is looked at."""

from __future__ import annotations

from diagnose.model import Quote
from diagnose.values import dataclass


@dataclass(frozen=True)
class Change:
    """One command line that changes the cluster or a node, where a prompt shows it."""

    origin: str
    quote: Quote
