"""Errors that upstream servers answer, as the query log, look-ups and own questions show them.

CoreDNS passes an upstream's SERVFAIL or REFUSED on without a line in its errors log. In the query
log such an answer carries the flag `ra`, which CoreDNS itself does not set for a query that failed.

Source: coredns/coredns v1.12.0, plugin/log/log.go and core/dnsserver/server.go (errorFunc).
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.coredns_metrics import Metrics
from diagnose.facts.corefile import Corefile
from diagnose.facts.dns_answers import NameKind, ServerRole
from diagnose.facts.logs import LogStream
from diagnose.facts.lookups import Lookup, Outcome
from diagnose.facts.names import DEFAULT_DOMAIN, external, normal
from diagnose.facts.probe_matrix import ProbeMatrix
from diagnose.facts.services import Service, merged
from diagnose.facts.upstream_failures import host
from diagnose.facts.upstream_servers import UpstreamServers
from diagnose.model import CLUSTER, Fact, Gap, Quote, Subject
from diagnose.signatures.base import Emitter
from diagnose.signatures.coredns import QUERY_REFUSED, QUERY_SERVFAIL
from diagnose.values import dataclass

SOME, MANY = 5, 20  # queries, as they are counted: of one broken domain, and of several
OWN_QUESTIONS = (Ask.CLIENT_ANSWERS, Ask.PROBE_ANSWERS)
OUTCOMES = {QUERY_SERVFAIL.name: Outcome.SERVFAIL, QUERY_REFUSED.name: Outcome.REFUSED}


@dataclass(frozen=True)
class ErrorAnswer:
    """The answers of one kind that one pod passed on, or that one server gave when asked itself.

    `server` is "" where it is not told; `names` are those asked for. `always` says that it gave
    no other answer to any of corediag's questions, and that no single name is to blame: they were
    about several, or it refuses, which is about who asks.
    """

    outcome: Outcome
    subject: Subject
    names: tuple[str, ...]
    quotes: tuple[Quote, ...]
    server: str = ""
    count: int = 1
    at: datetime | None = None
    always: bool = False


@dataclass(frozen=True)
class Bogus:
    """Names for which one server fails because of their signatures.

    It finds them when it is not to check, or says so itself; `server` is "" where it is not told.
    """

    server: str
    names: tuple[str, ...]
    quotes: tuple[Quote, ...]
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class UpstreamAnswers(Fact):
    """The errors that upstream servers answered for names outside of the cluster.

    `bogus` are those of names whose signatures a server does not accept; they are not in `errors`.
    """

    asks: ClassVar[tuple[Ask, ...]] = (
        Ask.DNS_LOGS,
        Ask.CLIENT_OUTPUT,
        *OWN_QUESTIONS,
        Ask.DNS_METRICS,
    )

    errors: tuple[ErrorAnswer, ...] = ()
    bogus: tuple[Bogus, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return what query logs show, and look-ups of servers that CoreDNS forwards to."""
        streams = tuple(one for one in evidence.of(LogStream) if one.emitter is Emitter.COREDNS)
        lookups = evidence.of(Lookup)
        matrix = evidence.fetch(ProbeMatrix)
        asked = () if isinstance(matrix, Gap) else matrix.items
        metrics = evidence.of(Metrics)
        items: tuple[Readable, ...] = (*streams, *lookups, *asked, *metrics)
        own = (one for one in OWN_QUESTIONS if one in evidence.looked)
        found = known(evidence, items, Ask.DNS_LOGS, Ask.CLIENT_OUTPUT, *own)
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
        services = [one for one in merged(evidence.of(Service)) if one.serves_dns]
        ours = upstreams | {ip for one in services for ip in one.cluster_ips or ()}
        bogus = of_signatures(lookups, ours if upstreams else set(), domains)
        told = {(one.server, name) for one in bogus for name in one.names}
        rest = tuple(one for one in lookups if (one.server, normal(one.name)) not in told)
        errors = [one for stream in streams for one in of_stream(stream, domains)]
        errors += of_lookups(rest, upstreams, domains)
        if isinstance(matrix, ProbeMatrix):
            errors += of_answers(matrix, upstreams)
        errors += of_counts(metrics, upstreams, {one.server for one in errors})
        return cls(origin=found[0], gaps=found[1], errors=tuple(errors), bogus=bogus)


def of_signatures(
    lookups: tuple[Lookup, ...], ours: set[str], domains: tuple[str, ...]
) -> tuple[Bogus, ...]:
    """Return the names that a server finds only when it is not to check their signatures.

    `ours` are the servers that the cluster asks, none where they are not known.
    """
    outside = [
        one
        for one in lookups
        if external(one.name, domains) and (not ours or one.server in ours or not one.server)
    ]
    found = {
        (one.server, normal(one.name)): one.quote
        for one in outside
        if one.unchecked and one.outcome in (Outcome.NOERROR, Outcome.NODATA, Outcome.NXDOMAIN)
    }
    groups: dict[str, list[tuple[Lookup, Quote]]] = {}
    for one in outside:
        if one.outcome is Outcome.SERVFAIL and not one.unchecked:
            why = one.bogus or found.get((one.server, normal(one.name)))
            if why:
                groups.setdefault(one.server, []).append((one, why))
    return tuple(
        Bogus(
            server=server,
            names=tuple(dict.fromkeys(normal(one.name) for one, _ in several)),
            quotes=tuple(dict.fromkeys(q for one, why in several[:2] for q in (one.quote, why))),
            at=several[0][0].at,
        )
        for server, several in groups.items()
    )


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


def of_answers(matrix: ProbeMatrix, upstreams: set[str]) -> list[ErrorAnswer]:
    """Return the errors that upstreams answered to corediag for names outside of the cluster.

    A server of a stub domain rightly refuses other names, so only those of the root zone count
    where they are known.
    """
    kinds = (NameKind.EXTERNAL, NameKind.ABSENT)
    cells = matrix.by(
        lambda one: (
            one.server.address
            if one.server.role is ServerRole.UPSTREAM and one.name_kind in kinds
            else None
        )
    )
    errors = []
    for server, cell in cells.items():
        if upstreams and server not in upstreams:
            continue
        for outcome in OUTCOMES.values():
            several = [one for one in cell.answered if one.outcome is outcome]
            names = tuple(dict.fromkeys(normal(one.name) for one in several))
            if not any(one.name_kind is NameKind.EXTERNAL for one in several):
                continue
            errors.append(
                ErrorAnswer(
                    outcome=outcome,
                    subject=CLUSTER,
                    names=names,
                    quotes=tuple(one.quote for one in several[:2]),
                    server=server,
                    count=len(several),
                    at=several[0].at,
                    always=len(several) == len(cell.items)
                    and (len(names) > 1 or (outcome is Outcome.REFUSED and len(several) > 1)),
                )
            )
    return errors


def of_counts(
    several: tuple[Metrics, ...], upstreams: set[str], told: set[str]
) -> list[ErrorAnswer]:
    """Return the upstreams that, as CoreDNS counts, gave one error and no other answer at all.

    They did so since it started: one that answers again has answers of another code.
    """
    errors = []
    for one in (one for metrics in several for one in metrics.upstreams()):
        server = host(one.server)
        (code, count), *others = [item for item in one.answers.items() if item[1]] or [("", 0)]
        outcome = next((each for each in OUTCOMES.values() if each.value == code), None)
        if outcome is None or others or count < SOME or server in told:
            continue
        if upstreams and server not in upstreams:
            continue
        errors.append(
            ErrorAnswer(
                outcome=outcome,
                subject=one.subject,
                names=(),
                quotes=one.quotes[:1],
                server=server,
                count=count,
                always=count >= MANY,
            )
        )
    return errors
