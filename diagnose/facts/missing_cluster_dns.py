"""Where kubelets have no DNS address: by their configuration, an Event, or their log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.events import Event
from diagnose.facts.kubelet_config import KubeletConfig
from diagnose.facts.logs import LogStream
from diagnose.model import CLUSTER, Fact, Gap, Quote, Subject
from diagnose.signatures.kubelet import CLUSTER_DNS_MISSING


@dataclass(frozen=True)
class Place:
    """One kubelet without a DNS address; the cluster where its node is not known."""

    subject: Subject
    quote: Quote


@dataclass(frozen=True, kw_only=True)
class MissingClusterDNS(Fact):
    """The kubelets that have no cluster DNS address to give, one entry per node."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.KUBELET_CONFIG, Ask.EVENTS)

    places: tuple[Place, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the kubelets that say so themselves or are configured so."""
        configs = evidence.of(KubeletConfig)
        events = evidence.of(Event)
        streams = evidence.of(LogStream)
        items: tuple[Readable, ...] = (*configs, *events, *streams)
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return found
        places = [Place(one.subject, one.quote) for one in configs if one.cluster_dns == ()]
        places += [
            Place(node_of(event.subject), event.quote)
            for event in events
            if event.reason == "MissingClusterDNS" or CLUSTER_DNS_MISSING.match(event.message)
        ]
        places += [
            Place(node_of(match.subject), match.quote)
            for stream in streams
            for match in stream.matching(CLUSTER_DNS_MISSING)
        ]
        first = {place.subject: place for place in reversed(places)}
        return cls(origin=found[0], gaps=found[1], places=tuple(reversed(first.values())))


def node_of(subject: Subject) -> Subject:
    """Return the node that a subject is or lies on; the cluster where that is not known."""
    if subject.kind == "Node":
        return subject
    return Subject("Node", subject.node) if subject.node else CLUSTER
