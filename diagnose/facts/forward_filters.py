"""What a node's packet filter does with packets that it forwards for pods, rule by rule.

Limits: rules that match sets, marks or single ports are not taken to accept or drop pods' packets;
a chain that the dump does not show may do anything, so nothing is said behind it.
Source: iptables(8), iptables-extensions(8); firewalld src/firewall/core/ipXtables.py; moby
libnetwork/iptables.go (FORWARD policy DROP); flannel-io/flannel pkg/trafficmngr (FLANNEL-FWD).
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from ipaddress import IPv4Network
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.facts.flannel import NetConf, SubnetEnv
from diagnose.facts.node_network import FilterRule, FilterRules
from diagnose.facts.nodes import Node
from diagnose.model import CLUSTER, Fact, Gap, Quote, Subject
from diagnose.text.regex import regex
from diagnose.values import dataclass

DEEPEST = 12  # chains that lead to each other
MOST_STEPS = 20_000  # rules that are walked through in one dump
PROHIBITED = regex(r"(?:host|admin|net)-prohibited|admin-prohibited|adm-prohibited")
# What a rule is limited to that is not what pods' packets are in general.
NARROW = regex(
    r"--ctstate|--state |ctstate |state (?:RELATED|ESTABLISHED|INVALID|NEW)|mark match|--mark |"
    r"--dports? |--sports? |dpts?:|spts?:|--match-set|match-set|-p (?:icmp|tcp|udp)\b|"
    r"\b(?:icmp|tcp|udp)\s+(?:--|-f)|-m (?:limit|recent|addrtype|set|multiport|physdev)|"
    r"ip6 (?:saddr|daddr)|(?:saddr|daddr) [{@!]|limit: |ADDRTYPE|ct stat(?:e|us)|"
    r"(?:tcp|udp|th) [sd]port|meta mark|icmp type"
)
# Interfaces that carry no pods.
OTHER_INTERFACE = regex(
    r"(?:-i|-o|--in-interface|--out-interface|iifname|oifname) !?\s*"
    r"\"?(?:docker|br-|virbr|lo\b|lxcbr|lxdbr|podman|tun|wg|ppp|tailscale|vmnet)"
)
POD_INTERFACE = regex(r"(?:-i|-o|iifname|oifname) \"?(?:cni|cbr|flannel|cali|veth|vxlan|tunl)")
RANGE = regex(r"(?:-s|-d|--source|--destination|saddr|daddr) (?P<range>[\d.]+/\d+)")
LISTED = regex(
    r"\s(?P<source>[\d.]+(?:/\d+)?|anywhere)\s+(?P<target>[\d.]+(?:/\d+)?|anywhere)(?:\s|$)"
)
DOCKER = regex(r"172\.1[7-9]\.|172\.2\d\.|192\.168\.122\.")
ANYWHERE = frozenset({"0.0.0.0/0", "anywhere"})


class Fate(Enum):
    """What becomes of a pod's packet in a chain."""

    ACCEPTED = "accepted"
    BLOCKED = "blocked"
    PASSED = "passed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Blocked:
    """One chain in which packets of pods end; `rule` is "" where its policy does it.

    `prohibited` says that the sender is told "administratively prohibited", as firewalls do.
    `whole` says that the dump shows the table completely.
    """

    subject: Subject
    chain: str
    rule: str
    quotes: tuple[Quote, ...]
    prohibited: bool
    whole: bool


@dataclass(frozen=True, kw_only=True)
class ForwardFilters(Fact):
    """The nodes on which forwarded packets of pods, or packets to the node, are turned away."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.NODE_NETWORK, Ask.NODES, Ask.FLANNEL_CONFIG)

    blocked: tuple[Blocked, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return one entry per node and chain that blocks."""
        dumps = evidence.of(FilterRules)
        found = known(evidence, dumps, Ask.NODE_NETWORK)
        if isinstance(found, Gap):
            return found
        pods = pod_networks(evidence)
        blocked = tuple(one for dump in dumps for one in of_dump(dump, pods))
        return cls(origin=found[0], gaps=found[1], blocked=blocked)


def pod_networks(evidence: Evidence) -> tuple[IPv4Network, ...]:
    """Return the ranges of pods, as far as nodes and flannel tell them."""
    told = [cidr for node in evidence.of(Node) for cidr in node.pod_cidrs or ()]
    told += [one.network for one in evidence.of(NetConf)]
    told += [one.network for one in evidence.of(SubnetEnv)]
    return tuple(dict.fromkeys(filter(None, map(network, told))))


def network(text: str) -> IPv4Network | None:
    """Return an IPv4 range; None when the text is none."""
    try:
        return IPv4Network(text, strict=False)
    except ValueError:
        return None


def of_dump(dump: FilterRules, pods: tuple[IPv4Network, ...]) -> Iterator[Blocked]:
    """Yield what blocks in FORWARD: a rule that is reached, or the policy; in INPUT a rule."""
    chains: dict[str, list[FilterRule]] = {}
    for rule in dump.rules:
        if rule.table in ("filter", "firewalld"):
            chains.setdefault(rule.chain, []).append(rule)
    subject = dump.subject if dump.subject.kind == "Node" else CLUSTER
    whole = "filter" in dump.tables
    walk = Walk(chains, pods, whole=bool({"filter", "firewalld"} & set(dump.tables)))
    for chain in ("FORWARD", "filter_FORWARD", "INPUT", "filter_INPUT"):
        if chain not in chains and ("filter", chain) not in dump.policies:
            continue
        fate, end = walk.through(chain)
        policy = ("filter", chain)
        if fate is Fate.BLOCKED and end is not None:
            told = bool(PROHIBITED.search(end.text))
            if "INPUT" not in chain or told:
                yield Blocked(subject, chain, end.text, (end.quote,), told, whole)
        elif fate is Fate.PASSED and "FORWARD" in chain and dump.policies.get(policy) == "DROP":
            quote = dump.policy_quotes.get(policy, dump.quote)
            yield Blocked(subject, chain, "", (quote,), prohibited=False, whole=whole)


class Walk:
    """A walk of a pod's packet through the chains of one dump."""

    def __init__(
        self,
        chains: dict[str, list[FilterRule]],
        pods: tuple[IPv4Network, ...],
        *,
        whole: bool,
    ) -> None:
        """Begin with all steps left; of a `whole` table a chain without rules is empty."""
        self.chains = chains
        self.pods = pods
        self.whole = whole
        self.left = MOST_STEPS

    def through(self, chain: str, depth: int = 0) -> tuple[Fate, FilterRule | None]:
        """Return what becomes of the packet, and the rule that decides it."""
        for rule in self.chains.get(chain, ()):
            self.left -= 1
            if self.left < 0 or depth > DEEPEST:
                return Fate.UNKNOWN, None
            fate, decided = self.at(rule, depth)
            if fate is not Fate.PASSED:
                return fate, decided
            if rule.target == "RETURN" and not limited(rule.text):
                return Fate.PASSED, None
        return Fate.PASSED, None

    def at(self, rule: FilterRule, depth: int) -> tuple[Fate, FilterRule | None]:
        """Return what one rule does with the packet."""
        if rule.target in ("DROP", "REJECT"):
            blocks = not limited(rule.text) and self.concerns(ranged(rule.text))
            return (Fate.BLOCKED, rule) if blocks else (Fate.PASSED, None)
        if OTHER_INTERFACE.search(rule.text) or NARROW.search(rule.text):
            return Fate.PASSED, None
        if rule.target == "ACCEPT":
            own = ranged(rule.text)
            return (Fate.PASSED, None) if own and DOCKER.match(own) else (Fate.ACCEPTED, rule)
        if rule.target.startswith(PLUGINS):
            return Fate.UNKNOWN, None
        if rule.target in self.chains:
            return self.through(rule.target, depth + 1)
        empty = self.whole or not rule.target
        passes = empty or rule.target in ENDS or rule.target.startswith(HARMLESS)
        return (Fate.PASSED if passes else Fate.UNKNOWN), None

    def concerns(self, own: str) -> bool:
        """Whether a rule for a range, "" for all, is one for all pods."""
        of_rule = network(own) if own else None
        if of_rule is None:
            return not own
        return bool(self.pods) and all(one.subnet_of(of_rule) for one in self.pods)


# Chains of network add-ons that decide by marks and sets.
PLUGINS = (
    *("cali-", "CILIUM", "OLD_CILIUM", "WEAVE", "ANTREA", "AWS-", "GKE-", "ovn-"),
    *("KUBE-ROUTER", "KUBE-POD-FW", "KUBE-NWPLCY"),
)
# Chains of kube-proxy, Docker and others that let through what is theirs and pass on the rest.
HARMLESS = ("KUBE-", "DOCKER", "LIBVIRT_", "ufw-", "f2b-", "FORWARD_direct", "INPUT_direct")
ENDS = frozenset({"RETURN", "LOG", "NFLOG", "MARK", "CONNMARK", "TRACE", "TCPMSS", "CT", "COUNTER"})


def limited(text: str) -> bool:
    """Whether a rule is for some packets only, told by anything but addresses."""
    return bool(NARROW.search(text) or OTHER_INTERFACE.search(text))


def ranged(text: str) -> str:
    """Return the range that a rule is for; "" for all addresses."""
    if found := RANGE.search(text):
        return found["range"] if found["range"] not in ANYWHERE else ""
    if not text.startswith("-") and (found := LISTED.search(text)):
        own = [one for one in (found["source"], found["target"]) if one not in ANYWHERE]
        return own[0] if own else ""
    return ""
