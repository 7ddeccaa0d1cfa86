"""What `ls` printed of folders: names one per line, in columns, or in the long form.

Source: POSIX.1-2017, ls (-1, -l); coreutils src/ls.c, 9.1; busybox coreutils/ls.c, 1.36.
"""

from __future__ import annotations

from dataclasses import field

from diagnose.facts.file_lists import FileList
from diagnose.model import Gap, GapKind, Quote
from diagnose.parts import Parsed, Part
from diagnose.text.clean import plain
from diagnose.text.regex import regex
from diagnose.text.shown import visible
from diagnose.values import dataclass

SEEN = 1000  # characters of a line
MOST_NAMES = 5000
MOST_FOLDERS = 50
PATH = regex(r"(?:^|\s)(?P<path>/[\w./@+-]{1,255})(?=\s|$)")
FOLDER = regex(r"(?P<path>/[\w./@+-]{1,255}):$")
TOTAL = regex(r"total [\d.]+\S?$")
LONG = regex(
    r"[-dlbcps][rwxsStT-]{9}[.+@]?\s+\d+\s+\S+\s+\S+\s+(?:\d+,\s*)?\d[\d.]{0,20}\w?\s+"
    r"(?:\S+\s+\d+\s+[\d:]+|\d{4}-\d\d-\d\d \S+(?: [+-]\d{4})?)\s+(?P<name>\S.{0,255}?)"
    r"(?: -> .{0,500})?$"
)
ABSENT = regex(r"ls: (?:cannot access |can't open )?'?(?P<path>/[\w./@+-]{1,255}?)'?: No such file")
FAILED = regex(r"(?:ls|sh|bash|error|Error)\b[^:]{0,200}: ")


@dataclass
class Folder:
    """One folder while its lines are read."""

    path: str
    quote: Quote | None = None
    names: list[str] = field(default_factory=list)
    exists: bool = True


def parse(part: Part) -> Parsed:
    """Return the folders in the order in which they stand; an empty text is an empty folder."""
    told = [found["path"].rstrip("/") for found in PATH.finditer(part.command[:2000])]
    folders = [Folder(told[0])] if len(told) == 1 else []
    failed: Gap | None = None
    for index, raw in enumerate(part.text.split("\n")):
        line = plain(raw[:SEEN]).rstrip()
        if not line.strip() or TOTAL.match(line):
            continue
        here = Quote(part.origin, visible(raw.rstrip("\r")[:SEEN]), part.first_line + index)
        if head := FOLDER.match(line):
            if folders and not folders[-1].names and folders[-1].path == head["path"]:
                continue
            folders = folders[: MOST_FOLDERS - 1]
            folders.append(Folder(head["path"].rstrip("/")))
        elif absent := ABSENT.match(line):
            folders = [one for one in folders if one.path != absent["path"]][: MOST_FOLDERS - 1]
            folders.append(Folder(absent["path"].rstrip("/"), here, exists=False))
        elif FAILED.match(line):
            denied = "ermission denied" in line
            failed = Gap(
                what=f"{part.origin} as {part.kind.value}",
                kind=GapKind.DENIED if denied else GapKind.UNREACHABLE,
                because=f"line {here.line}: {visible(line)[:300]}",
                ask="read it as root" if denied else "",
            )
        elif folders and folders[-1].exists and len(folders[-1].names) < MOST_NAMES:
            long = LONG.match(line)
            names = [long["name"]] if long else line.split()
            folders[-1].names += [one.rstrip("*@/") for one in names if one not in (".", "..")]
            folders[-1].quote = folders[-1].quote or here
    if failed:
        folders = [one for one in folders if one.names or not one.exists]
    items = tuple(
        FileList(
            subject=part.subject,
            origin=part.origin,
            quote=one.quote or Quote(part.origin, "(the folder is empty)", summary=True),
            path=one.path,
            names=tuple(one.names),
            exists=one.exists,
        )
        for one in folders
    )
    if not items and failed is None:
        what = f"{part.origin} as {part.kind.value}"
        failed = Gap(what, GapKind.MALFORMED, "which folder it is of is not told", "ls <folder>")
    return Parsed(items=items, gaps=(failed,) if failed else ())
