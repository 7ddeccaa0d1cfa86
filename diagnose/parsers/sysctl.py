"""Kernel settings: lines of `sysctl`, and files below /proc/sys that a command printed.

A line that is commented out sets nothing, and a setting without a file does not exist: its module
is not loaded.
Source: procps-ng src/sysctl.c (ReadSetting, "cannot stat"), v4.0; busybox procps/sysctl.c, 1.36.
"""

from __future__ import annotations

from diagnose.facts.sysctls import Sysctl
from diagnose.model import Gap, GapKind, Quote
from diagnose.parts import Parsed, Part
from diagnose.text.clean import plain
from diagnose.text.regex import regex
from diagnose.text.shown import visible

SEEN = 500  # characters of a line
MOST_ITEMS = 20_000
SETTING = regex(r"(?P<name>[a-z]\w*(?:[./][\w@-]+)+)\s?=\s?(?P<value>\S[^#]{0,200})?$")
ABSENT = regex(
    r"(?:sysctl|cat|ls|head|tail|grep): .{0,60}?(?P<path>/proc/sys/[\w./@-]+?)'?: No such file"
)
READ = regex(r"(?P<path>/proc/sys/[\w./@-]+)")
VALUE = regex(r"-?\d[\d \t-]*$")


def parse(part: Part) -> Parsed:
    """Return the settings in the order in which they stand."""
    paths = [one["path"] for one in READ.finditer(part.command or part.origin)]
    items: list[Sysctl] = []
    failed: Gap | None = None

    def add(name: str, value: str | None, here: Quote) -> None:
        if len(items) < MOST_ITEMS:
            items.append(Sysctl(part.subject, part.origin, here, dotted(name), value))

    for index, raw in enumerate(part.text.split("\n")):
        line = plain(raw[:SEEN]).strip()
        if not line:
            continue
        here = Quote(part.origin, visible(raw.rstrip("\r")[:SEEN]), part.first_line + index)
        if found := SETTING.match(line):
            add(found["name"], (found["value"] or "").strip(), here)
        elif found := ABSENT.match(line):
            add(found["path"], None, here)
        elif paths and VALUE.match(line):
            add(paths.pop(0), line, here)
        elif failed is None and not line.startswith("#"):
            what = f"{part.origin} as {part.kind.value}"
            failed = Gap(what, GapKind.MALFORMED, f"line {here.line}: {visible(line)[:200]}")
    return Parsed(items=tuple(items), gaps=(failed,) if failed and not items else ())


def dotted(name: str) -> str:
    """Return a setting's name with dots, from a path or as sysctl takes it."""
    return name.removeprefix("/proc/sys/").replace("/", ".").strip(".")
