"""What lint says of Corefiles: a line per finding for editors, a summary, or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from diagnose.lint import Lint, Linted, Note
from diagnose.model import Gap, Severity
from diagnose.text.shown import visible

SCHEMA = 1
# What compilers call them, and editors look for
WORDS = {Severity.CRITICAL: "error", Severity.WARNING: "warning", Severity.INFO: "info"}


def render(lint: Lint) -> str:
    """Return a line per finding: FILE:LINE:COLUMN: severity check-id: message."""
    return "".join(f"{line_of(note)}\n" for one in lint.files for note in one.notes)


def line_of(note: Note) -> str:
    """Return the line of one finding; control characters in it are shown."""
    place = f"{note.file}:{note.line}:{note.column}"
    return visible(f"{place}: {WORDS[note.severity]} {note.check}: {note.message}{which(note)}")


def which(note: Note) -> str:
    """Return for which versions a finding holds, where not for all."""
    shown = note.versions and f" (CoreDNS {note.versions})"
    return "" if shown and shown in note.message else shown


def summary(lint: Lint) -> str:
    """Return what is left to say: what is not known, what was looked at, and how it came out."""
    return "".join(f"{visible(line)}\n" for line in summary_lines(lint))


def summary_lines(lint: Lint) -> Iterator[str]:
    """Yield the lines of the summary."""
    for gap in lint.gaps:
        yield f"not looked at: {gap_text(gap)}"
    for one in lint.files:
        for gap in one.undecided:
            yield f"{one.file}: not decided: {gap_text(gap)}"
    for name in lint.without:
        yield f"{name}: holds no Corefile"
    yield f"{total(lint)}; {outcome(lint)}"


def gap_text(gap: Gap) -> str:
    """Return a gap in one line, with what would close it."""
    hint = f" ({gap.ask})" if gap.ask and "\n" not in gap.ask else ""
    return f"{gap.what}: {gap.because}{hint}"


def total(lint: Lint) -> str:
    """Return what was looked at, and by which version."""
    versions = list(dict.fromkeys(one.version or "every version" for one in lint.files))
    files = counted(len(lint.files), "Corefile")
    return f"{files}, {counted(len(lint.checks), 'check')}, CoreDNS {', '.join(versions)}"


def outcome(lint: Lint) -> str:
    """Return how it came out, in words."""
    notes = [note for one in lint.files for note in one.notes]
    counts = [
        counted(count, word)
        for severity, word in WORDS.items()
        if (count := sum(note.severity is severity for note in notes))
    ]
    found = ", ".join(counts) or "nothing found"
    return f"{found}{', not all is decided' if lint.undecided and not lint.refused else ''}"


def counted(count: int, word: str) -> str:
    """Return a count with its word."""
    return f"{count} {word}{'' if count == 1 or word == 'info' else 's'}"


def as_json(lint: Lint) -> str:
    """Return all of it as JSON in ASCII."""
    report = {
        "schema": SCHEMA,
        "checks": list(lint.checks),
        "files": [file_object(one) for one in lint.files],
        "without": list(lint.without),
        "gaps": [gap_object(gap) for gap in lint.gaps],
        "refused": lint.refused,
        "undecided": lint.undecided,
    }
    text = json.dumps(report, indent=2, ensure_ascii=True)
    return text.replace("\x7f", "\\u007f") + "\n"


def file_object(one: Linted) -> dict[str, Any]:
    """Return what is said of one Corefile."""
    return {
        "file": one.file,
        "version": one.version or None,
        "refused": one.refused,
        "findings": [note_object(note) for note in one.notes],
        "undecided": [gap_object(gap) for gap in one.undecided],
    }


def note_object(note: Note) -> dict[str, Any]:
    """Return one finding."""
    return {
        "file": note.file,
        "line": note.line,
        "column": note.column,
        "severity": note.severity.name.lower(),
        "check": note.check,
        "message": note.message,
        "text": note.text,
        "versions": note.versions or None,
        "certain": note.certain,
    }


def gap_object(gap: Gap) -> dict[str, Any]:
    """Return one thing that is not known."""
    return {"what": gap.what, "kind": gap.kind.value, "because": gap.because, "ask": gap.ask}
