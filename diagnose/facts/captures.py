"""DNS packets that a capture shows, and what became of the queries among them.

A query and its reply have the client's address and port and the message's number in common. What a
capture does not show may have taken another interface, so that it is read as a hint alone.
Source: the-tcpdump-group/tcpdump 4.9 to 4.99, print-udp.c, print-domain.c (domain_print),
print-icmp.c and print-vxlan.c.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.services import Service, merged
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.values import dataclass

LEAST = 2  # queries without a reply that make no chance of it
ONE_WAY = 3  # packets of an overlay that all go one way


@dataclass(frozen=True)
class Packet:
    """One packet: a DNS message, or one of an overlay (`number` None, `reply` False).

    `device` is the interface of the capture, "" when it is not told, or any of them. `inner` says
    that an overlay's packet carries it. `at_s` are seconds of the day, None where it is not told.
    """

    subject: Subject
    origin: str
    quote: Quote
    source: str
    source_port: int
    target: str
    target_port: int
    number: int | None = None
    reply: bool = False
    device: str = ""
    inner: bool = False
    at_s: float | None = None


class Way(Enum):
    """What a capture shows of queries that got no reply."""

    OTHER_SOURCE = "answered from another address than was asked"
    UNTRANSLATED = "left the node for the Service's address itself"
    UNMASQUERADED = "left the node with the pod's own address"
    ONE_WAY = "left in the overlay's packets, of which none came back"
    LOST = "left, and no reply came"


@dataclass(frozen=True)
class LostQueries:
    """The queries of one place to one server that ended in one way."""

    subject: Subject
    way: Way
    client: str
    server: str
    count: int
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, kw_only=True)
class CapturedQueries(Fact):
    """The servers that answered nothing in a capture, though they were asked more than once."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.CLIENT_OUTPUT, Ask.DNS_SERVICES)

    lost: tuple[LostQueries, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return one entry per place and server."""
        packets = evidence.of(Packet)
        items: tuple[Readable, ...] = packets
        found = known(evidence, items, Ask.CLIENT_OUTPUT)
        if isinstance(found, Gap):
            return found
        virtual = {
            ip
            for one in merged(evidence.of(Service))
            if one.serves_dns
            for ip in one.cluster_ips or ()
        }
        places: dict[tuple[Subject, str], list[Packet]] = {}
        for one in packets:
            places.setdefault((one.subject, one.origin), []).append(one)
        lost = [each for several in places.values() for each in judged(several, virtual)]
        return cls(origin=found[0], gaps=found[1], lost=tuple(lost))


def judged(packets: Sequence[Packet], virtual: set[str]) -> Iterator[LostQueries]:
    """Yield what one capture shows."""
    asked: dict[tuple[str, int, int], dict[str, list[Packet]]] = {}
    replies: dict[tuple[str, int, int], dict[str, Packet]] = {}
    outer: dict[tuple[str, str], list[Packet]] = {}
    for one in packets:
        if one.number is None:
            outer.setdefault((one.source, one.target), []).append(one)
        elif one.reply:
            key = (one.target, one.target_port, one.number)
            replies.setdefault(key, {}).setdefault(one.source, one)
        else:
            key = (one.source, one.source_port, one.number)
            asked.setdefault(key, {}).setdefault(one.target, []).append(one)
    silent: dict[str, list[Packet]] = {}
    heard: set[str] = set()
    for key, servers in asked.items():
        answers = replies.get(key, {})
        strange = next((answers[one] for one in answers if one not in servers), None)
        if strange and servers.keys().isdisjoint(answers):
            if heard.isdisjoint(servers):
                yield lost_of(next(iter(servers.values()))[:1], Way.OTHER_SOURCE, strange.quote)
            heard |= servers.keys()
        for server, queries in servers.items():
            if answers:
                heard.add(server)
            else:
                silent.setdefault(server, []).extend(queries)
    alone = [pair for pair in outer if pair[::-1] not in outer and len(outer[pair]) >= ONE_WAY]
    for server, queries in silent.items():
        if server in heard or len(queries) < LEAST:
            continue
        first = queries[0]
        out = physical(first.device) and first.subject.kind != "Pod" and not first.inner
        if first.inner and alone:
            yield lost_of(queries, Way.ONE_WAY, outer[alone[0]][0].quote)
        elif out and server in virtual:
            yield lost_of(queries, Way.UNTRANSLATED)
        elif out and outside(server) and not outside(first.source):
            yield lost_of(queries, Way.UNMASQUERADED)
        elif not outside(server):
            yield lost_of(queries, Way.LOST)


AGAIN_S = 0.9  # sooner than that is one packet, seen on several interfaces
TOGETHER_S = 0.02


@dataclass(frozen=True)
class Repetition:
    """A query that a client sent again, after so many seconds.

    `lost` is the one of two that its socket had sent at once and that alone was never answered.
    """

    first: Packet
    again: Packet
    seconds: float
    lost: Packet | None = None


def repeated(packets: Sequence[Packet]) -> Iterator[Repetition]:
    """Yield each query that was sent more than once, with the time between.

    Source: glibc 2.36 resolv/res_send.c (send_dg): after the time-out both queries are sent anew,
    from the same socket and with the same numbers.
    """
    sockets: dict[tuple[Subject, str, str, int], list[Packet]] = {}
    answered: set[tuple[str, int, int | None]] = set()
    for one in packets:
        if one.number is not None and one.at_s is not None:
            if one.reply:
                answered.add((one.target, one.target_port, one.number))
            else:
                key = (one.subject, one.origin, one.source, one.source_port)
                sockets.setdefault(key, []).append(one)
    for queries in sockets.values():
        first = queries[0]
        seen: dict[tuple[str, int | None], Packet] = {}
        for one in queries:
            other = seen.setdefault((one.target, one.number), one)
            seconds = (one.at_s or 0.0) - (other.at_s or 0.0)
            if seconds < AGAIN_S:
                continue
            pair = {
                each.number: each
                for each in queries
                if each.target == first.target
                and (each.at_s or 0.0) - (first.at_s or 0.0) < TOGETHER_S
            }
            silent = [
                each
                for each in pair.values()
                if (each.source, each.source_port, each.number) not in answered
            ]
            yield Repetition(
                other, one, seconds, silent[0] if len(pair) == 2 and len(silent) == 1 else None
            )
            break


def lost_of(queries: Sequence[Packet], way: Way, *more: Quote) -> LostQueries:
    """Return the queries as one entry."""
    first = queries[0]
    quotes = (*(one.quote for one in queries[:2]), *more)
    return LostQueries(first.subject, way, first.source, first.target, len(queries), quotes)


def physical(device: str) -> bool:
    """Whether an interface is a node's own."""
    return device.startswith(("eth", "ens", "enp", "eno", "em", "bond"))


def outside(address: str) -> bool:
    """Whether an address is on the Internet."""
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:
        return False
