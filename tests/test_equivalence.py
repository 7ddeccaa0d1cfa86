"""A bundle is a recorded live run: diagnosed elsewhere, it says what the run would have said."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from diagnose.collect import asks_of, diagnose, evidence_of
from diagnose.model import Diagnosis, Gap, GapKind, Status
from diagnose.parts import Haul
from diagnose.redaction import Redactor
from diagnose.registry import load
from diagnose.report.json import as_object, clean
from diagnose.sources import bundle
from diagnose.sources.live import gather
from diagnose.sources.options import LiveOptions
from tests.sources.apiserver import (
    Cluster,
    Fault,
    Object,
    healthy,
    kubeconfig,
    node,
    serving,
    warning,
)
from tests.sources.pools import OneByOne

CHECKS = load().checks
DNS = {"k8s-app": "kube-dns"}
FIRST, SECOND = "kube-system/coredns-5d78c-00001", "kube-system/coredns-5d78c-00002"
COREFILE = """\
.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
}
"""
BEGINS = "2026-11-23T09:30:00Z .:53\n2026-11-23T09:30:00Z CoreDNS-1.12.4\n"
LOOP = (
    "2026-11-23T09:58:01Z [FATAL] plugin/loop: Loop (127.0.0.1:36286 -> :53) detected for zone "
    '".", see https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO '
    '1048258276942848743.906062863108256161."\n'
)
RULES = [
    {
        "apiGroups": [""],
        "resources": ["endpoints", "services", "pods", "namespaces"],
        "verbs": ["list", "watch"],
    },
    {
        "apiGroups": ["discovery.k8s.io"],
        "resources": ["endpointslices"],
        "verbs": ["list", "watch"],
    },
]


# ---------------------------------------------------------------- worlds


def of(cluster: Cluster, resource: str, name: str) -> Object:
    """Return the object of a name."""
    return next(one for one in cluster.objects[resource] if one["metadata"]["name"] == name)


def dns_pods(cluster: Cluster) -> list[Object]:
    """Return CoreDNS's pods."""
    return [one for one in cluster.objects["pods"] if one["metadata"]["labels"] == DNS]


def sound() -> Cluster:
    """Return a cluster in which nothing is wrong, each object as far as facts are read from it."""
    cluster = healthy()
    for number, one in enumerate(cluster.objects["pods"], 5):
        one["metadata"]["creationTimestamp"] = "2026-11-20T10:00:00Z"
        one["status"]["podIP"] = f"10.200.0.{number}"
    for key in (FIRST, SECOND):
        cluster.logs[key, False] = BEGINS
    of(cluster, "services", "kube-dns")["spec"]["ports"] = [
        {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 53},
        {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": 53},
    ]
    cluster.objects["endpointslices"][0]["endpoints"] = [
        {
            "addresses": [one["status"]["podIP"]],
            "conditions": {"ready": True},
            "targetRef": {"kind": "Pod", "name": one["metadata"]["name"]},
        }
        for one in dns_pods(cluster)
    ]
    role = of(cluster, "clusterroles", "system:coredns")
    role["rules"] = RULES
    binding = of(cluster, "clusterrolebindings", "system:coredns")
    binding["roleRef"] = {"kind": "ClusterRole", "name": "system:coredns"}
    binding["subjects"] = [
        {"kind": "ServiceAccount", "name": "coredns", "namespace": "kube-system"}
    ]
    of(cluster, "deployments", "coredns").update(
        spec={"replicas": 2, "selector": {"matchLabels": DNS}},
        status={"replicas": 2, "readyReplicas": 2, "availableReplicas": 2},
    )
    of(cluster, "configmaps", "coredns")["data"]["Corefile"] = COREFILE
    of(cluster, "configmaps", "kube-flannel-cfg")["data"]["net-conf.json"] = json.dumps(
        {"Network": "10.200.0.0/16", "Backend": {"Type": "vxlan"}}, indent=2
    )
    return cluster


def crash(cluster: Cluster, previous: str, reason: str = "CrashLoopBackOff") -> None:
    """Let CoreDNS's pods end again and again, each with this log of the run before."""
    for one in dns_pods(cluster):
        one["status"]["conditions"][0]["status"] = "False"
        (status,) = one["status"]["containerStatuses"]
        status.update(ready=False, restartCount=7, state={"waiting": {"reason": reason}})
        status["lastState"] = {"terminated": {"exitCode": 1, "reason": "Error"}}
        key = f"kube-system/{one['metadata']['name']}"
        cluster.logs[key, True] = previous
        cluster.logs[key, False] = ""
    for one in cluster.objects["endpointslices"][0]["endpoints"]:
        one["conditions"]["ready"] = False
    of(cluster, "deployments", "coredns")["status"] = {"replicas": 2}


def loops(cluster: Cluster) -> None:
    """Let CoreDNS forward to itself; only the logs of the runs before tell it."""
    crash(cluster, BEGINS + LOOP)


def refuses_corefile(cluster: Cluster) -> None:
    """Let the Corefile hold a word that no plugin has."""
    told = of(cluster, "configmaps", "coredns")["data"]
    told["Corefile"] = COREFILE.replace("    loadbalance", "    loadbalanse")
    crash(
        cluster,
        "2026-11-23T09:58:01Z /etc/coredns/Corefile:17 - Error during parsing: "
        "Unknown directive 'loadbalanse'\n",
    )


def has_no_endpoints(cluster: Cluster) -> None:
    """Let CoreDNS's pods wait for something that nothing tells."""
    for one in dns_pods(cluster):
        one["status"]["conditions"][0]["status"] = "False"
        one["status"]["containerStatuses"][0]["ready"] = False
    for one in cluster.objects["endpointslices"][0]["endpoints"]:
        one["conditions"]["ready"] = False


def selects_nothing(cluster: Cluster) -> None:
    """Let the Service select a label that helm's pods do not carry."""
    of(cluster, "services", "kube-dns")["spec"]["selector"] = {"k8s-app": "coredns"}
    cluster.objects["endpointslices"][0]["endpoints"] = []


def lacks_a_proxy(cluster: Cluster) -> None:
    """Let kube-proxy of one node end."""
    of(cluster, "daemonsets", "kube-proxy")["status"]["numberReady"] = 2
    one = of(cluster, "pods", "kube-proxy-00002")
    one["status"]["conditions"][0]["status"] = "False"
    (status,) = one["status"]["containerStatuses"]
    status.update(ready=False, restartCount=4, state={"waiting": {"reason": "CrashLoopBackOff"}})
    cluster.logs["kube-system/kube-proxy-00002", True] = (
        '2026-11-23T09:58:01Z E1123 09:58:01.000000       1 server.go:536] "Error running '
        'ProxyServer" err="open /proc/sys/net/netfilter/nf_conntrack_max: permission denied"\n'
    )


def lacks_its_role(cluster: Cluster) -> None:
    """Let the ClusterRole be gone, with a CoreDNS that prints no reason."""
    cluster.objects["clusterroles"] = []
    has_no_endpoints(cluster)
    for key in (FIRST, SECOND):
        cluster.logs[key, False] = BEGINS + (
            "2026-11-23T09:59:01Z [INFO] plugin/kubernetes: waiting for Kubernetes API before "
            "starting server\n"
            "2026-11-23T09:59:02Z [ERROR] plugin/kubernetes: Failed to watch\n"
        )


def has_another_bridge(cluster: Cluster) -> None:
    """Let cni0 of a node hold an address of another range, so that CoreDNS does not start."""
    message = (
        "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network "
        'for sandbox "3f1c0a9d": plugin type="flannel" failed (add): failed to set bridge addr: '
        '"cni0" already has an IP address different from 10.200.1.1/24'
    )
    one = dns_pods(cluster)[0]
    one["status"].update(
        phase="Pending",
        conditions=[{"type": "Ready", "status": "False"}],
        containerStatuses=[
            {
                "name": "coredns",
                "ready": False,
                "restartCount": 0,
                "state": {"waiting": {"reason": "ContainerCreating"}},
            }
        ],
    )
    about = {"kind": "Pod", "name": one["metadata"]["name"], "namespace": "kube-system"}
    for number in (1, 2):
        cluster.add(
            "events",
            warning(f"e{number}", "FailedCreatePodSandBox", message)
            | {
                "involvedObject": about,
                "source": {"component": "kubelet", "host": "n2"},
                "count": 4,
                "lastTimestamp": f"2026-11-23T09:59:0{number}Z",
            },
        )


def loses_upstream(cluster: Cluster) -> None:
    """Let the upstream be silent, at an address that a bundle renames."""
    cluster.logs[FIRST, False] = BEGINS + "".join(
        f"2026-11-23T09:59:0{number}Z [ERROR] plugin/errors: 2 www{number}.example.com. A: "
        "read udp 10.200.0.5:35249->81.2.69.142:53: i/o timeout\n"
        for number in range(5)
    )


def names_another_server(cluster: Cluster) -> None:
    """Let kubelets hand out an address that no Service has."""
    of(cluster, "configmaps", "kubelet-config")["data"]["kubelet"] = (
        "kind: KubeletConfiguration\nclusterDNS:\n- 10.96.0.10\nclusterDomain: cluster.local\n"
    )
    for path in cluster.proxied:  # what they run with is what they were set up with
        if path.endswith("/configz"):
            cluster.proxied[path] = cluster.proxied[path].replace("10.32.0.10", "10.96.0.10")


def has_no_families(cluster: Cluster) -> None:
    """Let kube-controller-manager say that the Service has no ipFamilies."""
    cluster.logs["kube-system/kube-controller-manager-n1", False] = (
        "2026-11-23T09:59:01Z W1123 09:59:01.000000       1 utils.go:265] couldn't find "
        "ipfamilies for headless service: kube-system/kube-dns. This could happen if controller "
        "manager is connected to an old apiserver that does not support ip families yet. "
        "EndpointSlices for this Service will use IPv4 as the IP Family based on "
        "familyOf(ClusterIP:10.32.0.10).\n"
    )


def has_no_service(cluster: Cluster) -> None:
    """Let the Service be gone, and with it what stood behind it."""
    cluster.objects["services"] = []
    cluster.objects["endpointslices"] = []


def cannot_reach_the_api(cluster: Cluster) -> None:
    """Let CoreDNS of an older version say that the API server does not answer it."""
    has_no_endpoints(cluster)
    for key in (FIRST, SECOND):
        cluster.logs[key, False] = BEGINS.replace("1.12.4", "1.9.3") + "".join(
            f"2026-11-23T09:59:{second}Z [ERROR] plugin/kubernetes: pkg/mod/k8s.io/"
            f"client-go@v0.23.5/tools/cache/reflector.go:167: Failed to watch *v1.{kind}: "
            f"failed to list *v1.{kind}: "
            f'Get "https://10.32.0.1:443/api/v1/{kind.lower()}s?limit=500&resourceVersion=0": '
            "dial tcp 10.32.0.1:443: i/o timeout\n"
            for second, kind in (("01", "Service"), ("31", "Namespace"))
        )


def lacks_its_network(cluster: Cluster) -> None:
    """Let flannel of a node not be well, and pods there wait for its file."""
    of(cluster, "daemonsets", "kube-flannel")["status"]["numberReady"] = 2
    one = of(cluster, "pods", "kube-flannel-00003")
    one["status"]["conditions"][0]["status"] = "False"
    (status,) = one["status"]["containerStatuses"]
    status.update(ready=False, restartCount=9, state={"waiting": {"reason": "CrashLoopBackOff"}})
    cluster.logs["kube-flannel/kube-flannel-00003", True] = (
        "2026-11-23T09:58:01Z E1123 09:58:01.000000       1 main.go:359] Failed to create "
        "SubnetManager: error retrieving pod spec for 'kube-flannel/kube-flannel-00003': Get "
        '"https://10.32.0.1:443/api/v1/namespaces/kube-flannel/pods/kube-flannel-00003": '
        "dial tcp 10.32.0.1:443: i/o timeout\n"
    )


def denies_half(cluster: Cluster) -> None:
    """Let the account of the run read neither logs, events, ConfigMaps nor roles, CoreDNS loop."""
    loops(cluster)
    refused = Fault(status=403, body='User "jane@corp.example.com" cannot read it')
    for path in ("/log", "/events", "/configmaps", "/clusterrole", "/nodes"):
        cluster.faults[path] = refused


def has_no_logs(cluster: Cluster) -> None:
    """Let CoreDNS loop on nodes that do not have the logs any more."""
    loops(cluster)
    body = "unable to retrieve container logs for containerd://0d1e2f"
    cluster.faults["/log"] = Fault("raw", 200, body)


def breaks_answers(cluster: Cluster) -> None:
    """Let a list be cut in the middle, and another one be answered by a login page."""
    cluster.faults["/events"] = Fault("cut", body='{"kind": "List", "items": [')
    cluster.faults["/daemonsets"] = Fault("html")


def does_not_answer(cluster: Cluster) -> None:
    """Let the API server be overloaded beyond any answer."""
    cluster.faults["."] = Fault(status=503, body="the server is shutting down")


def has_many_nodes(cluster: Cluster) -> None:
    """Let there be more nodes than a page, one of them not ready."""
    for number in range(4, 620):
        cluster.add("nodes", node(f"n{number}", ready=number != 600))


def keeps_secrets(cluster: Cluster) -> None:
    """Let logs, environments, ConfigMaps and events hold what must not leave the cluster."""
    loops(cluster)
    told = of(cluster, "configmaps", "coredns")
    told["data"]["Corefile"] = COREFILE.replace(
        "    forward . /etc/resolv.conf",
        f"    route53 corp.example.com.:Z1 {{\n      aws_access_key {KEY_ID} {KEY}\n    }}\n"
        "    forward . /etc/resolv.conf",
    )
    told["metadata"]["annotations"] = {
        "kubectl.kubernetes.io/last-applied-configuration": json.dumps(
            {"kind": "Pod", "spec": {"env": [{"name": "API_TOKEN", "value": PLAIN}]}}
        )
    }
    told["data"]["password"] = PLAIN
    for one in dns_pods(cluster):
        one["spec"]["containers"][0]["env"] = [
            {"name": "DB_PASSWORD", "value": PLAIN},
            {"name": "DSN", "value": f"postgres://app:{PLAIN}@db.corp.example.com/x"},
        ]
        one["spec"]["containers"][0]["args"] = ["-conf", "/x", f"--token={PLAIN}"]
    for key in (FIRST, SECOND):
        cluster.logs[key, True] = (
            BEGINS
            + f"2026-11-23T09:58:00Z [INFO] authorization: Bearer {JWT}\n"
            + f"2026-11-23T09:58:00Z [INFO] password={PLAIN} for {PERSON}\n"
            + '2026-11-23T09:58:00Z [INFO] 81.2.69.142:4711 - 1 "A IN payroll.'
            + 'corp.acme-steel.com. udp 40 false 512" NOERROR qr,rd,ra 80 0.01s\n'
            + LOOP
        )
    cluster.add(
        "events",
        warning("e1", "Failed", f'pull "https://bob:{PLAIN}@registry.acme-steel.com/x" failed'),
    )


PLAIN = "correct-horse-9battery"
KEY_ID, KEY = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI7MDENGbPxRfiCYEXAMPLEKEY"
JWT = "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJl"
PERSON = "jane.roe@acme-steel.com"
CLIENT_TOKEN = "t0ps3cret"  # of the kubeconfig
PLANTED = (PLAIN, KEY_ID, KEY, JWT, PERSON, CLIENT_TOKEN, "acme-steel", "81.2.69.142")

# What is done to a sound cluster, and the check that then comes first; "" for none.
WORLDS: tuple[tuple[Callable[[Cluster], None] | None, str], ...] = (
    (None, ""),
    (loops, "loop"),
    (refuses_corefile, "corefile-unknown-directive"),
    (has_no_endpoints, "coredns-not-ready"),
    (selects_nothing, "dns-service-selector-mismatch"),
    (lacks_a_proxy, "kube-proxy-conntrack-sysctl-denied"),
    (lacks_its_role, "rbac-core-resources-forbidden"),
    (has_another_bridge, "cni0-conflict"),
    (loses_upstream, "upstream-timeout"),
    (names_another_server, "kubelet-clusterdns-mismatch"),
    (has_no_families, "endpointslice-ipfamily-fallback"),
    (has_no_service, "dns-service-missing"),
    (cannot_reach_the_api, "apiserver-unreachable-timeout"),
    (lacks_its_network, "apiserver-unreachable-timeout"),
    (denies_half, "coredns-crashloop"),
    (has_no_logs, "coredns-crashloop"),
    (breaks_answers, ""),
    (does_not_answer, ""),
    (has_many_nodes, "node-not-ready"),
    (keeps_secrets, "loop"),
)


def world(change: Callable[[Cluster], None] | None) -> Cluster:
    """Return a sound cluster, changed."""
    cluster = sound()
    if change is not None:
        change(cluster)
    return cluster


def name_of(value: Callable[[Cluster], None] | str | None) -> str:
    """Return the test id of a world; the expected check is not part of it."""
    return "" if isinstance(value, str) else value.__name__ if value else "nothing_is_wrong"


def asked(cluster: Cluster, folder: Path) -> Haul:
    """Return what a run of all checks asks of a cluster."""
    with serving(cluster) as url:
        options = LiveOptions(kubeconfig=kubeconfig(folder, url, CLIENT_TOKEN), environ={})
        return gather(asks_of(CHECKS), options=options, pool=OneByOne())


def diagnosed(haul: Haul) -> Diagnosis:
    """Return the diagnosis of what one source brought."""
    assert haul.taken_at
    return diagnose(CHECKS, evidence_of(haul), haul.taken_at)


def recorded(haul: Haul, folder: Path) -> tuple[Path, Haul, Redactor]:
    """Return the bundle of a haul, what is read from it, and what redacted it."""
    path, redactor = folder / "bundle.tar.gz", Redactor()
    bundle.write(haul, path, redactor=redactor)
    return path, bundle.read(path), redactor


def redacted(value: Any, redactor: Redactor) -> Any:
    """Return a report with its texts redacted as those of the bundle were."""
    if isinstance(value, str):
        return redactor.text(value)
    if isinstance(value, list):
        return [redacted(one, redactor) for one in value]
    if isinstance(value, dict):
        return {key: redacted(one, redactor) for key, one in value.items()}
    return value


def told_by(diagnosis: Diagnosis, source: str = "") -> Any:
    """Return the report for machines, with another name in place of its source's."""
    report = json.dumps(clean(as_object(diagnosis)))
    if source:
        report = report.replace(json.dumps(diagnosis.source)[1:-1], json.dumps(source)[1:-1])
    return json.loads(report)


def lines_of(report: Any) -> list[str]:
    """Return a report as lines, so that what differs is shown."""
    return json.dumps(report, indent=1).split("\n")


def as_recorded(haul: Haul) -> Haul:
    """Return a haul with its gaps closed as a record's are: by collecting anew, not by a run."""

    def anew(gaps: Sequence[Gap]) -> tuple[Gap, ...]:
        return tuple(replace(one, ask=bundle.anew(one.ask)) for one in gaps)

    gaps = {ask: anew(several) for ask, several in haul.gaps.items()}
    return replace(haul, gaps=gaps, general_gaps=anew(haul.general_gaps))


def as_told_of_a_record(told: dict[str, Any]) -> dict[str, Any]:
    """Return an object of a report, a gap in it closed as a record's is."""
    return {**told, "ask": bundle.anew(told["ask"])} if "ask" in told else told


@pytest.mark.parametrize(("change", "first"), WORLDS, ids=name_of)
def test_a_bundle_says_what_the_run_said(
    change: Callable[[Cluster], None] | None, first: str, tmp_path: Path
) -> None:
    """Each verdict, the causes in their order, what is proven, and the whole report."""
    haul = asked(world(change), tmp_path)
    live = diagnosed(as_recorded(haul))
    _, read_again, redactor = recorded(haul, tmp_path)
    bundled = diagnosed(read_again)

    causes = [(one.verdict.check, one.proven) for one in live.causes]
    assert next((check for check, _ in causes), "") == first, "the world is what it says"
    assert [(one.verdict.check, one.proven) for one in bundled.causes] == causes
    assert {one.check: one.status for one in bundled.verdicts} == {
        one.check: one.status for one in live.verdicts
    }
    assert lines_of(told_by(bundled, live.source)) == lines_of(redacted(told_by(live), redactor))


RENAMED = (loses_upstream, denies_half, keeps_secrets)  # worlds with something to redact


@pytest.mark.parametrize(
    "change", [change for change, _ in WORLDS if change not in RENAMED], ids=name_of
)
def test_a_bundle_holds_the_evidence_of_the_run(
    change: Callable[[Cluster], None] | None, tmp_path: Path
) -> None:
    """Where nothing had to be redacted, facts are read from the same items, asks and gaps."""
    haul = asked(world(change), tmp_path)
    _, read_again, _ = recorded(haul, tmp_path)
    live, bundled = evidence_of(as_recorded(haul)), evidence_of(read_again)
    assert bundled.items == live.items
    assert (bundled.looked, bundled.gaps) == (live.looked, live.gaps)
    assert bundled.general_gaps == live.general_gaps


@pytest.mark.parametrize(("change", "first"), WORLDS, ids=name_of)
def test_no_world_is_a_defect_of_ours(
    change: Callable[[Cluster], None] | None, first: str, tmp_path: Path
) -> None:
    """Nothing crashes on the way; where something was refused or broken, nothing is called ok."""
    del first
    live = diagnosed(asked(world(change), tmp_path))
    gaps = [*live.gaps, *(gap for one in live.verdicts for gap in one.because)]
    assert not [gap for gap in gaps if gap.kind is GapKind.CRASHED]
    if change in (denies_half, does_not_answer):
        loop = next(one for one in live.verdicts if one.check == "loop")
        assert loop.status is Status.UNKNOWN


def test_nothing_that_is_secret_is_in_a_bundle(tmp_path: Path) -> None:
    """Neither as it was nor in base64 nor in the manifest, and the loop is proven all the same."""
    haul = asked(world(keeps_secrets), tmp_path)
    brought = "\n".join(part.text for part in haul.parts)
    assert all(one in brought for one in PLANTED if one != CLIENT_TOKEN), "they were planted"
    path, read_again, _ = recorded(haul, tmp_path)
    held = path.read_bytes()
    with tarfile.open(path) as tar:
        for member in tar:
            file = tar.extractfile(member)
            held += member.name.encode() + (file.read() if file else b"")
    for one in PLANTED:
        assert one.encode() not in held
        assert base64.b64encode(one.encode()).rstrip(b"=") not in held
    cause = diagnosed(read_again).causes[0]
    assert (cause.verdict.check, cause.proven) == ("loop", True)


def test_a_recorded_bundle_is_not_changed_by_recording_it_again(tmp_path: Path) -> None:
    """What was redacted once is redacted the same: a bundle of a bundle holds the same parts."""
    _, once, _ = recorded(asked(world(keeps_secrets), tmp_path), tmp_path)
    _, twice, _ = recorded(once, tmp_path)
    assert [part.text for part in twice.parts] == [part.text for part in once.parts]
    assert twice.gaps == once.gaps


def corediag(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "diagnose", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent.parent,
        timeout=60,
    )


def test_collect_here_and_run_there(tmp_path: Path) -> None:
    """The commands agree: exit code, causes and verdicts; what collect says is on stderr."""
    target = tmp_path / "bundle.tar.gz"
    with serving(world(loops)) as url:
        config = str(kubeconfig(tmp_path, url))
        here = corediag("run", "--kubeconfig", config, "-o", "json")
        collected = corediag("collect", "--kubeconfig", config, "-o", str(target))
    there = corediag("run", "--from", str(target), "-o", "json")
    assert (collected.returncode, collected.stdout) == (0, "")
    assert str(target) in collected.stderr
    assert here.returncode == there.returncode == 1
    live = json.loads(here.stdout, object_hook=as_told_of_a_record)
    assert live["causes"][0]["check"] == "loop"
    named = json.loads(there.stdout)["source"]
    bundled = json.loads(there.stdout.replace(named, live["source"]))
    for key in ("taken_at", "causes", "verdicts", "coverage"):
        assert bundled[key] == live[key]
