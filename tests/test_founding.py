"""The lines that operators meet while they set up CoreDNS, each pasted alone, and its neighbours.

Each line is named rightly, with its remedy, and next to each stands one that only looks like it.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from diagnose.collect import diagnose, evidence_of
from diagnose.model import Cause, Diagnosis, Severity
from diagnose.registry import load
from diagnose.sources.given import read

CHECKS = load().checks
PAGE = Path(__file__).parent.parent / "docs" / "checks" / "upstream" / "upstream_timeout.md"
SANDBOX = "0d1e2f3a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f6"
POD = "coredns-7d89d9b6b8-x2x4q_kube-system"
SET_UP = f'failed to set up sandbox container "{SANDBOX}" network for pod "{POD}": '
STATFS = (
    f'networkPlugin cni failed to set up pod "{POD}" network: failed to Statfs '
    '"/proc/15875/ns/net": no such file or directory'
)
UNUSABLE = (
    f'networkPlugin cni failed to teardown pod "{POD}" network: '
    "neither iptables nor ip6tables usable"
)
FAILED = "Failed to create pod sandbox: rpc error: code = Unknown desc = "
FAMILIES = (
    "couldn't find ipfamilies for headless service: kube-system/kube-dns. This could happen if "
    "controller manager is connected to an old apiserver that does not support ip families yet. "
    "EndpointSlices for this Service will use IPv4 as the IP Family based on "
    "familyOf(ClusterIP:10.32.0.10)."
)
BRIDGE = 'failed to set bridge addr: "cni0" already has an IP address different from 10.200.1.1/24'
LOOP = (
    '[FATAL] plugin/loop: Loop (127.0.0.1:36286 -> :53) detected for zone ".", see '
    'https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO '
    '1048258276942848743.906062863108256161."'
)
PROBE = (
    "[ERROR] plugin/errors: 2 1233258971421873826.4416823678189275919. HINFO: read udp "
    "10.200.0.5:35249->8.8.4.4:53: i/o timeout"
)
QUERY = PROBE.replace("1233258971421873826.4416823678189275919. HINFO", "example.com. A")
SERVICE_LINE = (
    "[ERROR] plugin/kubernetes: pkg/mod/k8s.io/client-go@v0.29.3/tools/cache/reflector.go:229: "
    "Failed to watch *v1.EndpointSlice: failed to list *v1.EndpointSlice: Get "
    '"https://10.32.0.1:443/apis/discovery.k8s.io/v1/endpointslices?limit=500": '
    "dial tcp 10.32.0.1:443: i/o timeout"
)
FLANNEL_LINE = (
    "E0302 05:11:09.120211       1 main.go:330] Failed to create SubnetManager: error retrieving "
    "pod spec for 'kube-flannel/kube-flannel-ds-x': Get "
    '"https://10.32.0.1:443/api/v1/namespaces/kube-flannel/pods/kube-flannel-ds-x": '
    "dial tcp 10.32.0.1:443: i/o timeout"
)
UNSYNCED = """\
[INFO] plugin/kubernetes: waiting for Kubernetes API before starting server
[WARNING] plugin/kubernetes: starting server with unsynced Kubernetes API
[ERROR] plugin/kubernetes: Failed to watch
[INFO] plugin/ready: Plugins not ready: "kubernetes"
"""


def pasted(text: str) -> Diagnosis:
    """Return what `corediag run --from -` finds in a text."""
    haul = read("-", io.BytesIO(text.encode()))
    return diagnose(CHECKS, evidence_of(haul), datetime(2026, 11, 23, 10, tzinfo=UTC))


def first(text: str) -> Cause:
    """Return the first cause."""
    causes = pasted(text).causes
    assert causes, "nothing was found"
    return causes[0]


def said(text: str) -> set[str]:
    """Return every check that finds something, folded or not."""
    found = pasted(text)
    return {one.check for one in found.verdicts if one.findings}


def message(cause: Cause) -> str:
    """Return what the findings of a cause say."""
    return "\n".join(finding.message for finding in cause.verdict.findings)


def steps(cause: Cause) -> list[str]:
    """Return the commands of the remedy, a step in each text."""
    return ["\n".join(step.commands) for step in cause.verdict.findings[0].steps]


def place(commands: list[str], word: str) -> int:
    """Return the number of the first step that holds a word."""
    return next(number for number, text in enumerate(commands) if word in text)


# ---------------------------------------------------------------- each line alone

# Number of the note, the line, the check that comes first, if it is proven, and what its remedy
# holds, in this order.
LINES = (
    (
        "4 both",
        f"{FAILED}[{SET_UP}{STATFS}, failed to clean up sandbox container "
        f'"{SANDBOX}" network for pod "{POD}": {UNUSABLE}]',
        "sandbox-iptables-unusable",
        True,
        ("iptables -t nat -S", "install -y iptables", "systemctl restart containerd"),
    ),
    (
        "4 namespace",
        FAILED + SET_UP + STATFS,
        "sandbox-netns-gone",
        True,
        ("crictl pods", "delete pod coredns-7d89d9b6b8-x2x4q", "systemctl restart containerd"),
    ),
    (
        "4 iptables",
        UNUSABLE,
        "sandbox-iptables-unusable",
        True,
        ("iptables -t nat -S", "install -y iptables", "systemctl restart containerd"),
    ),
    (
        "5",
        FAMILIES,
        "endpointslice-ipfamily-fallback",
        True,
        ("get endpointslices", "upgrade", "replace"),
    ),
    (
        "6",
        BRIDGE,
        "cni0-conflict",
        True,
        ("ip -4 -o addr show cni0", "ip link delete cni0", "delete pod -l k8s-app=kube-dns"),
    ),
    ("7", LOOP, "loop", True, ("forward", "resolvConf: ", "rollout restart deployment coredns")),
    ("8", PROBE, "upstream-timeout", False, ("dig +time=2 +tries=1 @8.8.4.4", "configmap coredns")),
    (
        "8b",
        SERVICE_LINE,
        "apiserver-unreachable-timeout",
        True,
        ("https://10.32.0.1:443/version", "restart daemonset kube-proxy", "kube-flannel-ds"),
    ),
    (
        "8b flannel",
        FLANNEL_LINE,
        "apiserver-unreachable-timeout",
        True,
        ("https://10.32.0.1:443/version", "restart daemonset kube-proxy", "kube-flannel-ds"),
    ),
)


@pytest.mark.parametrize(
    ("note", "line", "check", "proven", "words"), LINES, ids=[row[0] for row in LINES]
)
@pytest.mark.parametrize(
    "ending", ["", "\n", "\r\n", "  \n\n"], ids=["bare", "lf", "crlf", "blank"]
)
def test_a_line_alone(
    note: str, line: str, check: str, proven: bool, words: tuple[str, ...], ending: str
) -> None:
    """The right check first, as sure as the line allows, quoting it, its steps in order."""
    del note
    cause = first(line + ending)
    assert (cause.verdict.check, cause.proven) == (check, proven)
    quotes = [quote.text for finding in cause.verdict.findings for quote in finding.quotes]
    assert any(quote.strip() in line and len(quote) > 20 for quote in quotes)
    commands = steps(cause)
    numbers = [place(commands, word) for word in words]
    assert numbers == sorted(numbers)


@pytest.mark.parametrize(
    ("note", "line", "check", "proven", "words"), LINES, ids=[row[0] for row in LINES]
)
@pytest.mark.parametrize(
    "form",
    [
        "2026-11-23T09:59:00.123456789Z {}\n",
        "[pod/x-7d89d9b6b8-x2x4q/x] {}\n",
        "$ kubectl logs -n kube-system x --previous\n{}\n$ \n",
        "\x1b[31m{}\x1b[0m\n",
    ],
    ids=["timestamps", "prefix", "prompt", "colour"],
)
def test_a_line_as_tools_print_it(
    note: str, line: str, check: str, proven: bool, words: tuple[str, ...], form: str
) -> None:
    """What stands around a line changes nothing of what it says."""
    del note, words
    cause = first(form.format(line))
    assert (cause.verdict.check, cause.proven) == (check, proven)


JOURNAL = "Nov 23 09:59:00 n1 {program}[1322]: {line}\n"
RUNTIME = (
    'time="2026-11-23T09:59:00.1Z" level=error msg="RunPodSandbox for &PodSandboxMetadata{{'
    'Name:coredns-7d89d9b6b8-x2x4q,Uid:1b2c,Namespace:kube-system,Attempt:0,}} failed, error" '
    'error="failed to setup network for sandbox \\"3f1c\\": plugin type=\\"flannel\\" '
    'failed (add): {line}"'
)


@pytest.mark.parametrize(
    ("program", "line", "check"),
    [
        ("kubelet", LINES[0][1], "sandbox-iptables-unusable"),
        ("kubelet", LINES[1][1], "sandbox-netns-gone"),
        ("kube-controller-manager", FAMILIES, "endpointslice-ipfamily-fallback"),
        ("containerd", RUNTIME.format(line=BRIDGE.replace('"', '\\\\\\"')), "cni0-conflict"),
        ("coredns", LOOP, "loop"),
        ("coredns", PROBE, "upstream-timeout"),
        ("coredns", SERVICE_LINE, "apiserver-unreachable-timeout"),
        ("flanneld", FLANNEL_LINE, "apiserver-unreachable-timeout"),
    ],
)
def test_a_line_in_the_journal(program: str, line: str, check: str) -> None:
    """Programs that run on the hosts themselves say the same there."""
    assert first(JOURNAL.format(program=program, line=line)).verdict.check == check


# ---------------------------------------------------------------- what the notes insist on


def test_the_sandbox_line_names_its_pod_and_folds_what_follows() -> None:
    """One cause about one pod: the namespace that was gone and the pod that waits are below it."""
    diagnosis = pasted(LINES[0][1])
    (cause,) = diagnosis.causes
    assert str(cause.verdict.findings[0].subject) == "pod kube-system/coredns-7d89d9b6b8-x2x4q"
    assert {one.check for one in cause.explained} == {
        "pods-stuck-container-creating",
        "sandbox-netns-gone",
    }


def test_missing_families_are_no_outage() -> None:
    """The note is only a note, and says that names still resolve."""
    cause = first(FAMILIES)
    assert cause.severity is Severity.INFO
    assert "names still resolve" in message(cause)
    assert str(cause.verdict.findings[0].subject) == "service kube-system/kube-dns"


def test_a_bridge_is_deleted_and_then_its_pods_are_recreated() -> None:
    """Deleting cni0 cuts off the pods of that node, so the remedy does not stop there."""
    commands = steps(first(BRIDGE))
    deleted = place(commands, "ip link delete cni0")
    assert "delete pod" in commands[deleted + 1]
    assert "kubectl get pods" in first(BRIDGE).verdict.findings[0].steps[-1].commands[0]


def test_the_self_test_is_told_from_an_outage() -> None:
    """The HINFO query is CoreDNS's own, so that alone it is a possibility, and so it is said."""
    cause = first(PROBE)
    assert "CoreDNS's own loop self-test (HINFO)" in message(cause)
    assert "hinfo-probe-unanswered" in {one.check for one in cause.explained}
    other = first(f"{PROBE}\n{QUERY}\n")
    assert (other.verdict.check, other.proven) == ("upstream-timeout", True)
    assert "self-test" not in message(other)


def test_the_number_2_is_a_response_code() -> None:
    """The page says that 2 is SERVFAIL and no time, and no report calls it seconds."""
    page = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert "SERVFAIL, not a time" in page
    assert "2 s" not in message(first(PROBE))


@pytest.mark.parametrize("line", [SERVICE_LINE, FLANNEL_LINE], ids=["coredns", "flannel"])
def test_kube_proxy_before_flannel(line: str) -> None:
    """An API server that is not reached: kube-proxy's pods first, flannel's then, and why."""
    cause = first(line)
    commands = steps(cause)
    assert place(commands, "daemonset kube-proxy") < place(commands, "kube-flannel")
    flannel = cause.verdict.findings[0].steps[place(commands, "kube-flannel")]
    assert "kube-proxy" in flannel.why


# ---------------------------------------------------------------- the two branches of 8

RESOLVED = (
    "# This is /run/systemd/resolve/resolv.conf managed by man:systemd-resolved(8).\n"
    "# Do not edit.\n#\n# Third party programs should typically not access it directly.\n\n"
)
IN_POD = (
    "root@dnsutils:/# cat /etc/resolv.conf\n"
    "nameserver {server}\n"
    "search default.svc.cluster.local svc.cluster.local cluster.local\n"
    "options ndots:5\n"
)
TIMED_OUT = (
    "root@dnsutils:/# nslookup kubernetes\n;; connection timed out; no servers could be reached\n"
)
SERVICES = (
    "$ kubectl -n kube-system get service kube-dns\n"
    "NAME       TYPE        CLUSTER-IP   EXTERNAL-IP   PORT(S)                  AGE\n"
    "kube-dns   ClusterIP   10.32.0.10   <none>        53/UDP,53/TCP,9153/TCP   3d\n"
)
PROXIES = (
    "$ kubectl -n kube-system get daemonset\n"
    "NAME         DESIRED   CURRENT   READY   UP-TO-DATE   AVAILABLE   NODE SELECTOR   AGE\n"
    "kube-proxy   2         2         1       2            1           <none>          3d\n"
)


def on_node(text: str) -> str:
    """Return a node's resolv.conf as one prints it there."""
    return f"root@n1:~# cat /etc/resolv.conf\n{text}"


def test_branch_a_a_pod_asks_an_address_that_is_not_the_services() -> None:
    """resolv.conf in the pod, the Service beside it: the kubelets name another server."""
    text = SERVICES + IN_POD.format(server="10.96.0.10") + TIMED_OUT
    cause = first(text)
    assert cause.verdict.check == "kubelet-clusterdns-mismatch"
    assert "10.96.0.10" in message(cause)
    assert "10.32.0.10" in message(cause)
    assert "resolution-fails" in {one.check for one in cause.explained}
    right = SERVICES + IN_POD.format(server="10.32.0.10") + TIMED_OUT
    assert "kubelet-clusterdns-mismatch" not in said(right)


NO_SERVERS = "# No DNS servers known.\nsearch example.internal\n"


def test_branch_a_the_nodes_file_names_nobody() -> None:
    """Without a server in it, CoreDNS has nobody to ask; that is proven beside a mere timeout."""
    cause = first(f"{PROBE}\n\n" + on_node(RESOLVED + NO_SERVERS))
    assert (cause.verdict.check, cause.proven) == ("node-resolvconf-empty", True)


def test_branch_a_the_nodes_file_names_the_node_itself() -> None:
    """A loopback address there is CoreDNS itself, once it stands in its pod."""
    text = LOOP + "\n\n" + on_node("nameserver 127.0.0.53\noptions edns0 trust-ad\n")
    assert first(text).verdict.check == "loop"
    assert "names a loopback address" in message(first(text))
    assert "node-resolvconf-loopback" in said(text)


def test_branch_a_the_nodes_file_is_right() -> None:
    """Then the server that it names is what is left, and the report says that it is that one."""
    cause = first(f"{PROBE}\n\n" + on_node(RESOLVED + "nameserver 8.8.4.4\n"))
    assert cause.verdict.check == "upstream-timeout"
    assert "the node's resolv.conf names it" in message(cause)


@pytest.mark.parametrize(
    "head",
    [
        "",
        "#\n",
        RESOLVED,
        "# Generated by NetworkManager\n\n# more of it\n\nsearch example.internal\n\n",
        "#\n" + RESOLVED + "\noptions edns0\n\n",
    ],
    ids=["none", "bare", "systemd", "blank lines", "all"],
)
def test_a_head_of_comments_is_not_an_empty_file(head: str, tmp_path: Path) -> None:
    """Comments and blank lines before the servers do not end the file: typed, or as a file."""
    text = head + "nameserver 10.1.1.53\nnameserver 10.1.2.53\n"
    assert said(on_node(text)) == set()
    assert said(f"$ cat /etc/resolv.conf\n{text}$ uname\nLinux\n") == set()
    file = tmp_path / "resolv.conf"
    file.write_text(text)
    (haul,) = [read(str(tmp_path), io.BytesIO())]
    found = diagnose(CHECKS, evidence_of(haul), datetime(2026, 11, 23, tzinfo=UTC))
    assert not found.causes


def test_comments_of_who_knows_what_are_not_an_empty_file() -> None:
    """Comments without a command before them do not say that a node has no server."""
    assert said("# Generated by NetworkManager\n") == set()
    assert "node-resolvconf-empty" in said(on_node("# Generated by NetworkManager\n"))


def test_branch_b_the_api_server_comes_before_the_upstream() -> None:
    """Who reads both lines is sent to the API server, and to the DaemonSet where that is seen."""
    both = f"{PROBE}\n{SERVICE_LINE}\n"
    assert [one.verdict.check for one in pasted(both).causes] == [
        "apiserver-unreachable-timeout",
        "upstream-timeout",
    ]
    cause = first(PROXIES + both)
    assert (cause.verdict.check, cause.proven) == ("kube-proxy-not-running", True)
    assert "apiserver-unreachable-timeout" in {one.check for one in cause.explained}
    commands = steps(cause)
    assert place(commands, "kube-proxy") < place(commands, "kube-flannel")


def test_branch_b_where_coredns_gives_no_reason() -> None:
    """CoreDNS 1.12.4 says only that it cannot watch: a possibility, with the next look named."""
    cause = first(UNSYNCED)
    assert (cause.verdict.check, cause.proven) == ("coredns-api-error-hidden", False)
    assert any("auth can-i" in text for text in steps(cause))
    assert any("kube-proxy" in text for text in steps(cause))


# ---------------------------------------------------------------- what only looks alike

TEARDOWN = 'time="2026-11-23T05:11:10Z" level=info msg="TearDown network for sandbox \\"3f1c\\" '
NEIGHBOURS = {
    "4: another program's Statfs": 'failed to Statfs "/mnt/data": no such file or directory',
    "4: a layer that is gone": "E0302 05:11:09.120211    1322 fs.go:418] failed to Statfs "
    '"/var/lib/docker/overlay2/1f2e/merged": no such file or directory',
    "4: a teardown that is well": TEARDOWN + 'successfully"',
    "4: iptables at work": 'I0302 05:11:09.120211    1322 server_others.go:176] "Using iptables '
    'Proxier"',
    "4: a pod that starts": "LAST SEEN   TYPE     REASON    OBJECT            MESSAGE\n"
    "2m          Normal   Pulled    pod/coredns-x2x   Container image already present on machine\n"
    "2m          Normal   Created   pod/coredns-x2x   Created container: coredns\n",
    "5: the controller that starts": "I0302 05:11:09.120211       1 endpointslice_controller.go"
    ":265] Starting endpoint slice controller",
    "5: families that are told": "$ kubectl -n kube-system get svc kube-dns -o "
    "jsonpath='{.spec.ipFamilies}'\n[\"IPv4\"]\n",
    "6: cni0 in the kernel's log": "[ 1234.567890] cni0: port 2(veth1a2b) entered blocking state\n"
    "[ 1234.567891] cni0: port 2(veth1a2b) entered forwarding state\n",
    "6: cni0 with its address": "5: cni0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue "
    "state UP group default qlen 1000\n    inet 10.200.1.1/24 brd 10.200.1.255 scope global cni0\n",
    "6: cni0 in a good log": "I0302 05:11:09.120211       1 main.go:543] Found network config - "
    "Backend type: vxlan\nI0302 05:11:09.220211       1 main.go:450] cni0 has 10.200.1.1/24\n",
    "7: a start without a loop": ".:53\n[INFO] plugin/reload: Running configuration SHA512 = "
    "f869\nCoreDNS-1.12.4\nlinux/amd64, go1.26.8, \n",
    "7: talk about loops": "See https://coredns.io/plugins/loop#troubleshooting for what to do.",
    "7: the self-test, answered": '[INFO] 127.0.0.1:36286 - 12345 "HINFO IN 12332589714218738.'
    '4416823678189275919. udp 57 false 512" NXDOMAIN qr,rd,ra 132 0.019s',
    "8: a query, answered": '[INFO] 10.200.0.9:4711 - 2 "A IN example.com. udp 40 false 512" '
    "NOERROR qr,rd,ra 80 0.01s",
    "8: an application's own timeout": "2026/11/23 05:11:09 connect: dial tcp 10.9.9.9:5432: "
    "i/o timeout",
    "8: an application's own UDP": "statsd: read udp 10.200.1.7:35249->10.9.9.9:8125: i/o timeout",
    "8: a scrape that failed": 'level=warn msg="Scrape failed" err="Get '
    '\\"http://10.200.0.5:9153/metrics\\": dial tcp 10.200.0.5:9153: connect: connection refused"',
    "8a: a resolver that works": IN_POD.format(server="10.32.0.10")
    + "root@dnsutils:/# nslookup kubernetes\nServer:\t\t10.32.0.10\nAddress:\t10.32.0.10#53\n\n"
    "Name:\tkubernetes.default.svc.cluster.local\nAddress: 10.32.0.1\n",
    "8b: flannel that is ready": "I0302 05:11:09.120211       1 main.go:543] Found network config "
    "- Backend type: vxlan\nI0302 05:11:10.120211       1 main.go:450] Running backend.\n"
    "I0302 05:11:10.220211       1 vxlan_network.go:65] watching for new subnet leases\n",
    "8b: CoreDNS that waited, once": "[INFO] plugin/kubernetes: waiting for Kubernetes API before "
    "starting server\n.:53\nCoreDNS-1.12.4\n",
    "2: an installation": "$ ./deploy.sh -i 10.32.0.10 -s -t coredns.yaml.sed | kubectl apply -f -"
    "\nserviceaccount/coredns created\ndeployment.apps/coredns created\nservice/kube-dns created\n",
}


@pytest.mark.parametrize("text", NEIGHBOURS.values(), ids=NEIGHBOURS)
def test_what_only_looks_alike_raises_nothing(text: str) -> None:
    """A healthy or foreign line next to each of the notes is no finding of any check."""
    assert said(text) == set()


def test_an_application_that_gets_no_answer_is_a_symptom() -> None:
    """Its look-up failed, which says that names fail, not why: never proven, no upstream blamed."""
    line = (
        "dial tcp: lookup db.shop.svc.cluster.local on 10.32.0.10:53: read udp "
        "10.200.1.7:41234->10.32.0.10:53: i/o timeout"
    )
    cause = first(line)
    assert (cause.verdict.check, cause.proven) == ("resolution-fails", False)
    assert "upstream-timeout" not in said(line)
