"""What the kernel says of a node, in its own log or as other programs pass it on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.facts.logs import LogStream, Match
from diagnose.model import CLUSTER, Fact, Gap, Subject
from diagnose.signatures import kernel
from diagnose.signatures.base import Signature
from diagnose.values import dataclass

PAST = timedelta(hours=1)  # the kernel limits the rate of such lines to seconds, not to hours


@dataclass(frozen=True)
class KernelMessage:
    """The messages of one kind and place; `match` is the last one, `count` how many there are."""

    subject: Subject
    match: Match
    count: int


@dataclass(frozen=True, kw_only=True)
class KernelMessages(Fact):
    """The messages in any log, without those long before the log's end."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.KERNEL_LOGS,)

    messages: tuple[KernelMessage, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return one entry per kind, key and place."""
        streams = evidence.of(LogStream)
        found = known(evidence, streams, *cls.asks)
        if isinstance(found, Gap):
            return found
        messages = tuple(one for stream in streams for one in of_stream(stream))
        return cls(origin=found[0], gaps=found[1], messages=messages)

    def of(self, *signatures: Signature) -> tuple[KernelMessage, ...]:
        """Return the messages of these kinds."""
        names = {one.name for one in signatures}
        return tuple(one for one in self.messages if one.match.signature in names)


def of_stream(stream: LogStream) -> Iterator[KernelMessage]:
    """Yield the messages of a stream, by kind and by what tells them apart."""
    for signature in kernel.SIGNATURES:
        groups: dict[tuple[str, ...], list[Match]] = {}
        for match in stream.matching(signature):
            groups.setdefault(tuple(match[name] for name in signature.key), []).append(match)
        for several in groups.values():
            last = several[-1]
            over = last.at and stream.last_at and stream.last_at - last.at > PAST
            if not over:
                count = stream.count(signature) if len(groups) == 1 else len(several)
                yield KernelMessage(place(last.subject), last, max(count, 1))


def place(subject: Subject) -> Subject:
    """Return the node whose kernel it is; the cluster where that is not known."""
    if subject.kind == "Node":
        return subject
    return Subject("Node", subject.node) if subject.node else CLUSTER
