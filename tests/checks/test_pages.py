"""Every check has a page, and the evidence on the page is what the check finds."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from diagnose.asks import Ask
from diagnose.collect import asks_of, evidence_of, facts_for
from diagnose.judge import judge
from diagnose.model import Check, Status
from diagnose.registry import load
from diagnose.sources import loose
from tests.checks.worlds import PAGES, page_of, section, signs

CHECKS = load().checks
SECTIONS = ["Name", "Description", "Signs", "Explains", "Remedy", "Limits", "Sources"]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_sections_in_order(check: Check) -> None:
    """The page is built like every other one, and none of its sections is empty."""
    text = page_of(check).read_text(encoding="utf-8")
    assert text.startswith(f"# {check.id}\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert all(section(text, title).strip() for title in SECTIONS)
    assert check.title in section(text, "Name")


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_explains_what_the_code_says(check: Check) -> None:
    """The page names the effects that the code declares, no other and no fewer."""
    text = section(page_of(check).read_text(encoding="utf-8"), "Explains")
    assert set(re.findall(r"`([a-z0-9-]+)`", text)) == set(check.explains)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_every_further_id_is_on_the_page(check: Check) -> None:
    """Ids that the check also answers to are explained to the reader."""
    text = page_of(check).read_text(encoding="utf-8")
    assert all(f"`{other}`" in text for other in check.also)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_signs_are_found(check: Check, tmp_path: Path) -> None:
    """The evidence under Signs, given to the check as it stands there, is found."""
    evidence = signs(page_of(check).read_text(encoding="utf-8"))
    assert evidence, "no fenced evidence under Signs"
    for name, text in evidence.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = evidence_of(loose.read([str(tmp_path)]))
    looked = asks_of([check]) - {Ask.SYSTEM_PODS}  # which pods wait is for the page to show
    facts = facts_for((check,), replace(found, looked=found.looked | looked))
    assert judge(check, facts).status is Status.PROBLEM


def test_no_page_without_a_check() -> None:
    """A page whose check is gone would mislead."""
    pages = {path.relative_to(PAGES).as_posix() for path in PAGES.rglob("*.md")}
    known = {page_of(check).relative_to(PAGES).as_posix() for check in CHECKS}
    assert pages - known - {"README.md"} == set()
