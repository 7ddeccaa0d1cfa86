"""Every report that is compared whole; `python -m tests.report.renderings` writes them anew."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from diagnose.cards import card_of
from diagnose.report import json, markdown, table
from diagnose.report.checks import list_checks
from diagnose.report.page import render_page
from tests.report.samples import CHECKS, SAMPLES

GOLDEN = Path(__file__).parent / "golden"
PAGE = """# a-fault

## Name

A fault that shows *every* form.

## Signs

```text coredns.log
[ERROR] plugin/errors: 2 example.com. A: a line longer than the terminal is wide stays whole
```

A paragraph with `inline code`, **strong words** and a [link](https://coredns.io/plugins/loop), long
enough to be filled anew.

## Remedy

1. Safe: the first step, whose text goes on for so long that its second line has to hang below the
   first one.
2. Disruptive: the second step.
   - a nested item
   - another

- `a-symptom`: it follows.
"""


def renderings() -> dict[str, Callable[[], str]]:
    """Return what writes each golden file, by file name."""
    made: dict[str, Callable[[], str]] = {}
    for name, sample in SAMPLES.items():
        made[f"{name}.txt"] = partial(lambda sample: table.render(sample()), sample)
        made[f"{name}.md"] = partial(lambda sample: markdown.render(sample()), sample)
    for name in ("proven_loop", "tied", "healthy", "answers", "unread", "hostile"):
        made[f"{name}.json"] = partial(lambda sample: json.render(sample()), SAMPLES[name])
    for name in ("proven_loop", "healthy", "unread"):
        sample = SAMPLES[name]
        made[f"{name}.verbose.txt"] = partial(
            lambda sample: table.render(sample(), verbose=True), sample
        )
        made[f"{name}.verbose.md"] = partial(
            lambda sample: markdown.render(sample(), verbose=True), sample
        )
    made["proven_loop.colour.txt"] = lambda: table.render(SAMPLES["proven_loop"](), colour=True)
    made["answers.colour.txt"] = lambda: table.render(SAMPLES["answers"](), colour=True)
    made["checks.txt"] = lambda: list_checks(map(card_of, CHECKS[:4]), "table")
    made["checks.json"] = lambda: list_checks(map(card_of, CHECKS[:2]), "json")
    made["page.txt"] = lambda: render_page(PAGE, 60, colour=False)
    made["page.colour.txt"] = lambda: render_page(PAGE, 60, colour=True)
    return made


if __name__ == "__main__":
    for old in GOLDEN.iterdir():
        old.unlink()
    for file, write in renderings().items():
        (GOLDEN / file).write_text(write(), encoding="utf-8")
