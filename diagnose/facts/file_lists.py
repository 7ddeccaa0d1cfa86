"""What folders of nodes hold: names, as `ls` prints them."""

from __future__ import annotations

from diagnose.model import Quote, Subject
from diagnose.values import dataclass


@dataclass(frozen=True)
class FileList:
    """One folder of a node; `exists` is False where the evidence says that it is missing.

    `quote` is its first line, or says that the folder holds nothing.
    """

    subject: Subject
    origin: str
    quote: Quote
    path: str
    names: tuple[str, ...] = ()
    exists: bool = True
