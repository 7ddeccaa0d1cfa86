"""What clients saw when they resolved a name: nslookup, dig, host, getent and error texts."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.facts.logs import LogStream
from diagnose.facts.names import in_cluster, normal
from diagnose.facts.resolv_conf import ResolvConfs
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.signatures.coredns import QUERY_EXPANDED
from diagnose.values import dataclass


class Outcome(Enum):
    """How a look-up ended: a DNS response code (RFC 1035, 4.1.1), or why there was none."""

    NOERROR = "NOERROR"
    NODATA = "NODATA"
    NXDOMAIN = "NXDOMAIN"
    SERVFAIL = "SERVFAIL"
    REFUSED = "REFUSED"
    FORMERR = "FORMERR"
    NOTIMP = "NOTIMP"
    TIMEOUT = "timeout"
    CONNECTION_REFUSED = "connection refused"
    UNREACHABLE = "unreachable"
    UNEXPECTED_SOURCE = "reply from unexpected source"
    TEMPORARY = "temporary failure"
    NOT_KNOWN = "name not known"
    GARBAGE = "malformed answer"


ANSWERED = frozenset(
    {
        Outcome.NOERROR,
        Outcome.NODATA,
        Outcome.NXDOMAIN,
        Outcome.SERVFAIL,
        Outcome.REFUSED,
        Outcome.FORMERR,
        Outcome.NOTIMP,
    }
)
NO_ANSWER = frozenset({Outcome.TIMEOUT, Outcome.CONNECTION_REFUSED, Outcome.UNREACHABLE})


NOWHERE = Subject("")


@dataclass(frozen=True)
class Lookup:
    """One name asked of one server.

    `server` is its address without port, "" when not told; `name` as asked, "" when not told;
    `transport` is "udp", "tcp" or "". `place` is who asked; a Subject without a kind is not
    known. `answers` are addresses or names. `tool` is nslookup, dig, host, getent, or the
    resolver that the error's wording belongs to (glibc, musl, Go, Java …).

    `server_name` is the name that the tool found for the server's own address: "" when it looked
    for one and found none, None when it does not look. `as_is` says that the tool puts no search
    domain behind a name that has a dot. `typed` is the name as the command line has it, "" when not
    told, and `name` the one that was found for it. `aimed` says that the command line names the
    server; where it is False and `typed` is known, the client's own configuration led to it.
    """

    outcome: Outcome
    origin: str
    quote: Quote
    name: str = ""
    server: str = ""
    qtype: str = ""
    transport: str = ""
    answers: tuple[str, ...] = ()
    place: Subject = NOWHERE
    tool: str = ""
    at: datetime | None = None
    server_name: str | None = None
    as_is: bool = False
    typed: str = ""
    aimed: bool = False

    @property
    def configured(self) -> bool:
        """Whether it is known that the client's configuration chose the server."""
        return bool(self.typed and self.server) and not self.aimed


@dataclass(frozen=True, kw_only=True)
class Lookups(Fact):
    """The look-ups that any part shows, in the order in which they stand there."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.CLIENT_OUTPUT,)

    lookups: tuple[Lookup, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return every look-up."""
        items = evidence.of(Lookup)
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return found
        return cls(origin=found[0], gaps=found[1], lookups=items)

    def ended(self, *outcomes: Outcome) -> tuple[Lookup, ...]:
        """Return the look-ups that ended in one of these ways."""
        return tuple(one for one in self.lookups if one.outcome in outcomes)


@dataclass(frozen=True, kw_only=True)
class AnsweredNames(Lookups):
    """The same, with the outside names below a search domain that CoreDNS logged as answered.

    The log does not tell what the answer holds, so such a one has no `answers`.
    """

    asks: ClassVar[tuple[Ask, ...]] = (*Lookups.asks, Ask.DNS_LOGS)

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return both; one of them is enough."""
        logged = tuple(
            Lookup(
                outcome=Outcome.NOERROR,
                origin=match.quote.origin,
                quote=match.quote,
                name=match["qname"],
                qtype=match["qtype"],
                tool="CoreDNS",
                at=match.at,
            )
            for stream in evidence.of(LogStream)
            for match in stream.matching(QUERY_EXPANDED)
        )
        items = (*evidence.of(Lookup), *logged)
        found = known(evidence, items, *Lookups.asks)
        if isinstance(found, Gap):
            return found
        return cls(origin=found[0], gaps=found[1], lookups=items)


def appended(lookup: Lookup) -> str:
    """Return the domain that a search list put behind the name that was typed; "" for none."""
    typed, name = normal(lookup.typed), normal(lookup.name)
    return name.removeprefix(f"{typed}.") if typed and name.startswith(f"{typed}.") else ""


@dataclass(frozen=True, kw_only=True)
class SearchedNames(AnsweredNames):
    """The same, with the search domains outside of the cluster, each with what shows it.

    A resolv.conf names them, or a name that was found where less of it was typed.
    """

    asks: ClassVar[tuple[Ask, ...]] = (*AnsweredNames.asks, *ResolvConfs.asks)

    domains: tuple[tuple[str, tuple[Quote, ...]], ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the names; without any resolv.conf, only if one of them tells a domain."""
        names, files = AnsweredNames.read(evidence), ResolvConfs.read(evidence)
        if isinstance(names, Gap):
            return names
        told: dict[str, tuple[Quote, ...]] = {}
        for file in () if isinstance(files, Gap) else files.files:
            for domain in file.search:
                told[normal(domain)] = file.quote_of(domain)[:1]
        for one in names.ended(Outcome.NOERROR, Outcome.NODATA):
            told.setdefault(appended(one), ())
        domains = tuple(pair for pair in told.items() if pair[0] and not in_cluster(pair[0]))
        if isinstance(files, Gap) and not domains:
            return files
        return cls(
            origin=names.origin,
            gaps=(*names.gaps, *((files,) if isinstance(files, Gap) else files.gaps)),
            lookups=names.lookups,
            domains=domains,
        )
