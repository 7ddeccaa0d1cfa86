"""Routes of nodes that refuse what CoreDNS sends to an upstream, as they are set to.

Of the routes that hold an address the one with the longest prefix decides, whatever its type. A
packet that meets one of these types ends there: the sender is told, or it is dropped in silence.

Limits: only the table that `ip route` prints is read, the main one; rules may choose another.
Source: ip-route(8), TYPE; coredns/coredns v1.12.0, plugin/pkg/proxy/connect.go (the error of an
ICMP message does not reach a UDP socket in the network namespace of a pod).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence
from diagnose.facts.coredns_metrics import CoreDNSMetrics
from diagnose.facts.node_network import NodeNetwork, Route
from diagnose.facts.upstream_failures import UpstreamFailures, host
from diagnose.model import Fact, Gap, Quote
from diagnose.signatures.trouble import Reason
from diagnose.text.regex import regex
from diagnose.values import dataclass

REFUSING = frozenset({"unreachable", "blackhole", "prohibit"})
LOST = frozenset({Reason.TIMEOUT, Reason.NO_ROUTE, Reason.NETWORK_UNREACHABLE})
# what `ip -6 route` adds to a route, its kernel's last one among them (iproute2 ip/iproute.c)
OF_IPV6 = regex(r" pref (?:low|medium|high)\b| error -?\d| metric 4294967295\b")
MOST_NODES = 20  # that are told of one upstream
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Key = tuple[int, int, int]  # the family, how many bits, these bits


@dataclass(frozen=True)
class Silent:
    """One upstream that does not answer CoreDNS on a node ("": not told), and what shows it."""

    server: str
    node: str
    quote: Quote
    at: datetime | None = None


@dataclass(frozen=True)
class RefusedWay:
    """One upstream that does not answer, and the route of a node that refuses it."""

    upstream: Silent
    node: str
    route: Route


@dataclass(frozen=True, kw_only=True)
class RefusingRoutes(Fact):
    """The upstreams that do not answer CoreDNS as a route of its node refuses them.

    That they do not answer is told by logs and questions, or by CoreDNS's counters.
    """

    asks: ClassVar[tuple[Ask, ...]] = (
        Ask.NODE_NETWORK,
        *UpstreamFailures.asks,
        *CoreDNSMetrics.asks,
    )

    ways: tuple[RefusedWay, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return one entry per node and upstream."""
        network, failures = evidence.fetch(NodeNetwork), evidence.fetch(UpstreamFailures)
        metrics = evidence.fetch(CoreDNSMetrics)
        if isinstance(network, Gap):
            return network
        silent = [] if isinstance(failures, Gap) else list(of_failures(failures))
        silent += [] if isinstance(metrics, Gap) else of_counters(metrics)
        tables = Tables(network.routes)
        found: dict[tuple[str, str], RefusedWay] = {}
        for one in {(each.server, each.node): each for each in reversed(silent)}.values():
            for way in refused(one, tables):
                found.setdefault((way.node, one.server), way)
        told = [one for one in (failures, metrics) if not isinstance(one, Gap)]
        if not found and not told:
            assert isinstance(failures, Gap)
            return failures
        # either way to know who is silent is enough
        gaps = min((one.gaps for one in told), key=len, default=())
        return cls(
            origin=", ".join(dict.fromkeys((network.origin, *(one.origin for one in told)))),
            gaps=(*network.gaps, *gaps),
            ways=tuple(found.values()),
        )


def of_failures(failures: UpstreamFailures) -> Iterator[Silent]:
    """Yield the upstreams of which no answer comes, and none came since."""
    for one in failures.failures:
        if one.trouble.reason in LOST and one.answers_now is None:
            here = one.subject.name if one.subject.kind == "Node" else one.subject.node
            yield Silent(one.server, here, one.quote, one.first_at)


def of_counters(metrics: CoreDNSMetrics) -> Iterator[Silent]:
    """Yield the upstreams that never answered, as a pod of CoreDNS counts."""
    for pod in metrics.pods:
        for one in pod.upstreams():
            if one.dead and one.quotes:
                yield Silent(host(one.server), one.subject.node, one.quotes[0])


class Tables:
    """The routes of nodes, looked up by what they hold: a prefix's length, then its first bits."""

    def __init__(self, routes: Iterable[Route]) -> None:
        """Keep of each node and destination the first route, and which nodes refuse it."""
        self._of: dict[str, dict[Key, Route]] = {}
        self._refusing: dict[Key, dict[str, None]] = {}
        self._lengths: dict[tuple[int, int], None] = {}
        for route in routes:
            for key in keys_of(route):
                node = route.subject.name
                if self._of.setdefault(node, {}).setdefault(key, route) is not route:
                    continue
                self._lengths[key[:2]] = None
                if route.type in REFUSING:
                    self._refusing.setdefault(key, {})[node] = None

    def refusing(self, address: Address, here: str) -> Iterator[tuple[str, Route]]:
        """Yield the nodes, of all or of one and those without a name, whose route refuses it."""
        keys = [
            (version, length, first_bits(address, length))
            for version, length in sorted(self._lengths, reverse=True)
            if version == address.version
        ]
        seen: set[str] = set()
        for key in keys:
            nodes: Iterable[str] = self._refusing.get(key, ())
            if here:
                nodes = [one for one in (here, "") if one in nodes]
            for node in islice(nodes, MOST_NODES):
                table = self._of[node]
                route = next(table[one] for one in keys if one in table)
                if node not in seen and route.type in REFUSING:
                    seen.add(node)
                    yield node, route


def refused(silent: Silent, tables: Tables) -> Iterator[RefusedWay]:
    """Yield the refusing routes of the node that asked a server, of any where it is unknown."""
    try:
        address = ipaddress.ip_address(silent.server)
    except ValueError:
        return
    for node, route in tables.refusing(address, silent.node):
        yield RefusedWay(silent, node, route)


def keys_of(route: Route) -> tuple[Key, ...]:
    """Return what a route is kept by; a default one in its family, in both where nothing tells."""
    if route.destination == "default":
        four, six = (4, 0, 0), (6, 0, 0)
        if ":" in route.via or OF_IPV6.search(route.quote.text):
            return (six,)
        return (four,) if route.via else (four, six)
    try:
        network = ipaddress.ip_network(route.destination, strict=False)
    except ValueError:
        return ()
    bits = first_bits(network.network_address, network.prefixlen)
    return ((network.version, network.prefixlen, bits),)


def first_bits(address: Address, length: int) -> int:
    """Return the first bits of an address as a number."""
    return int(address) >> (address.max_prefixlen - length)
