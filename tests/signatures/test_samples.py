"""Every signature against its samples, against the others, and against healthy logs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest

from diagnose.facts.logs import LogStream
from diagnose.parsers import logs
from diagnose.parsers.log_search import piece
from diagnose.parts import Kind, Part
from diagnose.signatures.base import Emitter, Signature, Wording
from diagnose.signatures.tables import BY_EMITTER, NO_LOG, SIGNATURES

WORDINGS = [
    pytest.param(signature, wording, id=f"{signature.name}-{number}")
    for signature in SIGNATURES
    for number, wording in enumerate(signature.wordings)
]
EACH = [pytest.param(signature, id=signature.name) for signature in SIGNATURES]

# What a healthy program prints as well, now and then; no check makes a finding of one such line.
HARMLESS = frozenset(
    {
        "cluster-name-answered",
        "coredns-banner",
        "coredns-not-ready",
        "coredns-reloaded",
        "coredns-terminated",
        "coredns-waiting-for-api",
        "corefile-import-empty",
        "flannel-cleaned-up",
        "flannel-interface-used",
        "flannel-nodes-synced",
        "flannel-stopping",
        "flannel-subnet-written",
        "flannel-waiting-for-nodes",
        "forwarded-name-answered",
        "kube-proxy-caches-awaited",
        "kube-proxy-caches-synced",
        "kube-proxy-nft-list-failed",
        "kube-proxy-node-ports-everywhere",
        "kubelet-container-gone",
        "kubelet-node-ready",
        "kubelet-node-registered",
        "kubelet-sync-skipped",
        "runtime-sandbox-started",
        "sandbox-changed",
    }
)
# Lines of healthy programs, worded as their sources word them.
HEALTHY = {
    Emitter.COREDNS: (
        ".:53",
        "cluster.local.:53 on 169.254.20.10",
        "CoreDNS-1.12.1",
        "linux/amd64, go1.24.1, 707c7c1",
        "maxprocs: Leaving GOMAXPROCS=2: CPU quota undefined",
        "[INFO] plugin/reload: Running configuration SHA512 = 591cf328cccc12bc490481273e738df59329"
        "c62c0b729d94e8b61db9961c2fa5f046dd37f1cf888b953814040d180f52594972691cd6ff41be96639138a4",
        "[INFO] plugin/kubernetes: waiting for Kubernetes API before starting server",
        '[INFO] plugin/ready: Still waiting on: "kubernetes"',
        '[INFO] plugin/ready: Plugins not ready: "kubernetes"',
        "[WARNING] No files matching import glob pattern: /etc/coredns/custom/*.server",
        "[INFO] SIGTERM: Shutting down servers then terminating",
        "[INFO] plugin/health: Going into lameduck mode for 5s",
        "[INFO] Reloading",
        "[INFO] plugin/reload: Running configuration MD5 = f6d26bc3bcc7e0a5d49a9bd1dd0b7c39",
        "[INFO] Reloading complete",
        '[INFO] 127.0.0.1:53 - 1 "HINFO IN 2304978310293847561.5829301827364519283. udp 57 false '
        '512" NXDOMAIN qr,rd,ra 132 0.018s',
        '[INFO] 10.244.0.5:41234 - 36889 "A IN kubernetes.default.svc.cluster.local. udp 54 false '
        '512" NOERROR qr,aa,rd 106 0.000136412s',
        '[INFO] 10.244.1.7:53811 - 4096 "A IN api.example.com.default.svc.cluster.local. udp 59 '
        'false 512" NXDOMAIN qr,aa,rd 152 0.000113s',
        '[INFO] 10.244.1.7:53811 - 4100 "A IN api.example.com. udp 33 false 512" NOERROR qr,rd,ra '
        "64 0.021870412s",
        "[INFO] plugin/kubernetes: pkg/mod/k8s.io/client-go@v0.29.3/tools/cache/reflector.go:229: "
        "watch of *v1.Service ended with: very short watch: pkg/mod/k8s.io/client-go@v0.29.3/"
        "tools/cache/reflector.go:229: Unexpected watch close - watch lasted less than a second",
        "2024/03/02 05:11:08 [INFO] Starting node-cache image: 1.22.28",
        "2024/03/02 05:11:08 [INFO] Using Corefile /etc/Corefile",
    ),
    Emitter.KUBELET: (
        'I0302 05:10:58.120211    1322 server.go:484] "Kubelet version" kubeletVersion="v1.30.5"',
        'I0302 05:10:58.330211    1322 server.go:1264] "Started kubelet"',
        'E0302 05:10:58.340311    1322 kubelet.go:2253] "Skipping pod synchronization" '
        'err="[container runtime status check may not have completed yet, PLEG is not healthy: '
        'pleg has yet to be successful]"',
        'I0302 05:10:59.330211    1322 kubelet_node_status.go:76] "Successfully registered node" '
        'node="worker-1"',
        'I0302 05:11:02.120211    1322 reconciler_common.go:247] "operationExecutor.'
        'VerifyControllerAttachedVolume started for volume \\"config-volume\\" (UniqueName: '
        '\\"kubernetes.io/configmap/1b2c-config-volume\\") pod \\"coredns-5d78c9869d-x2lqv\\" '
        '(UID: \\"1b2c\\") " pod="kube-system/coredns-5d78c9869d-x2lqv"',
        'I0302 05:11:05.120211    1322 pod_startup_latency_tracker.go:104] "Observed pod startup '
        'duration" pod="kube-system/coredns-5d78c9869d-x2lqv" podStartSLOduration=2.1',
        'I0302 07:20:44.120211    1322 scope.go:117] "RemoveContainer" containerID="9e1f"',
    ),
    Emitter.RUNTIME: (
        'time="2024-03-02T05:10:50.120211000Z" level=info msg="starting containerd" '
        "revision=7f7fdf5fed64eb6a7caf99b3e12efcf9d60e311c version=v1.7.22",
        'time="2024-03-02T05:10:50.420211000Z" level=info msg="containerd successfully booted in '
        '0.041s"',
        'time="2024-03-02T05:11:12Z" level=info msg="RunPodSandbox for &PodSandboxMetadata{Name:'
        "coredns-5d78c9869d-x2lqv,Uid:1b2c,Namespace:kube-system,Attempt:0,} returns sandbox id "
        '\\"3f1c0a9d\\""',
        'time="2024-03-02T05:11:13Z" level=info msg="CreateContainer within sandbox \\"3f1c\\" for '
        '&ContainerMetadata{Name:coredns,Attempt:0,} returns container id \\"9e1f\\""',
        'time="2024-03-02T05:11:13Z" level=info msg="StartContainer for \\"9e1f\\" returns '
        'successfully"',
        'time="2024-03-02T07:20:44Z" level=info msg="StopPodSandbox for \\"3f1c0a9d\\" returns '
        'successfully"',
    ),
    Emitter.KUBE_PROXY: (
        'I0302 05:11:08.120211       1 server_others.go:72] "Using iptables proxy"',
        'I0302 05:11:08.140211       1 server.go:1062] "Successfully retrieved node IP(s)" '
        'IPs=["192.168.56.11"]',
        'E0302 05:11:08.150211       1 server.go:669] "Kube-proxy configuration may be incomplete '
        'or incorrect" err="nodePortAddresses is unset; NodePort connections will be accepted on '
        'all local IPs. Consider using `--nodeport-addresses primary`"',
        'I0302 05:11:08.162211       1 server.go:872] "Version info" version="v1.30.5"',
        'I0302 05:11:08.170211       1 config.go:192] "Starting service config controller"',
        "I0302 05:11:08.170311       1 shared_informer.go:313] Waiting for caches to sync for "
        "service config",
        "I0302 05:11:08.270311       1 shared_informer.go:320] Caches are synced for node config",
        'I0302 05:11:08.120211       1 proxier.go:805] "SyncProxyRules complete" elapsed="12ms"',
    ),
    Emitter.FLANNEL: (
        "I0302 05:11:08.130211       1 kube.go:139] Waiting 10m0s for node controller to sync",
        "I0302 05:11:09.130411       1 kube.go:146] Node controller sync successful",
        "I0302 05:11:09.130811       1 main.go:395] Found network config - Backend type: vxlan",
        "I0302 05:11:09.131011       1 match.go:259] Using interface with name eth0 and address "
        "192.168.56.11",
        "I0302 05:11:09.180211       1 iptables.go:81] Changing default FORWARD chain policy to "
        "ACCEPT",
        "I0302 05:11:09.190211       1 main.go:435] Wrote subnet file to /run/flannel/subnet.env",
        "I0302 05:11:09.190311       1 main.go:439] Running backend.",
        "I0302 05:11:09.210211       1 iptables.go:357] bootstrap done",
    ),
    Emitter.CONTROLLER_MANAGER: (
        "I0302 05:10:40.120211       1 serving.go:380] Generated self-signed cert in-memory",
        'I0302 05:10:40.420211       1 controllermanager.go:189] "Starting" version="v1.30.5"',
        "I0302 05:10:56.520211       1 shared_informer.go:320] Caches are synced for deployment",
        'I0302 05:11:01.120211       1 replica_set.go:676] "Finished syncing" '
        'logger="replicaset-controller" kind="ReplicaSet" '
        'key="kube-system/coredns-5d78c9869d" duration="11.2ms"',
    ),
    Emitter.KERNEL: (
        "[   14.100200] nf_conntrack version 0.5.0 (65536 buckets, 262144 max)",
        "[   15.551122] cni0: port 1(veth1a2b3c4d) entered forwarding state",
        "[   16.221100] IPv6: ADDRCONF(NETDEV_CHANGE): flannel.1: link becomes ready",
    ),
    Emitter.CLIENT: (
        "Get:1 http://mirror.example.net/debian bookworm InRelease [151 kB]",
        "* Connected to api.example.net (192.0.2.7) port 443 (#0)",
        "2024-03-02 05:11:09 INFO resolved api.example.net to 192.0.2.7",
    ),
}


def others(signature: Signature, sample: str) -> Iterator[Signature]:
    """Yield the other signatures of the same emitter that match a sample."""
    for other in BY_EMITTER[signature.emitter]:
        if other is not signature and other.match(sample):
            yield other


def counted(text: str, emitter: Emitter, kind: Kind = Kind.LOG) -> set[str]:
    """Return the names of the signatures that a log of one program is found to hold."""
    found = logs.parse(Part(kind, "sample", text=text, emitter=emitter)).items
    return {name for one in found if isinstance(one, LogStream) for name in one.counts}


def test_names_are_unique() -> None:
    """A stream counts by name, so two signatures of one name would be one."""
    doubles = [name for name, count in Counter(one.name for one in SIGNATURES).items() if count > 1]
    assert not doubles


@pytest.mark.parametrize(("signature", "wording"), WORDINGS)
def test_wording_matches_its_samples(signature: Signature, wording: Wording) -> None:
    """A wording's samples hold its literal, and its own pattern takes each of them."""
    assert wording.samples
    for sample in wording.samples:
        assert wording.literal in sample
        assert wording.compiled.search(sample)
        assert signature.match(sample)


@pytest.mark.parametrize(("signature", "wording"), WORDINGS)
def test_wording_cites_the_file_that_prints_it(signature: Signature, wording: Wording) -> None:
    """A source names a file or a class of the emitter."""
    cited = r"[\w.-]+\.(?:go|c|cc|cpp|h|js|ts|java|cs|pm|py|rs|rb)\b|[A-Z][a-z]+[A-Z]\w+ \(\w+"
    assert re.search(cited, wording.source), signature.name


@pytest.mark.parametrize("signature", EACH)
def test_sample_is_its_own_only(signature: Signature) -> None:
    """Two signatures of one emitter share a line only where one quotes the other or falls back."""
    for wording in signature.wordings:
        for sample in wording.samples:
            for other in others(signature, sample):
                quoting = signature.envelope or other.envelope
                assert quoting or signature.fallback or other.fallback, (other.name, sample)


@pytest.mark.parametrize("signature", EACH)
def test_scan_finds_the_sample(signature: Signature) -> None:
    """In the log of its emitter a sample counts for its signature, whatever else applies there."""
    for wording in signature.wordings:
        for sample in wording.samples:
            found = counted(sample, signature.emitter)
            assert (signature.name in found) is (signature not in NO_LOG), sample


def test_specific_beats_fallback() -> None:
    """A set-up error that has a signature of its own is not also one of the unnamed rest."""
    found = counted("plugin/forward: no nameservers found", Emitter.COREDNS)
    assert found == {"forward-resolvconf-empty"}


@pytest.mark.parametrize("emitter", HEALTHY, ids=lambda one: one.name)
def test_healthy_lines_are_no_trouble(emitter: Emitter) -> None:
    """What a healthy program prints matches nothing that a check makes a finding of."""
    for line in HEALTHY[emitter]:
        for given in (emitter, Emitter.UNKNOWN):
            assert counted(line, given) <= HARMLESS, line


@pytest.mark.parametrize("emitter", HEALTHY, ids=lambda one: one.name)
def test_healthy_logs_hold_no_unknown_errors(emitter: Emitter) -> None:
    """The lines of level error that a healthy program prints are known."""
    part = Part(Kind.LOG, "sample", text="\n".join(HEALTHY[emitter]), emitter=emitter)
    found = logs.parse(part).items
    assert not [one.unknown for one in found if isinstance(one, LogStream) and one.unknown]


# ---------------------------------------------------------------- patterns that cannot run away


def unbounded(item: tuple[Any, Any]) -> bool:
    """Whether a part of a pattern repeats without end."""
    return item[0] in (op.MAX_REPEAT, op.MIN_REPEAT) and item[1][1] is op.MAXREPEAT


def inner(item: tuple[Any, Any]) -> Iterator[Any]:
    """Yield the patterns inside a part of a pattern."""
    code, value = item
    if code is op.SUBPATTERN:
        yield value[-1]
    elif code in (op.MAX_REPEAT, op.MIN_REPEAT):
        yield value[2]
    elif code is op.BRANCH:
        yield from value[1]
    elif code in (op.ASSERT, op.ASSERT_NOT):
        yield value[1]
    elif code is op.ATOMIC_GROUP:
        yield value


def nested(tree: Any, inside: bool = False) -> bool:
    """Whether a repetition without end stands inside another."""
    return any(
        (inside and unbounded(item))
        or any(nested(one, inside or unbounded(item)) for one in inner(item))
        for item in tree
    )


def flat(tree: Any) -> list[tuple[Any, Any]]:
    """Return the parts of a pattern in order, those of groups in the groups' place."""
    parts: list[tuple[Any, Any]] = []
    for item in tree:
        parts += flat(item[1][-1]) if item[0] is op.SUBPATTERN else [item]
    return parts


def least(item: tuple[Any, Any]) -> int:
    """Return how many characters a part of a pattern takes at least."""
    alone = parser.SubPattern(parser.State())
    alone.data = [item]
    return int(alone.getwidth()[0])


@pytest.mark.parametrize(("signature", "wording"), WORDINGS)
def test_pattern_cannot_run_away(signature: Signature, wording: Wording) -> None:
    """A hostile line costs no more than its length times a bound.

    No repetition without end stands inside another, begins the pattern, or takes any character
    before something that has to follow; but one does, besides those in atomic groups, where the
    pattern is tried at the begin of the line alone.
    """
    tree = parser.parse(wording.pattern)
    assert not nested(tree)
    parts = flat(tree)
    assert not unbounded(parts[0])
    allowed = 1 if parts[0] == (op.AT, op.AT_BEGINNING) else 0
    for number, item in enumerate(parts):
        if unbounded(item) and flat(item[1][2])[0][0] is op.ANY:
            allowed -= any(map(least, parts[number + 1 :]))
    assert allowed >= 0, wording.pattern


@pytest.mark.parametrize(("signature", "wording"), WORDINGS)
def test_literal_survives_json(signature: Signature, wording: Wording) -> None:
    """What the scan looks for is long enough to be rare, and JSON logs do not escape it."""
    sought = piece(wording.literal)
    assert len(sought) >= 5
    assert not set(sought) & set('"\\<>&')
