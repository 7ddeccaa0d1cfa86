"""Where a node's rules send packets for the DNS service, against who stands behind it.

Limits: rules of iptables, kept or cut by grep, name each backend beside the Service; IPVS and eBPF
keep theirs elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.facts.node_network import FilterRule, FilterRules
from diagnose.facts.pods import Pod, unique
from diagnose.facts.services import DNS_SERVICE_NAMES, ReadyEndpoints
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.text.regex import regex
from diagnose.values import dataclass

SERVICE = regex(r"(?<![a-z0-9-])(?P<namespace>[a-z0-9][a-z0-9-]*+)/(?P<name>[a-z0-9][a-z0-9-]*+):")
TARGET = regex(
    r"(?:--to-destination |to:)"
    r"(?:\[(?P<six>[0-9A-Fa-f:.]{2,45})\]|(?P<four>\d{1,3}(?:\.\d{1,3}){3})):\d"
)
METRICS = ":metrics"  # the same pods by another port


@dataclass(frozen=True)
class StaleRules:
    """The rules of one node that lead to addresses which are no endpoints of the DNS service."""

    subject: Subject
    gone: tuple[str, ...]
    endpoints: tuple[str, ...]
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, kw_only=True)
class ProxyBackends(Fact):
    """The backends of the DNS service in nodes' rules that do not exist."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.NODE_NETWORK, Ask.DNS_ENDPOINTS, Ask.DNS_PODS)

    stale: tuple[StaleRules, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return one StaleRules per dump that names an address which nobody has."""
        dumps = evidence.of(FilterRules)
        found = known(evidence, dumps, Ask.NODE_NETWORK)
        if isinstance(found, Gap):
            return found
        endpoints, gaps = endpoints_of(evidence)
        stale = [one for dump in dumps for one in stale_in(dump, endpoints)] if endpoints else []
        return cls(origin=found[0], gaps=(*found[1], *gaps), stale=tuple(stale))


def endpoints_of(evidence: Evidence) -> tuple[frozenset[str], tuple[Gap, ...]]:
    """Return the addresses behind the DNS service, ready or not, or those of CoreDNS's pods."""
    found = evidence.fetch(ReadyEndpoints)
    if isinstance(found, ReadyEndpoints) and not any(one.more for one in found.backends):
        told = frozenset(one.address for each in found.backends for one in each.endpoints)
        if told:
            return told, ()
    pods = [pod for pod in unique(evidence.of(Pod)) if pod.serves_dns]
    told = frozenset(ip for pod in pods for ip in pod.ips or ())
    if told and all(pod.ips for pod in pods):
        return told, ()
    return frozenset(), (found,) if isinstance(found, Gap) else ()


def stale_in(dump: FilterRules, endpoints: frozenset[str]) -> Iterator[StaleRules]:
    """Yield what a dump sends to addresses that are not among the endpoints, in one."""
    wrong = [(address, rule) for rule, address in targets(dump) if address not in endpoints]
    if wrong:
        yield StaleRules(
            subject=dump.subject if dump.subject.kind else Subject("Node"),
            gone=tuple(dict.fromkeys(address for address, _ in wrong)),
            endpoints=tuple(sorted(endpoints)),
            quotes=tuple(dict.fromkeys(rule.quote for _, rule in wrong)),
        )


def targets(dump: FilterRules) -> Iterator[tuple[FilterRule, str]]:
    """Yield (rule, address) of each rule that sends port 53 of the DNS service somewhere."""
    for rule in dump.rules:
        named, target = SERVICE.search(rule.text), TARGET.search(rule.text)
        if named and target and named["name"] in DNS_SERVICE_NAMES and METRICS not in rule.text:
            yield rule, target["six"] or target["four"]
