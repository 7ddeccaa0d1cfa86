"""Pages in the terminal."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.report.page import render_page
from tests.report.renderings import PAGE

PAGES = sorted((Path(__file__).parent.parent.parent / "docs" / "checks").glob("*/*.md"))
SGR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_page_is_shown_whole(page: Path) -> None:
    """All words of a page are there, lines fit, and code in fences stays as it is."""
    text = page.read_text(encoding="utf-8").replace("\t", " ")
    shown = render_page(text, 72)
    fences = re.findall(r"^```\S* ?\S*\n(.*?)^```$", text, re.M | re.S)
    code = {line for fence in fences for line in fence.splitlines()}
    wide = [line for line in shown.splitlines() if len(line) > 72]
    assert [line for line in wide if line[4:] not in code] == []
    assert [line for line in code if line.strip() and line.rstrip() not in shown] == []
    words = re.findall(r"[a-z]{3,}", re.sub(r"```\S*", "", text).lower())
    assert words == re.findall(r"[a-z]{3,}", shown.lower())


def test_colour_replaces_ticks() -> None:
    """With colour inline code is coloured, without it keeps its ticks."""
    assert "`inline code`" in render_page(PAGE)
    coloured = render_page(PAGE, colour=True)
    assert "`inline code`" not in coloured
    assert "\x1b[36minline code\x1b[0m" in coloured


@given(st.text(max_size=400), st.booleans())
def test_any_page_can_be_shown(text: str, colour: bool) -> None:
    """No page breaks the renderer or reaches the terminal raw."""
    shown = SGR.sub("", render_page(text, 60, colour))
    assert shown.replace("\n", "").isprintable()


def test_an_open_fence_ends_with_the_page() -> None:
    """A fence that is never closed loses no line."""
    assert render_page("```text\nlast line") == "    last line\n"


def test_items_stand_close_unless_the_page_parts_them() -> None:
    """Items of one list follow each other; a blank line in the page stays one."""
    assert render_page("- a\n- b\n\n- c\n") == "  • a\n  • b\n\n  • c\n"
