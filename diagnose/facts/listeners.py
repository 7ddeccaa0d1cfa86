"""Sockets that listen on a node, and where one of them stands in the way of a DNS server.

Source: Linux Documentation/networking/proc_net_tcp.rst; iproute2 misc/ss.c, v6.1; ip(7): an address
in use is refused to a second socket, and the wildcard address stands for all.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.facts.logs import CoreDNSLogs
from diagnose.facts.pods import Pod, unique
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.signatures.coredns import PORT_IN_USE

DNS_PORT = 53
NODE_LOCAL = ("node-local-dns", "nodelocaldns")
# What serves DNS itself under these names; anything else that has the port keeps them from it.
OWN = ("coredns", "node-cache", "kube-dns", "dnsmasq-nanny")


@dataclass(frozen=True)
class Listener:
    """One socket that listens. `address` is as written, without a zone; `process` "" not told."""

    subject: Subject
    origin: str
    quote: Quote
    protocol: str
    address: str
    port: int
    process: str = ""

    @property
    def everywhere(self) -> bool:
        """Whether it has the port on every address of its family, or of both."""
        return self.address in ("0.0.0.0", "::", "*")

    @property
    def loopback(self) -> bool:
        """Whether only the node itself reaches it."""
        try:
            return ipaddress.ip_address(self.address).is_loopback
        except ValueError:
            return False


@dataclass(frozen=True)
class PortConflict:
    """A listener in the way of DNS servers of the node's network; `pods` are those not ready."""

    subject: Subject
    listener: Listener
    pods: tuple[Pod, ...]
    quotes: tuple[Quote, ...]
    proven: bool


@dataclass(frozen=True, kw_only=True)
class DNSPorts(Fact):
    """The nodes on which something else has port 53, where a DNS server of their network wants it.

    Such servers are CoreDNS with hostNetwork and the node-local cache.
    """

    asks: ClassVar[tuple[Ask, ...]] = (
        Ask.NODE_NETWORK,
        Ask.DNS_PODS,
        Ask.SYSTEM_PODS,
        Ask.DNS_LOGS,
    )

    conflicts: tuple[PortConflict, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return one conflict per node: the listener, and the DNS servers there that are not well.

        Which program has a port is rarely seen from a pod. So the port's being taken counts only
        beside a server that is not ready there, or where the program is named.
        """
        listeners = evidence.of(Listener)
        found = known(evidence, listeners, Ask.NODE_NETWORK)
        if isinstance(found, Gap):
            return found
        servers = tuple(pod for pod in unique(evidence.of(Pod)) if in_node_network(pod))
        conflicts = []
        for one in listeners:
            if one.port != DNS_PORT or one.loopback or one.process.startswith(OWN):
                continue
            here = [pod for pod in servers if at(pod, one.subject)]
            broken = tuple(pod for pod in here if pod.ready is False)
            said = refused(evidence, broken)
            if not one.everywhere and not one.process:
                continue  # node-local caches listen on addresses of their own
            if broken or (one.process and (here or not evidence.of(Pod))):
                conflicts.append(
                    PortConflict(
                        one.subject if one.subject.kind == "Node" else Subject("Node"),
                        one,
                        broken,
                        (one.quote, *(pod.quote for pod in broken[:1]), *said),
                        proven=bool(said),
                    )
                )
        first = {one.subject: one for one in reversed(conflicts)}
        return cls(
            origin=found[0],
            gaps=found[1],
            conflicts=tuple(first.values())[::-1],
        )


def in_node_network(pod: Pod) -> bool:
    """Whether a pod serves DNS in the network of its node."""
    cache = pod.subject.name.startswith(NODE_LOCAL)
    return cache or (pod.serves_dns and pod.host_network is True)


def at(pod: Pod, place: Subject) -> bool:
    """Whether a pod is on a node; one of them unknown does not part them."""
    return not place.name or pod.subject.node in ("", place.name)


def refused(evidence: Evidence, pods: tuple[Pod, ...]) -> tuple[Quote, ...]:
    """Return the line in which one of these pods says that its port is taken."""
    logs = evidence.fetch(CoreDNSLogs)
    if isinstance(logs, Gap):
        return ()
    names = {pod.subject.name for pod in pods}
    said = [one for one in logs.matching(PORT_IN_USE) if one.subject.name in names]
    return (said[-1].quote,) if said else ()
