"""Where kubelets have no DNS address: by their configuration, an Event, or their log."""

from __future__ import annotations

from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.events import Event
from diagnose.facts.kubelet_config import KubeletConfig, in_force, own_stand_in, told
from diagnose.facts.logs import LogStream
from diagnose.model import CLUSTER, Fact, Gap, Quote, Subject
from diagnose.signatures.kubelet import CLUSTER_DNS_MISSING
from diagnose.values import dataclass


@dataclass(frozen=True)
class Place:
    """One kubelet without a DNS address; the cluster where its node is not known."""

    subject: Subject
    quote: Quote


@dataclass(frozen=True, kw_only=True)
class MissingClusterDNS(Fact):
    """The kubelets that have no cluster DNS address to give, one entry per node."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.KUBELET_CONFIG, Ask.KUBELET_CONFIGZ, Ask.EVENTS)

    places: tuple[Place, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the kubelets that say so themselves or are configured so."""
        configs = in_force(evidence.of(KubeletConfig))
        events = evidence.of(Event)
        streams = evidence.of(LogStream)
        items: tuple[Readable, ...] = (*configs, *events, *streams)
        found = known(evidence, items, Ask.KUBELET_CONFIG, Ask.EVENTS)
        if isinstance(found, Gap):
            return found
        gaps, by_kubelets = found[1], told(evidence, configs)
        if own_stand_in(evidence, configs) and not isinstance(by_kubelets, Gap):
            gaps = (*by_kubelets[1], *evidence.gaps_of(Ask.EVENTS))
        places = [Place(one.subject, one.quote) for one in configs if one.cluster_dns == ()]
        said = [
            Place(node_of(event.subject), event.quote)
            for event in events
            if event.reason == "MissingClusterDNS" or CLUSTER_DNS_MISSING.match(event.message)
        ]
        said += [
            Place(node_of(match.subject), match.quote)
            for stream in streams
            for match in stream.matching(CLUSTER_DNS_MISSING)
        ]
        having = runs_with_servers(evidence)
        places += [place for place in said if place.subject not in having]
        first = {place.subject: place for place in reversed(places)}
        return cls(origin=found[0], gaps=gaps, places=tuple(reversed(first.values())))


def runs_with_servers(evidence: Evidence) -> frozenset[Subject]:
    """Return the nodes whose kubelet runs with a DNS address: what was said before is over."""
    if Ask.KUBELET_CONFIGZ not in evidence.looked:
        return frozenset()  # a file may have been changed since the kubelet started
    configs = evidence.of(KubeletConfig)
    return frozenset(
        one.subject for one in configs if one.subject.kind == "Node" and one.cluster_dns
    )


def node_of(subject: Subject) -> Subject:
    """Return the node that a subject is or lies on; the cluster where that is not known."""
    if subject.kind == "Node":
        return subject
    return Subject("Node", subject.node) if subject.node else CLUSTER
