"""Judging, ranking and reporting follow the findings, not their square; and what they then say."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from diagnose.collect import diagnose
from diagnose.evidence import Evidence
from diagnose.judge import judge
from diagnose.model import Check, Diagnosis, Fact, Finding, Gap, Need, Quote, Severity, Subject
from diagnose.rank import rank
from diagnose.remedies import look, restart_coredns, restart_flannel, restart_kube_proxy
from diagnose.report import json as machine
from diagnose.report import markdown, table
from diagnose.report.steps import ORDERED, steps
from tests.counting import STEEPEST, growth

NOW = datetime(2026, 3, 14, tzinfo=UTC)
SIZES = (150, 300, 600)
CHECKS = 12
Say = Callable[[int], Finding]


class Told(Fact):
    """Anything."""

    @classmethod
    def read(cls, evidence: Evidence) -> Fact | Gap:
        """Return it."""
        return cls(origin=evidence.source)


def letters(number: int) -> str:
    """Return a number without digits, so that no text looks like the next one."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def quotes(number: int) -> tuple[Quote, ...]:
    """Return three quotes."""
    return tuple(Quote("events.txt", f"line {number}.{each}", 3 * number) for each in range(3))


def of_pods(number: int) -> Finding:
    """Return a finding of a pod, as its sandbox failed for its node."""
    node = f"worker-{number % 50}"
    return Finding(
        Subject("Pod", f"app-{number}", "shop", node),
        f"app-{number} has no sandbox on {node} ({number} times)",
        quotes(number),
        (restart_kube_proxy(node), restart_flannel(node), restart_coredns()),
        at=NOW + timedelta(seconds=number),
    )


def of_nodes(number: int) -> Finding:
    """Return a finding of a node."""
    return replace(of_pods(number), subject=Subject("Node", f"worker-{number}"))


def unlike(number: int) -> Finding:
    """Return a finding that shares neither words, kind, nor steps with another one."""
    word = letters(number)
    return Finding(
        Subject(f"Kind{word}", word),
        f"{word} is wrong",
        quotes(number),
        (look(f"See {word}", f"cat {word}", verify=word), restart_coredns()),
    )


def checks(say: Say, size: int, count: int) -> tuple[Check, ...]:
    """Return checks that find so many things together; each brings the next ones about."""

    def find(told: Told) -> Iterator[Finding]:
        del told
        yield from map(say, range(size // count))

    return tuple(
        Check(
            id=f"check-{letters(number)}",
            layer="layer",
            family="family",
            title="A fault",
            severity=Severity.CRITICAL,
            explains=tuple(f"check-{letters(one)}" for one in range(number + 1, count)),
            needs=(Need(Told, True, "told"),),
            find=find,
        )
        for number in range(count)
    )


def diagnosis(say: Say, size: int, count: int) -> Diagnosis:
    """Return what they find."""
    return diagnose(checks(say, size, count), Evidence(source="cluster"), NOW)


WORK: dict[str, Callable[[Diagnosis], Any]] = {
    "judge": lambda one: [judge(check, {Told: Told(origin="cluster")}) for check in one.checks],
    "rank": lambda one: rank(one.verdicts, one.checks),
    "table": table.render,
    "table -v": lambda one: table.render(one, verbose=True),
    "json": machine.render,
    "markdown": markdown.render,
    "markdown -v": lambda one: markdown.render(one, verbose=True),
}


@pytest.mark.parametrize("count", [1, CHECKS])
@pytest.mark.parametrize("say", [of_pods, of_nodes, unlike], ids=lambda one: one.__name__)
@pytest.mark.parametrize("work", WORK)
def test_the_work_follows_the_findings(work: str, say: Say, count: int) -> None:
    """Twice the findings, of one check or of several that explain each other, add twice the work.

    Counted, not timed.
    """

    def prepared(size: int) -> Callable[[], Any]:
        made = diagnosis(say, size, count)
        return lambda: WORK[work](made)

    assert growth(prepared, SIZES) < STEEPEST


def test_many_failures_are_one_cause_with_a_count() -> None:
    """Pods on fifty nodes: one message, how many, the nodes as a range, three quotes."""
    text = " ".join(table.render(diagnosis(of_pods, 200, 1)).split())
    assert "200 pods on 50 nodes (worker-[0-49])" in text
    assert text.count("app-0 has no sandbox") == 1
    assert "199 findings alike" in text
    assert text.count("events.txt") == 3


def test_nodes_without_a_pattern_are_named_by_the_first() -> None:
    """A cause of fifty nodes does not list them all."""
    text = " ".join(table.render(diagnosis(unlike_nodes, 50, 1)).split())
    assert "50 nodes (a.example, b.example, c.example and 47 more)" in text


def unlike_nodes(number: int) -> Finding:
    """Return a finding of a node whose name has no number."""
    return replace(of_nodes(number), subject=Subject("Node", f"{letters(number)}.example"))


def test_findings_are_written_as_the_library_would() -> None:
    """The JSON report is what json.dumps makes of the same object, character for character."""
    odd = Finding(
        Subject("Pod", "\x7f\ud800é\x1b", "", "n"), 'a "quote" \\ ', (), proven=False, at=NOW
    )
    made = diagnosis(lambda number: odd if number == 1 else of_pods(number), 4, 2)
    expected = json.dumps(machine.clean(machine.as_object(made)), indent=2)
    assert machine.render(made) == expected.replace("\x7f", "\\u007f") + "\n"


def test_steps_keep_their_order_up_to_a_bound() -> None:
    """A new step goes before the one that its finding puts it before; late ones go to the end."""
    first = look("First", verify="")
    last = look("Last", verify="")
    new = [look(f"Step {letters(number)}", verify="") for number in range(ORDERED + 2)]
    several = [
        Finding(Subject("Node", "n"), "m", (), remedy)
        for remedy in ((first, last), *((one, last) for one in new))
    ]
    titles = [one.title for one in steps(several)]
    assert titles[:3] == ["First", "Step a", "Step b"]
    assert titles.index("Last") == ORDERED
    assert titles[-1] == new[-1].title
