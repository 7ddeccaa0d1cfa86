"""The checks' pages, as they ship with the package or lie in the checkout."""

from __future__ import annotations

import os

from diagnose.cards import Card

HERE = os.path.dirname(__file__)
# where a wheel has them, and where a checkout has
FOLDERS = (os.path.join(HERE, "pages_text"), os.path.join(HERE, "..", "docs", "checks"))


def page_text(card: Card) -> str:
    """Return the Markdown of a check's page; of a check without one, its title."""
    _, _, place = card.module.partition(".")
    for folder in FOLDERS:
        try:
            with open(os.path.join(folder, *place.split(".")) + ".md", encoding="utf-8") as page:
                return page.read()
        except FileNotFoundError:
            continue
    return f"# {card.id}\n\n{card.title}.\n\nIts package brings no page.\n"
