"""CoreDNS pods that one client asked by their own addresses: some answered, others were silent.

An address is a pod's where a listing says so. Without one, addresses that were named on the command
line for a name of the cluster are, unless they lie beside a Service's: the address that such a name
led to tells where those are.

Source: Kubernetes documentation, Debugging DNS Resolution (asking a pod's own address).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Container, Iterator, Sequence
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.facts.lookups import ANSWERED, NO_ANSWER, Lookup, Outcome
from diagnose.facts.names import in_cluster, normal
from diagnose.facts.pods import Pod, unique
from diagnose.facts.resolv_conf import ResolvConf
from diagnose.facts.services import Service, merged
from diagnose.model import Fact, Gap, Subject
from diagnose.values import dataclass

NEAR_BITS = 16  # at the end, in which addresses of one range of Services differ


@dataclass(frozen=True)
class ReplicaContrast:
    """One silent pod beside one that answered the same client.

    `together` says that both are known to run on one node, `nodes` are theirs, "" where unknown.
    """

    place: Subject
    silent: Lookup
    heard: Lookup
    nodes: tuple[str, str] = ("", "")

    @property
    def together(self) -> bool:
        """Whether the pods run on one node, so that the network between nodes is not it."""
        return self.nodes[0] == self.nodes[1] != ""


@dataclass(frozen=True, kw_only=True)
class ReplicaContrasts(Fact):
    """The pods that a client got no answer from, while another one answered it."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.CLIENT_OUTPUT, Ask.DNS_PODS, Ask.DNS_SERVICES)

    contrasts: tuple[ReplicaContrast, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return each silent pod of a place once."""
        lookups = evidence.of(Lookup)
        found = known(evidence, lookups, Ask.CLIENT_OUTPUT)
        if isinstance(found, Gap):
            return found
        pods = {
            ip: pod
            for pod in unique(evidence.of(Pod))
            if pod.serves_dns and not pod.host_network
            for ip in pod.ips or ()
        }
        virtual = virtual_servers(evidence)
        contrasts = tuple(compare(lookups, pods, virtual))
        return cls(origin=found[0], gaps=found[1], contrasts=contrasts)


def virtual_servers(evidence: Evidence) -> frozenset[str]:
    """Return the addresses that are the DNS Service's, or that clients are configured with."""
    listed = {ip for one in merged(evidence.of(Service)) for ip in one.cluster_ips or ()}
    given = {
        server for file in evidence.of(ResolvConf) if file.of_pod for server in file.nameservers
    }
    return frozenset(listed | given)


def compare(
    lookups: Sequence[Lookup], pods: dict[str, Pod], virtual: frozenset[str]
) -> Iterator[ReplicaContrast]:
    """Yield the pairs."""
    led_to = {
        near(answer)
        for one in lookups
        if one.outcome is Outcome.NOERROR and in_cluster(one.name)
        for answer in one.answers
    }
    guessed = not pods
    inside = {normal(one.typed) for one in lookups if in_cluster(one.name)} - {""}
    heard: dict[Subject, dict[str, Lookup]] = {}
    named: dict[tuple[Subject, str], Lookup] = {}
    silent: dict[Subject, dict[str, Lookup]] = {}
    for one in lookups:
        if not (of_pod(one, virtual, led_to, inside) if guessed else one.server in pods):
            continue
        if one.outcome in ANSWERED:
            heard.setdefault(one.place, {}).setdefault(one.server, one)
            named.setdefault((one.place, normal(one.name)), one)
        elif one.outcome in NO_ANSWER and one.transport != "tcp":
            silent.setdefault(one.place, {}).setdefault(one.server, one)
    for place, lost in silent.items():
        answering = heard.get(place, {})
        first = next(iter(answering.values()), None)
        for server, failed in lost.items():
            if first is None or server in answering:
                continue
            if not guessed and pods[server].ready is False:
                continue
            beside = named.get((place, normal(failed.name)), first)
            nodes = (
                pods[server].subject.node if server in pods else "",
                pods[beside.server].subject.node if beside.server in pods else "",
            )
            yield ReplicaContrast(place, failed, beside, nodes)


def of_pod(
    lookup: Lookup,
    virtual: frozenset[str],
    led_to: Container[tuple[int, int] | None],
    inside: Container[str],
) -> bool:
    """Whether the server that was named is a CoreDNS pod, as far as can be told without a list.

    `led_to` tells where Services' addresses are, `inside` are names as typed that were completed to
    names of the cluster.
    """
    if not lookup.aimed or lookup.server in virtual:
        return False
    if not in_cluster(lookup.name) and normal(lookup.typed) not in inside:
        return False
    if near(lookup.server) in led_to:
        return False
    try:
        address = ipaddress.ip_address(lookup.server)
    except ValueError:
        return False
    return address.is_private and not (address.is_loopback or address.is_link_local)


def near(text: str) -> tuple[int, int] | None:
    """Return what addresses of one range of Services have in common; None of what is none.

    That is half of an IPv4 address, and all but the last group of an IPv6 one.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return address.version, int(address) >> NEAR_BITS
