"""Writes the pages that follow from the registry: `python -m diagnose.docs FOLDER`.

docs/causes.md holds the graph that is seen in no one file, since each check names only its own
effects; docs/checks/README.md lists the checks by layer; docs/coverage.md tells which check speaks
for each known failure mode, by docs/coverage.toml; in docs/access.md the stretches between
marks say what a run asks of a cluster and does there. Beside them stands the text of
`corediag --help`, which is printed without loading the command line.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path

import click

from diagnose.__main__ import OVERVIEW, OVERVIEW_COLUMNS
from diagnose.access import filled
from diagnose.cli import cli
from diagnose.model import Check
from diagnose.registry import load

NOTE = "<!-- written by `make docs` from the checks themselves -->\n"


def pages(checks: Sequence[Check], folder: Path) -> Mapping[str, str]:
    """Return the text of each generated page by its path below docs/, which is the folder."""
    access = (folder / "access.md").read_text(encoding="utf-8")
    return {
        "causes.md": causes(checks),
        "checks/README.md": index(checks),
        "access.md": filled(access),
        "coverage.md": coverage(checks, folder / "coverage.toml"),
    }


def overview() -> str:
    """Return what `corediag --help` prints where the output is no terminal."""
    width = OVERVIEW_COLUMNS - 2  # click's margin
    settings = {**cli.context_settings, "terminal_width": width}
    return cli.get_help(click.Context(cli, info_name="corediag", **settings)) + "\n"


def causes(checks: Sequence[Check]) -> str:
    """Return the page of the graph: a picture per layer, then what brings each fault about."""
    by_id = {check.id: check for check in checks}
    lines = [
        NOTE,
        "# What brings what about\n",
        "An arrow leads from a cause to its direct effect. Where both are found and their subjects "
        "meet, the report names the cause and folds the effect under it. Rounded boxes are "
        "symptoms: they say that something fails and not why, and are never a proven cause.\n",
    ]
    for layer, group in groupby(checks, key=lambda check: check.layer):
        members = [check for check in group if check.explains]
        if not members:
            continue
        lines.append(f"## From {layer}\n")
        lines.append("```mermaid\nflowchart LR")
        names = {check.id for check in members} | {one for c in members for one in c.explains}
        lines.extend(f"    {box(by_id[name])}" for name in sorted(names))
        lines.extend(f"    {check.id} --> {one}" for check in members for one in check.explains)
        lines.append("```\n")
    lines.append("## By effect\n")
    lines.append("| where this is found | these may be above it |\n| --- | --- |")
    for check in checks:
        above = [other.id for other in checks if check.id in other.explains]
        if above:
            lines.append(f"| {link(check, 'checks/')} | {', '.join(above)} |")
    roots = [check.id for check in checks if not any(check.id in one.explains for one in checks)]
    lines.append(f"\nNothing is above: {', '.join(roots)}.")
    return "\n".join(lines) + "\n"


def box(check: Check) -> str:
    """Return a check as Mermaid draws it."""
    return f"{check.id}([{check.id}])" if check.symptom else f"{check.id}[{check.id}]"


def index(checks: Iterable[Check]) -> str:
    """Return the page that lists the checks by layer."""
    lines = [NOTE, "# Checks\n", "`corediag explain ID` shows these pages in the terminal.\n"]
    for layer, group in groupby(checks, key=lambda check: check.layer):
        lines.append(f"## {layer}\n")
        lines.append("| check | finds | severity | also answers to |\n| --- | --- | --- | --- |")
        for check in group:
            also = ", ".join(f"`{one}`" for one in check.also)
            severity = check.severity.name.lower()
            lines.append(f"| {link(check)} | {check.title} | {severity} | {also} |")
        lines.append("")
    return "\n".join(lines)


def coverage(checks: Sequence[Check], known: Path) -> str:
    """Return the page of what is known to fail, and which check speaks for it.

    Raises ValueError for a failure mode that nothing is said of, and for a reason to leave out one
    that a check speaks for.
    """
    told = tomllib.loads(known.read_text(encoding="utf-8"))
    left_out: dict[str, str] = told["left-out"]
    own = {check.id: check for check in checks}
    parts = {name: check for check in checks for name in check.also}
    modes = [(layer, mode) for layer, several in told["known"].items() for mode in several]
    spoken = own.keys() | parts.keys()
    silent = [mode for _, mode in modes if mode not in spoken | left_out.keys()]
    doubly = [mode for mode in left_out if mode in spoken]
    if silent or doubly:
        raise ValueError(f"{known}: nothing is said of {silent}, too much of {doubly}")
    alone = sum(mode in own for _, mode in modes)
    further = len(own.keys() - {mode for _, mode in modes})
    lines = [
        NOTE,
        "# Coverage\n",
        f"Of {len(modes)} known failure modes {alone} have a check of their own, "
        f"{sum(mode in parts for _, mode in modes)} are part of another check with the same cause "
        f"and remedy, {len(left_out)} are left out. {further} further checks came from what was "
        "seen since.\n",
    ]
    for layer, group in groupby(modes, key=lambda pair: pair[0]):
        lines.append(f"## {layer}\n")
        lines.append("| failure mode | spoken for by |\n| --- | --- |")
        for _, mode in group:
            check = own.get(mode) or parts.get(mode)
            by = link(check, "checks/") if check else f"left out: {left_out[mode]}"
            lines.append(f"| {mode} | {by} |")
        lines.append("")
    return "\n".join(lines)


def link(check: Check, base: str = "") -> str:
    """Return a Markdown link to a check's page."""
    _, layer, name = check.module.split(".")
    return f"[{check.id}]({base}{layer}/{name}.md)"


def main(folder: Path) -> None:
    """Write the pages below a folder."""
    own = tuple(check for check in load().checks if check.module.startswith("checks."))
    for name, text in pages(own, folder).items():
        (folder / name).write_text(text, encoding="utf-8")
    Path(OVERVIEW).write_text(overview(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
