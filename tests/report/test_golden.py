"""Whole reports, as an engineer reads them."""

import pytest

from tests.report.renderings import GOLDEN, renderings

RENDERINGS = renderings()


@pytest.mark.parametrize("name", RENDERINGS)
def test_report_is_as_it_was_reviewed(name: str) -> None:
    """A report changes only on purpose: its golden file is reviewed with the change."""
    assert RENDERINGS[name]() == (GOLDEN / name).read_text(encoding="utf-8")


def test_every_golden_file_is_compared() -> None:
    """No golden file outlives the report that it was made from."""
    assert {path.name for path in GOLDEN.iterdir()} == set(RENDERINGS)
