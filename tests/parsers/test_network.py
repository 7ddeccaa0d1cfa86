"""Addresses, routes and rules of nodes in each form that tools print them."""

from hypothesis import given
from hypothesis import strategies as st

from diagnose.facts.node_network import FilterRules, Interface, Route
from diagnose.model import GapKind, Subject
from diagnose.parsers.network import parse_addresses, parse_filter_rules, parse_routes
from diagnose.parts import Kind, Part

NODE = Subject("Node", "node-7")


def interfaces(text: str) -> dict[str, Interface]:
    """Return the interfaces of a text by name."""
    parsed = parse_addresses(Part(Kind.ADDRESSES, "o", text, subject=NODE))
    return {one.name: one for one in parsed.items if isinstance(one, Interface)}


def routes(text: str) -> list[tuple[str, str, str, str]]:
    """Return (destination, gateway, device, type) of the routes of a text."""
    parsed = parse_routes(Part(Kind.ROUTES, "o", text, subject=NODE))
    return [
        (one.destination, one.via, one.device, one.type)
        for one in parsed.items
        if isinstance(one, Route)
    ]


def rules(text: str, command: str = "") -> FilterRules:
    """Return the rules of a text."""
    part = Part(Kind.FILTER_RULES, "o", text, subject=NODE, command=command)
    (item,) = parse_filter_rules(part).items
    assert isinstance(item, FilterRules)
    return item


def gaps(text: str, command: str = "") -> list[GapKind]:
    """Return the kinds of the gaps of a dump of rules."""
    part = Part(Kind.FILTER_RULES, "o", text, command=command)
    return [gap.kind for gap in parse_filter_rules(part).gaps]


IP_ADDR = """\
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
4: cni0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue state UP group default qlen 1000
    link/ether 0a:58:0a:c8:03:01 brd ff:ff:ff:ff:ff:ff
    inet 10.200.3.1/24 brd 10.200.3.255 scope global cni0
       valid_lft forever preferred_lft forever
    inet6 fe80::858:aff:fec8:301/64 scope link
5: vethf00@if3: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue master cni0 state UP
"""


def test_ip_addr_tells_addresses_flags_and_master() -> None:
    """The whole listing; the peer behind @ is not part of the name."""
    found = interfaces(IP_ADDR)
    assert list(found) == ["lo", "cni0", "vethf00"]
    bridge = found["cni0"]
    assert bridge.addresses == ("10.200.3.1/24", "fe80::858:aff:fec8:301/64")
    assert (bridge.state, bridge.mtu, bridge.subject) == ("UP", 1450, NODE)
    assert bridge.flags == ("BROADCAST", "MULTICAST", "UP", "LOWER_UP")
    assert found["vethf00"].master == "cni0"


def test_the_first_address_is_quoted() -> None:
    """What a comparison of addresses rests on is the address, not the head."""
    assert interfaces(IP_ADDR)["cni0"].quote.line == 7
    assert interfaces(IP_ADDR)["vethf00"].quote.line == 10


def test_brief_and_one_line_forms() -> None:
    """`ip -br a` and `ip -o a` tell the same addresses."""
    brief = interfaces(
        "lo               UNKNOWN        127.0.0.1/8 ::1/128\n"
        "cni0             UP             10.200.3.1/24 fe80::858/64\n"
        "vethf00@if3      UP             0a:58:0a:c8:03:01 <BROADCAST,UP>\n"
        "eth1             DOWN\n"
    )
    assert brief["cni0"].addresses == ("10.200.3.1/24", "fe80::858/64")
    assert brief["vethf00"].addresses == ()
    assert brief["eth1"].state == "DOWN"
    line = (
        r"4: cni0    inet 10.200.3.1/24 brd 10.200.3.255 scope global cni0\       valid_lft forever"
    )
    assert interfaces(line)["cni0"].addresses == ("10.200.3.1/24",)


def test_ifconfig_old_and_new() -> None:
    """Netmasks become prefix lengths."""
    found = interfaces(
        "cni0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1450\n"
        "        inet 10.200.3.1  netmask 255.255.255.0  broadcast 10.200.3.255\n"
        "        inet6 fe80::858  prefixlen 64  scopeid 0x20<link>\n\n"
        "docker0   Link encap:Ethernet  HWaddr 02:42:00:00:00:01\n"
        "          inet addr:172.17.0.1  Bcast:172.17.255.255  Mask:255.255.0.0\n"
        "          inet6 addr: fe80::42/64 Scope:Link\n"
        "          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1\n"
    )
    assert found["cni0"].addresses == ("10.200.3.1/24", "fe80::858/64")
    assert found["docker0"].addresses == ("172.17.0.1/16", "fe80::42/64")
    assert (found["docker0"].mtu, found["docker0"].flags[0]) == (1500, "UP")


def test_an_address_without_its_head_goes_by_its_label() -> None:
    """`ip a | grep inet` leaves only the labels."""
    found = interfaces("    inet 10.200.3.1/24 brd 10.200.3.255 scope global cni0\n")
    assert found["cni0"].addresses == ("10.200.3.1/24",)


def test_a_failing_command_is_a_gap() -> None:
    """No interface is made of an error."""
    parsed = parse_addresses(Part(Kind.ADDRESSES, "o", 'Device "cni0" does not exist.'))
    assert (parsed.items, len(parsed.gaps)) == ((), 1)


def test_ip_route_with_types_and_next_hops() -> None:
    """Unreachable and blackhole routes keep their type; every next hop is a route."""
    assert routes(
        "default via 192.0.2.1 dev eth0 proto dhcp metric 100\n"
        "10.200.3.0/24 dev cni0 proto kernel scope link src 10.200.3.1\n"
        "10.200.4.0/24 via 10.200.4.0 dev flannel.1 onlink\n"
        "blackhole 10.201.0.0/16\n"
        "unreachable 10.32.0.0/16 metric 4278198272\n"
        "192.0.2.9 dev cali7 scope link\n"
        "10.9.0.0/16 proto static\n"
        "\tnexthop via 192.0.2.2 dev eth0 weight 1\n"
        "\tnexthop via 192.0.2.3 dev eth1 weight 1\n"
    ) == [
        ("default", "192.0.2.1", "eth0", "unicast"),
        ("10.200.3.0/24", "", "cni0", "unicast"),
        ("10.200.4.0/24", "10.200.4.0", "flannel.1", "unicast"),
        ("10.201.0.0/16", "", "", "blackhole"),
        ("10.32.0.0/16", "", "", "unreachable"),
        ("192.0.2.9/32", "", "cali7", "unicast"),
        ("10.9.0.0/16", "192.0.2.2", "eth0", "unicast"),
        ("10.9.0.0/16", "192.0.2.3", "eth1", "unicast"),
    ]


def test_route_n_and_netstat() -> None:
    """Netmasks become prefix lengths; a rejecting route is unreachable."""
    assert routes(
        "Kernel IP routing table\n"
        "Destination     Gateway         Genmask         Flags Metric Ref    Use Iface\n"
        "0.0.0.0         192.0.2.1       0.0.0.0         UG    100    0        0 eth0\n"
        "10.200.3.0      0.0.0.0         255.255.255.0   U     0      0        0 cni0\n"
        "10.32.0.0       -               255.255.0.0     !     0      -        0 -\n"
        "fd00:200::/64                  ::                         U    256 1     0 cni0\n"
    ) == [
        ("default", "192.0.2.1", "eth0", "unicast"),
        ("10.200.3.0/24", "", "cni0", "unicast"),
        ("10.32.0.0/16", "", "", "unreachable"),
        ("fd00:200::/64", "", "cni0", "unicast"),
    ]


def test_route_get_is_no_route() -> None:
    """The way to one address is not an entry of the table."""
    parsed = parse_routes(
        Part(
            Kind.ROUTES, "o", "10.32.0.10 via 192.0.2.1 dev eth0", command="ip route get 10.32.0.10"
        )
    )
    assert (parsed.items, parsed.gaps) == ((), ())


SAVED = """\
# Generated by iptables-save v1.8.9 on Mon Mar  4 10:00:00 2024
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:KUBE-SERVICES - [0:0]
[12:720] -A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A KUBE-SERVICES -d 10.32.0.10/32 -p udp -m udp --dport 53 -j KUBE-SVC-TCOU7JCQXEZGVUNU
COMMIT
*filter
:FORWARD DROP [5:300]
COMMIT
"""


def test_a_saved_dump_tells_tables_policies_and_targets() -> None:
    """Tables are whole up to their COMMIT; counters before a rule do not hide it."""
    dump = rules(SAVED)
    assert dump.tables == ("nat", "filter")
    assert dump.policies == {
        ("nat", "PREROUTING"): "ACCEPT",
        ("nat", "OUTPUT"): "ACCEPT",
        ("filter", "FORWARD"): "DROP",
    }
    assert [(one.table, one.chain, one.target) for one in dump.rules] == [
        ("nat", "PREROUTING", "KUBE-SERVICES"),
        ("nat", "KUBE-SERVICES", "KUBE-SVC-TCOU7JCQXEZGVUNU"),
    ]
    assert "10.32.0.10/32" in dump.rules[1].text
    assert (dump.quote.text, dump.rules[1].quote.line) == ("*nat", 7)
    assert gaps(SAVED) == []


def test_a_cut_table_is_not_whole() -> None:
    """Where the end is missing, the absence of a rule proves nothing."""
    cut = SAVED.partition("COMMIT")[0]
    assert rules(cut).tables == ()
    assert gaps(cut) == [GapKind.PARTIAL]


def test_what_grep_left_is_not_whole() -> None:
    """A sieve leaves out what the question may be about."""
    assert rules(SAVED, command="iptables-save | grep -v KUBE").tables == ()
    assert rules(SAVED.replace("COMMIT\n*filter", "...\nCOMMIT\n*filter")).tables == ()


def test_rules_that_the_other_flavour_holds_are_a_gap() -> None:
    """iptables-nft warns that it does not show the legacy tables."""
    warning = "# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n"
    assert rules(SAVED + warning).tables == ()
    assert gaps(SAVED + warning) == [GapKind.PARTIAL]


def test_tables_of_ipv6_are_apart() -> None:
    """A dump of ip6tables says nothing about an IPv4 Service address."""
    dump = rules(SAVED.replace("by iptables-save", "by ip6tables-save"))
    assert dump.tables == ("ip6 nat", "ip6 filter")


def test_dash_s_takes_its_table_from_the_command() -> None:
    """`iptables -t nat -S` prints no head; its built-in chains show that it is whole."""
    text = (
        "-P PREROUTING ACCEPT\n-P INPUT ACCEPT\n-P OUTPUT ACCEPT\n-P POSTROUTING ACCEPT\n"
        "-N KUBE-SERVICES\n-A PREROUTING -j KUBE-SERVICES\n"
    )
    for command in ("iptables -t nat -S", ""):
        dump = rules(text, command)
        assert dump.tables == ("nat",)
        assert dump.rules[0].target == "KUBE-SERVICES"


LISTED = """\
Chain INPUT (policy ACCEPT 0 packets, 0 bytes)
num   pkts bytes target     prot opt in     out     source               destination
1       10   800 KUBE-FIREWALL  all  --  *      *       0.0.0.0/0            0.0.0.0/0
2        0     0            all  --  *      *       0.0.0.0/0            0.0.0.0/0

Chain FORWARD (policy DROP 0 packets, 0 bytes)
num   pkts bytes target     prot opt in     out     source               destination

Chain OUTPUT (policy ACCEPT)
target     prot opt source               destination
KUBE-FIREWALL  0    --  0.0.0.0/0            0.0.0.0/0

Chain KUBE-FIREWALL (2 references)
target     prot opt source               destination
DROP       all  --  0.0.0.0/0            0.0.0.0/0            mark match 0x8000/0x8000
"""


def test_a_listing_with_numbers_and_counters() -> None:
    """Columns before the target are told by the heads; a rule may lack a target."""
    dump = rules(LISTED, "iptables -L -nv --line-numbers")
    assert dump.tables == ("filter",)
    assert dump.policies["filter", "FORWARD"] == "DROP"
    assert [(one.chain, one.target) for one in dump.rules] == [
        ("INPUT", "KUBE-FIREWALL"),
        ("INPUT", ""),
        ("OUTPUT", "KUBE-FIREWALL"),
        ("KUBE-FIREWALL", "DROP"),
    ]


def test_a_listing_that_leads_to_chains_not_shown_is_not_whole() -> None:
    """Pasted without its end, a listing lacks the chains that rules lead to."""
    assert rules(LISTED.partition("Chain KUBE-FIREWALL")[0]).tables == ()


def test_a_listing_with_names_is_not_whole() -> None:
    """Without -n an address may stand as a name: its absence proves nothing."""
    text = LISTED.replace("0.0.0.0/0", "anywhere ")
    assert rules(text).tables == ()
    assert gaps(text) == [GapKind.PARTIAL]


def test_two_listings_after_each_other_are_two_tables() -> None:
    """A chain that comes again begins another table."""
    nat = "".join(
        f"Chain {name} (policy ACCEPT)\ntarget     prot opt source    destination\n\n"
        for name in ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING")
    )
    assert rules(LISTED + nat).tables == ("filter", "nat")


def test_one_chain_is_not_the_table() -> None:
    """What one chain holds says nothing about the others."""
    text = (
        "Chain KUBE-SERVICES (2 references)\ntarget     prot opt source    destination\n"
        "KUBE-SVC-TCOU7JCQXEZGVUNU  udp  --  0.0.0.0/0  10.32.0.10  udp dpt:53\n"
    )
    dump = rules(text, "iptables -t nat -nL KUBE-SERVICES")
    assert (dump.tables, dump.rules[0].table) == ((), "nat")


def test_an_nft_ruleset_tells_tables_and_elements() -> None:
    """kube-proxy's nftables mode keeps Service addresses in a map of its own table."""
    dump = rules(
        "table ip kube-proxy {\n\tmap service-ips {\n\t\ttype ipv4_addr : verdict\n"
        "\t\telements = { 10.32.0.10 . udp . 53 : goto service-X }\n\t}\n"
        "\tchain input {\n\t\ttype filter hook input priority 0; policy accept;\n"
        "\t\tcounter packets 0 bytes 0 drop\n\t}\n}\ntable ip6 nat {\n\tchain A {\n"
    )
    assert dump.tables == ("kube-proxy",)
    assert any("10.32.0.10" in one.text for one in dump.rules)
    assert dump.policies == {("kube-proxy", "input"): "ACCEPT"}
    assert dump.rules[-1].target == "DROP"


def test_a_refused_iptables_is_a_gap() -> None:
    """Without root there are no rules to speak of."""
    text = "iptables v1.8.9 (nf_tables): Could not fetch rule set generation id: Permission denied"
    assert parse_filter_rules(Part(Kind.FILTER_RULES, "o", text)).items == ()
    assert gaps(text) == [GapKind.DENIED]


LINES = st.sampled_from(
    [*IP_ADDR.splitlines(), *SAVED.splitlines(), *LISTED.splitlines(), "table ip x {", "}",
     "chain a {", "nexthop via 10.0.0.1", "default", "blackhole 10/8", "...", "inet 300.1.1.1/99",
     "inet 10.0.0.1 netmask 255.0.255.0", "0.0.0.0 0.0.0.0 9.9.9.999 U 0 0 0 x"]
)  # fmt: skip


@given(st.lists(st.one_of(LINES, st.text(max_size=60))).map("\n".join))
def test_no_text_makes_a_parser_raise(text: str) -> None:
    """Whatever is pasted, the parsers return no more than one item a line."""
    for kind, reader in (
        (Kind.ADDRESSES, parse_addresses),
        (Kind.ROUTES, parse_routes),
        (Kind.FILTER_RULES, parse_filter_rules),
    ):
        assert len(reader(Part(kind, "o", text)).items) <= text.count("\n") + 1


# ---------------------------------------------------------------- without a node's tools

PROC_ROUTE = """\
Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	35004D0A	0003	0	0	0	00000000	0	0	0
eth0	00004D0A	00000000	0001	0	0	0	00FFFFFF	0	0	0
cni0	0000C80A	00000000	0001	0	0	0	00FFFFFF	0	0	0
flannel.1	0001C80A	0001C80A	0003	0	0	0	00FFFFFF	0	0	0
*	0000FEA9	00000000	0201	0	0	0	0000FFFF	0	0	0
"""
FIB_TRIE = """\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 10.77.0.0/24 2 0 2
        |-- 10.77.0.0
           /24 link UNICAST
        |-- 10.77.0.11
           /32 host LOCAL
        |-- 10.77.0.255
           /32 link BROADCAST
     |-- 10.200.0.0
        /32 host LOCAL
     |-- 10.200.0.1
        /32 host LOCAL
     |-- 127.0.0.1
        /32 host LOCAL
"""


def test_busybox_ip() -> None:
    """The ip of busybox leaves the state out and names each veth's peer."""
    found = interfaces(
        "3: flannel.1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue \n"
        "    inet 10.200.0.0/32 scope global flannel.1\n"
        "9: vethc0@eth0: <BROADCAST,UP,LOWER_UP> mtu 1450 qdisc noqueue master cni0 \n"
    )
    assert (found["flannel.1"].addresses, found["flannel.1"].mtu) == (("10.200.0.0/32",), 1450)
    assert found["vethc0"].master == "cni0"
    assert routes("10.200.1.0/24 via 10.200.1.0 dev flannel.1 onlink \n") == [
        ("10.200.1.0/24", "10.200.1.0", "flannel.1", "unicast")
    ]


def test_routes_of_proc() -> None:
    """Numbers in the machine's order, flags for gateways and refusals."""
    assert routes(PROC_ROUTE) == [
        ("default", "10.77.0.53", "eth0", "unicast"),
        ("10.77.0.0/24", "", "eth0", "unicast"),
        ("10.200.0.0/24", "", "cni0", "unicast"),
        ("10.200.1.0/24", "10.200.1.0", "flannel.1", "unicast"),
    ]


def test_addresses_of_proc() -> None:
    """An address is of the interface whose network holds it; a network's own address of none."""
    found = interfaces("cni0: <> mtu 1450\neth0: <> mtu 1500\n" + PROC_ROUTE + FIB_TRIE)
    assert found["eth0"].addresses == ("10.77.0.11/24",)
    assert found["cni0"].addresses == ("10.200.0.1/24",)
    assert found["cni0"].mtu == 1450
    assert found["lo"].addresses == ("127.0.0.1/8",)
    assert "|-- 10.200.0.0" not in found["cni0"].quote.text


def test_chains_are_told_with_or_without_rules() -> None:
    """That a chain exists is knowledge of its own."""
    dump = rules("*nat\n:KUBE-SERVICES - [0:0]\n-A PREROUTING -j X\nCOMMIT\n")
    assert ("nat", "KUBE-SERVICES") in dump.chains


@given(st.text(alphabet="0123456789ABCDEF \t\n|-/+.ethLOCALhost", max_size=300))
def test_any_text_of_proc(text: str) -> None:
    """Nothing raises."""
    assert interfaces(text) is not None
    assert routes(text) is not None
