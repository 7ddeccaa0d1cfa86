"""Addresses, routes and packet filter rules of a node, as its tools print them.

A table of rules is said to be shown (FilterRules.tables) only where the dump shows all of it:
from its head to its COMMIT, or its built-in chains and every chain that they lead to, with
numbers instead of names. What grep left, what `...` stands for, or what another flavour of
iptables keeps, leaves the table out. Tables of IPv6 carry the family: "ip6 nat".

Where a node's tools are not at hand, /proc/net/route and /proc/net/fib_trie tell of IPv4 what they
tell; an address is then of the interface whose connected network holds it.

Limits: of `nft list ruleset` chains, rules and the elements of maps and sets are read as text; the
numbers of /proc/net/route are taken for those of a little-endian machine.
Source: iproute2 ip/ipaddress.c, ip/iproute.c, v6.1; net-tools ifconfig.c, route.c, 1.60 and 2.10;
iptables/iptables-save.c, iptables/iptables.c (print_header, print_firewall), v1.8; nftables
src/rule.c, v1.0; busybox networking/libiproute/ipaddress.c, 1.36; Linux v6.1 net/ipv4/fib_trie.c
(fib_route_seq_show, fib_trie_seq_show).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import field

from diagnose.facts.node_network import FilterRule, FilterRules, Interface, Route
from diagnose.model import Gap, GapKind, Quote
from diagnose.parts import Parsed, Part
from diagnose.text.clean import plain
from diagnose.text.regex import regex
from diagnose.text.shown import visible
from diagnose.values import dataclass

SEEN = 2000  # characters of a line that are matched on
MOST_ITEMS = 200_000  # of one part
MOST_NETWORKS = 500  # to which a node is connected
IPV4 = r"\d{1,3}(?:\.\d{1,3}){3}"
IPV6 = r"[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{1,60}"
DEVICE = r"[\w.@:-]{1,40}?"
TROUBLE = regex(
    r"(?i)permission denied|must be root|not found|no such file|does not exist|can't initialize"
    r"|can't open|cannot |could not|unknown |^error|operation not permitted|bad argument|no chain"
    r"|incompatible|table does not exist|rtnetlink answers"
)


def lines_of(part: Part) -> Iterator[tuple[str, Quote]]:
    """Yield (plain line, its quote) of each line that is not blank."""
    for index, raw in enumerate(part.text.split("\n")):
        line = plain(raw[:SEEN]).rstrip()
        if line:
            yield line, Quote(part.origin, visible(raw.rstrip("\r")), part.first_line + index)


def nothing(part: Part) -> tuple[Gap, ...]:
    """Return the gap of a part of which nothing could be read; none of an empty one."""
    line, here = next(lines_of(part), ("", None))
    failed = next(((one, at) for one, at in lines_of(part) if TROUBLE.search(one)), None)
    if here is None:
        return ()
    what = f"{part.origin} as {part.kind.value}"
    if failed:
        denied = re.search(r"(?i)permission denied|must be root|not permitted", failed[0])
        kind = GapKind.DENIED if denied else GapKind.UNREACHABLE
        because = f"line {failed[1].line}: {failed[1].text.strip()[:300]}"
        return (Gap(what, kind, because, "run it as root" if denied else ""),)
    return (Gap(what, GapKind.MALFORMED, f"line {here.line}: {visible(line.strip())[:200]}"),)


# ---------------------------------------------------------------- addresses


@dataclass
class Link:
    """One interface while its lines are read."""

    name: str
    quote: Quote
    address_quote: Quote | None = None
    addresses: dict[str, None] = field(default_factory=dict)  # in order; kube-ipvs0 has thousands
    state: str = ""
    flags: tuple[str, ...] = ()
    mtu: int | None = None
    master: str = ""


HEAD = regex(rf"\s*(?:\d{{1,5}}: )?(?P<name>{DEVICE}): <(?P<flags>[A-Z0-9_,-]*)>(?P<rest>.*)")
ONE_LINE = regex(rf"\s*\d{{1,5}}: (?P<name>{DEVICE})\s+(?=inet6? )")
BRIEF = regex(
    r"(?P<name>[\w.@-]{1,40})\s+(?P<state>UP|DOWN|UNKNOWN|LOWERLAYERDOWN|DORMANT|NOTPRESENT|TESTING)"
    r"(?:\s+(?P<rest>.*))?$"
)
NEW_IFCONFIG = regex(r"(?P<name>[\w.:@-]{1,40}): flags=\d+<(?P<flags>[A-Z0-9_,]*)>(?P<rest>.*)")
OLD_IFCONFIG = regex(r"(?P<name>[\w.:@-]{1,40})\s+Link encap:(?P<rest>.*)")
OLD_FLAGS = regex(r"\s+(?P<flags>(?:[A-Z]+ )+)\s*MTU:(?P<mtu>\d{1,6})")
INET = regex(
    rf"inet6? (?:addr:\s?)?(?P<address>{IPV4}|{IPV6})(?:/(?P<length>\d{{1,3}}))?"
    rf"(?: peer (?P<peer>{IPV4}|{IPV6})/(?P<peer_length>\d{{1,3}}))?"
)
MASK = regex(rf"(?:netmask |Mask:)(?P<mask>{IPV4}|0x[0-9a-f]{{8}})|prefixlen (?P<length>\d{{1,3}})")
LABEL = regex(r"scope \w+ (?:[a-z]+ ){0,8}?(?P<label>[\w.@:-]{1,40})$")
MTU = regex(r"\bmtu (?P<mtu>\d{1,6})\b")
STATE = regex(r"\bstate (?P<state>[A-Z]+)\b")
MASTER = regex(r"\bmaster (?P<master>[\w.-]{1,40})\b")
BRIEF_ADDRESS = regex(rf"(?:{IPV4}|{IPV6})(?:/\d{{1,3}})?$")
PROC_ROUTE = regex(
    r"(?P<device>[\w.@:-]{1,40})\s+(?P<destination>[0-9A-F]{8})\s+(?P<gateway>[0-9A-F]{8})\s+"
    r"(?P<flags>[0-9A-F]{4})\s+-?\d+\s+-?\d+\s+-?\d+\s+(?P<mask>[0-9A-F]{8})\b"
)
GATEWAY, REJECT = 0x2, 0x200  # RTF_GATEWAY, RTF_REJECT
LEAF = regex(rf"\s*\|-- (?P<address>{IPV4})$")
LOCAL = regex(r"\s*/32 host LOCAL$")


def parse_addresses(part: Part) -> Parsed:
    """Return the interfaces of `ip addr`, `ip link` or ifconfig, in the order of the listing."""
    links: dict[str, Link] = {}
    open_link: Link | None = None
    leaf = ""
    local: dict[str, Quote] = {}
    connected: list[tuple[str, str]] = []
    for line, here in lines_of(part):
        if found := LEAF.match(line):
            leaf = found["address"]
            continue
        if leaf and LOCAL.match(line):
            local.setdefault(leaf, here)
            continue
        if found := PROC_ROUTE.match(line):
            if not int(found["flags"], 16) & (GATEWAY | REJECT) and len(connected) < MOST_NETWORKS:
                connected.append((found["device"], destination_of(found)))
            continue
        text = line.partition("\\ ")[0] if " inet" in line else line
        if head := HEAD.match(text) or NEW_IFCONFIG.match(text) or OLD_IFCONFIG.match(text):
            open_link = link_named(links, head["name"], here)
            described(open_link, head.groupdict().get("flags") or "", head["rest"])
            continue
        if head := ONE_LINE.match(text):
            open_link = link_named(links, head["name"], here)
        elif brief := BRIEF.match(text):
            open_link = link_named(links, brief["name"], here)
            open_link.state = brief["state"]
            for word in (brief["rest"] or "").split():
                if BRIEF_ADDRESS.match(word) and not re.match(r"(?:[0-9a-f]{2}:){5}", word):
                    add(open_link, word, here)
                elif word.startswith("<"):
                    open_link.flags = tuple(word.strip("<>").split(","))
            continue
        elif (old := OLD_FLAGS.match(text)) and open_link:
            open_link.flags = tuple(old["flags"].split())
            open_link.mtu = int(old["mtu"])
            continue
        if inet := INET.search(text):
            if open_link is None and (label := LABEL.search(text)):
                orphan = link_named(links, label["label"], here)
                add(orphan, with_length(inet, text), here)
            elif open_link is not None:
                add(open_link, with_length(inet, text), here)
    for device, address, here in placed(local, connected):
        add(link_named(links, device, here), address, here)
    items = tuple(
        Interface(
            subject=part.subject,
            origin=part.origin,
            quote=link.address_quote or link.quote,
            name=link.name,
            addresses=tuple(link.addresses),
            state=link.state,
            flags=link.flags,
            mtu=link.mtu,
            master=link.master,
        )
        for link in links.values()
    )
    return Parsed(items=items, gaps=() if items else nothing(part))


def placed(
    local: dict[str, Quote], connected: list[tuple[str, str]]
) -> Iterator[tuple[str, str, Quote]]:
    """Yield (device, address with length, quote) of local addresses, by the connected networks.

    A network's own address is none of an interface in it: flannel.1 has that of the node's range.
    """
    networks = [(device, ipaddress.IPv4Network(cidr, strict=False)) for device, cidr in connected]
    for text, here in local.items():
        try:
            address = ipaddress.IPv4Address(text)
        except ValueError:
            continue
        holds = [
            (network.prefixlen, device)
            for device, network in networks
            if address in network and address != network.network_address
        ]
        if holds:
            length, device = max(holds)
            yield device, f"{text}/{length}", here
        elif address.is_loopback:
            yield "lo", f"{text}/8", here


def destination_of(found: re.Match[str]) -> str:
    """Return the destination of a row of /proc/net/route as a CIDR."""
    return f"{turned(found['destination'])}/{length_of(turned(found['mask']))}"


def turned(digits: str) -> str:
    """Return the address of 8 hexadecimal digits in the order of a little-endian machine."""
    return ".".join(str(one) for one in reversed(bytes.fromhex(digits)))


def link_named(links: dict[str, Link], name: str, here: Quote) -> Link:
    """Return the link of a name, without the peer or alias that may follow it."""
    bare = name.partition("@")[0].partition(":")[0]
    if len(links) >= MOST_ITEMS:
        return Link(bare, here)
    return links.setdefault(bare, Link(bare, here))


def described(link: Link, flags: str, rest: str) -> None:
    """Note what the head of an interface says of it."""
    if flags:
        link.flags = tuple(flags.split(","))
    for pattern in (MTU, STATE, MASTER):
        if found := pattern.search(rest):
            if pattern is MTU:
                link.mtu = int(found["mtu"])
            elif pattern is STATE:
                link.state = found["state"]
            else:
                link.master = found["master"]


def add(link: Link, address: str, here: Quote) -> None:
    """Note an address of an interface; its first one is what is quoted."""
    if len(link.addresses) < MOST_ITEMS:
        link.addresses[address] = None
    link.address_quote = link.address_quote or here


def with_length(inet: re.Match[str], text: str) -> str:
    """Return an address with its prefix length, taken from a netmask where it must be."""
    address = inet["address"]
    if inet["length"]:
        return f"{address}/{inet['length']}"
    if inet["peer_length"]:
        return f"{address}/{inet['peer_length']}"
    if mask := MASK.search(text, inet.end()):
        if mask["length"]:
            return f"{address}/{mask['length']}"
        return f"{address}/{length_of(mask['mask'])}"
    return f"{address}/{128 if ':' in address else 32}"


def length_of(mask: str) -> int:
    """Return the prefix length of a netmask, dotted or as a hexadecimal number; 32 of a bad one."""
    try:
        number = int(mask, 16) if mask.startswith("0x") else int(ipaddress.IPv4Address(mask))
    except ValueError:
        return 32
    bits = f"{number:032b}"
    return bits.count("1") if "01" not in bits else 32


# ---------------------------------------------------------------- routes

ROUTE_TYPES = r"unicast|local|broadcast|multicast|throw|unreachable|prohibit|blackhole|nat|anycast"
IP_ROUTE = regex(
    rf"\s*(?:(?P<type>{ROUTE_TYPES}) )?"
    rf"(?P<destination>default|(?:{IPV4}|{IPV6}|\d{{1,3}}(?:\.\d{{1,3}}){{0,2}})(?:/\d{{1,3}})?)"
    r"(?P<rest>\s+(?:via|dev|proto|scope|src|metric|onlink|nhid|from|table|encap|pref|linkdown|"
    r"expires|error)\b.*|\s*)$"
)
NEXT_HOP = regex(r"\s*nexthop (?P<rest>.+)")
VIA = regex(rf"\bvia (?:inet6? )?(?P<via>{IPV4}|{IPV6})")
DEV = regex(r"\bdev (?P<dev>[\w.@:-]{1,40})")
TABLE_ROUTE = regex(
    rf"\s*(?P<destination>default|{IPV4})\s+(?P<gateway>\S{{1,253}})\s+(?P<mask>{IPV4})\s+"
    r"(?P<flags>[A-Z!]{1,8})\s+(?P<rest>\S.*)?$"
)
REJECTED = regex(rf"\s*(?P<destination>{IPV4})\s+-\s+(?P<mask>{IPV4})\s+!")
TABLE_ROUTE6 = regex(
    rf"\s*(?P<destination>{IPV6}/\d{{1,3}})\s+(?P<gateway>\[?::\]?|{IPV6})\s+"
    r"(?P<flags>[A-Z!]\w{0,8})\s+(?P<rest>\S.*)$"
)


def parse_routes(part: Part) -> Parsed:
    """Return the routes of `ip route`, `route -n`, `netstat -rn` or /proc/net/route.

    A `route get` tells none.
    """
    if re.search(r"\broute get\b|\br g(?:et)? ", part.command):
        return Parsed()
    routes: list[Route] = []

    def route(here: Quote, destination: str, via: str, device: str, kind: str) -> None:
        routes.append(Route(part.subject, part.origin, here, cidr(destination), via, device, kind))

    for line, here in lines_of(part):
        if len(routes) >= MOST_ITEMS:
            break
        if hop := NEXT_HOP.match(line):
            via, device = hop_of(hop["rest"])
            last = routes[-1] if routes else None
            if last and not last.via and not last.device:
                routes.pop()
            if last:
                route(here, last.destination, via, device, last.type)
        elif found := IP_ROUTE.match(line):
            via, device = hop_of(found["rest"])
            route(here, found["destination"], via, device, found["type"] or "unicast")
        elif found := TABLE_ROUTE.match(line) or TABLE_ROUTE6.match(line):
            destination = found["destination"]
            if "mask" in found.groupdict() and destination != "default":
                destination = f"{destination}/{length_of(found['mask'])}"
            gateway = found["gateway"].strip("[]")
            direct = gateway in {"0.0.0.0", "*", "::", "-"} or "G" not in found["flags"]
            words = (found["rest"] or "").split()
            kind = "unreachable" if "!" in found["flags"] else "unicast"
            device = words[-1].strip("-") if words else ""
            route(here, destination, "" if direct else gateway, device, kind)
        elif found := PROC_ROUTE.match(line):
            flags = int(found["flags"], 16)
            via = turned(found["gateway"]) if flags & GATEWAY else ""
            kind = "unreachable" if flags & REJECT else "unicast"
            route(here, destination_of(found), via, found["device"], kind)
        elif found := REJECTED.match(line):
            destination = f"{found['destination']}/{length_of(found['mask'])}"
            route(here, destination, "", "", "unreachable")
    return Parsed(items=tuple(routes), gaps=() if routes else nothing(part))


def hop_of(text: str) -> tuple[str, str]:
    """Return (gateway, device) of what follows a destination."""
    via, device = VIA.search(text), DEV.search(text)
    return via["via"] if via else "", device["dev"] if device else ""


def cidr(destination: str) -> str:
    """Return a destination as a CIDR, or "default"; abbreviated ones (10/8) are written out."""
    if destination in {"default", "0.0.0.0/0", "::/0"}:
        return "default"
    address, slash, length = destination.partition("/")
    if ":" in address:
        return destination if slash else f"{address}/128"
    octets = address.split(".")
    whole = ".".join((octets + ["0"] * 4)[:4])
    return f"{whole}/{length if slash else 8 * len(octets)}"


# ---------------------------------------------------------------- packet filter rules

HOOKS = ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING")  # in the order of listings
BUILT_IN = frozenset(HOOKS)
# The built-in chains that a listing of the whole table shows.
CHAINS = {
    "filter": frozenset({"INPUT", "FORWARD", "OUTPUT"}),
    "nat": frozenset({"PREROUTING", "OUTPUT", "POSTROUTING"}),
    "mangle": BUILT_IN,
    "raw": frozenset({"PREROUTING", "OUTPUT"}),
}
OWNERS = ("KUBE-", "CNI-", "CILIUM", "cali-", "FLANNEL", "DOCKER", "LIBVIRT")
OF_NAT = regex(
    r"(?:^|\s)(?:DNAT|SNAT|MASQUERADE|REDIRECT|KUBE-(?:SVC|SEP|MARK-MASQ|MARK-DROP|NODEPORTS|POSTROUTING"
    r"|EXT|FW)\S*)(?:\s|$)"
)
GENERATED = regex(r"# (?:Generated|Completed) by (?P<six>ip6)?(?:ip)?tables")
ELSEWHERE = regex(r"# Warning: ip6?tables(?:-legacy)? tables present")
SAVED_TABLE = regex(r"\*(?P<table>nat|filter|mangle|raw|security)$")
SAVED_CHAIN = regex(r":(?P<chain>[\w:.-]{1,60}) (?P<policy>ACCEPT|DROP|-)(?: \[\d+:\d+\])?")
SET_POLICY = regex(r"-P (?P<chain>[\w:.-]{1,60}) (?P<policy>ACCEPT|DROP)")
NEW_CHAIN = regex(r"-N (?P<chain>[\w:.-]{1,60})$")
APPENDED = regex(r"(?:\[\d+:\d+\] )?-[AI] (?P<chain>[\w:.-]{1,60})(?: (?P<rest>.*))?$")
JUMP = regex(r"(?:^|\s)(?:-j|-g|--jump|--goto) (?P<target>[\w:.-]{1,60})")
LISTED_CHAIN = regex(
    r"Chain (?P<chain>[\w:.-]{1,60}) \((?:policy (?P<policy>[A-Z]+)|-?\d+ references?)"
)
COLUMNS = regex(r"(?P<num>num\s+)?(?P<packets>pkts\s+bytes\s+)?target\s+prot")
OPTIONS = frozenset({"--", "-f", "!f"})
COMMAND_TABLE = regex(r"(?:-t|--table)[ =]?(?P<table>nat|filter|mangle|raw|security)\b")
ONE_CHAIN = regex(r"(?:-\w*[LS]\w*|--list(?:-rules)?) +(?P<chain>[A-Z][\w:.-]+)")
SIFTED = regex(r"\|\s*(?:e|f|z)?grep\b|\|\s*(?:awk|sed|head|tail|less)\b|\bgrep ")
ELIDED = regex(r"\s*(?:\.\.\.|…|\[\.\.\.\]|<snip>|\(\.\.\.\))")
NFT_TABLE = regex(r"table (?:(?P<family>ip6?|inet|bridge|arp|netdev) )?(?P<table>[\w.-]{1,60}) \{")
NFT_CHAIN = regex(r"\s*(?P<what>chain|map|set|flowtable) (?P<chain>[\w.-]{1,60}) \{")
NFT_HOOK = regex(r"\s*type \w+ hook (?P<hook>\w+) (?:.*policy (?P<policy>\w+);\s*$)?")
NFT_TARGET = regex(
    r"(?:jump|goto) (?P<target>[\w.-]{1,60})|\b(?P<verdict>accept|drop|reject|masquerade|dnat|snat"
    r"|return|redirect)\b"
)


@dataclass
class Table:
    """One table while its lines are read; `name` is "" until its chains tell it."""

    name: str = ""
    six: bool = False
    quote: Quote | None = None
    policies: dict[str, str] = field(default_factory=dict)
    policy_quotes: dict[str, Quote] = field(default_factory=dict)
    chains: set[str] = field(default_factory=set)
    rules: list[tuple[str, str, str, Quote]] = field(default_factory=list)
    saved: bool = False
    complete: bool = False
    names: bool = False  # a listing with names instead of addresses


@dataclass
class Dump:
    """A part of packet filter rules while it is read."""

    part: Part
    tables: list[Table] = field(default_factory=list)
    six: bool = False
    sifted: bool = False
    elsewhere: Quote | None = None
    listed: str = ""  # the chain whose rows are read
    counted: tuple[bool, bool] = (False, False)
    depth: int = 0  # of braces, inside of nft's tables
    many: bool = False
    count: int = 0

    def table(self, here: Quote) -> Table:
        """Return the table that is open; a line outside of any opens one."""
        return self.tables[-1] if self.tables else self.next(here)

    def next(self, here: Quote, name: str = "") -> Table:
        """Open a table and return it."""
        self.tables.append(Table(name, self.six, here))
        return self.tables[-1]


def parse_filter_rules(part: Part) -> Parsed:
    """Return the rules of one dump of iptables or nftables, with what of it is not shown."""
    dump = Dump(part, six="ip6tables" in part.command)
    dump.sifted = bool(SIFTED.search(part.command))
    for line, here in lines_of(part):
        if dump.count >= MOST_ITEMS:
            dump.many = True
            break
        if dump.depth:
            nft_line(dump, line, here)
        elif not saved_line(dump, line, here) and not listed_line(dump, line, here):
            if found := NFT_TABLE.match(line):
                family = found["family"] or "ip"
                name = found["table"] if family in {"ip", "inet"} else f"{family} {found['table']}"
                dump.next(here, name).saved = True
                dump.depth = line.count("{") - line.count("}")
            elif ELIDED.match(line):
                dump.sifted = True
    for table in dump.tables:
        named(table, part)
    return finished(dump)


def saved_line(dump: Dump, line: str, here: Quote) -> bool:
    """Read a line of iptables-save or `iptables -S`; whether it is one."""
    text = line.strip()
    if generated := GENERATED.match(text):
        dump.six = bool(generated["six"])
    elif ELSEWHERE.match(text):
        dump.elsewhere = here
    elif found := SAVED_TABLE.match(text):
        table = dump.next(here, found["table"])
        table.saved = True
    elif text == "COMMIT":
        if dump.tables and dump.tables[-1].saved:
            dump.tables[-1].complete = True
    elif found := SAVED_CHAIN.match(text) or SET_POLICY.match(text) or NEW_CHAIN.match(text):
        table = dump.table(here)
        table.chains.add(found["chain"])
        policy = found.groupdict().get("policy") or "-"
        if policy != "-":
            table.policies[found["chain"]] = policy
            table.policy_quotes[found["chain"]] = here
    elif found := APPENDED.match(text):
        rest = found["rest"] or ""
        jump = JUMP.search(rest)
        table = dump.table(here)
        table.rules.append((found["chain"], text, jump["target"] if jump else "", here))
        dump.count += 1
    else:
        return False
    return True


NO_ENDPOINTS = " has no endpoints */"  # kube-proxy's comment tells what a rule is, alone too


def listed_line(dump: Dump, line: str, here: Quote) -> bool:
    """Read a line of `iptables -L`; whether it is one."""
    if found := LISTED_CHAIN.match(line.strip()):
        table = dump.table(here)
        if begins_another(table, found["chain"]):
            table = dump.next(here)
        dump.listed = found["chain"]
        table.chains.add(dump.listed)
        if found["policy"]:
            table.policies[dump.listed] = found["policy"]
            table.policy_quotes[dump.listed] = here
        return True
    if found := COLUMNS.match(line.strip()):
        dump.counted = (bool(found["num"]), bool(found["packets"]))
        return True
    if not dump.listed and NO_ENDPOINTS not in line:
        return False
    words = line.split()
    before = next((at for at, word in enumerate(words[:6]) if word in OPTIONS), 0)
    if not before or len(words) < before + 3:
        return False
    skipped = int(dump.counted[0]) + 2 * int(dump.counted[1])
    target = words[before - 2] if before - 2 >= skipped else ""
    table = dump.table(here)
    table.rules.append((dump.listed, line.strip(), target, here))
    table.names = table.names or "anywhere" in words
    dump.count += 1
    return True


def begins_another(table: Table, chain: str) -> bool:
    """Whether a chain is of another table: seen before, or built in and out of order."""
    if chain not in BUILT_IN:
        return chain in table.chains
    return any(one not in HOOKS[: HOOKS.index(chain)] for one in table.chains)


def nft_line(dump: Dump, line: str, here: Quote) -> None:
    """Read a line inside of a table of nftables."""
    table = dump.tables[-1]
    dump.depth += line.count("{") - line.count("}")
    text = line.strip()
    if found := NFT_CHAIN.match(line):
        dump.listed = found["chain"]
        if found["what"] == "chain":
            table.chains.add(dump.listed)
    elif hook := NFT_HOOK.match(line):
        if hook["policy"]:
            table.policies[dump.listed] = hook["policy"].upper()
            table.policy_quotes[dump.listed] = here
    elif ELIDED.match(line):
        dump.sifted = True
    elif text not in {"}", "};"} and dump.listed:
        found = NFT_TARGET.search(text)
        target = (found["target"] or found["verdict"].upper()) if found else ""
        table.rules.append((dump.listed, text, target, here))
        dump.count += 1
    if dump.depth <= 0:
        dump.depth, dump.listed = 0, ""
        table.complete = True


def named(table: Table, part: Part) -> None:
    """Give a table its name: by its head, the command, its built-in chains, or its targets."""
    if not table.name:
        told = COMMAND_TABLE.search(part.command)
        shown = table.chains & BUILT_IN
        if told:
            table.name = told["table"]
        elif {"PREROUTING", "FORWARD"} <= shown:
            table.name = "mangle"
        elif "POSTROUTING" in shown:
            table.name = "nat"
        elif shown & {"INPUT", "FORWARD"}:
            table.name = "filter"
        elif any(OF_NAT.search(text) for _, text, _, _ in table.rules[:1000]):
            table.name = "nat"
        else:
            table.name = "filter"
        shows_all = CHAINS.get(table.name, BUILT_IN) <= shown and not ONE_CHAIN.search(part.command)
        led_to = {target for _, _, target, _ in table.rules if target.startswith(OWNERS)}
        table.complete = shows_all and led_to <= table.chains
    if table.six or any(
        re.search(r"\s::/0|\s-[sd] [0-9a-f:]*::", one[1]) for one in table.rules[:50]
    ):
        table.name = table.name if table.name.startswith("ip6 ") else f"ip6 {table.name}"


def finished(dump: Dump) -> Parsed:
    """Return the rules of a dump and the gaps of what it does not show."""
    part = dump.part
    if not any(table.rules or table.chains or table.saved for table in dump.tables):
        return Parsed(gaps=nothing(part))
    shown = [table for table in dump.tables if table.complete and not table.names]
    gaps = tuple(
        Gap(f"{part.origin} as {part.kind.value}", GapKind.PARTIAL, because, ask)
        for holds, because, ask in (
            (dump.sifted, "only some of the lines are shown", "iptables-save"),
            (
                dump.elsewhere is not None,
                "further rules are in iptables-legacy",
                "iptables-legacy-save",
            ),
            (
                any(table.names for table in dump.tables),
                "names stand where addresses are",
                "iptables -L -n, or iptables-save",
            ),
            (
                any(table.saved and not table.complete for table in dump.tables),
                "the last table is cut",
                "iptables-save",
            ),
            (dump.many, f"more than {MOST_ITEMS} rules: the rest was left out", ""),
        )
        if holds
    )
    whole = not (dump.sifted or dump.elsewhere or dump.many)
    return Parsed(
        items=(
            FilterRules(
                subject=part.subject,
                origin=part.origin,
                quote=quote_of(dump.tables),
                rules=tuple(
                    FilterRule(table.name, chain, text, target, here)
                    for table in dump.tables
                    for chain, text, target, here in table.rules
                ),
                policies={
                    (table.name, chain): policy
                    for table in dump.tables
                    for chain, policy in table.policies.items()
                },
                policy_quotes={
                    (table.name, chain): quote
                    for table in dump.tables
                    for chain, quote in table.policy_quotes.items()
                },
                tables=tuple(dict.fromkeys(table.name for table in shown)) if whole else (),
                chains=frozenset(
                    (table.name, chain) for table in dump.tables for chain in table.chains
                ),
                elsewhere=dump.elsewhere,
            ),
        ),
        gaps=gaps,
    )


def quote_of(tables: Iterable[Table]) -> Quote:
    """Return the line that heads the nat table, else that of the first table."""
    quotes = [(table.name, table.quote) for table in tables if table.quote]
    return next((quote for name, quote in quotes if name == "nat"), quotes[0][1])
