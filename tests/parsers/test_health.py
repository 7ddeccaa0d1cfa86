"""What endpoints answer: lines that are written in one place and read in another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.facts.coredns_health import Endpoint, written
from diagnose.model import Subject
from diagnose.parsers.health import parse
from diagnose.parts import Kind, Part
from diagnose.text.recognise import cut


def read(text: str) -> list[Endpoint]:
    """Return the endpoints of a text."""
    subject = Subject("Pod", "c", "kube-system")
    items = parse(Part(Kind.HEALTH, "health", text, subject=subject, first_line=3)).items
    return [one for one in items if isinstance(one, Endpoint)]


@given(
    path=st.from_regex(r"/[a-z]{1,20}", fullmatch=True),
    port=st.integers(1, 65535),
    status=st.sampled_from([200, 404, 503]),
    body=st.text(max_size=400),
)
def test_what_is_written_is_read(path: str, port: int, status: int, body: str) -> None:
    """Whatever a pod answers, its line is one line and is read again."""
    line = written(
        path, port, "readinessProbe", status=status, body=body.split("\n", maxsplit=1)[0]
    )
    (one,) = read(line)
    assert (one.path, one.port, one.status) == (path, port, status)
    assert one.quote.line == 3


@given(trouble=st.text(min_size=1, max_size=400).filter(str.strip))
def test_a_trouble_is_read(trouble: str) -> None:
    """So is what the API server says instead."""
    for one in read(written("/ready", 8181, "usual port", trouble=trouble.strip())):
        assert one.status == 0
        assert one.trouble


@pytest.mark.parametrize(
    ("trouble", "reached", "lost"),
    [
        ("dial tcp 10.0.0.1:8181: connect: connection refused", True, False),
        ("dial tcp 10.0.0.1:8181: i/o timeout", False, True),
        ("dial tcp 10.0.0.1:8181: connect: no route to host", False, True),
        ("does not answer in time", False, True),
        ("EOF", True, False),
        ("No agent available", False, False),
    ],
)
def test_how_far_a_request_came(trouble: str, reached: bool, lost: bool) -> None:
    """A host that refuses is reached; what the network swallows or turns back is lost."""
    (one,) = read(written("/ready", 8181, "usual port", trouble=trouble))
    assert (one.reached, one.lost) == (reached, lost)


@pytest.mark.parametrize(
    ("line", "plugins"),
    [
        ("/ready of port 8181 (readinessProbe): 503 kubernetes", ("kubernetes",)),
        ("/ready of port 8181 (readinessProbe): 503 kubernetes,forward", ("kubernetes", "forward")),
        ("/ready of port 8181 (readinessProbe): 503 Shutting down", ()),
        ("/ready of port 8181 (readinessProbe): 200 OK", ()),
        ("/health of port 8080 (livenessProbe): 503 kubernetes", ()),
    ],
)
def test_which_plugins_a_pod_waits_for(line: str, plugins: tuple[str, ...]) -> None:
    """The ready plugin names them, separated by commas; nothing else does."""
    (one,) = read(line)
    assert one.waits_for == plugins


@pytest.mark.parametrize(
    "text",
    ["", "hello", "/ready of port x (y): 200", "/ready of port 1 (y): 99", "x" * 100_000],
)
def test_other_lines_are_passed_over(text: str) -> None:
    """What is not such a line makes nothing."""
    assert not read(text)


def test_pasted_lines_are_recognised() -> None:
    """A line out of a report is read again where somebody pastes it."""
    line = "/ready of port 8181 (readinessProbe): 503 kubernetes"
    assert [part.kind for part in cut(line, origin="-")] == [Kind.HEALTH]
