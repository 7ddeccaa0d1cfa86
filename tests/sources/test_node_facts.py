"""Facts of nodes from pods that run: which are asked, for what, and what is made of it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from diagnose.asks import Ask
from diagnose.collect import evidence_of
from diagnose.facts.cni_config import CNIConfig
from diagnose.facts.file_lists import FileList
from diagnose.facts.flannel import SubnetEnv
from diagnose.facts.listeners import Listener
from diagnose.facts.node_network import FilterRules, Interface, Route
from diagnose.facts.resolv_conf import ResolvConf
from diagnose.facts.sysctls import Counter, Sysctl
from diagnose.model import GapKind, Subject
from diagnose.parts import Haul, Kind, Part
from diagnose.sources import commands
from diagnose.sources.http import Answer, Request, Trouble
from diagnose.sources.options import LiveOptions
from diagnose.sources.plans.base import Run, drive, together
from diagnose.sources.plans.node_facts import (
    HERE,
    MOST_NODES,
    MOST_PODS,
    Place,
    node_facts,
    pieces_of,
)
from diagnose.sources.streams import Came, Exec, Ran, Wanted
from tests.sources.apiserver import Cluster, daemon_set, fielded, labelled, pod, serving, thing
from tests.sources.apiserver import kubeconfig as kubeconfig_of
from tests.sources.pools import OneByOne

Object = dict[str, Any]
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
FLANNEL, PROXY = {"app": "flannel"}, {"k8s-app": "kube-proxy"}
NO_SHELL = 'exec failed: exec: "sh": executable file not found in $PATH: unknown'
SETTINGS = "\n#corediag# settings sysctl\nnet.ipv4.ip_forward = 1\n"
RULES = "\n#corediag# rules iptables-save\n*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n"
ADDRESSES = (
    "\n#corediag# addresses ip addr\n2: eth0: <UP> mtu 1500\n    inet 192.0.2.11/24 scope global\n"
)
RESOLVER = "\n#corediag# resolv-conf cat /etc/resolv.conf\nnameserver 192.0.2.53\n"


# ---------------------------------------------------------------- worlds


def mounts(**paths: str) -> tuple[list[Object], list[Object]]:
    """Return (volumes, mounts) of folders of the node; a name is its path inside, `_` for `/`."""
    volumes = [{"name": name, "hostPath": {"path": path}} for name, path in paths.items()]
    inside = [{"name": name, "mountPath": name.replace("_", "/")} for name in paths]
    return volumes, inside


def spec(container: str, **paths: str) -> Object:
    """Return the spec of a pod in its node's network."""
    volumes, inside = mounts(**paths)
    return {
        "hostNetwork": True,
        "containers": [{"name": container, "image": container, "volumeMounts": inside}],
        "volumes": volumes,
    }


def agent(
    cluster: Cluster, name: str, namespace: str, labels: dict[str, str], **paths: str
) -> None:
    """Add a DaemonSet of the host's network with a pod on each node."""
    one = daemon_set(name, namespace, labels, len(cluster.objects["nodes"]), 1)
    one["spec"]["template"] = {"spec": spec(name, **paths)}
    cluster.add("daemonsets", one)
    for node in cluster.objects["nodes"]:
        where = node["metadata"]["name"]
        there = pod(f"{name}-{where}", namespace, labels, node=where, container=name)
        there["spec"].update(spec(name, **paths))
        cluster.add("pods", there)


def world(nodes: int = 2, bad: tuple[str, ...] = ()) -> Cluster:
    """Return a cluster with flannel, kube-proxy and a CoreDNS pod on n1."""
    cluster = Cluster()
    cluster.objects = {name: [] for name in ("services", "events", "daemonsets", "pods", "nodes")}
    for number in range(1, nodes + 1):
        name = f"n{number}"
        ready = "Unknown" if name in bad else "True"
        status = {"conditions": [{"type": "Ready", "status": ready}]}
        cluster.add("nodes", thing("Node", name, "", None, status=status))
    cluster.add("pods", pod("coredns-1", labels={"k8s-app": "kube-dns"}, node="n1"))
    agent(cluster, "kube-flannel", "kube-flannel", FLANNEL, _run_flannel="/run/flannel")
    agent(cluster, "kube-proxy", "kube-system", PROXY)
    return cluster


Says = Callable[[Exec], Ran]


def says(text: str) -> Says:
    """Return what answers each command with a text."""
    return lambda request: Ran(request, text.encode(), exit_code=0, status=101)


class Api:
    """A cluster that is asked by hand: lists as the test server does, commands as a test says."""

    def __init__(self, cluster: Cluster, run: Says) -> None:
        """Take what it answers."""
        self.cluster = cluster
        self.run = run
        self.asked: list[Wanted] = []

    def fetch(self, request: Wanted) -> Came:
        """Return what comes of a request."""
        self.asked.append(request)
        if isinstance(request, Exec):
            return self.run(request)
        assert isinstance(request, Request)
        query = dict(request.query)
        *_, resource = request.path.split("/")
        space = re.search(r"/namespaces/([^/]+)/", request.path)
        items = [
            one
            for one in self.cluster.objects.get(resource, [])
            if (not space or one["metadata"].get("namespace") == space[1])
            and labelled(one, query.get("labelSelector", ""))
            and fielded(one, query.get("fieldSelector", ""))
        ]
        shown = items[: int(query.get("limit", 500))]
        left = len(items) - len(shown)
        metadata = {"continue": "more", "remainingItemCount": left} if left else {}
        value = {"kind": "List", "items": shown, "metadata": metadata}
        return Answer(request, 200, json.dumps(value).encode(), value, at=NOW)

    @property
    def commands(self) -> list[Exec]:
        """The commands that were run."""
        return [one for one in self.asked if isinstance(one, Exec)]


def ask(api: Api, *asks: Ask) -> Haul:
    """Return what the plan brings for some asks; for all four where none is named."""
    wanted = frozenset(asks or HERE)
    run = Run(LiveOptions(environ={}), wanted, NOW)
    drive(together(*(node_facts(run) for _ in wanted)), api.fetch, OneByOne(), {})
    gaps = {one: tuple(gaps) for one, gaps in run.gaps.items()}
    return Haul(tuple(run.parts.values()), wanted, gaps, source="a cluster")


def parts_of(haul: Haul, kind: Kind) -> list[Part]:
    """Return the parts of a kind."""
    return [part for part in haul.parts if part.kind is kind]


def because(haul: Haul, wanted: Ask) -> str:
    """Return the gaps of an ask in words."""
    return "\n".join(f"{one.what}: {one.because}" for one in haul.gaps.get(wanted, ()))


# ---------------------------------------------------------------- which nodes and pods


def test_one_command_per_node_for_all_four_asks() -> None:
    """Four asks cost one command on each node, in the network add-on's pod."""
    api = Api(world(), says(SETTINGS + ADDRESSES + RULES))
    ask(api)
    first = [one for one in api.commands if one.namespace == "kube-flannel"]
    assert sorted(one.pod for one in first) == ["kube-flannel-n1", "kube-flannel-n2"]
    assert {one.command[:3] for one in first} == {("sh", "-c", commands.SCRIPT)}
    assert len(set(api.asked)) == len(api.asked)


def test_only_what_is_asked_for_is_wanted() -> None:
    """The settings alone are asked for by the sections that bring them; no more is kept."""
    api = Api(world(), says(SETTINGS + ADDRESSES))
    haul = ask(api, Ask.KERNEL_SETTINGS)
    assert {one.command[4] for one in api.commands} >= {"settings counters"}
    assert {part.kind for part in haul.parts if part.ask in HERE} == {Kind.KERNEL_SETTINGS}


def test_a_healthy_cluster_costs_the_same_whatever_its_size() -> None:
    """Of 200 nodes three are asked, as of 3; the others are a gap."""
    everything = SETTINGS + ADDRESSES + RULES + RESOLVER
    small, large = Api(world(3), says(everything)), Api(world(200), says(everything))
    ask(small)
    haul = ask(large)
    assert len(small.asked) == len(large.asked)
    assert "of 200 nodes 3 were looked at: n1, " in because(haul, Ask.NODE_NETWORK)
    assert haul.gaps[Ask.KERNEL_SETTINGS][0].kind is GapKind.PARTIAL


def test_nodes_with_trouble_are_looked_at_up_to_a_bound() -> None:
    """Nodes with pods that wait, or that are not Ready, are added; never more than the bound."""
    cluster = world(40, bad=("n7", "n8", "n9"))
    for number in range(20, 39):
        cluster.add("pods", pod(f"waits-{number}", "shop", node=f"n{number}", phase="Pending"))
    api = Api(cluster, says(SETTINGS))
    haul = ask(api, Ask.KERNEL_SETTINGS)
    nodes = {part.subject.name for part in haul.parts if part.ask is Ask.KERNEL_SETTINGS}
    assert nodes == {"n1", "n20", "n21", "n22", "n7", "n8"}
    assert len(nodes) == MOST_NODES
    assert "of 40 nodes 6" in because(haul, Ask.KERNEL_SETTINGS)


def test_what_one_pod_has_no_program_for_another_is_asked() -> None:
    """Without iptables in flannel's image, kube-proxy's pod is asked for the rules alone."""

    def run(request: Exec) -> Ran:
        told = RULES if request.namespace == "kube-system" else SETTINGS + ADDRESSES
        return says(told)(request)

    api = Api(world(1), run)
    haul = ask(api, Ask.NODE_NETWORK, Ask.KERNEL_SETTINGS)
    assert [part.origin for part in parts_of(haul, Kind.FILTER_RULES)] == ["n1: iptables-save"]
    (_, second) = api.commands
    assert second.pod == "kube-proxy-n1"
    assert "rules" in second.command[4].split()
    assert "addresses" not in second.command[4].split()


def test_an_image_without_a_shell_still_has_its_own_program() -> None:
    """kube-proxy's image has iptables-save and no shell: the rules come all the same."""

    def run(request: Exec) -> Ran:
        if request.command == ("iptables-save",):
            return says(RULES.partition("save\n")[2])(request)
        return Ran(request, status=101, detail=NO_SHELL)

    cluster = world(1)
    cluster.objects["daemonsets"].pop(0)
    haul = ask(Api(cluster, run))
    (rules,) = parts_of(haul, Kind.FILTER_RULES)
    assert rules.text.startswith("*nat\n")
    assert "kube-system/kube-proxy-n1 has no shell" in because(haul, Ask.KERNEL_SETTINGS)


def test_nobody_has_a_shell() -> None:
    """Each pod is tried, as many as the bound allows, and all four asks say why it was in vain."""
    api = Api(world(1), lambda one: Ran(one, status=101, detail=NO_SHELL))
    haul = ask(api)
    assert len(api.commands) <= 2 * MOST_PODS
    for one in HERE:
        assert "has no shell" in because(haul, one)
        assert all(gap.kind is GapKind.NOT_COLLECTED for gap in haul.gaps[one])


@pytest.mark.parametrize(
    ("answer", "kind", "word"),
    [
        ({"status": 403, "detail": "pods is forbidden"}, GapKind.DENIED, "create pods/exec"),
        ({"trouble": Trouble.TIMEOUT}, GapKind.UNREACHABLE, "does not answer in time"),
        ({"exit_code": 0, "status": 101}, GapKind.UNREACHABLE, "it printed nothing"),
        (
            {"exit_code": 2, "status": 101, "stderr": b"\x1b[31mbad\x00"},
            GapKind.UNREACHABLE,
            "exit code 2",
        ),
    ],
    ids=["forbidden", "slow", "mute", "broken"],
)
def test_why_nothing_came(answer: dict[str, Any], kind: GapKind, word: str) -> None:
    """A refusal, a silence and a failure are different gaps, their words shown harmlessly."""
    haul = ask(Api(world(1), lambda one: Ran(one, **answer)))
    gap = haul.gaps[Ask.KERNEL_SETTINGS][0]
    assert gap.kind is kind
    assert word in f"{gap.because} {gap.ask}"
    assert "\x1b" not in gap.because


def test_without_daemonsets_pods_of_kube_system_are_asked() -> None:
    """Agents that no DaemonSet tells of are found among the node's pods."""
    cluster = world(1)
    cluster.objects["daemonsets"] = []
    haul = ask(Api(cluster, says(SETTINGS)), Ask.KERNEL_SETTINGS)
    assert parts_of(haul, Kind.KERNEL_SETTINGS)


def test_a_pod_that_does_not_run_is_not_asked() -> None:
    """A container that waits can run no command; the next pod is asked."""
    cluster = world(1)
    for one in cluster.objects["pods"]:
        if one["metadata"]["name"] == "kube-flannel-n1":
            one["status"]["containerStatuses"][0]["state"] = {"waiting": {"reason": "Error"}}
    api = Api(cluster, says(SETTINGS))
    ask(api, Ask.KERNEL_SETTINGS)
    assert [one.pod for one in api.commands] == ["kube-proxy-n1"]


def test_no_node_at_all() -> None:
    """Where nothing can be listed, each ask has its gap."""
    cluster = world(1)
    cluster.objects["nodes"] = []
    cluster.objects["pods"] = []
    haul = ask(Api(cluster, says(SETTINGS)))
    assert all("no node is known" in because(haul, one) for one in HERE)


# ---------------------------------------------------------------- where a pod has the node's files


def test_paths_inside_of_a_pod() -> None:
    """A folder is found by what is mounted, also below a mount and below the node's root."""
    assert Place.of(spec("a", _run_flannel="/run/flannel/")).folders == {
        "subnet-env": "/run/flannel"
    }
    assert Place.of(spec("a", _x="/var/run/flannel")).folders == {"subnet-env": "/x"}
    whole = Place.of(spec("exporter", _host_root="/"))
    assert whole.folders["cni-bin"] == "/host/root/opt/cni/bin"
    assert whole.resolver == "/host/root/etc/resolv.conf"
    assert not whole.own_resolver
    assert Place.of(spec("a", _host_etc="/etc/cni")).folders == {"cni-config": "/host/etc/net.d"}
    assert Place.of(spec("a", _x="/run/flannelish")).folders == {}


def test_a_sub_path_is_another_folder() -> None:
    """A mount of a part of a volume shows that part; one of an unknown part nothing."""
    one = spec("a", _x="/opt")
    (mount,) = one["containers"][0]["volumeMounts"]
    mount["subPath"] = "cni/bin"
    assert Place.of(one).folders == {"cni-bin": "/x"}
    mount["subPathExpr"] = "$(NAME)"
    assert Place.of(one).folders == {}


@pytest.mark.parametrize(
    ("told", "own"),
    [
        ({"dnsPolicy": "Default"}, True),
        ({"dnsPolicy": "ClusterFirst"}, True),
        ({}, True),
        ({"dnsPolicy": "ClusterFirstWithHostNet"}, False),
        ({"dnsPolicy": "None", "dnsConfig": {"nameservers": ["192.0.2.1"]}}, False),
        ({"dnsPolicy": "Default", "dnsConfig": {"nameservers": ["192.0.2.1"]}}, False),
    ],
)
def test_whose_resolver_a_pod_has(told: Object, own: bool) -> None:
    """A pod of the host's network has its node's resolver by two policies, and none of its own."""
    place = Place.of({**spec("a"), **told})
    assert place.own_resolver is own
    assert ("resolv-conf" in place.sections()) is own


def test_what_is_not_mounted_is_not_known() -> None:
    """Folders that no pod mounts are gaps; the script is not even asked for them."""
    api = Api(world(1), says(SETTINGS))
    haul = ask(api, Ask.NODE_FILES)
    assert "mounts /opt/cni/bin" in because(haul, Ask.NODE_FILES)
    assert {one.command[4] for one in api.commands} == {"subnet-env"}


# ---------------------------------------------------------------- what came


def evidence(text: str, **paths: str) -> Any:
    """Return the evidence that a pod's output on n1 makes."""
    cluster = world(1)
    cluster.objects["daemonsets"] = []
    agent(cluster, "exporter", "monitoring", {"app": "exporter"}, **paths)
    return evidence_of(ask(Api(cluster, says(text))))


def test_sections_become_items_of_the_node() -> None:
    """What the script prints is read by the parsers of pasted text, for the node."""
    found = evidence(
        SETTINGS
        + "\n#corediag# counters cat /proc/net/netstat\n"
        + "TcpExt: Other IPReversePathFilter\nTcpExt: 9 342\n"
        + "\n#corediag# counters cat /proc/net/stat/nf_conntrack\n"
        + "entries  clashres found new invalid ignore delete chainlength insert insert_failed\n"
        + " ".join(["00000000"] * 9 + ["0000002a"])
        + "\n"
        + ADDRESSES
        + "\n#corediag# routes ip route\ndefault via 192.0.2.1 dev eth0\n"
        + "\n#corediag# listeners cat /proc/net/udp /proc/net/tcp\n/proc/net/udp:\n"
        + " 1: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 0  0 0 16912 2 0 0\n"
        + "\n#corediag# subnet-env cat /host/root/run/flannel/subnet.env\nFLANNEL_MTU=1450\n"
        + "\n#corediag# cni-names ls /host/root/etc/cni/net.d\n10-flannel.conflist\n"
        + "\n#corediag# cni-config cat /host/root/etc/cni/net.d/10-flannel.conflist\n"
        + '{"name": "cbr0", "plugins": [{"type": "flannel"}]}\n'
        + "\n#corediag# cni-bin ls /host/root/opt/cni/bin\nbridge\nflannel\n"
        + RULES,
        _host_root="/",
    )
    node = Subject("Node", "n1")
    filtered, tracked = found.of(Counter)
    assert (filtered.name, filtered.value) == ("IPReversePathFilter", 342)
    assert (tracked.name, tracked.value, tracked.subject) == ("insert_failed", 42, node)
    assert tracked.origin.startswith("n1: ")
    kinds = (Sysctl, Interface, Route, Listener, SubnetEnv, CNIConfig, FilterRules)
    for kind in kinds:
        (item,) = found.of(kind)
        assert item.subject == node, kind
        assert item.origin.startswith("n1: ")
    assert found.of(CNIConfig)[0].path == "/etc/cni/net.d/10-flannel.conflist"
    assert found.of(SubnetEnv)[0].origin == "n1: /run/flannel/subnet.env"
    names, plugins = found.of(FileList)
    assert (names.path, names.names) == ("/etc/cni/net.d", ("10-flannel.conflist",))
    assert (plugins.path, plugins.names) == ("/opt/cni/bin", ("bridge", "flannel"))


def test_a_copied_resolver_is_told_from_the_nodes_file() -> None:
    """A pod's own copy is what its kubelet hands out, whatever its path; a mount is the file."""
    (copy,) = evidence(RESOLVER).of(ResolvConf)
    assert (copy.subject.name, copy.path, copy.handed) == ("n1", "", True)
    assert "as its kubelet hands it out" in copy.origin
    mounted = "\n#corediag# resolv-conf cat /host/root/etc/resolv.conf\nnameserver 192.0.2.53\n"
    (file,) = evidence(mounted, _host_root="/").of(ResolvConf)
    assert (file.path, file.handed) == ("/etc/resolv.conf", False)


def test_pods_with_cluster_dns_are_asked_for_theirs() -> None:
    """The first pod that has `cat` tells what its kubelet wrote for it."""
    cluster = world(1)
    for name in ("shop-1", "shop-2"):
        one = pod(name, "default", node="n1", container="shop")
        one["spec"]["dnsPolicy"] = "ClusterFirst"
        one["status"]["podIP"] = "10.200.0.9"
        cluster.add("pods", one)

    def run(request: Exec) -> Ran:
        if request.pod == "shop-1":
            return Ran(request, status=101, detail=NO_SHELL.replace('"sh"', '"cat"'))
        told = "nameserver 10.32.0.10\nsearch default.svc.cluster.local\n"
        return says(told if request.pod == "shop-2" else SETTINGS)(request)

    haul = ask(Api(cluster, run), Ask.RESOLV_CONF)
    (part,) = parts_of(haul, Kind.RESOLV_CONF)
    assert part.subject == Subject("Pod", "shop-2", "default", "n1")
    (file,) = evidence_of(haul).of(ResolvConf)
    assert file.of_pod
    assert not file.handed


def test_an_output_that_breaks_off_is_used_as_far_as_it_came() -> None:
    """The last section is not whole then, and the report learns of it."""

    def run(request: Exec) -> Ran:
        text = (SETTINGS + RULES.replace("COMMIT\n", "")).encode()
        return Ran(request, text, status=101, trouble=Trouble.TOO_LARGE)

    haul = ask(Api(world(1), run), Ask.NODE_NETWORK, Ask.KERNEL_SETTINGS)
    (settings,), (rules,) = parts_of(haul, Kind.KERNEL_SETTINGS), parts_of(haul, Kind.FILTER_RULES)
    assert settings.whole
    assert not rules.whole
    assert "too large" in because(haul, Ask.NODE_NETWORK)
    (dump,) = evidence_of(haul).of(FilterRules)
    assert not dump.tables, "what a cut table lacks is not known"


def test_of_an_old_kernel_one_back_end_is_read() -> None:
    """The nft tool's refusal says nothing where the legacy tables were read."""
    text = (
        "\n#corediag# rules iptables-nft-save\nCould not fetch rule set generation id\n"
        "\n#corediag# rules iptables-legacy-save\n*filter\n:FORWARD DROP [0:0]\nCOMMIT\n"
    )
    haul = ask(Api(world(1), says(text)), Ask.NODE_NETWORK)
    assert [part.command for part in parts_of(haul, Kind.FILTER_RULES)] == ["iptables-legacy-save"]


def test_a_refusal_of_the_kernel_is_a_gap() -> None:
    """Rules that may not be read are denied, not absent."""
    text = (
        "\n#corediag# rules iptables-save\niptables-save v1.8.9 (nf_tables): Could not fetch rule "
        "set generation id: Permission denied (you must be root)\n"
    )
    found = evidence_of(ask(Api(world(1), says(text)), Ask.NODE_NETWORK))
    assert GapKind.DENIED in {gap.kind for gap in found.gaps[Ask.NODE_NETWORK]}
    assert not found.of(FilterRules)


@pytest.mark.parametrize(
    "text",
    ["", "\x00\x01", "#corediag# ", "#corediag# nothing of ours\nx\n", "#corediag# rules \n" * 999],
)
def test_output_of_any_shape_does_no_harm(text: str) -> None:
    """What is no section of ours is left aside."""
    haul = ask(Api(world(1), says(text)))
    assert not [part for part in haul.parts if part.ask in HERE]
    assert pieces_of(text, cut=True) is not None


def test_over_a_wire(tmp_path: Path) -> None:
    """Against a server that speaks the protocol the same comes as by hand."""
    from diagnose.sources.live import gather

    cluster = world(1)
    for one in ("kube-flannel", "kube-proxy"):
        space = "kube-flannel" if one == "kube-flannel" else "kube-system"
        told = (SETTINGS + RULES).encode()
        cluster.execs[space, f"{one}-n1"] = lambda _, told=told: (told, b"", 0)
    with serving(cluster) as url:
        options = LiveOptions(kubeconfig=kubeconfig_of(tmp_path, url), environ={})
        haul = gather(frozenset({Ask.KERNEL_SETTINGS}), options=options, pool=OneByOne())
    (part,) = parts_of(haul, Kind.KERNEL_SETTINGS)
    assert part.text == "net.ipv4.ip_forward = 1\n"
    assert Ask.KERNEL_SETTINGS in haul.looked


# ---------------------------------------------------------------- the script itself

SHELLS = [
    pytest.param(command, marks=pytest.mark.skipif(not shutil.which(command[0]), reason="absent"))
    for command in (("sh",), ("dash",), ("busybox", "sh"))
]


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_the_script_runs_in_small_shells(shell: tuple[str, ...], tmp_path: Path) -> None:
    """Each section that its arguments ask for begins with its mark, and no file is made."""
    conf, plugins = tmp_path / "net.d", tmp_path / "bin"
    conf.mkdir()
    plugins.mkdir()
    (conf / "10-a.conflist").write_text('{"name": "a"}\n')
    (conf / "notes.txt").write_text("none\n")
    (plugins / "bridge").write_text("")
    resolv = tmp_path / "resolv.conf"
    resolv.write_text("nameserver 192.0.2.53\n")
    before = sorted(tmp_path.rglob("*"))
    sections = tuple(one for one in commands.SECTIONS if not one.startswith("rules"))
    line = commands.of_script(sections, conf=str(conf), plugins=str(plugins), resolv=str(resolv))
    ran = subprocess.run(
        [*shell, *line[1:]], capture_output=True, text=True, timeout=30, check=True
    )
    assert ran.stderr == ""
    pieces = {one.section: one for one in pieces_of(ran.stdout, cut=False)}
    assert pieces["resolv-conf"].text == "nameserver 192.0.2.53\n"
    assert pieces["cni-names"].text == "10-a.conflist\nnotes.txt\n"
    assert pieces["cni-config"].command.endswith("net.d/10-a.conflist")
    assert pieces["cni-config"].text == '{"name": "a"}\n'
    assert pieces["cni-bin"].text == "bridge\n"
    assert "subnet-env" not in pieces, "no pod's folder was given for it"
    forwards = Path("/proc/sys/net/ipv4/ip_forward")
    if forwards.exists():
        value = forwards.read_text().strip()
        assert f"net.ipv4.ip_forward = {value}\n" in pieces["settings"].text
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_the_script_needs_no_program(shell: tuple[str, ...], tmp_path: Path) -> None:
    """Where there is nothing but the shell, it says nothing and ends well."""
    script = re.sub(r"(?m)^PATH=.*$", f"PATH={tmp_path}", commands.SCRIPT)
    where = shutil.which(shell[0])
    assert where
    ran = subprocess.run(
        [where, *shell[1:], "-c", script, "sh", " ".join(commands.SECTIONS), "", "", "", ""],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert ran.stderr == ""
    if shell[0] != "busybox":  # which may have its own programs without a PATH
        assert not pieces_of(ran.stdout, cut=False)


def test_the_rules_of_other_services_are_left_out(tmp_path: Path) -> None:
    """Of kube-proxy's chains per Service those of DNS and the API server stay, and all others."""
    saved = """*nat
:PREROUTING ACCEPT [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-SVC-TCOU7JCQXEZGVUNU - [0:0]
:KUBE-SEP-AAAAAAAAAAAAAAAA - [0:0]
:KUBE-EXT-AAAAAAAAAAAAAAAA - [0:0]
:KUBE-EXTERNAL-SERVICES - [0:0]
-A KUBE-SERVICES -d 10.32.0.77/32 -m comment --comment "shop/web:http cluster IP" -j KUBE-SVC-B
-A KUBE-SVC-BBBBBBBBBBBBBBBB -m comment --comment "shop/web:http" -j KUBE-SEP-B
-A KUBE-SEP-BBBBBBBBBBBBBBBB -p tcp --comment "shop/web:http" -j DNAT --to-destination 10.200.0.7:80
-A KUBE-SEP-CCCCCCCCCCCCCCCC -p udp --comment "kube-system/kube-dns:dns" -j DNAT
-A KUBE-SEP-DDDDDDDDDDDDDDDD -p tcp --comment "default/kubernetes:https" -j DNAT
-A KUBE-FW-EEEEEEEEEEEEEEEE -m comment --comment "shop/web:http loadbalancer IP" -j KUBE-EXT-E
-A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FIREWALL -j DROP
-A KUBE-SOURCE-RANGES-FIREWALL -j DROP
-A KUBE-POD-FW-FFFFFFFF -j DROP
-A cali-FORWARD -j cali-to-hep-forward
COMMIT
"""
    program = tmp_path / "iptables-save"
    program.write_text(f"#!/bin/sh\ncat <<'EOF'\n{saved}EOF\n")
    program.chmod(0o755)
    grep, cat = shutil.which("grep"), shutil.which("cat")
    assert grep
    assert cat
    for one in (grep, cat):
        (tmp_path / Path(one).name).symlink_to(one)
    script = re.sub(r"(?m)^PATH=.*$", f"PATH={tmp_path}", commands.SCRIPT)
    ran = subprocess.run(
        ["sh", "-c", script, "sh", "rules", "", "", "", ""],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    (piece,) = pieces_of(ran.stdout, cut=False)
    left_out = sorted(set(saved.splitlines()) - set(piece.text.splitlines()))
    assert [line.split(" ")[0 if line[0] == ":" else 1] for line in left_out] == [
        "KUBE-FW-EEEEEEEEEEEEEEEE",
        "KUBE-SEP-BBBBBBBBBBBBBBBB",
        "KUBE-SVC-BBBBBBBBBBBBBBBB",
        ":KUBE-EXT-AAAAAAAAAAAAAAAA",
        ":KUBE-SEP-AAAAAAAAAAAAAAAA",
        ":KUBE-SVC-TCOU7JCQXEZGVUNU",
    ]


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
@pytest.mark.parametrize(("taken", "looks"), [("233", 1), ("236", 2), ("", 1)])
def test_a_table_that_is_nearly_full_is_looked_at_twice(
    shell: tuple[str, ...], taken: str, looks: int, tmp_path: Path
) -> None:
    """From nine tenths of its limit on; what grows meanwhile is in the second look alone."""
    proc = tmp_path / "proc"
    table, settings = proc / "net" / "stat" / "nf_conntrack", proc / "sys" / "net" / "netfilter"
    table.parent.mkdir(parents=True)
    settings.mkdir(parents=True)
    table.write_text("entries  clashres found\n000000eb 00000000 00000000\n")
    if taken:
        (settings / "nf_conntrack_count").write_text(f"{taken}\n")
    (settings / "nf_conntrack_max").write_text("262\n")
    script = commands.SCRIPT.replace("/proc/", f"{proc}/").replace(
        "sleep 2", f"echo 000000ff >>{table}"
    )
    ran = subprocess.run(
        [*shell, "-c", script, "sh", "counters", "", "", "", ""],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert ran.stderr == ""
    assert ran.stdout.count("entries") == looks
    assert ran.stdout.count("000000ff") == looks - 1


def test_the_script_only_reads() -> None:
    """It is sent to nothing but the null device, and names no program that changes anything."""
    targets = re.findall(r"(?<!<)>>?\s*([^\s;)}]+)", commands.SCRIPT)
    assert set(targets) == {"/dev/null", "&1"}
    words = set(re.findall(r"(?<![\w/.-])[a-z][a-z0-9-]+(?![\w/.-])", commands.SCRIPT))
    assert not words & {"rm", "mv", "cp", "touch", "mkdir", "tee", "dd", "kill", "modprobe", "sed"}
    assert "sysctl -w" not in commands.SCRIPT
    assert "-t nat" not in commands.SCRIPT, "it would make the legacy table"


def test_commands_are_told_as_they_are() -> None:
    """Each command says what it reads, and its piece of the script names its section."""
    for one in commands.COMMANDS:
        assert one.reads
        assert one.shown
        assert f"want {one.section}" in one.script
        assert one.script in commands.SCRIPT
    assert commands.HEAD.count(commands.MARK) == 1
