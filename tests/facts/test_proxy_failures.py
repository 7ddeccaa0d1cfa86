"""What kube-proxy cannot do: what goes on, and what is history."""

from datetime import UTC, datetime, timedelta

from diagnose.evidence import Evidence
from diagnose.facts.logs import LogStream, Match
from diagnose.facts.pods import Pod
from diagnose.facts.proxy_failures import ProxyFailures
from diagnose.model import Quote, Subject
from diagnose.signatures.base import Emitter, Signature
from diagnose.signatures.kube_proxy import (
    CACHES_AWAITED,
    CACHES_SYNCED,
    CONNTRACK_DENIED,
    RESTORE_FAILED,
)

POD = Subject("Pod", "kube-proxy-4kz7p", "kube-system", "worker-0")
AT = datetime(2024, 3, 2, 5, 11, 9, tzinfo=UTC)


def match(signature: Signature, number: int, at: datetime | None = None) -> Match:
    """Return a match of a signature's own sample."""
    sample = signature.wordings[0].samples[0]
    found = signature.match(sample)
    assert found
    fields = {name: value or "" for name, value in found.groupdict().items()}
    return Match(signature.name, POD, Quote("log", sample, number), fields, number, at)


def stream(*matches: Match, previous: bool = False, last_at: datetime | None = None) -> LogStream:
    """Return a log of kube-proxy with these matches."""
    counts: dict[str, int] = {}
    for one in matches:
        counts[one.signature] = counts.get(one.signature, 0) + 1
    return LogStream(
        Emitter.KUBE_PROXY,
        POD,
        "log",
        lines=len(matches),
        matches=matches,
        counts=counts,
        last_at=last_at,
        previous=previous,
    )


def failures(*items: object) -> ProxyFailures:
    """Return the fact that these items make."""
    fact = Evidence(items=items).fetch(ProxyFailures)
    assert isinstance(fact, ProxyFailures)
    return fact


def test_an_end_is_over_once_the_pod_is_ready() -> None:
    """A run that ended is history when the pod's next run goes on."""
    ended = stream(match(CONNTRACK_DENIED, 1), previous=True)
    assert list(failures(ended).matching(CONNTRACK_DENIED))
    ready = Pod(POD, "pods", Quote("pods", ""), status="Running", ready=True)
    assert not list(failures(ended, ready).matching(CONNTRACK_DENIED))


def test_an_end_is_over_once_the_next_run_synced() -> None:
    """Also the log of the next run shows that the pod goes on."""
    ended = stream(match(CONNTRACK_DENIED, 1), previous=True)
    goes_on = stream(match(CACHES_AWAITED, 1), match(CACHES_SYNCED, 2))
    assert not list(failures(ended, goes_on).matching(CONNTRACK_DENIED))


def test_a_readiness_that_tells_nothing_of_rules() -> None:
    """kube-proxy is ready whether it can write rules or not, so that a failing sync stays open."""
    ready = Pod(POD, "pods", Quote("pods", ""), status="Running", ready=True)
    assert list(failures(stream(match(RESTORE_FAILED, 1)), ready).matching(RESTORE_FAILED))


def test_a_sync_that_is_not_repeated_has_passed() -> None:
    """kube-proxy tries again within half a minute: minutes of log without it show success."""
    line = match(RESTORE_FAILED, 1, AT)
    soon, late = AT + timedelta(minutes=1), AT + timedelta(minutes=20)
    assert list(failures(stream(line, last_at=soon)).matching(RESTORE_FAILED))
    assert not list(failures(stream(line, last_at=late)).matching(RESTORE_FAILED))


def test_only_a_wait_without_an_end_is_silent() -> None:
    """Lists that came, or a reason that is given, make the wait no finding of its own."""
    waits = match(CACHES_AWAITED, 1)
    assert failures(stream(waits)).silent
    assert not failures(stream(waits, match(CACHES_SYNCED, 2))).silent
    assert not failures(stream(waits, match(RESTORE_FAILED, 2))).silent
