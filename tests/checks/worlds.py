"""Worlds for checks: each case is a folder of loose evidence and an expected.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from diagnose.asks import Ask
from diagnose.collect import evidence_of
from diagnose.evidence import Evidence
from diagnose.model import Check
from diagnose.registry import load
from diagnose.sources import loose

HERE = Path(__file__).parent
PAGES = HERE.parent.parent / "docs" / "checks"
FENCE = re.compile(r"^```(\S+) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Case:
    """One case of one check; `expected` is its expected.toml."""

    check: Check
    folder: Path
    expected: dict[str, Any]

    @property
    def finds(self) -> bool:
        """Whether the check is to find something here."""
        return self.expected["status"] == "problem"

    def evidence(self) -> Evidence:
        """Return what the folder holds; `looked` asks count as carried out completely."""
        found = evidence_of(loose.read([str(self.folder)], ignore=("expected.toml",)))
        looked = frozenset(Ask(word) for word in self.expected.get("looked", ()))
        return replace(found, looked=found.looked | looked)


def cases() -> Iterator[Case]:
    """Yield every case of every check, in the order of the registry."""
    for check in load().checks:
        _, layer, name = check.module.split(".")
        folder = HERE / layer / name
        for case in sorted(folder.iterdir()) if folder.is_dir() else ():
            if case.is_dir() and not case.name.startswith("_"):
                text = (case / "expected.toml").read_text(encoding="utf-8")
                yield Case(check, case, tomllib.loads(text))


def page_of(check: Check) -> Path:
    """Return the path of a check's page."""
    _, layer, name = check.module.split(".")
    return PAGES / layer / f"{name}.md"


def section(page: str, title: str) -> str:
    """Return the text below a heading of a page, up to the next heading of its level."""
    head = re.search(rf"^## {re.escape(title)}$", page, re.MULTILINE)
    if head is None:
        return ""
    return re.split(r"^## ", page[head.end() :], maxsplit=1, flags=re.MULTILINE)[0]


def signs(page: str) -> dict[str, str]:
    """Return the fenced evidence below Signs: file name to text."""
    return {name: text for _, name, text in FENCE.findall(section(page, "Signs"))}
