"""Node-local caches that start without knowing the address of CoreDNS's own Service.

node-cache takes the address from an environment variable that the kubelet sets of a Service at the
pod's start. Without it the place-holder in the Corefile becomes "<nil>", which CoreDNS refuses. Of
a Corefile that names the address itself nothing is missing.

Source: kubernetes/dns 1.22.28, cmd/node-cache/app/cache_app.go (NewCacheApp, toSvcEnv),
configmap.go (updateCorefile).
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.facts.corefile import Corefile
from diagnose.facts.logs import LogStream, Match
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.signatures.base import Emitter
from diagnose.signatures.coredns import FORWARD_INVALID, NODELOCAL_UPSTREAM_UNKNOWN
from diagnose.values import dataclass

NOWHERE = "<nil>"  # what Go prints of an address that there is not
HOLDER = "__PILLAR__CLUSTER__DNS__"


@dataclass(frozen=True)
class UnknownUpstream:
    """One cache; `service` is what it looks for, `certain` that its Corefile needs the address."""

    subject: Subject
    service: str
    env: str
    quotes: tuple[Quote, ...]
    certain: bool
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class UnknownUpstreams(Fact):
    """The caches that did not find the address at their last start."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.DNS_LOGS, Ask.DNS_CONFIG)

    caches: tuple[UnknownUpstream, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return what the last run of each cache says, beside the Corefiles of caches."""
        streams = tuple(one for one in evidence.of(LogStream) if one.emitter is Emitter.COREDNS)
        found = known(evidence, streams, Ask.DNS_LOGS)
        if isinstance(found, Gap):
            return found
        files = [one for one in evidence.of(Corefile) if not one.plugin("kubernetes")]
        needing = [quote for one in files if (quote := needs_address(one))]
        if files and not needing and all(one.plugin("forward") for one in files):
            return cls(origin=found[0], gaps=found[1])
        started = {one.subject for one in streams if one.subject.name and not one.previous}
        caches = []
        for stream in streams:
            told = list(stream.matching(NODELOCAL_UPSTREAM_UNKNOWN))[-1:]
            if stream.previous and stream.subject in started:
                continue
            for match in told:
                refused = [one.quote for one in stream.matching(FORWARD_INVALID) if is_nil(one)]
                quotes = (match.quote, *refused[-1:], *needing[:1])
                caches.append(
                    UnknownUpstream(
                        subject=match.subject,
                        service=match["service"],
                        env=match["env"],
                        quotes=quotes,
                        certain=len(quotes) > 1,
                        at=match.at,
                    )
                )
        return cls(origin=found[0], gaps=found[1], caches=tuple(caches))


def needs_address(file: Corefile) -> Quote | None:
    """Return the line of a Corefile that forwards to the address which is not known."""
    for _, line in file.plugin("forward"):
        if any(NOWHERE in word or HOLDER in word for word in line.args):
            return file.quote(line.line)
    return None


def is_nil(match: Match) -> bool:
    """Whether CoreDNS refuses the address that there is not."""
    return match["to"] == NOWHERE
