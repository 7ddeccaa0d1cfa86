"""The examples of docs/matrix.md, drawn anew by `python -m tests.report.matrix_page`.

A comment in the page names a case of tests/checks/, or a bundle of tests/recorded/ that comes from
the lab; the fence after it holds what a run over it shows.
"""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from diagnose.asks import Ask
from diagnose.collect import diagnose, evidence_of
from diagnose.model import Diagnosis
from diagnose.registry import load
from diagnose.report import words
from diagnose.report.matrix import LEGEND, plain, summary
from diagnose.report.seen_well import backends_of, matrix_of
from diagnose.sources import given, loose

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "matrix.md"
CASES = ROOT / "tests" / "checks"
COLUMNS = 78
RECORDED = ROOT / "tests" / "recorded"
EXAMPLE = re.compile(
    r"<!-- (?P<kind>case|recorded) (?P<name>\S+) -->\n\n```text\n.*?```\n", re.DOTALL
)
NOW = datetime(2024, 3, 2, 12, 1, tzinfo=UTC)


def of_case(case: str) -> Diagnosis:
    """Return the diagnosis of a case."""
    evidence = evidence_of(loose.read([str(CASES / case)], ignore=("expected.toml",)))
    looked = frozenset({Ask.DNS_ANSWERS, Ask.CLIENT_ANSWERS})
    return diagnose(load().checks, replace(evidence, looked=looked), NOW)


def of_bundle(name: str) -> Diagnosis:
    """Return the diagnosis of a recorded bundle."""
    haul = given.read(str(RECORDED / f"{name}.tar.gz"), io.BytesIO())
    return diagnose(load().checks, evidence_of(haul), haul.taken_at or NOW)


def example(found: Diagnosis) -> str:
    """Return the causes that a run found, and the picture."""
    matrix = matrix_of(found)
    assert matrix is not None
    checks = words.checks_of(found)
    told = [
        f"{cause.verdict.check} ({words.standing(cause, checks).value.split(',')[0]})"
        for cause in found.causes
    ]
    lines = [line for line in plain(matrix, COLUMNS) if line != LEGEND]
    while lines and not lines[-1]:
        lines.pop()
    drawn = lines if matrix.all.failed else []
    return "\n".join([*told, summary(matrix, backends_of(found)), *([""] if drawn else []), *drawn])


def page(text: str) -> str:
    """Return the page with each example drawn anew."""

    def drawn(match: re.Match[str]) -> str:
        kind, name = match["kind"], match["name"]
        found = of_case(name) if kind == "case" else of_bundle(name)
        return f"<!-- {kind} {name} -->\n\n```text\n{example(found)}\n```\n"

    return EXAMPLE.sub(drawn, text)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
