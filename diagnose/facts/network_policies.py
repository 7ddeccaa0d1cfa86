"""NetworkPolicies as objects, and what they say of DNS.

A policy isolates the pods that it selects in its directions; what any policy of theirs allows is
allowed. Where a selector holds labels or expressions that cannot be compared here, it may match.
Source: Kubernetes API networking.k8s.io/v1; Kubernetes documentation, Network Policies.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.values import dataclass

INGRESS, EGRESS = "Ingress", "Egress"
DNS_POD_LABELS = {"k8s-app": ("kube-dns", "coredns", "node-local-dns", "nodelocaldns")}
OWN_LABEL = "kubernetes.io/metadata.name"  # which Kubernetes sets by itself, since 1.21
NAMESPACE_LABELS = (OWN_LABEL, "name")
DNS_PORTS = ("dns", "dns-tcp", "domain")


@dataclass(frozen=True)
class Selector:
    """A label selector; `expressions` says that it has matchExpressions too."""

    labels: Mapping[str, str]
    expressions: bool = False

    @property
    def everything(self) -> bool:
        """Whether it selects all."""
        return not self.labels and not self.expressions

    def may_match(self, labels: Mapping[str, str] | None) -> bool:
        """Whether an object with these labels can be meant; with unknown ones (None) it can."""
        if labels is None:
            return True
        return all(labels.get(key, value) == value for key, value in self.labels.items())

    def may_match_all(self, labels: Mapping[str, str] | None) -> bool:
        """Whether an object can be meant of which all labels are known, or none (None)."""
        return labels is None or all(labels.get(key) == self.labels[key] for key in self.labels)

    def matches(self, labels: Mapping[str, str] | None) -> bool:
        """Whether an object with these labels is meant for certain."""
        if self.everything:
            return True
        if labels is None or self.expressions:
            return False
        return all(labels.get(key) == value for key, value in self.labels.items())


@dataclass(frozen=True)
class Peer:
    """Who may talk: pods of namespaces, or a range of addresses."""

    pods: Selector | None = None
    namespaces: Selector | None = None
    cidr: str = ""
    excluded: tuple[str, ...] = ()

    def may_be_dns(self, namespace: str) -> bool:
        """Whether CoreDNS can be meant by a policy of this namespace."""
        if self.cidr:
            return wide(self.cidr)
        if self.namespaces is None and namespace != "kube-system":
            return False
        if self.namespaces is not None:
            wanted = [
                value for key, value in self.namespaces.labels.items() if key in NAMESPACE_LABELS
            ]
            if any(value != "kube-system" for value in wanted):
                return False
        wanted = [
            self.pods.labels[key] for key in DNS_POD_LABELS if self.pods and key in self.pods.labels
        ]
        return all(value in DNS_POD_LABELS["k8s-app"] for value in wanted)

    @property
    def given_label(self) -> str:
        """The label by which a namespace is meant and that somebody must have given it; or ""."""
        labels = self.namespaces.labels if self.namespaces else {}
        return next((f"{key}={value}" for key, value in labels.items() if key != OWN_LABEL), "")


@dataclass(frozen=True)
class PolicyPort:
    """One port of a rule; `port` None is every port of the protocol."""

    protocol: str = "TCP"
    port: int | str | None = None
    end: int | None = None

    def covers_dns(self, protocol: str) -> bool:
        """Whether port 53 of a protocol is meant, also by a name or the range."""
        if self.protocol != protocol:
            return False
        if self.port is None:
            return True
        if isinstance(self.port, str):
            return self.port.lower() in DNS_PORTS or "dns" in self.port.lower()
        return self.port in (53, 5353, 1053, 8053) or bool(self.end and self.port <= 53 <= self.end)


@dataclass(frozen=True)
class PolicyRuleSet:
    """One rule: these peers, on these ports; None stands for all of them."""

    peers: tuple[Peer, ...] | None = None
    ports: tuple[PolicyPort, ...] | None = None

    def covers_dns(self, protocol: str) -> bool:
        """Whether port 53 of a protocol is among its ports."""
        return self.ports is None or any(one.covers_dns(protocol) for one in self.ports)

    def reaches_dns(self, namespace: str) -> bool:
        """Whether CoreDNS can be among its peers."""
        return self.peers is None or any(one.may_be_dns(namespace) for one in self.peers)


@dataclass(frozen=True)
class NetworkPolicy:
    """One policy; `types` are the directions in which it isolates the pods that it selects.

    `dialect` names the network add-on whose own kind it is (Calico, Cilium), in terms of which all
    is not read; "" for Kubernetes' own.
    """

    subject: Subject
    origin: str
    quote: Quote
    selector: Selector
    types: tuple[str, ...]
    ingress: tuple[PolicyRuleSet, ...] = ()
    egress: tuple[PolicyRuleSet, ...] = ()
    dialect: str = ""

    @property
    def everywhere(self) -> bool:
        """Whether it is of a kind that has no namespace and means pods of any."""
        return self.subject.kind in ("GlobalNetworkPolicy", "CiliumClusterwideNetworkPolicy")

    def allows_dns_out(self, protocol: str = "UDP") -> bool:
        """Whether the selected pods may ask CoreDNS, as far as this policy goes."""
        return any(
            rule.covers_dns(protocol) and rule.reaches_dns(self.subject.namespace)
            for rule in self.egress
        )

    def label_for_dns(self, protocol: str = "UDP") -> str:
        """Return the label without which CoreDNS's namespace is not among the peers for DNS.

        "" where another peer or rule allows it, or where none does.
        """
        space = self.subject.namespace
        labels = [
            one.given_label
            for rule in self.egress
            if rule.covers_dns(protocol)
            for one in (rule.peers if rule.peers is not None else (Peer(),))
            if rule.peers is None or one.may_be_dns(space)
        ]
        return labels[0] if labels and all(labels) else ""

    def allows_dns_in(self, protocol: str = "UDP") -> bool:
        """Whether the selected pods may be asked on port 53, by anybody."""
        return any(rule.covers_dns(protocol) for rule in self.ingress)


@dataclass(frozen=True, kw_only=True)
class NetworkPolicies(Fact):
    """The network policies that any part shows."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.NETWORK_POLICIES,)

    policies: tuple[NetworkPolicy, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return every policy."""
        items = evidence.of(NetworkPolicy)
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return found
        last = {one.subject: one for one in items}
        return cls(origin=found[0], gaps=found[1], policies=tuple(last.values()))


def wide(cidr: str) -> bool:
    """Whether a range can hold the DNS service: the private ranges, and what is wider than they."""
    try:
        network = ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return True
    return network.prefixlen == 0 or network.is_private or network.prefixlen <= 8
