"""CNI configurations that are refused: by a sandbox's failure, or when a runtime loads the file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.events import Event
from diagnose.facts.logs import LogStream, Match
from diagnose.facts.nodes import Node
from diagnose.facts.sandbox import SandboxFailures, by_place
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.signatures.base import Emitter
from diagnose.signatures.cni import CONFIG_INVALID, IPAM_RANGE_INVALID
from diagnose.signatures.kubelet import NODE_READY
from diagnose.signatures.mechanisms import CONFIG_REFUSED
from diagnose.signatures.runtime import SANDBOX_STARTED
from diagnose.text.regex import regex
from diagnose.values import dataclass

WRONG = (CONFIG_INVALID, IPAM_RANGE_INVALID)
REFUSED = (*WRONG, CONFIG_REFUSED)  # by the plugin, when a sandbox is set up
NAMES = frozenset(one.name for one in REFUSED)
LOADERS = (Emitter.RUNTIME, Emitter.KUBELET)
FILE = regex(r"(?P<file>/\S{0,200}/[\w.-]{1,100}\.(?:conflist|conf|json))\b")
END = regex(r": invalid cni config\b|: failed to load cni config\b|(?<!\\)\\*+\"?$")


@dataclass(frozen=True)
class CNIConfigFault:
    """One configuration that is refused on a node; `file` is "" where the text names none."""

    subject: Subject
    reason: str
    quotes: tuple[Quote, ...]
    file: str = ""
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class CNIConfigFaults(Fact):
    """The CNI configurations that are refused now."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.EVENTS, Ask.RUNTIME_LOGS, Ask.KUBELET_LOGS, Ask.NODES)

    faults: tuple[CNIConfigFault, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return one fault per node; what a sandbox followed on is history."""
        streams = [one for one in evidence.of(LogStream) if one.emitter in LOADERS]
        items: tuple[Readable, ...] = (*evidence.of(Event), *streams)
        found = known(evidence, items, Ask.EVENTS, Ask.RUNTIME_LOGS)
        if isinstance(found, Gap):
            return found
        well = {node.subject.name for node in evidence.of(Node) if node.ready}
        faults = {one.subject: one for stream in streams for one in of_stream(stream, well)}
        failures = evidence.fetch(SandboxFailures)
        if isinstance(failures, SandboxFailures):
            for place, several in by_place(failures.matching(*REFUSED)):
                match = next(m for one in several for m in one.reasons if m.signature in NAMES)
                quotes = tuple(one.quote for one in several)
                faults.setdefault(place, fault(place, match, quotes))
        return cls(origin=found[0], gaps=found[1], faults=tuple(faults.values()))


def of_stream(stream: LogStream, well: set[str]) -> Iterator[CNIConfigFault]:
    """Yield the last refusal of a runtime's log, unless a sandbox or the node's network came."""
    begun = [one.number for one in stream.matching(SANDBOX_STARTED, NODE_READY)]
    last = [one for one in stream.matching(*WRONG) if one.number > max(begun, default=-1)][-1:]
    for match in last:
        node = stream.subject.name if stream.subject.kind == "Node" else stream.subject.node
        if node not in well:
            yield fault(Subject("Node", node), match, (match.quote,))


def fault(place: Subject, match: Match, quotes: tuple[Quote, ...]) -> CNIConfigFault:
    """Return the fault that a line tells."""
    file = FILE.search(match.quote.text.split("error parsing", 1)[0])
    return CNIConfigFault(
        subject=place,
        reason=END.split(match["reason"] or "no IP ranges are specified", 1)[0].strip(' "\\'),
        quotes=quotes,
        file=file["file"] if file else "",
        at=match.at,
    )
