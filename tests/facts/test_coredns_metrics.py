"""What counters tell, and what they do not: totals without a time."""

from __future__ import annotations

import pytest

from diagnose.evidence import Evidence
from diagnose.facts.api_counts import of_metrics
from diagnose.facts.api_failures import ApiFailures
from diagnose.facts.coredns_health import Endpoint
from diagnose.facts.coredns_metrics import Metrics
from diagnose.facts.refused_permissions import RefusedPermissions
from diagnose.facts.version import CoreDNSVersion
from diagnose.model import Subject
from diagnose.parsers.health import parse as parse_health
from diagnose.parsers.logs import parse as parse_log
from diagnose.parsers.metrics import parse
from diagnose.parts import Kind, Part
from diagnose.signatures.base import Emitter
from diagnose.signatures.trouble import Reason

POD = Subject("Pod", "coredns-a", "kube-system", "n1")
BUILD = 'coredns_build_info{goversion="go1.26.8",revision="",version="1.12.4"} 1\n'
READY = "/ready of port 8181 (readinessProbe): "


def metrics(*lines: str) -> Metrics:
    """Return the metrics of a pod."""
    part = Part(Kind.METRICS, "metrics", BUILD + "\n".join(lines), subject=POD)
    (item,) = parse(part).items
    assert isinstance(item, Metrics)
    return item


def requests(**counts: int) -> Metrics:
    """Return metrics that count requests to the API server by code; `error` for none."""
    return metrics(
        *(
            "coredns_kubernetes_rest_client_requests_total{"
            f'code="{"<error>" if code == "error" else code[1:]}",'
            f'host="10.32.0.1:443",method="GET"}} {count}'
            for code, count in counts.items()
        )
    )


def ready(answer: str) -> Endpoint:
    """Return what a pod's ready plugin answers."""
    (item,) = parse_health(Part(Kind.HEALTH, "health", READY + answer, subject=POD)).items
    assert isinstance(item, Endpoint)
    return item


def failures(*items: object) -> ApiFailures:
    """Return the fact that is made of some items."""
    found = Evidence(items=items).fetch(ApiFailures)
    assert isinstance(found, ApiFailures)
    return found


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ({"c403": 13}, Reason.FORBIDDEN),
        ({"c401": 13}, Reason.UNAUTHORIZED),
        ({"c429": 4}, Reason.TOO_MANY_REQUESTS),
        ({"c503": 4}, Reason.SERVER_ERROR),
        ({"c404": 4}, Reason.NOT_SERVED),
        ({"error": 14}, Reason.HIDDEN),
        ({"c403": 9, "error": 1}, Reason.FORBIDDEN),
        ({"c403": 5, "error": 5}, Reason.HIDDEN),
    ],
)
def test_failures_without_a_success_go_on(counts: dict[str, int], reason: Reason) -> None:
    """No request ever succeeded: whatever the time, it is so now; the code says why."""
    (one,) = failures(requests(**counts)).failures
    assert (one.trouble.reason, one.recovered, one.certain) == (reason, False, True)
    assert one.trouble.target == "10.32.0.1:443"


@pytest.mark.parametrize(
    "counts",
    [
        {"c200": 6},
        {"c200": 6, "c410": 90},
        {"c200": 6, "c403": 5},
        {"c403": 2},
        {"error": 2},
        {},
    ],
)
def test_few_failures_are_none(counts: dict[str, int]) -> None:
    """The first seconds of a process, or of an API server, are no fault."""
    assert not failures(requests(**counts)).failures


def test_a_mixture_is_history() -> None:
    """An API server that was away for a while leaves errors in the counters for ever."""
    (one,) = failures(requests(c200=9, error=18)).failures
    assert one.recovered


def test_a_mixture_of_a_pod_that_waits_goes_on() -> None:
    """Two of three lists are read; the ready plugin says that the third one still is not."""
    (one,) = failures(requests(c200=6, c403=8), ready("503 kubernetes")).failures
    assert (one.recovered, one.certain) == (False, True)
    (other,) = failures(requests(c200=6, c403=8), ready("503 forward")).failures
    assert other.recovered


def test_a_log_that_says_why_tells_more() -> None:
    """Beside a reason in the log the count is not a second failure; beside a hidden one it is."""
    said = "[ERROR] plugin/kubernetes: Failed to watch: failed to list *v1.Service: Unauthorized\n"
    hidden = "CoreDNS-1.12.4\n[ERROR] plugin/kubernetes: Failed to watch\n" * 3
    for text, reasons in ((said * 3, [Reason.UNAUTHORIZED]), (hidden, [Reason.HIDDEN] * 1)):
        part = Part(Kind.LOG, "coredns.log", text, emitter=Emitter.COREDNS, subject=POD)
        items = parse_log(part).items
        found = failures(*items, requests(c401=13)).failures
        told = [one.trouble.reason for one in found if one.quote.origin == "coredns.log"]
        counted = [one for one in found if one.quote.origin == "metrics"]
        assert told == reasons
        assert len(counted) == (1 if Reason.HIDDEN in reasons else 0)


def test_an_excerpt_proves_no_refusal() -> None:
    """One pasted line may leave the successes out: a possibility, not a proof."""
    line = 'coredns_kubernetes_rest_client_requests_total{code="403",host="h:443",method="GET"} 13'
    (item,) = parse(Part(Kind.METRICS, "-", line)).items
    found = Evidence(items=(item,)).fetch(RefusedPermissions)
    assert isinstance(found, RefusedPermissions)
    assert [one.proven for one in found.refusals] == [False]


def test_upstreams_of_other_plugins_are_not_forwards() -> None:
    """The grpc plugin has proxies of its own, counted under the same names."""
    several = metrics(
        'coredns_proxy_healthcheck_failures_total{proxy_name="grpc",to="10.0.0.9:53"} 50',
        'coredns_proxy_healthcheck_failures_total{proxy_name="forward",to="10.0.0.3:53"} 50',
    )
    assert [(one.server, one.dead) for one in several.upstreams()] == [("10.0.0.3:53", True)]


def test_the_version_is_coredns_own_word() -> None:
    """Where an image has only a digest, the metrics still tell the version."""
    found = Evidence(items=(metrics(),)).fetch(CoreDNSVersion)
    assert isinstance(found, CoreDNSVersion)
    assert found.versions == ("1.12.4",)


def test_slow_answers_are_counted_from_the_next_bound() -> None:
    """Versions differ in their bounds; without any above a second nothing is told."""
    name = "coredns_dns_request_duration_seconds_bucket"
    slim = metrics(
        *(f'{name}{{le="{le}"}} {n}' for le, n in (("0.25", 7), ("2.5", 9), ("+Inf", 10)))
    )
    told = slim.slower(1.0)
    assert told is not None
    assert (told.count, told.total, told.seconds) == (1, 10, 2.5)
    assert metrics(f'{name}{{le="0.25"}} 7', f'{name}{{le="+Inf"}} 9').slower(1.0) is None
    assert metrics(f'{name}{{le="wide"}} 7').slower(1.0) is None


def test_no_metrics_count_nothing() -> None:
    """An item without numbers yields nothing."""
    empty = Metrics(POD, "metrics")
    assert not list(of_metrics((empty,), frozenset({"coredns-a"})))
    assert empty.version == ""
    assert empty.upstreams() == ()
