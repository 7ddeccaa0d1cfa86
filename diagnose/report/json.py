"""The report for machines: docs/report.schema.json describes it, docs/report.md explains it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from json.encoder import encode_basestring_ascii as encoded
from typing import Any

from diagnose.model import (
    Cause,
    Check,
    Diagnosis,
    Finding,
    Gap,
    GapKind,
    Quote,
    Remedy,
    Status,
    Subject,
    Verdict,
)
from diagnose.report import matrix, words
from diagnose.report.seen_well import matrix_of
from diagnose.report.steps import remedies
from diagnose.text.regex import regex
from diagnose.text.shown import shown

SCHEMA = 1
SURROGATES = regex("[\ud800-\udfff]")
DEEPEST = 8  # of nested values in the context

Object = dict[str, Any]
Form = Callable[[Finding], Object | str]


def render(diagnosis: Diagnosis) -> str:
    """Return the report as JSON in ASCII, so that no terminal or pipe can be hurt by it.

    Texts are whole and exactly as the evidence held them; a lone surrogate, which no UTF-8 can
    hold, is written out as a backslash, u and its number.
    """
    known: dict[int, Written] = {}

    def once(finding: Finding) -> Written:
        """Return a finding's text: it stands in a cause and again in its verdict."""
        if id(finding) not in known:
            known[id(finding)] = finding_text(finding)
        return known[id(finding)]

    text = written(clean(as_object(diagnosis, once)), "\n")
    return text.replace("\x7f", "\\u007f") + "\n"


# ---------------------------------------------------------------- text


class Written(str):
    """A value that is JSON already, at its place."""

    __slots__ = ()


# A finding in the list of a cause or verdict, and a quote in it: by far the most of a long report.
FINDING = """{
          "subject": {
            "kind": %s,
            "name": %s,
            "namespace": %s,
            "node": %s
          },
          "message": %s,
          "proven": %s,
          "at": %s,
          "quotes": %s
        }"""
QUOTE = """{
              "origin": %s,
              "text": %s,
              "line": %s%s
            }"""
SUMMARY = """,
              "summary": true"""
SHORT = """,
              "short": %s"""


def finding_text(finding: Finding) -> Written:
    """Return what `finding_object` returns as text, with as little work as it can be had."""
    subject = finding.subject
    quotes = ",\n            ".join(
        QUOTE
        % (
            word(quote.origin),
            word(quote.text),
            "null" if quote.line is None else quote.line,
            SUMMARY
            if quote.summary
            else SHORT % word(short)
            if (short := words.beside(quote))
            else "",
        )
        for quote in finding.quotes
    )
    return Written(
        FINDING
        % (
            word(subject.kind),
            word(subject.name),
            word(subject.namespace),
            word(subject.node),
            word(finding.message),
            "true" if finding.proven else "false",
            word(time_text(finding.at)) if finding.at else "null",
            f"[\n            {quotes}\n          ]" if quotes else "[]",
        )
    )


def word(text: str) -> str:
    """Return a text as JSON."""
    return encoded(clean(text))


def written(value: Any, line: str) -> str:
    """Return a clean value as json.dumps with an indent of 2 writes it, `line` before its lines.

    By hand, since json.dumps knows no values that are text already.
    """
    if isinstance(value, str):
        return value if isinstance(value, Written) else encoded(value)
    inner = f"{line}  "
    if isinstance(value, dict) and value:
        items = [f"{encoded(key)}: {written(item, inner)}" for key, item in value.items()]
        return f"{{{inner}{f',{inner}'.join(items)}{line}}}"
    if isinstance(value, list) and value:
        return f"[{inner}{f',{inner}'.join(written(item, inner) for item in value)}{line}]"
    return json.dumps(value, allow_nan=False)


# ---------------------------------------------------------------- the object


def as_object(diagnosis: Diagnosis, finding: Form | None = None) -> Object:
    """Return the report as the mapping that the schema describes; `finding` makes findings."""
    form = finding or finding_object
    checks = words.checks_of(diagnosis)
    told = words.coverage(diagnosis)
    return {
        "schema": SCHEMA,
        "taken_at": time_text(diagnosis.taken_at),
        "source": diagnosis.source,
        "causes": [cause_object(cause, checks, form) for cause in diagnosis.causes],
        "verdicts": [verdict_object(one, checks, form) for one in diagnosis.verdicts],
        "recognised": [
            {"origin": part.origin, "kind": part.kind, "lines": part.lines}
            for part in diagnosis.recognised
        ],
        "gaps": gap_objects(diagnosis),
        "coverage": {
            "checks": told.total,
            "ran": told.ran,
            "problems": told.counts[Status.PROBLEM],
            "notes": told.notes,
            "ok": told.counts[Status.OK],
            "unknown": told.counts[Status.UNKNOWN],
            "not_applicable": told.counts[Status.NOT_APPLICABLE],
        },
        "matrix": matrix_object(diagnosis),
        "context": dict(diagnosis.context),
    }


def matrix_object(diagnosis: Diagnosis) -> Object | None:
    """Return what DNS answered to corediag's own questions; None where it asked none."""
    found = matrix_of(diagnosis)
    return None if found is None else matrix.as_object(found)


def cause_object(cause: Cause, checks: Mapping[str, Check], form: Form) -> Object:
    """Return one cause."""
    findings = cause.verdict.findings
    identifier = cause.verdict.check
    return {
        "check": identifier,
        "family": cause.family,
        "severity": cause.severity.name.lower(),
        "proven": cause.proven,
        "standing": words.standing(cause, checks).name.lower(),
        "title": checks[identifier].title if identifier in checks else identifier,
        "findings": list(map(form, findings)),
        "remedy": [remedy_object(remedy) for remedy in remedies(findings)],
        "explains": ids(cause.explained),
        "not_ruled_out": ids(cause.not_ruled_out),
        "reasons": list(cause.reasons),
    }


def ids(verdicts: Iterable[Verdict]) -> list[str]:
    """Return the check ids of verdicts without doubles, in order."""
    return list(dict.fromkeys(verdict.check for verdict in verdicts))


def finding_object(finding: Finding) -> Object:
    """Return one finding."""
    return {
        "subject": subject_object(finding.subject),
        "message": finding.message,
        "proven": finding.proven,
        "at": time_text(finding.at) if finding.at else None,
        "quotes": [quote_object(quote) for quote in finding.quotes],
    }


def subject_object(subject: Subject) -> Object:
    """Return one subject; what is not known of it is an empty string."""
    return {
        "kind": subject.kind,
        "name": subject.name,
        "namespace": subject.namespace,
        "node": subject.node,
    }


def quote_object(quote: Quote) -> Object:
    """Return one quote."""
    told: Object = {"origin": quote.origin, "text": quote.text, "line": quote.line}
    if quote.summary:
        return {**told, "summary": True}
    return {**told, "short": short} if (short := words.beside(quote)) else told


def remedy_object(remedy: Remedy) -> Object:
    """Return one step of a remedy."""
    return {
        "title": remedy.title,
        "commands": list(remedy.commands),
        "risk": remedy.risk.value,
        "verify": remedy.verify,
        "why": remedy.why,
    }


def verdict_object(verdict: Verdict, checks: Mapping[str, Check], form: Form) -> Object:
    """Return one verdict."""
    check = checks.get(verdict.check)
    return {
        "check": verdict.check,
        "status": verdict.status.value,
        "layer": check.layer if check else "",
        "title": check.title if check else verdict.check,
        "because": [gap_object(gap) for gap in dict.fromkeys(verdict.because)],
        "note": verdict.note,
        "findings": list(map(form, verdict.findings)),
    }


def gap_object(gap: Gap) -> Object:
    """Return one gap."""
    return {
        "what": gap.what,
        "kind": kind_text(gap.kind),
        "because": gap.because,
        "ask": gap.ask,
    }


def kind_text(kind: GapKind) -> str:
    """Return the kind of a gap as one word."""
    return kind.value.replace(" ", "-")


def gap_objects(diagnosis: Diagnosis) -> list[Object]:
    """Return every gap once with the checks that it blocks: general ones, then by their number.

    Those that block none, as something else told the same, come last.
    """
    blocks: dict[Gap, dict[str, None]] = {}
    for verdict in diagnosis.verdicts:
        if verdict.status is Status.UNKNOWN:
            for gap in verdict.because:
                blocks.setdefault(gap, {})[verdict.check] = None
    general = dict.fromkeys(diagnosis.gaps)
    others = sorted(
        (gap for gap in blocks if gap not in general), key=lambda gap: -len(blocks[gap])
    )
    several = dict.fromkeys((*general, *others, *diagnosis.unheard))
    return [gap_object(gap) | {"blocks": list(blocks.get(gap, ()))} for gap in several]


def time_text(time: datetime) -> str:
    """Return a time by RFC 3339, in UTC."""
    return words.utc(time).isoformat().replace("+00:00", "Z")


def clean(value: Any, depth: int = 0) -> Any:
    """Return a value as JSON can hold it: other types as text, no NaN, no lone surrogates."""
    if isinstance(value, str):
        if value.isascii():
            return value
        return SURROGATES.sub(lambda match: shown(match[0]), value)
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, datetime):
        return time_text(value)
    if depth > DEEPEST:
        return clean(str(value))
    if isinstance(value, Mapping):
        return {clean(str(key)): clean(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(item, depth + 1) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((clean(item, depth + 1) for item in value), key=str)
    return clean(str(value))
