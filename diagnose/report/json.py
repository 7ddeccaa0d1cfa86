"""The report for machines: docs/report.schema.json describes it, docs/report.md explains it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from datetime import datetime
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
from diagnose.report.steps import remedies
from diagnose.text.regex import regex
from diagnose.text.shown import shown

SCHEMA = 1
SURROGATES = regex("[\ud800-\udfff]")
DEEPEST = 8  # of nested values in the context

Object = dict[str, Any]


def render(diagnosis: Diagnosis) -> str:
    """Return the report as JSON in ASCII, so that no terminal or pipe can be hurt by it.

    Texts are whole and exactly as the evidence held them; a lone surrogate, which no UTF-8 can
    hold, is written out as a backslash, u and its number.
    """
    text = json.dumps(clean(as_object(diagnosis)), indent=2, ensure_ascii=True, allow_nan=False)
    return text.replace("\x7f", "\\u007f") + "\n"


def as_object(diagnosis: Diagnosis) -> Object:
    """Return the report as the mapping that the schema describes."""
    checks = words.checks_of(diagnosis)
    told = words.coverage(diagnosis)
    return {
        "schema": SCHEMA,
        "taken_at": time_text(diagnosis.taken_at),
        "source": diagnosis.source,
        "causes": [cause_object(cause, checks) for cause in diagnosis.causes],
        "verdicts": [verdict_object(verdict, checks) for verdict in diagnosis.verdicts],
        "recognised": [
            {"origin": part.origin, "kind": part.kind, "lines": part.lines}
            for part in diagnosis.recognised
        ],
        "gaps": gap_objects(diagnosis),
        "coverage": {
            "checks": told.total,
            "ran": told.ran,
            "problems": told.counts[Status.PROBLEM],
            "ok": told.counts[Status.OK],
            "unknown": told.counts[Status.UNKNOWN],
            "not_applicable": told.counts[Status.NOT_APPLICABLE],
        },
        "matrix": matrix_object(diagnosis),
        "context": dict(diagnosis.context),
    }


def matrix_object(diagnosis: Diagnosis) -> Object | None:
    """Return what DNS answered to corediag's own questions; None where it asked none."""
    found = matrix.matrix_of(diagnosis)
    return None if found is None else matrix.as_object(found)


def cause_object(cause: Cause, checks: Mapping[str, Check]) -> Object:
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
        "findings": [finding_object(finding) for finding in findings],
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
    return {"origin": quote.origin, "text": quote.text, "line": quote.line}


def remedy_object(remedy: Remedy) -> Object:
    """Return one step of a remedy."""
    return {
        "title": remedy.title,
        "commands": list(remedy.commands),
        "risk": remedy.risk.value,
        "verify": remedy.verify,
        "why": remedy.why,
    }


def verdict_object(verdict: Verdict, checks: Mapping[str, Check]) -> Object:
    """Return one verdict."""
    check = checks.get(verdict.check)
    return {
        "check": verdict.check,
        "status": verdict.status.value,
        "layer": check.layer if check else "",
        "title": check.title if check else verdict.check,
        "because": [gap_object(gap) for gap in dict.fromkeys(verdict.because)],
        "note": verdict.note,
        "findings": [finding_object(finding) for finding in verdict.findings],
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
    """Return every gap once with the checks that it blocks: general ones, then by their number."""
    blocks: dict[Gap, dict[str, None]] = {}
    for verdict in diagnosis.verdicts:
        if verdict.status is Status.UNKNOWN:
            for gap in verdict.because:
                blocks.setdefault(gap, {})[verdict.check] = None
    general = list(dict.fromkeys(diagnosis.gaps))
    others = sorted(
        (gap for gap in blocks if gap not in set(general)), key=lambda gap: -len(blocks[gap])
    )
    return [gap_object(gap) | {"blocks": list(blocks.get(gap, ()))} for gap in (*general, *others)]


def time_text(time: datetime) -> str:
    """Return a time by RFC 3339, in UTC."""
    return words.utc(time).isoformat().replace("+00:00", "Z")


def clean(value: Any, depth: int = 0) -> Any:
    """Return a value as JSON can hold it: other types as text, no NaN, no lone surrogates."""
    if isinstance(value, str):
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
