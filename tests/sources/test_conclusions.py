"""What a run concludes of whole clusters: where pods end, where roles are gone, where all is well.

The objects come from an API server in a thread; what DNS answered is told by a rule, beside them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from diagnose.asks import Ask
from diagnose.cli import PROBLEM, UNKNOWN, exit_code
from diagnose.collect import diagnose, evidence_of
from diagnose.evidence import Evidence, merge
from diagnose.facts.lookups import Outcome
from diagnose.model import Diagnosis, Gap, GapKind, Severity, Status
from diagnose.parts import Haul, Kind, Part
from diagnose.registry import load
from diagnose.report import table, words
from diagnose.report.matrix import summary
from diagnose.report.seen_well import backends_of, matrix_of
from diagnose.signatures.base import Emitter
from diagnose.sources.live import unreachable
from tests.facts import asked
from tests.facts.asked import API, COREDNS_1, COREDNS_2, World
from tests.sources.apiserver import Cluster, Object, healthy, pod, thing, warning
from tests.sources.test_live import ask

CHECKS = load().checks
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
ASKED = frozenset({Ask.DNS_ANSWERS, Ask.CLIENT_ANSWERS})
OBJECTS = (
    Ask.DNS_PODS,
    Ask.SYSTEM_PODS,
    Ask.DNS_SERVICES,
    Ask.DNS_ENDPOINTS,
    Ask.DEPLOYMENTS,
    Ask.DAEMON_SETS,
    Ask.EVENTS,
    Ask.NODES,
    Ask.NETWORK_POLICIES,
    Ask.RBAC,
    Ask.DNS_LOGS,
)
READY = {"ready": True, "serving": True, "terminating": False}
ENDING = {"ready": False, "serving": True, "terminating": True}
RULES = [
    {"apiGroups": [""], "resources": ["services", "namespaces"], "verbs": ["list", "watch"]},
    {
        "apiGroups": ["discovery.k8s.io"],
        "resources": ["endpointslices"],
        "verbs": ["list", "watch"],
    },
]
ACCOUNT = {"kind": "ServiceAccount", "name": "coredns", "namespace": "kube-system"}
FORBIDDEN = (
    "2026-11-23T09:59:{second}Z [ERROR] plugin/kubernetes: Failed to watch: failed to list "
    '*v1.Service: services is forbidden: User "system:serviceaccount:kube-system:coredns" cannot '
    'list resource "services" in API group "" at the cluster scope\n'
)


def one_of(cluster: Cluster, resource: str, name: str) -> Object:
    """Return an object of a cluster."""
    (found,) = (o for o in cluster.objects[resource] if o["metadata"]["name"] == name)
    return found


def cluster_of(replicas: int = 2, **conditions: bool) -> Cluster:
    """Return a cluster of which everything that matters here is told; endpoints are ready."""
    cluster = healthy(2)
    one_of(cluster, "deployments", "coredns")["spec"] = {"replicas": replicas}
    one_of(cluster, "clusterroles", "system:coredns")["rules"] = RULES
    binding = one_of(cluster, "clusterrolebindings", "system:coredns")
    binding |= {"roleRef": {"name": "system:coredns"}, "subjects": [ACCOUNT]}
    one_of(cluster, "endpointslices", "kube-dns-x1")["endpoints"] = [
        {
            "addresses": [f"10.200.{number}.5"],
            "conditions": conditions or READY,
            "targetRef": {"kind": "Pod", "name": f"coredns-5d78c-{number + 1:05}"},
        }
        for number in range(2)
    ]
    return cluster


def scaled_to_zero() -> Cluster:
    """Return a cluster whose CoreDNS is to be gone and ends at leisure."""
    cluster = cluster_of(0, **ENDING)
    for one in cluster.objects["pods"]:
        if one["metadata"]["name"].startswith("coredns"):
            one["metadata"]["deletionTimestamp"] = "2026-11-23T10:00:30Z"
    return cluster


def conclusion(cluster: Cluster, folder: Path, world: World | None = None) -> Diagnosis:
    """Return what is said of a cluster, and of what DNS answered in it."""
    parts = [evidence_of(ask(cluster, folder, *OBJECTS))]
    if world is not None:
        parts.append(Evidence(items=world.items(), looked=ASKED))
    return diagnose(CHECKS, merge(parts), NOW)


def first(diagnosis: Diagnosis) -> str:
    """Return the id of the first cause."""
    return diagnosis.causes[0].verdict.check


def messages(diagnosis: Diagnosis, check: str) -> list[str]:
    """Return what a check found."""
    (verdict,) = (one for one in diagnosis.verdicts if one.check == check)
    return [one.message for one in verdict.findings]


# ---------------------------------------------------------------- pods that end


def test_pods_that_end_hide_no_deployment_of_none(tmp_path: Path) -> None:
    """A Deployment that wants no pod is the cause, also while its last ones are still ready."""
    found = conclusion(scaled_to_zero(), tmp_path)
    assert first(found) == "coredns-scaled-to-zero"
    assert found.causes[0].proven
    assert "no-ready-endpoints" in {one.check for one in found.causes[0].explained}
    (said,) = messages(found, "no-ready-endpoints")
    assert "those that end answer until they are gone" in said


def test_pods_that_live_speak_against_it(tmp_path: Path) -> None:
    """Pods that are not ending are somebody's, whatever this Deployment wants."""
    found = conclusion(cluster_of(0), tmp_path)
    assert messages(found, "coredns-scaled-to-zero") == []


def test_answers_of_pods_that_end_are_not_called_well(tmp_path: Path) -> None:
    """The Service still leads to them, and whoever reads the line is told for how long."""
    found = conclusion(scaled_to_zero(), tmp_path, World())
    matrix = matrix_of(found)
    assert matrix is not None
    assert "nobody is answered once they are gone" in summary(matrix, backends_of(found))


def test_answers_past_a_service_without_endpoints_are_not_called_well(tmp_path: Path) -> None:
    """Whom a dead selector leaves alone was not asked; that CoreDNS answers is another thing."""
    cluster = cluster_of()
    one_of(cluster, "endpointslices", "kube-dns-x1")["endpoints"] = []
    found = conclusion(cluster, tmp_path, World(places=(API,), servers=(COREDNS_1, COREDNS_2)))
    text = " ".join(table.render(found).split())
    assert "The Service was not asked, as it has no endpoint" in text
    assert "all answered as they must be" not in text


def test_answers_past_the_service_say_nothing_of_clients(tmp_path: Path) -> None:
    """Where its endpoints are ready, that the Service was not asked is said as well."""
    world = World(places=(API,), servers=(COREDNS_1, COREDNS_2))
    found = conclusion(cluster_of(), tmp_path, world)
    matrix = matrix_of(found)
    assert matrix is not None
    assert "that its clients are answered is not shown" in summary(matrix, backends_of(found))
    assert exit_code(found) == UNKNOWN


# ---------------------------------------------------------------- roles


def refused(cluster: Cluster) -> Cluster:
    """Return the cluster, its CoreDNS forbidden to list Services."""
    text = "".join(FORBIDDEN.format(second=second) for second in (10, 20, 30))
    for name in ("coredns-5d78c-00001", "coredns-5d78c-00002"):
        cluster.logs[f"kube-system/{name}", False] = text
    return cluster


@pytest.mark.parametrize(
    ("gone", "said", "command"),
    [
        (
            "clusterrolebindings",
            "ClusterRoleBinding system:coredns does not exist",
            "kubectl create clusterrolebinding system:coredns --clusterrole=system:coredns "
            "--serviceaccount=kube-system:coredns",
        ),
        (
            "clusterroles",
            "ClusterRole system:coredns does not exist",
            "kubectl create clusterrole system:coredns --verb=list,watch --resource=endpoints,",
        ),
        (
            "rules",
            "ClusterRole system:coredns has no rule for services and namespaces",
            "kubectl patch clusterrole system:coredns --type=json -p "
            """'[{"op":"add","path":"/rules/-","value":{"apiGroups":[""],"resources":"""
            '["services","namespaces"],"verbs":["list","watch"]}}]',
        ),
        (
            "subjects",
            "ClusterRoleBinding system:coredns does not name the account",
            "kubectl set subject clusterrolebinding system:coredns "
            "--serviceaccount=kube-system:coredns",
        ),
    ],
)
def test_what_is_gone_of_a_role_is_named_and_given_back(
    gone: str, said: str, command: str, tmp_path: Path
) -> None:
    """The remedy creates what does not exist, and patches nothing that is whole."""
    cluster = refused(cluster_of())
    if gone == "rules":
        one_of(cluster, "clusterroles", "system:coredns")["rules"] = RULES[1:]
    elif gone == "subjects":
        one_of(cluster, "clusterrolebindings", "system:coredns")["subjects"] = []
    else:
        cluster.objects[gone] = []
    found = conclusion(cluster, tmp_path)
    assert first(found) == "rbac-core-resources-forbidden"
    assert found.causes[0].proven
    (finding, *_) = found.causes[0].verdict.findings
    assert said in finding.message
    commands = [line for step in finding.steps for line in step.commands]
    (given,) = (line for line in commands if not line.startswith("kubectl auth"))
    assert given.startswith(command)
    if gone in cluster.objects:
        assert any('\\"system:coredns\\" not found' in one.text for one in finding.quotes)


def test_where_role_and_binding_are_whole_the_account_is_looked_at(tmp_path: Path) -> None:
    """Nothing is said to be missing; the remedy asks whom the binding means."""
    found = conclusion(refused(cluster_of()), tmp_path)
    (finding, *_) = found.causes[0].verdict.findings
    assert "does not exist" not in finding.message
    assert "serviceAccountName" in finding.steps[0].commands[0]


# ---------------------------------------------------------------- policies


def closed(cluster: Cluster) -> Cluster:
    """Return the cluster, with a policy that closes CoreDNS's namespace."""
    spec = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    cluster.add("networkpolicies", thing("NetworkPolicy", "closed", "kube-system", spec=spec))
    return cluster


def test_a_policy_that_answers_refute_is_a_note(tmp_path: Path) -> None:
    """Pods that it would cut off are answered: it has no effect, whatever the cluster runs."""
    cluster = closed(cluster_of())
    one_of(cluster, "daemonsets", "kube-flannel")["metadata"]["name"] = "calico-node"
    found = conclusion(cluster, tmp_path, World())
    (cause,) = (c for c in found.causes if c.verdict.check == "networkpolicy-blocks-coredns")
    assert cause.severity is Severity.INFO
    assert not cause.proven
    assert "is answered: the policy has no effect" in cause.verdict.findings[0].message


def test_a_policy_that_nobody_enforces_proves_nothing(tmp_path: Path) -> None:
    """Flannel alone leaves it without effect, so that it is a possibility, and a lesser one."""
    found = conclusion(closed(cluster_of()), tmp_path)
    (cause,) = (c for c in found.causes if c.verdict.check == "networkpolicy-blocks-coredns")
    assert not cause.proven
    assert cause.severity is Severity.WARNING
    assert "flannel enforces no policy" in cause.verdict.findings[0].message


@pytest.mark.parametrize("agent", ["calico-node", "cilium", "kube-router"])
def test_a_policy_that_is_enforced_is_proven(agent: str, tmp_path: Path) -> None:
    """With an add-on that enforces policies beside flannel, objects are proof enough."""
    cluster = closed(cluster_of())
    labels = {"k8s-app": agent}
    cluster.add("daemonsets", thing("DaemonSet", agent, "kube-system", labels))
    found = conclusion(cluster, tmp_path)
    assert first(found) == "networkpolicy-blocks-coredns"
    assert found.causes[0].proven


def test_silence_is_no_word_against_a_policy(tmp_path: Path) -> None:
    """A pod that asks in vain beside others that are answered leaves it as it was."""
    cluster = closed(cluster_of())
    cluster.add("daemonsets", thing("DaemonSet", "cilium", "kube-system", {"k8s-app": "cilium"}))
    lost = World(rule=lambda one: Outcome.TIMEOUT if one.place == asked.WEB_1 else None)
    found = conclusion(cluster, tmp_path, lost)
    assert "no effect" not in messages(found, "networkpolicy-blocks-coredns")[0]


# ---------------------------------------------------------------- all is well


def test_a_well_cluster_ends_with_0_by_what_a_run_can_ask(tmp_path: Path) -> None:
    """What only people can show is not missed where pods asked, and each was answered."""
    found = conclusion(cluster_of(), tmp_path, World())
    by_hand = [one for one in found.verdicts if "what a client saw would show it" in one.note]
    assert {one.status for one in by_hand} == {Status.NOT_APPLICABLE}
    assert "conntrack-race" in {one.check for one in by_hand}
    assert any(gap.what == "what a client saw" for gap in found.unheard)
    _, text = words.nothing_found(found)
    assert text.startswith("DNS answered all 50 questions from 5 places, and its Service has 2")


@pytest.mark.parametrize(
    "world",
    [
        None,
        World(places=(API,)),
        World(rule=lambda one: Outcome.TIMEOUT if one.place == asked.WEB_2 else None),
    ],
    ids=["nobody asked", "past the network alone", "one in vain"],
)
def test_without_answers_to_pods_it_is_missed(world: World | None, tmp_path: Path) -> None:
    """Nobody asked, or somebody in vain: then what a client saw would tell more."""
    found = conclusion(cluster_of(), tmp_path, world)
    (verdict,) = (one for one in found.verdicts if one.check == "client-musl-resolver")
    assert verdict.status is Status.UNKNOWN


def test_a_refusal_stays_a_gap(tmp_path: Path) -> None:
    """What is left out on purpose is put aside, what somebody forbids is not."""
    denied = Gap("the files of the pod network on a node", GapKind.DENIED, "forbidden", "ask")
    parts = [
        evidence_of(ask(cluster_of(), tmp_path, *OBJECTS)),
        Evidence(
            items=World().items(),
            looked=ASKED | {Ask.NODE_FILES},
            gaps={Ask.NODE_FILES: (denied,)},
        ),
    ]
    found = diagnose(CHECKS, merge(parts), NOW)
    (verdict,) = (one for one in found.verdicts if one.check == "cni-leftover-configuration")
    assert verdict.status is Status.UNKNOWN


def test_one_piece_of_evidence_is_asked_for_once(tmp_path: Path) -> None:
    """That it is missing to one check, and there in pieces for another, is one gap to close."""
    found = conclusion(cluster_of(), tmp_path)
    wanted = [one for one in words.blocked(found) if one.what == "what a client saw"]
    assert len(wanted) == 1
    assert len(wanted[0].because) == 2


def test_events_of_pods_that_are_gone_are_over(tmp_path: Path) -> None:
    """Only a pod that still waits is in trouble; one that was replaced or runs is not."""
    cluster = cluster_of()
    waits = pod("shop-9", "default", {"app": "shop"}, node="")
    waits["status"] = {"phase": "Pending"}
    cluster.add("pods", waits)
    for space, name in (
        ("kube-system", "coredns-5d78c-gone0"),
        ("kube-system", "coredns-5d78c-00001"),
        ("default", "shop-9"),
    ):
        told = warning(f"{name}.1", "FailedScheduling", "0/2 nodes are available", space)
        told["involvedObject"] = {"kind": "Pod", "name": name, "namespace": space}
        cluster.add("events", told)
    _, text = words.nothing_found(conclusion(cluster, tmp_path, World()))
    assert "Other trouble that it shows: default/shop-9 (FailedScheduling)." in text


# ---------------------------------------------------------------- no API server


def unreached(because: str) -> Diagnosis:
    """Return what is said of a cluster whose API server does not answer."""
    haul = unreachable("https://192.0.2.7:6443", because, frozenset(OBJECTS), "cluster", NOW)
    return diagnose(CHECKS, evidence_of(haul), NOW)


@pytest.mark.parametrize(
    "because",
    [
        "cannot be reached: [Errno 111] Connection refused",
        "cannot be reached: Failed to resolve 'a.invalid' ([Errno -2] Name or service not known)",
        "cannot be reached: [Errno 113] No route to host",
        "no answer in time: timed out",
    ],
)
def test_an_api_server_that_cannot_be_reached_is_unknown(because: str) -> None:
    """Whichever way it is not reached, nothing of the cluster was looked at: exit code 3."""
    found = unreached(because)
    assert exit_code(found) == UNKNOWN
    text = table.render(found)
    assert "Nothing of the cluster could be looked at." in text
    assert because.rpartition(": ")[2].split()[-1] in text


def test_next_is_something_that_works_without_the_api_server() -> None:
    """Kubectl reaches nothing either: the address, the server's own port and its node are left."""
    found = unreached("cannot be reached: [Errno 111] Connection refused")
    (look,) = words.next_looks(found.causes, away=found.unreached)
    assert "curl -k --max-time 5 https://192.0.2.7:6443/livez" in look.ask
    assert "crictl ps -a" in look.ask
    assert "kubectl -n" not in look.ask
    _, _, after = table.render(found).partition("NEXT")
    assert "kubectl -n kube-system logs" not in after.partition("UNKNOWN")[0]


def test_what_an_api_server_proves_without_an_answer_counts() -> None:
    """A fault that is proven is one, also where nothing else could be looked at."""
    found = unreached("cannot be reached: [Errno 111] Connection refused")
    proven = tuple(replace(one, proven=True) for one in found.causes)
    assert exit_code(replace(found, causes=proven)) == PROBLEM


def test_pasted_words_of_kubectl_count_as_ever() -> None:
    """What somebody shows is evidence of the cluster, and no failure to look."""
    text = "The connection to the server 192.0.2.7:6443 was refused - did you specify the right "
    part = Part(Kind.LOG, "paste", f"{text}host?\n", emitter=Emitter.API_CLIENT, taken_at=NOW)
    found = diagnose(CHECKS, evidence_of(Haul(parts=(part,), taken_at=NOW)), NOW)
    assert exit_code(found) == PROBLEM
