"""One check and the evidence make one verdict. Nothing else says ok or unknown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from diagnose.check import NotApplicable, Undecided
from diagnose.model import Check, Fact, Finding, Gap, GapKind, ObjectQuote, Status, Verdict

Facts = Mapping[type[Fact], Fact | Gap]
MOST_SOUGHT = 50  # findings of one check of whose objects the lines are looked for


def unchanged(finding: Finding) -> Finding:
    """Return a finding as it is."""
    return finding


def judge(check: Check, facts: Facts, weighed: Callable[[Finding], Finding] = unchanged) -> Verdict:
    """Return the verdict of one check on facts that hold an entry for each of its needs.

    `weighed` is asked what of a finding holds now, see diagnose.past.
    """
    arguments: dict[str, Fact | None] = {}
    missing: list[Gap] = []
    doubts: list[Gap] = []
    origins: list[str] = []
    required: list[Fact] = []
    for need in check.needs:
        fact = facts[need.fact]
        if isinstance(fact, Gap):
            if need.required:
                missing.append(fact)
            arguments[need.parameter] = None
            continue
        arguments[need.parameter] = fact
        if need.required:
            required.append(fact)
            doubts.extend(fact.gaps)
            origins.append(fact.origin)
    if missing:
        return Verdict(check.id, Status.UNKNOWN, because=tuple(missing))
    try:
        findings = tuple(
            as_seen(weighed(one)) if number < MOST_SOUGHT else weighed(one)
            for number, one in enumerate(check.find(**arguments))
        )
    except NotApplicable as reason:
        return Verdict(check.id, Status.NOT_APPLICABLE, note=str(reason))
    except Undecided as reason:
        gap = Gap(check.title, GapKind.UNDECIDED, str(reason))
        return Verdict(check.id, Status.UNKNOWN, because=(gap, *doubts))
    except (Exception, SystemExit) as error:  # noqa: BLE001  a defect must not cost the report
        gap = Gap(
            f"check {check.id}",
            GapKind.CRASHED,
            f"a defect of corediag or of the check's package: {type(error).__name__}: {error}",
            "report it with the output of `corediag run -v`",
        )
        return Verdict(check.id, Status.UNKNOWN, because=(gap,))
    findings = tuple(
        replace(finding, proven=False) if only_aside(finding) else finding for finding in findings
    )
    if any(fact.torn for fact in required):
        findings = tuple(replace(finding, proven=False) for finding in findings)
    if findings:
        return Verdict(check.id, Status.PROBLEM, findings, tuple(doubts))
    if doubts:
        return Verdict(check.id, Status.UNKNOWN, because=tuple(dict.fromkeys(doubts)))
    return Verdict(check.id, Status.OK, note=", ".join(dict.fromkeys(origins)))


def as_seen(finding: Finding) -> Finding:
    """Return the finding with the lines that decide in place of objects told in short."""
    if not any(isinstance(quote, ObjectQuote) for quote in finding.quotes):
        return finding
    quotes = (one.seen() if isinstance(one, ObjectQuote) else one for one in finding.quotes)
    return replace(finding, quotes=tuple(dict.fromkeys(quotes)))


def only_aside(finding: Finding) -> bool:
    """Whether the log's lines that show it stand in somebody's sentences, who may deny them."""
    told = {quote.aside for quote in finding.quotes}
    return True in told and False not in told
