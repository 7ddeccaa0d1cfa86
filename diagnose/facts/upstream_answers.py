"""Errors that upstream servers answer, as CoreDNS's query log and look-ups show them.

CoreDNS passes an upstream's SERVFAIL or REFUSED on without a line in its errors log. In the query
log such an answer carries the flag `ra`, which CoreDNS itself does not set for a query that failed.

Source: coredns/coredns v1.12.0, plugin/log/log.go and core/dnsserver/server.go (errorFunc).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.corefile import Corefile
from diagnose.facts.logs import LogStream
from diagnose.facts.lookups import Lookup, Outcome
from diagnose.facts.names import DEFAULT_DOMAIN, external, normal
from diagnose.facts.upstream_servers import UpstreamServers
from diagnose.model import CLUSTER, Fact, Gap, Quote, Subject
from diagnose.signatures.base import Emitter
from diagnose.signatures.coredns import QUERY_REFUSED, QUERY_SERVFAIL

OUTCOMES = {QUERY_SERVFAIL.name: Outcome.SERVFAIL, QUERY_REFUSED.name: Outcome.REFUSED}


@dataclass(frozen=True)
class ErrorAnswer:
    """The answers of one kind that one pod passed on, or that one server gave when asked itself.

    `server` is "" where it is not told; `names` are those asked for.
    """

    outcome: Outcome
    subject: Subject
    names: tuple[str, ...]
    quotes: tuple[Quote, ...]
    server: str = ""
    count: int = 1
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class UpstreamAnswers(Fact):
    """The errors that upstream servers answered for names outside of the cluster."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.DNS_LOGS, Ask.CLIENT_OUTPUT)

    errors: tuple[ErrorAnswer, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return what query logs show, and look-ups of servers that CoreDNS forwards to."""
        streams = tuple(one for one in evidence.of(LogStream) if one.emitter is Emitter.COREDNS)
        lookups = evidence.of(Lookup)
        items: tuple[Readable, ...] = (*streams, *lookups)
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return found
        corefile = evidence.fetch(Corefile)
        zones = corefile.kubernetes_zones() if isinstance(corefile, Corefile) else ()
        domains = tuple(normal(one) for one in zones if "arpa" not in one) or (DEFAULT_DOMAIN,)
        servers = evidence.fetch(UpstreamServers)
        upstreams = (
            {one.address for one in servers.servers}
            if isinstance(servers, UpstreamServers)
            else set()
        )
        errors = [one for stream in streams for one in of_stream(stream, domains)]
        errors += of_lookups(lookups, upstreams, domains)
        return cls(origin=found[0], gaps=found[1], errors=tuple(errors))


def of_stream(stream: LogStream, domains: tuple[str, ...]) -> list[ErrorAnswer]:
    """Return the errors that one query log shows as passed on."""
    errors = []
    for signature in (QUERY_SERVFAIL, QUERY_REFUSED):
        lines = [
            one
            for one in stream.matching(signature)
            if "ra" in one["flags"].split(",") and external(one["qname"], domains)
        ]
        if lines:
            errors.append(
                ErrorAnswer(
                    outcome=OUTCOMES[signature.name],
                    subject=stream.subject,
                    names=tuple(dict.fromkeys(normal(one["qname"]) for one in lines)),
                    quotes=tuple(one.quote for one in lines[-2:]),
                    count=len(lines),
                    at=lines[0].at,
                )
            )
    return errors


def of_lookups(
    lookups: tuple[Lookup, ...], upstreams: set[str], domains: tuple[str, ...]
) -> list[ErrorAnswer]:
    """Return the errors that upstreams gave to who asked them directly."""
    groups: dict[tuple[str, Outcome], list[Lookup]] = {}
    for one in lookups:
        told = one.outcome in OUTCOMES.values() and one.server in upstreams
        if told and external(one.name, domains):
            groups.setdefault((one.server, one.outcome), []).append(one)
    return [
        ErrorAnswer(
            outcome=outcome,
            subject=CLUSTER,
            names=tuple(dict.fromkeys(normal(one.name) for one in several)),
            quotes=tuple(one.quote for one in several[:2]),
            server=server,
            count=len(several),
        )
        for (server, outcome), several in groups.items()
    ]
