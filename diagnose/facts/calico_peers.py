"""Nodes whose Calico has no BGP session with any other node, by its readiness probe.

A session with one peer is enough for the probe once calico/node has run for a while; while it
starts, all are awaited. So a few failures are a start, and many are a node that is cut off.

Source: projectcalico/calico v3.26.0, node/pkg/health/health.go (checkBIRDReady).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.events import Event
from diagnose.facts.logs import LogStream
from diagnose.facts.pods import Pod, unique
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.signatures.base import Emitter
from diagnose.signatures.cni import CALICO_BGP_DOWN
from diagnose.values import dataclass

REASON = "Unhealthy"
NAMES = ("calico-node", "canal")
MANY = 3  # the probe asks every ten seconds, and awaits all peers for the first thirty
FRESH_S = 900.0  # a kubelet repeats the Event of a probe that goes on failing within minutes
QUIET = timedelta(minutes=5)


@dataclass(frozen=True)
class PeersDown:
    """One pod of calico/node, or a node; `certain` that it goes on beyond a start."""

    subject: Subject
    peers: tuple[str, ...]
    quote: Quote
    count: int
    certain: bool = False
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class CalicoPeers(Fact):
    """The nodes whose peers are down, without those whose pod is ready or gone since."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.EVENTS, Ask.KUBELET_LOGS)

    down: tuple[PeersDown, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return what Events and kubelets' logs tell of the probe."""
        events = evidence.of(Event)
        streams = tuple(one for one in evidence.of(LogStream) if one.emitter is Emitter.KUBELET)
        items: tuple[Readable, ...] = (*events, *streams)
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return found
        pods = {pod.subject.name: pod for pod in unique(evidence.of(Pod))}
        whole = Ask.SYSTEM_PODS in evidence.looked and not evidence.gaps_of(Ask.SYSTEM_PODS)
        last: dict[Subject, PeersDown] = {}
        for one in (*of_events(events), *(each for stream in streams for each in of_log(stream))):
            pod = pods.get(one.subject.name)
            if one.subject.kind == "Pod" and (pod.ready if pod else whole):
                continue
            before = last.get(one.subject)
            unready = pod is not None and pod.ready is False and not pod.out_of_sight
            count = one.count + (before.count if before else 0)
            last[one.subject] = replace(one, count=count, certain=unready or count >= MANY)
        return cls(origin=found[0], gaps=found[1], down=tuple(last.values()))


def of_events(events: tuple[Event, ...]) -> Iterator[PeersDown]:
    """Yield what the probes of Calico's pods say, in Events that are not long past."""
    for event in events:
        told = CALICO_BGP_DOWN.match(event.message) if event.reason == REASON else None
        if not told:
            continue
        # the probe's own words name calico/node where the pod's name was not passed on
        if event.subject.name and not event.subject.name.startswith(NAMES):
            continue
        if event.age_s is not None and event.age_s > FRESH_S:
            continue
        peers = tuple(filter(None, told["peers"].split(",")))
        yield PeersDown(event.subject, peers, event.quote, event.count, at=event.first_at)


def of_log(stream: LogStream) -> Iterator[PeersDown]:
    """Yield what a kubelet's log tells of the probe up to its end."""
    lines = list(stream.matching(CALICO_BGP_DOWN))
    if not lines:
        return
    last = lines[-1]
    if last.at and stream.last_at and stream.last_at - last.at > QUIET:
        return
    peers = tuple(filter(None, last["peers"].split(",")))
    yield PeersDown(last.subject, peers, last.quote, stream.count(CALICO_BGP_DOWN), at=lines[0].at)
