"""Which upstreams of a Corefile are CoreDNS itself."""

import pytest

from diagnose.facts.corefile import parse_corefile
from diagnose.facts.loopback_upstreams import loopback_upstreams


def upstreams(text: str, zone: str = "") -> list[str]:
    """Return those of a Corefile."""
    found = loopback_upstreams(parse_corefile(text, origin="Corefile"), zone)
    return [one.upstream for one in found]


@pytest.mark.parametrize(
    ("key", "upstream", "own"),
    [
        (".:53", "127.0.0.1", True),
        (".", "127.0.0.53:53", True),
        (".:53", "dns://127.0.0.1", True),
        (".:53", "::1", True),
        (".:53", "[::1]", True),
        (".:53", "[::1]:53", True),
        (".:53", "localhost", True),
        (".:5353", "127.0.0.1:5353", True),
        (".:53", "127.0.0.1:5353", False),
        (".:53", "[::1]:5353", False),
        (".:5353", "127.0.0.1", False),
        (".:53", "tls://127.0.0.1", False),
        (".:53", "10.96.0.10", False),
        (".:53", "fd00::53", False),
        (".:53", "/etc/resolv.conf", False),
        (".:53", "{$UPSTREAM}", False),
    ],
)
def test_an_address_of_the_pod_at_the_port_of_the_block(key: str, upstream: str, own: bool) -> None:
    """In all notations of address and port that forward takes."""
    text = f"{key} {{\n    forward . {upstream}\n}}\n"
    assert upstreams(text) == [upstream] * own


@pytest.mark.parametrize(
    ("line", "own"),
    [
        ("errors", True),
        ("bind 127.0.0.1", True),
        ("bind lo", True),
        ("bind 10.0.0.5", False),
        ("rewrite name suffix .corp .svc.cluster.local", False),
        ("view inside {\n        expr true\n    }", False),
    ],
)
def test_a_block_may_listen_elsewhere_or_mean_another(line: str, own: bool) -> None:
    """Bound to another address, or with other names, a query does not come back."""
    text = f".:53 {{\n    {line}\n    forward . 127.0.0.1\n}}\n"
    assert upstreams(text) == ["127.0.0.1"] * own


def test_of_one_zone() -> None:
    """What another block forwards is not looked at."""
    text = ". {\n    forward . 192.0.2.1\n}\nexample.org {\n    forward . 127.0.0.1\n}\n"
    assert upstreams(text, ".") == []
    assert upstreams(text, "example.org") == ["127.0.0.1"]
