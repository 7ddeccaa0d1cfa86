"""The list of checks."""

import json

from diagnose.cards import card_of
from diagnose.report.checks import list_checks
from tests.report.samples import CHECKS

CARDS = tuple(map(card_of, CHECKS))


def test_every_check_is_listed_under_its_layer() -> None:
    """Each id stands below its layer with its severity, in one line; -v fits the terminal."""
    text = list_checks(reversed(CARDS))
    assert text.index("coredns-runtime\n") < text.index("  loop ") < text.index("upstream\n")
    assert [card.id for card in CARDS if f"  {card.id} " not in text] == []
    assert len(text.strip().splitlines()) == len(CARDS) + 2 * len({one.layer for one in CARDS}) + 1
    assert max(map(len, list_checks(CARDS, verbose=True).splitlines())) <= 80


def test_needs_are_told() -> None:
    """What is required and what only helps are told apart."""
    assert "needs dns-logs or dns-pods" in list_checks(CARDS[:1], verbose=True)
    (told,) = json.loads(list_checks(CARDS[:1], "json"))
    assert told["needs"][0] == {
        "fact": "Known",
        "required": True,
        "asks": ["dns-logs", "dns-pods"],
    }


def test_further_ids_are_told() -> None:
    """A check that answers to other ids names them."""
    card = CARDS[0]._replace(also=("old-name",))
    assert "also old-name" in list_checks([card], verbose=True)
    assert json.loads(list_checks([card], "json"))[0]["also"] == ["old-name"]


def test_no_checks() -> None:
    """An empty selection is an empty list."""
    assert json.loads(list_checks((), "json")) == []
    assert list_checks(()).startswith("0 checks")
