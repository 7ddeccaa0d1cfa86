"""The generated pages say what the registry says."""

from pathlib import Path

from diagnose.__main__ import OVERVIEW
from diagnose.docs import overview, pages
from diagnose.registry import load

DOCS = Path(__file__).parent.parent / "docs"


def test_generated_pages_are_up_to_date() -> None:
    """`make docs` was run after the last change to a check."""
    for name, text in pages(load().checks, DOCS).items():
        assert (DOCS / name).read_text(encoding="utf-8") == text, f"run make docs: {name}"


def test_the_help_that_is_printed_without_click_is_what_click_prints() -> None:
    """`make docs` was run after the last change to the command line."""
    assert Path(OVERVIEW).read_text(encoding="utf-8") == overview()


def test_links_of_the_pages_lead_somewhere() -> None:
    """Every relative link in docs/ and the README points at a file."""
    import re

    for page in (*DOCS.rglob("*.md"), DOCS.parent / "README.md"):
        for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page}: {target}"
