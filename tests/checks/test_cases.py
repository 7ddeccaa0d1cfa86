"""Every check against its cases, and what holds for every check alike."""

import pytest

from diagnose.collect import diagnose, facts_for
from diagnose.judge import judge
from diagnose.model import Check, Fact, Gap, GapKind, Severity, Status
from diagnose.registry import load
from diagnose.report.words import beside
from tests.checks.worlds import Case, cases

CASES = list(cases())
GAP = Gap("something", GapKind.PARTIAL, "cut for the test")


def name_of(case: Case) -> str:
    """Return the test id of a case."""
    return f"{case.check.id}/{case.folder.name}"


def facts_of(case: Case) -> dict[type[Fact], Fact | Gap]:
    """Return the facts of a case that its check needs."""
    return facts_for((case.check,), case.evidence())


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_case(case: Case) -> None:
    """The check says of this evidence what its author expects, and quotes what was seen."""
    expected = case.expected
    verdict = judge(case.check, facts_of(case))
    assert verdict.status.value == expected["status"], verdict
    assert expected["why"]
    subjects = [str(finding.subject) for finding in verdict.findings]
    text = "\n".join(finding.message for finding in verdict.findings)
    quotes = "\n".join(
        f"{quote.text}\n{beside(quote)}" for one in verdict.findings for quote in one.quotes
    )
    if "subjects" in expected:
        assert subjects == expected["subjects"]
    for word in expected.get("message", ()):
        assert word in text
    for word in expected.get("quotes", ()):
        assert word in quotes
    if case.finds:
        assert verdict.proven is expected["proven"], verdict.findings
        assert all(finding.quotes for finding in verdict.findings), "no claim without a quote"
    commands = "\n".join(
        line for one in verdict.findings for step in one.steps for line in step.commands
    )
    for word in expected.get("remedy", ()):
        assert word in commands


@pytest.mark.parametrize("case", [case for case in CASES if case.finds], ids=name_of)
def test_first_cause(case: Case) -> None:
    """A whole run over the case puts the check first, unless the case says what stands above."""
    import datetime

    now = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
    diagnosis = diagnose(load().checks, case.evidence(), now)
    first = case.expected.get("first", case.check.id)
    assert diagnosis.causes, "no cause at all"
    assert diagnosis.causes[0].verdict.check == first


@pytest.mark.parametrize("check", load().checks, ids=lambda check: check.id)
def test_every_check_has_a_case_and_a_near_miss(check: Check) -> None:
    """A check is shown to find what it says, and to stay silent beside it."""
    mine = [case for case in CASES if case.check.id == check.id]
    assert any(case.finds for case in mine), "no case that finds it"
    assert any(not case.finds for case in mine), "no near miss"


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_without_a_required_fact_nothing_is_known(case: Case) -> None:
    """Each required fact taken away makes the check unknown."""
    facts = facts_of(case)
    for need in case.check.needs:
        if need.required:
            verdict = judge(case.check, {**facts, need.fact: GAP})
            assert verdict.status is Status.UNKNOWN
            assert GAP in verdict.because


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_gap_in_the_evidence_is_never_ok(case: Case) -> None:
    """With any required fact not whole, silence is not health."""
    from dataclasses import replace

    facts = facts_of(case)
    for need in case.check.needs:
        fact = facts[need.fact]
        if need.required and isinstance(fact, Fact):
            verdict = judge(case.check, {**facts, need.fact: replace(fact, gaps=(GAP,))})
            assert verdict.status is not Status.OK


@pytest.mark.parametrize("case", [case for case in CASES if case.finds], ids=name_of)
def test_an_optional_fact_only_sharpens(case: Case) -> None:
    """Each optional fact taken away leaves the status as it is."""
    facts = facts_of(case)
    for need in case.check.needs:
        if not need.required:
            verdict = judge(case.check, {**facts, need.fact: GAP})
            assert verdict.status is Status.PROBLEM


@pytest.mark.parametrize("case", [case for case in CASES if case.finds], ids=name_of)
def test_a_fault_comes_with_its_remedy(case: Case) -> None:
    """What is graver than a note says what to do, at which risk, and how to see that it worked."""
    verdict = judge(case.check, facts_of(case))
    if case.check.severity is Severity.INFO or case.check.symptom:
        return
    for finding in verdict.findings:
        assert finding.steps
        assert all(step.title and step.verify for step in finding.steps)
