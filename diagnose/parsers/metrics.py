"""Metrics of CoreDNS in the text format of Prometheus, whole or in pasted lines.

Most of what a process exposes tells nothing here, and parsing it all takes seconds: only lines
whose names facts use are parsed, and of these no more than a large cluster has.

Source: prometheus/docs content/docs/instrumenting/exposition_formats.md; prometheus/client_python
v0.20 prometheus_client/parser.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from diagnose.facts.coredns_metrics import BY_NAME, Metric, Metrics, Sample
from diagnose.model import Gap, GapKind, Quote, Subject
from diagnose.parts import Parsed, Part
from diagnose.text.regex import regex
from diagnose.text.shown import visible

MOST_SAMPLES = 20_000
LONGEST = 1_000
# Somebody's own words may stand before a line: a file's name and a colon, a time, a quotation mark.
LINE = regex(
    r"(?:[^{}\"#]{0,80}[\s:>])?"
    r"(?P<sample>(?P<name>(?:coredns|process)_[a-z0-9_]{1,80})(?:\{.{0,900}\})?[ \t]+\S{1,40}"
    r"(?:[ \t]+-?\d{1,20})?)[ \t]*\Z"
)
PREFIXES = ("coredns_", "process_start_time_seconds")


def parse(part: Part) -> Parsed:
    """Return the metrics of one process; none where no line is of CoreDNS's."""
    samples: list[Sample] = []
    gaps: list[Gap] = []
    for number, line in lines_of(part.text):
        found = LINE.match(line)
        if found is None or found["name"] not in BY_NAME:
            continue
        if len(samples) >= MOST_SAMPLES:
            because = f"only its first {MOST_SAMPLES} numbers of CoreDNS were read"
            gaps.append(Gap(part.origin, GapKind.PARTIAL, because))
            break
        quote = Quote(part.origin, visible(found["sample"]), part.first_line + number)
        samples.extend(read(found["sample"], quote))
    if not any(one.quote.text.startswith("coredns_") for one in samples):
        return Parsed(gaps=tuple(gaps))
    item = Metrics(
        subject=part.subject if part.subject.kind else Subject("Pod"),
        origin=part.origin,
        samples=tuple(samples),
        # every process says what it was built from, so only an excerpt lacks that
        whole=not gaps and (part.whole or any(one.metric is Metric.BUILD for one in samples)),
    )
    return Parsed(items=(item,), gaps=tuple(gaps))


def lines_of(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that may count something, with their numbers from 0."""
    for number, line in enumerate(text.split("\n")):
        if any(prefix in line[:200] for prefix in PREFIXES) and len(line) <= LONGEST:
            yield number, line


def read(line: str, quote: Quote) -> Iterator[Sample]:
    """Yield the sample of one line; none where it is broken, or its number is none."""
    from prometheus_client.parser import text_string_to_metric_families  # noqa: PLC0415

    try:
        families = list(text_string_to_metric_families(line + "\n"))
    except (ValueError, KeyError, IndexError, TypeError):  # what the parser raises of broken lines
        return
    for family in families:
        for one in family.samples:
            metric = BY_NAME.get(one.name)
            if metric is not None and math.isfinite(one.value) and one.value >= 0:
                labels = {str(key): visible(str(value))[:300] for key, value in one.labels.items()}
                yield Sample(metric, labels, float(one.value), quote)
