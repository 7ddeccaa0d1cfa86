"""Requests to the API server that fail: what counts, how often, and what is history."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from diagnose.asks import Ask
from diagnose.evidence import Evidence
from diagnose.facts.api_failures import ApiFailure, ApiFailures
from diagnose.facts.nodes import Node
from diagnose.model import CLUSTER, Gap, GapKind, Quote, Subject
from diagnose.signatures.base import Emitter
from diagnose.signatures.trouble import Reason
from tests.facts.items import COREDNS, REFERENCE, event, log, pod

REFUSED = "dial tcp 10.32.0.1:443: connect: connection refused"
TIMEOUT = "dial tcp 10.32.0.1:443: i/o timeout"
HIDDEN = "[ERROR] plugin/kubernetes: Failed to watch"
UNSYNCED = "[WARNING] plugin/kubernetes: starting server with unsynced Kubernetes API"
WATCH_ENDED = "[INFO] plugin/kubernetes: Warning: watch ended with error"
PROXY = Subject("Pod", "kube-proxy-abcde", "kube-system")
FLANNEL = Subject("Pod", "kube-flannel-ds-abcde", "kube-flannel")


def failed(reason: str = REFUSED, kind: str = "Service", path: str = "services") -> str:
    """Return the line of CoreDNS 1.13.2 and later."""
    return (
        f"[ERROR] plugin/kubernetes: Failed to watch: failed to list *v1.{kind}: "
        f'Get "https://10.32.0.1:443/api/v1/{path}?limit=500": {reason}'
    )


def forbidden(verb: str = "list") -> str:
    """Return CoreDNS's line of a permission that its account lacks."""
    return (
        "[ERROR] plugin/kubernetes: Failed to watch: services is forbidden: User "
        f'"system:serviceaccount:kube-system:coredns" cannot {verb} resource "services" in API '
        'group "" at the cluster scope'
    )


def fact(*items: object, looked: frozenset[Ask] = frozenset({Ask.DNS_LOGS})) -> ApiFailures:
    """Return the fact of some items."""
    read = Evidence(items=items, looked=looked).fetch(ApiFailures)
    assert isinstance(read, ApiFailures)
    return read


def failures(*items: object) -> tuple[ApiFailure, ...]:
    """Return the failures of some items."""
    return fact(*items).failures


def only(*items: object) -> ApiFailure:
    """Return the one failure of some items."""
    (failure,) = failures(*items)
    return failure


# ------------------------------------------------------------------ what a log tells


def test_program_pod_reason_target_and_resource() -> None:
    """A failure says who failed at what, and quotes its last line."""
    one = only(log("CoreDNS-1.13.2", failed(), failed()))
    assert (one.emitter, one.subject) == (Emitter.COREDNS, COREDNS)
    assert (one.trouble.reason, one.trouble.target) == (Reason.REFUSED, "10.32.0.1:443")
    assert one.trouble.resource == "services"
    assert (one.count, one.quote.line, one.recovered) == (2, 3, False)


def test_each_resource_and_each_reason_stands_alone() -> None:
    """Lines about other resources or for other reasons are other failures."""
    stream = log(failed(), failed(kind="Namespace", path="namespaces"), failed(TIMEOUT))
    assert [(one.trouble.resource, one.trouble.reason) for one in failures(stream)] == [
        ("services", Reason.REFUSED),
        ("namespaces", Reason.REFUSED),
        ("services", Reason.TIMEOUT),
    ]


def test_lines_that_were_not_kept_are_counted_once() -> None:
    """What a scan counted beyond the kept lines is shared among what it kept."""
    stream = log(failed(), failed(kind="Namespace", path="namespaces"), repeated=98)
    assert sum(one.count for one in failures(stream)) == 100


def test_the_line_beside_it_is_the_same_event() -> None:
    """Up to 1.12.3 the reason is printed twice, as INFO and as ERROR."""
    where = "pkg/mod/k8s.io/client-go@v0.29.3/tools/cache/reflector.go:229: "
    get = f'Get "https://10.32.0.1:443/api/v1/services?limit=500": {REFUSED}'
    one = only(
        log(
            f"[INFO] plugin/kubernetes: {where}failed to list *v1.Service: {get}",
            f"[ERROR] plugin/kubernetes: {where}Failed to watch *v1.Service: failed to list "
            f"*v1.Service: {get}",
        )
    )
    assert (one.count, one.trouble.reason) == (1, Reason.REFUSED)
    assert one.quote.text.startswith("[ERROR]")


def test_a_hidden_reason_is_told_by_the_line_beside_it() -> None:
    """CoreDNS 1.12.1 hides the reason in the ERROR line and tells it in the INFO line."""
    one = only(
        log(
            "[INFO] plugin/kubernetes: pkg/mod/k8s.io/client-go@v0.32.3/tools/cache/reflector.go:"
            f'251: failed to list *v1.Service: Get "https://10.32.0.1:443/api/v1/services": '
            f"{REFUSED}",
            "[ERROR] plugin/kubernetes: Unhandled Error",
        )
    )
    assert one.trouble.reason is Reason.REFUSED


def test_a_reason_that_no_line_tells_is_hidden() -> None:
    """CoreDNS 1.12.4 says only that it fails, and every other check has to say so too."""
    read = fact(log("CoreDNS-1.12.4", UNSYNCED, HIDDEN, HIDDEN, HIDDEN))
    (one,) = read.failures
    assert (one.trouble.reason, one.count, one.recovered) == (Reason.HIDDEN, 3, False)
    assert [gap.kind for gap in read.gaps] == [GapKind.UNDECIDED]


def test_a_watch_that_ended_is_no_failure() -> None:
    """Watches end in good health, too."""
    assert failures(log("CoreDNS-1.13.2", WATCH_ENDED)) == ()


def test_every_program_counts() -> None:
    """kube-proxy, flannel and kubelets fail at the same server."""
    get = f'Get \\"https://10.32.0.1:443/api/v1/nodes\\": {TIMEOUT}'
    proxy = log(
        f'E1123 03:28:51.667719 1 reflector.go:204] "Failed to watch" err="failed to list '
        f'*v1.Node: {get}" logger="UnhandledError" type="*v1.Node"',
        emitter=Emitter.KUBE_PROXY,
        subject=PROXY,
    )
    flannel = log(
        "E0302 05:11:39.120211 1 main.go:251] Failed to create SubnetManager: error retrieving "
        "pod spec for 'kube-flannel/kube-flannel-ds-abcde': Get \"https://10.32.0.1:443/api/v1/"
        f'namespaces/kube-flannel/pods/kube-flannel-ds-abcde": {TIMEOUT}',
        emitter=Emitter.FLANNEL,
        subject=FLANNEL,
    )
    kubelet = log(
        'E0302 05:11:09.120211 1322 controller.go:146] "Failed to ensure lease exists, will '
        'retry" err="Get \\"https://10.77.0.10:6443/apis/coordination.k8s.io/v1/namespaces/'
        'kube-node-lease/leases/worker-1\\": dial tcp 10.77.0.10:6443: i/o timeout"',
        emitter=Emitter.KUBELET,
        subject=Subject("Node", "worker-1"),
    )
    found = failures(proxy, flannel, kubelet)
    assert [(one.emitter, one.trouble.reason) for one in found] == [
        (Emitter.KUBE_PROXY, Reason.TIMEOUT),
        (Emitter.FLANNEL, Reason.TIMEOUT),
        (Emitter.KUBELET, Reason.TIMEOUT),
    ]
    assert [one.trouble.resource for one in found][:2] == ["nodes", "pods"]


def test_a_cni_plugin_in_an_event() -> None:
    """A plugin that asks the API fails in the pod's event; what runs now is history."""
    message = (
        'Failed to create pod sandbox: plugin type="calico" failed (add): error getting '
        'ClusterInformation: Get "https://10.32.0.1:443/apis/crd.projectcalico.org/v1/'
        f'clusterinformations/default": {TIMEOUT}'
    )
    one = only(event(message, count=7))
    assert (one.emitter, one.count, one.recovered) == (Emitter.CNI, 7, False)
    assert (one.trouble.reason, one.trouble.target) == (Reason.TIMEOUT, "10.32.0.1:443")
    assert only(event(message), pod()).recovered
    assert not only(event(message), pod(status="ContainerCreating")).recovered


def test_kubectl_on_somebodys_machine() -> None:
    """A kubectl that is refused fails as a client, at the address that it names."""
    line = "The connection to the server 10.77.0.10:6443 was refused - did you specify the right"
    one = only(log(line, emitter=Emitter.API_CLIENT, subject=CLUSTER))
    assert (one.emitter, one.subject) == (Emitter.API_CLIENT, CLUSTER)
    assert (one.trouble.reason, one.trouble.target) == (Reason.REFUSED, "10.77.0.10:6443")


# ------------------------------------------------------------------ what says nothing of it


@pytest.mark.parametrize(
    ("line", "emitter"),
    [
        (
            "The connection to the server localhost:8080 was refused - did you specify the right "
            "host or port?",
            Emitter.API_CLIENT,
        ),
        (
            "E0302 05:11:39.120211 1 main.go:359] Error registering network: failed to acquire "
            'lease: timeout contacting kube-api, failed to patch node "node-9". Error: context '
            "canceled",
            Emitter.FLANNEL,
        ),
        (
            'couldn\'t POST: Post "https://git.example.com/api/v4/runners": dial tcp '
            "192.0.2.7:443: i/o timeout",
            Emitter.CLIENT,
        ),
        (
            'Get "https://metrics.example.com/api/v1/query?query=up": dial tcp 192.0.2.7:443: '
            "connect: connection refused",
            Emitter.CLIENT,
        ),
        (
            'configmaps "coredns" is forbidden: User "system:node:worker-1" cannot get resource '
            '"configmaps" in API group "" in the namespace "kube-system": no relationship found '
            "between node 'worker-1' and this object",
            Emitter.KUBELET,
        ),
        (
            'pods is forbidden: User "system:serviceaccount:shop:cart" cannot list resource '
            '"pods" in API group "" in the namespace "shop"',
            Emitter.CLIENT,
        ),
    ],
    ids=["no-kubeconfig", "ends", "other-api", "prometheus", "node-authorizer", "application"],
)
def test_not_a_failure_at_the_api_server(line: str, emitter: Emitter) -> None:
    """What is no request to this server, or an answer that is routine, is left out."""
    assert failures(log(line, emitter=emitter, subject=Subject("Pod", "x", "shop"))) == ()


def test_an_account_of_cluster_dns_counts_whoever_quotes_it() -> None:
    """`kubectl auth` output or prose that names CoreDNS's account is about CoreDNS."""
    line = forbidden().partition("Failed to watch: ")[2]
    one = only(log(line, emitter=Emitter.API_CLIENT, subject=CLUSTER))
    assert one.trouble.user == "system:serviceaccount:kube-system:coredns"


def test_an_unknown_reason_is_only_told_of_coredns() -> None:
    """Of other programs an error without a known reason says nothing about DNS."""
    text = "Failed to watch *v1.Lease: failed to list *v1.Lease: too old resource version"
    assert failures(log(text, emitter=Emitter.KUBE_PROXY, subject=PROXY)) == ()
    assert only(log(failed("a new kind of error"))).trouble.reason is Reason.OTHER


# ------------------------------------------------------------------ history


def test_a_later_line_shows_that_the_server_was_reached() -> None:
    """Who answers cluster names with authority, or had a watch, has its lists."""
    answered = (
        '[INFO] 10.200.0.7:34020 - 36867 "A IN kubernetes.default.svc.cluster.local. udp 54 false '
        '512" NOERROR qr,aa,rd 106 0.0003s'
    )
    assert only(log(failed(), failed(), answered)).recovered
    assert only(log(failed(), failed(), WATCH_ENDED)).recovered
    assert not only(log(answered, failed(), failed())).recovered


def test_a_start_in_sync_ends_what_came_before() -> None:
    """Since 1.8.4 CoreDNS waits for the API, or says that it starts without."""
    assert only(log(failed(), failed(), ".:53", "CoreDNS-1.9.3")).recovered
    assert not only(log(failed(), failed(), UNSYNCED, ".:53", "CoreDNS-1.9.3")).recovered
    assert not only(log(failed(), failed(), ".:53", "CoreDNS-1.6.9")).recovered


def test_kube_proxys_caches_that_sync() -> None:
    """kube-proxy says when it has read what it watches."""
    line = f"E1123 03:28:51.667719 1 reflector.go:147] Failed to watch *v1.Node: {TIMEOUT}"
    synced = 'I1123 03:29:39.3199 1 shared_informer.go:356] "Caches are synced" controller="x"'
    made = [
        log(*lines, emitter=Emitter.KUBE_PROXY, subject=PROXY)
        for lines in ((line, synced), (synced, line, line))
    ]
    assert [only(one).recovered for one in made] == [True, False]


def test_minutes_of_log_without_the_repetition() -> None:
    """A list is tried again every minute: a log that goes on without shows the end."""
    noise = "2024-03-02T05:{}:00Z [INFO] Reloading complete"
    line = f"2024-03-02T05:10:00Z {failed()}"
    assert not only(log(line, line, noise.format("12"))).recovered
    assert only(log(line, line, noise.format("16"))).recovered


@pytest.mark.parametrize(
    ("read", "change", "over"),
    [
        ("14", {}, True),
        ("12", {}, False),  # it may be repeated yet
        ("14", {"status": "CrashLoopBackOff"}, False),  # it waits, and so is silent
        ("14", {"restarts": 3, "last_restart_age_s": 60.0}, False),
        ("14", {"restarts": 3, "last_restart_age_s": 3600.0}, True),
    ],
)
def test_a_log_that_was_read_minutes_after_its_last_failure(
    read: str, change: dict[str, Any], over: bool
) -> None:
    """A program that runs says again within a minute what fails."""
    line = f"2024-03-02T05:10:00Z {failed()}"
    stream = replace(log(line, line), taken_at=datetime(2024, 3, 2, 5, int(read), tzinfo=UTC))
    there = replace(pod(), **change)
    assert only(stream, there).recovered is over
    assert not only(log(line, line), there).recovered


def test_a_pod_that_became_ready_later() -> None:
    """A pod that is ready since after the failure reached the server; one before may not have."""
    stream = log(f"2024-03-02T05:10:00Z {failed()}", f"2024-03-02T05:10:40Z {failed()}")
    at = REFERENCE.replace(hour=5, minute=11)
    assert only(stream, pod(ready_since=at)).recovered
    assert not only(stream, pod(ready_since=at - timedelta(hours=1))).recovered
    assert not only(stream, pod(ready=False)).recovered


def test_readiness_without_times() -> None:
    """A ready pod has read its lists once: that ends failures before, not after a good start."""
    assert only(log(UNSYNCED, ".:53", "CoreDNS-1.13.2", failed(), failed()), pod()).recovered
    assert not only(log(".:53", "CoreDNS-1.13.2", failed(), failed()), pod()).recovered
    assert not only(log(".:53", "CoreDNS-1.3.1", failed(), failed()), pod()).recovered


def test_kube_proxy_is_ready_whether_it_reaches_the_server_or_not() -> None:
    """Its pod has no readiness probe, while flannel ends when it fails."""
    line = f"E1123 03:28:51.667719 1 reflector.go:147] Failed to watch *v1.Node: {TIMEOUT}"
    undated = line.partition("] ")[2]
    proxy = log(undated, undated, emitter=Emitter.KUBE_PROXY, subject=PROXY)
    assert not only(proxy, pod(PROXY.name)).recovered
    flannel = log(
        f'Failed to create SubnetManager: Get "https://10.32.0.1:443/version": {TIMEOUT}',
        emitter=Emitter.FLANNEL,
        subject=FLANNEL,
    )
    assert only(flannel, pod(FLANNEL.name)).recovered


def test_a_node_that_is_ready_has_a_kubelet_that_reports() -> None:
    """The status of a node is written by its kubelet."""
    stream = log(
        'E0302 05:11:09.120211 1322 kubelet_node_status.go:96] "Unable to register node with API '
        f'server" err="Post \\"https://10.77.0.10:6443/api/v1/nodes\\": {REFUSED}"',
        emitter=Emitter.KUBELET,
        subject=Subject("Node", "worker-1"),
    )
    ready, other = (
        Node(subject=Subject("Node", name), origin="n", quote=Quote("n", name), ready=True)
        for name in ("worker-1", "worker-2")
    )
    assert only(stream, ready).recovered
    assert not only(stream, other).recovered


def test_a_run_that_ended_and_one_that_reached_the_server() -> None:
    """What the container's last run failed at is history once the next one is in sync."""
    before = log(failed(), failed(), previous=True)
    assert not only(before).recovered
    assert only(before, log(".:53", "CoreDNS-1.13.2")).recovered
    assert not only(before, log(".:53", "CoreDNS-1.13.2", failed(), failed())).recovered


# ------------------------------------------------------------------ what passes by itself


@pytest.mark.parametrize("line", [forbidden("watch"), HIDDEN])
def test_a_server_that_comes_back_answers_wrongly_once(line: str) -> None:
    """One such line of a CoreDNS that was in sync is no fault of its role."""
    start = (".:53", "CoreDNS-1.13.2")
    assert only(log(*start, line)).recovered
    assert only(log(WATCH_ENDED, line)).recovered
    assert not only(log(*start, line, line)).recovered
    assert not only(log(line)).recovered


def test_a_deadline_is_no_blip() -> None:
    """A server that vanished for good shows as one timeout of each list in its first minute."""
    assert not only(log(".:53", "CoreDNS-1.13.2", WATCH_ENDED, failed(TIMEOUT))).recovered


# ------------------------------------------------------------------ what is known of it


def test_nothing_looked_at_is_a_gap() -> None:
    """Without any log nothing is known of the API server."""
    assert isinstance(Evidence().fetch(ApiFailures), Gap)


def test_an_excerpt_proves_no_silence() -> None:
    """The lines of a paste are not all lines."""
    read = fact(log("CoreDNS-1.11.3"), looked=frozenset())
    assert [gap.kind for gap in read.gaps] == [GapKind.PARTIAL]


def test_a_whole_log_of_a_version_that_speaks_is_silence() -> None:
    """CoreDNS 1.11.3 would print why it fails."""
    assert fact(log("CoreDNS-1.11.3")).gaps == ()


def test_silence_of_a_version_that_prints_nothing_proves_nothing() -> None:
    """CoreDNS 1.14.2 and later print no line of a server that does not answer."""
    stream = log("CoreDNS-1.14.7")
    assert [gap.kind for gap in fact(stream).gaps] == [GapKind.UNDECIDED]
    assert fact(stream, pod()).gaps == ()
    assert fact(stream, pod(ready=False)).gaps != ()


def test_a_bare_dial_error_is_never_certain() -> None:
    """Only the address says that the API server was meant, so the failure is a possibility."""
    line = "dial tcp 10.32.0.1:443: connect: no route to host"
    bare = only(log(line, emitter=Emitter.KUBELET))
    assert (bare.trouble.reason, bare.trouble.target) == (Reason.NO_ROUTE, "10.32.0.1:443")
    assert not bare.certain
    assert only(log(failed())).certain


@pytest.mark.parametrize(
    "line",
    [
        "dial tcp 10.32.7.21:443: connect: no route to host",
        "dial tcp 192.0.2.1:443: i/o timeout",
        "dial tcp 10.32.0.1:8443: connect: connection refused",
    ],
)
def test_another_address_is_not_the_api_servers(line: str) -> None:
    """Neither another Service, nor a public server, nor another port."""
    assert failures(log(line, emitter=Emitter.KUBELET)) == ()
