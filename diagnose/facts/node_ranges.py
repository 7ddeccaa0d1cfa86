"""Which nodes have a range of pod addresses, and whether kube-controller-manager has any left."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.events import Event
from diagnose.facts.logs import LogStream
from diagnose.facts.nodes import Node
from diagnose.facts.pods import Pod, unique
from diagnose.facts.workloads import DaemonSet
from diagnose.model import CLUSTER, Fact, Gap, Quote, Subject
from diagnose.signatures.base import Emitter
from diagnose.signatures.controller_manager import CIDR_EXHAUSTED
from diagnose.values import dataclass

EXHAUSTED = ("CIDRNotAvailable", "CIDRAssignmentFailed")
MANAGER = "kube-controller-manager"


@dataclass(frozen=True)
class Exhaustion:
    """That no range is left for a node; the node is the cluster where it is not named."""

    subject: Subject
    quote: Quote
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class NodeRanges(Fact):
    """The ranges of pod addresses of nodes.

    `given` and `missing` are the nodes with and without one. `flannel` says that the network
    add-on takes them from the nodes. `unset` quotes the controller manager's pods whose flags
    are known and do not let it give any.
    """

    asks: ClassVar[tuple[Ask, ...]] = (Ask.NODES, Ask.EVENTS, Ask.CONTROLLER_MANAGER_LOGS)

    exhausted: tuple[Exhaustion, ...] = ()
    given: tuple[Node, ...] = ()
    missing: tuple[Node, ...] = ()
    flannel: bool = False
    unset: tuple[Quote, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the nodes' ranges, and what was said of there being none left."""
        nodes = {one.subject.name: one for one in evidence.of(Node) if one.pod_cidrs is not None}
        events = tuple(one for one in evidence.of(Event) if one.reason in EXHAUSTED)
        streams = tuple(
            one for one in evidence.of(LogStream) if one.emitter is Emitter.CONTROLLER_MANAGER
        )
        items: tuple[Readable, ...] = (*nodes.values(), *events, *streams)
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return found
        given = {name for name, node in nodes.items() if node.pod_cidrs}
        return cls(
            origin=found[0],
            gaps=found[1],
            exhausted=(
                *(
                    Exhaustion(one.subject, one.quote, one.last_at)
                    for one in events
                    if one.subject.name not in given
                ),
                *(
                    Exhaustion(CLUSTER, match.quote, match.at)
                    for stream in streams
                    for match in list(stream.matching(CIDR_EXHAUSTED))[-1:]
                ),
            ),
            given=tuple(node for node in nodes.values() if node.pod_cidrs),
            missing=tuple(node for node in nodes.values() if not node.pod_cidrs),
            flannel=has_flannel(evidence),
            unset=unset(evidence),
        )


def has_flannel(evidence: Evidence) -> bool:
    """Whether flannel runs, by its DaemonSet or its pods."""
    names = [one.subject.name for one in evidence.of(DaemonSet)]
    names += [one.subject.name for one in evidence.of(Pod)]
    return any(name.startswith("kube-flannel") for name in names)


def unset(evidence: Evidence) -> tuple[Quote, ...]:
    """Return the controller managers whose flags are known and lack --allocate-node-cidrs."""
    return tuple(
        pod.quote.on("command", MANAGER)
        for pod in unique(evidence.of(Pod))
        for container in pod.containers
        if container.name == MANAGER
        and any(word.startswith("--") for word in container.args)
        and "--allocate-node-cidrs=true" not in container.args
        and "--allocate-node-cidrs" not in container.args
    )
