"""The examples of docs/matrix.md, drawn from cases; `python -m tests.report.matrix_page` anew.

A comment in the page names the case, the fence after it holds what a run over it shows.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from diagnose.asks import Ask
from diagnose.collect import diagnose, evidence_of
from diagnose.registry import load
from diagnose.report import words
from diagnose.report.matrix import LEGEND, matrix_of, plain, summary
from diagnose.sources import loose

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "matrix.md"
CASES = ROOT / "tests" / "checks"
COLUMNS = 78
EXAMPLE = re.compile(r"<!-- case (?P<case>\S+) -->\n\n```text\n.*?```\n", re.DOTALL)
NOW = datetime(2024, 3, 2, 12, 1, tzinfo=UTC)


def example(case: str) -> str:
    """Return the causes that a run over a case finds, and the picture."""
    from dataclasses import replace

    folder = CASES / case
    evidence = evidence_of(loose.read([str(folder)], ignore=("expected.toml",)))
    looked = frozenset({Ask.DNS_ANSWERS, Ask.CLIENT_ANSWERS})
    found = diagnose(load().checks, replace(evidence, looked=looked), NOW)
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
    return "\n".join([*told, summary(matrix), *([""] if drawn else []), *drawn])


def page(text: str) -> str:
    """Return the page with each example drawn anew."""

    def drawn(match: re.Match[str]) -> str:
        case = match["case"]
        return f"<!-- case {case} -->\n\n```text\n{example(case)}\n```\n"

    return EXAMPLE.sub(drawn, text)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
