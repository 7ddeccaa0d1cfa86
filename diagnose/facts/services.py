"""Services and who stands behind them; EndpointSlices and Endpoints make one fact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.node_network import FilterRules
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.text.regex import regex
from diagnose.values import dataclass

# What kube-proxy writes on a rule that refuses a Service's packets.
# Source: kubernetes/kubernetes v1.31.0, pkg/proxy/iptables/proxier.go (syncProxyRules).
REFUSED_SERVICE = regex(
    r"[\"\s](?P<namespace>[a-z0-9-]{1,63})/(?P<name>[a-z0-9-]{1,63}):[\w-]{0,63} has no endpoints"
)
PORT_53 = regex(r"(?:--dport 53|\bdpt:(?:53|domain))\b")
DNS_SERVICE_NAMES = ("kube-dns", "coredns", "rke2-coredns-rke2-coredns", "dns-default")


@dataclass(frozen=True)
class ServicePort:
    """One port: protocol TCP or UDP; `target` is a number or a name, "" when not told."""

    port: int
    protocol: str = "TCP"
    name: str = ""
    target: str = ""


@dataclass(frozen=True)
class Service:
    """One Service. `cluster_ips` is empty for a headless one, None when not told."""

    subject: Subject
    origin: str
    quote: Quote
    type: str = ""
    cluster_ips: tuple[str, ...] | None = None
    ports: tuple[ServicePort, ...] | None = None
    selector: Mapping[str, str] | None = None
    labels: Mapping[str, str] | None = None
    ip_families: tuple[str, ...] = ()
    internal_traffic_policy: str = ""
    age_s: float | None = None

    @property
    def serves_dns(self) -> bool:
        """Whether it is the cluster's DNS service: by label or name, and port 53 where told."""
        labels = self.labels or {}
        named = (
            labels.get("k8s-app") in ("kube-dns", "coredns")
            or labels.get("kubernetes.io/name") in ("KubeDNS", "CoreDNS")
            or labels.get("app.kubernetes.io/name") == "coredns"
            or self.subject.name in DNS_SERVICE_NAMES
        )
        if not named or self.subject.name.endswith(("-metrics", "-upstream", "-headless")):
            return False
        # a metrics Service carries the same labels; a DNS Service with a wrong port is still one
        return (
            self.subject.name in DNS_SERVICE_NAMES
            or not self.ports
            or any(
                port.port == 53 or port.name.startswith(("dns", "udp", "tcp"))
                for port in self.ports
            )
        )


@dataclass(frozen=True)
class Endpoint:
    """One address behind a Service; `pod` is its name where told.

    One that is `ending` serves while its pod ends: it is not ready, and proxies send to it as long
    as none is (kubernetes/kubernetes v1.31.0, pkg/proxy/topology.go, CategorizeEndpoints).
    """

    address: str
    ready: bool = True
    pod: str = ""
    node: str = ""
    ending: bool = False


@dataclass(frozen=True)
class Endpoints:
    """The addresses behind one Service, from one Endpoints object, slice, or describe.

    `endpoints` is empty when there are none. `service` is the Service's name.
    """

    subject: Subject
    service: str
    origin: str
    quote: Quote
    endpoints: tuple[Endpoint, ...] = ()
    ports: tuple[ServicePort, ...] | None = None
    more: int = 0


@dataclass(frozen=True, kw_only=True)
class DNSServices(Fact):
    """The Services that serve cluster DNS; normally one."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.DNS_SERVICES,)

    services: tuple[Service, ...] = ()
    others: tuple[Service, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the DNS Services and the other Services that happen to be known."""
        every = merged(evidence.of(Service))
        items = tuple(one for one in every if one.serves_dns)
        found = known(evidence, items or every, *cls.asks)
        if isinstance(found, Gap):
            return found
        others = tuple(one for one in every if not one.serves_dns)
        return cls(origin=found[0], gaps=found[1], services=items, others=others)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The cluster addresses of the DNS Services, in order."""
        return tuple(ip for one in self.services for ip in one.cluster_ips or ())


@dataclass(frozen=True)
class Backends:
    """What stands behind one Service, all its slices taken together."""

    service: Subject
    endpoints: tuple[Endpoint, ...]
    quotes: tuple[Quote, ...]
    more: int = 0

    @property
    def ready(self) -> tuple[Endpoint, ...]:
        """The endpoints that take traffic."""
        return tuple(one for one in self.endpoints if one.ready)

    @property
    def ending(self) -> tuple[Endpoint, ...]:
        """The endpoints that take it for want of these, until their pods are gone."""
        return () if self.ready else tuple(one for one in self.endpoints if one.ending)


@dataclass(frozen=True, kw_only=True)
class ReadyEndpoints(Fact):
    """The endpoints of the DNS Services, whether told by Endpoints, slices or describe.

    Where none of these tells, a node's rules may tell that there are none.
    """

    asks: ClassVar[tuple[Ask, ...]] = (Ask.DNS_ENDPOINTS, Ask.DNS_SERVICES)

    backends: tuple[Backends, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return one Backends per DNS Service that any part tells the endpoints of."""
        services = [one for one in evidence.of(Service) if one.serves_dns]
        dns = {one.subject.name for one in services}
        items = [
            one
            for one in evidence.of(Endpoints)
            if one.service in dns or one.service in DNS_SERVICE_NAMES
        ]
        refused = () if items else tuple(refused_services(evidence))
        readable: tuple[Readable, ...] = (
            *items,
            *(evidence.of(FilterRules) if refused else ()),
        )
        found = known(evidence, readable, Ask.DNS_ENDPOINTS)
        if isinstance(found, Gap):
            return found
        groups: dict[tuple[str, str], list[Endpoints]] = {}
        for item in items:
            groups.setdefault((item.subject.namespace, item.service), []).append(item)
        backends = tuple(
            Backends(
                service=Subject("Service", name, namespace),
                endpoints=tuple(dict.fromkeys(one for item in group for one in item.endpoints)),
                quotes=tuple(item.quote for item in group),
                more=sum(item.more for item in group),
            )
            for (namespace, name), group in groups.items()
        )
        backends += refused
        if Ask.DNS_ENDPOINTS in evidence.looked and not found[1]:
            # the controller writes a slice also for a Service without endpoints; with none there
            # is nothing that a proxy could send to
            told = {name for _, name in groups} | {one.service.name for one in refused}
            backends += tuple(
                Backends(service=one.subject, endpoints=(), quotes=(one.quote,))
                for one in merged(tuple(services))
                if one.subject.name not in told
            )
        return cls(origin=found[0], gaps=found[1], backends=backends)


def refused_services(evidence: Evidence) -> Iterator[Backends]:
    """Yield the DNS Services of which a node's rules say that nothing stands behind them."""
    seen: set[tuple[str, str]] = set()
    for dump in evidence.of(FilterRules):
        for rule in dump.rules:
            told = REFUSED_SERVICE.search(rule.text)
            if told and of_dns(told["name"], rule.text):
                key = (told["namespace"], told["name"])
                if key not in seen:
                    seen.add(key)
                    yield Backends(Subject("Service", key[1], key[0]), (), (rule.quote,))


def of_dns(name: str, rule: str) -> bool:
    """Whether a rule is of a DNS Service: by its name, or by port 53 and a name that has to do.

    iptables -L without -n calls the port by its name.
    """
    if name in DNS_SERVICE_NAMES:
        return ":metrics " not in rule
    return "dns" in name and PORT_53.search(rule) is not None


def merged(services: tuple[Service, ...]) -> tuple[Service, ...]:
    """Return one Service per object, fields that one part does not tell taken from another."""
    best: dict[tuple[str, str], Service] = {}
    for one in services:
        key = (one.subject.namespace, one.subject.name)
        if key not in best:
            key = next(
                (
                    other
                    for other in best
                    if other[1] == one.subject.name and "" in (other[0], one.subject.namespace)
                ),
                key,
            )
        other = best.get(key)
        if other is None:
            best[key] = one
            continue
        best[key] = Service(
            subject=other.subject if other.subject.namespace else one.subject,
            origin=other.origin,
            quote=other.quote,
            type=other.type or one.type,
            cluster_ips=other.cluster_ips if other.cluster_ips is not None else one.cluster_ips,
            ports=other.ports if other.ports is not None else one.ports,
            selector=other.selector if other.selector is not None else one.selector,
            labels=other.labels if other.labels is not None else one.labels,
            ip_families=other.ip_families or one.ip_families,
            internal_traffic_policy=other.internal_traffic_policy or one.internal_traffic_policy,
            age_s=other.age_s if other.age_s is not None else one.age_s,
        )
    return tuple(best.values())
