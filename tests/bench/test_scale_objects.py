"""The clusters that bench-scale loads."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bench.scale.objects import World
from bench.scale.shape import DNS_SERVICE, SIZES
from bench.scale.states import STATES, State, first_cause
from bench.scale.store import BATCH_BYTES, BATCH_OPERATIONS, batches

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SMALL = replace(
    SIZES["S"],
    nodes=12,
    pods=80,
    namespaces=3,
    services=7,
    events=60,
    warnings=10,
    sandbox_failures=4,
    broken_nodes=2,
    proxies_down=3,
)
HEALTHY, CNI0, NO_ENDPOINTS, PROXIES = STATES


@pytest.fixture(scope="module")
def world() -> World:
    """A small cluster."""
    return World(SMALL, AT)


@pytest.fixture(scope="module")
def stored(world: World) -> dict[str, bytes]:
    """All that is at its keys."""
    pairs = list(world.stored())
    assert len(pairs) == len(dict(pairs)), "two objects under one key"
    return dict(pairs)


def read(data: bytes) -> Iterator[tuple[int, Any]]:
    """Yield the fields of a protobuf message: number and value."""
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte <= 0x7F:
                return value
            shift += 7

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
        else:
            assert key & 7 == 2
            size = varint()
            yield key >> 3, data[at : at + size]
            at += size
    assert at == len(data)


def objects(stored: dict[str, bytes], folder: str) -> list[dict[str, Any]]:
    """Return the objects under one folder of keys."""
    return [
        json.loads(value) for key, value in stored.items() if key.startswith(f"/registry/{folder}/")
    ]


def test_as_many_as_the_shape_says(stored: dict[str, bytes]) -> None:
    """Nodes, pods of every kind, and the events of a healthy cluster."""
    counts = Counter(key.split("/")[2] for key in stored)
    assert counts["minions"] == SMALL.nodes
    assert counts["pods"] == SMALL.pods
    assert counts["events"] == SMALL.events - SMALL.sandbox_failures
    services = [key for key in stored if key.startswith("/registry/services/specs/")]
    assert len(services) == SMALL.services + 1
    assert counts["ipaddresses"] == SMALL.services + 1
    assert counts["endpointslices"] == SMALL.services + 1


def test_keys_are_those_of_the_objects(stored: dict[str, bytes]) -> None:
    """A key ends with namespace and name; uids are one object's own."""
    uids = Counter()
    for key, value in stored.items():
        if value[:4] == b"k8s\0":
            continue
        metadata = json.loads(value)["metadata"]
        space = metadata.get("namespace", "")
        assert key.endswith(f"/{space}/{metadata['name']}" if space else f"/{metadata['name']}")
        if "/leases/" not in key:
            uids[metadata["uid"]] += 1
    assert uids.most_common(1)[0][1] == 1


def test_the_same_shape_and_time_make_the_same_objects(stored: dict[str, bytes]) -> None:
    """So that a kept etcd and the faults that are written over it fit each other."""
    assert dict(World(SMALL, AT).stored()) == stored


def test_pods_are_where_they_say(stored: dict[str, bytes]) -> None:
    """On nodes that exist, at most one address each, owned by what exists, with managedFields."""
    nodes = {one["metadata"]["name"] for one in objects(stored, "minions")}
    owners = {
        one["metadata"]["uid"]
        for folder in ("replicasets", "daemonsets", "minions")
        for one in objects(stored, folder)
    }
    pods = objects(stored, "pods")
    addresses = Counter(
        one["status"]["podIP"] for one in pods if not one["spec"].get("hostNetwork")
    )
    assert set(addresses.values()) == {1}
    for pod in pods:
        assert pod["spec"]["nodeName"] in nodes
        assert pod["metadata"]["ownerReferences"][0]["uid"] in owners
        assert pod["metadata"]["managedFields"][1]["subresource"] == "status"
        assert not re.search(r"@[A-Z]+@", json.dumps(pod))


def test_endpoints_are_the_pods(stored: dict[str, bytes]) -> None:
    """Each endpoint is a pod that exists, at its address, and every pod of a Service is one."""
    at = {one["metadata"]["uid"]: one["status"]["podIP"] for one in objects(stored, "pods")}
    seen = 0
    for one in objects(stored, "endpointslices"):
        for endpoint in one["endpoints"]:
            assert endpoint["addresses"] == [at[endpoint["targetRef"]["uid"]]]
            seen += 1
    assert seen == SMALL.pods - 2 * SMALL.nodes - 4


def test_an_event_is_stored_as_the_server_stores_it(stored: dict[str, bytes], world: World) -> None:
    """Its envelope names its type, and its fields hold what the event says."""
    event = world.event(0)
    space, name = event["metadata"]["namespace"], event["metadata"]["name"]
    value = stored[f"/registry/events/{space}/{name}"]
    assert value[:4] == b"k8s\0"
    envelope = dict(read(value[4:]))
    assert dict(read(envelope[1])) == {1: b"v1", 2: b"Event"}
    fields = dict(read(envelope[2]))
    metadata = dict(read(fields[1]))
    assert (metadata[1], metadata[3]) == (name.encode(), space.encode())
    seconds = dict(read(metadata[8]))[1]
    assert (
        datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        == (event["metadata"]["creationTimestamp"])
    )
    managed = dict(read(metadata[17]))
    assert (
        json.loads(dict(read(managed[7]))[1]) == event["metadata"]["managedFields"][0]["fieldsV1"]
    )
    assert dict(read(fields[2]))[3].decode() == event["involvedObject"]["name"]
    assert fields[3].decode() == event["reason"]
    assert fields[4].decode() == event["message"]
    assert (fields[8], fields[9].decode()) == (1, event["type"])


def test_so_many_of_the_events_are_warnings(world: World) -> None:
    """The others are routine; none tells of a sandbox."""
    count = SMALL.events - SMALL.sandbox_failures
    events = [world.event(number) for number in range(count)]
    assert sum(one["type"] == "Warning" for one in events) == SMALL.warnings
    assert not any(one["reason"] == "FailedCreatePodSandBox" for one in events)


def test_the_system_is_whole(stored: dict[str, bytes]) -> None:
    """DaemonSets count a ready pod on each node, kube-dns leads to CoreDNS's two pods."""
    for one in objects(stored, "daemonsets"):
        assert one["status"]["numberReady"] == SMALL.nodes
    (service,) = objects(stored, "services/specs/kube-system")
    assert service["spec"]["clusterIP"] == DNS_SERVICE
    (of_dns,) = objects(stored, "endpointslices/kube-system")
    assert len(of_dns["endpoints"]) == 2
    names = {one["metadata"]["name"] for one in objects(stored, "configmaps/kube-system")}
    assert {"coredns", "kube-proxy", "kubeadm-config", "kubelet-config"} <= names


@pytest.mark.parametrize("state", STATES, ids=lambda one: one.name)
def test_a_fault_changes_little(state: State, world: World, stored: dict[str, bytes]) -> None:
    """It writes over objects that are there, and adds none but events."""
    writes = state.writes(world)
    assert bool(writes) == bool(state.first)
    assert len(writes) < len(stored) / 3
    assert all(key in stored for key in writes if not key.startswith("/registry/events/"))
    changed = [key for key, value in writes.items() if stored.get(key) != value]
    assert bool(changed) == bool(state.first)


def test_cni0_leaves_pods_without_a_sandbox(world: World) -> None:
    """As many as the shape says, on as many nodes, each with its event."""
    writes = {key: value or b"" for key, value in CNI0.writes(world).items()}
    pods = objects(writes, "pods")
    assert len(pods) == SMALL.sandbox_failures
    assert len({one["spec"]["nodeName"] for one in pods}) == SMALL.broken_nodes
    assert all(one["status"]["phase"] == "Pending" for one in pods)
    assert not any("podIP" in one["status"] for one in pods)
    events = [value for key, value in writes.items() if key.startswith("/registry/events/")]
    assert len(events) == SMALL.sandbox_failures
    assert all(b'"cni0" already has an IP address different from 10.1' in one for one in events)
    lost = sum(
        not endpoint["conditions"]["ready"]
        for one in objects(writes, "endpointslices")
        for endpoint in one["endpoints"]
    )
    assert lost == SMALL.sandbox_failures


def test_without_endpoints_the_service_selects_nothing(world: World) -> None:
    """Its slice is empty, and CoreDNS's pods are left as they are."""
    writes = {key: value or b"" for key, value in NO_ENDPOINTS.writes(world).items()}
    assert objects(writes, "endpointslices/kube-system")[0]["endpoints"] == []
    assert objects(writes, "pods") == []


def test_kube_proxy_is_down_where_its_numbers_say(world: World) -> None:
    """Pods that crash, and a DaemonSet that counts them."""
    writes = {key: value or b"" for key, value in PROXIES.writes(world).items()}
    pods = objects(writes, "pods")
    assert len(pods) == SMALL.proxies_down
    assert all(one["status"]["containerStatuses"][0]["restartCount"] for one in pods)
    (daemon_set,) = objects(writes, "daemonsets")
    assert daemon_set["status"]["numberUnavailable"] == SMALL.proxies_down


def test_transactions_stay_within_what_etcd_takes() -> None:
    """By their number and by their bytes; a value that is larger than a batch goes alone."""
    values = [(f"k{n}", b"x" * (10 if n < 250 else 400_000)) for n in range(260)]
    values.append(("large", b"x" * 2 * BATCH_BYTES))
    groups = list(batches(values))
    assert [one for group in groups for one in group] == values
    assert all(len(group) <= BATCH_OPERATIONS for group in groups)
    assert all(
        len(group) == 1 or sum(len(value) for _, value in group) <= BATCH_BYTES for group in groups
    )


def test_what_is_no_report_names_no_cause_that_could_be_right() -> None:
    """A crash must not look like a healthy cluster."""
    assert first_cause('{"causes": []}') == ""
    assert first_cause('{"causes": [{"check": "loop"}, {"check": "other"}]}') == "loop"
    assert first_cause("Traceback").startswith("no report")
