"""What CoreDNS counts: its metrics, as numbers since the start of its process.

A counter says how often, never when. So only what a total by itself tells is told of the present:
no request to the API server ever succeeded, an upstream never answered. A mixture is history.

Sources: coredns/coredns v1.6.9, v1.7.0, v1.8.4, v1.9.3, v1.11.3, v1.12.4, v1.15.0, in the files
that the table names; kubernetes/client-go v0.35.4 rest/request.go (sanitize: code "<error>").
"""

from __future__ import annotations

import contextlib
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.facts.coredns_health import METRICS, Endpoint, of_pods
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.values import dataclass


class Metric(Enum):
    """What is counted, whatever a version calls it."""

    BUILD = "build"
    STARTED = "started"
    API_REQUESTS = "requests to the API server"
    PANICS = "panics"
    RESPONSES = "responses"
    DURATIONS = "durations"
    UPSTREAM_ANSWERS = "answers of upstreams"
    CHECK_FAILURES = "failed health checks"
    CHECKS_BROKEN = "all upstreams failed"
    REJECTS = "queries beyond max_concurrent"
    RELOAD_FAILURES = "failed reloads"
    RELOADED = "the configuration that runs"
    CACHE_ENTRIES = "cache entries"
    CACHE_HITS = "cache hits"
    CACHE_MISSES = "cache misses"
    HEALTH_FAILURES = "own health requests that failed"
    PROGRAMMING = "Services and endpoints taken over"


@dataclass(frozen=True)
class Name:
    """One name of a metric: the versions of CoreDNS that have it, and where they define it."""

    metric: Metric
    name: str
    versions: str
    source: str


ALL = "all"
OLD, NEW = "to 1.6.9", "since 1.7.0"
BEFORE_PROXY, PROXY = "1.7.0 to 1.10.1", "since 1.11.0"
NAMES: tuple[Name, ...] = (
    Name(Metric.BUILD, "coredns_build_info", ALL, "plugin/metrics/metrics.go"),
    Name(Metric.STARTED, "process_start_time_seconds", ALL, "prometheus/client_golang"),
    Name(
        Metric.API_REQUESTS,
        "coredns_kubernetes_rest_client_requests_total",
        PROXY,
        "plugin/kubernetes/metrics.go",
    ),
    Name(Metric.PANICS, "coredns_panic_count_total", OLD, "plugin/metrics/vars/vars.go"),
    Name(Metric.PANICS, "coredns_panics_total", NEW, "plugin/metrics/vars/vars.go"),
    Name(
        Metric.RESPONSES,
        "coredns_dns_response_rcode_count_total",
        OLD,
        "plugin/metrics/vars/vars.go",
    ),
    Name(Metric.RESPONSES, "coredns_dns_responses_total", NEW, "plugin/metrics/vars/vars.go"),
    Name(
        Metric.DURATIONS,
        "coredns_dns_request_duration_seconds_bucket",
        ALL,
        "plugin/metrics/vars/vars.go",
    ),
    Name(
        Metric.UPSTREAM_ANSWERS,
        "coredns_forward_response_rcode_count_total",
        OLD,
        "plugin/forward/metrics.go",
    ),
    Name(
        Metric.UPSTREAM_ANSWERS,
        "coredns_forward_responses_total",
        BEFORE_PROXY,
        "plugin/forward/metrics.go",
    ),
    Name(
        Metric.UPSTREAM_ANSWERS,
        "coredns_proxy_request_duration_seconds_count",
        PROXY,
        "plugin/pkg/proxy/metrics.go",
    ),
    Name(
        Metric.CHECK_FAILURES,
        "coredns_forward_healthcheck_failure_count_total",
        OLD,
        "plugin/forward/metrics.go",
    ),
    Name(
        Metric.CHECK_FAILURES,
        "coredns_forward_healthcheck_failures_total",
        BEFORE_PROXY,
        "plugin/forward/metrics.go",
    ),
    Name(
        Metric.CHECK_FAILURES,
        "coredns_proxy_healthcheck_failures_total",
        PROXY,
        "plugin/pkg/proxy/metrics.go",
    ),
    Name(
        Metric.CHECKS_BROKEN,
        "coredns_forward_healthcheck_broken_count_total",
        OLD,
        "plugin/forward/metrics.go",
    ),
    Name(
        Metric.CHECKS_BROKEN,
        "coredns_forward_healthcheck_broken_total",
        NEW,
        "plugin/forward/metrics.go",
    ),
    Name(
        Metric.REJECTS,
        "coredns_forward_max_concurrent_reject_count_total",
        OLD,
        "plugin/forward/metrics.go",
    ),
    Name(
        Metric.REJECTS,
        "coredns_forward_max_concurrent_rejects_total",
        NEW,
        "plugin/forward/metrics.go",
    ),
    Name(
        Metric.RELOAD_FAILURES, "coredns_reload_failed_count_total", OLD, "plugin/reload/metrics.go"
    ),
    Name(Metric.RELOAD_FAILURES, "coredns_reload_failed_total", NEW, "plugin/reload/metrics.go"),
    Name(Metric.RELOADED, "coredns_reload_version_info", NEW, "plugin/reload/metrics.go"),
    Name(Metric.CACHE_ENTRIES, "coredns_cache_entries", NEW, "plugin/cache/metrics.go"),
    Name(Metric.CACHE_ENTRIES, "coredns_cache_size", OLD, "plugin/cache/handler.go"),
    Name(Metric.CACHE_HITS, "coredns_cache_hits_total", ALL, "plugin/cache/metrics.go"),
    Name(Metric.CACHE_MISSES, "coredns_cache_misses_total", ALL, "plugin/cache/metrics.go"),
    Name(
        Metric.HEALTH_FAILURES,
        "coredns_health_request_failures_total",
        "since 1.8.4",
        "plugin/health/overloaded.go",
    ),
    Name(
        Metric.PROGRAMMING,
        "coredns_kubernetes_dns_programming_duration_seconds_count",
        ALL,
        "plugin/kubernetes/object/metrics.go",
    ),
)
BY_NAME: Mapping[str, Metric] = {one.name: one.metric for one in NAMES}
ERROR = "<error>"  # client-go's code of a request without an answer
FORWARD = "forward"  # the plugin whose upstreams are meant: grpc has proxies of its own
CHECKS = 3  # failed health checks of a server before it is called dead
ANSWERS = 20  # of the others, after which one that never answered was asked too


@dataclass(frozen=True)
class Sample:
    """One number of the metrics, with its labels."""

    metric: Metric
    labels: Mapping[str, str]
    value: float
    quote: Quote

    def __getitem__(self, label: str) -> str:
        """Return a label's value; "" when it has none."""
        return self.labels.get(label, "")


@dataclass(frozen=True)
class Upstream:
    """What one process counts of one upstream server: host:port, answers by code, failed checks."""

    server: str
    subject: Subject
    answers: Mapping[str, int]
    failed_checks: int
    quotes: tuple[Quote, ...]
    whole: bool = True

    @property
    def answered(self) -> int:
        """How many queries it answered, with whatever code."""
        return sum(self.answers.values())

    @property
    def dead(self) -> bool:
        """Whether it has not answered once since CoreDNS started, and fails its health checks."""
        return self.whole and not self.answered and self.failed_checks >= CHECKS


@dataclass(frozen=True)
class Slower:
    """How many answers took longer than some seconds, of how many."""

    count: int
    total: int
    seconds: float
    quotes: tuple[Quote, ...]


@dataclass(frozen=True)
class Metrics:
    """The metrics of one process, as far as they came.

    `whole` says that nothing is missing, so that what has no number did not happen.
    """

    subject: Subject
    origin: str
    samples: tuple[Sample, ...] = ()
    whole: bool = False

    def of(self, metric: Metric) -> tuple[Sample, ...]:
        """Return the samples of one metric."""
        return tuple(one for one in self.samples if one.metric is metric)

    def total(self, metric: Metric) -> int:
        """Return the sum over all labels."""
        return int(sum(one.value for one in self.of(metric)))

    @property
    def version(self) -> str:
        """CoreDNS's own word for its version; "" when it does not say."""
        return next((one["version"] for one in self.of(Metric.BUILD) if one.value), "")

    def slower(self, seconds: float) -> Slower | None:
        """Return how many answers took longer than the bound next to a time; None: not told."""
        bounds: dict[float, list[Sample]] = {}
        for one in self.of(Metric.DURATIONS):
            with contextlib.suppress(ValueError):
                bounds.setdefault(float(one["le"]), []).append(one)
        bound = min((le for le in bounds if le >= seconds), default=math.inf)
        if math.isinf(bound) or math.inf not in bounds:
            return None
        within, total = (int(sum(one.value for one in bounds[le])) for le in (bound, math.inf))
        largest = (max(bounds[le], key=lambda one: one.value) for le in (bound, math.inf))
        return Slower(total - within, total, bound, tuple(one.quote for one in largest))

    def upstreams(self) -> tuple[Upstream, ...]:
        """Return the upstream servers of forward, in the order in which they appear."""
        answers: dict[str, Counter[str]] = {}
        failed: Counter[str] = Counter()
        quotes: dict[str, list[Quote]] = {}
        for one in self.samples:
            if one.metric not in (Metric.UPSTREAM_ANSWERS, Metric.CHECK_FAILURES) or not one["to"]:
                continue
            if one["proxy_name"] not in ("", FORWARD):
                continue
            server = one["to"]
            if one.metric is Metric.UPSTREAM_ANSWERS:
                answers.setdefault(server, Counter())[one["rcode"]] += int(one.value)
            else:
                answers.setdefault(server, Counter())
                failed[server] += int(one.value)
            if one.value:
                quotes.setdefault(server, []).append(one.quote)
        return tuple(
            Upstream(
                server=server,
                subject=self.subject,
                answers=counts,
                failed_checks=failed[server],
                quotes=tuple(quotes.get(server, ())),
                whole=self.whole,
            )
            for server, counts in answers.items()
        )


@dataclass(frozen=True, kw_only=True)
class CoreDNSMetrics(Fact):
    """The metrics of CoreDNS's pods; `silent` are endpoints for them that gave none.

    Of a silent one another endpoint of the same pod answered, so that it is the endpoint's fault.
    """

    asks: ClassVar[tuple[Ask, ...]] = (Ask.DNS_METRICS, Ask.DNS_HEALTH)

    pods: tuple[Metrics, ...] = ()
    silent: tuple[Endpoint, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return what each pod counts."""
        pods = evidence.of(Metrics)
        endpoints = of_pods(evidence.of(Endpoint))
        asked = tuple(one for one in endpoints if one.path == METRICS)
        found = known(evidence, (*pods, *asked), Ask.DNS_METRICS)
        if isinstance(found, Gap):
            return found
        alive = {one.subject for one in endpoints if one.status and one.path != METRICS}
        silent = tuple(one for one in asked if one.status != 200 and one.subject in alive)
        return cls(origin=found[0], gaps=found[1], pods=pods, silent=silent)


def several(pods: Iterable[Metrics], metric: Metric) -> Iterator[tuple[Metrics, Sample]]:
    """Yield the samples of a metric that are above zero, with whose they are."""
    for one in pods:
        for sample in one.of(metric):
            if sample.value > 0:
                yield one, sample
