"""Whether rules of a node are for the overlay's packets, and what becomes of these."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.evidence import Evidence
from diagnose.facts.flannel import NetConf
from diagnose.facts.node_network import FilterRule, FilterRules, Interface
from diagnose.facts.nodes import Node
from diagnose.facts.overlay_filters import Fits, OverlayFilters, Packet, matches
from diagnose.model import Quote, Subject

HERE = Subject("Node", "worker-1")
INWARD = Packet(8472, True, ("192.0.2.11",), ("192.0.2.12", "192.0.2.13"), ("eth0",))
OUTWARD = Packet(8472, False, ("192.0.2.11",), ("192.0.2.12", "192.0.2.13"), ("eth0",))


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("-A INPUT -j DROP", Fits.YES),
        ("-A INPUT -p udp -m udp --dport 8472 -j DROP", Fits.YES),
        ("[3:180] -A INPUT -p udp --dport 8472 -j DROP", Fits.YES),
        ("-A INPUT -p udp -m multiport --dports 53,8000:9000 -j DROP", Fits.YES),
        ("-A INPUT -p udp --dport 4789 -j DROP", Fits.NO),
        ("-A INPUT -p udp ! --dport 8472 -j DROP", Fits.NO),
        ("-A INPUT -p tcp --dport 8472 -j DROP", Fits.NO),
        ("-A INPUT ! -p tcp -j DROP", Fits.YES),
        ("-A INPUT -i lo -j ACCEPT", Fits.NO),
        ("-A INPUT -i cni0 -j ACCEPT", Fits.NO),
        ("-A INPUT -i eth0 -j DROP", Fits.YES),
        ("-A INPUT -i eth1 -j DROP", Fits.PERHAPS),
        ("-A INPUT -o eth0 -j DROP", Fits.NO),
        ("-A INPUT -s 192.0.2.0/24 -j ACCEPT", Fits.YES),
        ("-A INPUT -s 192.0.2.12/32 -j ACCEPT", Fits.PERHAPS),
        ("-A INPUT -s 198.51.100.0/24 -j ACCEPT", Fits.NO),
        ("-A INPUT ! -s 192.0.2.0/24 -j DROP", Fits.NO),
        ("-A INPUT -d 127.0.0.0/8 -j DROP", Fits.NO),
        ("-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", Fits.NO),
        ("-A INPUT -m conntrack --ctstate NEW -j DROP", Fits.YES),
        ("-A INPUT -m mark --mark 0x8000/0x8000 -j DROP", Fits.NO),
        ("-A INPUT -m addrtype --dst-type LOCAL -j X", Fits.YES),
        ("-A INPUT -m addrtype --dst-type MULTICAST -j X", Fits.NO),
        ("-A INPUT -m set --match-set x src -j DROP", Fits.PERHAPS),
        ("-A INPUT -m limit --limit 3/min -j X", Fits.PERHAPS),
        ('-A INPUT -m comment --comment "-p tcp; --dport 1" -j DROP', Fits.YES),
        ("DROP       udp  --  0.0.0.0/0            0.0.0.0/0            udp dpt:8472", Fits.YES),
        ("ACCEPT     all  --  0.0.0.0/0            0.0.0.0/0", Fits.PERHAPS),
        ("ACCEPT     tcp  --  0.0.0.0/0            0.0.0.0/0            tcp dpt:22", Fits.NO),
        ("udp dport 8472 counter packets 4 bytes 320 drop", Fits.YES),
        ("udp dport { 53, 8472 } drop", Fits.YES),
        ("udp dport 53 drop", Fits.NO),
        ("ip saddr 192.0.2.7 udp dport 8472 accept", Fits.PERHAPS),
        ("tcp dport 22 accept", Fits.NO),
        ('iifname "lo" accept', Fits.NO),
        ("ip saddr @trusted accept", Fits.PERHAPS),
    ],
)
def test_one_rule(text: str, fits: Fits) -> None:
    """What is not understood may match; it is never taken to do so for certain."""
    assert matches(text, INWARD) is fits


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("-A OUTPUT -o eth0 -p udp --dport 8472 -j DROP", Fits.YES),
        ("-A OUTPUT -i eth0 -j DROP", Fits.NO),
        ("-A OUTPUT -d 192.0.2.0/24 -j ACCEPT", Fits.YES),
        ("-A OUTPUT -m mark --mark 0x4000/0x4000 -j DROP", Fits.PERHAPS),
    ],
)
def test_one_rule_on_the_way_out(text: str, fits: Fits) -> None:
    """What leaves has the other ends, and may carry its inner packet's mark."""
    assert matches(text, OUTWARD) is fits


def dump(*texts: str, policy: str = "ACCEPT", whole: bool = True) -> FilterRules:
    """Return a dump of the filter table with these rules of INPUT, or of the chains they name."""
    rules = []
    for number, text in enumerate(texts, 1):
        words = text.split()
        chain = words[1]
        target = words[words.index("-j") + 1]
        rules.append(FilterRule("filter", chain, text, target, Quote("rules", text, number)))
    return FilterRules(
        HERE,
        "rules",
        Quote("rules", "*filter"),
        tuple(rules),
        {("filter", "INPUT"): policy},
        {("filter", "INPUT"): Quote("rules", f":INPUT {policy}")},
        ("filter",) if whole else (),
        chains=frozenset({("filter", "INPUT"), ("filter", "EMPTY")}),
    )


def device(name: str, *addresses: str) -> Interface:
    """Return an interface of the node."""
    return Interface(HERE, "ip addr", Quote("ip addr", name), name, addresses)


def found(*items: object) -> list[tuple[int, str, bool]]:
    """Return (port, rule, whether it is proven) of what is blocked."""
    base = (device("eth0", "192.0.2.11/24"), device("flannel.1", "10.200.0.0/32"))
    fact = Evidence(items=(*base, *items)).fetch(OverlayFilters)
    assert isinstance(fact, OverlayFilters)
    return [(one.port, one.rule, one.proven) for one in fact.blocked]


DROP = "-A INPUT -p udp --dport 8472 -j DROP"


def test_the_first_rule_that_fits_decides() -> None:
    """What is accepted before is not dropped, also by a rule that only may accept it."""
    assert found(dump(DROP)) == [(8472, DROP, True)]
    assert not found(dump("-A INPUT -s 192.0.2.0/24 -j ACCEPT", DROP))
    assert not found(dump("-A INPUT -m set --match-set nodes src -j ACCEPT", DROP))
    assert found(dump("-A INPUT -i lo -j ACCEPT", DROP))


def test_chains_are_followed() -> None:
    """A chain that is not shown may do anything; one that holds nothing lets pass."""
    assert not found(dump("-A INPUT -j cali-INPUT", DROP))
    assert found(dump("-A INPUT -j EMPTY", DROP))
    assert found(dump("-A INPUT -j X", "-A X -j DROP")) == [(8472, "-A X -j DROP", True)]
    assert not found(
        dump("-A INPUT -j X", "-A X -m set --match-set a src -j RETURN", "-A X -j DROP")
    )
    assert not found(dump("-A INPUT -j X", "-A X -j RETURN", "-A X -j DROP"))


def test_chains_that_lead_to_each_other_end() -> None:
    """A circle is walked through a few times, and nothing is said of it."""
    assert not found(dump("-A INPUT -j X", "-A X -j X", DROP))


def test_a_policy_counts_in_a_whole_table_alone() -> None:
    """A piece of a table may lack the rule that accepts."""
    assert found(dump(policy="DROP")) == [(8472, "", True)]
    assert not found(dump(policy="DROP", whole=False))
    assert found(dump(DROP, whole=False)) == [(8472, DROP, False)]


def test_the_port_is_the_overlays() -> None:
    """By flannel's own configuration where it names one, by the device otherwise."""
    conf = NetConf("conf", Quote("conf", ""), "10.200.0.0/16", "", "vxlan", 4789)
    assert not found(conf, dump(DROP))
    other = "-A INPUT -p udp --dport 4789 -j DROP"
    assert found(conf, dump(other)) == [(4789, other, True)]
    assert not found(dump(other))


def test_addresses_of_other_nodes_tell_whom_a_rule_is_for() -> None:
    """A range that holds all of them is certain, one that holds none is for others."""
    nodes = [
        Node(Subject("Node", f"worker-{number}"), "nodes", Quote("nodes", ""), addresses=(address,))
        for number, address in ((1, "192.0.2.11"), (2, "192.0.2.12"))
    ]
    rule = "-A INPUT -s {} -p udp --dport 8472 -j DROP"
    assert found(*nodes, dump(rule.format("192.0.2.0/24")))
    assert not found(*nodes, dump(rule.format("198.51.100.0/24")))
    assert not found(dump(rule.format("192.0.2.0/24"))), "whose addresses those are is not known"


@given(st.text(max_size=200))
def test_any_rule(text: str) -> None:
    """Nothing raises."""
    assert matches(text, INWARD) in Fits
    assert matches(f"-A INPUT {text}", OUTWARD) in Fits
