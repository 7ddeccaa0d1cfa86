"""The live source: what it asks, what it makes of answers, and of their absence."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from diagnose.asks import ASKS, Ask
from diagnose.collect import evidence_of
from diagnose.model import Gap, GapKind
from diagnose.parts import Haul, Part
from diagnose.sources.base import SourceError
from diagnose.sources.http import Exchange
from diagnose.sources.live import OWN, gather
from diagnose.sources.options import LiveOptions
from diagnose.sources.plans import PLANS
from diagnose.sources.plans.agents import MOST_LOGS
from diagnose.sources.plans.nodes import as_table
from tests.sources.apiserver import (
    Cluster,
    Fault,
    daemon_set,
    healthy,
    kubeconfig,
    node,
    pod,
    service,
    serving,
    status,
    thing,
    warning,
)
from tests.sources.pools import Late, OneByOne, Shuffled

EVERYTHING = frozenset(Ask)
USUAL = frozenset(one for one in PLANS if ASKS[one].rung < 4)  # without --probe
DNS = {"k8s-app": "kube-dns"}


def ask(
    cluster: Cluster,
    folder: Path,
    *asks: Ask,
    pool: Any = None,
    **options: Any,
) -> Haul:
    """Return what a run against the cluster brings for some asks; for all when none is named."""
    with serving(cluster) as url:
        path = kubeconfig(folder, url)
        return gather(
            frozenset(asks) or EVERYTHING,
            options=LiveOptions(kubeconfig=path, environ={}, **options),
            pool=pool or OneByOne(),
        )


def parts_of(haul: Haul, wanted: Ask) -> list[Part]:
    """Return the parts of one ask."""
    return [part for part in haul.parts if part.ask is wanted]


def gap_of(haul: Haul, wanted: Ask) -> Gap:
    """Return the only gap of one ask."""
    (gap,) = haul.gaps[wanted]
    return gap


# ---------------------------------------------------------------- what is asked


@pytest.mark.parametrize(
    "asks",
    [EVERYTHING, *({one} for one in PLANS)],
    ids=["everything", *(one.value for one in PLANS)],
)
def test_requests_do_not_grow_with_the_cluster(asks: frozenset[Ask], tmp_path: Path) -> None:
    """A healthy cluster of 700 nodes costs as many requests as one of 3."""
    small, large = healthy(3), healthy(700)
    ask(small, tmp_path, *asks)
    ask(large, tmp_path, *asks)
    assert len(small.requests) == len(large.requests)


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_answers_changes_nothing(seed: int, tmp_path: Path) -> None:
    """Threads answer in any order; what is found, and how it is listed, is the same."""
    cluster = healthy(4)
    cluster.objects["daemonsets"][1]["status"]["numberReady"] = 3
    cluster.add("pods", pod("shop-9", "default", phase="Pending"))
    first, second = (
        ask(cluster, tmp_path, *USUAL, pool=pool) for pool in (OneByOne(), Shuffled(seed))
    )
    timed = {Ask.DNS_ANSWERS, Ask.CLIENT_ANSWERS}  # which say how long each took
    assert [
        (one.ask, one.origin, "" if one.ask in timed else one.text) for one in second.parts
    ] == [(one.ask, one.origin, "" if one.ask in timed else one.text) for one in first.parts]
    assert second.gaps == first.gaps
    assert second.looked == first.looked


def test_a_healthy_cluster_costs_few_requests(tmp_path: Path) -> None:
    """Rungs 1 and 2 of a healthy cluster fit in 45 requests, each made once."""
    cluster = healthy()
    ask(cluster, tmp_path, rung=2)
    assert len(cluster.requests) <= 45
    plain = [one for one in cluster.requests if "/portforward" not in one]
    assert len(set(plain)) == len(plain)


def test_many_coredns_pods_are_bounded(tmp_path: Path) -> None:
    """Of 40 CoreDNS pods 10 logs are read, and the report learns of the rest."""
    haul = ask(healthy(coredns=40), tmp_path, Ask.DNS_LOGS)
    assert len(parts_of(haul, Ask.DNS_LOGS)) == 10
    assert gap_of(haul, Ask.DNS_LOGS).kind is GapKind.PARTIAL
    assert "of 40 pods the logs of 10" in gap_of(haul, Ask.DNS_LOGS).because


def test_only_what_is_asked_for_is_requested(tmp_path: Path) -> None:
    """The asks of one check cost no events, nodes or roles."""
    cluster = healthy()
    ask(cluster, tmp_path, Ask.DNS_LOGS, Ask.DNS_CONFIG)
    assert not [one for one in cluster.requests if "events" in one or "nodes" in one]
    assert len(cluster.requests) <= 9


def test_only_reads(tmp_path: Path) -> None:
    """Each request is a GET and is told of with its path, status, bytes and milliseconds."""
    seen: list[Exchange] = []
    ask(healthy(), tmp_path, on_request=seen.append)
    assert {one.method for one in seen} == {"GET"}
    cluster = healthy()
    seen.clear()
    ask(cluster, tmp_path, on_request=seen.append, rung=1)
    assert [one.path for one in seen] == cluster.requests
    assert all(one.status == 200 and one.size_bytes and one.took_ms >= 0 for one in seen)
    assert str(seen[0]).startswith("GET /version 200 ")


def test_what_only_a_node_knows_is_not_looked_at(tmp_path: Path) -> None:
    """An ask without a plan is not counted as carried out."""
    haul = ask(healthy(), tmp_path)
    assert haul.looked == USUAL
    assert Ask.KERNEL_LOGS not in haul.looked


def test_a_healthy_cluster_brings_everything(tmp_path: Path) -> None:
    """Each ask of rungs 1 and 2 brings a part, and only samples leave a gap."""
    asks = {one for one in PLANS if ASKS[one].rung <= 2}
    haul = ask(healthy(), tmp_path, *asks)
    brought = {part.ask for part in haul.parts}
    nothing_wrong = {Ask.EVENTS, Ask.SYSTEM_PODS, Ask.NETWORK_POLICIES, Ask.KUBELET_LOGS}
    assert brought == asks - nothing_wrong
    assert set(haul.gaps) == {Ask.PROXY_LOGS, Ask.FLANNEL_LOGS, Ask.KUBELET_LOGS}
    assert not haul.general_gaps


def test_times_are_the_servers(tmp_path: Path) -> None:
    """Ages are counted by the server's clock, not by the one of the machine that asks."""
    haul = ask(healthy(), tmp_path, Ask.DNS_PODS)
    assert haul.taken_at == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert {part.taken_at for part in haul.parts} == {haul.taken_at}


def test_packed_answers_are_unpacked(tmp_path: Path) -> None:
    """A server that compresses brings the same parts."""
    plain, packed = healthy(), healthy()
    packed.packed = True
    assert ask(packed, tmp_path, rung=1).parts == ask(plain, tmp_path, rung=1).parts


# ---------------------------------------------------------------- finding CoreDNS


def test_found_by_helm_labels_in_another_namespace(tmp_path: Path) -> None:
    """A CoreDNS of another name, labels and namespace is found, with its own ConfigMap."""
    cluster = Cluster()
    labels = {"app.kubernetes.io/name": "coredns", "app.kubernetes.io/instance": "inner"}
    cluster.add("services", service("inner-coredns", "10.32.0.10", labels, "dns"))
    cluster.add("pods", pod("inner-coredns-x", "dns", labels, config="inner-corefile"))
    cluster.add("configmaps", thing("ConfigMap", "inner-corefile", "dns", data={"Corefile": "."}))
    cluster.logs["dns/inner-coredns-x", False] = ".:53\n"
    haul = ask(cluster, tmp_path, Ask.DNS_CONFIG, Ask.DNS_LOGS)
    assert [part.origin for part in parts_of(haul, Ask.DNS_CONFIG)] == [
        "configmap dns/inner-corefile"
    ]
    (log,) = parts_of(haul, Ask.DNS_LOGS)
    assert (log.subject.namespace, log.subject.name) == ("dns", "inner-coredns-x")


def test_found_by_the_services_selector(tmp_path: Path) -> None:
    """Pods without any known label are found by the selector of the Service named kube-dns."""
    cluster = Cluster()
    cluster.add("services", service("kube-dns", "10.32.0.10", {"run": "resolver"}))
    cluster.add("pods", pod("resolver-1", labels={"run": "resolver"}))
    haul = ask(cluster, tmp_path, Ask.DNS_PODS)
    assert any('"resolver-1"' in part.text for part in parts_of(haul, Ask.DNS_PODS))


def test_found_by_the_kubelets_address(tmp_path: Path) -> None:
    """The Service behind the kubelets' clusterDNS is brought whatever it is called."""
    cluster = healthy()
    cluster.objects["services"] = [service("names", "10.32.0.10", {"run": "resolver"}, "infra")]
    haul = ask(cluster, tmp_path, Ask.DNS_SERVICES, Ask.KUBELET_CONFIG)
    assert [part.origin for part in parts_of(haul, Ask.DNS_SERVICES)] == ["services at 10.32.0.10"]


def test_no_dns_at_all_is_known(tmp_path: Path) -> None:
    """That there is no DNS Service is knowledge: looked at, nothing found, no gap."""
    haul = ask(Cluster(), tmp_path, Ask.DNS_SERVICES, Ask.DNS_PODS)
    assert {Ask.DNS_SERVICES, Ask.DNS_PODS} <= haul.looked
    assert not haul.parts
    assert not haul.gaps


def test_endpoints_stand_in_for_slices(tmp_path: Path) -> None:
    """Where EndpointSlices cannot be listed the Endpoints object tells the same."""
    cluster = healthy()
    cluster.faults["endpointslices"] = Fault(status=403, body="forbidden")
    cluster.add("endpoints", thing("Endpoints", "kube-dns", "kube-system", subsets=[]))
    haul = ask(cluster, tmp_path, Ask.DNS_ENDPOINTS)
    assert [part.origin for part in parts_of(haul, Ask.DNS_ENDPOINTS)] == [
        "endpoints kube-system/kube-dns"
    ]
    assert Ask.DNS_ENDPOINTS not in haul.gaps


def test_a_configuration_without_pods(tmp_path: Path) -> None:
    """With no pod running the ConfigMap is found by its usual name."""
    cluster = healthy(coredns=0)
    haul = ask(cluster, tmp_path, Ask.DNS_CONFIG)
    assert [part.origin for part in parts_of(haul, Ask.DNS_CONFIG)] == [
        "configmap kube-system/coredns"
    ]


def test_a_role_that_does_not_exist(tmp_path: Path) -> None:
    """A missing ClusterRole is told by the server's own answer, as a part and not as a gap."""
    cluster = healthy()
    cluster.objects["clusterroles"] = []
    haul = ask(cluster, tmp_path, Ask.RBAC)
    role, binding = parts_of(haul, Ask.RBAC)
    assert json.loads(role.text)["code"] == 404
    assert json.loads(binding.text)["kind"] == "ClusterRoleBinding"
    assert not haul.gaps


def test_a_role_of_another_name(tmp_path: Path) -> None:
    """The role that helm makes stands for the one that kubeadm makes: nothing is missing."""
    cluster = healthy()
    cluster.objects["clusterroles"] = [thing("ClusterRole", "coredns", rules=[])]
    cluster.objects["clusterrolebindings"] = [thing("ClusterRoleBinding", "coredns")]
    haul = ask(cluster, tmp_path, Ask.RBAC)
    assert [part.origin for part in haul.parts if part.ask is Ask.RBAC] == [
        "clusterrole coredns",
        "clusterrolebinding coredns",
    ]


def test_kubelet_configuration_of_old_kubeadm(tmp_path: Path) -> None:
    """Before 1.24 the ConfigMap's name held the version."""
    cluster = healthy()
    cluster.objects["configmaps"] = [
        thing("ConfigMap", "kubelet-config-1.35", "kube-system", data={"kubelet": "a: b"})
    ]
    haul = ask(cluster, tmp_path, Ask.KUBELET_CONFIG)
    assert [part.origin for part in haul.parts] == ["configmap kube-system/kubelet-config-1.35"]


def test_no_kubelet_configuration_in_the_api(tmp_path: Path) -> None:
    """That the API does not hold it does not say how kubelets are configured: a gap."""
    haul = ask(Cluster(), tmp_path, Ask.KUBELET_CONFIG)
    gap = gap_of(haul, Ask.KUBELET_CONFIG)
    assert gap.kind is GapKind.NOT_COLLECTED
    assert "/var/lib/kubelet/config.yaml" in gap.ask


# ---------------------------------------------------------------- logs


def test_a_restarted_pod_has_its_previous_log(tmp_path: Path) -> None:
    """The log of the run that ended is read, without a bound in time, and marked."""
    cluster = Cluster()
    cluster.add("pods", pod("coredns-1", labels=DNS, ready=False, restarts=4))
    cluster.logs["kube-system/coredns-1", False] = "now\n"
    cluster.logs["kube-system/coredns-1", True] = "[FATAL] plugin/loop: Loop\n"
    haul = ask(cluster, tmp_path, Ask.DNS_LOGS, since_s=60)
    now, before = parts_of(haul, Ask.DNS_LOGS)
    assert (now.text, now.previous) == ("now\n", False)
    assert (before.text, before.previous) == ("[FATAL] plugin/loop: Loop\n", True)
    assert before.origin == "kube-system/coredns-1.previous.log"
    asked = [one for one in cluster.requests if "/log?" in one]
    assert ["sinceSeconds=60" in one for one in asked] == [True, False]


def test_a_log_that_the_node_lost_is_a_gap(tmp_path: Path) -> None:
    """`unable to retrieve container logs` comes with status 200, and is no log."""
    cluster = Cluster()
    cluster.add("pods", pod("coredns-1", labels=DNS, restarts=1))
    cluster.logs["kube-system/coredns-1", False] = ".:53\n"
    cluster.logs["kube-system/coredns-1", True] = (
        "unable to retrieve container logs for containerd://8a2f"
    )
    haul = ask(cluster, tmp_path, Ask.DNS_LOGS)
    assert [part.previous for part in parts_of(haul, Ask.DNS_LOGS)] == [False]
    gap = gap_of(haul, Ask.DNS_LOGS)
    assert gap.what == "the previous log of kube-system/coredns-1"
    assert "the node no longer has it" in gap.because


def test_a_log_that_speaks_of_lost_logs_is_a_log(tmp_path: Path) -> None:
    """The same words among other lines are a line of a log."""
    cluster = Cluster()
    cluster.add("pods", pod("coredns-1", labels=DNS))
    text = "unable to retrieve container logs for x\n.:53\n"
    cluster.logs["kube-system/coredns-1", False] = text
    haul = ask(cluster, tmp_path, Ask.DNS_LOGS)
    assert [part.text for part in parts_of(haul, Ask.DNS_LOGS)] == [text]


def test_a_container_that_never_started_has_no_log(tmp_path: Path) -> None:
    """No log is asked for; that there is none is a gap that says why."""
    cluster = Cluster()
    waiting = {"waiting": {"reason": "ContainerCreating"}}
    cluster.add("pods", pod("coredns-1", labels=DNS, ready=False, state=waiting))
    haul = ask(cluster, tmp_path, Ask.DNS_LOGS)
    assert not [one for one in cluster.requests if "/log" in one]
    assert gap_of(haul, Ask.DNS_LOGS).because == "its container has not started: ContainerCreating"


def test_a_long_log_is_its_end(tmp_path: Path) -> None:
    """Of a log beyond the bound the last lines are read, and the part is not whole."""
    cluster = Cluster()
    cluster.add("pods", pod("coredns-1", labels=DNS))
    cluster.logs["kube-system/coredns-1", False] = "".join(f"{n}\n" for n in range(10_500))
    haul = ask(cluster, tmp_path, Ask.DNS_LOGS)
    (log,) = parts_of(haul, Ask.DNS_LOGS)
    assert log.text.startswith("500\n")
    assert not log.whole
    assert gap_of(haul, Ask.DNS_LOGS).because == "only its last 10000 lines were read"


def test_a_log_that_is_cut_is_used(tmp_path: Path) -> None:
    """What came before the connection broke is kept, and said not to be whole."""
    cluster = healthy(coredns=1)
    cluster.faults["/log"] = Fault("cut", body=".:53\nCoreDNS-1.12.4\n")
    haul = ask(cluster, tmp_path, Ask.DNS_LOGS)
    (log,) = parts_of(haul, Ask.DNS_LOGS)
    assert log.text == ".:53\nCoreDNS-1.12.4\n"
    assert not log.whole
    assert gap_of(haul, Ask.DNS_LOGS).kind is GapKind.PARTIAL


def test_agents_that_are_not_well_come_first(tmp_path: Path) -> None:
    """Of a DaemonSet in trouble the bad pods' logs are read, however many are well."""
    cluster = healthy(40)
    labels = {"k8s-app": "kube-proxy"}
    cluster.objects["daemonsets"] = [daemon_set("kube-proxy", "kube-system", labels, 41, 40)]
    cluster.add("pods", pod("kube-proxy-bad", labels=labels, node="n9", ready=False))
    cluster.logs["kube-system/kube-proxy-bad", False] = "E1123 failed\n"
    haul = ask(cluster, tmp_path, Ask.PROXY_LOGS)
    logs = parts_of(haul, Ask.PROXY_LOGS)
    assert logs[0].subject.name == "kube-proxy-bad"
    assert len(logs) == MOST_LOGS
    assert (
        "of 41 pods of kube-proxy the logs of 6 were read" in gap_of(haul, Ask.PROXY_LOGS).because
    )


def test_a_sample_of_healthy_agents_lies_beside_coredns(tmp_path: Path) -> None:
    """Of a DaemonSet that is well the pods on CoreDNS's nodes are the sample."""
    cluster = healthy(9)
    for one in cluster.objects["pods"]:
        if one["metadata"]["name"].startswith("coredns-"):
            one["spec"]["nodeName"] = "n7"
    haul = ask(cluster, tmp_path, Ask.FLANNEL_LOGS)
    assert [part.subject.node for part in parts_of(haul, Ask.FLANNEL_LOGS)] == ["n7"]


def test_a_cluster_without_kube_proxy(tmp_path: Path) -> None:
    """No DaemonSet of kube-proxy is a gap of its logs: it may run on the hosts."""
    haul = ask(Cluster(), tmp_path, Ask.PROXY_LOGS)
    assert gap_of(haul, Ask.PROXY_LOGS).kind is GapKind.NOT_COLLECTED


# ---------------------------------------------------------------- pods, events, nodes


def test_pods_of_broken_agents_and_waiting_pods(tmp_path: Path) -> None:
    """Pods are listed only of DaemonSets that are not whole, and those that are Pending."""
    cluster = healthy()
    cluster.objects["daemonsets"][1]["status"]["numberReady"] = 2
    cluster.add("pods", pod("shop-9", "default", phase="Pending"))
    haul = ask(cluster, tmp_path, Ask.SYSTEM_PODS)
    assert [part.origin for part in parts_of(haul, Ask.SYSTEM_PODS)] == [
        "pods of kube-flannel/kube-flannel",
        "pods that are pending",
    ]
    assert "kube-proxy-00001" not in "".join(part.text for part in haul.parts)


def test_policies_are_read_in_pages(tmp_path: Path) -> None:
    """More objects than a page come in several parts, each but the last not whole."""
    cluster = Cluster()
    cluster.add(
        "networkpolicies", *(thing("NetworkPolicy", f"p{number}") for number in range(1200))
    )
    haul = ask(cluster, tmp_path, Ask.NETWORK_POLICIES)
    assert [part.whole for part in haul.parts] == [False, False, True]
    assert not haul.gaps


def test_a_flood_of_events_still_shows_sandbox_failures(tmp_path: Path) -> None:
    """Beyond the bound the usual ones are left out, and those of kube-system come; it is a gap."""
    cluster = Cluster()
    cluster.add("events", *(warning(f"e{number}") for number in range(3000)))
    cluster.add("events", warning("y", "Unhealthy", "connection refused", "kube-system"))
    cluster.add("events", warning("z", "FailedCreatePodSandBox", "no such file"))
    haul = ask(cluster, tmp_path, Ask.EVENTS)
    assert [part.origin for part in haul.parts] == [
        "events",
        "events of kube-system",
        "events that tell more",
    ]
    assert "FailedCreatePodSandBox" in haul.parts[2].text
    assert "connection refused" in haul.parts[1].text
    gap = gap_of(haul, Ask.EVENTS)
    assert gap.kind is GapKind.BESIDE
    assert "events such as BackOff, Unhealthy" in gap.because
    assert not evidence_of(haul).gaps_of(Ask.EVENTS)
    assert len(cluster.requests) == 5  # with the version, and which agents there are


def test_a_flood_of_telling_events_is_read_by_reason(tmp_path: Path) -> None:
    """When those that tell are too many themselves, some of each reason come."""
    cluster = Cluster()
    sandbox = "FailedCreatePodSandBox"
    cluster.add("events", *(warning(f"e{number}", sandbox, "x") for number in range(1000)))
    cluster.add("events", warning("z", "NetworkNotReady", "network is not ready"))
    haul = ask(cluster, tmp_path, Ask.EVENTS)
    assert any(part.origin == "events NetworkNotReady" for part in haul.parts)
    assert gap_of(haul, Ask.EVENTS).because.startswith("501 warnings were read")


def test_an_expired_page_goes_on_with_the_token_that_comes_with_it(tmp_path: Path) -> None:
    """410 Gone carries a token with which the list goes on."""
    cluster = Cluster()
    cluster.add("networkpolicies", *(thing("NetworkPolicy", f"p{number}") for number in range(700)))
    gone = json.dumps(status(410, "expired") | {"metadata": {"continue": "600"}})
    cluster.faults["continue=500"] = Fault("raw", 410, gone)
    haul = ask(cluster, tmp_path, Ask.NETWORK_POLICIES)
    assert len(json.loads(haul.parts[1].text)["items"]) == 100
    assert not haul.gaps


def test_an_expired_page_without_a_token_is_a_gap(tmp_path: Path) -> None:
    """What was read before is kept, and the request is not repeated for ever."""
    cluster = Cluster()
    cluster.add("networkpolicies", *(thing("NetworkPolicy", f"p{number}") for number in range(700)))
    cluster.faults["continue=500"] = Fault(status=410, body="expired")
    haul = ask(cluster, tmp_path, Ask.NETWORK_POLICIES)
    assert len(haul.parts) == 1
    assert "only 500 were read" in gap_of(haul, Ask.NETWORK_POLICIES).because


def test_many_nodes_are_a_page_and_a_table(tmp_path: Path) -> None:
    """Of 700 nodes the rest comes as one table, and those not Ready in full."""
    cluster = Cluster()
    cluster.add("nodes", *(node(f"n{number:03}", ready=number != 650) for number in range(700)))
    haul = ask(cluster, tmp_path, Ask.NODES)
    assert len(cluster.requests) == 4
    by_origin = {part.origin: part for part in haul.parts}
    assert list(by_origin) == ["table of nodes", "node n650", "nodes"]
    assert by_origin["table of nodes"].text.count("\n") == 601
    assert len(json.loads(by_origin["nodes"].text)["items"]) == 100
    assert "n650" in by_origin["node n650"].text
    assert not haul.gaps


def test_tables_look_like_kubectls() -> None:
    """Columns are padded to their widest cell and parted by three blanks."""
    assert as_table([["NAME", "STATUS"], ["node-1", "Ready"]]) == (
        "NAME     STATUS\nnode-1   Ready\n"
    )


# ---------------------------------------------------------------- refusals and failures


def test_a_forbidden_list_names_the_permission(tmp_path: Path) -> None:
    """403 is a gap that names what to permit, and the rest of the run goes on."""
    cluster = healthy()
    cluster.faults["/events"] = Fault(status=403, body='events is forbidden: User "eve"')
    haul = ask(cluster, tmp_path, Ask.EVENTS, Ask.NODES)
    gap = gap_of(haul, Ask.EVENTS)
    assert gap.kind is GapKind.DENIED
    assert 'User "eve"' in gap.because
    assert "permission to list events in all namespaces" in gap.ask
    assert parts_of(haul, Ask.NODES)


def test_rights_in_kube_system_alone_are_used(tmp_path: Path) -> None:
    """Who may read only kube-system gets that, with a gap for the other namespaces."""
    cluster = healthy()
    cluster.add("pods", pod("coredns-9", phase="Pending"))
    cluster.faults[r"/api/v1/pods"] = Fault(status=403, body="forbidden")
    haul = ask(cluster, tmp_path, Ask.SYSTEM_PODS)
    assert "coredns-9" in parts_of(haul, Ask.SYSTEM_PODS)[0].text
    assert gap_of(haul, Ask.SYSTEM_PODS).kind is GapKind.PARTIAL


def test_pods_of_dns_elsewhere_are_found(tmp_path: Path) -> None:
    """By the selector of a Service in its namespace; with none, by labels in all namespaces."""
    for serves in (True, False):
        cluster = healthy()
        labels = {"k8s-app": "kube-dns"}
        cluster.objects["pods"] = [pod("coredns-x", "dns", labels)]
        cluster.objects["services"] = (
            [service("dns", "10.32.0.10", labels, "dns")] if serves else []
        )
        haul = ask(cluster, tmp_path, Ask.DNS_PODS)
        assert ["coredns-x" in part.text for part in parts_of(haul, Ask.DNS_PODS)] == [True]
        everywhere = [one for one in cluster.requests if one.startswith("/api/v1/pods?")]
        assert bool(everywhere) is not serves


def test_items_that_are_none_are_no_absence(tmp_path: Path) -> None:
    """Nulls and objects of another kind leave a gap; what is well among them is kept."""
    cluster = healthy()
    well = json.dumps(pod("web-1", phase="Pending"))
    for items, left in (
        (f"null, {well}", "1 of 2"),
        (well.replace('"Pod"', '"Banana"'), "1 of 1"),
        ('{"metadata": {}}', "1 of 1"),
    ):
        body = f'{{"kind": "PodList", "metadata": {{}}, "items": [{items}]}}'
        cluster.faults["status.phase=Pending"] = Fault("raw", 200, body)
        haul = ask(cluster, tmp_path, Ask.SYSTEM_PODS)
        gap = gap_of(haul, Ask.SYSTEM_PODS)
        assert gap.kind is GapKind.MALFORMED
        assert gap.because.startswith(f"{left} that came are no pods")
        assert ("web-1" in "".join(one.text for one in parts_of(haul, Ask.SYSTEM_PODS))) is (
            "null" in items
        )


def test_another_object_than_asked_for_is_a_gap(tmp_path: Path) -> None:
    """A 200 with something else in it is no ConfigMap."""
    cluster = healthy()
    for body in ("{}", json.dumps(thing("ConfigMap", "other", "kube-system"))):
        cluster.faults["configmaps/coredns$"] = Fault("raw", 200, body)
        haul = ask(cluster, tmp_path, Ask.DNS_CONFIG)
        assert "another object came" in gap_of(haul, Ask.DNS_CONFIG).because


def test_a_busy_server_is_asked_once_more(tmp_path: Path) -> None:
    """429 with a short Retry-After is heeded once."""
    cluster = healthy()
    busy = json.dumps(status(429, "slow down") | {"details": {"retryAfterSeconds": 0}})
    cluster.faults["/nodes"] = Fault("raw", 429, busy, times=1)
    haul = ask(cluster, tmp_path, Ask.NODES)
    assert not haul.gaps
    assert len([one for one in cluster.requests if "/nodes?include" in one]) == 2


def test_a_server_that_stays_busy_is_a_gap(tmp_path: Path) -> None:
    """It is not asked a third time."""
    cluster = healthy()
    busy = json.dumps(status(429, "slow down") | {"details": {"retryAfterSeconds": 0}})
    cluster.faults["/nodes"] = Fault("raw", 429, busy)
    haul = ask(cluster, tmp_path, Ask.NODES)
    assert "too busy" in gap_of(haul, Ask.NODES).because
    assert len([one for one in cluster.requests if "/nodes" in one]) == 2


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (Fault(status=500, body="etcd leader changed"), GapKind.UNREACHABLE, "etcd leader changed"),
        (Fault("html", 200), GapKind.MALFORMED, "a web page"),
        (Fault("html", 502), GapKind.UNREACHABLE, "answered 502"),
        (Fault("cut", body='{"kind":"List","items":['), GapKind.MALFORMED, "ends in its middle"),
        (Fault("raw", 200, '{"kind":"List","items":['), GapKind.MALFORMED, "not what an API"),
        (Fault("raw", 200, "[]"), GapKind.MALFORMED, "no JSON object"),
        (Fault("reset"), GapKind.UNREACHABLE, "the connection was closed"),
        (Fault("hang"), GapKind.UNREACHABLE, "does not answer in time"),
        (Fault(status=401, body="Unauthorized"), GapKind.DENIED, "credentials are refused"),
    ],
    ids=str,
)
def test_failures_are_gaps_of_their_ask(
    fault: Fault, kind: GapKind, words: str, tmp_path: Path
) -> None:
    """A request that fails is a gap of its own ask with the reason; others are not touched."""
    cluster = healthy()
    cluster.faults["/nodes"] = fault
    haul = ask(cluster, tmp_path, Ask.NODES, Ask.DAEMON_SETS, request_timeout_s=0.3)
    gap = gap_of(haul, Ask.NODES)
    assert gap.kind is kind
    assert words in gap.because
    assert gap.ask
    assert not parts_of(haul, Ask.NODES)
    assert parts_of(haul, Ask.DAEMON_SETS)


def test_an_answer_without_end_is_cut_off(tmp_path: Path) -> None:
    """A log beyond the size that is held is read up to it and no further."""
    cluster = Cluster()
    cluster.add("pods", pod("coredns-1", labels=DNS))
    cluster.logs["kube-system/coredns-1", False] = "x" * 1000 + "\n"
    cluster.logs["kube-system/coredns-1", False] *= 9000
    haul = ask(cluster, tmp_path, Ask.DNS_LOGS)
    (log,) = parts_of(haul, Ask.DNS_LOGS)
    assert len(log.text) == 8 * 1024 * 1024
    assert "too large" in gap_of(haul, Ask.DNS_LOGS).because


def test_what_is_late_for_the_run_is_a_gap(tmp_path: Path) -> None:
    """A pool that gives up on a request leaves a gap that says so."""
    haul = ask(healthy(), tmp_path, Ask.NODES, Ask.DAEMON_SETS, pool=Late("/nodes"))
    assert "deadline" in gap_of(haul, Ask.NODES).because
    assert "--timeout" in gap_of(haul, Ask.NODES).ask
    assert parts_of(haul, Ask.DAEMON_SETS)


def test_hostile_shapes_do_no_harm(tmp_path: Path) -> None:
    """Objects of which nothing is as it should be bring no exception."""
    cluster = healthy()
    cluster.faults["labelSelector"] = Fault(
        "raw",
        200,
        json.dumps(
            {
                "items": [
                    None,
                    [],
                    {},
                    {"metadata": 1, "spec": [], "status": "x"},
                    {"metadata": {"name": 7}, "spec": {"volumes": [1, {"configMap": []}]}},
                ],
                "metadata": [],
            }
        ),
    )
    assert ask(cluster, tmp_path).looked == USUAL


# ---------------------------------------------------------------- no way in


def closed_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def test_an_api_server_that_does_not_answer(tmp_path: Path) -> None:
    """The first refused connection ends the run: one gap tells what to collect by hand."""
    seen: list[Exchange] = []
    path = kubeconfig(tmp_path, f"http://127.0.0.1:{closed_port()}")
    options = LiveOptions(kubeconfig=path, environ={}, on_request=seen.append)
    haul = gather(EVERYTHING, options=options, pool=OneByOne())
    (gap,) = haul.general_gaps
    assert gap.kind is GapKind.UNREACHABLE
    assert "refused" in gap.because
    assert gap.ask.startswith("kubectl config view --minify")
    for word in ("journalctl -u kubelet", "crictl", "resolv.conf", "iptables-save", "--from"):
        assert word in gap.ask
    assert len(seen) == 1
    assert not haul.looked
    assert set(haul.gaps) == set(PLANS)


@pytest.mark.parametrize("fault", [Fault("hang"), Fault(status=503), Fault("html", 200)], ids=str)
def test_an_api_server_that_answers_nonsense(fault: Fault, tmp_path: Path) -> None:
    """A first answer that hangs, fails or is a web page is the same as none."""
    cluster = healthy()
    cluster.faults["/version"] = fault
    haul = ask(cluster, tmp_path, request_timeout_s=0.3)
    assert len(haul.general_gaps) == 1
    assert [part.origin for part in haul.parts] == [OWN]


def test_tls_that_fails_is_told_as_such(tmp_path: Path) -> None:
    """An https address at which plain HTTP is spoken is a failure of encryption."""
    with serving(healthy()) as url:
        path = kubeconfig(tmp_path, url.replace("http://", "https://"))
        options = LiveOptions(kubeconfig=path, environ={}, request_timeout_s=2)
        haul = gather(EVERYTHING, options=options, pool=OneByOne())
    (gap,) = haul.general_gaps
    assert "encrypted connection fails" in gap.because
    assert "kubeadm certs check-expiration" in gap.ask


def test_expired_credentials_end_the_run(tmp_path: Path) -> None:
    """401 to the first request is a SourceError that says to log in."""
    cluster = healthy()
    cluster.tokens = {"Bearer another"}
    with pytest.raises(SourceError, match="401") as caught:
        ask(cluster, tmp_path)
    assert "log in again" in caught.value.hint


def test_the_token_of_the_kubeconfig_is_sent(tmp_path: Path) -> None:
    """Its credentials are used."""
    cluster = healthy()
    cluster.tokens = {"Bearer t0ps3cret"}
    assert ask(cluster, tmp_path, Ask.NODES).parts


def config(folder: Path, **changes: Any) -> Path:
    """Write a kubeconfig with some keys changed."""
    path = kubeconfig(folder, "http://127.0.0.1:1")
    content = json.loads(path.read_text()) | changes
    path.write_text(json.dumps(content))
    return path


def broken_by(folder: Path, path: Path | None, **options: Any) -> SourceError:
    """Return the SourceError that a kubeconfig leads to."""
    settings = {"environ": {"KUBECONFIG": str(folder / "none")}, **options}
    with pytest.raises(SourceError) as caught:
        gather(EVERYTHING, options=LiveOptions(kubeconfig=path, **settings), pool=OneByOne())
    return caught.value


def test_no_kubeconfig(tmp_path: Path) -> None:
    """Its absence is told with where it was looked for and what to do without one."""
    error = broken_by(tmp_path, None)
    assert str(tmp_path / "none") in error.message
    assert "--from" in error.hint


@pytest.mark.parametrize(
    "text", ["", "{", "- a\n- b\n", "\x00\xff", "a: &a [*a]\n", "clusters: 5\n", "kind: Config\n"]
)
def test_a_malformed_kubeconfig(text: str, tmp_path: Path) -> None:
    """Whatever a file holds that is no kubeconfig, it is called by its name."""
    path = tmp_path / "config"
    path.write_bytes(text.encode("latin-1"))
    assert str(path) in broken_by(tmp_path, path).message


def test_an_unknown_context(tmp_path: Path) -> None:
    """A context that is not there is answered with the one that was meant."""
    error = broken_by(tmp_path, config(tmp_path), context="labb")
    assert "'labb'" in error.message
    assert error.hint == "did you mean lab?"


def test_no_current_context(tmp_path: Path) -> None:
    """Without one the contexts are listed to choose from."""
    error = broken_by(tmp_path, config(tmp_path, **{"current-context": ""}))
    assert error.hint == "choose one: --context lab, other"


def test_a_context_that_names_nothing(tmp_path: Path) -> None:
    """A cluster or user that a context names and the file lacks is named."""
    assert "the user 'me'" in broken_by(tmp_path, config(tmp_path, users=[])).message
    clusters = [{"name": "elsewhere", "cluster": {}}]
    assert "the cluster 'lab'" in broken_by(tmp_path, config(tmp_path, clusters=clusters)).message


def test_a_credential_plugin_that_fails(tmp_path: Path) -> None:
    """Its own words are passed on, and nothing is asked without credentials."""
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "sh",
        "args": ["-c", "echo 'token expired, run: acme login' >&2; exit 1"],
    }
    error = broken_by(tmp_path, config(tmp_path, users=[{"name": "me", "user": {"exec": plugin}}]))
    assert "acme login" in error.message


def test_a_credential_plugin_that_hangs(tmp_path: Path) -> None:
    """A pool that gives up on it ends the run with a message."""
    path = config(tmp_path)
    options = LiveOptions(kubeconfig=path, environ={})
    with pytest.raises(SourceError, match="credential plugin"):
        gather(EVERYTHING, options=options, pool=Late("None"))


def test_a_missing_certificate(tmp_path: Path) -> None:
    """A certificate file that is not there is named."""
    user = {"client-certificate": "/nowhere/me.crt", "client-key": "/nowhere/me.key"}
    clusters = [{"name": "lab", "cluster": {"server": "https://127.0.0.1:1"}}]
    path = config(tmp_path, users=[{"name": "me", "user": user}], clusters=clusters)
    assert "/nowhere/me.crt" in broken_by(tmp_path, path).message


def test_the_kubeconfig_is_not_changed(tmp_path: Path) -> None:
    """A run leaves the file as it was."""
    cluster = healthy()
    with serving(cluster) as url:
        path = kubeconfig(tmp_path, url)
        before = path.read_bytes()
        gather(EVERYTHING, options=LiveOptions(kubeconfig=path, environ={}), pool=OneByOne())
        assert path.read_bytes() == before
