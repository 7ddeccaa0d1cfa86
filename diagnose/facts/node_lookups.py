"""Names that a node itself could not resolve, told by failed pulls of images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.events import Event
from diagnose.facts.logs import LogStream
from diagnose.facts.pods import Pod, unique
from diagnose.model import CLUSTER, Fact, Gap, Quote, Subject
from diagnose.signatures import client, kubelet, runtime
from diagnose.signatures.base import Emitter
from diagnose.values import dataclass

PULLED = ("Pulled", "Started")


@dataclass(frozen=True)
class NodeLookup:
    """One registry that a node did not find; `unknown` says that the answer was "no such host"."""

    subject: Subject
    name: str
    server: str
    reason: str
    quote: Quote
    unknown: bool


@dataclass(frozen=True, kw_only=True)
class NodeLookups(Fact):
    """The names of registries that nodes cannot resolve."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.EVENTS, Ask.SYSTEM_PODS, Ask.DNS_PODS)

    failures: tuple[NodeLookup, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return one entry per node and name; of pods that run or were pulled since, none."""
        events = evidence.of(Event)
        streams = tuple(
            one
            for one in evidence.of(LogStream)
            if one.emitter in (Emitter.KUBELET, Emitter.RUNTIME)
        )
        items: tuple[Readable, ...] = (*events, *streams)
        found = known(evidence, items, Ask.EVENTS)
        if isinstance(found, Gap):
            return found
        well = {one.subject.name for one in unique(evidence.of(Pod)) if one.ready or one.finished}
        failures = [*of_events(events, well), *of_streams(streams)]
        first = {(one.subject, one.name): one for one in reversed(failures)}
        return cls(origin=found[0], gaps=found[1], failures=tuple(first.values())[::-1])


def of_events(events: tuple[Event, ...], well: set[str]) -> Iterator[NodeLookup]:
    """Yield the failures that Events tell, without those after which the image came."""
    last = {one.subject.name: number for number, one in enumerate(events) if one.reason in PULLED}
    for number, event in enumerate(events):
        pull = kubelet.IMAGE_PULL_FAILED.match(event.message)
        match = client.GO_LOOKUP_FAILED.match(event.message) if pull else None
        name = event.subject.name
        if match and name not in well and last.get(name, -1) < number:
            groups = match.groupdict()
            yield made(event.subject, groups, event.quote)


def of_streams(streams: tuple[LogStream, ...]) -> Iterator[NodeLookup]:
    """Yield the failures that kubelets' and runtimes' logs tell."""
    for stream in streams:
        for one in stream.matching(kubelet.IMAGE_PULL_FAILED, runtime.IMAGE_PULL_FAILED):
            if match := client.GO_LOOKUP_FAILED.match(one.quote.text):
                yield made(one.subject, match.groupdict(), one.quote)


def made(subject: Subject, groups: dict[str, str | None], quote: Quote) -> NodeLookup:
    """Return the failure of a pod's or a node's subject."""
    node = subject if subject.kind == "Node" else Subject("Node", subject.node)
    reason = groups.get("reason") or ""
    return NodeLookup(
        subject=node if node.name else CLUSTER,
        name=groups.get("name") or "",
        server=groups.get("server") or "",
        reason=reason.partition(" while ")[0][:120],
        quote=quote,
        unknown="no such host" in reason,
    )
