"""What becomes of a pod's packet in FORWARD, rule by rule."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.evidence import Evidence
from diagnose.facts.forward_filters import ForwardFilters
from diagnose.parsers.network import parse_filter_rules
from diagnose.parts import Kind, Part

HEAD = (
    "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD {policy} [0:0]\n:OUTPUT ACCEPT [0:0]\n{rules}\nCOMMIT\n"
)


def blocked(rules: str, policy: str = "DROP") -> list[str]:
    """Return the chains that block in a whole table with these rules."""
    text = HEAD.format(policy=policy, rules=rules)
    items = parse_filter_rules(Part(Kind.FILTER_RULES, "a", text)).items
    fact = ForwardFilters.read(Evidence(items=items))
    assert isinstance(fact, ForwardFilters)
    return [one.chain for one in fact.blocked]


@pytest.mark.parametrize(
    "rule",
    [
        "-A FORWARD -s 10.41.0.0/16 -j ACCEPT",
        "-A FORWARD -i cni0 -j ACCEPT",
        "-A FORWARD -j ACCEPT",
        "-A FORWARD -j cali-FORWARD",
        "-A FORWARD -j CILIUM_FORWARD",
    ],
)
def test_pods_are_accepted_or_it_is_not_known(rule: str) -> None:
    """A rule for pods accepts; an add-on that decides by marks makes it unknown."""
    assert blocked(rule) == []


@pytest.mark.parametrize(
    "rule",
    [
        "-A FORWARD -i docker0 ! -o docker0 -j ACCEPT",
        "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "-A FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT",
        "-A FORWARD -p tcp -m tcp --dport 22 -j ACCEPT",
        "-A FORWARD -s 172.17.0.0/16 -j ACCEPT",
        "-A FORWARD -j RETURN\n-A FORWARD -j ACCEPT",
    ],
)
def test_rules_for_others_accept_no_pods(rule: str) -> None:
    """Docker's, answers', marked and single ports' rules leave pods to the policy."""
    assert blocked(rule) == ["FORWARD"]


def test_the_order_of_rules_decides() -> None:
    """What is appended behind an unconditional REJECT is never reached."""
    reject = "-A FORWARD -j REJECT --reject-with icmp-host-prohibited"
    accept = "-A FORWARD -s 10.41.0.0/16 -j ACCEPT"
    assert blocked(f"{reject}\n{accept}", "ACCEPT") == ["FORWARD"]
    assert blocked(f"{accept}\n{reject}", "ACCEPT") == []


def test_an_open_policy_blocks_nothing() -> None:
    """Nothing is dropped where the policy accepts and no rule turns away."""
    assert blocked("-A FORWARD -j KUBE-FORWARD", "ACCEPT") == []
    reject = "-A FORWARD -d 10.40.0.10/32 -p udp -m udp --dport 53 -j REJECT"
    assert blocked(reject, "ACCEPT") == []


def test_chains_in_a_circle_end() -> None:
    """Chains that lead to each other make it unknown, in bounded time."""
    rules = "-A FORWARD -j a\n" + "\n".join(
        f"-A {one} -j {other}" for one in "abcd" for other in "abcd" for _ in range(5)
    )
    assert blocked(rules) == []


@settings(max_examples=60)
@given(st.text(alphabet="-AFORWDjsi .0123456789/ACEPT\n:*{}[]", max_size=300))
def test_never_raises(text: str) -> None:
    """Whatever a dump holds, the walk ends."""
    blocked(text)
