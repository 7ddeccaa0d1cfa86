"""Asking DNS past the network and from pods: which questions, which rounds, and what is missing.

The plans are driven by hand against a cluster made of objects; what pods answer is a table. The
script that asks from pods is run as it is by the shells of this machine, against a name server in a
thread.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.asks import Ask
from diagnose.facts.dns_answers import (
    Asked,
    NameKind,
    Place,
    PlaceKind,
    Server,
    ServerRole,
)
from diagnose.facts.lookups import Outcome
from diagnose.model import Gap, GapKind, Subject
from diagnose.parsers import parser_of
from diagnose.parts import Kind
from diagnose.sources import asking, commands
from diagnose.sources.asking import Asking, Heard, askings, by_lookup, command_of, understood
from diagnose.sources.http import Answer, Request, Trouble
from diagnose.sources.options import LiveOptions
from diagnose.sources.plans.answers import (
    MOST_REPLICAS,
    REPEATS,
    client_answers,
    dns_answers,
    numbers,
)
from diagnose.sources.plans.base import Run, drive
from diagnose.sources.questions import Question, large, outside, service
from diagnose.sources.streams import Exec, Queries, Ran, Replies, Reply
from tests.sources.apiserver import (
    Cluster,
    Object,
    daemon_set,
    fielded,
    healthy,
    labelled,
    node,
    pod,
)
from tests.sources.nameserver import answered, closed_port, name_server
from tests.sources.pools import OneByOne

NOW = datetime(2026, 11, 25, tzinfo=UTC)
SERVICE_IP, UPSTREAM = "10.32.0.10", "10.77.0.53"
POD_RESOLV = "search default.svc.cluster.local\nnameserver 10.32.0.10\noptions ndots:5\n"
NODE_RESOLV = f"nameserver {UPSTREAM}\n"


# ---------------------------------------------------------------- a cluster that is asked


@dataclass(frozen=True)
class Heading:
    """One question as the script is given it."""

    transport: str
    address: str
    port: int
    qtype: str
    name: str
    wire: bytes


Says = Callable[[str, Heading], str]  # by pod: "ok", "silent", "refused"


@dataclass
class World:
    """A cluster: its objects, what its servers do, and all that was requested of it."""

    cluster: Cluster
    says: Says = lambda *_: "ok"
    direct: Callable[[Queries], Replies] | None = None
    shells: Callable[[Exec], Ran | None] = lambda _: None
    options: LiveOptions = field(default_factory=lambda: LiveOptions(environ={}))
    requests: list[Any] = field(default_factory=list)

    def fetch(self, request: Any) -> Any:
        """Return what comes of a request."""
        self.requests.append(request)
        match request:
            case Queries():
                return self.direct(request) if self.direct else well(request)
            case Exec():
                return self.shells(request) or self.ran(request)
            case _:
                return self.listed(request)

    def listed(self, request: Request) -> Answer:
        """Return the objects of a list or a get."""
        parts = request.path.split("/")
        namespace = parts[parts.index("namespaces") + 1] if "namespaces" in parts else None
        after = parts[parts.index("namespaces") + 2 :] if namespace else parts[-1:]
        query = dict(request.query)
        found = [
            one
            for one in self.cluster.objects.get(after[0], ())
            if namespace in (None, one["metadata"].get("namespace"))
            and labelled(one, query.get("labelSelector", ""))
            and fielded(one, query.get("fieldSelector", ""))
        ]
        if len(after) == 1:
            return made(request, {"items": found[: int(query.get("limit", "500"))]})
        single = [one for one in found if one["metadata"]["name"] == after[1]]
        return made(request, single[0]) if single else Answer(request, 404)

    def ran(self, request: Exec) -> Ran:
        """Return what the script prints in a pod."""
        words = request.command[len(commands.of_asking(2, [])) :]
        hosted = "flannel" in request.pod or "proxy" in request.pod
        lines = [f"= {one}" for one in (NODE_RESOLV if hosted else POD_RESOLV).splitlines()]
        for number, text in enumerate(words):
            heading = heading_of(text)
            what = self.says(request.pod, heading)
            if heading.transport == "own":
                lines += [f"> {number} 10.32.0.1  kubernetes.default.svc.cluster.local"]
                lines += [f". {number} 10 getent"]
            elif what == "ok":
                response = answered(heading.wire) or b""
                if heading.transport == "tcp":
                    response = len(response).to_bytes(2, "big") + response
                lines += (
                    [f": {number} {response.hex(' ')}"]
                    if len(response) < 64
                    else [
                        f": {number} {response[start : start + 16].hex(' ')}"
                        for start in range(0, len(response), 16)
                    ]
                )
                lines += [f". {number} 10 nc"]
            elif what == "refused":
                lines += [f": {number} {b'cat: -: Connection refused'.hex(' ')}"]
                lines += [f". {number} 10 bash"]
            elif what == "none":
                lines += [f". {number} 0 none"]
            else:
                lines += [f". {number} 2010 nc"]
        lines += [f"# {len(words)}"]
        return Ran(request, "\n".join(lines).encode() + b"\n", b"", 0, 101)

    def execs(self, turn: int = 0) -> list[tuple[str, list[Heading]]]:
        """Return the pods in which the script ran with what it asked; `turn` 1 or 2 of each."""
        seen: dict[str, int] = {}
        found = []
        for one in self.requests:
            if isinstance(one, Exec):
                seen[one.pod] = seen.get(one.pod, 0) + 1
                if turn in (0, seen[one.pod]):
                    words = one.command[len(commands.of_asking(2, [])) :]
                    found.append((one.pod, [heading_of(text) for text in words]))
        return found


def heading_of(text: str) -> Heading:
    """Return the words of a question, its message as bytes."""
    transport, address, port, qtype, name, formed = text.split(" ")
    padded = re.sub(r"%0(\d+)d", lambda found: "0" * int(found[1]), formed)
    data = re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), padded).encode("latin-1")
    if transport == "tcp":
        data = data[2:]
    return Heading(transport, address, int(port), qtype, name, data)


def made(request: Request, value: Object) -> Answer:
    """Return an answer that holds an object."""
    return Answer(request, 200, json.dumps(value).encode(), value, NOW)


def well(queries: Queries) -> Replies:
    """Return the replies of a server that works."""
    replies = [Reply(found, 3) for one in queries.messages if (found := answered(one))]
    return Replies(queries, tuple(replies), 101)


def world(nodes: int = 2, **changes: Any) -> World:
    """Return a healthy cluster with addresses, agents in the host network and clients."""
    cluster = healthy(nodes)
    for number, one in enumerate(cluster.objects["pods"], 1):
        name = one["metadata"]["name"]
        hosted = name.startswith(("kube-proxy", "kube-flannel", "kube-controller"))
        one["spec"]["hostNetwork"] = hosted
        one["status"]["podIP"] = f"10.77.0.{number}" if hosted else f"10.200.0.{number}"
        if name.startswith("shop"):
            one["spec"]["containers"][0] = {"name": "shop", "image": "shop:1"}
            one["status"]["containerStatuses"][0]["name"] = "shop"
    corefile = (
        ".:53 {\n    kubernetes cluster.local in-addr.arpa\n    forward . /etc/resolv.conf\n}\n"
    )
    (config,) = (o for o in cluster.objects["configmaps"] if o["metadata"]["name"] == "coredns")
    config["data"]["Corefile"] = corefile
    own = {"metadata": {"name": "kubernetes", "namespace": "default"}}
    cluster.add("services", {**own, "spec": {"clusterIP": "10.32.0.1"}})
    return World(cluster, **changes)


def carried_out(place: World, *asks: Ask) -> Run:
    """Return the run after the plans of some asks."""
    run = Run(place.options, frozenset(asks), NOW)
    plans = {Ask.DNS_ANSWERS: dns_answers, Ask.CLIENT_ANSWERS: client_answers}
    answers: dict[Any, Any] = {}
    for one in asks:
        drive(plans[one](run), place.fetch, OneByOne(), answers)
    return run


BOTH = (Ask.DNS_ANSWERS, Ask.CLIENT_ANSWERS)


def asked_in(run: Run, ask: Ask) -> list[Asked]:
    """Return the questions that the parts of an ask hold, as they are read from a bundle."""
    found: list[Asked] = []
    for part in run.parts.values():
        if part.ask is ask and part.kind is Kind.DNS_ANSWERS:
            parsed = parser_of(part.kind)(part)
            assert not parsed.gaps
            found += [one for one in parsed.items if isinstance(one, Asked)]
    return found


def gaps_of(run: Run, ask: Ask) -> list[Gap]:
    """Return the gaps of an ask."""
    return list(run.gaps.get(ask, ()))


# ---------------------------------------------------------------- past the network


def test_each_coredns_pod_is_asked() -> None:
    """Each pod answers for names inside on one connection and for one outside on another."""
    place = world()
    run = carried_out(place, Ask.DNS_ANSWERS)
    found = asked_in(run, Ask.DNS_ANSWERS)
    assert len([one for one in place.requests if isinstance(one, Queries)]) == 4
    assert {one.server.subject.name for one in found} == {
        "coredns-5d78c-00001",
        "coredns-5d78c-00002",
    }
    assert {(one.name_kind, one.outcome) for one in found} == {
        (NameKind.SERVICE, Outcome.NOERROR),
        (NameKind.SERVICE, Outcome.NODATA),
        (NameKind.ZONE, Outcome.NOERROR),
        (NameKind.REVERSE, Outcome.NOERROR),
        (NameKind.VERSION, Outcome.NOERROR),
        (NameKind.ABSENT, Outcome.NXDOMAIN),
        (NameKind.EXTERNAL, Outcome.NOERROR),
    }
    assert {one.place.kind for one in found} == {PlaceKind.DIRECT}
    assert not gaps_of(run, Ask.DNS_ANSWERS)


def test_asking_twice_costs_nothing() -> None:
    """Who asks for the same again sends the same messages, so that they are sent once."""
    assert numbers("a").random() == numbers("a").random()
    place = world()
    carried_out(place, *BOTH)
    queries = [one for one in place.requests if isinstance(one, Queries)]
    assert len(queries) == len(set(queries)) == 4


def test_the_zone_is_that_of_the_corefile() -> None:
    """A cluster with another zone is asked for names in it."""
    place = world()
    (config,) = (
        one for one in place.cluster.objects["configmaps"] if one["metadata"]["name"] == "coredns"
    )
    config["data"]["Corefile"] = ".:53 {\n    kubernetes in-addr.arpa corp.example\n}\n"
    run = carried_out(place, Ask.DNS_ANSWERS)
    names = {one.name for one in asked_in(run, Ask.DNS_ANSWERS)}
    assert "kubernetes.default.svc.corp.example." in names


def test_a_port_at_which_nobody_listens() -> None:
    """That the pod refuses is knowledge about CoreDNS, not a gap."""

    def refuses(queries: Queries) -> Replies:
        detail = "failed to connect to localhost:53 inside namespace: connection refused"
        return Replies(queries, (), 101, Trouble.CONNECTION, detail)

    run = carried_out(world(direct=refuses), Ask.DNS_ANSWERS)
    assert {one.outcome for one in asked_in(run, Ask.DNS_ANSWERS)} == {Outcome.CONNECTION_REFUSED}
    assert not gaps_of(run, Ask.DNS_ANSWERS)


def test_a_slow_upstream_does_not_hold_the_others() -> None:
    """Only the question outside is unanswered, within the seconds that it was given."""

    def slow(queries: Queries) -> Replies:
        if len(queries.messages) == 1:
            return Replies(queries, (), 101, Trouble.TIMEOUT)
        return well(queries)

    run = carried_out(world(direct=slow), Ask.DNS_ANSWERS)
    found = asked_in(run, Ask.DNS_ANSWERS)
    late = [one for one in found if one.outcome is Outcome.TIMEOUT]
    assert {one.name_kind for one in late} == {NameKind.EXTERNAL}
    assert "no answer within 5 s" in late[0].quote.text


@pytest.mark.parametrize(
    ("status", "trouble", "kind", "words"),
    [
        (403, Trouble.NONE, GapKind.DENIED, "create pods/portforward in kube-system"),
        (404, Trouble.NONE, GapKind.UNREACHABLE, "answered 404"),
        (101, Trouble.CUT, GapKind.UNREACHABLE, "ends in its middle"),
        (0, Trouble.DEADLINE, GapKind.UNREACHABLE, "deadline"),
        (101, Trouble.CONNECTION, GapKind.UNREACHABLE, "cannot be reached"),
    ],
)
def test_a_way_that_fails_is_a_gap(
    status: int, trouble: Trouble, kind: GapKind, words: str
) -> None:
    """Of a pod that could not be asked nothing is claimed."""
    run = carried_out(
        world(direct=lambda one: Replies(one, (), status, trouble, "why")), Ask.DNS_ANSWERS
    )
    gaps = gaps_of(run, Ask.DNS_ANSWERS)
    assert {gap.kind for gap in gaps} == {kind}
    assert words in gaps[0].because
    assert not asked_in(run, Ask.DNS_ANSWERS)


def test_a_kubelet_that_hangs_is_not_asked_again() -> None:
    """Where the way to a pod hangs, no command is tried on its node."""
    place = world()

    def hangs(queries: Queries) -> Replies:
        if queries.pod.endswith("1"):
            return Replies(queries, (), 0, Trouble.TIMEOUT)
        return well(queries)

    place.direct = hangs
    run = carried_out(place, *BOTH)
    assert {name for name, _ in place.execs()} == {"kube-flannel-00001", "shop-1"}
    assert "does not answer on n2" in gaps_of(run, Ask.CLIENT_ANSWERS)[0].because


def test_half_of_the_replies() -> None:
    """Replies that came before a trouble count."""

    def half(queries: Queries) -> Replies:
        whole = well(queries)
        return replace(whole, replies=whole.replies[:2], trouble=Trouble.RESET)

    run = carried_out(world(direct=half), Ask.DNS_ANSWERS)
    assert gaps_of(run, Ask.DNS_ANSWERS)
    assert len(asked_in(run, Ask.DNS_ANSWERS)) == 6


def test_many_pods_are_bounded() -> None:
    """Of 40 pods a few are asked, those not ready first; the rest is a gap."""
    place = world()
    extra = [pod(f"coredns-z{number:02}", labels={"k8s-app": "kube-dns"}) for number in range(38)]
    extra[30]["status"]["conditions"] = []
    place.cluster.add("pods", *extra)
    run = carried_out(place, Ask.DNS_ANSWERS)
    pods = {one.pod for one in place.requests if isinstance(one, Queries)}
    assert len(pods) == MOST_REPLICAS
    assert "coredns-z30" in pods
    assert "of 40 pods 6 were asked" in gaps_of(run, Ask.DNS_ANSWERS)[0].because


def test_no_pod_runs() -> None:
    """Without a pod that runs nothing is asked, and it is said."""
    place = world()
    for one in place.cluster.objects["pods"]:
        one["status"]["containerStatuses"][0]["state"] = {"waiting": {"reason": "CrashLoopBackOff"}}
    run = carried_out(place, Ask.DNS_ANSWERS)
    assert [gap.because for gap in gaps_of(run, Ask.DNS_ANSWERS)] == ["no pod of CoreDNS runs"]
    assert not [one for one in place.requests if isinstance(one, Queries)]


def test_an_external_name_that_is_none() -> None:
    """A name that nobody can ask for is a gap; the others are asked."""
    options = LiveOptions(environ={}, external_name="a" * 70)
    run = carried_out(world(options=options), Ask.DNS_ANSWERS)
    assert "is no name" in gaps_of(run, Ask.DNS_ANSWERS)[0].because
    assert asked_in(run, Ask.DNS_ANSWERS)


# ---------------------------------------------------------------- from pods and nodes


def test_a_healthy_cluster_is_asked_little() -> None:
    """One command per place, and one more at one node and one pod for the world outside."""
    place = world()
    run = carried_out(place, *BOTH)
    first, second = place.execs(1), place.execs(2)
    assert len(first) == 4
    assert {name.split("-")[0] for name, _ in second} == {"kube", "shop"}
    assert len(second) == 2
    found = asked_in(run, Ask.CLIENT_ANSWERS)
    assert all(one.answered for one in found)
    outside_asked = {
        (one.place.kind, one.server.role) for one in found if one.name_kind is NameKind.EXTERNAL
    }
    assert outside_asked == {
        (PlaceKind.HOST, ServerRole.UPSTREAM),
        (PlaceKind.POD, ServerRole.SERVICE),
    }
    assert not gaps_of(run, Ask.CLIENT_ANSWERS)


def test_each_place_asks_the_service_and_each_replica() -> None:
    """Over UDP, from each node's network and from a pod on each node."""
    run = carried_out(world(), *BOTH)
    found = asked_in(run, Ask.CLIENT_ANSWERS)
    pairs = {
        (str(one.place.subject), one.server.role, one.server.subject.name)
        for one in found
        if one.name_kind is NameKind.SERVICE
    }
    places = ("node n1", "node n2", "pod default/shop-1", "pod default/shop-2")
    servers = (
        (ServerRole.SERVICE, "kube-dns"),
        (ServerRole.REPLICA, "coredns-5d78c-00001"),
        (ServerRole.REPLICA, "coredns-5d78c-00002"),
    )
    assert pairs == {(one, *server) for one in places for server in servers}


def test_a_pods_own_resolver_is_asked() -> None:
    """The short name goes to the server that the pod's resolv.conf names, with its role."""
    run = carried_out(world(), *BOTH)
    short = [one for one in asked_in(run, Ask.CLIENT_ANSWERS) if one.name_kind is NameKind.SHORT]
    assert {(one.server.role, one.server.address) for one in short} == {
        (ServerRole.SERVICE, SERVICE_IP)
    }
    assert {one.answers for one in short} == {("10.32.0.1",)}


def test_resolv_conf_of_pods_is_kept() -> None:
    """What pods have is kept as such; what a pod of the host network has tells of no client."""
    run = carried_out(world(), *BOTH)
    kept = [one for one in run.parts.values() if one.kind is Kind.RESOLV_CONF]
    assert {(str(one.subject), one.text, one.ask) for one in kept} == {
        (f"pod default/shop-{number}", POD_RESOLV, Ask.RESOLV_CONF) for number in (1, 2)
    }


def test_a_service_that_fails_is_asked_again() -> None:
    """Where the Service fails and the pods answer, TCP and repetition tell more."""
    place = world(says=lambda _, one: "silent" if one.address == SERVICE_IP else "ok")
    run = carried_out(place, *BOTH)
    mine = [
        one
        for one in asked_in(run, Ask.CLIENT_ANSWERS)
        if one.server.role is ServerRole.SERVICE and one.place.subject.name == "shop-2"
    ]
    assert {one.outcome for one in mine if one.name_kind is NameKind.SERVICE} == {Outcome.TIMEOUT}
    assert {one.transport for one in mine} == {"udp", "tcp"}
    assert len(mine) >= REPEATS


def test_nothing_answers() -> None:
    """Where nothing answers at all each server is asked again, and nothing eight times."""
    place = world(says=lambda _, __: "silent")
    carried_out(place, *BOTH)
    for _, headings in place.execs(2):
        asked = [(one.address, one.transport, one.name) for one in headings]
        assert max(map(asked.count, asked)) <= 2


def test_only_one_node_is_cut_off() -> None:
    """A place that is answered where another is not asks again, to see whether it is always so."""
    place = world(says=lambda pod, _: "silent" if pod == "shop-2" else "ok")
    carried_out(place, *BOTH)
    again = dict(place.execs(2))
    assert len([one for one in again["shop-1"] if one.address == SERVICE_IP]) >= REPEATS


def test_a_refusal_is_told_from_silence() -> None:
    """What the network says is kept with its words."""
    place = world(says=lambda _, one: "refused" if one.address == SERVICE_IP else "ok")
    run = carried_out(place, *BOTH)
    refused = [
        one for one in asked_in(run, Ask.CLIENT_ANSWERS) if one.server.role is ServerRole.SERVICE
    ]
    told = [one for one in refused if one.name_kind is NameKind.SERVICE]
    assert {one.outcome for one in told} == {Outcome.CONNECTION_REFUSED}
    assert "Connection refused" in told[0].quote.text


def test_large_questions_that_are_lost_are_asked_again() -> None:
    """One lost packet may be chance: three are none."""
    place = world(says=lambda _, one: "silent" if len(one.wire) > 1000 else "ok")
    run = carried_out(place, *BOTH)
    lost = [one for one in asked_in(run, Ask.CLIENT_ANSWERS) if one.asked_bytes]
    assert {one.outcome for one in lost} == {Outcome.TIMEOUT}
    assert len([one for one in lost if one.place.subject.name == "shop-1"]) == 3


def test_upstreams_are_asked_from_everywhere_when_coredns_fails_with_them() -> None:
    """Whether nodes and pods reach the upstream is what tells the causes apart."""

    def fails_outside(queries: Queries) -> Replies:
        if len(queries.messages) == 1:
            return Replies(queries, (), 101, Trouble.TIMEOUT)
        return well(queries)

    place = world(direct=fails_outside)
    run = carried_out(place, *BOTH)
    upstream = [
        one for one in asked_in(run, Ask.CLIENT_ANSWERS) if one.server.role is ServerRole.UPSTREAM
    ]
    assert {str(one.place.subject) for one in upstream} == {
        "node n1",
        "node n2",
        "pod default/shop-1",
        "pod default/shop-2",
    }
    assert {one.transport for one in upstream} == {"udp", "tcp"}
    assert {one.server.address for one in upstream} == {UPSTREAM}


def test_upstreams_that_the_corefile_names() -> None:
    """They are asked in its stead, with their port; those over TLS are not plain DNS."""
    place = world()
    (config,) = (
        one for one in place.cluster.objects["configmaps"] if one["metadata"]["name"] == "coredns"
    )
    config["data"]["Corefile"] = (
        ".:53 {\n    kubernetes cluster.local\n    forward . 192.0.2.53:5353 tls://192.0.2.54\n}\n"
    )
    run = carried_out(place, *BOTH)
    servers = {one.server for one in asked_in(run, Ask.CLIENT_ANSWERS)}
    assert {(one.address, one.port) for one in servers if one.role is ServerRole.UPSTREAM} == {
        ("192.0.2.53", 5353)
    }


def test_a_nameserver_that_nobody_knows() -> None:
    """A pod whose resolv.conf names no server of the cluster asks that one too."""
    place = world()
    for one in place.cluster.objects["services"]:
        if one["metadata"]["name"] == "kube-dns":
            one["spec"]["clusterIP"] = "10.32.0.11"
            one["spec"]["clusterIPs"] = ["10.32.0.11"]
    run = carried_out(place, *BOTH)
    strange = [
        one for one in asked_in(run, Ask.CLIENT_ANSWERS) if one.server.role is ServerRole.CONFIGURED
    ]
    assert {one.server.address for one in strange} == {SERVICE_IP}
    assert NameKind.SERVICE in {one.name_kind for one in strange}


def test_a_node_local_cache_is_asked() -> None:
    """Where its DaemonSet runs, its address is one more server."""
    place = world()
    place.cluster.add("daemonsets", daemon_set("node-local-dns", "kube-system", {"a": "b"}, 2, 2))
    run = carried_out(place, *BOTH)
    found = asked_in(run, Ask.CLIENT_ANSWERS)
    addresses = {one.server.address for one in found if one.server.role is ServerRole.NODE_LOCAL}
    assert addresses == {"169.254.20.10"}


# ---------------------------------------------------------------- places that fail


def no_shell(request: Exec) -> Ran:
    """Return what a runtime says of an image without a shell."""
    said = 'exec: "sh": executable file not found in $PATH: unknown'
    return Ran(request, b"", b"", None, 101, detail=f"OCI runtime exec failed: {said}")


def test_the_next_pod_is_tried_where_one_has_no_shell() -> None:
    """Flannel without a shell leaves kube-proxy."""
    place = world(shells=lambda one: no_shell(one) if "flannel" in one.pod else None)
    run = carried_out(place, *BOTH)
    assert any("kube-proxy" in name for name, _ in place.execs())
    assert not gaps_of(run, Ask.CLIENT_ANSWERS)


def test_no_pod_has_a_shell() -> None:
    """Where none has one it is said of each node and network, with the pods that were tried."""
    run = carried_out(world(shells=no_shell), *BOTH)
    gaps = gaps_of(run, Ask.CLIENT_ANSWERS)
    assert {gap.what for gap in gaps} == {
        f"DNS as seen from the {what} of {name}"
        for what in ("host network", "pod network")
        for name in ("n1", "n2")
    }
    assert any("kube-flannel-00001 has no shell; " in gap.because for gap in gaps)
    assert not asked_in(run, Ask.CLIENT_ANSWERS)


def test_exec_is_forbidden() -> None:
    """The permission is named, and no other pod is tried for the same refusal."""
    place = world(shells=lambda one: Ran(one, status=403, detail="forbidden"))
    run = carried_out(place, *BOTH)
    gaps = gaps_of(run, Ask.CLIENT_ANSWERS)
    assert {gap.kind for gap in gaps} == {GapKind.DENIED}
    assert "pods/exec" in gaps[0].ask
    assert len(place.execs()) == 4


@pytest.mark.parametrize("trouble", [Trouble.TIMEOUT, Trouble.CUT, Trouble.RESET])
def test_a_pod_that_dies_costs_its_own_view(trouble: Trouble) -> None:
    """What the others say counts."""
    place = world(
        shells=lambda one: Ran(one, status=101, trouble=trouble) if one.pod == "shop-1" else None
    )
    run = carried_out(place, *BOTH)
    (gap,) = gaps_of(run, Ask.CLIENT_ANSWERS)
    assert trouble.value in gap.because
    assert len({one.place for one in asked_in(run, Ask.CLIENT_ANSWERS)}) == 3


def test_an_output_that_is_cut_counts_up_to_there() -> None:
    """Questions that ended are kept, and that others are missing is said."""
    place = world()

    def cut(request: Exec) -> Ran | None:
        if request.pod != "shop-1":
            return None
        ran = place.ran(request)
        head = ran.stdout[: ran.stdout.index(b". 1")]
        return replace(ran, stdout=head, exit_code=None, trouble=Trouble.TIMEOUT)

    place.shells = cut
    run = carried_out(place, *BOTH)
    assert any("cut short" in gap.because for gap in gaps_of(run, Ask.CLIENT_ANSWERS))
    mine = [one for one in asked_in(run, Ask.CLIENT_ANSWERS) if one.place.subject.name == "shop-1"]
    assert mine


def test_a_pod_without_a_tool() -> None:
    """A question that a pod cannot ask is a gap, not an answer."""
    place = world(says=lambda pod, _: "none" if pod == "shop-1" else "ok")
    run = carried_out(place, *BOTH)
    assert any("has no tool to ask" in gap.because for gap in gaps_of(run, Ask.CLIENT_ANSWERS))


@pytest.mark.parametrize("output", [b"", b"\xff\x00" * 500, b": 0 zz\n. 0 x y\n# 9\n" * 50])
def test_nonsense_from_a_pod(output: bytes) -> None:
    """Whatever a pod prints, the run goes on."""
    place = world(shells=lambda one: Ran(one, output, b"", 0, 101))
    run = carried_out(place, *BOTH)
    assert gaps_of(run, Ask.CLIENT_ANSWERS)


def test_pods_with_a_mesh_are_left_out() -> None:
    """A mesh's proxy answers itself: what it says is no view of the cluster."""
    place = world()
    for one in place.cluster.objects["pods"]:
        if one["metadata"]["name"].startswith("shop"):
            one["spec"]["containers"].append({"name": "istio-proxy", "image": "proxyv2"})
    run = carried_out(place, *BOTH)
    assert not any(name.startswith("shop") for name, _ in place.execs())
    assert any("may have a shell" in gap.because for gap in gaps_of(run, Ask.CLIENT_ANSWERS))


def test_nodes_are_bounded() -> None:
    """Of many nodes a few are asked from, and those left out are a gap."""
    place = world(nodes=30)
    run = carried_out(place, *BOTH)
    assert len(place.execs(1)) == 6
    assert any("of 30 nodes 3 were chosen" in gap.because for gap in gaps_of(run, BOTH[1]))


def test_a_silent_kubelet_is_not_asked() -> None:
    """No command hangs at a node that is lost."""
    place = world()
    lost = node("n2")
    lost["status"]["conditions"][0]["status"] = "Unknown"
    place.cluster.objects["nodes"] = [node("n1"), lost]
    run = carried_out(place, *BOTH)
    assert {one.pod for one in place.requests if isinstance(one, Exec)} == {
        "kube-flannel-00001",
        "shop-1",
    }
    assert any("kubelet is silent: n2" in gap.because for gap in gaps_of(run, BOTH[1]))


def test_no_dns_at_all() -> None:
    """A cluster without DNS has nothing that could be asked."""
    run = carried_out(World(Cluster()), *BOTH)
    assert gaps_of(run, Ask.CLIENT_ANSWERS)
    assert gaps_of(run, Ask.DNS_ANSWERS)


# ---------------------------------------------------------------- the script, by real shells

POD = Place(PlaceKind.POD, Subject("Pod", "client", "default", "n1"), "127.0.0.1")


def local(port: int) -> Server:
    """Return a server on this machine."""
    return Server(ServerRole.REPLICA, "127.0.0.1", port)


def by_shell(shell: list[str], several: tuple[Asking, ...], path: str = "") -> asking.Answered:
    """Return what the script brings when a shell of this machine runs it."""
    _, _, *command = command_of(several)
    found = subprocess.run(
        [*shell, *command],
        capture_output=True,
        check=True,
        timeout=30,
        env={"PATH": path or os.environ["PATH"]},
        stdin=subprocess.DEVNULL,
    )
    assert not found.stderr
    return understood(POD, several, found.stdout, NOW)


def by_name(came: asking.Answered) -> dict[tuple[int, str, bool], Asked]:
    """Return what came by port, transport, and whether the question was large."""
    return {(one.server.port, one.transport, bool(one.asked_bytes)): one for one in came.asked}


def needs(program: str) -> pytest.MarkDecorator:
    """Return the mark of a test that a program is needed for."""
    return pytest.mark.skipif(not shutil.which(program), reason=f"no {program} here")


@needs("bash")
def test_bash_asks_over_both_transports() -> None:
    """Answers, FORMERR to a large question, refusals and silence, all side by side."""
    with name_server() as works, name_server(lambda _: None) as silent:
        closed = closed_port()
        wanted = [
            (local(port), transport, service("cluster.local"))
            for port in (works, silent, closed)
            for transport in ("udp", "tcp")
        ]
        wanted.append((local(works), "udp", large("cluster.local")))
        came = by_shell(["sh", "-c"], askings(wanted, numbers("bash")))
    found = by_name(came)
    assert came.whole
    assert came.tools == ("bash",)
    for transport in ("udp", "tcp"):
        assert found[works, transport, False].answers == ("10.32.0.1",)
        assert found[closed, transport, False].outcome is Outcome.CONNECTION_REFUSED
        assert found[silent, transport, False].outcome is Outcome.TIMEOUT
        assert 1900 <= found[silent, transport, False].took_ms < 4000
    assert found[works, "udp", True].outcome is Outcome.FORMERR


@needs("busybox")
@needs("od")
def test_busybox_asks(tmp_path: Path) -> None:
    """Its shell and its nc, which over UDP is another one where it is built so (see below)."""
    (tmp_path / "sh").symlink_to(shutil.which("busybox") or "")
    with name_server() as works, name_server(lambda _: None) as silent:
        closed = closed_port()
        wanted = [
            (local(port), "tcp", service("cluster.local")) for port in (works, silent, closed)
        ]
        came = by_shell(
            [str(tmp_path / "sh"), "-c"], askings(wanted, numbers("busybox")), str(tmp_path)
        )
    if not came.tools:
        pytest.skip("this busybox has no nc")
    found = by_name(came)
    assert found[works, "tcp", False].answers == ("10.32.0.1",)
    assert found[closed, "tcp", False].outcome is Outcome.CONNECTION_REFUSED
    assert found[silent, "tcp", False].outcome is Outcome.TIMEOUT


# nc as busybox has it with FEATURE_NC_110_COMPAT (Alpine's): what it says and does, by its source.
NC = f"""#!{sys.executable}
import select, socket, sys
words = [one for one in sys.argv[1:] if not one.startswith("-")]
if len(words) < 3:
    sys.exit("BusyBox v1.36.1 multi-call binary.\\n\\nUsage: nc [OPTIONS] HOST PORT")
seconds, host, port = int(words[0]), words[1], int(words[2])
udp = "-u" in sys.argv
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if udp else socket.SOCK_STREAM)
one.settimeout(seconds)
place = f"{{host}} ({{host}}:{{port}})"
try:
    one.connect((host, port))
except OSError as error:
    sys.stderr.write(f"nc: {{place}}: {{error.strerror}}\\n")
    sys.exit("sent 0, rcvd 0")
sys.stderr.write(f"{{place}} open\\n")
sys.stderr.flush()
inputs = [one, 0]
import os
while inputs:
    ready, _, _ = select.select(inputs, [], [], 2 * seconds)
    if not ready:
        sys.exit("net timeout")
    if one in ready:
        try:
            data = one.recv(8192)
        except OSError as error:
            sys.exit(f"nc: net read: {{error.strerror}}")
        if not data:
            break
        os.write(1, data)
    if 0 in ready:
        data = os.read(0, 8192)
        if data:
            one.send(data)
        else:
            inputs.remove(0)
"""


def tool(folder: Path, name: str, text: str) -> None:
    """Write a program."""
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)


@needs("dash")
@needs("od")
def test_nc_with_udp_asks(tmp_path: Path) -> None:
    """Where the shell has no `read -t` the programs' own limits count."""
    tool(tmp_path, "nc", NC)
    for name in ("od", "dd", "sleep"):
        (tmp_path / name).symlink_to(shutil.which(name) or "")
    (tmp_path / "sh").symlink_to(shutil.which("dash") or "")
    with name_server() as works:
        closed = closed_port()
        wanted = [
            (local(port), transport, service("cluster.local"))
            for port in (works, closed)
            for transport in ("udp", "tcp")
        ]
        several = askings(wanted, numbers("nc"))
        came = by_shell([str(tmp_path / "sh"), "-c"], several, str(tmp_path))
    found = by_name(came)
    assert came.tools == ("nc",)
    for transport in ("udp", "tcp"):
        assert found[works, transport, False].answers == ("10.32.0.1",)
        assert found[closed, transport, False].outcome is Outcome.CONNECTION_REFUSED


@needs("dash")
def test_nslookup_stands_in(tmp_path: Path) -> None:
    """Where nothing sends bytes a look-up tool asks what it can, and no more."""
    tool(
        tmp_path,
        "nslookup",
        """#!/bin/sh
[ $# -gt 0 ] || { echo "BusyBox v1.35.0"; echo "Usage: nslookup [-type=T] HOST [SERVER]"; exit 1; }
printf 'Server:\\t\\t%s\\nAddress:\\t%s:53\\n\\nName:\\tx\\nAddress: 10.32.0.1\\n' "$5" "$5"
""",
    )
    (tmp_path / "sh").symlink_to(shutil.which("dash") or "")
    wanted = [
        (local(53), "udp", service("cluster.local")),
        (local(53), "tcp", service("cluster.local")),
        (local(53), "udp", large("cluster.local")),
        (local(5353), "udp", service("cluster.local")),
    ]
    script = commands.ASK_SCRIPT.replace("PATH=$PATH:", f"PATH={tmp_path}:ignored=")
    several = askings(wanted, numbers("nslookup"))
    _, _, launch, _, *rest = command_of(several)
    printed = subprocess.run(
        [str(tmp_path / "sh"), "-c", launch, script, *rest],
        capture_output=True,
        check=True,
        timeout=30,
        env={"PATH": str(tmp_path)},
    )
    came = understood(POD, several, printed.stdout, NOW)
    assert [one.answers for one in came.asked] == [("10.32.0.1",)]
    assert came.tools == ("nslookup",)
    assert [one.server.port for one in came.unasked] == [53, 53, 5353]


@needs("bash")
def test_the_script_leaves_nothing_behind(tmp_path: Path) -> None:
    """After its end no process of it is left, and no file was made."""
    mark = f"corediag-{os.getpid()}"
    with name_server(lambda _: None) as silent:
        wanted = [(local(silent), way, service("cluster.local")) for way in ("udp", "tcp")]
        several = askings(wanted, numbers("left"))
        _, _, *command = command_of(several)
        subprocess.run(
            ["sh", "-c", *command],
            check=True,
            timeout=30,
            cwd=tmp_path,
            capture_output=True,
            env={"PATH": os.environ["PATH"], "MARK": mark},
        )
    left = [
        one.name
        for one in Path("/proc").glob("[0-9]*")
        if mark.encode() in read_or_nothing(one / "environ") and one.name != str(os.getpid())
    ]
    assert not left
    assert not list(tmp_path.iterdir())


def read_or_nothing(path: Path) -> bytes:
    """Return a file's bytes; nothing where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


# ---------------------------------------------------------------- what the script printed


def one_asked(output: str, transport: str = "udp", question: Question | None = None) -> Asked:
    """Return what an output says of a single question whose id is 0x1234."""
    asked = Asking(local(53), transport, question or service("cluster.local"), 0x1234)
    (found,) = understood(POD, (asked,), output.encode(), NOW).asked
    return found


@pytest.mark.parametrize(
    ("output", "outcome", "words"),
    [
        (". 0 2010 nc\n", Outcome.TIMEOUT, ""),
        (". 0 20 nc\n", Outcome.TIMEOUT, "nc ended after 20 ms without a word"),
        ("! 0 10.0.0.1 (10.0.0.1:53) open\n. 0 2010 nc\n", Outcome.TIMEOUT, ""),
        (
            "! 0 nc: 10.0.0.1 (10.0.0.1:53): No route to host\n. 0 3 nc\n",
            Outcome.UNREACHABLE,
            "No route to host",
        ),
        (": 0 12 34\n. 0 3 nc\n", Outcome.GARBAGE, "no DNS message"),
        (
            "> 0 nslookup: read: Connection refused\n. 0 9 nslookup\n",
            Outcome.CONNECTION_REFUSED,
            "",
        ),
        (
            "> 0 ;; connection timed out; no servers could be reached\n. 0 2010 nslookup\n",
            Outcome.TIMEOUT,
            "",
        ),
        (
            "> 0 ** server can't find x: NXDOMAIN\n. 0 9 nslookup\n",
            Outcome.NXDOMAIN,
            "can't find",
        ),
        (". 0 3000 nslookup\n", Outcome.TIMEOUT, "printed nothing"),
        (". 0 30 getent\n", Outcome.NOT_KNOWN, "printed nothing"),
        (". 0 3000 getent\n", Outcome.TIMEOUT, "printed nothing"),
        ("> 0 hello\n. 0 30 dig\n", Outcome.TIMEOUT, "hello"),
    ],
)
def test_what_tools_print(output: str, outcome: Outcome, words: str) -> None:
    """Bytes, words and silence are told apart."""
    found = one_asked(output)
    assert found.outcome is outcome
    assert words in found.detail


def test_an_answer_over_tcp_that_is_cut() -> None:
    """Fewer bytes than the length says are malformed, with both numbers."""
    wire = answered(asking.message(service("cluster.local"), 0x1234)) or b""
    whole = (len(wire).to_bytes(2, "big") + wire).hex(" ")
    short = one_asked(f": 0 {whole[:60]}\n. 0 3 nc\n", "tcp")
    assert short.outcome is Outcome.GARBAGE
    assert f"of {len(wire)} bytes" in short.detail


def test_dig_output_is_read() -> None:
    """Where dig asks, its answer is that of the message."""
    text = (
        ";; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 1\n"
        ";; flags: qr aa rd; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 0\n\n"
        ";; QUESTION SECTION:\n;example.com. IN A\n\n;; ANSWER SECTION:\n"
        "example.com. 5 IN A 192.0.2.10\n\n;; SERVER: 10.0.0.1#53(10.0.0.1) (TCP)\n"
    )
    asked = Asking(local(53), "tcp", outside("example.com"), 1)
    read = by_lookup(asked, Heard(told=text.split("\n"), took_ms=3, tool="dig"))
    assert (read.outcome, read.answers) == (Outcome.NOERROR, ("192.0.2.10",))


@given(st.text(alphabet=":!>.=# 0123456789abcdefnc\n\x1b", max_size=200))
def test_no_output_raises(output: str) -> None:
    """Whatever a pod prints is read or left out."""
    several = askings([(local(53), "udp", service("cluster.local"))] * 3, numbers("x"))
    came = understood(POD, several, output.encode(), NOW)
    assert len(came.asked) + len(came.unasked) <= 3


def test_the_script_asks_as_many_at_once_as_its_deadline_counts_with() -> None:
    """The number stands in the script and beside it."""
    assert f"$((count % {asking.AT_ONCE}))" in commands.ASK_SCRIPT


def test_the_command_fits_a_request_line() -> None:
    """Proxies take 8 KiB of one; a round of a cluster with six replicas stays below that."""
    wanted = [(local(53), "udp", service("cluster.local"))] * 8
    wanted += [(local(53), "udp", large("cluster.local"))]
    words = command_of(askings(wanted, numbers("x")))
    from urllib.parse import urlencode

    assert len(urlencode([("command", one) for one in words])) < 8 * 1024


def test_messages_are_what_is_asked() -> None:
    """The words of a question hold a message that asks for its name."""
    several = askings([(local(53), "tcp", service("cluster.local"))], numbers("x"))
    heading = heading_of(several[0].words)
    assert dns.message.from_wire(heading.wire).question[0].name.to_text() == heading.name
