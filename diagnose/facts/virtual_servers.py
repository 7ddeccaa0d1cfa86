"""The virtual servers of IPVS, and the DNS Service's address among them.

Source: ipvsadm 1.31 ipvsadm.c (print_service_entry, print_title); kubernetes/kubernetes v1.31.0
pkg/proxy/ipvs/proxier.go (a virtual server for each port of a Service, a real one per endpoint).
"""

from __future__ import annotations

from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.facts.services import Service, merged
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.values import dataclass

DNS_PORT = 53


@dataclass(frozen=True)
class VirtualServer:
    """One virtual server and how many real ones stand behind it."""

    protocol: str
    address: str
    port: int
    backends: int
    quote: Quote


@dataclass(frozen=True)
class VirtualServers:
    """One listing from its head on, with its servers in order."""

    subject: Subject
    origin: str
    quote: Quote
    servers: tuple[VirtualServer, ...] = ()


@dataclass(frozen=True)
class Untranslated:
    """One address and port of DNS that a node's IPVS sends nowhere."""

    subject: Subject
    address: str
    why: str
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, kw_only=True)
class EmptyVirtualServers(Fact):
    """The addresses of DNS that a listing of IPVS does not have, or has without real servers."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.NODE_NETWORK, Ask.DNS_SERVICES)

    untranslated: tuple[Untranslated, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return one entry per listing and address; a listing of nothing tells nothing."""
        listings = evidence.of(VirtualServers)
        found = known(evidence, listings, Ask.NODE_NETWORK)
        if isinstance(found, Gap):
            return found
        services = [one for one in merged(evidence.of(Service)) if one.serves_dns]
        lost: list[Untranslated] = []
        for listing in listings:
            dns = [one for one in listing.servers if one.port == DNS_PORT]
            empty = {one.address: one for one in reversed(dns) if not one.backends}
            filled = {(one.address, one.protocol) for one in dns if one.backends}
            for address, one in empty.items():
                if (address, one.protocol) not in filled:
                    why = f"{one.protocol} port 53 has no real server behind it"
                    lost.append(Untranslated(listing.subject, address, why, (one.quote,)))
            there = {one.address for one in listing.servers}
            for service in services if listing.servers else ():
                for address in service.cluster_ips or ():
                    if address not in there and ":" not in address:
                        why = "no virtual server has the address"
                        quotes = (listing.quote, service.quote)
                        lost.append(Untranslated(listing.subject, address, why, quotes))
        return cls(origin=found[0], gaps=found[1], untranslated=tuple(lost))
