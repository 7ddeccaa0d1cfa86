"""Sandboxes that fail: whose, why, how often, and whether the pod got one since."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diagnose.asks import Ask
from diagnose.evidence import Evidence
from diagnose.facts.events import Event
from diagnose.facts.sandbox import SandboxFailure, SandboxFailures, by_place, seen
from diagnose.model import Gap, Quote, Subject
from diagnose.signatures.base import Emitter
from diagnose.signatures.cni import (
    BRIDGE_ADDRESS_CONFLICT,
    IPAM_EXHAUSTED,
    IPTABLES_UNUSABLE,
    NETNS_GONE,
    NO_CONFIG,
    SUBNET_ENV_MISSING,
)
from diagnose.signatures.mechanisms import UNKNOWN
from tests.facts.items import event, log, pod

POD = "coredns-aaaaa"
NODE = Subject("Node", "worker-1")
CREATE = "Failed to create pod sandbox: rpc error: code = Unknown desc = "
NETNS = (
    f'networkPlugin cni failed to set up pod "{POD}_kube-system" network: failed to Statfs '
    '"/proc/15875/ns/net": no such file or directory'
)
IPTABLES = (
    f'networkPlugin cni failed to teardown pod "{POD}_kube-system" network: neither iptables nor '
    "ip6tables usable"
)
SUBNET = (
    'plugin type="flannel" failed (add): open /run/flannel/subnet.env: no such file or directory'
)
BRIDGE = 'failed to set bridge addr: "cni0" already has an IP address different from 10.200.1.1/24'
FULL = "no IP addresses available in range set: 10.200.1.1-10.200.1.254"


def fact(*items: object, looked: frozenset[Ask] = frozenset({Ask.EVENTS})) -> SandboxFailures:
    """Return the fact of some items."""
    read = Evidence(items=items, looked=looked).fetch(SandboxFailures)
    assert isinstance(read, SandboxFailures)
    return read


def failures(*items: object) -> tuple[SandboxFailure, ...]:
    """Return the failures of some items."""
    return fact(*items).failures


def only(*items: object) -> SandboxFailure:
    """Return the one failure of some items."""
    (failure,) = failures(*items)
    return failure


def reasons(failure: SandboxFailure) -> list[str]:
    """Return the names of a failure's errors."""
    return [match.signature for match in failure.reasons]


# ------------------------------------------------------------------ events


def test_a_message_holds_all_its_errors_in_order() -> None:
    """The founding line carries the set-up's error, then the clean-up's."""
    one = only(event(f"{CREATE}[{NETNS}, {IPTABLES}]", count=3))
    assert reasons(one) == [NETNS_GONE.name, IPTABLES_UNUSABLE.name]
    assert one.reasons[0]["netns"] == "/proc/15875/ns/net"
    assert (one.subject.name, one.count, one.over) == (POD, 3, False)


def test_a_failure_without_a_known_error_is_one() -> None:
    """That the sandbox fails is known even where the reason is not."""
    one = only(event(CREATE + "something new"))
    assert [(match.signature, match["said"]) for match in one.reasons] == [
        (UNKNOWN.name, "something new")
    ]
    assert not one.over


@pytest.mark.parametrize("reason", ["Unhealthy", "BackOff", "FailedMount", "FailedScheduling"])
def test_other_events_are_none(reason: str) -> None:
    """What fails later or elsewhere is no failing sandbox."""
    assert failures(event("Readiness probe failed: 503", reason)) == ()


def test_the_old_wording_of_events() -> None:
    """Kubelets up to 1.8 reported it as FailedSync."""
    message = (
        'Error syncing pod, skipping: failed to "CreatePodSandbox" for '
        f'"{POD}_kube-system(1b2c)" with CreatePodSandboxError: "CreatePodSandbox for pod failed: '
        f'{SUBNET}"'
    )
    assert reasons(only(event(message, "FailedSync"))) == [SUBNET_ENV_MISSING.name]
    assert failures(event("Error syncing pod", "FailedSync")) == ()


def test_a_pod_that_waits_for_the_network() -> None:
    """A node without a network lets no sandbox begin."""
    message = (
        "network is not ready: container runtime network not ready: NetworkReady=false "
        "reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not "
        "initialized"
    )
    assert reasons(only(event(message, "NetworkNotReady"))) == [NO_CONFIG.name]


def test_a_teardown_that_finds_no_namespace_is_routine() -> None:
    """Kubelets tear down again what is long gone; that iptables fails is still told."""
    assert reasons(only(event(f"error killing pod: {NETNS}", "FailedKillPod"))) == []
    one = only(event(f"error killing pod: [{NETNS}, {IPTABLES}]", "FailedKillPod"))
    assert reasons(one) == [IPTABLES_UNUSABLE.name]


def test_the_same_tries_are_counted_once() -> None:
    """Events and describe tell of the same tries; within one of them the counts add up."""
    told = [event(CREATE + SUBNET, count=n, origin=o) for n, o in ((4, "a"), (3, "a"), (6, "b"))]
    assert only(*told).count == 7


def test_the_node_comes_from_the_pod() -> None:
    """Events in a table name no node; the pod's own line does."""
    one = only(event(CREATE + SUBNET), pod(status="ContainerCreating", node="worker-1"))
    assert one.subject.node == "worker-1"


# ------------------------------------------------------------------ logs


def kubelet(*lines: str, node: Subject = NODE) -> object:
    """Return a kubelet's log."""
    return log(*lines, emitter=Emitter.KUBELET, subject=node)


def layers(second: int, inner: str = SUBNET) -> tuple[str, str, str]:
    """Return what the layers of a kubelet log of one failing try."""
    head = f"E0302 05:11:{second:02}.120211 1322"
    error = "rpc error: code = Unknown desc = " + inner.replace('"', '\\"')
    return (
        f'{head} remote_runtime.go:193] "RunPodSandbox from runtime service failed" err="{error}"',
        f'{head} kuberuntime_sandbox.go:72] "Failed to create sandbox for pod" err="{error}" '
        f'pod="kube-system/{POD}"',
        f'{head} kuberuntime_manager.go:1166] "CreatePodSandbox for pod failed" err="{error}" '
        f'pod="kube-system/{POD}"',
    )


def test_the_layers_of_a_kubelet_tell_of_one_try() -> None:
    """Two tries are logged as six lines; the pod that some of them name is meant by all."""
    one = only(kubelet(*layers(9), *layers(21)))
    assert (one.subject, one.count) == (Subject("Pod", POD, "kube-system", "worker-1"), 2)
    assert reasons(one) == [SUBNET_ENV_MISSING.name]


def test_a_line_that_names_no_pod() -> None:
    """It is some pod of that node, and not the node itself."""
    one = only(kubelet(layers(9)[0]))
    assert one.subject == Subject("Pod", node="worker-1")


def test_a_kubelet_that_waits_for_the_network_fails_no_sandbox() -> None:
    """Lines about the node's network as a whole are of no pod."""
    line = (
        'I0910 09:58:01.6215 12866 cni.go:239] "Unable to update cni config" err="no networks '
        'found in /etc/cni/net.d"'
    )
    assert failures(kubelet(line)) == ()


def test_a_runtime_that_starts_the_sandbox_later() -> None:
    """The runtime says when the pod got its sandbox after all."""
    about = f"Name:{POD},Uid:1b2c,Namespace:kube-system,Attempt:0,"
    meta = f"RunPodSandbox for &PodSandboxMetadata{{{about}}}"
    failed = f'level=error msg="{meta} failed, error" error="{SUBNET}"'.replace(
        '"flannel"', "flannel"
    )
    began = f'level=info msg="{meta} returns sandbox id \\"3f1c0a9d\\""'

    def runtime(*lines: str) -> object:
        return log(*lines, emitter=Emitter.RUNTIME, subject=NODE)

    assert only(runtime(failed, began)).over
    assert not only(runtime(began, failed)).over


def test_a_teardown_in_a_log_is_as_weak() -> None:
    """A kubelet's clean-up of a sandbox that is gone raises nothing."""
    line = (
        "E0302 05:11:09.120211 1322 cni.go:387] Error deleting kube-system_coredns-aaaaa/8a1f from "
        f"network flannel/cbr0: {NETNS}"
    )
    assert fact(kubelet(line)).matching(NETNS_GONE) == ()
    assert (
        fact(
            kubelet(line.replace("Error deleting", "Error adding").replace(" from ", " to "))
        ).matching(NETNS_GONE)
        != ()
    )


def test_an_event_and_a_log_of_the_same_pod_are_one() -> None:
    """The larger count holds, and the event's age."""
    one = only(event(CREATE + SUBNET, count=5, age_s=40.0), kubelet(*layers(9)))
    assert (one.count, one.age_s, one.subject.node) == (5, 40.0, "worker-1")


# ------------------------------------------------------------------ history


@pytest.mark.parametrize(
    ("status", "ready", "over"),
    [
        ("Running", True, True),
        ("Running", False, True),
        ("Completed", False, True),
        ("CrashLoopBackOff", False, True),
        ("ImagePullBackOff", False, True),
        ("ContainerCreating", False, False),
        ("Pending", False, False),
        ("Terminating", False, False),
        ("Unknown", False, False),
    ],
)
def test_a_pod_that_runs_got_its_sandbox(status: str, ready: bool, over: bool) -> None:
    """Containers run only in a sandbox, whatever came of them."""
    told = event(CREATE + SUBNET, age_s=2400.0)
    assert only(told, pod(status=status, ready=ready)).over is over


def test_containers_that_ended_while_the_sandbox_fails_now() -> None:
    """After a restart of its node a pod says Error while its new sandbox fails."""
    assert not only(event(CREATE + SUBNET, age_s=9.0), pod(status="Error")).over


@pytest.mark.parametrize(("age_s", "over"), [(30.0, True), (60.0, True), (90.0, False)])
def test_a_container_that_started_later(age_s: float, over: bool) -> None:
    """An event of a container after the last failure says that the sandbox came."""
    assert only(event(CREATE + SUBNET, age_s=60.0), event("x", "Started", age_s=age_s)).over is over


def test_another_pods_container_says_nothing() -> None:
    """Each pod has its own sandbox."""
    started = event("x", "Started", name="web-0", age_s=1.0)
    assert not only(event(CREATE + SUBNET, age_s=60.0), started).over


def test_an_older_reason_of_a_pod_that_fails_for_another_since() -> None:
    """A network that was late at the start is not what the pod waits for now."""
    late, now = event(CREATE + SUBNET, age_s=1800.0), event(CREATE + FULL, age_s=20.0)
    read = fact(late, now)
    assert read.matching(SUBNET_ENV_MISSING) == ()
    assert len(read.matching(IPAM_EXHAUSTED)) == 1
    both = fact(event(CREATE + SUBNET, age_s=40.0), now)
    assert len(both.matching(SUBNET_ENV_MISSING)) == 1


def test_a_pod_of_coredns_that_is_gone() -> None:
    """Where every pod of CoreDNS is known, events of another are about one that was deleted."""
    told, other = event(CREATE + SUBNET), pod("coredns-bbbbb")
    every = frozenset({Ask.EVENTS, Ask.DNS_PODS})
    assert fact(told, other, looked=every).failures[0].over
    assert not fact(told, other).failures[0].over
    assert not fact(told, looked=every).failures[0].over


# ------------------------------------------------------------------ what checks ask


def test_matching_leaves_out_history_and_other_errors() -> None:
    """A check gets what goes on, of its own errors."""
    read = fact(
        event(CREATE + BRIDGE),
        event(CREATE + BRIDGE, name="web-0"),
        event(CREATE + FULL, name="web-1"),
        pod("web-0"),
    )
    assert [one.subject.name for one in read.matching(BRIDGE_ADDRESS_CONFLICT)] == [POD]


def test_by_place_joins_the_pods_of_a_node() -> None:
    """A fault of a node shows at each of its pods."""
    told = [
        event(CREATE + FULL, name=name, node=node)
        for name, node in (("a", "worker-1"), ("b", "worker-1"), ("c", "worker-2"))
    ]
    places = {place: len(several) for place, several in by_place(failures(*told))}
    assert places == {Subject("Node", "worker-1"): 2, Subject("Node", "worker-2"): 1}


def test_by_place_without_a_node() -> None:
    """One pod is its own place; of several the node has no name."""
    one = list(by_place(failures(event(CREATE + FULL))))
    assert [place for place, _ in one] == [Subject("Pod", POD, "kube-system")]
    two = list(by_place(failures(event(CREATE + FULL), event(CREATE + FULL, name="b"))))
    assert [place for place, _ in two] == [Subject("Node")]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ([event(FULL)], "once"),
        ([event(FULL, count=12, first_age_s=312.0)], "12 times over 5m"),
        ([event(FULL, count=2, first_age_s=15.0)], "2 times"),
        (
            [event(FULL, name=name, count=4, first_age_s=7300.0) for name in "abc"],
            "12 times on 3 pods over 2h",
        ),
    ],
)
def test_seen(told: list[Event], words: str) -> None:
    """How often, on how many pods and for how long, as far as it is more than once."""
    assert seen(failures(*told)) == words


# ------------------------------------------------------------------ what is known of it


def test_nothing_looked_at_is_a_gap() -> None:
    """Without events and logs nothing is known of sandboxes."""
    assert isinstance(Evidence().fetch(SandboxFailures), Gap)
    assert fact().failures == ()


def test_an_excerpt_keeps_its_gap() -> None:
    """What describe shows of one pod is not every event."""
    assert fact(event("x", "Started"), looked=frozenset()).gaps
    assert fact(event("x", "Started")).gaps == ()


def test_an_event_without_a_name() -> None:
    """A pasted message names its pod itself."""
    told = Event(Subject("Pod"), "FailedCreatePodSandBox", CREATE + NETNS, "e", Quote("e", "x"))
    assert only(told).subject == Subject("Pod", POD, "kube-system")


def test_the_end_of_a_describe_tells_of_one_pod() -> None:
    """It names no pod; a container that was started since shows that the sandbox came."""
    failed = event(CREATE + FULL, name="", age_s=90.0)
    pulled = event("Container image already present", "Pulled", name="", age_s=10.0)
    scheduled = event("Successfully assigned", "Scheduled", name="", age_s=100.0)
    assert only(failed, pulled, scheduled).over
    assert not only(failed, pulled, scheduled, scheduled).over, "the ends of two pods in one text"
    assert not only(failed, scheduled).over


@pytest.mark.parametrize(("line", "over"), [(8, True), (40, False)])
def test_events_in_a_row_are_of_one_pod(line: int, over: bool) -> None:
    """An old list lacks the scheduling; further down in the text it is another pod's."""
    failed = event(CREATE + FULL, name="", age_s=9000.0)
    started = event("Started container x", "Started", name="", age_s=9000.0)
    failed = replace(failed, quote=replace(failed.quote, line=7))
    started = replace(started, quote=replace(started.quote, line=line))
    assert only(failed, started).over is over
