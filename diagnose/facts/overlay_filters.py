"""Packet filter rules of nodes that turn the overlay's own packets away.

Between nodes the pods' packets travel inside UDP to one port: 8472 of flannel and Cilium, 4789 of
Calico. Such a packet is walked through INPUT and OUTPUT. The flows of the two directions have other
ports, so that to the node's connection tracking each of them is new.

Limits: rules that look at more than protocol, port, addresses, interface and state may match or
not: what they accept is taken to be accepted, and what they drop ends the walk without a word. The
tables raw and mangle are not walked through, nor chains of a dump that does not show them.
Source: flannel-io/flannel v0.26.7, pkg/backend/vxlan/vxlan.go (port 8472), pkg/backend/udp (8285),
pkg/backend/wireguard (51820); projectcalico/calico felix/dataplane/linux/vxlan_mgr.go (4789);
cilium/cilium pkg/defaults (8472); Linux drivers/net/vxlan/vxlan_core.c (udp_flow_src_port);
iptables-extensions(8), nft(8).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.facts.flannel import NetConf
from diagnose.facts.forward_filters import ENDS
from diagnose.facts.node_network import FilterRule, FilterRules, Interface
from diagnose.facts.node_paths import VIRTUAL
from diagnose.facts.nodes import Node
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.text.regex import regex
from diagnose.values import dataclass

DEEPEST = 12
MOST_STEPS = 20_000
MOST_WORDS = 200
# The port of an overlay by the device that it makes on each node.
DEVICES = (
    ("flannel.", 8472),
    ("cilium_vxlan", 8472),
    ("vxlan.calico", 4789),
    ("vxlan-6784", 6784),
    ("genev_sys_6081", 6081),
    ("flannel-wg", 51820),
    ("wireguard.cali", 51820),
)
BACKENDS = {"vxlan": 8472, "udp": 8285, "wireguard": 51820}
USUAL = (8472, 4789)  # where no overlay is known: of these two alone is a rule of their own told
CHAINS = ("INPUT", "filter_INPUT", "input", "OUTPUT", "filter_OUTPUT", "output")
TABLES = ("filter", "firewalld")
COMMENT = regex(r'(?:-m comment )?--comment (?:"(?:[^"\\]|\\.){0,500}"|\S{1,256})')
NFT_NOISE = regex(r'counter packets \d+ bytes \d+|comment "[^"]{0,300}"|log(?: prefix "[^"]*")?')
NFT_PORTS = regex(r"\budp dport (?P<ports>\{[^}]{0,500}\}|[\d-]+)")
NFT_OTHER = regex(
    r"\btcp\b|icmp|ct state (?:established|related|invalid)|ct state vmap|"
    r"\biif(?:name)? \"?(?:lo|cni|docker|virbr|br-|veth|cali|flannel|lxc|tun|wg)|"
    r"\bip6 (?:saddr|daddr)\b|\boif(?:name)? \"?lo\b"
)
NFT_WHOLE = regex(
    r"(?:meta l4proto udp |ip protocol udp )?udp dport \S+(?: \S+)* (?:drop|reject.*)$"
)
LISTED = regex(
    r"(?P<target>\S+)\s+(?P<protocol>\S+)\s+\S+\s+(?P<source>\S+)\s+(?P<target_range>\S+)"
    r"(?:\s+(?P<rest>.*))?$"
)
LISTED_PORTS = regex(r"\bdpts?:(?P<one>[\d:]+)|multiport dports (?P<several>[\d:,]+)")


class Fits(IntEnum):
    """Whether a rule is for the overlay's packets."""

    NO = 0
    PERHAPS = 1
    YES = 2


@dataclass(frozen=True)
class Packet:
    """A packet of the overlay on its way into a node, or out of it."""

    port: int
    inward: bool
    own: tuple[str, ...] = ()  # addresses of the node; () not known
    others: tuple[str, ...] = ()  # of the other nodes
    uplinks: tuple[str, ...] = ()


@dataclass(frozen=True)
class BlockedOverlay:
    """One node and port; `rule` is "" where the chain's policy drops."""

    subject: Subject
    port: int
    chain: str
    rule: str
    quotes: tuple[Quote, ...]
    proven: bool


@dataclass(frozen=True, kw_only=True)
class OverlayFilters(Fact):
    """The nodes whose packet filter turns the overlay's packets away."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.NODE_NETWORK, Ask.NODES, Ask.FLANNEL_CONFIG)

    blocked: tuple[BlockedOverlay, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return one entry per node, port and direction."""
        dumps = evidence.of(FilterRules)
        found = known(evidence, dumps, Ask.NODE_NETWORK)
        if isinstance(found, Gap):
            return found
        links: dict[Subject, list[Interface]] = {}
        for link in evidence.of(Interface):
            links.setdefault(link.subject, []).append(link)
        nodes = [
            (node.subject.name, address)
            for node in evidence.of(Node)
            for address in filter(is_v4, node.addresses)
        ]
        confs = evidence.of(NetConf)
        blocked = [
            one
            for dump in dumps
            for one in of_dump(dump, links.get(dump.subject, []), nodes, confs)
        ]
        first = {(one.subject, one.port, one.chain): one for one in reversed(blocked)}
        return cls(origin=found[0], gaps=found[1], blocked=tuple(first.values())[::-1])


def of_dump(
    dump: FilterRules,
    links: Sequence[Interface],
    nodes: Sequence[tuple[str, str]],
    confs: Sequence[NetConf],
) -> Iterator[BlockedOverlay]:
    """Yield the chains of one dump in which the overlay's packets end.

    `links` are those of its node, `nodes` the names and addresses of all.
    """
    ports = overlay_ports(links, confs)
    own = [bare(address) for one in links for address in one.addresses if is_v4(bare(address))]
    own += [address for name, address in nodes if name == dump.subject.name]
    others = [address for name, address in nodes if name != dump.subject.name]
    uplinks = tuple(one.name for one in links if not VIRTUAL.match(one.name) and one.addresses)
    walk = Walk(dump)
    for chain in CHAINS:
        if chain not in walk.chains and not any((t, chain) in dump.policies for t in TABLES):
            continue
        for port in ports or USUAL:
            packet = Packet(
                port,
                "INPUT" in chain.upper(),
                tuple(own),
                tuple(others),
                uplinks,
            )
            end, rule = walk.through(chain, packet)
            if end is End.BLOCKED and rule is not None and (ports or str(port) in rule.text):
                proven = bool(ports) and bool(set(TABLES) & set(dump.tables))
                yield BlockedOverlay(
                    place(dump), port, chain, rule.text, (rule.quote,), proven=proven
                )
            policy = next((t for t in TABLES if dump.policies.get((t, chain)) == "DROP"), "")
            if end is End.PASSED and policy and policy in dump.tables and ports:
                quote = dump.policy_quotes.get((policy, chain), dump.quote)
                yield BlockedOverlay(place(dump), port, chain, "", (quote,), proven=True)


def place(dump: FilterRules) -> Subject:
    """Return the node that a dump is of."""
    return dump.subject if dump.subject.kind == "Node" else Subject("Node")


def overlay_ports(links: Sequence[Interface], confs: Sequence[NetConf]) -> tuple[int, ...]:
    """Return the ports that a node's overlay uses: by its devices, else by flannel's configuration.

    Nothing where the node's devices show that flannel has none there.
    """
    told = next((one.backend_port for one in reversed(confs) if one.backend_port), None)
    if links:
        found = [
            told if told and device == "flannel." else port
            for device, port in DEVICES
            if any(one.name.startswith(device) for one in links)
        ]
        return tuple(dict.fromkeys(found))
    backends = [told or BACKENDS[one.backend] for one in confs[-1:] if one.backend in BACKENDS]
    return tuple(backends)


def bare(address: str) -> str:
    """Return an address without its prefix length."""
    return address.partition("/")[0]


def is_v4(address: str) -> bool:
    """Whether a text is an address of IPv4 that others reach."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return found.version == 4 and not found.is_loopback


# ---------------------------------------------------------------- the walk


class End(IntEnum):
    """What becomes of a packet in a chain."""

    ACCEPTED = 0
    BLOCKED = 1
    PASSED = 2
    UNKNOWN = 3


class Walk:
    """The chains of one dump's filter table, and the walk of a packet through them."""

    def __init__(self, dump: FilterRules) -> None:
        """Begin with all steps left."""
        self.chains: dict[str, list[FilterRule]] = {}
        for rule in dump.rules:
            if rule.table in TABLES:
                self.chains.setdefault(rule.chain, []).append(rule)
        self.named = {chain for table, chain in dump.chains if table in TABLES}
        self.left = MOST_STEPS

    def through(self, chain: str, packet: Packet, depth: int = 0) -> tuple[End, FilterRule | None]:
        """Return what becomes of the packet, and the rule that blocks it."""
        unsure = False
        for rule in self.chains.get(chain, ()):
            self.left -= 1
            if self.left < 0 or depth > DEEPEST:
                return End.UNKNOWN, None
            fits = matches(rule.text, packet)
            if fits is Fits.NO:
                continue
            if rule.target == "RETURN":
                if fits is Fits.YES:
                    return (End.UNKNOWN if unsure else End.PASSED), None
                unsure = True
                continue
            end, decided = self.at(rule, packet, depth)
            if end is End.BLOCKED and (unsure or fits is Fits.PERHAPS):
                return End.UNKNOWN, None
            if end is not End.PASSED:
                return end, decided
        return End.PASSED, None

    def at(self, rule: FilterRule, packet: Packet, depth: int) -> tuple[End, FilterRule | None]:
        """Return what one rule does with a packet that it is for."""
        if rule.target in ("DROP", "REJECT"):
            return End.BLOCKED, rule
        if rule.target == "ACCEPT":
            return End.ACCEPTED, rule
        if not rule.target or rule.target in ENDS:
            return End.PASSED, None
        if rule.target in self.chains:
            return self.through(rule.target, packet, depth + 1)
        return (End.PASSED if rule.target in self.named else End.UNKNOWN), None


# ---------------------------------------------------------------- one rule


def matches(text: str, packet: Packet) -> Fits:
    """Return whether a rule of iptables-save, `iptables -L` or nft is for the packet."""
    if text.startswith(("-A ", "-I ", "[")):
        return saved(text, packet)
    if (listed := LISTED.match(text)) and listed["protocol"] in PROTOCOLS:
        return of_listing(listed["protocol"], listed["rest"] or "", packet)
    return of_nft(text, packet)


UNDERSTOOD = frozenset("udp tcp comment conntrack state multiport mark addrtype".split())
PROTOCOLS = frozenset(
    "all udp tcp icmp ipv6-icmp icmpv6 0 1 6 17 esp ah sctp ip 4 41 47 50".split()
)


def saved(text: str, packet: Packet) -> Fits:
    """Return whether a rule of iptables-save is for the packet, by its options one by one."""
    words = COMMENT.sub("", text).split()[:MOST_WORDS]
    worst, at, negated = Fits.YES, 0, False
    while at < len(words):
        word, value = words[at], words[at + 1] if at + 1 < len(words) else ""
        if word == "!":
            negated, at = True, at + 1
            continue
        if word in ("-j", "-g", "--jump", "--goto"):
            break
        if word.startswith("["):
            at += 1
            continue
        fits = option(word, value, packet)
        if negated:
            fits = Fits(2 - fits)
        worst, negated, at = min(worst, fits), False, at + 2
    return worst


def option(word: str, value: str, packet: Packet) -> Fits:
    """Return whether one option of a rule holds for the packet."""
    match word:
        case "-A" | "-I" | "--comment":
            return Fits.YES
        case "-m" | "--match":
            return Fits.YES if value in UNDERSTOOD else Fits.PERHAPS
        case "-p" | "--protocol" | "--proto":
            return Fits.YES if value in ("udp", "17", "all", "0") else Fits.NO
        case "--dport" | "--dports" | "--destination-port" | "--destination-ports":
            return Fits.YES if within(packet.port, value.split(",")) else Fits.NO
        case "--ctstate" | "--state":
            return Fits.YES if "NEW" in value.split(",") else Fits.NO
        case "--mark":
            # what comes in carries none yet; what the overlay sends may have its inner packet's
            return Fits.NO if packet.inward else Fits.PERHAPS
        case "-s" | "--source" | "--src":
            return in_range(value, packet.others if packet.inward else packet.own)
        case "-d" | "--destination" | "--dst":
            return in_range(value, packet.own if packet.inward else packet.others)
        case "-i" | "--in-interface" | "-o" | "--out-interface":
            comes = word in ("-i", "--in-interface")
            return by_device(value, packet) if comes == packet.inward else Fits.NO
        case "--dst-type":
            if not packet.inward:
                return Fits.PERHAPS
            return Fits.YES if "LOCAL" in value.split(",") else Fits.NO
        case _:
            return Fits.PERHAPS


def by_device(name: str, packet: Packet) -> Fits:
    """Return whether packets between nodes pass an interface."""
    if VIRTUAL.match(name):
        return Fits.NO
    if packet.uplinks == (name,):
        return Fits.YES
    return Fits.PERHAPS


def within(port: int, ranges: Sequence[str]) -> bool:
    """Whether a port is one of some, or in one of some ranges (a:b, a-b)."""
    for one in ranges[:MOST_WORDS]:
        low, dash, high = one.strip(" {}").replace("-", ":").partition(":")
        first, last = low or "0", (high or "65535") if dash else low
        if is_port(first) and is_port(last) and int(first) <= port <= int(last):
            return True
    return False


def is_port(text: str) -> bool:
    """Whether a text is a port as rules are written."""
    return text.isascii() and text.isdigit() and len(text) < 6


def in_range(text: str, addresses: Sequence[str]) -> Fits:
    """Return whether all, some or none of the addresses lie in a range; of none known: perhaps."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return Fits.PERHAPS
    if network.prefixlen == 0:
        return Fits.YES
    if network.is_loopback:
        return Fits.NO
    if not addresses:
        return Fits.PERHAPS
    inside = [ipaddress.ip_address(one) in network for one in addresses]
    if not any(inside):
        return Fits.NO
    return Fits.YES if all(inside) else Fits.PERHAPS


def of_listing(protocol: str, rest: str, packet: Packet) -> Fits:
    """Return whether a row of `iptables -L` is for the packet; interfaces are not shown there."""
    if protocol not in ("udp", "17", "all", "0", "ip"):
        return Fits.NO
    if "state" in rest and "NEW" not in rest:
        return Fits.NO
    if ports := LISTED_PORTS.search(rest):
        told = (ports["one"] or ports["several"]).split(",")
        return Fits.YES if within(packet.port, told) else Fits.NO
    return Fits.PERHAPS


def of_nft(text: str, packet: Packet) -> Fits:
    """Return whether a rule of nft is for the packet; for certain only by its port alone."""
    plain = " ".join(NFT_NOISE.sub(" ", text[:2000]).split())
    if NFT_OTHER.search(plain):
        return Fits.NO
    ports = NFT_PORTS.search(plain)
    if not ports:
        return Fits.YES if plain in ("drop", "reject", "accept") else Fits.PERHAPS
    if not within(packet.port, ports["ports"].split(",")):
        return Fits.NO
    return Fits.YES if NFT_WHOLE.match(plain.replace(ports["ports"], "X")) else Fits.PERHAPS
