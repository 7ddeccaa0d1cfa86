"""Answers of DNS as a plan would collect them from a small cluster, with what fails told by a rule.

The cluster has two nodes with a CoreDNS pod and an application's pod each, one Service and one
upstream. A rule is asked for each question; what it leaves alone is answered as it must be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from diagnose.facts.dns_answers import Asked, NameKind, Place, PlaceKind, Server, ServerRole
from diagnose.facts.lookups import Outcome
from diagnose.model import Quote, Subject

BEGIN = datetime(2024, 3, 2, 12, 0, tzinfo=UTC)
ZONE = "cluster.local."
KUBERNETES = "10.32.0.1"
OUTSIDE_ADDRESS = "203.0.113.10"
LARGE_BYTES = 1400

NAMES = {
    NameKind.SERVICE: (f"kubernetes.default.svc.{ZONE}", "A", (KUBERNETES,)),
    NameKind.ZONE: (
        ZONE,
        "SOA",
        (f"ns.dns.{ZONE} hostmaster.{ZONE} 1709380800 7200 1800 86400 5",),
    ),
    NameKind.REVERSE: ("1.0.32.10.in-addr.arpa.", "PTR", (f"kubernetes.default.svc.{ZONE}",)),
    NameKind.VERSION: (f"dns-version.{ZONE}", "TXT", ('"1.1.0"',)),
    NameKind.ABSENT: (f"nobody.default.svc.{ZONE}", "A", ()),
    NameKind.EXTERNAL: ("example.com.", "A", (OUTSIDE_ADDRESS,)),
    NameKind.SHORT: ("kubernetes.default", "A", (KUBERNETES,)),
}
DIRECT_KINDS = tuple(kind for kind in NameKind if kind is not NameKind.SHORT)

Came = Outcome | tuple[str, ...] | None  # a failure, records that are wrong, or what must be
Rule = Callable[[Asked], Came]


def pod(name: str, node: str, namespace: str = "shop", address: str = "") -> Place:
    """Return an application's pod."""
    return Place(PlaceKind.POD, Subject("Pod", name, namespace, node), address)


def host(node: str) -> Place:
    """Return the network of a node."""
    return Place(PlaceKind.HOST, Subject("Node", node))


def probe(node: str) -> Place:
    """Return a probe pod."""
    return Place(PlaceKind.PROBE, Subject("Pod", f"corediag-probe-{node}", "kube-system", node))


def replica(name: str, node: str, address: str) -> Server:
    """Return a CoreDNS pod."""
    return Server(ServerRole.REPLICA, address, 53, Subject("Pod", name, "kube-system", node))


API = Place(PlaceKind.DIRECT, Subject(""))
WEB_1 = pod("web-5f7d9-abcde", "node-1", address="10.200.0.9")
WEB_2 = pod("web-5f7d9-fghij", "node-2", address="10.200.1.9")
BANK_2 = pod("bank-6c8f4-klmno", "node-2", "bank", "10.200.1.10")
HOST_1, HOST_2 = host("node-1"), host("node-2")
COREDNS_1 = replica("coredns-7c65d6cfc9-aaaaa", "node-1", "10.200.0.5")
COREDNS_2 = replica("coredns-7c65d6cfc9-bbbbb", "node-2", "10.200.1.5")
SERVICE = Server(
    ServerRole.SERVICE, "10.32.0.10", 53, Subject("Service", "kube-dns", "kube-system")
)
CACHE = Server(ServerRole.NODE_LOCAL, "169.254.20.10")
UPSTREAM = Server(ServerRole.UPSTREAM, "10.77.0.53")
UPSTREAM_2 = Server(ServerRole.UPSTREAM, "10.77.0.54")


@dataclass(frozen=True)
class World:
    """What is asked: places, servers, and what else than the usual questions."""

    places: tuple[Place, ...] = (API, HOST_1, HOST_2, WEB_1, WEB_2)
    servers: tuple[Server, ...] = (SERVICE, COREDNS_1, COREDNS_2, UPSTREAM)
    rule: Rule = lambda _: None
    large: bool = False
    rounds: int = 1
    begin: datetime = BEGIN

    def items(self) -> tuple[Asked, ...]:
        """Return every question and what came, in order."""
        made = []
        for number, one in enumerate(self.questions()):
            came = self.rule(one)
            at = self.begin + timedelta(milliseconds=50 * number)
            made.append(replace(answered(one, came), at=at))
        return tuple(made)

    def questions(self) -> Iterator[Asked]:
        """Yield the questions, answered as they must be."""
        for _ in range(self.rounds):
            for place in self.places:
                for server in self.servers:
                    for kind, transport in asked_of(place, server):
                        yield right(place, server, kind, transport)
                    if self.large and place.kind is not PlaceKind.DIRECT:
                        for transport in ("udp", "tcp"):
                            padded = right(place, server, NameKind.SERVICE, transport)
                            yield replace(padded, asked_bytes=LARGE_BYTES)


def asked_of(place: Place, server: Server) -> Iterator[tuple[NameKind, str]]:
    """Yield the kinds of names and transports that a place asks a server for."""
    if place.kind is PlaceKind.DIRECT:
        if server.role is ServerRole.REPLICA:
            yield from ((kind, "tcp") for kind in DIRECT_KINDS)
        return
    if server.role is ServerRole.UPSTREAM:
        yield from ((NameKind.EXTERNAL, "udp"), (NameKind.EXTERNAL, "tcp"))
        return
    yield from ((NameKind.SERVICE, "udp"), (NameKind.SERVICE, "tcp"))
    if server.role in (ServerRole.SERVICE, ServerRole.NODE_LOCAL):
        yield NameKind.EXTERNAL, "udp"
        if place.kind is not PlaceKind.HOST:
            yield NameKind.SHORT, "udp"


def right(place: Place, server: Server, kind: NameKind, transport: str) -> Asked:
    """Return a question that is answered as it must be."""
    name, qtype, answers = NAMES[kind]
    outcome = Outcome.NXDOMAIN if kind is NameKind.ABSENT else Outcome.NOERROR
    return Asked(
        place=place,
        server=server,
        transport=transport,
        name_kind=kind,
        name=name,
        qtype=qtype,
        outcome=outcome,
        origin="answers.jsonl",
        quote=Quote("answers.jsonl", f"{server.address} {transport} {name} {qtype}"),
        answers=answers,
        took_ms=2,
    )


def answered(one: Asked, came: Came) -> Asked:
    """Return a question with what came instead."""
    if came is None:
        return one
    if isinstance(came, Outcome):
        took = 2000 if came is Outcome.TIMEOUT else 2
        return replace(one, outcome=came, answers=(), took_ms=took)
    return replace(one, outcome=Outcome.NOERROR, answers=came)
