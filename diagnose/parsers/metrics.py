"""Metrics of CoreDNS in the text format of Prometheus, whole or in pasted lines.

Most of what a process exposes tells nothing here, and parsing it all takes seconds: only lines
whose names facts use are parsed, and of these no more than a large cluster has.

Source: prometheus/docs content/docs/instrumenting/exposition_formats.md; prometheus/client_python
v0.20 prometheus_client/parser.py.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from diagnose.facts.coredns_metrics import BY_NAME, Metric, Metrics, Sample
from diagnose.facts.cpu_throttling import CPUPeriods
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
PREFIXES = ("coredns_", "process_start_time_seconds", "container_cpu_cfs_")
# The kubelet's, of all containers of a node. Source: google/cadvisor metrics/prometheus.go.
PERIODS = regex(
    r"(?P<sample>container_cpu_cfs_(?P<cut>throttled_)?periods_total\{(?P<labels>[^{}]{1,900})\}"
    r" (?P<value>[\d.]{1,24}(?:e\+\d{1,3})?)(?: \d{1,20})?)[ \t]*\Z"
)
LABEL = regex(r'(?:^|,)(?P<name>container|namespace|pod)="(?P<value>[\w.-]{1,253})"')


def parse(part: Part) -> Parsed:
    """Return the metrics of one process; none where no line is of CoreDNS's."""
    samples: list[Sample] = []
    periods: list[CPUPeriods] = []
    gaps: list[Gap] = []
    for number, line in lines_of(part.text):
        if len(periods) < MOST_SAMPLES and (counts := PERIODS.match(line)):
            quote = Quote(part.origin, visible(counts["sample"]), part.first_line + number)
            periods.extend(read_periods(counts, part.origin, quote))
            continue
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
        return Parsed(items=tuple(periods), gaps=tuple(gaps))
    item = Metrics(
        subject=part.subject if part.subject.kind else Subject("Pod"),
        origin=part.origin,
        samples=tuple(samples),
        # every process says what it was built from, so only an excerpt lacks that
        whole=not gaps and (part.whole or any(one.metric is Metric.BUILD for one in samples)),
    )
    return Parsed(items=(item, *periods), gaps=tuple(gaps))


def read_periods(counts: re.Match[str], origin: str, quote: Quote) -> Iterator[CPUPeriods]:
    """Yield the count of a container; none of the group that its pod's containers are in."""
    labels = {one["name"]: one["value"] for one in LABEL.finditer(counts["labels"])}
    value = float(counts["value"]) if counts["value"].count(".") < 2 else math.inf
    if {"container", "pod"} <= labels.keys() and math.isfinite(value):
        yield CPUPeriods(
            subject=Subject("Pod", labels["pod"], labels.get("namespace", "")),
            origin=origin,
            count=int(value),
            cut=bool(counts["cut"]),
            quote=quote,
        )


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
