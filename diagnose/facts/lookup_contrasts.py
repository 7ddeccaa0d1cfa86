"""Look-ups by hand that differ in one thing alone, and in how they end: transport, name, place.

Each function takes look-ups in the order in which they were made. Limits: minutes may lie between
two look-ups, so that what differs may also be that the fault came or went.
Source: RFC 7766 (DNS over TCP); resolv.conf(5) (search, ndots).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence

from diagnose.facts.lookups import ANSWERED, Lookup, Outcome
from diagnose.facts.names import DEFAULT_DOMAIN, always_exists, in_cluster, normal
from diagnose.model import Subject
from diagnose.values import dataclass

# The programs that ask by UDP first, and print what they asked.
BY_UDP = frozenset({"nslookup", "dig", "host", "kdig", "drill"})
UNKNOWN = frozenset({Outcome.NXDOMAIN, Outcome.NODATA})
TYPE_FAILS = frozenset({Outcome.NXDOMAIN, Outcome.SERVFAIL, Outcome.REFUSED, Outcome.TIMEOUT})
MOST_LABELS = 8  # of a Service's name with its domain that are looked at
# Of a message over UDP without EDNS0 (RFC 1035, 4.2.1), and of one address in it.
SMALL_BYTES, A_BYTES, AAAA_BYTES = 512, 16, 28


@dataclass(frozen=True)
class Transports:
    """One name of one server that UDP brings no answer for, and TCP does, in the same place.

    `others` are look-ups at the server, from the place, that UDP brought an answer for.
    """

    server: str
    place: Subject
    udp: Lookup
    tcp: Lookup
    others: tuple[Lookup, ...] = ()

    @property
    def large(self) -> bool:
        """Whether the answer is too large for a plain message over UDP."""
        size = sum(AAAA_BYTES if ":" in one else A_BYTES for one in self.tcp.answers)
        return size > SMALL_BYTES


@dataclass(frozen=True)
class ShortForm:
    """A name that a server does not know as it was asked for, while it knows the whole name."""

    short: Lookup
    whole: Lookup


@dataclass(frozen=True)
class Places:
    """One server that was answering in one place and silent in others."""

    server: str
    heard: Lookup
    silent: tuple[Lookup, ...]


def by_transport(lookups: Sequence[Lookup]) -> Iterator[Transports]:
    """Yield each server, name and place where UDP alone is lost."""
    groups: dict[tuple[str, Subject], list[Lookup]] = {}
    for one in lookups:
        if one.tool in BY_UDP:
            groups.setdefault((one.server, one.place), []).append(one)
    for (server, place), several in groups.items():
        tcp = {
            normal(one.name): one
            for one in several
            if one.transport == "tcp" and one.outcome in ANSWERED and one.name
        }
        udp = [one for one in several if one.transport != "tcp"]
        heard = [one for one in udp if one.outcome in ANSWERED]
        known = {normal(one.name) for one in heard}
        seen: set[str] = set()
        for one in udp:
            name = normal(one.name)
            if one.outcome is Outcome.TIMEOUT and name in tcp and name not in known | seen:
                seen.add(name)
                yield Transports(server, place, one, tcp[name], tuple(heard))


def short_forms(lookups: Sequence[Lookup]) -> Iterator[ShortForm]:
    """Yield the names that a server knows whole, and not as they stand, at any time."""
    found = [one for one in lookups if one.outcome is Outcome.NOERROR and one.server]
    seen = {(one.server, normal(one.typed or one.name)) for one in found}
    whole: dict[tuple[str, str], Lookup] = {}
    for one in found:
        name = normal(one.name)
        if normal(one.typed) in ("", name) and service(name):
            for part in parts_of(name):
                whole.setdefault((one.server, part), one)
    for one in lookups:
        key = (one.server, normal(one.name))
        if one.outcome in UNKNOWN and key in whole and key not in seen:
            seen.add(key)
            yield ShortForm(one, whole[key])


@dataclass(frozen=True)
class Types:
    """A name of one server whose IPv4 addresses are found, while asking for IPv6 ones fails."""

    found: Lookup
    failed: Lookup


def by_type(lookups: Sequence[Lookup]) -> Iterator[Types]:
    """Yield each server and name for which only AAAA fails; what found both at any time is well.

    A name that has an address exists, so that NXDOMAIN for another type is a failure too.
    """
    found: dict[tuple[str, str], Lookup] = {}
    well: set[tuple[str, str]] = set()
    for one in lookups:
        key = (one.server, normal(one.name))
        if one.qtype == "AAAA" and one.outcome in (Outcome.NOERROR, Outcome.NODATA):
            well.add(key)
        elif one.outcome is Outcome.NOERROR and any("." in answer for answer in one.answers):
            found.setdefault(key, one)
    for one in lookups:
        key = (one.server, normal(one.name))
        if one.qtype == "AAAA" and one.outcome in TYPE_FAILS and key in found and key not in well:
            well.add(key)
            yield Types(found[key], one)


def parts_of(name: str) -> Iterator[str]:
    """Yield the beginnings of a Service's name that are completed alike in every namespace."""
    labels = name.split(".", MOST_LABELS)
    for count in range(2, len(labels)):
        yield ".".join(labels[:count])


def unanswered(lookups: Sequence[Lookup]) -> frozenset[int]:
    """Return the ids of look-ups by old busybox that nobody answered.

    It says the same of a name that does not exist. Where it found no name for the server's own
    address either, and the name exists beyond doubt, there was no answer.
    """
    found: dict[str, set[str]] = {}
    for one in lookups:
        if one.outcome is Outcome.NOERROR:
            found.setdefault(normal(one.name), set()).add(one.server)
    return frozenset(
        id(one)
        for one in lookups
        if one.outcome is Outcome.NOT_KNOWN
        and one.server_name == ""
        and (
            always_exists(one.name)
            or normal(one.name) == "kubernetes"
            or found.get(normal(one.name), set()) - {one.server}
        )
    )


def service(name: str) -> bool:
    """Whether a whole name is that of a Service, whatever the cluster's domain."""
    labels = name.split(".")
    return always_exists(name) or (len(labels) > 3 and labels[2] == "svc")


def asked_as_is(lookup: Lookup, domain: str = DEFAULT_DOMAIN) -> bool:
    """Whether a part of a name was asked for by a tool that does not search for the rest."""
    name = normal(lookup.name)
    return lookup.as_is and "." in name and not name.endswith(f".{domain}")


def not_searched(lookups: Sequence[Lookup]) -> Iterator[Lookup]:
    """Yield the parts of names that exist beyond doubt, asked for by a tool that does not search.

    That a name exists is told by itself, or by another tool that was given the same part.
    """
    found = {normal(one.typed) for one in lookups if one.outcome is Outcome.NOERROR} - {""}
    # what resolves as it stands for a tool that searches, and to an address of no Internet's
    inside = {
        normal(one.typed)
        for one in lookups
        if one.outcome is Outcome.NOERROR and not one.as_is and private(one.answers)
    }
    seen: set[str] = set()
    for one in lookups:
        name = normal(one.name)
        if asked_as_is(one) and one.outcome in UNKNOWN and name not in seen:
            seen.add(name)
            if always_exists(name) or name in inside or (name in found and in_cluster(name)):
                yield one


def private(answers: Sequence[str]) -> bool:
    """Whether a name led to an address that is not of the Internet."""
    try:
        return any(ipaddress.ip_address(one).is_private for one in answers[:1])
    except ValueError:
        return False


def by_place(lookups: Sequence[Lookup]) -> Iterator[Places]:
    """Yield the servers of clusters that answered some places, and never others."""
    heard: dict[str, dict[Subject, Lookup]] = {}
    silent: dict[str, dict[Subject, Lookup]] = {}
    for one in lookups:
        if one.server and one.place.kind in ("Node", "Pod"):
            if one.outcome in ANSWERED:
                heard.setdefault(one.server, {}).setdefault(one.place, one)
            elif one.outcome is Outcome.TIMEOUT and one.transport != "tcp":
                silent.setdefault(one.server, {}).setdefault(one.place, one)
    for server, lost in silent.items():
        answered = heard.get(server, {})
        never = tuple(one for place, one in lost.items() if place not in answered)
        fine = [one for place, one in answered.items() if place not in lost]
        if never and fine:
            yield Places(server, fine[0], never)
