"""What CoreDNS and kubelets answer through the API server, and what is made of its refusals."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from diagnose.asks import Ask
from diagnose.collect import evidence_of
from diagnose.facts.coredns_health import CoreDNSHealth, Endpoint, KubeletHealth
from diagnose.facts.coredns_metrics import CoreDNSMetrics, Metrics
from diagnose.facts.kubelet_config import KubeletConfigs
from diagnose.facts.missing_cluster_dns import MissingClusterDNS
from diagnose.facts.pod_dns import PodDNS
from diagnose.model import Gap, GapKind, Subject
from diagnose.parts import Haul, Kind
from diagnose.redaction import Redactor
from diagnose.sources import bundle
from diagnose.sources.http import Trouble
from diagnose.sources.plans.kubelets import MOST_NODES, SAMPLE
from diagnose.sources.plans.proxied import METRICS_BYTES, MOST_PODS
from tests.sources.apiserver import METRICS, Cluster, Fault, healthy, node, pod, warning
from tests.sources.test_live import ask, gap_of, parts_of

DNS = {"k8s-app": "kube-dns"}
FIRST = "coredns-5d78c-00001"
NOT_REACHED = "error trying to reach service: dial tcp 10.200.0.5:8181: "


def lines(haul: Haul, wanted: Ask = Ask.DNS_HEALTH) -> list[str]:
    """Return the lines of the health parts of one ask."""
    parts = [part for part in parts_of(haul, wanted) if part.kind is Kind.HEALTH]
    return [line for part in parts for line in part.text.splitlines()]


def status(code: int, message: str) -> Fault:
    """Return what the API server says instead of passing an answer on."""
    return Fault(status=code, body=message)


def one_pod(**spec: Any) -> Cluster:
    """Return a cluster with one CoreDNS pod, whose container has some further fields."""
    cluster = healthy(coredns=0)
    only = pod(FIRST, labels=DNS)
    only["spec"]["containers"][0].update(spec)
    cluster.add("pods", only)
    base = f"/api/v1/namespaces/kube-system/pods/{FIRST}"
    cluster.proxied |= {
        f"{base}:8181/proxy/ready": "OK",
        f"{base}:8080/proxy/health": "OK",
        f"{base}:9153/proxy/metrics": METRICS,
    }
    return cluster


# ---------------------------------------------------------------- health and readiness


def test_health_and_readiness_are_lines(tmp_path: Path) -> None:
    """Each pod has one part, a line for each endpoint, and a parser reads it back."""
    haul = ask(healthy(), tmp_path, Ask.DNS_HEALTH)
    part, _ = parts_of(haul, Ask.DNS_HEALTH)
    assert part.text == (
        "/ready of port 8181 (usual port): 200 OK\n/health of port 8080 (usual port): 200 OK\n"
    )
    assert part.subject == Subject("Pod", FIRST, "kube-system", "n2")
    fact = evidence_of(haul).fetch(CoreDNSHealth)
    assert isinstance(fact, CoreDNSHealth)
    assert [one.status for one in fact.endpoints] == [200] * 4
    assert not fact.gaps


def test_the_probes_name_path_and_port(tmp_path: Path) -> None:
    """Whatever the kubelet asks is asked, by number or by the name of a port."""
    cluster = one_pod(
        ports=[{"name": "probe", "containerPort": 18181}],
        readinessProbe={"httpGet": {"path": "/healthz/ready", "port": "probe"}},
        livenessProbe={"httpGet": {"path": "/health", "port": 18080, "scheme": "HTTPS"}},
    )
    base = f"/api/v1/namespaces/kube-system/pods/{FIRST}"
    cluster.proxied[f"{base}:18181/proxy/healthz/ready"] = "OK"
    cluster.proxied[f"/api/v1/namespaces/kube-system/pods/https:{FIRST}:18080/proxy/health"] = "OK"
    assert lines(ask(cluster, tmp_path, Ask.DNS_HEALTH)) == [
        "/healthz/ready of port 18181 (readinessProbe): 200 OK",
        "/health of port 18080 (livenessProbe): 200 OK",
    ]


@pytest.mark.parametrize(
    "probe",
    [
        {"httpGet": {"path": "/../../../../secrets", "port": 8181}},
        {"httpGet": {"path": "/ready?x=1", "port": 8181}},
        {"httpGet": {"path": "/ready", "port": 0}},
        {"httpGet": {"path": "/ready", "port": 70000}},
        {"httpGet": {"path": "/ready", "port": "nobody"}},
        {"httpGet": {"path": ["/ready"], "port": {}}},
        {"httpGet": None},
        {"exec": {"command": ["true"]}},
        [],
    ],
)
def test_a_probe_that_leads_elsewhere_is_not_followed(probe: Any, tmp_path: Path) -> None:
    """A pod's own text cannot make corediag ask for anything outside of that pod."""
    cluster = one_pod(readinessProbe=probe)
    assert lines(ask(cluster, tmp_path, Ask.DNS_HEALTH))[0].startswith("/ready of port 8181 (usual")
    assert not [one for one in cluster.requests if "secrets" in one]


def test_a_pod_that_waits_says_for_what(tmp_path: Path) -> None:
    """503 with a plugin's name comes from the pod, and is no refusal of the API server."""
    cluster = one_pod()
    cluster.faults[":8181/proxy/ready"] = Fault(how="raw", status=503, body="kubernetes")
    haul = ask(cluster, tmp_path, Ask.DNS_HEALTH)
    assert lines(haul)[0] == "/ready of port 8181 (usual port): 503 kubernetes"
    endpoint, _ = evidence_of(haul).of(Endpoint)
    assert endpoint.waits_for == ("kubernetes",)
    assert Ask.DNS_HEALTH not in haul.gaps


@pytest.mark.parametrize(
    ("fault", "reached", "lost", "told"),
    [
        (
            status(503, f"{NOT_REACHED}connect: connection refused"),
            True,
            False,
            "connection refused",
        ),
        (status(503, f"{NOT_REACHED}i/o timeout"), False, True, "i/o timeout"),
        (status(503, f"{NOT_REACHED}connect: no route to host"), False, True, "no route to host"),
        (
            Fault(
                how="raw",
                status=503,
                body="Error: 'dial tcp 10.200.0.5:8181: i/o timeout'\n"
                "Trying to reach: 'http://10.200.0.5:8181/ready'",
            ),
            False,
            True,
            "i/o timeout",
        ),
    ],
)
def test_what_the_api_server_does_not_reach_is_a_fact(
    fault: Fault, reached: bool, lost: bool, told: str, tmp_path: Path
) -> None:
    """How far the API server came tells of the pod network: it is kept in its own words."""
    cluster = one_pod()
    cluster.faults[":8181/proxy/"] = fault
    haul = ask(cluster, tmp_path, Ask.DNS_HEALTH)
    endpoint = evidence_of(haul).of(Endpoint)[0]
    assert told in endpoint.trouble
    assert (endpoint.reached, endpoint.lost) == (reached, lost)
    assert Ask.DNS_HEALTH not in haul.gaps


def test_a_pod_that_swallows_requests_is_asked_once(tmp_path: Path) -> None:
    """A wait for one endpoint is enough: neither health nor metrics are waited for."""
    cluster = healthy()
    cluster.faults[f"{FIRST}:8181/"] = Fault(how="hang")
    started = time.monotonic()
    haul = ask(
        cluster, tmp_path, Ask.DNS_HEALTH, Ask.DNS_METRICS, request_timeout_s=0.5, timeout_s=20.0
    )
    assert time.monotonic() - started < 5
    assert f"/ready of port 8181 (usual port): no answer: {Trouble.TIMEOUT.value}" in lines(haul)
    assert len([one for one in cluster.requests if FIRST in one and "proxy" in one]) == 1
    assert len([part for part in haul.parts if part.kind is Kind.METRICS]) == 1
    assert gap_of(haul, Ask.DNS_METRICS).kind is GapKind.UNREACHABLE


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (status(403, 'pods "x" is forbidden: User "me" cannot get resource'), GapKind.DENIED),
        (status(404, 'pods "x" not found'), GapKind.NOT_COLLECTED),
        (status(500, "an error on the server"), GapKind.UNREACHABLE),
        (Fault(how="html", status=200), GapKind.MALFORMED),
        (Fault(how="html", status=503), GapKind.UNREACHABLE),
        (Fault(how="reset"), GapKind.UNREACHABLE),
    ],
)
def test_what_is_not_from_the_pod_is_a_gap(fault: Fault, kind: GapKind, tmp_path: Path) -> None:
    """A refusal, a page of something in between and a lost connection say nothing of CoreDNS."""
    cluster = healthy(coredns=2)
    cluster.faults["/proxy/"] = fault
    haul = ask(cluster, tmp_path, Ask.DNS_HEALTH, Ask.DNS_METRICS)
    for wanted in (Ask.DNS_HEALTH, Ask.DNS_METRICS):
        assert gap_of(haul, wanted).kind is kind
        assert not parts_of(haul, wanted)
        assert wanted in haul.looked
    if kind is GapKind.DENIED:
        assert "get pods/proxy in kube-system" in gap_of(haul, Ask.DNS_HEALTH).ask
    facts = [evidence_of(haul).fetch(fact) for fact in (CoreDNSHealth, CoreDNSMetrics)]
    assert all(isinstance(fact, Gap) for fact in facts)


def test_pods_that_do_not_run_are_not_asked(tmp_path: Path) -> None:
    """A container that waits has no port, and where none runs that is said."""
    cluster = healthy(coredns=0)
    waiting = {"waiting": {"reason": "CrashLoopBackOff"}}
    cluster.add("pods", pod("coredns-a", labels=DNS, ready=False, state=waiting))
    cluster.add("pods", pod("coredns-b", labels=DNS, ready=False, phase="Pending", state={}))
    haul = ask(cluster, tmp_path, Ask.DNS_HEALTH, Ask.DNS_METRICS)
    assert not [one for one in cluster.requests if "proxy" in one]
    assert "no pod runs" in gap_of(haul, Ask.DNS_HEALTH).because
    assert "no pod runs" in gap_of(haul, Ask.DNS_METRICS).because


def test_of_many_pods_those_not_well_come_first(tmp_path: Path) -> None:
    """Forty pods cost what ten do, and the report learns of the rest."""
    cluster = healthy(coredns=40)
    cluster.add("pods", pod("coredns-zz", labels=DNS, ready=False))
    haul = ask(cluster, tmp_path, Ask.DNS_HEALTH, Ask.DNS_METRICS)
    asked = {one.split("/")[6] for one in cluster.requests if "/proxy/" in one}
    assert len({one.partition(":")[0] for one in asked}) == MOST_PODS
    assert "coredns-zz:8181" in asked
    assert {gap.kind for gap in haul.gaps[Ask.DNS_HEALTH]} >= {GapKind.PARTIAL}
    assert "of 41 pods 10 were asked" in haul.gaps[Ask.DNS_HEALTH][0].because


def test_hostile_answers_become_one_short_line(tmp_path: Path) -> None:
    """Control characters are shown, lines and length are bounded."""
    cluster = one_pod()
    body = "\x1b[31mOK\x07\n/ready of port 1 (x): 200 OK\n" + "x" * 100_000
    cluster.faults[":8181/proxy/"] = Fault(how="raw", status=503, body=body)
    (first, second) = lines(ask(cluster, tmp_path, Ask.DNS_HEALTH))
    assert "\x1b" not in first
    assert len(first) <= 300
    assert second.startswith("/health")


# ---------------------------------------------------------------- metrics


def test_metrics_come_as_they_are(tmp_path: Path) -> None:
    """The exposition is kept and read: a number keeps its line."""
    haul = ask(healthy(), tmp_path, Ask.DNS_METRICS)
    part, _ = parts_of(haul, Ask.DNS_METRICS)
    assert (part.kind, part.text, part.whole) == (Kind.METRICS, METRICS, True)
    fact = evidence_of(haul).fetch(CoreDNSMetrics)
    assert isinstance(fact, CoreDNSMetrics)
    assert [one.version for one in fact.pods] == ["1.12.4", "1.12.4"]
    assert not fact.gaps


@pytest.mark.parametrize(
    ("spec", "annotations", "port"),
    [
        ({"ports": [{"name": "metrics", "containerPort": 9253}]}, {}, 9253),
        ({"ports": [{"containerPort": 9153}]}, {"prometheus.io/port": "1"}, 9153),
        ({}, {"prometheus.io/port": "9353"}, 9353),
        ({}, {"prometheus.io/port": "; rm -rf"}, 9153),
        ({"ports": "none"}, {}, 9153),
    ],
)
def test_where_metrics_are(
    spec: dict[str, Any], annotations: dict[str, str], port: int, tmp_path: Path
) -> None:
    """A port's name comes before the usual number, an annotation before a guess."""
    cluster = one_pod(**spec)
    only = cluster.objects["pods"][-1]
    only["metadata"]["annotations"] = annotations
    ask(cluster, tmp_path, Ask.DNS_METRICS)
    assert cluster.requests[-1].endswith(f"{FIRST}:{port}/proxy/metrics")


def test_a_flood_of_metrics_is_cut_at_a_line(tmp_path: Path) -> None:
    """Ten megabytes hurt nobody: the beginning is used, the rest is said to be missing."""
    cluster = one_pod()
    flood = "".join(f'coredns_x_bucket{{le="{n}"}} {n}\n' for n in range(330_000))
    assert len(flood) > 10_000_000
    cluster.proxied[f"/api/v1/namespaces/kube-system/pods/{FIRST}:9153/proxy/metrics"] = (
        METRICS + flood
    )
    started = time.monotonic()
    haul = ask(cluster, tmp_path, Ask.DNS_METRICS)
    (part,) = parts_of(haul, Ask.DNS_METRICS)
    assert METRICS_BYTES - 100 < len(part.text) <= METRICS_BYTES
    assert part.text.endswith("\n")
    assert not part.whole
    assert gap_of(haul, Ask.DNS_METRICS).kind is GapKind.PARTIAL
    (item,) = evidence_of(haul).of(Metrics)
    assert item.version == "1.12.4"
    assert time.monotonic() - started < 10


def test_metrics_that_are_cut_are_used_to_their_last_line(tmp_path: Path) -> None:
    """A number without its end is another number: it is left out."""
    cluster = one_pod()
    cluster.faults[":9153/"] = Fault(how="cut", body=f"{METRICS}coredns_panics_total 1")
    haul = ask(cluster, tmp_path, Ask.DNS_METRICS)
    (part,) = parts_of(haul, Ask.DNS_METRICS)
    assert part.text == METRICS
    assert gap_of(haul, Ask.DNS_METRICS).kind is GapKind.PARTIAL


def test_a_metrics_port_that_refuses_is_told_of(tmp_path: Path) -> None:
    """The pod answers its other port, so the missing metrics are a fact of the pod."""
    cluster = one_pod()
    refused = NOT_REACHED.replace("8181", "9153") + "connect: connection refused"
    cluster.faults[":9153/"] = status(503, refused)
    haul = ask(cluster, tmp_path, Ask.DNS_METRICS, Ask.DNS_HEALTH)
    fact = evidence_of(haul).fetch(CoreDNSMetrics)
    assert isinstance(fact, CoreDNSMetrics)
    assert [one.port for one in fact.silent] == [9153]
    assert not fact.pods
    assert not fact.gaps


def test_what_came_survives_a_bundle(tmp_path: Path) -> None:
    """A recorded run, redacted, tells the same as the run itself."""
    cluster = healthy()
    cluster.faults["00001:8181/"] = Fault(how="raw", status=503, body="kubernetes")
    cluster.faults["00002:9153/"] = status(503, f"{NOT_REACHED}connect: connection refused")
    haul = ask(cluster, tmp_path, Ask.DNS_HEALTH, Ask.DNS_METRICS, Ask.KUBELET_CONFIGZ)
    path = tmp_path / "b.tar.gz"
    bundle.write(haul, path, redactor=Redactor())
    live, read = evidence_of(haul), evidence_of(bundle.read(path))
    for fact in (CoreDNSHealth, CoreDNSMetrics, KubeletConfigs):
        assert read.fetch(fact) == live.fetch(fact)


# ---------------------------------------------------------------- kubelets


def nodes_asked(cluster: Cluster, what: str = "configz") -> list[str]:
    """Return the nodes whose kubelet was asked for something, in order."""
    return [one.split("/")[4] for one in cluster.requests if f"/proxy/{what}" in one]


@pytest.mark.parametrize("size", [3, 40, 700])
def test_a_sample_of_kubelets_has_one_size(size: int, tmp_path: Path) -> None:
    """On a healthy cluster of any size three kubelets are asked, those of CoreDNS among them."""
    cluster = healthy(nodes=size)
    haul = ask(cluster, tmp_path, Ask.KUBELET_CONFIGZ, timeout_s=120, request_timeout_s=60)
    assert len(nodes_asked(cluster)) == SAMPLE
    assert {"n1", "n2"} <= set(nodes_asked(cluster))
    # of those that were asked one may be late where the machine is busy; that says more is missing
    told = [gap.because for gap in haul.gaps.get(Ask.KUBELET_CONFIGZ, ())]
    assert any(f"of {size} kubelets" in one for one in told) == (size > SAMPLE)


def test_kubelets_that_are_not_well_come_first(tmp_path: Path) -> None:
    """Nodes that are not Ready and one with a pod that waits are asked beside the sample."""
    cluster = healthy(nodes=30)
    for number in (17, 18, 19, 20, 21, 22, 23, 24):
        cluster.objects["nodes"][number - 1] = node(f"n{number}", ready=False)
    cluster.add("pods", pod("stuck", "default", node="n29", phase="Pending", state={}))
    ask(cluster, tmp_path, Ask.KUBELET_CONFIGZ)
    assert nodes_asked(cluster) == ["n17", "n18", "n19", "n20", "n21", "n22"]
    assert len(nodes_asked(cluster)) == MOST_NODES


def test_kubelets_stand_in_for_a_configmap_that_is_not_there(tmp_path: Path) -> None:
    """Without kubeadm's ConfigMap the kubelets tell, and where all were asked it is no gap."""
    cluster = healthy()
    cluster.objects["configmaps"] = [
        one for one in cluster.objects["configmaps"] if one["metadata"]["name"] != "kubelet-config"
    ]
    haul = ask(cluster, tmp_path, Ask.KUBELET_CONFIG, Ask.KUBELET_CONFIGZ)
    assert gap_of(haul, Ask.KUBELET_CONFIG).kind is GapKind.NOT_COLLECTED
    for fact in (KubeletConfigs, PodDNS):
        found = evidence_of(haul).fetch(fact)
        assert not isinstance(found, Gap)
        assert not found.gaps
    told = evidence_of(haul).fetch(PodDNS)
    assert isinstance(told, PodDNS)
    assert {one.servers for one in told.told} == {("10.32.0.10",)}
    assert {str(one.subject) for one in told.told} == {"node n1", "node n2", "node n3"}


def test_a_kubelet_that_differs_tells_for_itself(tmp_path: Path) -> None:
    """One node with another address is that node's; the others follow the ConfigMap."""
    cluster = healthy(nodes=5)
    config = {"kubeletconfig": {"clusterDNS": ["10.96.0.10"], "clusterDomain": "cluster.local"}}
    cluster.proxied["/api/v1/nodes/n2/proxy/configz"] = json.dumps(config)
    haul = ask(cluster, tmp_path, Ask.KUBELET_CONFIG, Ask.KUBELET_CONFIGZ)
    told = evidence_of(haul).fetch(PodDNS)
    assert isinstance(told, PodDNS)
    assert [(str(one.subject), one.servers) for one in told.told] == [
        ("cluster", ("10.32.0.10",)),
        ("node n2", ("10.96.0.10",)),
    ]
    assert [gap.kind for gap in told.gaps] == [GapKind.PARTIAL]  # two were not asked


def test_a_configmap_that_nobody_follows_tells_nothing(tmp_path: Path) -> None:
    """Where each kubelet has another configuration the ConfigMap is no evidence of any."""
    cluster = healthy(nodes=2)
    for name in ("n1", "n2"):
        config = {"kubeletconfig": {"clusterDNS": ["10.96.0.10"]}}
        cluster.proxied[f"/api/v1/nodes/{name}/proxy/configz"] = json.dumps(config)
    told = evidence_of(ask(cluster, tmp_path, Ask.KUBELET_CONFIG, Ask.KUBELET_CONFIGZ)).fetch(
        PodDNS
    )
    assert isinstance(told, PodDNS)
    assert {one.subject.kind for one in told.told} == {"Node"}


def test_a_sample_that_agrees_leaves_the_configmap_whole(tmp_path: Path) -> None:
    """Three of 300 kubelets agree with kubeadm's ConfigMap: it stands for all, as before."""
    haul = ask(healthy(nodes=300), tmp_path, Ask.KUBELET_CONFIG, Ask.KUBELET_CONFIGZ)
    told = evidence_of(haul).fetch(PodDNS)
    assert isinstance(told, PodDNS)
    assert [one.subject.kind for one in told.told] == ["Cluster"]
    assert not told.gaps


def test_a_kubelet_that_has_an_address_ends_an_old_event(tmp_path: Path) -> None:
    """The Event stays for an hour; the kubelet that runs with an address tells what holds now."""
    cluster = healthy()
    event = warning("e1", "MissingClusterDNS", "kubelet does not have ClusterDNS IP configured")
    event["involvedObject"] = {"kind": "Pod", "name": "shop", "namespace": "default"}
    event["source"] = {"component": "kubelet", "host": "n1"}
    cluster.add("events", event)
    asks = (Ask.KUBELET_CONFIG, Ask.EVENTS)
    before = evidence_of(ask(cluster, tmp_path, *asks)).fetch(MissingClusterDNS)
    after = evidence_of(ask(cluster, tmp_path, *asks, Ask.KUBELET_CONFIGZ)).fetch(MissingClusterDNS)
    assert isinstance(before, MissingClusterDNS)
    assert isinstance(after, MissingClusterDNS)
    assert (len(before.places), len(after.places)) == (1, 0)


@pytest.mark.parametrize(
    ("fault", "kind", "told"),
    [
        (status(403, 'nodes "n1" is forbidden'), GapKind.DENIED, "forbidden"),
        (
            status(
                503, "error trying to reach service: dial tcp 10.77.0.11:10250: connection refused"
            ),
            GapKind.UNREACHABLE,
            "did not reach it: dial tcp",
        ),
        (Fault(how="html", status=200), GapKind.MALFORMED, "a web page"),
        (Fault(how="raw", status=200, body='{"a": 1}'), GapKind.UNREACHABLE, "answered 200"),
        (Fault(how="hang"), GapKind.UNREACHABLE, "does not answer in time"),
    ],
)
def test_a_kubelet_that_does_not_tell_is_a_gap(
    fault: Fault, kind: GapKind, told: str, tmp_path: Path
) -> None:
    """A missing right is said once, a kubelet that is not reached with its reason."""
    cluster = healthy()
    cluster.faults["/proxy/configz"] = fault
    haul = ask(cluster, tmp_path, Ask.KUBELET_CONFIGZ, request_timeout_s=0.3)
    gaps = [gap for gap in haul.gaps[Ask.KUBELET_CONFIGZ] if gap.kind is kind]
    assert told in gaps[0].because
    assert len(gaps) == (1 if kind is GapKind.DENIED else 3)
    assert not parts_of(haul, Ask.KUBELET_CONFIGZ)


# ---------------------------------------------------------------- logs of kubelets


def unwell() -> Cluster:
    """Return a cluster of which the third node is not Ready."""
    cluster = healthy()
    cluster.objects["nodes"][2] = node("n3", ready=False)
    cluster.proxied["/api/v1/nodes/n3/proxy/logs/"] = "Nov 23 09:59:59 n3 kubelet[1]: E1123 x\n"
    cluster.proxied["/api/v1/nodes/n3/proxy/healthz"] = "ok"
    return cluster


def test_healthy_kubelets_are_not_asked_for_their_logs(tmp_path: Path) -> None:
    """No log of a kubelet is read where all nodes are Ready; that is a gap, not silence."""
    cluster = healthy()
    haul = ask(cluster, tmp_path, Ask.KUBELET_LOGS)
    assert not nodes_asked(cluster, "")
    assert gap_of(haul, Ask.KUBELET_LOGS).kind is GapKind.NOT_COLLECTED


def test_the_log_and_health_of_a_node_that_is_not_ready(tmp_path: Path) -> None:
    """Both are asked of that node alone, and the log is said to be one of some nodes."""
    cluster = unwell()
    haul = ask(cluster, tmp_path, Ask.KUBELET_LOGS)
    log, health = parts_of(haul, Ask.KUBELET_LOGS)
    assert (log.kind, log.subject, log.origin) == (
        Kind.LOG,
        Subject("Node", "n3"),
        "kubelet of n3.log",
    )
    assert health.text == "/healthz of port 10250 (kubelet): 200 ok\n"
    assert gap_of(haul, Ask.KUBELET_LOGS).kind is GapKind.PARTIAL
    said = evidence_of(haul).fetch(KubeletHealth)
    assert isinstance(said, KubeletHealth)
    assert said.of("n3")
    assert said.of("n1") is None


def test_the_log_of_a_node_whose_sandboxes_fail(tmp_path: Path) -> None:
    """A Ready node that makes no sandboxes is asked for its log, not for its health."""
    cluster = healthy()
    event = warning("e1", "FailedCreatePodSandBox")
    event["source"] = {"component": "kubelet", "host": "n2"}
    cluster.add("events", event)
    cluster.proxied["/api/v1/nodes/n2/proxy/logs/"] = "E1123 kubelet\n"
    haul = ask(cluster, tmp_path, Ask.KUBELET_LOGS)
    assert [part.subject.name for part in parts_of(haul, Ask.KUBELET_LOGS)] == ["n2"]
    assert not nodes_asked(cluster, "healthz")


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault(how="raw", status=200, body="\nlog not found for kubelet\n"), "does not log where"),
        (Fault(how="raw", status=200, body="-- No entries --\n"), "does not log where"),
        (Fault(how="raw", status=200, body=" \n"), "does not log where"),
        (
            Fault(how="raw", status=200, body="<!doctype html>\n<pre>\n<a href='pods/'>pods/</a>"),
            "query is off",
        ),
        (Fault(how="raw", status=405, body="logs endpoint is disabled.\n"), "query is off (405"),
        (status(404, "the server could not find the requested resource"), "query is off (404"),
        (status(403, "nodes is forbidden"), "forbidden"),
    ],
)
def test_what_is_no_log_is_a_gap(fault: Fault, told: str, tmp_path: Path) -> None:
    """None of what stands there instead is read as the kubelet's log."""
    cluster = unwell()
    cluster.faults["/proxy/logs/"] = fault
    haul = ask(cluster, tmp_path, Ask.KUBELET_LOGS)
    assert not [part for part in haul.parts if part.kind is Kind.LOG]
    assert any(told in gap.because for gap in haul.gaps[Ask.KUBELET_LOGS])
    assert all(gap.kind is not GapKind.PARTIAL for gap in haul.gaps[Ask.KUBELET_LOGS])


def test_a_kubelet_that_is_gone_is_told_from_a_node_that_is(tmp_path: Path) -> None:
    """A refused connection shows a node without kubelet; a wait in vain, a node cut off."""
    said = []
    for word in ("connect: connection refused", "i/o timeout"):
        cluster = unwell()
        message = f"error trying to reach service: dial tcp 10.77.0.13:10250: {word}"
        cluster.faults["/proxy/(logs|healthz)"] = status(503, message)
        fact = evidence_of(ask(cluster, tmp_path, Ask.KUBELET_LOGS)).fetch(KubeletHealth)
        assert isinstance(fact, KubeletHealth)
        endpoint = fact.of("n3")
        assert endpoint is not None
        said.append((endpoint.reached, endpoint.lost))
    assert said == [(True, False), (False, True)]
