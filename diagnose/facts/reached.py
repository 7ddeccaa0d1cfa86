"""Addresses that people tried by hand, with ping, curl, telnet, nc or wget, and how it ended.

What a single try tells is little; two that differ in one thing tell what that thing does: the size
of a packet, the node of a pod, the address of a Service beside its pod's, the family of addresses.
Limits: minutes may lie between two tries, and a program may be down that one of them was made to.
Source: iputils ping.c and ping6_common.c; busybox networking/ping.c; curl lib/strerror.c.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.node_network import Interface
from diagnose.facts.pods import Pod, unique
from diagnose.facts.services import Service, merged
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.values import dataclass

LARGE = 1000  # bytes of payload; DNS over UDP stays below that
OVERLAYS = ("flannel.", "vxlan", "cni0", "cali", "tunl0", "cilium_vxlan", "weave")


@dataclass(frozen=True)
class Reached:
    """One try of one address; `name` where a name was given, `port` 0 for ping.

    `size` is a ping's payload in bytes, 0 when it is not told. `ok` says that something came back;
    a refused connection came back too. `limit` is the size that the sender's own interface has.
    """

    subject: Subject
    origin: str
    quote: Quote
    tool: str
    address: str
    ok: bool
    name: str = ""
    port: int = 0
    size: int = 0
    limit: int = 0

    @property
    def version(self) -> int:
        """4 or 6, 0 for what is no address."""
        try:
            return ipaddress.ip_address(self.address).version
        except ValueError:
            return 0


@dataclass(frozen=True)
class Contrast:
    """What was reached, and what was not, of two tries that differ in one thing."""

    ok: Reached
    lost: Reached
    detail: str = ""


@dataclass(frozen=True)
class Limit:
    """A try that was told the room of its way, and an interface of pods that has more."""

    lost: Reached
    interface: Interface


@dataclass(frozen=True, kw_only=True)
class Reachability(Fact):
    """Pairs of tries that differ in one thing, and in how they end.

    `sizes` differ in a packet's size, `services` are a Service's address beside a pod's, `nodes`
    are pods of one node beside those of others, `families` are IPv4 beside IPv6 addresses of one
    name.
    `limits` are what a hop said of its room, beside an overlay's device that takes more.
    """

    asks: ClassVar[tuple[Ask, ...]] = (
        Ask.CLIENT_OUTPUT,
        Ask.DNS_PODS,
        Ask.DNS_SERVICES,
        Ask.NODE_NETWORK,
    )

    sizes: tuple[Contrast, ...] = ()
    services: tuple[Contrast, ...] = ()
    nodes: tuple[Contrast, ...] = ()
    families: tuple[Contrast, ...] = ()
    limits: tuple[Limit, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the pairs; without any try nothing is known."""
        tries = evidence.of(Reached)
        pods, services = unique(evidence.of(Pod)), merged(evidence.of(Service))
        items: tuple[Readable, ...] = tries
        found = known(evidence, items, Ask.CLIENT_OUTPUT)
        if isinstance(found, Gap):
            return found
        hosts = {
            ip: pod.subject.node
            for pod in pods
            if pod.subject.node and not pod.host_network
            for ip in pod.ips or ()
        }
        homes = {pod.subject.name: pod.subject.node for pod in pods if pod.subject.node}
        virtual = {ip for one in services for ip in one.cluster_ips or ()}
        return cls(
            origin=found[0],
            gaps=found[1],
            sizes=tuple(by_size(tries)),
            services=tuple(by_service(tries, virtual, set(hosts))),
            nodes=tuple(by_node(tries, hosts, homes)),
            families=tuple(by_family(tries)),
            limits=tuple(by_limit(tries, evidence.of(Interface))),
        )


def by_size(tries: Sequence[Reached]) -> Iterator[Contrast]:
    """Yield each place and address that small packets reach and large ones do not."""
    groups: dict[tuple[Subject, str], list[Reached]] = {}
    for one in tries:
        if one.tool == "ping" and one.size:
            groups.setdefault((one.subject, one.address), []).append(one)
    for several in groups.values():
        reached = [one for one in several if one.ok]
        lost = [one for one in several if not one.ok and one.size >= LARGE]
        largest = max(reached, key=lambda one: one.size, default=None)
        least = min(lost, key=lambda one: one.size, default=None)
        if largest and least and largest.size < least.size:
            yield Contrast(largest, least)


def by_limit(tries: Sequence[Reached], interfaces: Sequence[Interface]) -> Iterator[Limit]:
    """Yield the first way that has less room than an overlay's device believes."""
    told = min((one for one in tries if one.limit), key=lambda one: one.limit, default=None)
    for one in interfaces:
        if told and one.name.startswith(OVERLAYS) and (one.mtu or 0) > told.limit:
            yield Limit(told, one)
            return


def by_service(tries: Sequence[Reached], virtual: set[str], pods: set[str]) -> Iterator[Contrast]:
    """Yield the Services' addresses that nothing came back from, where a pod answered.

    A Service's address answers no ping in most ways to make it, so that connections alone count.
    """
    answered: dict[Subject, Reached] = {}
    well = {one.address for one in tries if one.ok}
    for one in tries:
        real = one.address in pods or near(one.address, virtual)
        if one.ok and one.port and one.address not in virtual and real:
            answered.setdefault(one.subject, one)
    seen: set[str] = set()
    for one in tries:
        beside = answered.get(one.subject)
        if one.ok or not one.port or beside is None or one.address in seen | well:
            continue
        if one.address in virtual:
            seen.add(one.address)
            yield Contrast(beside, one)


def near(address: str, virtual: set[str]) -> bool:
    """Whether an address is private, as pods' are, where a Service's address is known."""
    try:
        return bool(virtual) and ipaddress.ip_address(address).is_private
    except ValueError:
        return False


def by_node(
    tries: Sequence[Reached], hosts: dict[str, str], homes: dict[str, str]
) -> Iterator[Contrast]:
    """Yield nodes of which every pod that was tried is silent, where those of one other answer.

    A place whose own node is known stands for what answers, if it was in vain more than once.
    """
    groups: dict[Subject, list[Reached]] = {}
    for one in tries:
        if one.address in hosts and not one.size >= LARGE:
            groups.setdefault(one.subject, []).append(one)
    for several in groups.values():
        heard: dict[str, Reached] = {}
        silent: dict[str, Reached] = {}
        for one in several:
            (heard if one.ok else silent).setdefault(hosts[one.address], one)
        near_by = [node for node in heard if node not in silent]
        far = [node for node in silent if node not in heard]
        place = several[0].subject
        home = place.name if place.kind == "Node" else place.node or homes.get(place.name, "")
        vain = [one for one in several if not one.ok]
        if home and not heard and len(vain) > 1 and home not in silent and len(silent) == 1:
            yield Contrast(vain[1], vain[0], f"{far[0]}, asked from {home}")
        if len(near_by) == 1 and far:
            yield Contrast(heard[near_by[0]], silent[far[0]], f"{far[0]} beside {near_by[0]}")


def by_family(tries: Sequence[Reached]) -> Iterator[Contrast]:
    """Yield names whose IPv6 address has no way, while the name is reached by IPv4."""
    ok = {one.name: one for one in tries if one.ok and one.name and one.version in (0, 4)}
    well = {one.name for one in tries if one.ok and one.version == 6}
    seen: set[str] = set()
    for one in tries:
        if one.version == 6 and not one.ok and one.name in ok and one.name not in seen | well:
            seen.add(one.name)
            yield Contrast(ok[one.name], one)
