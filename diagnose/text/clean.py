"""Text as it comes: decoded, in a form to match on, wrapped lines re-joined."""

from __future__ import annotations

import codecs
import html
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from diagnose.text.envelopes import begins_entry
from diagnose.text.regex import regex
from diagnose.text.shown import visible as visible  # noqa: PLC0414  told here as well

PROBE_BYTES = 8192
LEAST_TEXT = 16  # bytes of a damaged text; fewer are no text
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8", "a UTF-8 byte order mark"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),  # what PowerShell's > writes
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)
TEXT_CONTROLS = frozenset(b"\t\n\r\f\b\x1b")

# ECMA-48: OSC, DCS, SOS, PM and APC strings up to their end; CSI sequences; two-byte escapes. A
# string that never ends loses only its introducer, so that it cannot swallow the line.
ESCAPES = regex(
    r"(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x90\x98\x9c-\x9f\n]{0,4096}(?:\x07|\x1b\\|\x9c)"
    r"|(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]"
    r"|\x1b[ -/]{0,8}[0-~]"
)
BROKEN_COLOUR = regex(r"\^\[\[[0-9;]{0,32}[mK]")  # escapes as cat -v and some pagers show them
ENTITIES = regex(r"&(?:amp;)?(?:quot|apos|lt|gt|amp|nbsp|#39|#34|#x27|#x22|#160);")
# Written by pasting tools in place of what was on the screen; everything else stays.
PLAIN = str.maketrans(
    {
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‘’‚‛′", "'"),
        **dict.fromkeys("\u00a0\u2007\u202f\u2000\u2001\u2002\u2003\u2009\u3000\r\f\v", " "),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\u061c", None),
        **dict.fromkeys("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", None),
        **dict.fromkeys(map(chr, (*range(9), *range(14, 32), *range(127, 160))), None),
        "\u2028": " ",
        "\u2029": " ",
    }
)

NARROWEST, WIDEST = 60, 250  # of the terminals that people copy from
TRIMMED = 2  # blanks at a cut that a terminal leaves out when copying
FULL_LINES = 3  # of one length, by chance hardly ever followed by what begins nothing
BROKEN_LINES = 2  # seams of a broken paragraph, the longest line's own left aside
OPEN_ENDS = (",", ":", "(", "[", "=", "->")


def decode(data: bytes) -> tuple[str, tuple[str, ...]]:
    r"""Return the text with line feeds as line ends, and what was odd about the bytes, in words.

    Bytes that are not UTF-8 stay visible as \xNN. A carriage return is a line end only before a
    line feed, or everywhere when there is no line feed at all; so lines keep their numbers.
    """
    notes = []
    coding = "utf-8"
    for mark, name, note in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            data, coding = data[len(mark) :], name
            notes.append(note)
            break
    else:
        if wide := wide_coding(data):
            coding = wide
            notes.append("UTF-16")
    try:
        text = data.decode(coding)
    except UnicodeDecodeError:
        text = data.decode(coding, errors="backslashreplace")
        notes.append(f"bytes that are not {coding.upper()}, shown as \\xNN")
    if "\r\n" in text:
        text = text.replace("\r\n", "\n")
        notes.append("CRLF line ends")
    if "\r" in text:
        notes.append("carriage returns inside lines")
        if "\n" not in text:
            text = text.replace("\r", "\n")
            notes[-1] = "carriage returns as line ends"
    if "\0" in text:
        notes.append("NUL characters")
    if "\x1b" in text or "\x9b" in text:
        notes.append("terminal escapes")
    return text, tuple(notes)


def wide_coding(data: bytes) -> str:
    """Return the UTF-16 coding of Latin text without a byte order mark; "" when it is not that."""
    head = data[:PROBE_BYTES]
    half = len(head) // 2
    if half < 4:
        return ""
    for coding, high, low in (("utf-16-le", 1, 0), ("utf-16-be", 0, 1)):
        if head[high::2].count(0) > 0.7 * half and head[low::2].count(0) < 0.05 * half:
            return coding
    return ""


def looks_binary(data: bytes) -> bool:
    """Whether the first bytes are no text: NUL bytes that are not UTF-16, or mostly controls."""
    head = data[:PROBE_BYTES]
    if any(head.startswith(mark) for mark, _, _ in BYTE_ORDER_MARKS) or wide_coding(head):
        return False
    controls = sum(byte < 32 and byte not in TEXT_CONTROLS for byte in head)
    return b"\0" in head[:1024] or controls * 10 > len(head)


def without_nuls(data: bytes) -> bytes | None:
    """Return damaged text without its NUL bytes; None for what is no text without them either.

    File systems fill with NUL what was not written when a machine went down.
    """
    text = data.replace(b"\0", b"")
    if len(text) == len(data) or len(text) < LEAST_TEXT:
        return None
    head = text[:PROBE_BYTES]
    odd = sum(byte < 32 and byte not in TEXT_CONTROLS for byte in head)
    odd += len(head) - len(head.decode("utf-8", "ignore").encode())
    return None if odd * 50 > len(head) else text


def plain(text: str) -> str:
    """Return the form to match patterns on, with as many lines.

    Without terminal escapes, controls and zero-width characters; with straight quotes and plain
    blanks where a pasting tool left others, and HTML's entities resolved.
    """
    if "\x1b" in text or "\x9b" in text or "\x9d" in text:
        text = ESCAPES.sub("", text)
    if "^[[" in text:
        text = BROKEN_COLOUR.sub("", text)
    if "&" in text:
        text = ENTITIES.sub(resolve, text)
    if text.isascii() and text.isprintable():
        return text
    return text.translate(PLAIN)


def resolve(entity: re.Match[str]) -> str:
    """Return what an HTML entity stands for, also one that was escaped twice."""
    return html.unescape(html.unescape(entity[0]))


def unwrap(
    lines: Sequence[str], begins: Callable[[str], bool] | None = None
) -> Iterator[tuple[int, str]]:
    """Yield (index of the first line from 0, plain text) of each entry, cut ones re-joined.

    With `begins`, every line that does not begin an entry belongs to the one before: the rows of
    a table, events. Without it the lines are a log, and two are joined only on evidence: all
    lines that begin nothing follow a line of the full width; or an entry ends in the middle of
    a sentence, as authors break lines by hand; or a program broke them at blanks, as mail does.
    """
    cleaned = [plain(line) for line in lines]
    starts = [bool(line.strip()) and (begins or begins_entry)(line) for line in cleaned]
    width = terminal_width(cleaned, starts)
    margin = common_margin(cleaned) if begins else 0
    broken = frozenset() if begins or width else broken_at_blanks(cleaned, starts)
    entry: list[str] = []
    first = 0
    for number, line in enumerate(cleaned):
        joins = bool(entry and line.strip()) and not starts[number]
        if joins and not begins:
            full = width > 0 and len(cleaned[number - 1]) >= width - TRIMMED
            joins = full or number in broken or continues(entry, line, starts[first])
        if joins and number in broken:
            # Breaking takes the blank away, and breaks at a hyphen too, where there is none
            entry[-1] = entry[-1].rstrip()
            entry.append(f"{'' if cleaned[number - 1].endswith('-') else ' '}{line.strip()}")
            continue
        if joins:
            entry.append(seam(cleaned[number - 1], line, width, margin))
            continue
        if entry:
            yield first, "".join(entry).rstrip()
        first, entry = number, [line]
    if entry:
        yield first, "".join(entry).rstrip()


def continues(entry: Sequence[str], line: str, begun: bool) -> bool:
    """Whether an entry of a log plainly goes on: klog's multi-line value, or half a sentence."""
    if entry[-1].endswith("=<") or (entry[0].endswith("=<") and not entry[-1].startswith(" >")):
        return line.startswith(("\t", " "))
    return begun and len(entry) <= 2 and entry[-1].rstrip().endswith(OPEN_ENDS)


def broken_at_blanks(lines: Sequence[str], starts: Sequence[bool]) -> frozenset[int]:
    """Return the indices of the lines that go on from the one before, which was broken at a blank.

    A paragraph was broken at a width where no line's first word would have fitted the line before.
    By chance that holds for one seam, hardly for all of several.
    """
    found: list[int] = []
    begin = 0
    for end in range(1, len(lines) + 1):
        if end < len(lines) and not starts[end] and lines[end].strip():
            continue
        texts = [line.rstrip() for line in lines[begin:end]]
        width = max(map(len, texts))
        if NARROWEST <= width <= WIDEST and is_broken(texts, width):
            found.extend(range(begin + 1, end))
        begin = end
    return frozenset(found)


def is_broken(texts: Sequence[str], width: int) -> bool:
    """Whether lines are one paragraph that was broken at this width."""
    narrow = 0
    for before, line in pairwise(texts):
        if not before or len(before) + 1 + len(line.split(maxsplit=1)[0]) <= width:
            return False
        narrow += len(before) < width
    return narrow >= BROKEN_LINES or len(texts) > BROKEN_LINES + 1


def seam(before: str, line: str, width: int, margin: int) -> str:
    """Return a continuation line as it is to be appended: cut mid-word, or at a blank."""
    if width and len(before) >= width and not before.endswith(" ") and not margin:
        return line
    rest = line.lstrip()
    return rest if before.endswith(" ") else f" {rest}"


def common_margin(lines: Sequence[str]) -> int:
    """Return how many blanks all lines begin with."""
    return min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)


def terminal_width(lines: Sequence[str], starts: Sequence[bool]) -> int:
    """Return the width at which a terminal cut these lines; 0 when nothing shows that it did.

    No line is longer, and nearly every line that begins nothing follows one of that width; or
    several are of just that width, and what follows them begins nothing.
    """
    longest = max(map(len, lines), default=0)
    if not NARROWEST <= longest <= WIDEST:
        return 0
    before = Counter(
        len(lines[number - 1]) >= longest - TRIMMED
        for number in range(1, len(lines))
        if lines[number].strip() and not starts[number] and lines[number - 1].strip()
    )
    if before[True] and before[True] >= 9 * before[False]:
        return longest
    behind = [
        bool(lines[number + 1].strip()) and not starts[number + 1]
        for number in range(len(lines) - 1)
        if len(lines[number]) == longest
    ]
    return longest if len(behind) >= FULL_LINES and all(behind) else 0
