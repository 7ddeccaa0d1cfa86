"""Network policies are read with the defaults that the API gives them."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from diagnose.facts.network_policies import NetworkPolicy
from diagnose.model import Quote, Subject
from diagnose.parsers.policies import policy_of

SUBJECT = Subject("NetworkPolicy", "closed", "harbour")
DNS = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}


def read(**spec: Any) -> NetworkPolicy:
    """Return the policy of a spec."""
    made = policy_of(spec, SUBJECT, Quote("a", "closed"))
    assert made
    return made


def test_types_by_default() -> None:
    """Without types a policy is for Ingress, and for Egress where it has such a field."""
    assert read(podSelector={}).types == ("Ingress",)
    assert read(podSelector={}, egress=[]).types == ("Ingress", "Egress")


def test_a_port_without_protocol_is_tcp() -> None:
    """Queries over UDP are then not allowed, though the port is named."""
    policy = read(podSelector={}, egress=[{"to": [DNS], "ports": [{"port": 53}]}])
    assert not policy.allows_dns_out("UDP")
    assert policy.allows_dns_out("TCP")


def test_an_empty_rule_allows_all() -> None:
    """`egress: [{}]` is open, `egress: []` is closed."""
    assert read(podSelector={}, egress=[{}]).allows_dns_out()
    assert not read(podSelector={}, egress=[]).allows_dns_out()


def test_peers_that_cannot_be_coredns() -> None:
    """Another namespace, other pods, a range of the Internet: DNS is not among them."""
    ports = [{"port": 53, "protocol": "UDP"}]
    elsewhere = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "data"}}}
    for peer in (elsewhere, {"podSelector": {}}, {"ipBlock": {"cidr": "203.0.114.0/24"}}):
        assert not read(podSelector={}, egress=[{"to": [peer], "ports": ports}]).allows_dns_out()
    for peer in (DNS, {"namespaceSelector": {}}, {"ipBlock": {"cidr": "10.0.0.0/8"}}):
        assert read(podSelector={}, egress=[{"to": [peer], "ports": ports}]).allows_dns_out()


def test_a_range_of_ports_holds_53() -> None:
    """A port with endPort is a range."""
    ports = [{"port": 1, "endPort": 1024, "protocol": "UDP"}]
    assert read(podSelector={}, egress=[{"ports": ports}]).allows_dns_out()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@given(
    st.dictionaries(st.sampled_from(("podSelector", "policyTypes", "ingress", "egress", "x")), JSON)
)
def test_never_raises(spec: dict[str, Any]) -> None:
    """Any field may be of any type."""
    made = policy_of(spec, SUBJECT, Quote("a", "closed"))
    assert made is None or isinstance(made.allows_dns_out(), bool)
