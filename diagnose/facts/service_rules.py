"""Whether nodes translate Service addresses: by their rules, or by who answers and who does not.

Source: kubernetes/kubernetes v1.31, pkg/proxy/iptables/proxier.go (syncProxyRules: KUBE-SERVICES of
nat, of filter "has no endpoints"), pkg/proxy/ipvs/netlink_linux.go (kube-ipvs0),
pkg/proxy/nftables/proxier.go (table kube-proxy).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.lookups import ANSWERED, NO_ANSWER, Lookup
from diagnose.facts.node_network import FilterRules, Interface
from diagnose.facts.pods import Pod, unique
from diagnose.facts.resolv_conf import ResolvConf
from diagnose.facts.services import Service, merged
from diagnose.facts.tracked_flows import DNS_PORT, TrackedFlow
from diagnose.model import CLUSTER, Fact, Gap, Quote, Subject
from diagnose.values import dataclass

TABLES = ("nat", "kube-proxy")  # that hold rules for Service addresses
API_SERVICE = "default/kubernetes:"
# Interfaces of what translates without rules of iptables or nftables.
OTHER_PROXIES = ("kube-ipvs", "cilium_", "kube-dummy", "bpfin.cali", "ovn-k8s", "antrea-gw")
NODES_OWN = ("169.254.", "127.", "fe80:", "::1")  # a cache's on the node itself
PART_OF_ADDRESS = frozenset("0123456789abcdefABCDEF.:")


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
        flows = evidence.of(TrackedFlow)
        items: tuple[Readable, ...] = (*lookups, *dumps, *flows)
        found = known(evidence, items, Ask.NODE_NETWORK, Ask.CLIENT_OUTPUT)
        if isinstance(found, Gap):
            return found
        services = [one for one in merged(evidence.of(Service)) if one.serves_dns]
        addresses = {ip for one in services for ip in one.cluster_ips or ()}
        pods = {ip for pod in unique(evidence.of(Pod)) if pod.serves_dns for ip in pod.ips or ()}
        given = {
            server
            for file in evidence.of(ResolvConf)
            if file.of_pod
            for server in file.nameservers
            if not server.startswith(NODES_OWN)
        }
        missing = [
            *by_answers(lookups, addresses, pods),
            *by_rules(evidence, services),
            *by_flows(flows, (addresses or given) - pods),
        ]
        return cls(origin=found[0], gaps=found[1], missing=tuple(missing))


def by_answers(
    lookups: tuple[Lookup, ...], addresses: set[str], pods: set[str]
) -> list[MissingRules]:
    """Return where CoreDNS's pods answer by their own addresses and not by the Service's."""
    answering: dict[Subject, Lookup] = {}
    for one in lookups:
        if one.server in pods and one.outcome in ANSWERED:
            answering.setdefault(one.place, one)
    for silent in lookups:
        beside = answering.get(silent.place)
        if beside and silent.server in addresses and silent.outcome in NO_ANSWER:
            return [
                MissingRules(
                    subject=silent.place if silent.place.kind else CLUSTER,
                    address=silent.server,
                    message=f"{silent.server} does not answer, the CoreDNS pod "
                    f"{beside.server} asked from the same place does",
                    quotes=(silent.quote, beside.quote),
                )
            ]
    return []


def by_flows(flows: Sequence[TrackedFlow], addresses: set[str]) -> Iterator[MissingRules]:
    """Yield nodes whose connection table holds queries to the Service's own address, unanswered.

    An entry tells where the reply is to come from: rules that translate would have put a pod there.
    A node that translated any query to the address has the rules, at least by now.
    """
    translated = {(one.subject, one.asked) for one in flows if one.translated or one.replied}
    seen: set[Subject] = set()
    for one in flows:
        lost = one.port == DNS_PORT and one.asked in addresses and not one.replied
        if lost and (one.subject, one.asked) not in translated and one.subject not in seen:
            seen.add(one.subject)
            yield MissingRules(
                subject=one.subject if one.subject.kind else Subject("Node"),
                address=one.asked,
                message=f"queries of {one.client} to {one.asked} are not sent on to any CoreDNS "
                "pod: the node's table of connections has them as they were asked",
                quotes=(one.quote,),
                proven=False,
            )


def by_rules(evidence: Evidence, services: Iterable[Service]) -> Iterator[MissingRules]:
    """Yield nodes whose rules hold no rule for a Service address although kube-proxy writes there.

    Only a table that is shown completely counts, with all other dumps of the node: a Service that
    has no endpoints has its rule in the filter table, and another back end of iptables may hold it.
    That kube-proxy writes rules of iptables is told by its chain, here or on another node.
    """
    groups: dict[Subject, list[FilterRules]] = {}
    for dump in evidence.of(FilterRules):
        groups.setdefault(dump.subject, []).append(dump)
    devices: dict[Subject, set[str]] = {}
    for one in evidence.of(Interface):
        devices.setdefault(one.subject, set()).add(one.name)
    elsewhere = any(writes(dump, "nat") for several in groups.values() for dump in several)
    for subject, dumps in groups.items():
        if translated_elsewhere(dumps, devices.get(subject, set())):
            continue
        for six in (False, True):
            wanted = {
                ip: one for one in services for ip in one.cluster_ips or () if (":" in ip) is six
            }
            yield from missing_in(subject, dumps, wanted, six=six, elsewhere=elsewhere)


def missing_in(
    subject: Subject,
    dumps: Sequence[FilterRules],
    wanted: Mapping[str, Service],
    *,
    six: bool,
    elsewhere: bool,
) -> Iterator[MissingRules]:
    """Yield what one node's rules of one IP version lack."""
    family = "ip6 " if six else ""
    shown = next((one for one in dumps for table in TABLES if family + table in one.tables), None)
    if shown is None or not wanted:
        return
    rules = [
        rule.text for dump in dumps for rule in dump.rules if rule.table.startswith("ip6 ") is six
    ]
    own = (
        any(writes(dump, family + "nat") for dump in dumps) or family + "kube-proxy" in shown.tables
    )
    absent = [ip for ip in wanted if not any(holds(text, ip) for text in rules)]
    if not absent or (subject.kind == "Node" and not own and not elsewhere):
        return
    # Each rule of kube-proxy's names its Service in a comment, so that of the API server is known
    # without its address.
    api = own and not any(API_SERVICE in text for text in rules)
    quotes = (shown.quote, *(wanted[ip].quote for ip in absent[:1]))
    yield MissingRules(
        subject=subject if subject.kind else Subject("Node"),
        address=absent[0],
        message=f"the {'kube-proxy' if 'kube-proxy' in shown.tables else 'nat'} table has no rule "
        f"for {', '.join(absent)}{', and none for the API server' if api else ''}",
        quotes=quotes,
        proven=own or elsewhere,
    )


def writes(dump: FilterRules, table: str) -> bool:
    """Whether kube-proxy has written rules of iptables to a table: its chain is there."""
    return (table, "KUBE-SERVICES") in dump.chains or any(
        rule.table == table and "KUBE-SERVICES" in (rule.chain, rule.target) for rule in dump.rules
    )


def translated_elsewhere(dumps: Sequence[FilterRules], devices: set[str]) -> bool:
    """Whether something other than rules of packet filters translates: IPVS, eBPF, OVS."""
    if any(name.startswith(OTHER_PROXIES) for name in devices):
        return True
    for dump in dumps:
        for rule in dump.rules:
            if rule.chain.startswith(("CILIUM", "OLD_CILIUM")) or "KUBE-CLUSTER-IP" in rule.text:
                return True
    tables = {rule.table for dump in dumps for rule in dump.rules}
    return "kube-proxy" in tables and not any("kube-proxy" in dump.tables for dump in dumps)


def holds(text: str, address: str) -> bool:
    """Whether a rule names an address, and not another one that begins or ends like it."""
    at = text.find(address)
    while at >= 0:
        end = at + len(address)
        before, after = text[at - 1 : at], text[end : end + 1]
        if before not in PART_OF_ADDRESS and after not in PART_OF_ADDRESS:
            return True
        at = text.find(address, at + 1)
    return False
