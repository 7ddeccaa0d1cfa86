"""The picture of answers: what stands in it, what fits, what a poor terminal shows."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest

from diagnose.facts.dns_answers import Asked, NameKind, PlaceKind, Server, ServerRole
from diagnose.facts.lookups import Outcome
from diagnose.facts.probe_matrix import ProbeMatrix
from diagnose.model import Diagnosis, Subject
from diagnose.process import NAME, written_out
from diagnose.report import json as machine
from diagnose.report import markdown, table
from diagnose.report.layout import text_width, wrapped
from diagnose.report.matrix import LEGEND, as_object, picture, plain, summary
from tests.checks.answer_cases import CASES, FILE, HERE, text
from tests.facts.asked import COREDNS_2, HOST_1, SERVICE, WEB_1, Rule, World, pod
from tests.report.matrix_page import PAGE, page
from tests.report.samples import answers, healthy, proven_loop

LOST = Outcome.TIMEOUT


def drawn(world: World, width: int = 70) -> list[str]:
    """Return the lines of a world's picture, without the legend."""
    matrix = ProbeMatrix(origin="x", items=world.items())
    return [line for line in plain(matrix, width) if line and line not in legend(width)]


def legend(width: int) -> list[str]:
    """Return the lines that explain the signs."""
    return list(wrapped(LEGEND, width))


@pytest.mark.parametrize(
    ("rule", "sign"),
    [
        (lambda _: None, "✓"),
        (lambda _: LOST, "✗ timeout"),
        (lambda _: Outcome.CONNECTION_REFUSED, "✗ refused"),
        (lambda _: Outcome.SERVFAIL, "✗ SERVFAIL"),
        (lambda _: Outcome.UNEXPECTED_SOURCE, "✗ other source"),
    ],
)
def test_signs(rule: Rule, sign: str) -> None:
    """A cell says what came."""
    world = World(places=(WEB_1,), servers=(SERVICE,), rule=rule)
    assert drawn(world)[-1].endswith(sign)


def test_a_share_is_counted() -> None:
    """Two of ten are neither well nor broken."""
    numbers = iter(range(100))
    world = World(
        places=(HOST_1,),
        servers=(COREDNS_2,),
        rounds=5,
        rule=lambda _: LOST if next(numbers) in (3, 6) else None,
    )
    assert drawn(world)[-1].endswith("2/10")


def test_what_ends_otherwise_has_a_row_of_its_own() -> None:
    """External names fail while the cluster's resolve: both are seen, nothing else is."""

    def outside(one: Asked) -> Outcome | None:
        """Return an error for external names."""
        external = one.name_kind is NameKind.EXTERNAL
        return Outcome.SERVFAIL if external and one.server.role is ServerRole.SERVICE else None

    lines = drawn(World(places=(WEB_1,), rule=outside))
    assert len(lines) == 3 + 2
    assert lines[-2].split()[-1] == "✓"
    assert lines[-1].startswith("  external names")
    assert "✗ SERVFAIL" in lines[-1]


def test_what_fails_wholly_needs_no_further_rows() -> None:
    """A server that answers nothing is one cross, not one per kind of name."""
    lines = drawn(World(places=(WEB_1,), servers=(SERVICE,), rule=lambda _: LOST))
    assert [line.split()[0] for line in lines] == ["Service", "10.32.0.10", "node-1"]


@pytest.mark.parametrize("width", [50, 70, 90])
def test_it_fits(width: int) -> None:
    """Columns without room stand below, heads and all; no line is wider than the terminal."""
    matrix = next(one for one in answers().facts if isinstance(one, ProbeMatrix))
    lines = plain(matrix, width)
    assert max(map(text_width, lines)) <= width
    for address in ("10.32.0.10", "10.200.0.5", "10.200.1.5", "10.77.0.53", "169.254.20.10"):
        assert sum(address in line for line in lines) == 1


def test_of_many_places_those_that_fail_are_shown() -> None:
    """A thousand nodes make no longer picture; what is left out is counted."""
    places = tuple(pod(f"web-{number}", f"node-{number}") for number in range(1000))
    world = World(
        places=places,
        servers=(SERVICE,),
        rule=lambda one: LOST if one.place == places[777] else None,
    )
    matrix = ProbeMatrix(origin="x", items=world.items())
    shown = picture(matrix)
    assert len(shown.rows) == 12
    assert [one.label for one in shown.rows if one.fails] == ["node-777 shop/web-777"]
    assert "and 988 places more: see -o json" in plain(matrix, 70)


def test_names_cannot_drive_the_terminal() -> None:
    """Escapes and marks of direction in a pod's name are shown, in every format."""
    for made in (table.render(answers()), markdown.render(answers())):
        assert made.replace("\n", "").isprintable()
        assert "\u202e" not in made
    assert machine.render(answers()).isascii()


def test_a_healthy_run_has_one_line() -> None:
    """Where nothing failed, no picture; with -v there is one."""
    report = table.render(healthy())
    assert "ASKED     50 questions from 5 places to 4 servers: all answered" in report
    assert "✓" not in report
    assert "✓" in table.render(healthy(), verbose=True)
    assert "✓" not in markdown.render(healthy())


def test_what_was_not_asked_is_not_told() -> None:
    """A diagnosis without answers has neither line nor picture, and null for machines."""
    assert "ASKED" not in table.render(proven_loop())
    assert "## Asked" not in markdown.render(proven_loop())
    assert json.loads(machine.render(proven_loop()))["matrix"] is None


def test_a_terminal_without_the_signs() -> None:
    """Latin-1 and ASCII terminals get other signs, of the same width."""
    import codecs

    codecs.register_error(NAME, written_out)
    lines = drawn(World(places=(WEB_1, HOST_1), servers=(SERVICE, COREDNS_2), rule=lambda _: LOST))
    for encoding in ("ascii", "latin-1"):
        out = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors=NAME)
        out.write("\n".join(lines))
        out.flush()
        shown = out.buffer.getvalue().decode(encoding).split("\n")  # type: ignore[attr-defined]
        assert [len(line) for line in shown] == [len(line) for line in lines]
        assert "x timeout" in shown[-1]


def test_machines_get_every_cell() -> None:
    """Cells add up to what was asked, and point to their place and server."""
    matrix = next(one for one in answers().facts if isinstance(one, ProbeMatrix))
    made = as_object(matrix)
    assert sum(cell["asked"] for cell in made["cells"]) == made["asked"] == len(matrix.items)
    assert sum(cell["failed"] for cell in made["cells"]) == made["failed"] > 0
    assert all(sum(cell["outcomes"].values()) == cell["asked"] for cell in made["cells"])
    assert made["places"][0]["kind"] == "direct"
    assert made["servers"][made["cells"][0]["server"]]["role"] == "replica"


def test_the_summary_counts_only_what_failed() -> None:
    """What cannot be right counts with what was not answered."""
    usual = World(places=(WEB_1,), servers=(SERVICE,)).items()
    wrong = replace(usual[0], outcome=Outcome.NXDOMAIN, answers=())
    matrix = ProbeMatrix(origin="x", items=(wrong, *usual[1:]))
    assert summary(matrix) == "4 questions from 1 place to 1 server: 1 failed"


def test_a_column_without_a_pod_is_its_address() -> None:
    """A server of which nothing but the address is known still has a head; a port is told."""
    bare = Server(ServerRole.REPLICA, "2001:db8:1234:5678:9abc:def0:1:2", 5353, Subject(""))
    lines = drawn(World(places=(WEB_1,), servers=(bare,)))
    assert lines[0].split() == ["CoreDNS"]
    assert lines[1].strip() == "2001:db8~2:5353"


def test_rows_of_one_node_stand_together() -> None:
    """Whatever order they were asked in."""
    world = World(places=(pod("a", "n1"), pod("b", "n2"), pod("c", "n1")), servers=(SERVICE,))
    heads = [line.split()[0] for line in drawn(world)[2:]]
    assert heads == ["n1", "n1", "n2"]


@pytest.mark.parametrize("case", CASES)
def test_the_cases_are_as_written(case: str) -> None:
    """The evidence of a case is what its world gives; a change of the format is seen here."""
    assert (HERE / case / FILE).read_text(encoding="utf-8") == text(CASES[case])


def test_the_page_shows_what_a_run_shows() -> None:
    """The examples of docs/matrix.md are drawn from cases, so that they cannot drift."""
    shown = PAGE.read_text(encoding="utf-8")
    assert shown.count("<!-- case ") > 15
    assert page(shown) == shown


def test_facts_of_a_diagnosis_are_for_reports_alone() -> None:
    """Two diagnoses differ by what they found, and a report without facts is whole."""
    bare: Diagnosis = replace(answers(), facts=())
    assert "ASKED" not in table.render(bare)
    assert PlaceKind.DIRECT.value in table.render(answers())
