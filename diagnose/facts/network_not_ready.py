"""Nodes whose runtime has no network: by node condition, event, kubelet or runtime log."""

from __future__ import annotations

from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.events import Event
from diagnose.facts.logs import LogStream
from diagnose.facts.nodes import Node
from diagnose.facts.pods import Pod, unique
from diagnose.facts.waiting import Waiting
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.signatures.cni import NO_CONFIG
from diagnose.signatures.kubelet import NETWORK_NOT_READY, NODE_READY
from diagnose.signatures.runtime import SANDBOX_STARTED
from diagnose.values import dataclass

SIGNS = (NETWORK_NOT_READY, NO_CONFIG)
BEGUN = (SANDBOX_STARTED, NODE_READY)  # after these the network is there


@dataclass(frozen=True)
class NotReadyPlace:
    """One node without a network, or a pod on an unnamed one; `seen` says how often."""

    subject: Subject
    quotes: tuple[Quote, ...]
    seen: str = ""


@dataclass(frozen=True, kw_only=True)
class NetworkNotReady(Fact):
    """The nodes whose runtime says that its network is not ready, now."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.EVENTS, Ask.NODES, Ask.SYSTEM_PODS)

    places: tuple[NotReadyPlace, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the nodes; those that are Ready, or whose pods started since, are left out."""
        nodes, events = evidence.of(Node), evidence.of(Event)
        streams = evidence.of(LogStream)
        items: tuple[Readable, ...] = (*nodes, *events, *streams)
        found = known(evidence, items, Ask.EVENTS, Ask.NODES)
        if isinstance(found, Gap):
            return found
        well = {one.subject.name for one in nodes if one.ready}
        running = {
            one.subject.name for one in unique(evidence.of(Pod)) if one.ready or one.finished
        }
        waiting = Waiting.of(evidence)
        quotes: dict[Subject, list[Quote]] = {}
        counts: dict[Subject, int] = {}
        for node in nodes:
            said = node.messages.get("Ready", "")
            if node.ready is False and any(sign.match(said) for sign in SIGNS):
                quotes.setdefault(node.subject, []).append(node.quote.on("conditions", "Ready"))
        for event in events:
            if not any(sign.match(event.message) for sign in SIGNS):
                continue
            place = node_or_self(event.subject)
            past = event.subject.name in running or waiting.over(event.subject, event.last_at)
            if place.name in well or past:
                continue
            quotes.setdefault(place, []).append(event.quote)
            counts[place] = counts.get(place, 0) + event.count
        for stream in streams:
            last = list(stream.matching(*SIGNS))[-1:]
            begun = [one.number for one in stream.matching(*BEGUN)]
            last = [one for one in last if one.number > max(begun, default=-1)]
            for match in last:
                place = node_or_self(match.subject)
                if place.name not in well:
                    quotes.setdefault(place, []).append(match.quote)
                    counts[place] = counts.get(place, 0) + stream.count(*SIGNS)
        places = tuple(
            NotReadyPlace(
                subject=place,
                quotes=tuple(seen),
                seen=f"{counts[place]} times" if counts.get(place, 0) > 1 else "",
            )
            for place, seen in quotes.items()
        )
        return cls(origin=found[0], gaps=found[1], places=places)


def node_or_self(subject: Subject) -> Subject:
    """Return the node that a subject lies on, or the subject where that is not known."""
    return Subject("Node", subject.node) if subject.node and subject.kind != "Node" else subject
