"""The judge alone says ok and unknown."""

from collections.abc import Iterator
from dataclasses import replace

from diagnose.check import NotApplicable, Undecided, check
from diagnose.judge import MOST_SOUGHT, judge
from diagnose.model import (
    CLUSTER,
    Fact,
    Finding,
    Gap,
    GapKind,
    ObjectQuote,
    Quote,
    Severity,
    Status,
)


class Needed(Fact):
    """A fact that is required."""


class Helpful(Fact):
    """A fact that only sharpens."""


FINDING = Finding(CLUSTER, "wrong", (Quote("log", "line", 1),))
GAP = Gap("x", GapKind.DENIED, "forbidden", "list pods")


@check(title="t", severity=Severity.WARNING, family="f")
def silent(fact: Needed, more: Helpful | None) -> Iterator[Finding]:
    """Find nothing."""
    yield from ()


@check(title="t", severity=Severity.WARNING, family="f")
def loud(fact: Needed, more: Helpful | None) -> Iterator[Finding]:
    """Find something."""
    yield FINDING


@check(title="t", severity=Severity.WARNING, family="f")
def elsewhere(fact: Needed) -> Iterator[Finding]:
    """Do not apply."""
    raise NotApplicable("no flannel here")
    yield FINDING


@check(title="t", severity=Severity.WARNING, family="f")
def torn(fact: Needed) -> Iterator[Finding]:
    """Cannot tell."""
    raise Undecided("two answers fit")
    yield FINDING


@check(title="t", severity=Severity.WARNING, family="f")
def broken(fact: Needed) -> Iterator[Finding]:
    """Crash after a first finding."""
    yield FINDING
    raise ZeroDivisionError("oops")


def test_ok_needs_whole_evidence() -> None:
    """No finding on whole facts is ok, and says where it looked."""
    verdict = judge(silent, {Needed: Needed(origin="pods"), Helpful: GAP})
    assert (verdict.status, verdict.note) == (Status.OK, "pods")


def test_no_finding_on_holed_evidence_is_unknown() -> None:
    """Silence in evidence with a gap proves nothing, and the gap is named."""
    verdict = judge(silent, {Needed: Needed(origin="pods", gaps=(GAP,)), Helpful: GAP})
    assert (verdict.status, verdict.because) == (Status.UNKNOWN, (GAP,))


def test_missing_required_fact_is_unknown() -> None:
    """Without a required fact the check is not even asked."""
    verdict = judge(loud, {Needed: GAP, Helpful: Helpful(origin="x")})
    assert (verdict.status, verdict.because) == (Status.UNKNOWN, (GAP,))


def test_a_finding_on_holed_evidence_stays_a_problem() -> None:
    """What was seen was seen; the gaps stay with the verdict."""
    verdict = judge(loud, {Needed: Needed(origin="pods", gaps=(GAP,)), Helpful: GAP})
    assert (verdict.status, verdict.findings, verdict.because) == (
        Status.PROBLEM,
        (FINDING,),
        (GAP,),
    )


class OneLine:
    """The way to the only line of an object."""

    def quote(self, _: tuple[str, ...]) -> Quote:
        """Return it."""
        return Quote("pods", "phase: Failed", 7)


@check(title="t", severity=Severity.WARNING, family="f")
def many(fact: Needed) -> Iterator[Finding]:
    """Find very much."""
    for number in range(MOST_SOUGHT + 1):
        quote = ObjectQuote("pods", f"a row {number}", 1, summary=True, lines=OneLine())
        yield replace(FINDING, quotes=(quote,))


def test_objects_are_quoted_with_the_line_that_decides() -> None:
    """As far as there are not very many of them, whose lines would take long to look for."""
    first, *_, last = judge(many, {Needed: Needed(origin="pods")}).findings
    assert first.quotes == (ObjectQuote("pods", "phase: Failed", 7, short="a row 0"),)
    assert not first.quotes[0].summary
    assert last.quotes[0].summary
    assert last.quotes[0].text == f"a row {MOST_SOUGHT}"


def test_not_applicable_and_undecided() -> None:
    """The two exceptions of a check become verdicts with their reasons."""
    facts = {Needed: Needed(origin="pods")}
    assert judge(elsewhere, facts).note == "no flannel here"
    verdict = judge(torn, facts)
    assert verdict.status is Status.UNKNOWN
    assert verdict.because[0].because == "two answers fit"


def test_a_crash_is_a_gap_named_as_our_defect() -> None:
    """A defect in a check costs its own verdict only, and nothing half-found is reported."""
    verdict = judge(broken, {Needed: Needed(origin="pods")})
    assert verdict.status is Status.UNKNOWN
    assert verdict.findings == ()
    assert verdict.because[0].kind is GapKind.CRASHED
    assert "ZeroDivisionError: oops" in verdict.because[0].because


def test_what_is_read_from_a_piece_is_a_possibility() -> None:
    """A required fact that is torn leaves nothing proven; an optional one does not matter."""
    whole, torn = Needed(origin="file"), Needed(origin="file", torn=True)
    assert judge(loud, {Needed: whole, Helpful: Helpful(origin="x", torn=True)}).proven
    verdict = judge(loud, {Needed: torn, Helpful: GAP})
    assert (verdict.status, verdict.proven) == (Status.PROBLEM, False)


def test_what_a_sentence_quotes_is_a_possibility() -> None:
    """A log's line in prose proves nothing, unless such a line stands by itself as well."""
    prose, line = (
        Quote("mail", "we saw [FATAL] x", 1, aside=True),
        Quote("log", "x", 1, aside=False),
    )

    @check(title="t", severity=Severity.WARNING, family="f")
    def quoting(fact: Needed) -> Iterator[Finding]:
        """Quote both kinds."""
        yield Finding(CLUSTER, "in prose", (prose, Quote("Corefile", "loop", 1)))
        yield Finding(CLUSTER, "in both", (prose, line))

    verdict = judge(quoting, {Needed: Needed(origin="pods")})
    assert [finding.proven for finding in verdict.findings] == [False, True]
