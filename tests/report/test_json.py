"""The machine interface: its schema, its documentation, its bytes."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from diagnose.model import ObjectQuote
from diagnose.report.json import as_object, render
from tests.report.samples import SAMPLES, healthy, hostile, many, proven_loop, unread

DOCS = Path(__file__).parent.parent.parent / "docs"
SCHEMA = json.loads((DOCS / "report.schema.json").read_text(encoding="utf-8"))


def closed(schema: Any) -> Any:
    """Return the schema with every object closed: what it does not name is refused."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: closed(value) for key, value in schema.items()}
    if "properties" in made and made.get("type") == "object" and "if" not in made:
        made["unevaluatedProperties"] = False
    return made


def open_gap(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a closed schema in which a gap of the report's own list may say what it blocks."""
    del schema["$defs"]["gap"]["unevaluatedProperties"]
    return schema


def names(schema: Any) -> Iterator[str]:
    """Yield every property name of a schema."""
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            yield from schema["properties"]
        for value in schema.values():
            yield from names(value)


def test_the_schema_is_one() -> None:
    """The published schema is valid by JSON Schema 2020-12."""
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", SAMPLES)
def test_output_is_of_the_schema(name: str) -> None:
    """Every report validates, and holds no field that the schema does not describe."""
    report = json.loads(render(SAMPLES[name]()))
    checker = Draft202012Validator.FORMAT_CHECKER
    Draft202012Validator(SCHEMA, format_checker=checker).validate(report)
    Draft202012Validator(open_gap(closed(SCHEMA))).validate(report)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), 2),
        (("taken_at",), "2026-03-14 02:47:09"),
        (("causes", 0, "severity"), "bad"),
        (("causes", 0, "remedy", 0, "risk"), "none"),
        (("causes", 0, "findings", 0, "quotes", 0, "line"), 0),
        (("causes", 0, "findings", 0, "subject"), "pod x"),
        (("verdicts", 0, "status"), "not applicable"),
        (("verdicts", 4, "findings"), [{}]),
        (("coverage", "ran"), -1),
    ],
)
def test_the_schema_refuses_what_is_wrong(path: tuple[str | int, ...], value: object) -> None:
    """The schema is no rubber stamp: a wrong value in any place is refused."""
    report = json.loads(render(proven_loop()))
    *way, last = path
    place: Any = report
    for step in way:
        place = place[step]
    place[last] = value
    with pytest.raises(ValidationError):
        Draft202012Validator(SCHEMA).validate(report)


def test_every_field_is_documented() -> None:
    """docs/report.md names every field of the schema, and the schema describes each."""
    page = (DOCS / "report.md").read_text(encoding="utf-8")
    assert {name for name in names(SCHEMA) if f"`{name}`" not in page} == set()


@pytest.mark.parametrize("name", SAMPLES)
def test_output_is_harmless_ascii(name: str) -> None:
    """No byte of the output can drive a terminal or break an encoding, whatever was read."""
    text = render(SAMPLES[name]())
    assert text.isascii()
    assert text.replace("\n", "").isprintable()


def test_a_lone_surrogate_is_written_out() -> None:
    """What UTF-8 cannot hold becomes readable text, so that every JSON parser takes it."""
    report = json.loads(render(hostile()))
    text = report["causes"][0]["findings"][0]["quotes"][0]["text"]
    assert "\\udcff" in text
    text.encode("utf-8")


def test_evidence_is_whole() -> None:
    """JSON keeps a long quote whole, where the table leaves out its middle."""
    quote = hostile().causes[0].verdict.findings[0].quotes[2]
    report = as_object(hostile())
    assert report["causes"][0]["findings"][0]["quotes"][2]["text"] == quote.text


def test_a_quote_that_is_no_line_says_so() -> None:
    """In the report as text and as an object; a line has no such field."""
    seen = hostile()
    (first, *rest) = seen.causes
    finding = first.verdict.findings[0]
    told = ObjectQuote("x", "a line", 1, short="of an object")
    quotes = (replace(finding.quotes[0], summary=True), finding.quotes[1], told)
    verdict = replace(first.verdict, findings=(replace(finding, quotes=quotes),))
    seen = replace(seen, causes=(replace(first, verdict=verdict), *rest))
    for report in (json.loads(render(seen)), as_object(seen)):
        short, line, beside = report["causes"][0]["findings"][0]["quotes"]
        assert short["summary"] is True
        assert "summary" not in line
        assert "short" not in line
        assert (beside["text"], beside["short"]) == ("a line", "of an object")


def test_causes_keep_their_rank() -> None:
    """The order of causes is the diagnosis's own."""
    report = as_object(many())
    assert [cause["check"] for cause in report["causes"]] == [
        "kube-proxy-not-running",
        "cni-ipam-exhausted",
    ]


def test_times_are_in_utc() -> None:
    """A time of another zone is converted; one without a zone is taken for UTC."""
    assert as_object(healthy())["taken_at"] == "2026-03-14T02:47:09Z"
    naive = replace(healthy(), taken_at=healthy().taken_at.replace(tzinfo=None))
    assert as_object(naive)["taken_at"] == "2026-03-14T08:17:09Z"


def test_a_folded_finding_is_not_lost() -> None:
    """What a cause explains keeps its findings and quotes, under verdicts."""
    report = as_object(proven_loop())
    (crashes,) = (one for one in report["verdicts"] if one["check"] == "coredns-crashloop")
    assert len(crashes["findings"]) == 2
    assert report["causes"][0]["explains"] == ["coredns-crashloop", "no-ready-endpoints"]


def test_a_gap_is_told_once_with_all_that_it_blocks() -> None:
    """A gap that blocks eight checks is one entry, after those that concern no single check."""
    gaps = as_object(unread())["gaps"]
    assert [len(gap["blocks"]) for gap in gaps] == [0, 8, 2, 2, 2, 1, 1, 1]


def test_a_step_for_many_objects_is_told_for_each() -> None:
    """JSON holds every command, kube-proxy before flannel, each once."""
    titles = [step["title"] for step in as_object(many())["causes"][0]["remedy"]]
    assert len(titles) == 300
    assert titles.index("Restart kube-proxy on worker-050") < titles.index(
        "Then restart flannel on worker-001"
    )


def test_coverage_adds_up() -> None:
    """Every verdict is counted in one place."""
    told = as_object(proven_loop())["coverage"]
    assert told["ran"] == told["problems"] + told["ok"]
    assert told["checks"] == told["ran"] + told["unknown"] + told["not_applicable"]
