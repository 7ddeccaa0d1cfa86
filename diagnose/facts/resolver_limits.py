"""Where a kubelet leaves out name servers or search domains because there are too many.

Source: kubernetes/kubernetes v1.31.0, pkg/apis/core/validation/validation.go (MaxDNSNameservers 3,
MaxDNSSearchPaths 32, until 1.25 6), pkg/kubelet/network/dns/dns.go.
"""

from __future__ import annotations

from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.events import Event
from diagnose.facts.logs import LogStream
from diagnose.facts.resolv_conf import MAX_NAMESERVERS, ResolvConf
from diagnose.model import CLUSTER, Fact, Gap, Quote, Subject
from diagnose.signatures.base import Signature
from diagnose.signatures.kubelet import NAMESERVER_LIMIT, SEARCH_LIMIT
from diagnose.values import dataclass

# A kubelet says it whenever it looks at a pod, each minute or so, and of equal events about one
# object one passes in five minutes: kubernetes/client-go v0.31.0, tools/record/events_cache.go
# (defaultSpamQPS).
REPEATED_S = 600.0


@dataclass(frozen=True)
class Excess:
    """One list that is too long, per node; `kept` is what the kubelet applies, () if not told.

    `left_out` are the entries that are dropped, () where they are not known.
    """

    subject: Subject
    kept: tuple[str, ...]
    left_out: tuple[str, ...]
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, kw_only=True)
class ResolverLimits(Fact):
    """The lists of name servers and of search domains that are longer than they may be."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.EVENTS, Ask.RESOLV_CONF)

    nameservers: tuple[Excess, ...] = ()
    searches: tuple[Excess, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return both, by what kubelets say and by the files of nodes."""
        streams = evidence.of(LogStream)
        every = Ask.EVENTS in evidence.looked
        events = tuple(one for one in evidence.of(Event) if not (every and is_over(one)))
        files = tuple(one for one in evidence.of(ResolvConf) if not one.of_pod)
        items: tuple[Readable, ...] = (*events, *streams, *files)
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return found
        servers = said(NAMESERVER_LIMIT, events, streams, files)
        listed = {one.subject for one in servers}
        servers += [
            Excess(
                subject=one.subject if one.subject.kind else CLUSTER,
                kept=one.nameservers[:MAX_NAMESERVERS],
                left_out=one.nameservers[MAX_NAMESERVERS:],
                quotes=one.quote_of(one.nameservers[MAX_NAMESERVERS]),
            )
            for one in files
            if len(one.nameservers) > MAX_NAMESERVERS and one.subject not in listed
        ]
        return cls(
            origin=found[0],
            gaps=found[1],
            nameservers=tuple(servers),
            searches=tuple(said(SEARCH_LIMIT, events, streams, files)),
        )


def is_over(event: Event) -> bool:
    """Whether the kubelet would have said it again by now, if it were still so."""
    return event.age_s is not None and event.age_s > REPEATED_S


def said(
    signature: Signature,
    events: tuple[Event, ...],
    streams: tuple[LogStream, ...],
    files: tuple[ResolvConf, ...],
) -> list[Excess]:
    """Return what kubelets say of one list, the last for each node."""
    told: dict[Subject, tuple[str, Quote]] = {}
    for event in events:
        if match := signature.match(event.message):
            told[node_of(event.subject)] = (match.groupdict().get("applied") or "", event.quote)
    for stream in streams:
        for one in stream.matching(signature):
            told[node_of(one.subject)] = (one["applied"], one.quote)
    return [
        Excess(place, kept, left_out(signature, place, kept, files), (quote,))
        for place, (applied, quote) in told.items()
        for kept in (tuple(applied.split()),)
    ]


def left_out(
    signature: Signature, place: Subject, kept: tuple[str, ...], files: tuple[ResolvConf, ...]
) -> tuple[str, ...]:
    """Return the entries of the node's file that are not applied."""
    entries = [
        entry
        for one in files
        if one.subject.name in ("", place.name)
        for entry in (one.search if signature is SEARCH_LIMIT else one.nameservers)
    ]
    return tuple(entry for entry in dict.fromkeys(entries) if kept and entry not in kept)


def node_of(subject: Subject) -> Subject:
    """Return the node of a subject; the cluster where it is not known."""
    if subject.kind == "Node":
        return subject
    return Subject("Node", subject.node) if subject.node else CLUSTER
