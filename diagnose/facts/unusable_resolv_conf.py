"""Where a node's resolv.conf is missing or names no server: by itself, or as programs say."""

from __future__ import annotations

from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.events import Event
from diagnose.facts.logs import LogStream
from diagnose.facts.pods import Pod, unique
from diagnose.facts.resolv_conf import ResolvConf
from diagnose.facts.waiting import Waiting
from diagnose.model import CLUSTER, Fact, Gap, Quote, Subject
from diagnose.signatures import coredns, kubelet
from diagnose.signatures.base import Signature
from diagnose.values import dataclass

MISSING: tuple[Signature, ...] = (kubelet.RESOLVCONF_MISSING, coredns.RESOLVCONF_MISSING)
EMPTY: tuple[Signature, ...] = (kubelet.RESOLVCONF_EMPTY, coredns.RESOLVCONF_EMPTY)


@dataclass(frozen=True)
class Unusable:
    """One resolv.conf that gives no server; `path` is "" where it is not told."""

    subject: Subject
    path: str
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, kw_only=True)
class UnusableResolvConf(Fact):
    """The resolver files of nodes that are missing, and those without a server."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.RESOLV_CONF, Ask.EVENTS, Ask.SYSTEM_PODS)

    missing: tuple[Unusable, ...] = ()
    empty: tuple[Unusable, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return both, one entry per node and path; failures of pods that run since are left."""
        files = tuple(one for one in evidence.of(ResolvConf) if not one.of_pod)
        events, streams = evidence.of(Event), evidence.of(LogStream)
        items: tuple[Readable, ...] = (*files, *events, *streams)
        found = known(evidence, items, Ask.RESOLV_CONF, Ask.EVENTS)
        if isinstance(found, Gap):
            return found
        running = {pod.subject.name for pod in unique(evidence.of(Pod)) if pod.ready}
        waiting = Waiting.of(evidence)
        missing = [
            Unusable(place(one.subject), one.path, one.quotes) for one in files if not one.exists
        ]
        empty = [
            Unusable(place(one.subject), one.path, one.quotes or (nothing(one),))
            for one in files
            if one.exists and not one.nameservers
        ]
        for into, signatures in ((missing, MISSING), (empty, EMPTY)):
            for event in events:
                hits = (signature.match(event.message) for signature in signatures)
                hit = next((one for one in hits if one), None)
                past = event.subject.name in running or waiting.over(event.subject, event.last_at)
                if hit and not past:
                    path = hit.groupdict().get("file") or ""
                    into.append(Unusable(place(event.subject), path, (event.quote,)))
            for stream in streams:
                for match in stream.matching(*signatures):
                    if match.subject.name not in running or stream.previous:
                        into.append(Unusable(place(match.subject), match["file"], (match.quote,)))
        return cls(origin=found[0], gaps=found[1], missing=first_of(missing), empty=first_of(empty))


def place(subject: Subject) -> Subject:
    """Return the node of a subject; the cluster where it is not known."""
    if subject.kind == "Node":
        return subject
    return Subject("Node", subject.node) if subject.node else CLUSTER


def nothing(file: ResolvConf) -> Quote:
    """Return the quote of a file that holds nothing."""
    return Quote(file.origin, "(no line names a server)", summary=True)


def first_of(several: list[Unusable]) -> tuple[Unusable, ...]:
    """Return the first entry per node and path."""
    return tuple({(one.subject, one.path): one for one in reversed(several)}.values())[::-1]
