"""Corefiles as they stand in a file or a paste.

Nobody says that such a text is the whole file. One whose braces do not match, that begins with
what belongs into a server block, or from which its author left out lines, is taken for a piece:
what it shows is a possibility, and what it lacks may stand elsewhere.

Limits: a piece that holds whole server blocks looks like a file.
Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go (ValidateConfigMap,
MaxSecretSize), v1.30: a ConfigMap holds one MiB.
"""

from __future__ import annotations

from dataclasses import replace

from diagnose.facts.corefile import Corefile, lex, parse_corefile
from diagnose.facts.corefile_tables import known_plugins
from diagnose.model import Gap, GapKind
from diagnose.parts import Parsed, Part
from diagnose.text.clean import ESCAPES
from diagnose.text.regex import regex

MOST_CHARACTERS = 1024 * 1024
# A line in place of others, as authors write it; bytes that were no text, as decode shows them.
LEFT_OUT = regex(r"[#\s]*(?:\[?\s*(?:\.{3,}|…)+\s*\]?|<\s*(?:snip|cut|omitted)\b[^>]{0,40}>)\s*$")
DAMAGED = regex(r"\ufffd|\\x[89a-f][0-9a-f]")


def parse(part: Part) -> Parsed:
    """Return the Corefile of a part; what imports leave open is its own gap."""
    text = part.text[:MOST_CHARACTERS]
    if part.whole and text == part.text:
        return Parsed(items=(made_of(text, part),))
    lines = ESCAPES.sub("", text).split("\n")
    kept = ["" if LEFT_OUT.match(line) else line for line in lines]
    corefile = made_of("\n".join(kept), part)
    if text != part.text:
        because = f"only its first {MOST_CHARACTERS // 1024**2} MiB are read"
        gap = Gap("the Corefile", GapKind.PARTIAL, because, "give the ConfigMap that it is in")
        return Parsed(items=(replace(corefile, torn=True, gaps=(*corefile.gaps, gap)),))
    return Parsed(items=(replace(corefile, torn=kept != lines or is_torn(corefile)),))


def made_of(text: str, part: Part) -> Corefile:
    """Return the Corefile that a text of a part is."""
    return parse_corefile(text, origin=part.origin, first_line=part.first_line)


def is_torn(corefile: Corefile) -> bool:
    """Whether a text shows that it is a piece of a Corefile, or damaged."""
    if DAMAGED.search(corefile.text):
        return True
    words = [token.text for token in lex(corefile.text)]
    depth = 0
    for word in words:
        depth += (word == "{") - (word == "}")
        if depth < 0:
            return True
    plugins = known_plugins() - {"import"}
    return depth != 0 or bool(words and (words[0] in plugins or words[0] == "{"))
