"""What keeps CoreDNS from running: what goes on, and what is history."""

import pytest

from diagnose.asks import Ask
from diagnose.evidence import Evidence
from diagnose.facts.dns_pod_troubles import DNSPodTroubles, Trouble
from diagnose.facts.events import Event
from diagnose.facts.pods import Pod
from diagnose.model import Quote, Subject

POD = Subject("Pod", "coredns-aaaaa", "kube-system", "worker-0")
QUOTE = Quote("pods", "coredns-aaaaa", 2)
NO_MEMORY = "0/2 nodes are available: 2 Insufficient memory."
KILLED = "Container coredns failed liveness probe, will be restarted"
STARVED = (
    'Liveness probe failed: Get "http://10.200.0.5:8080/health": context deadline exceeded '
    "(Client.Timeout exceeded while awaiting headers)"
)
REFUSED = (
    'Liveness probe failed: Get "http://10.200.0.5:8080/health": dial tcp 10.200.0.5:8080: '
    "connect: connection refused"
)


def pod(status: str, *, ready: bool | None = None, name: str = POD.name, **fields: object) -> Pod:
    """Return a CoreDNS pod in a state."""
    subject = Subject("Pod", name, POD.namespace, POD.node if status != "Pending" else "")
    return Pod(subject, "pods", QUOTE, status=status, ready=ready, **fields)  # type: ignore[arg-type]


def event(
    reason: str, message: str, *, age_s: float = 60.0, count: int = 1, name: str = POD.name
) -> Event:
    """Return an event of a CoreDNS pod."""
    subject = Subject("Pod", name, POD.namespace)
    quote = Quote("events", message, 2)
    return Event(subject, reason, message, "events", quote, count=count, age_s=age_s)


def troubles(*items: object, looked: frozenset[Ask] = frozenset()) -> set[Trouble]:
    """Return the troubles that the fact tells of these items."""
    fact = Evidence(items=items, looked=looked).fetch(DNSPodTroubles)
    assert isinstance(fact, DNSPodTroubles)
    return {one.trouble for one in fact.troubles}


@pytest.mark.parametrize(
    ("status", "trouble"),
    [
        ("ImagePullBackOff", Trouble.IMAGE),
        ("Init:ErrImagePull", Trouble.IMAGE),
        ("Evicted", Trouble.EVICTED),
        ("Pending", Trouble.UNPLACED),
        ("OOMKilled", Trouble.MEMORY),
    ],
)
def test_a_state_tells_the_trouble(status: str, trouble: Trouble) -> None:
    """The word of kubectl's STATUS column is enough to name what keeps a pod from running."""
    assert troubles(pod(status, ready=False, age_s=600.0)) == {trouble}


def test_a_young_pod_may_wait_for_its_node() -> None:
    """The scheduler takes a moment: a pod of some seconds is not stuck."""
    assert troubles(pod("Pending", ready=False, age_s=5.0)) == set()


def test_a_ready_pod_makes_its_events_history() -> None:
    """What a pod that is ready now went through before says nothing of now."""
    told = (event("FailedScheduling", NO_MEMORY), event("Failed", 'Failed to pull image "x": y'))
    assert troubles(*told) == {Trouble.UNPLACED, Trouble.IMAGE}
    assert troubles(*told, pod("Running", ready=True)) == set()


def test_a_later_event_ends_the_wait_for_a_node() -> None:
    """A pod that was scheduled since has its node, whatever was said before."""
    waits = event("FailedScheduling", NO_MEMORY, age_s=600.0)
    assert troubles(waits, event("Scheduled", "Successfully assigned", age_s=300.0)) == set()
    assert troubles(waits, event("Scheduled", "Successfully assigned", age_s=900.0)) == {
        Trouble.UNPLACED
    }


def test_a_pod_that_is_gone_is_history() -> None:
    """Where every CoreDNS pod is known, an event of another one is of a pod that is gone."""
    other = event("FailedScheduling", NO_MEMORY, name="coredns-ccccc")
    known = frozenset({Ask.DNS_PODS})
    assert troubles(other, pod("Running", ready=True), looked=known) == set()
    assert troubles(other, pod("Running", ready=True)) == {Trouble.UNPLACED}


def test_an_eviction_is_over_once_the_others_are_ready() -> None:
    """An evicted pod stays listed for long; its replacement decides."""
    gone = pod("Evicted", ready=False)
    assert troubles(gone, pod("Running", ready=True, name="coredns-bbbbb")) == set()
    assert Trouble.EVICTED in troubles(gone, pod("Pending", ready=False, name="coredns-bbbbb"))


def test_one_kill_long_ago_is_history_and_several_are_not() -> None:
    """A pod that is ready again after one kill is well; one that is killed each hour is not."""
    from diagnose.facts.pods import Container

    killed = (Container("coredns", last_reason="OOMKilled", last_exit_code=137),)
    once = pod("Running", ready=True, containers=killed, restarts=1, last_restart_age_s=90_000.0)
    often = pod("Running", ready=True, containers=killed, restarts=7, last_restart_age_s=120.0)
    assert troubles(once) == set()
    assert troubles(often) == {Trouble.MEMORY}


@pytest.mark.parametrize(
    ("message", "count", "expected"),
    [
        (KILLED, 1, {Trouble.KILLED}),
        (STARVED, 3, {Trouble.KILLED}),
        (STARVED, 1, set()),
        (REFUSED, 9, set()),
    ],
)
def test_a_probe_that_is_refused_kills_nobody(
    message: str, count: int, expected: set[Trouble]
) -> None:
    """A port that refuses shows that the process ended by itself; a late answer counts."""
    assert troubles(event("Unhealthy", message, count=count)) == expected


def test_another_pods_events_do_not_count() -> None:
    """Only CoreDNS's own pods are meant."""
    assert troubles(event("FailedScheduling", NO_MEMORY, name="web-0")) == set()
