"""The list of checks: what each finds, how bad that is, what it needs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from diagnose.cards import Card
from diagnose.report.layout import wrapped
from diagnose.text.shown import visible

WIDTH = 80


def list_checks(cards: Iterable[Card], output: str = "table", *, verbose: bool = False) -> str:
    """Return the checks as a table by layer, what they need with `verbose`; or as JSON."""
    every = sorted(cards, key=lambda card: (card.layer, card.id))
    return as_json(every) if output == "json" else as_table(every, verbose=verbose)


def asks_of(card: Card, *, required: bool) -> tuple[str, ...]:
    """Return the names of what a check's required, or its optional, facts are read from."""
    several = (need.asks for need in card.needs if need.required is required)
    return tuple(dict.fromkeys(ask for asks in several for ask in asks))


def needs_text(card: Card) -> str:
    """Return what a check needs, in words."""
    needed = asks_of(card, required=True)
    better = [ask for ask in asks_of(card, required=False) if ask not in needed]
    text = f"needs {' or '.join(needed)}" if needed else ""
    return text + (f"{'; ' if text else ''}better with {', '.join(better)}" if better else "")


def as_table(cards: Iterable[Card], *, verbose: bool) -> str:
    """Return a table per layer, a row per check; by hand, as tabulate is slow to import."""
    every = list(cards)
    widest = max((len(card.id) for card in every), default=0)
    blocks = []
    for layer, several in groupby(every, key=lambda card: card.layer):
        rows = [row for card in several for row in rows_of(card, widest, verbose=verbose)]
        blocks.append("\n".join((visible(layer) or "no layer", *rows)))
    count = f"{len(every)} checks" if len(every) != 1 else "1 check"
    more = "" if verbose else ", -v what each needs"
    last = f"{count}; `corediag explain ID` shows a check's page{more}"
    return "\n\n".join((*blocks, last)) + "\n"


def rows_of(card: Card, widest: int, *, verbose: bool) -> Iterator[str]:
    """Yield the lines of one check; its title and needs stand in the last of three columns."""
    first = f"  {visible(card.id):{widest}}  {visible(card.severity):8}  "
    if not verbose:  # one line each, for grep
        yield first + visible(card.title)
        return
    room = max(24, WIDTH - len(first))
    texts = [
        *wrapped(visible(card.title), room),
        *(wrapped(needs_text(card), room, "  ") if card.needs else ()),
        *(wrapped(also_text(card), room, "  ") if card.also else ()),
    ]
    for text in texts:
        yield (first + text).rstrip()
        first = " " * len(first)


def also_text(card: Card) -> str:
    """Return the further ids of a check."""
    return f"also {', '.join(map(visible, card.also))}"


def as_json(cards: Iterable[Card]) -> str:
    """Return the checks as a JSON array, one object per check."""
    objects: list[dict[str, Any]] = [
        {
            "id": card.id,
            "also": card.also,
            "layer": card.layer,
            "family": card.family,
            "severity": card.severity,
            "symptom": card.symptom,
            "title": card.title,
            "explains": card.explains,
            "needs": [need._asdict() for need in card.needs],
        }
        for card in cards
    ]
    return json.dumps(objects, indent=2) + "\n"
