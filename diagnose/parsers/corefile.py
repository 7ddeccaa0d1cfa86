"""Corefiles as they stand in a file or a paste.

Nobody says that such a text is the whole file. One whose braces do not match, that begins with
what belongs into a server block, or from which its author left out lines, is taken for a piece:
what it shows is a possibility, and what it lacks may stand elsewhere.

Limits: a piece that holds whole server blocks looks like a file.
Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go (ValidateConfigMap,
MaxSecretSize), v1.30: a ConfigMap holds one MiB.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from diagnose.facts.corefile import Corefile, lex, parse_corefile
from diagnose.facts.corefile_tables import known_plugins
from diagnose.model import Gap, GapKind
from diagnose.parts import Parsed, Part
from diagnose.text.clean import ESCAPES
from diagnose.text.regex import regex

MOST_CHARACTERS = 1024 * 1024
# A line in place of others, as authors write it; bytes that were no text, as decode shows them.
LEFT_OUT = regex(r"\[?\s?(?:\.{3,}|…)\s?\]?|<\s?(?:snip|cut|omitted)\b[^>]{0,40}>")
# The key that it has in a ConfigMap, copied with it, and the keys above that one. A server block's
# zone has no blank behind it.
KEY = regex(r"\s*[\"']?Corefile[\"']?:\s*[|>][+-]?\d?\s*(?:#.*)?$")
ABOVE = regex(r"\s*(?:apiVersion|kind|data|metadata|name|namespace):(?:\s.*)?$|\s*$")
DAMAGED = regex(r"\ufffd|\\x[89a-f][0-9a-f]")


def parse(part: Part) -> Parsed:
    """Return the Corefile of a part; what imports leave open is its own gap."""
    lines = part.text[:MOST_CHARACTERS].split("\n")
    if not part.whole and (cut := head(lines)) and not any(map(str.strip, lines[cut:])):
        return Parsed()
    return Parsed(items=(corefile_of(part),))


def head(lines: Sequence[str]) -> int:
    """Return how many lines at the beginning are a ConfigMap's, up to the key of the Corefile."""
    for number, line in enumerate(lines[:20]):
        if KEY.match(line):
            return number + 1
        if not ABOVE.match(line):
            break
    return 0


def corefile_of(
    part: Part, files: Mapping[str, str] | None = None, *, framed: bool = False
) -> Corefile:
    """Return the Corefile that a part's text is.

    `files` are those that it can import. `framed` says that something stands around the text, so
    that it is known where it begins and ends.
    """
    text = part.text[:MOST_CHARACTERS]
    lines = kept = text.split("\n")
    if not part.whole:
        lines = ESCAPES.sub("", text).split("\n")
        cut = head(lines)
        lines[:cut] = [""] * cut
        kept = ["" if LEFT_OUT.fullmatch(line.strip(" \t\r\u00a0#")) else line for line in lines]
    found = parse_corefile(
        "\n".join(kept), origin=part.origin, files=files, first_line=part.first_line
    )
    if len(text) < len(part.text):
        because = f"only its first {MOST_CHARACTERS // 1024**2} MiB are read"
        gap = Gap(
            "the Corefile", GapKind.PARTIAL, because, "make it shorter: no ConfigMap holds it"
        )
        return replace(found, torn=True, gaps=(*found.gaps, gap))
    if part.whole:
        return found
    torn = kept != lines or bool(DAMAGED.search(text)) or (not framed and is_torn(found))
    return replace(found, torn=torn)


def is_torn(found: Corefile) -> bool:
    """Whether a text shows that it is a piece: by its braces, its first words and its last one."""
    words = [token.text for token in lex(found.text)]
    depth = 0
    for word in words:
        depth += (word == "{") - (word == "}")
        if depth < 0:
            return True
    if not words or words == ["import", *words[1:2]]:
        return False
    plugins = known_plugins() - {"import"}
    # a plugin's name may be a zone's (local), but not beside others, and then it has a brace
    mixed = any(
        len(block.keys) > 1
        and any(key.text in plugins or key.text.startswith("/") for key in block.keys)
        for block in found.blocks
    )
    begun = words[0] not in plugins or words[1:2] == ["{"]
    begun = begun and words[0] != "{" and not words[0].isdigit() and not mixed
    ended = words[-1] == "}" or words[-2:-1] == ["import"]
    return depth != 0 or not begun or not ended
