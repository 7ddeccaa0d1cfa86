"""Where rules send DNS, against who stands behind the service."""

from diagnose.evidence import Evidence
from diagnose.facts.node_network import FilterRule, FilterRules
from diagnose.facts.pods import Pod
from diagnose.facts.proxy_backends import ProxyBackends
from diagnose.facts.services import Endpoint, Endpoints
from diagnose.model import Quote, Subject

NODE = Subject("Node", "worker-0")


def dump(*texts: str) -> FilterRules:
    """Return a dump of the nat table with these rules."""
    rules = tuple(
        FilterRule("nat", "KUBE-SEP-A", text, "DNAT", Quote("rules", text, number))
        for number, text in enumerate(texts, 1)
    )
    return FilterRules(NODE, "rules", Quote("rules", "*nat"), rules)


def sends(address: str, service: str = "kube-system/kube-dns:dns") -> str:
    """Return a rule of kube-proxy that sends a service's packets to an address."""
    target = f"[{address}]:53" if ":" in address else f"{address}:53"
    return f'-p udp -m comment --comment "{service}" -j DNAT --to-destination {target}'


def endpoints(*addresses: str) -> Endpoints:
    """Return the endpoints of the DNS service."""
    about = Subject("Endpoints", "kube-dns", "kube-system")
    told = tuple(Endpoint(one) for one in addresses)
    return Endpoints(about, "kube-dns", "endpoints", Quote("endpoints", ""), told)


def gone(*items: object) -> tuple[str, ...]:
    """Return the addresses in rules that nobody has."""
    fact = Evidence(items=items).fetch(ProxyBackends)
    assert isinstance(fact, ProxyBackends)
    return tuple(address for one in fact.stale for address in one.gone)


def test_a_rule_to_nobody_is_stale() -> None:
    """An address that is no endpoint any more is told, one that is is not."""
    rules = dump(sends("10.200.0.4"), sends("10.200.0.9"))
    assert gone(rules, endpoints("10.200.0.9")) == ("10.200.0.4",)
    assert gone(rules, endpoints("10.200.0.4", "10.200.0.9")) == ()


def test_the_pods_addresses_stand_in_for_the_endpoints() -> None:
    """Where endpoints are not known, the addresses of all CoreDNS pods are as good."""
    about = Subject("Pod", "coredns-aaaaa", "kube-system")
    told = Pod(about, "pods", Quote("pods", ""), ips=("fd00:10:200::9",))
    assert gone(dump(sends("fd00:10:200::4")), told) == ("fd00:10:200::4",)
    unknown = Pod(about, "pods", Quote("pods", ""))
    assert gone(dump(sends("fd00:10:200::4")), unknown) == ()


def test_another_service_does_not_count() -> None:
    """Rules of other Services lead elsewhere rightly."""
    assert gone(dump(sends("10.200.0.4", "shop/web:http")), endpoints("10.200.0.9")) == ()


def test_without_endpoints_nothing_is_stale() -> None:
    """Rules alone do not tell who is gone."""
    assert gone(dump(sends("10.200.0.4"))) == ()
