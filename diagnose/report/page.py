"""A check's page in the terminal.

Renders the Markdown that the pages are written in: headings, paragraphs, nested lists, fenced
blocks, inline code, strong and links. What it does not know stays as it is written.
"""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.report.layout import Paint, painter, text_width, wrapped
from diagnose.text.regex import regex
from diagnose.text.shown import visible

HEADING = regex(r"(#{1,6}) +(.*?)(?: +#+)?$")
ITEM = regex(r"( *)([-*+]|\d{1,3}[.)]) +(.*)")
FENCE = regex(r" {0,3}(`{3,}|~{3,})\s*(\S*)\s*(.*)$")
SPAN = regex(
    r"(?P<ticks>`+)(?P<code>.+?)(?<!`)(?P=ticks)(?!`)"
    r"|\*\*(?P<strong>[^*]+)\*\*"
    r"|\[(?P<text>[^\]]+)\]\((?P<link>[^)\s]+)\)"
)
INDENT = "  "
CODE_INDENT = "    "


def render_page(markdown: str, width: int = 80, colour: bool = False) -> str:
    """Return a page as text for a terminal; code in fences is never wrapped."""
    paint = painter(colour)
    out: list[str] = []
    item = False
    for block in blocks(markdown.splitlines()):
        was_item, item = item, bool(block and ITEM.match(block[0]))
        close = was_item and item  # items that no blank line parts stand close
        if block:
            out += [*([] if close or not out else [""]), *lines_of(block, width, paint)]
    return "\n".join(line.rstrip() for line in out) + "\n"


def blocks(lines: list[str]) -> Iterator[list[str]]:
    """Yield headings, fences, list items and paragraphs, each as its lines; [] for a blank line."""
    block: list[str] = []
    fence = ""
    for raw in lines:
        line = raw.rstrip()
        opened = FENCE.match(line)
        if fence:
            block.append(line)
            if opened and opened[1].startswith(fence) and not opened[2]:
                yield block
                block, fence = [], ""
            continue
        starts = bool(opened or HEADING.match(line) or ITEM.match(line))
        if block and (starts or not line):
            yield block
            block = []
        if opened:
            fence = opened[1]
            block = [line]
        elif HEADING.match(line):
            yield [line]
        elif ITEM.match(line):
            block = [line]
        elif line:
            block.append(line)
        else:
            yield []
    if block:
        yield block


def lines_of(block: list[str], width: int, paint: Paint) -> Iterator[str]:
    """Yield a block as lines for the terminal."""
    first = block[0]
    if opened := FENCE.match(first):
        closed = len(block) > 1 and block[-1].strip().startswith(opened[1])
        if opened[3]:
            yield CODE_INDENT + paint(f"{visible(opened[3])}:", "faint")
        for line in block[1 : -1 if closed else None]:
            yield CODE_INDENT + visible(line)
    elif heading := HEADING.match(first):
        text = visible(heading[2])
        yield paint(text.upper() if len(heading[1]) == 2 else text, "label")
    elif item := ITEM.match(first):
        indent = INDENT + item[1]
        mark = "•" if item[2] in "-*+" else item[2]
        text = " ".join((item[3], *(line.strip() for line in block[1:])))
        hang = " " * (text_width(mark) + 1)
        for line in filled(text, width - len(indent) - len(hang), paint):
            head, mark = (mark + " " if mark else hang), ""
            yield indent + head + line
    else:
        for line in filled(" ".join(map(str.strip, block)), width - len(INDENT), paint):
            yield INDENT + line


def filled(text: str, width: int, paint: Paint) -> Iterator[str]:
    """Yield a paragraph's lines with its inline markup shown; code keeps its ticks uncoloured."""
    coloured = paint("x", "command") != "x"
    styled: list[tuple[str, str]] = []  # character, role
    at = 0
    safe = visible(text)
    for span in SPAN.finditer(safe):
        styled += [(character, "") for character in safe[at : span.start()]]
        if span["code"]:
            ticks = "" if coloured else span["ticks"]
            styled += [(character, "command") for character in ticks + span["code"] + ticks]
        elif span["strong"]:
            styled += [(character, "strong") for character in span["strong"]]
        else:
            styled += [(character, "") for character in f"{span['text']} ({span['link']})"]
        at = span.end()
    styled += [(character, "") for character in safe[at:]]
    plain = "".join(character for character, _ in styled)
    place = 0
    for line in wrapped(plain, max(20, width)):
        place = plain.index(line, place)
        yield coloured_run(styled[place : place + len(line)], paint)
        place += len(line)


def coloured_run(styled: list[tuple[str, str]], paint: Paint) -> str:
    """Return characters with their roles as text, each run of one role painted once."""
    out: list[str] = []
    run, role = "", ""
    for character, mine in (*styled, ("", "end")):
        if mine != role:
            out.append(paint(run, role) if role else run)
            run, role = "", mine
        run += character
    return "".join(out)
