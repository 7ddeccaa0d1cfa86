"""What reports say in the same words."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.asks import Ask
from diagnose.model import (
    CLUSTER,
    Cause,
    Finding,
    GapKind,
    Quote,
    Severity,
    Status,
    Subject,
    Verdict,
)
from diagnose.report import words
from diagnose.report.words import Standing
from diagnose.signatures.tables import SIGNATURES
from tests.report.samples import (
    CHECKS,
    SAMPLES,
    healthy,
    many,
    missing,
    proven_loop,
    silent,
    symptom_only,
    tied,
    unknown,
    unread,
)


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["a"], "a"),
        (["a", "b", "a"], "a, b"),
        ([f"node-{n}" for n in (1, 2, 3, 4, 7)], "node-[1-4,7]"),
        ([f"w{n:02d}.example" for n in range(1, 13)], "w[01-12].example"),
        (["n1", "n2", "n3", "n4", "m1"], "n[1-4], m1"),
        (["alpha", "beta", "gamma", "delta"], "alpha, beta, gamma, delta"),
        ([f"{n * 7919:x}-node-of-a-pool" for n in range(1, 40)], None),
    ],
)
def test_names_are_short(names: list[str], text: str | None) -> None:
    """Numbered names become ranges; where that stays long, three are named, the rest counted."""
    made = words.short_names(names)
    assert made == text if text else made.endswith(" and 36 more")


def test_a_long_quote_keeps_its_ends_and_its_telling_part() -> None:
    """What the message names, deep in a long line, is shown; what is left out is counted."""
    text = f"head {'x' * 900} cni0 has 10.1.2.3/24, failed {'y' * 900} tail"
    short = words.shortened(text, "cni0 has 10.1.2.3/24")
    assert short.startswith("head ")
    assert short.endswith(" tail")
    assert "10.1.2.3/24, failed" in short
    assert short.count("characters left out") == 2
    assert len(short) < 700


@given(st.text(max_size=3000), st.text(max_size=80), st.sampled_from([100, 200, 600]))
def test_shortening_keeps_count(text: str, message: str, limit: int) -> None:
    """A shortened text accounts for every character that it leaves out."""
    short = words.shortened(text.replace("[", "("), message, limit)
    marks = [int(part.split()[0]) for part in short.split("[… ")[1:]]
    kept = len(short) - sum(len(words.left_out(mark)) for mark in marks)
    assert kept + sum(marks) == len(text)


def test_findings_that_say_the_same_are_one_point() -> None:
    """200 findings that differ in names and numbers are one point with three quotes in all."""
    findings = many().causes[0].verdict.findings
    every = words.points(findings)
    assert [len(point.findings) for point in every] == [199, 1]
    assert [len(point.quotes) for point in every] == [2, 1]


def test_a_few_findings_are_told_apart() -> None:
    """Two findings with other addresses are two points, each with its quote."""
    findings = [
        Finding(CLUSTER, f"10.0.0.{n} does not answer", (Quote("log", f"line {n}", n),))
        for n in (1, 2)
    ]
    assert [point.quotes[0].line for point in words.points(findings)] == [1, 2]


def test_proven_points_come_first() -> None:
    """A possible finding never hides a proven one."""
    first = Finding(CLUSTER, "perhaps", (Quote("log", "a"),), proven=False)
    second = Finding(CLUSTER, "surely", (Quote("log", "b"),))
    assert [point.message for point in words.points([first, second])] == ["surely", "perhaps"]


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        (CLUSTER, "the cluster"),
        (Subject("Pod"), "a pod that the evidence does not name"),
        (Subject("Pod", node="n1"), "a pod on node n1"),
        (Subject("Node", "n1", node="n1"), "node n1"),
        (Subject("Pod", "a", "b", "n1"), "pod b/a on node n1"),
        (Subject(""), "not told by the evidence"),
    ],
)
def test_subjects_in_words(subject: Subject, text: str) -> None:
    """A subject says what it is and where; what is not known is said too."""
    assert words.subject_text(subject) == text


def test_many_subjects_are_counted() -> None:
    """Objects on many nodes are counted, their nodes named in short form."""
    assert (
        words.where(many().causes[0].verdict.findings) == "200 pods on 50 nodes (worker-[001-050])"
    )


def test_standing() -> None:
    """A proven cause, a tie, a symptom and nothing are told apart."""
    assert words.story(proven_loop()).standing is Standing.PROVEN
    assert len(words.story(proven_loop()).main) == 1
    assert words.story(tied()).standing is Standing.POSSIBLE
    assert len(words.story(tied()).main) == 2
    assert len(words.story(tied()).notes) == 1
    assert words.story(symptom_only()).standing is Standing.SYMPTOM
    assert words.story(healthy()).main == ()


def test_a_possible_cause_beside_a_proven_one_is_no_tie() -> None:
    """Where something is proven, it alone is the cause; a possibility comes further down."""
    proven = proven_loop()
    both = replace(proven, causes=(*proven.causes, *tied().causes))
    told = words.story(both)
    assert [cause.verdict.check for cause in told.main] == ["loop"]
    assert [cause.verdict.check for cause in told.further] == [
        "upstream-timeout",
        "node-resolvconf-wrong",
    ]


def test_next_looks_name_what_most_causes_want() -> None:
    """The evidence that all tied causes want comes first, each command once."""
    asks = [gap.what for gap in words.next_looks(tied().causes)]
    assert asks == ["the logs of CoreDNS", "addresses, routes and rules of a node"]


def test_gaps_are_grouped_by_what_they_block() -> None:
    """A gap of several checks is one line with their number; reasons do not split it."""
    first = missing(Ask.NODES, GapKind.MALFORMED, "cut at line 3")
    second = missing(Ask.NODES, GapKind.MALFORMED, "cut at line 9")
    diagnosis = replace(
        silent(), verdicts=(unknown("a", first), unknown("b", second), unknown("c", first))
    )
    (gap,) = words.blocked(diagnosis)
    assert gap.checks == ("a", "b", "c")
    assert words.blocked_text(gap).endswith("cut at line 3 (and 1 more reason)")


def test_what_is_undecided_is_not_called_missing() -> None:
    """A check that had its facts and could not tell says why, not what it needs."""
    (last,) = [gap for gap in words.blocked(unread()) if gap.kind is GapKind.UNDECIDED]
    assert words.blocked_text(last).startswith("1 check: The upstream resolver")


def test_an_incomplete_look_is_never_well() -> None:
    """Only a look without unknowns and gaps says that all was looked at."""
    assert words.whole(healthy())
    assert not words.whole(unread())
    assert not words.whole(replace(healthy(), gaps=(missing(Ask.NODES),)))
    nothing = tuple(Verdict(check.id, Status.NOT_APPLICABLE) for check in CHECKS)
    assert not words.whole(replace(healthy(), verdicts=nothing))


@pytest.mark.parametrize("name", SAMPLES)
def test_coverage_counts_every_verdict(name: str) -> None:
    """The coverage line accounts for each verdict."""
    diagnosis = SAMPLES[name]()
    assert words.coverage(diagnosis).total == len(diagnosis.verdicts)


def test_coverage_line() -> None:
    """The last line of a report, in its fixed form."""
    expected = "14 checks: 3 problems, 5 ok, 5 unknown, 1 not applicable"
    assert str(words.coverage(proven_loop())) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kubectl get pods", True),
        ("ip link del cni0", True),
        ("corediag run --check loop", True),
        ("set resolvConf: in the file", False),
        ("its DaemonSet is ready on every node", False),
        ("", False),
    ],
)
def test_commands_are_told_from_prose(text: str, expected: bool) -> None:
    """What begins with a known program is a command to copy."""
    assert words.is_command(text) is expected


LITERALS = [
    (signature.name, wording.literal, wording.samples[0])
    for signature in SIGNATURES
    for wording in signature.wordings
    if len(wording.literal) >= words.TELLING
]


@pytest.mark.parametrize(
    ("literal", "sample"), [one[1:] for one in LITERALS], ids=[one[0] for one in LITERALS]
)
def test_a_long_quote_keeps_the_words_that_decide(literal: str, sample: str) -> None:
    """Wherever a line that checks know by some words is cut, these stay, as they stand there."""
    if len(sample) > words.QUOTE_LIMIT // 4:
        return  # it has several such words, of which the first need not be the telling one
    filler = "lorem-ipsum dolor sit amet consetetur sadipscing elitr " * 20
    line = f"{filler}{sample} {filler}"
    short = words.shortened(line)
    assert literal in short
    pieces = re.split(r" \[… \d+ characters left out …\] ", short)
    assert len(pieces) > 1
    assert all(piece in line for piece in pieces)


def test_a_note_is_no_problem() -> None:
    """The coverage line says so, as the exit code does."""
    found = proven_loop()
    loop = found.causes[0].verdict
    noted = replace(
        loop, findings=tuple(replace(one, severity=Severity.INFO) for one in loop.findings)
    )
    verdicts = tuple(noted if one.check == loop.check else one for one in found.verdicts)
    told = words.coverage(replace(found, verdicts=verdicts))
    assert str(told) == "14 checks: 2 problems, 1 note, 5 ok, 5 unknown, 1 not applicable"
    assert told.ran == words.coverage(found).ran


def test_what_different_lines_tell_is_no_choice() -> None:
    """Each of several causes has a line of its own; one that they share may mean either."""
    first, second, *_ = tied().causes

    def resting_on(cause: Cause, *quotes: Quote) -> Cause:
        finding = replace(cause.verdict.findings[0], quotes=quotes)
        return replace(cause, verdict=replace(cause.verdict, findings=(finding,)))

    one, two = (Quote("log", text, aside=False) for text in ("one", "two"))
    assert words.each_by_itself([resting_on(first, one), resting_on(second, two)])
    assert not words.each_by_itself([resting_on(first, one), resting_on(second, one)])
    assert words.each_by_itself([resting_on(first, one), resting_on(second, one, two)]) is False
    fact = Quote("pods", "no line of a log")
    assert not words.each_by_itself([resting_on(first, one), resting_on(second, fact)])
