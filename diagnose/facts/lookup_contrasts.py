"""Look-ups by hand that differ in one thing alone, and in how they end: transport, name, place.

Each function takes look-ups in the order in which they were made. Limits: minutes may lie between
two look-ups, so that what differs may also be that the fault came or went.
Source: RFC 7766 (DNS over TCP); resolv.conf(5) (search, ndots).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from diagnose.facts.lookups import ANSWERED, Lookup, Outcome
from diagnose.facts.names import DEFAULT_DOMAIN, always_exists, normal
from diagnose.model import Subject
from diagnose.values import dataclass

# The programs that ask by UDP first, and print what they asked.
BY_UDP = frozenset({"nslookup", "dig", "host", "kdig", "drill"})
UNKNOWN = frozenset({Outcome.NXDOMAIN, Outcome.NOT_KNOWN, Outcome.NODATA})
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
    """Yield the names that a server knows whole, and not as they stand."""
    whole = [one for one in lookups if one.outcome is Outcome.NOERROR and one.server]
    seen: set[tuple[str, str]] = set()
    for one in lookups:
        name = normal(one.name)
        if one.outcome not in UNKNOWN or not name or (one.server, name) in seen:
            continue
        for other in whole:
            longer = normal(other.name)
            if other.server == one.server and longer.startswith(f"{name}.") and service(longer):
                seen.add((one.server, name))
                yield ShortForm(one, other)
                break


def service(name: str) -> bool:
    """Whether a whole name is that of a Service, whatever the cluster's domain."""
    labels = name.split(".")
    return always_exists(name) or (len(labels) > 3 and labels[2] == "svc")


def asked_as_is(lookup: Lookup, domain: str = DEFAULT_DOMAIN) -> bool:
    """Whether a part of a name was asked for by a tool that does not search for the rest."""
    name = normal(lookup.name)
    return lookup.as_is and "." in name and not name.endswith(f".{domain}")


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
