"""Whether nodes translate Service addresses: by their rules, or by who answers and who does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.lookups import ANSWERED, NO_ANSWER, Lookup
from diagnose.facts.node_network import FilterRules
from diagnose.facts.pods import Pod, unique
from diagnose.facts.services import Service, merged
from diagnose.model import CLUSTER, Fact, Gap, Quote, Subject

TRANSLATING = frozenset({"nat", "kube-proxy"})  # tables that hold rules for Service addresses


@dataclass(frozen=True)
class MissingRules:
    """One place where a Service address is not translated."""

    subject: Subject
    address: str
    message: str
    quotes: tuple[Quote, ...]
    proven: bool = True


@dataclass(frozen=True, kw_only=True)
class ServiceRules(Fact):
    """Where the DNS service's address is not translated although its pods answer."""

    asks: ClassVar[tuple[Ask, ...]] = (
        Ask.NODE_NETWORK,
        Ask.CLIENT_OUTPUT,
        Ask.DNS_SERVICES,
        Ask.DNS_PODS,
    )

    missing: tuple[MissingRules, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return places by comparing look-ups with each other, and rules with addresses."""
        lookups, dumps = evidence.of(Lookup), evidence.of(FilterRules)
        items: tuple[Readable, ...] = (*lookups, *dumps)
        found = known(evidence, items, Ask.NODE_NETWORK, Ask.CLIENT_OUTPUT)
        if isinstance(found, Gap):
            return found
        services = [one for one in merged(evidence.of(Service)) if one.serves_dns]
        addresses = {ip for one in services for ip in one.cluster_ips or ()}
        pods = {ip for pod in unique(evidence.of(Pod)) if pod.serves_dns for ip in pod.ips or ()}
        missing = [
            *by_answers(lookups, addresses, pods),
            *by_rules(dumps, addresses),
        ]
        return cls(origin=found[0], gaps=found[1], missing=tuple(missing))


def by_answers(
    lookups: tuple[Lookup, ...], addresses: set[str], pods: set[str]
) -> list[MissingRules]:
    """Return where CoreDNS's pods answer by their own addresses and not by the Service's."""
    answering = [one for one in lookups if one.server in pods and one.outcome in ANSWERED]
    found = []
    for silent in lookups:
        beside = [one for one in answering if one.place == silent.place]
        if silent.server in addresses and silent.outcome in NO_ANSWER and beside:
            found.append(
                MissingRules(
                    subject=silent.place if silent.place.kind else CLUSTER,
                    address=silent.server,
                    message=f"{silent.server} does not answer, the CoreDNS pod "
                    f"{beside[0].server} asked from the same place does",
                    quotes=(silent.quote, beside[0].quote),
                )
            )
    return found[:1]


def by_rules(dumps: tuple[FilterRules, ...], addresses: set[str]) -> list[MissingRules]:
    """Return nodes whose dump of the nat table holds no rule for the DNS service.

    Only a dump that shows the nat table counts, and only where kube-proxy is known to write
    there: its chain exists, or no other program's chains do. In IPVS mode its rules match sets,
    in nftables mode it has a table of its own.
    """
    found = []
    for dump in dumps:
        nat = [rule for rule in dump.rules if rule.table in TRANSLATING]
        if "nat" not in dump.tables or not addresses:
            continue
        if any(address in rule.text for rule in nat for address in addresses):
            continue
        if any("KUBE-CLUSTER-IP" in rule.text for rule in nat):
            continue
        foreign = any("CILIUM" in rule.chain for rule in dump.rules)
        own = any(rule.chain.startswith("KUBE-") for rule in nat)
        if foreign:
            continue
        found.append(
            MissingRules(
                subject=dump.subject if dump.subject.kind else Subject("Node"),
                address=sorted(addresses)[0],
                message=f"the nat table has no rule for {', '.join(sorted(addresses))}",
                quotes=(dump.quote,),
                proven=own,
            )
        )
    return found
