"""Probe pods: what is created, what becomes of it, and that nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from diagnose.asks import Ask
from diagnose.facts.dns_answers import PlaceKind, ServerRole
from diagnose.facts.lookups import Outcome
from diagnose.model import GapKind
from diagnose.parsers import parser_of
from diagnose.parts import Haul, Kind
from diagnose.pool import Pool
from diagnose.sources.commands import ASK_SCRIPT
from diagnose.sources.plans.probes import SPARE_S, is_left, rank_of
from diagnose.sources.probe import NAMESPACE, PREFIX, REMOVAL_S, Probe, manifest, state_of
from tests.sources import writes
from tests.sources.apiserver import Cluster, Fault, healthy, kubeconfig, pod, serving, status
from tests.sources.test_live import ask

HERE = Path(__file__).parent.parent.parent
BUSYBOX = "docker.io/library/busybox:1.36"
OWN = {"app.kubernetes.io/managed-by": "corediag", "app.kubernetes.io/instance": "0ld"}


def with_shells(cluster: Cluster, *images: str) -> Cluster:
    """Give each node of a cluster some images, and return the cluster."""
    names = images or (BUSYBOX, "registry.k8s.io/pause:3.10")
    for one in cluster.objects["nodes"]:
        one["status"]["images"] = [
            {"names": [f"{name.partition(':')[0]}@sha256:{'0' * 64}", name], "sizeBytes": 1000}
            for name in names
        ]
    return cluster


def probed(cluster: Cluster, folder: Path, **options: Any) -> tuple[Haul, list[str]]:
    """Return what a run with --probe brings for its ask alone, and what it told the user."""
    told: list[str] = []
    options = {"rung": 4, "on_write": told.append, "pool": Pool(8, 30.0), **options}
    return ask(cluster, folder, Ask.PROBE_ANSWERS, **options), told


def left(cluster: Cluster) -> list[str]:
    """Return the names of the probe pods that are in a cluster."""
    names = [one["metadata"]["name"] for one in cluster.objects["pods"]]
    return [name for name in names if name.startswith(PREFIX)]


def created(cluster: Cluster) -> list[dict[str, Any]]:
    """Return the pods that were sent to be created."""
    return [body for method, path, body in cluster.writes.sent if is_creation(method, path)]


def is_creation(method: str, path: str) -> bool:
    """Whether a write creates a pod."""
    return method == "POST" and path.endswith("/pods")


def becauses(haul: Haul) -> str:
    """Return why the ask has gaps."""
    return "\n".join(f"{one.what}: {one.because}" for one in haul.gaps.get(Ask.PROBE_ANSWERS, ()))


# ---------------------------------------------------------------- what is created


def test_a_pod_per_chosen_node_is_created_and_removed(tmp_path: Path) -> None:
    """Those with CoreDNS, and some others: each on its node, none afterwards."""
    cluster = with_shells(healthy(nodes=9, coredns=2))
    haul, told = probed(cluster, tmp_path)
    nodes = {one["metadata"]["name"]: one["spec"]["nodeName"] for one in created(cluster)}
    assert {"n1", "n2"} < set(nodes.values())
    assert len(set(nodes.values())) == len(nodes) <= 4
    assert left(cluster) == []
    assert Ask.PROBE_ANSWERS in haul.looked
    assert f"of 9 nodes {len(nodes)} were chosen" in becauses(haul)
    assert f"creates {len(nodes)} pods in namespace default" in told[0]
    for name, node in nodes.items():
        assert f"{name} on {node}: {BUSYBOX}, which it has" in told[0]


def test_it_is_said_before_it_is_done(tmp_path: Path) -> None:
    """What is created is told when nothing has been sent yet."""
    cluster = with_shells(healthy())
    before: list[int] = []
    probed(cluster, tmp_path, on_write=lambda _: before.append(len(created(cluster))))
    assert before == [0]


def test_pods_do_not_grow_with_the_cluster(tmp_path: Path) -> None:
    """300 nodes get as many pods as 5, and cost as many requests."""
    small, large = with_shells(healthy(5)), with_shells(healthy(300))
    probed(small, tmp_path)
    haul, _ = probed(large, tmp_path)
    assert len(created(large)) == len(created(small)) <= 4
    assert len(large.requests) == len(small.requests)
    assert f"of 300 nodes {len(created(large))} were chosen" in becauses(haul)


def test_the_pod_satisfies_the_restricted_standard() -> None:
    """Pod Security "restricted", field by field; no account, no secrets, no volumes.

    Source: kubernetes/website, content/en/docs/concepts/security/pod-security-standards.md.
    """
    spec = manifest(Probe("n", "i", "node", BUSYBOX, True, ("sh",), 90))["spec"]
    (container,) = spec["containers"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC", "volumes"} & spec.keys()
    assert spec["activeDeadlineSeconds"] == 90
    assert spec["restartPolicy"] == "Never"
    assert set(container["resources"]) == {"requests", "limits"}


def expanded(word: str) -> str:
    """Return what the kubelet makes of a word of a command: $$ is $, and $(NAME) stays as it is.

    Source: kubernetes/kubernetes v1.35, third_party/forked/golang/expansion/expand.go.
    """
    return word.replace("$$", "$")


def test_the_kubelet_gets_the_script_as_it_is_meant(tmp_path: Path) -> None:
    """Every dollar of it survives what Kubernetes does to commands."""
    cluster = with_shells(healthy())
    probed(cluster, tmp_path)
    (container,) = created(cluster)[0]["spec"]["containers"]
    assert all("$" not in one.replace("$$", "") for one in container["command"])
    command = [expanded(one) for one in container["command"]]
    assert ASK_SCRIPT in command
    assert subprocess.run(["sh", "-n", "-c", ASK_SCRIPT], check=False).returncode == 0


def test_a_pod_ends_by_itself_soon_after_the_run(tmp_path: Path) -> None:
    """Where nobody removes it, the kubelet ends it."""
    cluster = with_shells(healthy())
    probed(cluster, tmp_path, timeout_s=20.0)
    assert {one["spec"]["activeDeadlineSeconds"] for one in created(cluster)} == {20 + SPARE_S}


@pytest.mark.parametrize(
    "name",
    [
        BUSYBOX,
        "rancher/mirrored-library-busybox:1.36.1",
        "alpine:3.20",
        "registry.k8s.io/e2e-test-images/jessie-dnsutils:1.7",
        "registry.k8s.io/e2e-test-images/agnhost:2.47",
        "localhost:5000/nicolaka/netshoot:v0.13",
        "ghcr.io/flannel-io/flannel:v0.26.7",
        "ghcr.io/flannel-io/flannel-cni-plugin:v1.6.2-flannel1",
        "library/redis:7-alpine",
    ],
)
def test_images_with_a_shell(name: str) -> None:
    """These hold BusyBox or more."""
    assert rank_of(name) is not None


@pytest.mark.parametrize(
    "name",
    [
        "registry.k8s.io/coredns/coredns:v1.12.4",
        "registry.k8s.io/pause:3.10",
        "registry.k8s.io/kube-proxy:v1.35.4",
        "gcr.io/distroless/static:nonroot",
        "example.com/alpine/tool:1.0",
        "example.com/notalpine:1",
        "example.com/busybox-static:1",
        "mcr.microsoft.com/windows/nanoserver:alpine",
        "",
    ],
)
def test_images_that_may_lack_one(name: str) -> None:
    """A word in a folder of the name says nothing, and what has no shell is not taken."""
    assert rank_of(name) is None


def test_the_smallest_well_known_image_is_taken_and_never_pulled(tmp_path: Path) -> None:
    """BusyBox before flannel; pulling is what fails when DNS does."""
    cluster = with_shells(healthy(), "flannel/flannel:v0.26.7", BUSYBOX, "redis:7-alpine")
    probed(cluster, tmp_path)
    (container,) = created(cluster)[0]["spec"]["containers"]
    assert (container["image"], container["imagePullPolicy"]) == (BUSYBOX, "Never")


def test_a_named_image_may_be_pulled(tmp_path: Path) -> None:
    """--probe-image stands in for what the nodes lack."""
    cluster = healthy()
    _, told = probed(cluster, tmp_path, probe_image="example.com/tools:1")
    (container,) = created(cluster)[0]["spec"]["containers"]
    assert (container["image"], container["imagePullPolicy"]) == (
        "example.com/tools:1",
        "IfNotPresent",
    )
    assert "pulled unless it is there" in told[0]


def test_without_an_image_nothing_is_created(tmp_path: Path) -> None:
    """The gap names the option that helps."""
    cluster = with_shells(healthy(), "registry.k8s.io/pause:3.10", "coredns/coredns:1.12.4")
    haul, told = probed(cluster, tmp_path)
    assert created(cluster) == []
    assert told == []
    gaps = haul.gaps[Ask.PROBE_ANSWERS]
    assert all("no image with a shell" in one.because for one in gaps)
    assert all("--probe-image" in one.ask for one in gaps)


@pytest.mark.parametrize(
    "images", [None, "busybox", [None, 3, {"names": None}, {"names": [3, None, "x" * 9999]}]]
)
def test_nodes_may_tell_any_nonsense_of_images(images: object, tmp_path: Path) -> None:
    """It is a gap, and no error."""
    cluster = healthy()
    for one in cluster.objects["nodes"]:
        one["status"]["images"] = images
    haul, _ = probed(cluster, tmp_path)
    assert created(cluster) == []
    assert "no image with a shell" in becauses(haul)


def test_nothing_is_created_without_the_flag(tmp_path: Path) -> None:
    """A run that goes as far as it may on its own writes nothing, not even a review."""
    cluster = with_shells(healthy())
    haul = ask(cluster, tmp_path)
    assert cluster.writes.sent == []
    assert "corediag run --probe" in haul.gaps[Ask.PROBE_ANSWERS][0].ask


# ---------------------------------------------------------------- what may not be done


def test_who_may_not_create_pods_is_told_and_nothing_is_sent(tmp_path: Path) -> None:
    """The missing rule is named, with the command that prints it."""
    cluster = with_shells(healthy())
    cluster.writes.rules = [{"verbs": ["get", "list"], "apiGroups": [""], "resources": ["*"]}]
    haul, told = probed(cluster, tmp_path)
    (gap,) = haul.gaps[Ask.PROBE_ANSWERS]
    assert gap.kind is GapKind.DENIED
    assert "create, delete pods" in gap.because
    assert "corediag rbac --rung 4 --missing" in gap.ask
    assert created(cluster) == []
    assert told == []


def test_who_may_create_but_not_delete_creates_nothing(tmp_path: Path) -> None:
    """A pod that could not be removed is none to begin with."""
    cluster = with_shells(healthy())
    rule = {"verbs": ["create", "get", "list"], "apiGroups": ["*"], "resources": ["*"]}
    cluster.writes.rules = [rule]
    haul, _ = probed(cluster, tmp_path)
    assert "you may not delete pods in namespace default" in becauses(haul)
    assert created(cluster) == []


def test_an_incomplete_review_is_completed_right_by_right(tmp_path: Path) -> None:
    """An authorizer outside of the cluster lists no rules, but answers for each."""
    cluster = with_shells(healthy())
    cluster.writes.rules, cluster.writes.incomplete = [], True
    cluster.writes.allowed = lambda asked: asked["namespace"] == NAMESPACE
    probed(cluster, tmp_path)
    assert len(created(cluster)) == 3


def test_an_admission_that_refuses_is_quoted(tmp_path: Path) -> None:
    """A quota says no: its words reach the report, and nothing is there to be removed."""
    cluster = with_shells(healthy())
    cluster.faults["POST .*/pods$"] = Fault(status=403, body="exceeded quota: compute")
    haul, _ = probed(cluster, tmp_path)
    assert "exceeded quota: compute" in becauses(haul)
    assert not [one for one in cluster.writes.sent if one[0] == "DELETE"]


# ---------------------------------------------------------------- what it says


def silent(made: dict[str, Any]) -> str:
    """Log what the script does where no server answers, and end well."""
    (container,) = made["spec"]["containers"]
    count = len(container["command"]) - container["command"].index("corediag") - 2
    lines = ["= nameserver 10.32.0.10", "= options ndots:5"]
    lines += [f". {number} 2000 nc" for number in range(count)]
    return writes.ends("\n".join([*lines, f"# {count}", ""]))(made)


def test_what_it_was_answered_is_evidence_of_its_own_place(tmp_path: Path) -> None:
    """The log becomes the same parts that a command in a pod brings, from a probe pod."""
    cluster = with_shells(healthy())
    cluster.writes.fate = silent
    haul, _ = probed(cluster, tmp_path)
    assert becauses(haul) == ""
    parts = [one for one in haul.parts if one.kind is Kind.DNS_ANSWERS]
    asked = [item for part in parts for item in parser_of(part.kind)(part).items]
    assert {one.ask for one in parts} == {Ask.PROBE_ANSWERS}
    assert {one.place.kind for one in asked} == {PlaceKind.PROBE}
    assert {one.place.node for one in asked} == {"n1", "n2", "n3"}
    assert {one.place.address for one in asked} == {"10.200.0.77"}
    assert {one.outcome for one in asked} == {Outcome.TIMEOUT}
    assert {one.server.role for one in asked} >= {ServerRole.SERVICE}
    assert {"udp", "tcp"} <= {one.transport for one in asked}
    resolvers = [one for one in haul.parts if one.kind is Kind.RESOLV_CONF]
    assert resolvers[0].text == "nameserver 10.32.0.10\noptions ndots:5\n"


@pytest.mark.parametrize("log", ["", "\x00\xff: 0 zz\n# 9\n", ". 0 2000 nc\n" * 5000, "sh: x"])
def test_a_log_that_is_not_whole_is_a_gap(log: str, tmp_path: Path) -> None:
    """Whatever an image's shell says instead, nothing is concluded from silence."""
    cluster = with_shells(healthy(nodes=1, coredns=1))
    cluster.writes.fate = writes.ends(log)
    haul, _ = probed(cluster, tmp_path)
    assert "its log ends in its middle" in becauses(haul)


def test_an_image_without_a_shell_is_told(tmp_path: Path) -> None:
    """The container could not be started: its reason is quoted."""
    cluster = with_shells(healthy(nodes=1, coredns=1))

    def fate(made: dict[str, Any]) -> str:
        ended = {"exitCode": 128, "reason": "StartError", "message": 'exec: "sh": not found'}
        writes.state(made, "Failed", {"terminated": ended})
        return ""

    cluster.writes.fate = fate
    haul, _ = probed(cluster, tmp_path, probe_image="example.com/bare:1")
    assert 'StartError: exec: "sh": not found' in becauses(haul)


# ---------------------------------------------------------------- what becomes of it


def test_an_image_that_is_gone_is_told_at_once(tmp_path: Path) -> None:
    """A reason that does not pass is not waited for."""
    cluster = with_shells(healthy())
    cluster.writes.fate = writes.waits("ErrImageNeverPull", "not present with pull policy Never")
    started = time.monotonic()
    haul, _ = probed(cluster, tmp_path)
    assert time.monotonic() - started < 3
    assert "ErrImageNeverPull: not present" in becauses(haul)
    assert left(cluster) == []


def test_a_sandbox_that_fails_leaves_its_events_as_evidence(tmp_path: Path) -> None:
    """That a pod does not start is what one wanted to know: its events are read like any."""
    cluster = with_shells(healthy(nodes=1, coredns=1))

    def fate(made: dict[str, Any]) -> str:
        cluster.add(
            "events",
            {
                "metadata": {"name": "e", "namespace": NAMESPACE},
                "involvedObject": {"name": made["metadata"]["name"]},
                "type": "Warning",
                "reason": "FailedCreatePodSandBox",
                "message": "no IP addresses available in range set",
            },
        )
        return writes.waits("ContainerCreating")(made)

    cluster.writes.fate = fate
    haul, _ = probed(cluster, tmp_path, timeout_s=3.0)
    assert "did not start" in becauses(haul)
    (part,) = [one for one in haul.parts if "probe pod" in one.origin]
    assert "no IP addresses available" in part.text
    assert left(cluster) == []


def test_a_pod_that_does_not_end_is_removed_in_time(tmp_path: Path) -> None:
    """The run's deadline holds, and its log is read as far as it came."""
    cluster = with_shells(healthy(nodes=1, coredns=1))
    cluster.writes.fate = writes.runs("half of it\n")
    started = time.monotonic()
    haul, _ = probed(cluster, tmp_path, timeout_s=4.0)
    assert time.monotonic() - started < 6
    assert "it was not done in time" in becauses(haul)
    assert left(cluster) == []


def test_a_pod_that_somebody_removes_is_told(tmp_path: Path) -> None:
    """It vanishes while it is watched."""
    cluster = with_shells(healthy(nodes=1, coredns=1))
    cluster.faults[rf"^/api/v1/namespaces/default/pods/{PREFIX}"] = Fault(status=404, body="gone")
    haul, _ = probed(cluster, tmp_path)
    assert "somebody removed it" in becauses(haul)


def test_what_cannot_be_removed_is_said(tmp_path: Path) -> None:
    """The user learns the pod's name, and the command, within the time for a removal."""
    cluster = with_shells(healthy(nodes=1, coredns=1))
    cluster.faults["^DELETE "] = Fault(status=500, body="etcdserver: no leader")
    _, told = probed(cluster, tmp_path)
    (name,) = left(cluster)
    assert f"could not remove {name}" in told[-1]
    assert f"kubectl -n default delete pods {name}" in told[-1]


def test_a_creation_of_unknown_end_is_followed_up(tmp_path: Path) -> None:
    """The server hangs up on the POST and creates the pod all the same: it is deleted."""
    cluster = with_shells(healthy(nodes=1, coredns=1))
    real = cluster.fault_for

    def fault_for(target: str) -> Fault | None:
        if target.startswith("POST") and target.endswith("/pods") and not left(cluster):
            name = cluster.writes.sent[-1][2]["metadata"]["name"]
            cluster.add("pods", pod(name, NAMESPACE, OWN))
            return Fault(how="reset")
        return real(target)

    cluster.fault_for = fault_for  # type: ignore[method-assign]
    haul, _ = probed(cluster, tmp_path)
    assert left(cluster) == []
    assert "the connection was closed" in becauses(haul)


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"status": None},
        {"status": {"containerStatuses": "x", "podIP": 3}},
        {"status": {"containerStatuses": [None, {"name": "probe", "state": {"terminated": 1}}]}},
        {"status": {"phase": "Failed", "reason": "OutOfpods", "message": "\x1b[2J" * 999}},
    ],
)
def test_a_status_may_have_any_shape(value: Mapping[str, Any]) -> None:
    """Nothing is raised, and control characters are shown."""
    assert "\x1b" not in state_of(value).because


# ---------------------------------------------------------------- what earlier runs left


def leftover(name: str, **change: Any) -> dict[str, Any]:
    """Return a probe pod of an earlier run that ended at 09:00; the server's time is 10:00."""
    one = pod(f"{PREFIX}{name}", NAMESPACE, OWN, container="probe")
    one["metadata"] |= {"uid": f"uid-{name}", "creationTimestamp": "2026-11-23T08:59:00Z"}
    one["spec"]["activeDeadlineSeconds"] = 90
    writes.state(one, "Succeeded", {"terminated": {"finishedAt": "2026-11-23T09:00:00Z"}})
    for key, value in change.items():
        one[key] = {**one[key], **value}
    return one


FRESH = {"creationTimestamp": "2026-11-23T09:59:30Z"}
RUNS = {"phase": "Running", "containerStatuses": []}
JUST_ENDED = {
    "containerStatuses": [
        {"name": "probe", "state": {"terminated": {"finishedAt": "2026-11-23T09:59:50Z"}}}
    ]
}


def test_what_earlier_runs_left_is_removed_first(tmp_path: Path) -> None:
    """One that ended, and one that outlived its deadline, each by its uid."""
    cluster = with_shells(healthy())
    lost = leftover("lost", status=RUNS)
    cluster.add("pods", leftover("done"), lost)
    _, told = probed(cluster, tmp_path)
    assert left(cluster) == []
    assert "removes 2 probe pods that earlier runs left" in told[0]
    preconditions = {
        body["preconditions"]["uid"]
        for method, _, body in cluster.writes.sent
        if method == "DELETE" and "preconditions" in body
    }
    assert preconditions == {"uid-done", "uid-lost"}


@pytest.mark.parametrize(
    "change",
    [
        {"metadata": FRESH, "status": RUNS},
        {"metadata": FRESH, "status": JUST_ENDED},
        {"metadata": {"labels": {"app.kubernetes.io/managed-by": "Helm"}}},
        {"metadata": {"name": "my-pod"}},
        {"metadata": {"creationTimestamp": "yesterday"}},
        {"metadata": {"creationTimestamp": None}},
        {"spec": {"activeDeadlineSeconds": 7200}, "status": RUNS},
    ],
    ids=["runs", "just-ended", "another-owner", "another-name", "no-time", "null", "long-run"],
)
def test_what_is_not_left_is_not_touched(change: Mapping[str, Any], tmp_path: Path) -> None:
    """A colleague's run that is under way, and whatever is not ours."""
    cluster = with_shells(healthy())
    theirs = leftover("theirs", **change)
    cluster.add("pods", theirs)
    probed(cluster, tmp_path)
    assert theirs in cluster.objects["pods"]


def test_only_a_whole_label_and_name_make_a_probe() -> None:
    """What is_left says of a pod without anything."""
    from datetime import UTC, datetime

    assert not is_left({}, datetime.now(UTC))


# ---------------------------------------------------------------- interruptions


def when(cluster: Cluster, what: Callable[[], bool], within_s: float = 20.0) -> None:
    """Wait until something is so."""
    until = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.01)


def sent(cluster: Cluster, method: str, word: str = "") -> Callable[[], bool]:
    """Return whether a write was received yet, as a function."""
    return lambda: any(m == method and word in path for m, path, _ in list(cluster.writes.sent))


def read(cluster: Cluster, word: str) -> Callable[[], bool]:
    """Return whether something was read yet, as a function."""
    return lambda: any(word in one for one in list(cluster.requests))


def before_anything(cluster: Cluster) -> Callable[[], bool]:
    """The review is under way."""
    cluster.writes.delays["selfsubject"] = (5.0, 0.0)
    return sent(cluster, "POST", "selfsubject")


def while_created(cluster: Cluster) -> Callable[[], bool]:
    """The pods will come to be after the interruption."""
    cluster.writes.delays["POST .*/pods"] = (0.7, 0.0)
    return sent(cluster, "POST", "/pods")


def while_answered(cluster: Cluster) -> Callable[[], bool]:
    """The pods are there, and the answer that says so is late."""
    cluster.writes.delays["POST .*/pods"] = (0.0, 0.7)
    return lambda: bool(left(cluster))


def while_it_waits(cluster: Cluster) -> Callable[[], bool]:
    """The pods do not start."""
    cluster.writes.fate = writes.waits("ContainerCreating")
    return read(cluster, f"/pods/{PREFIX}")


def while_it_runs(cluster: Cluster) -> Callable[[], bool]:
    """The pods do not end."""
    cluster.writes.fate = writes.runs()
    return read(cluster, f"/pods/{PREFIX}")


def while_its_log_is_read(cluster: Cluster) -> Callable[[], bool]:
    """The log does not come."""
    cluster.faults[f"/pods/{PREFIX}.*/log"] = Fault(how="hang")
    return read(cluster, "/log?container=probe")


def while_it_is_removed(cluster: Cluster) -> Callable[[], bool]:
    """The removal is under way."""
    cluster.writes.delays["DELETE"] = (0.5, 0.0)
    return sent(cluster, "DELETE")


MOMENTS = (
    before_anything,
    while_created,
    while_answered,
    while_it_waits,
    while_it_runs,
    while_its_log_is_read,
    while_it_is_removed,
)


def pause_s() -> float:
    """Return what the machine adds just now to what a program does in some milliseconds.

    Next to nothing on one that is idle. Under load a process waits for its turn again and again.
    """
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "import json, ssl"], check=True)
    return 10 * max(0.0, time.monotonic() - began - 0.1)


def started(url: str, folder: Path, *more: str) -> subprocess.Popen[str]:
    """Start `corediag run --probe` as a shell would."""
    command = [sys.executable, "-m", "diagnose", "run", "--probe", "--no-exec", *more]
    command += ["--kubeconfig", str(kubeconfig(folder, url))]
    environ = {key: value for key, value in os.environ.items() if key != "KUBECONFIG"}
    return subprocess.Popen(
        command,
        cwd=HERE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environ,
    )


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        *((moment, signal.SIGINT) for moment in MOMENTS),
        (while_created, signal.SIGTERM),
        (while_it_runs, signal.SIGTERM),
        (while_it_runs, signal.SIGHUP),
    ],
)
def test_an_interruption_leaves_nothing(
    moment: Callable[[Cluster], Callable[[], bool]], number: signal.Signals, tmp_path: Path
) -> None:
    """Wherever it comes: back at the prompt within two seconds, and the cluster as before."""
    cluster = with_shells(healthy())
    reached = moment(cluster)
    with serving(cluster) as url:
        process = started(url, tmp_path)
        try:
            when(cluster, reached)
            at = time.monotonic()
            process.send_signal(number)
            _, told = process.communicate(timeout=20)
            took_s = time.monotonic() - at
        finally:
            process.kill()
        assert process.returncode == (130 if number is signal.SIGINT else 128 + number)
        assert took_s < 2.0 + pause_s()
        assert left(cluster) == [], told
        assert "could not remove" not in told


def test_a_second_signal_does_not_cut_the_removal_short(tmp_path: Path) -> None:
    """Ctrl-C, then a termination: the pods are removed before either ends the process."""
    cluster = with_shells(healthy())
    cluster.writes.fate = writes.runs()
    cluster.writes.delays["DELETE"] = (0.6, 0.0)
    with serving(cluster) as url:
        process = started(url, tmp_path)
        try:
            when(cluster, read(cluster, f"/pods/{PREFIX}"))
            process.send_signal(signal.SIGINT)
            when(cluster, sent(cluster, "DELETE"))
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)
        finally:
            process.kill()
        assert left(cluster) == []
        lives_s = {one["spec"]["activeDeadlineSeconds"] for one in created(cluster)}
        assert lives_s == {60 + SPARE_S}  # a run with --probe has twice the usual time


def test_a_lost_connection_is_said_and_swept_by_the_next_run(tmp_path: Path) -> None:
    """The API server goes silent, Ctrl-C: what is left is named; the next run removes it."""
    cluster = with_shells(healthy())
    cluster.writes.fate = writes.runs()
    with serving(cluster) as url:
        process = started(url, tmp_path)
        try:
            when(cluster, lambda: len(left(cluster)) == 3)
            cluster.faults["."] = Fault(how="hang")
            at = time.monotonic()
            process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=20)
            took_s = time.monotonic() - at
        finally:
            process.kill()
        assert took_s < REMOVAL_S + 3 + pause_s()
        names = left(cluster)
        assert names
        assert all(name in told for name in names)
    cluster.faults.clear()
    cluster.closing = threading.Event()
    cluster.writes.fate = writes.ends("")
    for one in cluster.objects["pods"]:
        if one["metadata"]["name"] in names:
            one["metadata"]["creationTimestamp"] = "2026-11-23T09:00:00Z"
    probed(cluster, tmp_path)
    assert left(cluster) == []


def test_an_error_of_ours_leaves_nothing(tmp_path: Path) -> None:
    """Whatever is raised while pods are there, they are removed first."""
    cluster = with_shells(healthy())
    cluster.writes.fate = writes.runs()

    def note(exchange: Any) -> None:
        if exchange.method == "POST" and exchange.path.endswith("/pods"):
            raise RuntimeError("a defect")

    with pytest.raises(RuntimeError, match="a defect"):
        probed(cluster, tmp_path, on_request=note)
    assert left(cluster) == []


def test_no_refusal_of_the_server_is_an_error(tmp_path: Path) -> None:
    """Each way in which a server fails to create a pod is a gap."""
    for how in ("reset", "html", "cut", "status"):
        cluster = with_shells(healthy(nodes=1, coredns=1))
        cluster.faults["POST .*/pods$"] = Fault(how=how, body=str(status(500, "no")))
        haul, _ = probed(cluster, tmp_path)
        assert becauses(haul)
