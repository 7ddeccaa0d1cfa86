"""Where kubelets have no DNS address: by their configuration, an Event, or their log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.events import Event
from diagnose.facts.kubelet_config import KubeletConfig, in_force, own_stand_in, told
from diagnose.facts.logs import LogStream
from diagnose.facts.pods import Pod
from diagnose.facts.resolv_conf import ResolvConf
from diagnose.facts.services import Service
from diagnose.model import CLUSTER, Fact, Gap, Quote, Subject
from diagnose.signatures.kubelet import CLUSTER_DNS_MISSING
from diagnose.values import dataclass


@dataclass(frozen=True)
class Place:
    """One kubelet without a DNS address; the cluster where its node is not known."""

    subject: Subject
    quote: Quote


@dataclass(frozen=True, kw_only=True)
class MissingClusterDNS(Fact):
    """The kubelets that have no cluster DNS address to give, one entry per node.

    `pods` are those whose resolv.conf has neither a search domain of Services nor their DNS server;
    their own dnsPolicy, or the host's network, may be why.
    """

    asks: ClassVar[tuple[Ask, ...]] = (Ask.KUBELET_CONFIG, Ask.KUBELET_CONFIGZ, Ask.EVENTS)

    places: tuple[Place, ...] = ()
    pods: tuple[Place, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the kubelets that say so themselves or are configured so."""
        configs = in_force(evidence.of(KubeletConfig))
        events = evidence.of(Event)
        streams = evidence.of(LogStream)
        pods = tuple(without_cluster_dns(evidence))
        files = evidence.of(ResolvConf) if pods else ()
        items: tuple[Readable, ...] = (*configs, *events, *streams, *files)
        found = known(evidence, items, Ask.KUBELET_CONFIG, Ask.EVENTS)
        if isinstance(found, Gap):
            return found
        gaps, by_kubelets = found[1], told(evidence, configs)
        if own_stand_in(evidence, configs) and not isinstance(by_kubelets, Gap):
            gaps = (*by_kubelets[1], *evidence.gaps_of(Ask.EVENTS))
        places = [
            Place(one.subject, one.quote.on("cluster_dns"))
            for one in configs
            if one.cluster_dns == ()
        ]
        said = [
            Place(node_of(event.subject), event.quote)
            for event in events
            if event.reason == "MissingClusterDNS" or CLUSTER_DNS_MISSING.match(event.message)
        ]
        said += [
            Place(node_of(match.subject), match.quote)
            for stream in streams
            for match in stream.matching(CLUSTER_DNS_MISSING)
        ]
        having = runs_with_servers(evidence)
        places += [place for place in said if place.subject not in having]
        first = {place.subject: place for place in reversed(places)}
        places = list(reversed(first.values()))
        return cls(origin=found[0], gaps=gaps, places=tuple(places), pods=() if places else pods)


# Pods that have the node's resolvers on purpose.
OF_NODE = ("coredns", "kube-dns", "node-local-dns", "nodelocaldns", "kube-proxy", "kube-flannel")


def without_cluster_dns(evidence: Evidence) -> Iterator[Place]:
    """Yield the pods whose resolv.conf is not one that a kubelet writes for cluster DNS."""
    servers = {ip for one in evidence.of(Service) if one.serves_dns for ip in one.cluster_ips or ()}
    on_purpose = {
        pod.subject.name
        for pod in evidence.of(Pod)
        if pod.host_network or pod.dns_policy not in ("", "ClusterFirst", "ClusterFirstWithHostNet")
    }
    for file in evidence.of(ResolvConf):
        name = file.subject.name
        if file.subject.kind != "Pod" or not file.nameservers or not file.exists or file.handed:
            continue
        given = any("svc" in domain.split(".") for domain in file.search)
        near = servers & set(file.nameservers) or file.nameservers[0].startswith("169.254.")
        if not given and not near and not name.startswith(OF_NODE) and name not in on_purpose:
            quotes = [one for one in file.quotes if "nameserver" in one.text] or [*file.quotes]
            if quotes:
                yield Place(file.subject, quotes[0])


def runs_with_servers(evidence: Evidence) -> frozenset[Subject]:
    """Return the nodes whose kubelet runs with a DNS address: what was said before is over."""
    if Ask.KUBELET_CONFIGZ not in evidence.looked:
        return frozenset()  # a file may have been changed since the kubelet started
    configs = evidence.of(KubeletConfig)
    return frozenset(
        one.subject for one in configs if one.subject.kind == "Node" and one.cluster_dns
    )


def node_of(subject: Subject) -> Subject:
    """Return the node that a subject is or lies on; the cluster where that is not known."""
    if subject.kind == "Node":
        return subject
    return Subject("Node", subject.node) if subject.node else CLUSTER
