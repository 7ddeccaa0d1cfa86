"""Sockets that listen on a node, and where one of them stands in the way of a DNS server.

Source: Linux Documentation/networking/proc_net_tcp.rst; iproute2 misc/ss.c, v6.1; ip(7): an address
in use is refused to a second socket, and the wildcard address stands for all.
"""

from __future__ import annotations

import functools
import ipaddress
from operator import itemgetter
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.facts.logs import CoreDNSLogs
from diagnose.facts.pods import Pod, unique
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.signatures.coredns import PORT_IN_USE
from diagnose.values import dataclass

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


Here = tuple[bool, tuple[Pod, ...], tuple[Quote, ...]]


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
        by_node: dict[str, list[tuple[int, Pod]]] = {}
        for number, pod in enumerate(servers):
            by_node.setdefault(pod.subject.node, []).append((number, pod))
        taken = refusals(evidence)

        @functools.cache
        def on(node: str) -> Here:
            """Return the servers that may be on a node; one of them unknown does not part them."""
            near = [*by_node.get("", ()), *by_node.get(node, ())]
            here = [pod for _, pod in sorted(near, key=itemgetter(0))] if node else servers
            broken = tuple(pod for pod in here if pod.ready is False)
            said = [taken[name] for pod in broken if (name := pod.subject.name) in taken]
            last = max(said, key=itemgetter(0), default=None)
            return bool(here), broken, (last[1],) if last else ()

        conflicts = []
        for one in listeners:
            if one.port != DNS_PORT or one.loopback or one.process.startswith(OWN):
                continue
            here, broken, said = on(one.subject.name)
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


def refusals(evidence: Evidence) -> dict[str, tuple[int, Quote]]:
    """Return by pod the last line in which it says that its port is taken, with its number."""
    logs = evidence.fetch(CoreDNSLogs)
    if isinstance(logs, Gap):
        return {}
    return {
        one.subject.name: (number, one.quote)
        for number, one in enumerate(logs.matching(PORT_IN_USE))
    }
