"""Metrics as text: whole, in pieces, of any version, broken, hostile."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.facts.coredns_metrics import NAMES, Metric, Metrics
from diagnose.model import GapKind, Subject
from diagnose.parsers.metrics import LONGEST, MOST_SAMPLES, parse
from diagnose.parts import Kind, Part
from diagnose.text.recognise import cut

WHOLE = """\
# HELP coredns_build_info A metric with a constant '1' value labeled by version.
# TYPE coredns_build_info gauge
coredns_build_info{goversion="go1.26.8",revision="",version="1.12.4"} 1
# TYPE coredns_kubernetes_rest_client_requests_total counter
coredns_kubernetes_rest_client_requests_total{code="200",host="10.32.0.1:443",method="GET"} 6
coredns_kubernetes_rest_client_requests_total{code="<error>",host="10.32.0.1:443",method="GET"} 3
go_goroutines 41
process_start_time_seconds 1.7e+09
"""


def read(text: str, **more: object) -> Metrics:
    """Return the metrics of a text."""
    (item,) = parse(Part(Kind.METRICS, "m.prom", text, **more)).items  # type: ignore[arg-type]
    assert isinstance(item, Metrics)
    return item


def test_a_number_keeps_labels_and_line() -> None:
    """Each sample is quoted as it stands, with the line that it stands on."""
    metrics = read(WHOLE, first_line=10)
    good, bad = metrics.of(Metric.API_REQUESTS)
    assert (good["code"], good.value, good.quote.line) == ("200", 6.0, 14)
    assert bad["code"] == "<error>"
    assert bad.quote.text.startswith("coredns_kubernetes_rest_client_requests_total{")
    assert metrics.version == "1.12.4"
    assert metrics.of(Metric.STARTED)[0].value == 1.7e9


@pytest.mark.parametrize("name", NAMES, ids=lambda one: one.name)
def test_every_name_is_read(name: object) -> None:
    """What a version calls a metric is taken for what it is."""
    metrics = read(f'coredns_panics_total 1\n{name.name}{{a="b"}} 7\n')  # type: ignore[attr-defined]
    assert metrics.of(name.metric)[-1].value == 7  # type: ignore[attr-defined]


def test_names_and_sources_are_told_once() -> None:
    """A name stands in one row, and each row says where it is defined."""
    assert len({one.name for one in NAMES}) == len(NAMES)
    assert all(one.versions and one.source for one in NAMES)
    assert {one.metric for one in NAMES} == set(Metric)


@pytest.mark.parametrize(
    "line",
    [
        "t=14.5 metric coredns_panics_total{} 3",
        "metrics.txt:12:coredns_panics_total 3",
        "> coredns_panics_total 3",
        "coredns_panics_total 3 1700000000000",
        "coredns_panics_total 3.0e+00",
    ],
)
def test_somebodys_words_before_a_line(line: str) -> None:
    """What grep, a mail or a script put before the line does not hide it."""
    assert read(line).total(Metric.PANICS) == 3


@pytest.mark.parametrize(
    "line",
    [
        "coredns_panics_total",
        "coredns_panics_total NaN",
        "coredns_panics_total +Inf",
        "coredns_panics_total -1",
        "coredns_panics_total three",
        'coredns_panics_total{a="b} 3',
        "coredns_panics_total{a=b} 3",
        "# HELP coredns_panics_total 3",
        'level=info msg="coredns_panics_total 3"',
        "process_start_time_seconds 3",
        "kubelet_panics_total 3",
        "coredns_panics_total " + "9" * LONGEST,
    ],
)
def test_what_is_no_number_of_coredns(line: str) -> None:
    """Broken lines, endless numbers and other programs' metrics make nothing, and raise nothing."""
    assert not parse(Part(Kind.METRICS, "m", line)).items


def test_a_line_without_a_pod_is_some_pods() -> None:
    """Pasted metrics belong to a pod that nobody named."""
    assert read(WHOLE).subject == Subject("Pod")
    assert read(WHOLE, subject=Subject("Pod", "c", "kube-system")).subject.name == "c"


def test_an_excerpt_is_known_by_what_it_lacks() -> None:
    """Each process says what it was built from: without that line some is missing."""
    assert read(WHOLE).whole
    assert not read("coredns_panics_total 0\n").whole
    assert read("coredns_panics_total 0\n", whole=True).whole


@pytest.mark.parametrize(
    "text",
    [
        "".join(f'coredns_dns_responses_total{{rcode="X{n}"}} {n}\n' for n in range(250_000)),
        "x" * 10_000_000,
        "coredns_panics_total{" * 480_000,
        "".join(f'coredns_other_bucket{{le="{n}"}} 3\n' for n in range(300_000)),
        ("coredns_panics_total " + " " * 900 + "\n") * 10_000,
        ("coredns_panics_total{" + 'a="b",' * 150 + "} 1\n") * 10_000,
    ],
    ids=["many", "one line", "open", "unknown", "blank", "labels"],
)
def test_ten_megabytes_hurt_nobody(text: str) -> None:
    """Time and memory are bounded, and what was left out is said."""
    started = time.monotonic()
    parsed = parse(Part(Kind.METRICS, "m", text))
    assert time.monotonic() - started < 15
    if parsed.items and len(parsed.items[0].samples) >= MOST_SAMPLES:  # type: ignore[attr-defined]
        assert parsed.gaps[0].kind is GapKind.PARTIAL


@given(st.text(alphabet='coredns_panicstl{}="\\,0123456789 \n#<>', max_size=200))
def test_nothing_is_raised(text: str) -> None:
    """Whatever stands in a line, it is read or passed over."""
    parse(Part(Kind.METRICS, "m", f"coredns_panics_total{text}"))


def test_labels_cannot_write_to_the_terminal() -> None:
    """Escapes in a label are shown, in the label and in the quote."""
    metrics = read('coredns_forward_responses_total{to="\x1b[31m1.2.3.4:53",rcode="NOERROR"} 1')
    (sample,) = metrics.of(Metric.UPSTREAM_ANSWERS)
    assert "\x1b" not in sample["to"] + sample.quote.text


def test_pasted_metrics_are_recognised() -> None:
    """By content alone, also between other lines."""
    kinds = [part.kind for part in cut(f"here it is\n\n{WHOLE}\nthanks\n", origin="-")]
    assert kinds == [Kind.TEXT, Kind.METRICS, Kind.TEXT]


@pytest.mark.parametrize("name", ["metrics.txt", "coredns-metrics-1.txt", "a/b.prom"])
def test_files_of_metrics_are_recognised(name: str) -> None:
    """A file that somebody named so is one, whatever its first lines are."""
    text = "go_goroutines 41\ngo_threads 9\n"
    assert [part.kind for part in cut(text, origin=name, hint=name)] == [Kind.METRICS]


@pytest.mark.parametrize(
    "line",
    [
        "[ERROR] plugin/errors: 2 example.com. A: coredns_x 3",
        "alert: coredns_panics_total > 0",
        "- record: coredns_panics_total",
        "sum(rate(coredns_dns_responses_total[5m])) by (rcode)",
    ],
)
def test_what_speaks_of_metrics_is_none(line: str) -> None:
    """Alert rules, queries and log lines name metrics and hold no number of one."""
    assert all(part.kind is not Kind.METRICS for part in cut(line, origin="-"))
