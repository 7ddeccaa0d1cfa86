"""Nodes that run out of disk, memory or process numbers, so that they take and keep no pods."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.logs import LogStream
from diagnose.facts.nodes import Node
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.signatures.kubelet import NOT_ADMITTED
from diagnose.text.regex import regex
from diagnose.values import dataclass

WORDS = {
    "DiskPressure": "disk",
    "MemoryPressure": "memory",
    "PIDPressure": "process numbers",
}
TAINT = regex(r"node\.kubernetes\.io/(?P<what>disk|memory|pid)-pressure(?:=[^:]*)?:")
TAINTS = {"disk": "DiskPressure", "memory": "MemoryPressure", "pid": "PIDPressure"}


@dataclass(frozen=True)
class Pressure:
    """One node under pressure; `short_of` names what it lacks."""

    subject: Subject
    short_of: tuple[str, ...]
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, kw_only=True)
class NodePressure(Fact):
    """The nodes under pressure, by their state, or by what their kubelet refuses."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.NODES, Ask.KUBELET_LOGS)

    nodes: tuple[Pressure, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return each node once; a state that is known outweighs a log."""
        nodes, streams = evidence.of(Node), evidence.of(LogStream)
        refusing = [one for one in streams if one.count(NOT_ADMITTED)]
        items: tuple[Readable, ...] = (*nodes, *refusing)
        found = known(evidence, items, Ask.NODES)
        if isinstance(found, Gap):
            return found
        states = {
            one.subject.name: one for one in nodes if one.conditions or one.taints is not None
        }
        pressed = [*of_states(states.values()), *of_logs(refusing, states)]
        return cls(origin=found[0], gaps=found[1], nodes=tuple(pressed))


def of_states(nodes: Iterable[Node]) -> Iterator[Pressure]:
    """Yield the nodes whose conditions or taints say it."""
    for node in nodes:
        kinds = [kind for kind in WORDS if node.conditions.get(kind) == "True"]
        taints = [taint for taint in node.taints or () if TAINT.match(taint)]
        field = ("conditions", *kinds) if kinds else ("taints", *map(key_of, taints))
        matches = map(TAINT.match, taints)
        kinds += [TAINTS[match["what"]] for match in matches if match]
        if kinds:
            words = tuple(WORDS[kind] for kind in dict.fromkeys(kinds))
            yield Pressure(node.subject, words, (node.quote.on(*field),))


def key_of(taint: str) -> str:
    """Return the key of `key=value:Effect`."""
    return taint.partition(":")[0].partition("=")[0]


def of_logs(streams: Iterable[LogStream], states: dict[str, Node]) -> Iterator[Pressure]:
    """Yield the nodes whose kubelet refuses pods, unless their state is known."""
    for stream in streams:
        last = list(stream.matching(NOT_ADMITTED))[-1:]
        if stream.subject.name in states:
            continue
        for match in last:
            kinds = match["conditions"].replace('"', "").split()
            words = tuple(WORDS[kind] for kind in kinds if kind in WORDS)
            if words:
                yield Pressure(match.subject, words, (match.quote,))
