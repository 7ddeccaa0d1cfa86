"""The states in which a cluster is seen: well, and with three faults that are small writes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bench.scale.objects import (
    SYSTEM,
    Object,
    Placed,
    World,
    digest,
    dumped,
    kept,
    stored,
)
from bench.scale.shape import node_name, pod_network

Writes = dict[str, bytes | None]  # None: there is nothing at that key


@dataclass(frozen=True)
class State:
    """What is changed, and which causes may come first then; none where all is well."""

    name: str
    title: str
    writes: Callable[[World], Writes]
    first: tuple[str, ...] = ()


def nothing(world: World) -> Writes:
    """Return no change."""
    del world
    return {}


def cni0(world: World) -> Writes:
    """Return pods on some nodes without a sandbox, with the events of that."""
    shape = world.shape
    each = shape.sandbox_failures // shape.broken_nodes
    first = shape.nodes - shape.broken_nodes  # those of the control plane are left alone
    found: dict[int, list[Placed]] = {n: [] for n in range(first, shape.nodes)}
    for app in world.placed:
        for one in app:
            if one.node in found and len(found[one.node]) < each:
                found[one.node].append(one)
    stuck = [one for several in found.values() for one in several]
    writes: Writes = {}
    for one in stuck:
        key, model = world.pod_model(one.app)
        pod = json.loads(world.filled(model, one))
        writes[key + world.pod_name(one)] = dumped(without_sandbox(pod, world))
        space, name = world.space_of(one.app), world.pod_name(one)
        said = (
            "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup "
            f'network for sandbox "{digest(name, "sandbox")}": plugin type="flannel" failed (add): '
            'failed to delegate add: failed to set bridge addr: "cni0" already has an IP address '
            f"different from {pod_network(one.node)}.1/24"
        )
        event = world.event_of(
            (space, name),
            "FailedCreatePodSandBox",
            said,
            "kubelet",
            node_name(one.node),
            kind="Warning",
            ago_s=20,
            number=len(writes),
            count=3,
        )
        event_key, value = stored(event)
        writes[event_key] = value
    lost = frozenset(stuck)
    for number in sorted({one.app for one in stuck}):
        writes |= dict(map(kept, world.service(number, lost)))
    return writes


def without_sandbox(pod: Object, world: World) -> Object:
    """Return a pod whose sandbox could not be made."""
    status = pod["status"]
    for key in ("podIP", "podIPs"):
        del status[key]
    status["phase"] = "Pending"
    for one in status["conditions"]:
        if one["type"] in ("Initialized", "PodScheduled"):
            continue
        one |= {"status": "False", "lastTransitionTime": world.time(300)}
        if one["type"] in ("Ready", "ContainersReady"):
            one |= {
                "reason": "ContainersNotReady",
                "message": "containers with unready status: [app]",
            }
    status["containerStatuses"] = [
        {
            "name": one["name"],
            "state": {"waiting": {"reason": "ContainerCreating"}},
            "lastState": {},
            "ready": False,
            "restartCount": 0,
            "image": one["image"],
            "imageID": "",
            "started": False,
        }
        for one in status["containerStatuses"]
    ]
    pod["metadata"]["creationTimestamp"] = status["startTime"] = world.time(300)
    return pod


def no_endpoints(world: World) -> Writes:
    """Return kube-dns with a selector that fits no pod, as after a mix of two ways to deploy."""
    return dict(map(kept, world.dns_service(selected=False)))


def proxies_down(world: World) -> Writes:
    """Return kube-proxy's pods of some nodes that crash, and the DaemonSet's numbers."""
    down = world.shape.proxies_down
    writes: Writes = dict([kept(world.daemon_set("kube-proxy", down))])
    for number in range(world.shape.nodes - down, world.shape.nodes):
        pod = world.agent("kube-proxy", number)
        key, _ = kept(pod)
        writes[key] = dumped(crashing(pod, world))
        name = pod["metadata"]["name"]
        said = (
            f"Back-off restarting failed container kube-proxy in pod {name}_{SYSTEM}"
            f"({pod['metadata']['uid']})"
        )
        event = world.event_of(
            (SYSTEM, name),
            "BackOff",
            said,
            "kubelet",
            node_name(number),
            kind="Warning",
            ago_s=20,
            number=number,
            count=12,
        )
        event_key, value = stored(event)
        writes[event_key] = value
    return writes


def crashing(pod: Object, world: World) -> Object:
    """Return a pod whose container ends again and again."""
    status = pod["status"]
    for one in status["conditions"]:
        if one["type"] in ("Ready", "ContainersReady"):
            one |= {
                "status": "False",
                "lastTransitionTime": world.time(60),
                "reason": "ContainersNotReady",
                "message": "containers with unready status: [kube-proxy]",
            }
    (one,) = status["containerStatuses"]
    ended = {
        "exitCode": 1,
        "reason": "Error",
        "startedAt": world.time(62),
        "finishedAt": world.time(60),
        "containerID": one["containerID"],
    }
    back_off = {
        "reason": "CrashLoopBackOff",
        "message": "back-off 5m0s restarting failed container=kube-proxy "
        f"pod={pod['metadata']['name']}_{SYSTEM}({pod['metadata']['uid']})",
    }
    one |= {
        "state": {"waiting": back_off},
        "lastState": {"terminated": ended},
        "ready": False,
        "started": False,
        "restartCount": 12,
    }
    return pod


STATES = (
    State("healthy", "healthy", nothing),
    State("cni0", "cni0 in conflict on 50 nodes", cni0, ("cni0-conflict",)),
    State(
        "no-endpoints",
        "kube-dns without endpoints",
        no_endpoints,
        ("dns-service-selector-mismatch",),
    ),
    State("kube-proxy", "kube-proxy down on 10 nodes", proxies_down, ("kube-proxy-not-running",)),
)


def first_cause(printed: str) -> str:
    """Return the id of the first cause in a JSON report, "" where it names none.

    What is no report is returned as it is, cut short, so that it is seen to be wrong.
    """
    try:
        report: Mapping[str, Any] = json.loads(printed)
    except ValueError:
        return f"no report: {printed[:100]!r}"
    causes = report["causes"]
    return str(causes[0]["check"]) if causes else ""
