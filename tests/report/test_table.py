"""The report in a terminal: what must hold for every diagnosis."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.model import (
    CLUSTER,
    Cause,
    Diagnosis,
    Finding,
    ObjectQuote,
    Quote,
    Remedy,
    Risk,
    Severity,
    Status,
    Subject,
    Verdict,
)
from diagnose.report.layout import text_width
from diagnose.report.steps import steps
from diagnose.report.table import render
from diagnose.report.words import is_command
from tests.report.samples import CHECKS, SAMPLES, TAKEN_AT, healthy, many, proven_loop, tied, unread

SGR = re.compile(r"\x1b\[[0-9;]*m")


def a_diagnosis(text: str) -> Diagnosis:
    """Return a diagnosis with this text in every place that evidence reaches."""
    finding = Finding(CLUSTER, text, (Quote(text, text, 1),))
    verdict = Verdict("loop", Status.PROBLEM, (finding,))
    return Diagnosis(
        (Cause(verdict, Severity.CRITICAL, "loop", True),),
        (verdict,),
        TAKEN_AT,
        source=text,
        checks=CHECKS,
    )


@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("name", SAMPLES)
def test_lines_fit(name: str, width: int, verbose: bool) -> None:
    """Every line fits the terminal, but for commands, which stay whole to be copied."""
    report = render(SAMPLES[name](), width=width, verbose=verbose)
    lines = [line for line in report.splitlines() if text_width(line) > width]
    assert [line for line in lines if not is_command(line.strip())] == []


@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("name", SAMPLES)
def test_evidence_cannot_drive_the_terminal(name: str, verbose: bool) -> None:
    """A report without colour holds nothing but printable characters and line feeds."""
    report = render(SAMPLES[name](), verbose=verbose)
    assert report.replace("\n", "").isprintable()


@pytest.mark.parametrize("name", SAMPLES)
def test_colour_changes_nothing_but_colour(name: str) -> None:
    """Without its own SGR sequences a coloured report is the plain one."""
    coloured = render(SAMPLES[name](), colour=True)
    assert SGR.sub("", coloured) == render(SAMPLES[name]())
    assert "\x1b" in coloured


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_evidence_can_be_shown(text: str) -> None:
    """No text breaks the report or reaches the terminal raw."""
    assert render(a_diagnosis(text), verbose=True).replace("\n", "").isprintable()


@given(st.text(st.sampled_from("abc/.:  \u9519"), max_size=500))
def test_a_quote_is_wrapped_and_not_cut(text: str) -> None:
    """A quote below the limit is there with every character."""
    report = render(replace_quote(a_diagnosis("m"), f"^{text}$"))
    assert f"^{text}$".replace(" ", "") in re.sub(r"\s+", "", report)


def replace_quote(diagnosis: Diagnosis, text: str) -> Diagnosis:
    """Return a diagnosis whose only quote has this text."""
    (cause,) = diagnosis.causes
    (finding,) = cause.verdict.findings
    new = replace(cause.verdict, findings=(replace(finding, quotes=(Quote("o", text, 1),)),))
    return replace(diagnosis, causes=(replace(cause, verdict=new),), verdicts=(new,))


def test_commands_are_on_lines_of_their_own() -> None:
    """Each command of the remedy can be copied as one line."""
    lines = [line.strip() for line in render(proven_loop()).splitlines()]
    steps = proven_loop().causes[0].verdict.findings[0].steps
    commands = [command for step in steps for command in step.commands if is_command(command)]
    assert len(commands) == 5
    assert [command for command in commands if command not in lines] == []


def test_the_cause_comes_first() -> None:
    """The first line names the fault."""
    first, second, *_ = render(proven_loop()).splitlines()
    assert first == "CAUSE     CoreDNS forwards queries to itself"
    assert "critical, proven" in second


def test_the_last_line_is_the_coverage() -> None:
    """The report ends with how many checks said what."""
    last = render(proven_loop()).splitlines()[-1]
    assert last == "14 checks: 3 problems, 5 ok, 5 unknown, 1 not applicable"


def test_a_tie_is_called_one() -> None:
    """Possible causes that the evidence cannot tell apart are not ranked as if it could."""
    report = render(tied())
    assert "these cannot be told apart by this evidence" in report
    assert report.index("EITHER ") < report.index("OR    ")
    assert "CAUSE" not in report
    assert "(as above)" in report


def test_an_incomplete_look_is_never_called_well() -> None:
    """Unknown checks are in the headline, and the good colour is kept for a whole look."""
    report = render(unread(), colour=True)
    assert "17 of 19 checks could not tell" in report
    assert "\x1b[32m" not in report
    assert "\x1b[32mNothing wrong was found\x1b[0m" in render(healthy(), colour=True)


def test_many_findings_stay_short() -> None:
    """200 findings on 50 nodes fit two screens, the list of the causes among them."""
    report = render(many())
    assert report.count("kubectl-get-pods.txt:") == 3
    assert len(report.splitlines()) < 75


def test_verbose_lists_every_gap() -> None:
    """What the short report only counts, -v names."""
    asks = {
        line
        for verdict in tied().verdicts
        for gap in verdict.because
        for line in gap.ask.split("\n")
    }
    short, long = render(tied()), render(tied(), verbose=True)
    assert "more; -v lists them" in short
    assert [ask for ask in asks if ask not in long and is_command(ask)] == []
    assert "-v lists" not in long


def test_verbose_shows_every_verdict() -> None:
    """With -v each check is there with its status."""
    report = render(proven_loop(), verbose=True)
    assert re.search(r"^resolution-fails +n/a +no client's output$", report, re.M)
    assert "requests:\n  GET /api/v1/pods" in report


def test_a_diagnosis_of_unknown_checks_is_shown() -> None:
    """A verdict whose check is not in the diagnosis falls back on its id."""
    report = render(replace(proven_loop(), checks=()))
    assert report.startswith("CAUSE     loop\n")


def test_what_is_no_line_does_not_look_like_one() -> None:
    """A quote that tells an object in short stands behind other words than a line does."""
    seen = a_diagnosis("a line")
    (cause,) = seen.causes
    (finding,) = cause.verdict.findings
    quotes = (
        ObjectQuote("x", "a line", 1, short="of an object"),
        Quote("x", "an object", 2, summary=True),
    )
    verdict = replace(cause.verdict, findings=(replace(finding, quotes=quotes),))
    report = render(replace(seen, causes=(replace(cause, verdict=verdict),), verdicts=(verdict,)))
    assert "> a line" in report
    assert "in short: of an object" in report
    assert "no single line says it; in short: an object" in report
    assert "> an object" not in report


def test_steps_shows_every_command_without_the_requests() -> None:
    """Between the short report and -v, which is long; of many objects two stand for all."""
    short, every, long = (render(many(), **how) for how in ({}, {"steps": True}, {"verbose": True}))
    assert "--steps shows the commands of every step" in short
    assert "--steps" not in every
    commands = {
        command
        for cause in many().causes
        for step in steps(cause.verdict.findings)
        for command in step.first.commands
        if is_command(command)
    }
    assert any(command not in short for command in commands)
    assert all(command in every and command in long for command in commands)
    assert len(short) < len(every) < len(long)


def test_a_command_that_several_objects_need_stands_once() -> None:
    """Steps of two nodes that are worded alike are one step, and so are their commands."""
    look = "kubectl get nodes -o custom-columns=NAME:.metadata.name"
    findings = tuple(
        Finding(
            Subject("Node", name),
            f"{name} is wrong",
            (Quote("nodes", name),),
            Remedy(f"Look at {name}", (look, f"journalctl -u kubelet  # {name}"), Risk.SAFE, ""),
        )
        for name in ("n1", "n2")
    )
    loop = proven_loop()
    cause = loop.causes[0]
    verdict = replace(cause.verdict, findings=findings)
    report = render(replace(loop, causes=(replace(cause, verdict=verdict),)))
    assert report.count(look) == 1
    assert report.count("journalctl -u kubelet") == 2


def test_the_whole_of_a_long_line_is_shown_with_v() -> None:
    """The short report says that it cut the line, and where the whole one is."""
    text = f"head {'x' * 900} cni0 has 10.1.2.3/24, failed {'y' * 900} tail"
    loop = proven_loop()
    cause = loop.causes[0]
    finding = replace(cause.verdict.findings[0], quotes=(Quote("log", text, 1),))
    verdict = replace(cause.verdict, findings=(finding,))
    found = replace(loop, causes=(replace(cause, verdict=verdict),))
    short = render(found)
    assert "characters left out" in short
    assert "(-v and -o json show the whole line)" in short
    long = re.sub(r"\s", "", render(found, verbose=True))
    assert re.sub(r"\s", "", text) in long
