"""What remedies do not ask for: steps for programs that the evidence does not show."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest

from diagnose.collect import diagnose, evidence_of
from diagnose.distributions import BY_NAME, fitted_step, only
from diagnose.model import Cause, Diagnosis
from diagnose.parts import Haul, Kind, Part
from diagnose.registry import load
from diagnose.remedies import (
    after_api_layer,
    edit_corefile,
    find_api_layer,
    issue_certificate,
    names_of_certificate,
    quoted,
    restart_add_on,
    restart_coredns,
    restart_proxy,
)
from diagnose.report import words
from diagnose.signatures.base import Emitter
from diagnose.sources.given import read

CHECKS = load().checks
NOW = datetime(2026, 8, 1, tzinfo=UTC)
EVENTS = "LAST SEEN   TYPE      REASON                   OBJECT       MESSAGE\n"
SANDBOX = (
    "9s          Warning   FailedCreatePodSandBox   pod/till-7   Failed to create pod sandbox: "
    'rpc error: code = Unknown desc = failed to setup network for sandbox "5b": '
    'plugin type="{plugin}" failed (add): {text}\n'
)
SILENT = (
    'error getting ClusterInformation: Get "https://10.32.0.1:443/apis/crd.projectcalico.org/v1/'
    'clusterinformations/default": dial tcp 10.32.0.1:443: i/o timeout'
)


def pasted(text: str) -> Diagnosis:
    """Return the diagnosis of a text that was pasted."""
    return diagnose(CHECKS, evidence_of(read("-", io.BytesIO(text.encode()))), NOW)


def commands(cause: Cause) -> str:
    """Return all commands of a cause."""
    steps = (step for finding in cause.verdict.findings for step in finding.steps)
    return "\n".join(line for step in steps for line in step.commands)


def test_another_add_on_than_flannel_needs_no_restart_of_flannel() -> None:
    """Where the evidence is of Calico, nobody is told to restart flannel."""
    (cause, *_) = pasted(EVENTS + SANDBOX.format(plugin="calico", text=SILENT)).causes
    assert cause.verdict.check == "apiserver-unreachable-timeout"
    assert "kube-proxy" in commands(cause)
    assert "flannel" not in commands(cause)


@pytest.mark.parametrize(
    ("target", "proxy"),
    [
        ("10.32.0.1:443", True),
        ("[fd00::1]:443", True),
        ("", True),
        ("192.0.2.7:6443", False),
        ("127.0.0.1:443", False),
        ("api.example.com:443", False),
    ],
)
def test_kube_proxy_concerns_the_address_of_a_service(target: str, proxy: bool) -> None:
    """What is asked at another address than a Service's does not go through kube-proxy."""
    steps = after_api_layer(target, "n1", add_on="flannel")
    assert [step.title for step in steps if "kube-proxy" in step.title] == (
        ["Where only the Service address fails: restart kube-proxy on n1"] if proxy else []
    )


def test_rules_are_written_anew_by_the_add_on_that_runs() -> None:
    """Flannel is named only where it is known to run."""
    assert "flannel" in restart_add_on("n1", add_on="flannel").title
    for name in ("", "calico"):
        step = restart_add_on("n1", add_on=name)
        assert "flannel" not in "\n".join((step.title, *step.commands))


def test_equal_steps_for_several_servers_are_one_step() -> None:
    """Two ways in which clients fail lead to one step that asks every address."""
    found = pasted(
        "java.net.UnknownHostException: a.b.svc.cluster.local: Temporary failure in name "
        "resolution\ndial tcp: lookup a.b.svc.cluster.local on 10.32.0.10:53: read udp "
        "10.200.0.5:4444->10.32.0.10:53: i/o timeout\n"
    )
    cause = next(one for one in found.causes if one.verdict.check == "resolution-fails")
    assert len(cause.verdict.findings) == 2
    assert len({finding.steps for finding in cause.verdict.findings}) == 1
    assert "10.32.0.10" in commands(cause)
    assert "<service IP>" not in commands(cause)


@pytest.mark.parametrize(
    "because",
    [
        "no answer in time: timed out",
        "cannot be reached: Failed to resolve 'a.invalid' ([Errno -2] Name or service not known)",
    ],
)
def test_what_corediag_cannot_reach_is_no_fault_of_the_cluster(because: str) -> None:
    """The way from here to the API server may not be the cluster's, so nothing follows from it."""
    tried = f"GET https://192.0.2.7:6443/version: {because}"
    part = Part(Kind.LOG, "own", tried, emitter=Emitter.API_CLIENT, taken_at=NOW)
    assert not diagnose(CHECKS, evidence_of(Haul(parts=(part,), taken_at=NOW)), NOW).causes


def test_pods_in_other_trouble_are_named() -> None:
    """A pod that no check concerns is named with kubectl's words, one that is well is not."""
    listing = (
        "NAMESPACE   NAME     READY   STATUS             RESTARTS   AGE\n"
        "market      till-7   0/1     CrashLoopBackOff   9          1h\n"
        "market      till-8   1/1     Running            0          1h\n"
    )
    found = pasted(listing)
    head, text = words.nothing_found(found)
    assert "DNS" in head or "could" in head
    assert "market/till-7 (CrashLoopBackOff)" in text
    assert "till-8" not in text


def test_pods_that_events_show_in_other_trouble_are_named() -> None:
    """Events name pods that cannot be scheduled or have no image; what was normal names none."""
    found = pasted(
        EVENTS
        + "9s          Warning   Failed                   pod/till-7   Error: ImagePullBackOff\n"
        + "9s          Warning   FailedScheduling         pod/safe-0   0/3 nodes are available\n"
        + "9s          Normal    Pulling                  pod/till-9   Pulling image\n"
    )
    _, text = words.nothing_found(found)
    assert "till-7 (ImagePullBackOff), safe-0 (FailedScheduling)" in text
    assert "till-9" not in text


def test_flannel_is_restarted_outright_only_where_it_is_seen() -> None:
    """A pod of flannel makes its restart a step; without one the step asks for the add-on first."""
    line = (
        "[ERROR] plugin/kubernetes: pkg/mod/k8s.io/client-go@v0.29.3/tools/cache/reflector.go:229: "
        "Failed to watch *v1.Service: failed to list *v1.Service: Get "
        '"https://10.32.0.1:443/api/v1/services?limit=500": dial tcp 10.32.0.1:443: i/o timeout\n'
    )
    listing = (
        "NAMESPACE      NAME                    READY   STATUS    RESTARTS   AGE\n"
        "kube-flannel   kube-flannel-ds-x7k2p   1/1     Running   0          1h\n\n"
    )
    titles = [
        [step.title for step in pasted(text).causes[0].verdict.findings[0].steps]
        for text in (listing + line, line)
    ]
    proxy = "Where only the Service address fails: restart kube-proxy"
    assert [one[1] for one in titles] == [proxy, proxy]
    assert titles[0][2] == "Then restart flannel"
    assert titles[1][2].startswith("Then, if the network add-on is flannel")


def test_a_refusal_of_corediags_own_request_is_a_possibility() -> None:
    """Somebody refuses at that address: the server may be down, or the address another's."""
    tried = "GET https://192.0.2.7:6443/version: cannot be reached: [Errno 111] Connection refused"
    part = Part(Kind.LOG, "own", tried, emitter=Emitter.API_CLIENT, taken_at=NOW)
    (cause,) = diagnose(CHECKS, evidence_of(Haul(parts=(part,), taken_at=NOW)), NOW).causes
    assert (cause.verdict.check, cause.proven) == ("apiserver-connection-refused", False)
    assert commands(cause).startswith("kubectl config view --minify")
    assert "kube-proxy" not in commands(cause)


@pytest.mark.parametrize(
    "word",
    [
        "::…",
        "10.x.x.x",
        "x.x.x.x",
        "10.x.x.x:443",
        "192.0.2.XX",
        "<ip>",
        "2001:db8:x:x::1",
        "10....",
    ],
)
def test_an_address_that_somebody_shortened_is_no_address(word: str) -> None:
    """Pasted into a command it would be asked as if it were one."""
    assert quoted(word, "<upstream>") == "<upstream>"


@pytest.mark.parametrize(
    "word", ["192.0.2.1", "2001:db8::1", "[fd00::1]:443", "xx1", "x", "a.x.y.z"]
)
def test_a_name_is_taken_as_it_is(word: str) -> None:
    """Also one that has an x in it."""
    assert quoted(word, "<upstream>") in (word, f"'{word}'")


UPSTREAM = (
    "[ERROR] plugin/errors: 2 example.com. A: read udp 192.0.2.9:4->192.0.2.1:53: i/o timeout\n"
)
SERVICE = (
    "[ERROR] plugin/kubernetes: pkg/mod/k8s.io/client-go@v0.29.3/tools/cache/reflector.go:229: "
    "Failed to watch *v1.Service: failed to list *v1.Service: Get "
    '"https://{}:443/api/v1/services?limit=500": dial tcp {}:443: i/o timeout\n'
)
NODES = "NAME   STATUS   ROLES    AGE   VERSION\nn1     Ready    <none>   3d    {}\n\n"
RKE2_PODS = (
    "NAMESPACE     NAME                                        READY   STATUS    RESTARTS   AGE\n"
    "kube-system   rke2-coredns-rke2-coredns-7bb4f446c-abcde   1/1     Running   0          3d\n\n"
)
EDIT = "kubectl -n kube-system edit configmap coredns"
EDITS = {
    "": EDIT,
    NODES.format("v1.28.9+k3s1"): f"{EDIT}-custom",
    RKE2_PODS: "HelmChartConfig rke2-coredns",
    NODES.format("v1.28.9-eks-036c24b"): "aws eks update-addon",
    NODES.format("v1.28.9-gke.1200"): "edit configmap kube-dns",
    "NAMESPACE       NAME                READY   STATUS    RESTARTS   AGE\n"
    "openshift-dns   dns-default-abcde   2/2     Running   0          3d\n\n": "oc edit dns.oper",
    NODES.format("v1.28.9").replace("n1 ", "aks-pool1-12345678-vmss000000 "): f"{EDIT}-custom",
}


@pytest.mark.parametrize(("shown", "words_of_it"), EDITS.items(), ids=range(len(EDITS)))
def test_the_corefile_is_changed_as_the_distribution_has_it(shown: str, words_of_it: str) -> None:
    """Elsewhere than under kubeadm an edit of the ConfigMap would be put back, or miss it."""
    found = pasted(shown + UPSTREAM)
    cause = next(one for one in found.causes if one.verdict.check == "upstream-timeout")
    assert words_of_it in commands(cause)
    lines = commands(cause).split("\n")
    assert (EDIT in lines) is (not shown)


@pytest.mark.parametrize(
    ("shown", "address", "instead"),
    [
        (NODES.format("v1.28.9+k3s1"), "10.43.0.1", "systemctl restart k3s-agent"),
        (RKE2_PODS, "10.43.0.1", "crictl stop $(crictl ps -q --name kube-proxy)"),
        ("", "10.43.0.1", "systemctl restart k3s-agent  # k3s: "),
        ("", "10.152.183.1", "snap restart microk8s.daemon-kubelite"),
        ("", "10.96.0.1", "rollout restart daemonset kube-proxy"),
    ],
)
def test_kube_proxy_is_restarted_where_it_runs(shown: str, address: str, instead: str) -> None:
    """Inside of another process, or as a static pod, it has no DaemonSet to restart."""
    cause = pasted(shown + SERVICE.format(address, address)).causes[0]
    assert instead in commands(cause)
    assert ("daemonset kube-proxy" in commands(cause)) is ("daemonset" in instead)


def test_evidence_of_two_distributions_changes_nothing() -> None:
    """What people write in sentences names many, and k3s is part of RKE2."""
    both = NODES.format("v1.28.9-eks-036c24b") + NODES.format("v1.28.9-gke.1200")
    (cause,) = (
        one for one in pasted(both + UPSTREAM).causes if one.verdict.check == "upstream-timeout"
    )
    assert EDIT in commands(cause)
    prose = "This worked on k3s, and on 10.43.0.1 too, before we moved.\n\n"
    cause = next(
        one for one in pasted(prose + UPSTREAM).causes if one.verdict.check == "upstream-timeout"
    )
    assert EDIT in commands(cause)
    assert only({"k3s", "RKE2", "k3s or RKE2"}) == "RKE2"


@pytest.mark.parametrize("name", BY_NAME)
def test_no_distribution_is_left_with_a_step_of_nothing(name: str) -> None:
    """What every shared step says under kubeadm says something under each distribution."""
    steps = (
        *restart_proxy("n1", add_on=""),
        *restart_proxy("", add_on="flannel"),
        restart_coredns(),
        edit_corefile("a", "loop"),
        find_api_layer("10.43.0.1:443"),
        names_of_certificate("a"),
        issue_certificate("a", "in kubeadm.yaml write b", "loop"),
    )
    for step in steps:
        there = fitted_step(step, name)
        assert there.commands
        assert len(set(there.commands)) == len(there.commands)
        assert there.risk is step.risk
        assert not any("kubeadm" in one or "\\g<" in one for one in there.commands)


def test_what_the_log_shows_folds_what_it_brings_about() -> None:
    """An old CoreDNS ends because of the error that it wanted to log: that is the cause."""
    line = (
        "E0927 02:48:02.036323       1 reflector.go:134] github.com/coredns/coredns/plugin/"
        "kubernetes/controller.go:317: Failed to list *v1.Endpoints: Get https://10.96.0.1:443/api/"
        "v1/endpoints?limit=500&resourceVersion=0: dial tcp 10.96.0.1:443: connect: no route to "
        "host\nlog: exiting because of error: log: cannot create log: open /tmp/coredns.coredns-"
        "5c98db65d4-cgqlj.unknownuser.log.ERROR.20190927-024802.1: no such file or directory\n"
    )
    pods = (
        "NAMESPACE     NAME                       READY   STATUS             RESTARTS   AGE\n"
        "kube-system   coredns-5c98db65d4-cgqlj   0/1     CrashLoopBackOff   9          1h\n\n"
    )
    (cause,) = pasted(pods + line).causes
    assert cause.verdict.check == "apiserver-no-route"
    folded = {one.check for one in cause.explained}
    assert folded >= {"coredns-klog-tmp-crash", "coredns-crashloop"}
