"""Answers to corediag's own questions are written as lines and read again."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.facts.dns_answers import (
    Asked,
    NameKind,
    Place,
    PlaceKind,
    Server,
    ServerRole,
)
from diagnose.facts.lookups import NOWHERE, Outcome
from diagnose.model import GapKind, ObjectQuote, Quote, Subject
from diagnose.parsers.answers import MOST_ITEMS, line_of, parse, sentence, text_of
from diagnose.parts import Kind, Part
from diagnose.text.recognise import cut

POD = Place(PlaceKind.POD, Subject("Pod", "client-x", "default", "node-2"), "10.200.1.11")
HOST = Place(PlaceKind.HOST, Subject("Node", "node-1"), "10.77.0.11")
PAST = Place(PlaceKind.DIRECT, NOWHERE)
SERVICE = Server(
    ServerRole.SERVICE, "10.32.0.10", 53, Subject("Service", "kube-dns", "kube-system")
)
REPLICA = Server(
    ServerRole.REPLICA, "10.200.0.5", 53, Subject("Pod", "coredns-1", "kube-system", "node-1")
)
NAME = "kubernetes.default.svc.cluster.local."
TIMEOUT = Asked(
    place=POD,
    server=SERVICE,
    transport="udp",
    name_kind=NameKind.SERVICE,
    name=NAME,
    qtype="A",
    outcome=Outcome.TIMEOUT,
    origin="",
    quote=Quote("", ""),
    took_ms=2010,
    at=datetime(2026, 11, 25, 19, 14, 59, tzinfo=UTC),
)
FOUND = replace(
    TIMEOUT,
    place=PAST,
    server=REPLICA,
    transport="tcp",
    outcome=Outcome.NOERROR,
    answers=("10.32.0.1",),
    authority=("x SOA y",),
    flags=("AA", "RD"),
    payload=4096,
    asked_bytes=1472,
    size=106,
    took_ms=3,
    detail="a word",
)


def read(text: str) -> tuple[Asked, ...]:
    """Return the questions of a text that leaves no gap."""
    parsed = parse(Part(Kind.DNS_ANSWERS, "answers", text))
    assert not parsed.gaps
    return tuple(one for one in parsed.items if isinstance(one, Asked))


@pytest.mark.parametrize(
    "one",
    [
        TIMEOUT,
        FOUND,
        replace(TIMEOUT, place=HOST, at=None),
        replace(TIMEOUT, place=replace(POD, kind=PlaceKind.PROBE)),
        replace(TIMEOUT, server=Server(ServerRole.UPSTREAM, "2001:db8::53", 5353)),
        replace(TIMEOUT, server=Server(ServerRole.CONFIGURED, ""), name_kind=NameKind.SHORT),
    ],
)
def test_what_is_written_is_read(one: Asked) -> None:
    """A line holds all that is known of a question; its sentence is the quote, in short."""
    (again,) = read(line_of(one))
    assert (again.quote.origin, again.quote.text, again.quote.line) == ("answers", sentence(one), 1)
    assert again.quote.summary
    assert replace(again, origin="", quote=one.quote) == one


@pytest.mark.parametrize(
    ("one", "piece"),
    [
        (TIMEOUT, f'"name": "{NAME}", "type": "A", "outcome": "timeout"'),
        (FOUND, f'"name": "{NAME}", "type": "A", "outcome": "NOERROR", "answers": ["10.32.0.1"]'),
    ],
)
def test_a_finding_quotes_what_was_asked_and_what_came(one: Asked, piece: str) -> None:
    """A piece of the line as it stands, with the sentence beside it."""
    line = line_of(one)
    (again,) = read(f"\n{line}")
    assert isinstance(again.quote, ObjectQuote)
    seen = again.quote.seen()
    assert (seen.text, seen.line, seen.summary) == (piece, 2, False)
    assert piece in line
    assert isinstance(seen, ObjectQuote)
    assert seen.short == sentence(one)


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (
            TIMEOUT,
            "pod default/client-x on node-2 -> 10.32.0.10:53 (DNS Service) udp "
            f"{NAME} A: no answer within 2 s",
        ),
        (
            FOUND,
            "API server -> 10.200.0.5:53 (CoreDNS pod kube-system/coredns-1) tcp "
            f"{NAME} A (1472 bytes): 10.32.0.1 (3 ms)",
        ),
        (
            replace(
                TIMEOUT,
                place=HOST,
                server=Server(ServerRole.UPSTREAM, "2001:db8::53"),
                outcome=Outcome.CONNECTION_REFUSED,
                took_ms=0,
                detail="nc: refused",
            ),
            "host network of node-1 -> [2001:db8::53]:53 (upstream) udp "
            f"{NAME} A: connection refused: nc: refused",
        ),
        (
            replace(TIMEOUT, outcome=Outcome.NODATA, took_ms=4, qtype="AAAA"),
            "pod default/client-x on node-2 -> 10.32.0.10:53 (DNS Service) udp "
            f"{NAME} AAAA: NODATA, no such record (4 ms)",
        ),
    ],
)
def test_sentences(one: Asked, words: str) -> None:
    """A question is quoted as people would say it."""
    assert sentence(one) == words


def test_lines_are_numbered() -> None:
    """The quote of each question cites its line, also of a part out of a longer text."""
    part = Part(Kind.DNS_ANSWERS, "answers", text_of([TIMEOUT, FOUND]), first_line=10)
    assert [one.quote.line for one in parse(part).items if isinstance(one, Asked)] == [10, 11]


def test_a_file_alone_is_recognised() -> None:
    """Such lines are known by their content, whatever the file is called."""
    text = text_of([TIMEOUT, FOUND])
    for hint in ("", "answers.json", "notes.txt"):
        (part,) = cut(text, origin="a", hint=hint)
        assert part.kind is Kind.DNS_ANSWERS
        assert len(read(part.text)) == 2


def changed(**values: object) -> str:
    """Return a line with some values changed."""
    return json.dumps(json.loads(line_of(TIMEOUT)) | values)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "no JSON"),
        ("[" * 60_000, "no JSON"),
        ("7", "no JSON object"),
        ("{}", "no transport"),
        (changed(transport="carrier pigeon"), "no transport"),
        (changed(outcome="fine"), "outcome is none"),
        (changed(outcome=["timeout"]), "outcome is none"),
        (changed(**{"from": "moon"}), "from is none"),
        (changed(name={"a": 1}), "name is no text"),
        (changed(answers=[1]), "answers are no texts"),
        (changed(ms=-1), "ms is no number"),
        (changed(ms=True), "ms is no number"),
        (changed(ms=1e300), "ms is no number"),
        (changed(port=70000), "no port"),
        (f'{{"ms": {"9" * 10_000}}}', "no JSON"),
        (changed(detail="x" * 70_000), "more than"),
    ],
)
def test_what_is_no_question_is_a_gap(line: str, words: str) -> None:
    """A line that cannot be read is told of, and the others are used."""
    parsed = parse(Part(Kind.DNS_ANSWERS, "answers", f"{line}\n{line}\n{line_of(FOUND)}\n"))
    (gap,) = parsed.gaps
    assert words in gap.because
    assert ", and 1 more" in gap.because
    assert gap.kind is GapKind.PARTIAL
    assert len(parsed.items) == 1


def test_nothing_readable_is_malformed() -> None:
    """Without a single question the part is malformed."""
    (gap,) = parse(Part(Kind.DNS_ANSWERS, "answers", "hello\n")).gaps
    assert gap.kind is GapKind.MALFORMED


def test_a_flood_is_bounded() -> None:
    """More questions than anybody asks are left, and it is said."""
    text = text_of([TIMEOUT]) * (MOST_ITEMS + 5)
    parsed = parse(Part(Kind.DNS_ANSWERS, "answers", text))
    assert len(parsed.items) == MOST_ITEMS
    assert parsed.gaps[0].kind is GapKind.PARTIAL


def test_control_characters_are_shown() -> None:
    """Escapes in a line reach nobody's terminal, lone surrogates no file."""
    (one,) = read(changed(detail="\x1b[31mred", name="\ud800.", answers=["a\nb"]))
    assert all(text.isprintable() for text in (one.quote.text, one.detail, one.name, *one.answers))
    one.quote.text.encode()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*json.loads(line_of(FOUND))]), VALUES, max_size=5))
def test_no_values_raise(values: dict[str, object]) -> None:
    """Whatever stands at a key, the line is read or a gap."""
    parsed = parse(Part(Kind.DNS_ANSWERS, "answers", changed(**values)))
    assert len(parsed.items) + len(parsed.gaps) == 1


@given(st.text(max_size=300))
def test_no_text_raises(text: str) -> None:
    """Whatever stands there, it is read or a gap."""
    parsed = parse(Part(Kind.DNS_ANSWERS, "answers", text))
    assert parsed.gaps or not text.strip()
