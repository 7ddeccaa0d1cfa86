"""Corefiles as they stand in a file or a paste."""

from __future__ import annotations

from diagnose.facts.corefile import parse_corefile
from diagnose.parts import Parsed, Part


def parse(part: Part) -> Parsed:
    """Return the Corefile of a part; what imports leave open is its own gap."""
    corefile = parse_corefile(part.text, origin=part.origin, first_line=part.first_line)
    return Parsed(items=(corefile,))
