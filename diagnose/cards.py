"""What checks say of themselves, without their code: enough to list, choose and explain them.

To load every check takes a quarter of a second, so their cards are kept from run to run; each
file that a check comes from is looked at, and a change of any has all of them loaded anew.
"""

from __future__ import annotations

import fnmatch
import functools
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from diagnose import __version__, kept

if TYPE_CHECKING:
    from diagnose.asks import Ask
    from diagnose.model import Check, Gap


class UnknownCheck(Exception):
    """Nobody registered what was asked for; `near` holds ids that look alike."""

    def __init__(self, wanted: str, near: tuple[str, ...]) -> None:
        """Word the error; `wanted` is what was typed."""
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        super().__init__(f"no check, layer or pattern {wanted!r}{hint}")
        self.wanted = wanted
        self.near = near


class Needed(NamedTuple):
    """A fact that a check takes, by name, and the names of what it is read from."""

    fact: str
    required: bool
    asks: tuple[str, ...]


class Card(NamedTuple):
    """A check as its file declares it; the fields are those of Check, the severity in words."""

    id: str
    layer: str
    family: str
    title: str
    severity: str
    symptom: bool
    module: str
    explains: tuple[str, ...]
    also: tuple[str, ...]
    needs: tuple[Needed, ...]


class Cards(NamedTuple):
    """Every check in the order of layer and id, and the packages that failed to import."""

    cards: tuple[Card, ...]
    gaps: tuple[Gap, ...] = ()

    def select(self, wanted: Sequence[str], skipped: Sequence[str] = ()) -> tuple[Card, ...]:
        """Return the cards that any wanted word names (all without one) less the skipped.

        A word is an id, a glob over ids, or a tag: a layer or a family. Raises UnknownCheck.
        """
        chosen = {name for word in wanted for name in self._named(word)}
        left = {name for word in skipped for name in self._named(word)}
        return tuple(
            card for card in self.cards if (card.id in chosen or not wanted) and card.id not in left
        )

    def _named(self, word: str) -> set[str]:
        plain = word.strip().lower().replace("_", "-")
        owners = {other: card.id for card in reversed(self.cards) for other in card.also}
        owners |= {card.id: card.id for card in self.cards}
        if plain in owners:
            return {owners[plain]}
        found = {
            card.id
            for card in self.cards
            if fnmatch.fnmatchcase(card.id, plain) or plain in (card.layer, card.family)
        }
        if not found:
            from difflib import get_close_matches

            words = sorted({*owners, *(card.layer for card in self.cards)})
            raise UnknownCheck(word, tuple(get_close_matches(plain, words, n=3, cutoff=0.6)))
        return found


def asks_of(cards: Sequence[Card]) -> frozenset[Ask]:
    """Return everything that the facts of some checks are read from, optional ones included."""
    from diagnose.asks import Ask

    return frozenset(
        Ask(ask) for ask in {ask for card in cards for need in card.needs for ask in need.asks}
    )


def card_of(check: Check) -> Card:
    """Return the card of a check."""
    return Card(
        id=check.id,
        layer=check.layer,
        family=check.family,
        title=check.title,
        severity=check.severity.name.lower(),
        symptom=check.symptom,
        module=check.module,
        explains=check.explains,
        also=check.also,
        needs=tuple(
            Needed(need.fact.__name__, need.required, tuple(ask.value for ask in need.fact.asks))
            for need in check.needs
        ),
    )


@functools.cache
def known() -> Cards:
    """Return the cards of this installation's checks. Raises RegistryError on a contradiction."""
    key = [__version__, sys.version, *map(os.path.abspath, sys.path)]
    if (cards := cards_of(kept.read("checks", key))) is not None:
        return Cards(cards)
    from diagnose import registry

    loaded = registry.load()
    cards = tuple(map(card_of, loaded.checks))
    # Whether a package that failed is mended shows in no file of ours: that is looked at anew.
    if not loaded.gaps and registry.tells(cards, loaded.checks):
        kept.write("checks", key, cards, registry.made_of())
    return Cards(cards, loaded.gaps)


def anew() -> Cards:
    """Return the cards after a look at every check, whatever was kept."""
    kept.forget("checks")
    known.cache_clear()
    return known()


def needed_of(row: Any) -> Needed:
    """Return a need that JSON made a list of. Raises TypeError, ValueError."""
    fact, required, asks = row
    return Needed(fact, required, tuple(asks))


def cards_of(rows: Any) -> tuple[Card, ...] | None:
    """Return cards that JSON made lists of; None if it is not that."""
    try:
        return tuple(
            Card._make((*plain, tuple(explains), tuple(also), tuple(map(needed_of, needs))))
            for *plain, explains, also, needs in rows
        )
    except (TypeError, ValueError):
        return None
