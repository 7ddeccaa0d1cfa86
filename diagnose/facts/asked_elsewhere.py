"""Cluster names that were asked of a node's own resolver, and not of the cluster's DNS."""

from __future__ import annotations

import ipaddress
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.facts.lookups import Lookup, Outcome
from diagnose.facts.names import always_exists, in_cluster, normal
from diagnose.facts.pods import Pod, unique
from diagnose.facts.resolv_conf import ResolvConf
from diagnose.facts.services import Service, merged
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.values import dataclass

# The stubs of systemd-resolved, and dnsmasq as NetworkManager starts it.
NODE_STUBS = ("127.0.0.53", "127.0.0.54", "127.0.1.1")
# The resolvers that clouds give their machines; none knows a cluster.
# Source: AWS VPC, Google Compute Engine and Azure documentation of their DNS servers.
CLOUDS = frozenset({"169.254.169.253", "169.254.169.254", "168.63.129.16"})
DNS_PODS = ("coredns-", "kube-dns-", "rke2-coredns-")
FAILED = frozenset({Outcome.NXDOMAIN, Outcome.SERVFAIL, Outcome.REFUSED})
FOUND = frozenset({Outcome.NOERROR, Outcome.NODATA})


@dataclass(frozen=True)
class Elsewhere:
    """The failed look-ups of cluster names of one place at one server.

    `answered` says that a server of the cluster knows one of the names; `cluster_server` is that
    one's address, or that of the DNS Service, "" when neither is known. `given` says that it is a
    pod whose own configuration names that server, `cloud` that it is one of a cloud.
    """

    place: Subject
    server: str
    names: tuple[str, ...]
    quotes: tuple[Quote, ...]
    answered: bool = False
    given: bool = False
    cloud: bool = False
    cluster_server: str = ""


@dataclass(frozen=True, kw_only=True)
class AskedElsewhere(Fact):
    """Who asked a node's resolver for names of the cluster, in vain."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.CLIENT_OUTPUT, Ask.DNS_SERVICES)

    asked: tuple[Elsewhere, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return one entry per place and server."""
        lookups = evidence.of(Lookup)
        found = known(evidence, lookups, Ask.CLIENT_OUTPUT)
        if isinstance(found, Gap):
            return found
        addresses = [
            ip
            for one in merged(evidence.of(Service))
            if one.serves_dns
            for ip in one.cluster_ips or ()
        ]
        answers = {
            normal(one.name): one
            for one in lookups
            if one.outcome in FOUND and one.server and not of_node(one.server)
        }
        for one in tuple(answers.values()):
            if one.typed and in_cluster(one.name):
                answers.setdefault(normal(one.typed), one)
        pods = {ip for pod in unique(evidence.of(Pod)) if pod.serves_dns for ip in pod.ips or ()}
        known_servers = {*addresses, *pods}
        given = frozenset(
            server
            for file in evidence.of(ResolvConf)
            if file.of_pod and not any(one.startswith("svc.") for one in file.search)
            for server in file.nameservers
        )
        groups: dict[tuple[Subject, str], list[Lookup]] = {}
        for one in lookups:
            unknown = bool(one.server) and one.server not in known_servers
            foreign = one.server in given or one.server in CLOUDS
            told = answers.get(normal(one.name))
            outside = of_node(one.server) or (
                unknown
                and (in_dns_pod(one) or foreign or outside_world(one) or other_pod(one, told))
            )
            bare = one.server in given and "." not in normal(one.name) and bool(one.name)
            failed = one.outcome in FAILED or (bare and one.outcome is Outcome.NOT_KNOWN)
            if failed and outside and (bare or is_meant(one.name, answers)):
                groups.setdefault((one.place, one.server), []).append(one)
        asked = []
        for (place, server), several in groups.items():
            told = next((answers[n] for n in map(name_of, several) if n in answers), None)
            asked.append(
                Elsewhere(
                    place=place,
                    server=server,
                    names=tuple(dict.fromkeys(map(name_of, several))),
                    quotes=(
                        *(one.quote for one in several[:2]),
                        *((told.quote,) if told else ()),
                    ),
                    answered=told is not None,
                    given=not of_node(server) and not any(map(in_dns_pod, several)),
                    cloud=server in CLOUDS,
                    cluster_server=told.server if told else next(iter(addresses), ""),
                )
            )
        return cls(origin=found[0], gaps=found[1], asked=tuple(asked))


def name_of(lookup: Lookup) -> str:
    """Return the name that was asked for, as it is compared."""
    return normal(lookup.name)


def of_node(server: str) -> bool:
    """Whether a server is a stub that only the network of a node has."""
    try:
        return str(ipaddress.ip_address(server)) in NODE_STUBS
    except ValueError:
        return False


def in_dns_pod(lookup: Lookup) -> bool:
    """Whether a DNS pod asked, whose resolver is the node's, and not itself.

    Source: coredns/deployment kubernetes/coredns.yaml.sed (dnsPolicy: Default).
    """
    if lookup.place.kind != "Pod" or not lookup.place.name.startswith(DNS_PODS):
        return False
    try:
        return not ipaddress.ip_address(lookup.server).is_loopback
    except ValueError:
        return False


def outside_world(lookup: Lookup) -> bool:
    """Whether a pod's own configuration led it to a server on the Internet."""
    if lookup.place.kind != "Pod" or not lookup.configured:
        return False
    try:
        return ipaddress.ip_address(lookup.server).is_global
    except ValueError:
        return False


def other_pod(lookup: Lookup, told: Lookup | None) -> bool:
    """Whether another pod is configured with another server, which knows the name of the cluster.

    A node-local cache and the DNS Service both know it, so that one of them does not fail alone.
    """
    return (
        told is not None
        and in_cluster(told.name)
        and lookup.configured
        and told.configured
        and lookup.place.kind == told.place.kind == "Pod"
        and lookup.place != told.place
        and lookup.server != told.server
    )


def is_meant(name: str, answers: dict[str, Lookup]) -> bool:
    """Whether a name is a Service's beyond doubt: by its form, or since cluster DNS knows it."""
    plain = normal(name)
    return ".svc." in f".{plain}." or always_exists(plain) or plain in answers
