"""What clients saw when they resolved a name: nslookup, dig, host, getent and error texts."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from enum import Enum
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.facts.logs import LogStream
from diagnose.facts.names import answers_all, cluster_suffix, external, in_cluster, normal
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
    `rooted` says that it was typed with a dot at its end, so that no search list was used.
    `unchecked` says that the server was asked not to check signatures (the flag CD), `bogus` is the
    line by which it says that they are why it failed (an extended error).
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
    rooted: bool = False
    unchecked: bool = False
    bogus: Quote | None = None

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


def with_servers(lookups: Iterable[Lookup]) -> tuple[Lookup, ...]:
    """Return the look-ups with the server of those that tell none and were given none.

    A client asks the servers of its configuration. Where others of the same client show one alone,
    one that timed out without telling its server was asked of that one.
    """
    every = tuple(lookups)
    servers: dict[Subject, set[str]] = {}
    for one in every:
        if one.configured and one.place.kind:
            servers.setdefault(one.place, set()).add(one.server)
    only = {place: next(iter(several)) for place, several in servers.items() if len(several) == 1}
    return tuple(
        replace(one, server=only[one.place])
        if not one.server and one.typed and not one.aimed and one.place in only
        else one
        for one in every
    )


def public_server(lookup: Lookup) -> bool:
    """Whether somebody chose to ask a server of the Internet."""
    try:
        return lookup.aimed and ipaddress.ip_address(lookup.server).is_global
    except ValueError:
        return False


def elsewhere(lookup: Lookup) -> bool:
    """Whether a public server was asked for a name that a search list had made longer."""
    return public_server(lookup) and bool(appended(lookup))


FAILS = frozenset({Outcome.SERVFAIL, Outcome.REFUSED})
NOT_FOUND = frozenset({Outcome.NODATA, Outcome.NOT_KNOWN, *FAILS})


def ended_early(lookups: Iterable[Lookup]) -> Iterator[Lookup]:
    """Yield the names at which a search ended, since the servers of its domain fail.

    A server that finds no outside name at all fails by itself, so one counts that finds some, or
    one of the Internet; of a cluster's name, one that knows others of the cluster. Source:
    isc-projects/bind9 bin/dig/dighost.c (recv_done), v9.18: the next domain is tried after NXDOMAIN
    and after an empty answer.
    """
    every = tuple(lookups)
    found = [one for one in every if one.outcome is Outcome.NOERROR]
    knowing = {(one.server, in_cluster(one.name)) for one in found}
    for one in every:
        if one.outcome in FAILS and searched_outside(one):
            inside = in_cluster(one.typed)
            if (one.server, inside) in knowing or public_server(one):
                yield one


def searched_outside(lookup: Lookup) -> bool:
    """Whether a search list put a domain behind the name that is not the cluster's."""
    domain = appended(lookup)
    return bool(domain) and not cluster_suffix(domain)


@dataclass(frozen=True)
class Rooted:
    """An outside name that one server finds with a dot at its end, and not without."""

    failed: Lookup
    found: Lookup


def only_rooted(lookups: Iterable[Lookup]) -> Iterator[Rooted]:
    """Yield each such name once; what was found without the dot at any time is left out."""
    every = tuple(lookups)
    found: dict[tuple[str, str], Lookup] = {}
    done: set[tuple[str, str]] = set()
    for one in every:
        key = (one.server, normal(one.typed))
        if one.outcome is Outcome.NOERROR and one.typed and one.answers:
            if one.rooted and external(one.typed):
                found.setdefault(key, one)
            elif normal(one.name) == key[1]:
                done.add(key)
    for one in every:
        key = (one.server, normal(one.typed))
        failed = one.outcome in NOT_FOUND and not one.rooted and not one.as_is
        if failed and key in found and key not in done and one.qtype == found[key].qtype:
            done.add(key)
            yield Rooted(one, found[key])


@dataclass(frozen=True, kw_only=True)
class SearchedNames(AnsweredNames):
    """The same, with the search domains outside of the cluster, each with what shows it.

    A resolv.conf names them, or a name that was found where less of it was typed. `rooted` are the
    names that are found with a dot at their end alone, `broken` those at which a search ended,
    `answering` the domains of pods' search lists below which every name is known to exist.
    """

    asks: ClassVar[tuple[Ask, ...]] = (*AnsweredNames.asks, *ResolvConfs.asks)

    domains: tuple[tuple[str, tuple[Quote, ...]], ...] = ()
    rooted: tuple[Rooted, ...] = ()
    broken: tuple[Lookup, ...] = ()
    answering: tuple[tuple[str, tuple[Quote, ...]], ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the names; without any resolv.conf, only if one of them tells a domain."""
        names, files = AnsweredNames.read(evidence), ResolvConfs.read(evidence)
        answering = tuple(
            (normal(domain), file.quote_of(domain)[:1])
            for file in (() if isinstance(files, Gap) else files.of_pods)
            for domain in file.search
            if file.ndots > 1 and answers_all(domain)
        )
        if isinstance(names, Gap):
            if not answering or isinstance(files, Gap):
                return names
            gaps = (names, *files.gaps)
            return cls(origin=files.origin, gaps=gaps, answering=answering)
        told: dict[str, tuple[Quote, ...]] = {}
        for file in () if isinstance(files, Gap) else files.files:
            for domain in file.search:
                told[normal(domain)] = file.quote_of(domain)[:1]
        for one in names.ended(Outcome.NOERROR, Outcome.NODATA):
            told.setdefault(appended(one), ())
        domains = tuple(pair for pair in told.items() if pair[0] and not cluster_suffix(pair[0]))
        rooted, broken = tuple(only_rooted(names.lookups)), tuple(ended_early(names.lookups))
        if isinstance(files, Gap) and not (domains or rooted or broken):
            return files
        return cls(
            origin=names.origin,
            gaps=(*names.gaps, *((files,) if isinstance(files, Gap) else files.gaps)),
            lookups=names.lookups,
            domains=domains,
            rooted=rooted,
            broken=broken,
            answering=answering,
        )
