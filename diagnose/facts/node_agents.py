"""What a node's kubelet and runtime disagree on, or lack, so that containers cannot start."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.events import Event
from diagnose.facts.logs import LogStream, Match
from diagnose.facts.nodes import Node
from diagnose.facts.pods import Pod, unique
from diagnose.facts.sandbox import SandboxFailures, by_place, runs, starts
from diagnose.facts.waiting import Waiting
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.signatures import kubelet
from diagnose.signatures.base import Emitter, Signature
from diagnose.text.regex import regex
from diagnose.values import dataclass

SEVERAL = 3  # what a kubelet says once or twice while it starts
RUNTIME_DOWN = regex(
    r"PLEG is not healthy: (?P<pleg>[^;\]\"]{1,200})|container runtime is down"
    r"|container runtime status check may not have completed yet"
)
STARTING = "pleg has yet to be successful"
SANDBOX = "FailedCreatePodSandBox"  # told by SandboxFailures, which knows what became of it


class Lack(Enum):
    """What is wrong between a kubelet and its runtime or its API server."""

    CGROUP_DRIVERS = "kubelet and runtime use different cgroup drivers"
    SERVICES = "the kubelet has not read the Services"
    RUNTIME = "the runtime does not answer the kubelet"
    VOLUME = "a ConfigMap that a pod mounts is missing"


@dataclass(frozen=True)
class AgentFault:
    """One fault of one node's agents, or of one pod that they cannot start."""

    lack: Lack
    subject: Subject
    quotes: tuple[Quote, ...]
    detail: str = ""
    count: int = 1
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class NodeAgents(Fact):
    """The faults between kubelets, runtimes and what they need; those that are over left out."""

    asks: ClassVar[tuple[Ask, ...]] = (
        Ask.EVENTS,
        Ask.KUBELET_LOGS,
        Ask.NODES,
        Ask.SYSTEM_PODS,
        Ask.DNS_PODS,
    )

    faults: tuple[AgentFault, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the faults of events, kubelets' logs and the nodes' conditions."""
        events, nodes = evidence.of(Event), evidence.of(Node)
        streams = [one for one in evidence.of(LogStream) if one.emitter is Emitter.KUBELET]
        items: tuple[Readable, ...] = (*events, *streams, *nodes)
        found = known(evidence, items, Ask.EVENTS, Ask.NODES)  # a kubelet's log adds to them
        if isinstance(found, Gap):
            return found
        well = {node.subject.name for node in nodes if node.ready}
        pods = {pod.subject.name: pod for pod in unique(evidence.of(Pod))}
        waiting, started = Waiting.of(evidence), starts(events)
        faults = [
            *of_sandboxes(evidence),
            *(one for stream in streams for one in of_stream(stream, well)),
            *(one for stream in streams for one in volumes_of(stream, pods)),
            *(one for event in events for one in of_event(event, pods, waiting, started)),
            *(one for node in nodes for one in of_node(node)),
        ]
        once = {(one.lack, one.subject): one for one in reversed(faults)}
        return cls(origin=found[0], gaps=found[1], faults=tuple(reversed(once.values())))

    def of(self, lack: Lack) -> tuple[AgentFault, ...]:
        """Return the faults of one kind."""
        return tuple(one for one in self.faults if one.lack is lack)


def of_sandboxes(evidence: Evidence) -> Iterator[AgentFault]:
    """Yield the drivers that a runtime refuses when it makes a sandbox."""
    failures = evidence.fetch(SandboxFailures)
    if not isinstance(failures, SandboxFailures):
        return
    for place, several in by_place(failures.matching(kubelet.CGROUP_DRIVER_MISMATCH)):
        quotes = tuple(one.quote for one in several)
        yield AgentFault(Lack.CGROUP_DRIVERS, place, quotes, count=len(several))


def of_stream(stream: LogStream, well: set[str]) -> Iterator[AgentFault]:
    """Yield what a kubelet's log says, unless its node is ready or became so afterwards."""
    node = stream.subject.name if stream.subject.kind == "Node" else stream.subject.node
    if node in well:
        return
    ready = max((one.number for one in stream.matching(kubelet.NODE_READY)), default=-1)

    def last(signature: Signature, lack: Lack, least: int = 1) -> Iterator[AgentFault]:
        lines = [one for one in stream.matching(signature) if one.number > ready]
        if not lines or stream.count(signature) < least:
            return
        both = " and ".join(word for word in (lines[-1]["kubelet"], lines[-1]["runtime"]) if word)
        count = stream.count(signature)
        quotes = (lines[-1].quote,)
        yield AgentFault(lack, Subject("Node", node), quotes, both, count, lines[0].at)

    yield from last(kubelet.CGROUP_DRIVER_MISMATCH, Lack.CGROUP_DRIVERS)
    yield from last(kubelet.SERVICES_NOT_SYNCED, Lack.SERVICES, SEVERAL)
    skipped = [one for one in stream.matching(kubelet.SYNC_SKIPPED) if one.number > ready]
    down = [(one, RUNTIME_DOWN.search(one.quote.text)) for one in skipped]
    told = [(one, how) for one, how in down if how and STARTING not in one.quote.text]
    if len(told) >= SEVERAL:
        match, how = told[-1]
        detail = (how["pleg"] or how[0]).strip() if how else ""
        count = stream.count(kubelet.SYNC_SKIPPED)
        yield AgentFault(
            Lack.RUNTIME, Subject("Node", node), (match.quote,), detail, count, match.at
        )


NAMED_POD = regex(r"\bpod(?:=| \\*)\"(?:(?P<namespace>[\w-]{1,63})/)?(?P<name>[\w.-]{1,253})\\*\"")


def volumes_of(stream: LogStream, pods: dict[str, Pod]) -> Iterator[AgentFault]:
    """Yield the pods of DNS whose volume a kubelet cannot set up, by its log, each once."""
    last: dict[str, tuple[Match, Subject]] = {}
    for match in stream.matching(kubelet.CONFIG_VOLUME_MISSING):
        named = NAMED_POD.search(match.quote.text)
        pod = pods.get(named["name"]) if named else None
        if named and "dns" in named["name"] and not (pod is not None and runs(pod)):
            subject = Subject("Pod", named["name"], named["namespace"] or "")
            last[named["name"]] = (match, subject)
    for match, subject in last.values():
        detail = match["configmap"] or f"the key {match['config_key']} of the ConfigMap"
        yield AgentFault(Lack.VOLUME, subject, (match.quote,), detail, 1, match.at)


def of_event(
    event: Event, pods: dict[str, Pod], waiting: Waiting, started: dict[str, float]
) -> Iterator[AgentFault]:
    """Yield what an event says of a pod that does not run since, and was not started since."""
    since = started.get(event.subject.name)
    if since is not None and event.age_s is not None and since <= event.age_s:
        return
    pod = pods.get(event.subject.name)
    if pod is not None and (pod.ready or pod.finished):
        return
    if waiting.over(event.subject):
        return
    if kubelet.SERVICES_NOT_SYNCED.match(event.message) and event.count >= SEVERAL:
        yield AgentFault(Lack.SERVICES, event.subject, (event.quote,), count=event.count)
    if event.reason != SANDBOX and kubelet.CGROUP_DRIVER_MISMATCH.match(event.message):
        about = Subject("Node", event.subject.node) if event.subject.node else event.subject
        yield AgentFault(Lack.CGROUP_DRIVERS, about, (event.quote,), count=event.count)
    found = kubelet.CONFIG_VOLUME_MISSING.match(event.message)
    if found and not (pod is not None and runs(pod)):
        detail = found["configmap"] or f"the key {found['config_key']} of the ConfigMap"
        yield AgentFault(Lack.VOLUME, event.subject, (event.quote,), detail, event.count)


def of_node(node: Node) -> Iterator[AgentFault]:
    """Yield a runtime that a node's Ready condition says is down."""
    message = node.messages.get("Ready", "")
    how = RUNTIME_DOWN.search(message)
    if node.ready is False and how and STARTING not in message:
        detail = (how["pleg"] or how[0]).strip()
        yield AgentFault(
            Lack.RUNTIME, node.subject, (node.quote.on("conditions", "Ready"),), detail
        )
