"""Addresses, routes and packet filter rules of nodes, from `ip` and `iptables-save`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.values import dataclass


@dataclass(frozen=True)
class Interface:
    """One network interface as `ip addr` shows it; addresses carry their prefix length."""

    subject: Subject
    origin: str
    quote: Quote
    name: str
    addresses: tuple[str, ...] = ()
    state: str = ""
    flags: tuple[str, ...] = ()
    mtu: int | None = None
    master: str = ""


@dataclass(frozen=True)
class Route:
    """One route as `ip route` or `route -n` shows it; destination is a CIDR or "default"."""

    subject: Subject
    origin: str
    quote: Quote
    destination: str
    via: str = ""
    device: str = ""
    type: str = "unicast"


@dataclass(frozen=True)
class FilterRule:
    """One rule of iptables-save or `iptables -L`, by chain; `text` is the rule as written."""

    table: str
    chain: str
    text: str
    target: str
    quote: Quote


@dataclass(frozen=True)
class FilterRules:
    """What one dump of iptables shows; `policies` maps (table, chain) to its policy.

    `policy_quotes` maps the same to the line that tells it.
    `tables` are those that it shows completely: there, a rule that is absent does not exist.
    `chains` are the (table, chain) that it names, whether they hold a rule or not.
    Names of IPv6 tables carry the family: "ip6 nat". `elsewhere` quotes the tool where it says
    that the other back end of iptables holds rules as well.
    """

    subject: Subject
    origin: str
    quote: Quote
    rules: tuple[FilterRule, ...] = ()
    policies: Mapping[tuple[str, str], str] = field(default_factory=dict)
    policy_quotes: Mapping[tuple[str, str], Quote] = field(default_factory=dict)
    tables: tuple[str, ...] = ()
    elsewhere: Quote | None = None
    chains: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, kw_only=True)
class NodeNetwork(Fact):
    """The network of nodes as far as any part shows it."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.NODE_NETWORK,)

    interfaces: tuple[Interface, ...] = ()
    routes: tuple[Route, ...] = ()
    filters: tuple[FilterRules, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return interfaces, routes and rules of all nodes."""
        items: tuple[Readable, ...] = (
            *evidence.of(Interface),
            *evidence.of(Route),
            *evidence.of(FilterRules),
        )
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return found
        return cls(
            origin=found[0],
            gaps=found[1],
            interfaces=evidence.of(Interface),
            routes=evidence.of(Route),
            filters=evidence.of(FilterRules),
        )
