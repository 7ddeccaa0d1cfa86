"""Whether packets of pods can find their way between nodes: endpoints, routes, sizes, ranges.

Source: flannel-io/flannel v0.26.7, pkg/backend/vxlan (overhead of 50 bytes; of IPv6 70),
pkg/backend/route_network.go; node annotations flannel.alpha.coreos.com/public-ip.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.flannel import NetConf, SubnetEnv
from diagnose.facts.flannel_failures import FlannelFailures
from diagnose.facts.logs import LogStream
from diagnose.facts.node_network import Interface, Route
from diagnose.facts.nodes import Node
from diagnose.facts.resolv_conf import ResolvConf
from diagnose.facts.services import Service
from diagnose.model import CLUSTER, Fact, Gap, Quote, Subject
from diagnose.signatures.flannel import INTERFACE_USED, ROUTE_FAILED
from diagnose.text.regex import regex

PUBLIC_IP = "flannel.alpha.coreos.com/public-ip"
VIRTUALBOX_NAT = "10.0.2.15"  # what VirtualBox and Vagrant give to every machine
VXLAN_BYTES = 50
# Devices that belong to pods or to the overlay, or to another set of containers.
VIRTUAL = regex(
    r"(?:lo|cni\d*|cbr\d*|flannel[\w.]*|docker\d*|veth\w*|cali\w*|tunl\d*|vxlan[\w.]*|cilium\w*|"
    r"lxc\w*|kube-ipvs\d*|nodelocaldns|dummy\d*|virbr[\w-]*|br-\w+|weave|datapath|kube-bridge|"
    r"ip6tnl\d*|sit\d*|wg\d*|tun\d*|tailscale\d*)$"
)
POD_DEVICES = regex(r"(?:cni|cbr|flannel)")


@dataclass(frozen=True)
class WrongPath:
    """One thing that is wrong with the way of packets between pods of different nodes."""

    subject: Subject
    message: str
    quotes: tuple[Quote, ...]
    proven: bool = True


@dataclass(frozen=True, kw_only=True)
class FlannelEndpoints(Fact):
    """The addresses over which flannel sends that do not lead to one node each."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.NODES, Ask.FLANNEL_LOGS)

    wrong: tuple[WrongPath, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return them by the nodes' annotations and by flannel's logs."""
        nodes, streams = evidence.of(Node), evidence.of(LogStream)
        items: tuple[Readable, ...] = (*nodes, *streams)
        found = known(evidence, items, Ask.NODES)
        if isinstance(found, Gap):
            return found
        wrong = (*shared_endpoints(nodes), *nat_endpoints(streams))
        return cls(origin=found[0], gaps=found[1], wrong=wrong)


@dataclass(frozen=True, kw_only=True)
class PodRoutes(Fact):
    """The routes to pods of other nodes that are not there."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.NODE_NETWORK, Ask.NODES, Ask.FLANNEL_LOGS)

    missing: tuple[WrongPath, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return them by flannel's logs and by comparing tables with the nodes' ranges."""
        nodes, routes = evidence.of(Node), evidence.of(Route)
        items: tuple[Readable, ...] = (*routes, *evidence.of(LogStream))
        found = known(evidence, items, Ask.NODE_NETWORK)
        if isinstance(found, Gap):
            return found
        failed = FlannelFailures.read(evidence)
        refused = () if isinstance(failed, Gap) else failed.of(ROUTE_FAILED)
        said = tuple(
            WrongPath(
                one.subject,
                f"flannel cannot add the route: {one.match['reason'].strip()}",
                (one.match.quote,),
            )
            for one in refused
        )
        missing = (*said, *missing_routes(nodes, routes))
        return cls(origin=found[0], gaps=found[1], missing=missing)


@dataclass(frozen=True, kw_only=True)
class OverlaySizes(Fact):
    """The nodes whose overlay takes larger packets than their interface has room for."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.NODE_NETWORK, Ask.NODE_FILES, Ask.FLANNEL_CONFIG)

    wrong: tuple[WrongPath, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return them by comparing interfaces and subnet.env."""
        interfaces = evidence.of(Interface)
        found = known(evidence, interfaces, Ask.NODE_NETWORK)
        if isinstance(found, Gap):
            return found
        wrong = tuple(too_large(interfaces, evidence.of(SubnetEnv), evidence.of(Route)))
        return cls(origin=found[0], gaps=found[1], wrong=wrong)


@dataclass(frozen=True, kw_only=True)
class AddressOverlaps(Fact):
    """The addresses outside of the pod network that lie in its range."""

    asks: ClassVar[tuple[Ask, ...]] = (
        Ask.NODES,
        Ask.FLANNEL_CONFIG,
        Ask.DNS_SERVICES,
        Ask.RESOLV_CONF,
    )

    overlaps: tuple[WrongPath, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the addresses of nodes, their resolvers, and the DNS service."""
        items: tuple[Readable, ...] = (*evidence.of(Node), *evidence.of(NetConf))
        found = known(evidence, items, Ask.NODES)
        if isinstance(found, Gap):
            return found
        return cls(origin=found[0], gaps=found[1], overlaps=tuple(overlapping(evidence)))


# ---------------------------------------------------------------- endpoints


def shared_endpoints(nodes: tuple[Node, ...]) -> Iterator[WrongPath]:
    """Yield addresses that flannel published for several nodes."""
    owners: dict[str, dict[str, Node]] = {}
    for node in nodes:
        if address := (node.annotations or {}).get(PUBLIC_IP, ""):
            owners.setdefault(address, {})[node.subject.name] = node
    for address, several in owners.items():
        if len(several) > 1:
            yield WrongPath(
                CLUSTER,
                f"flannel published {address} for {', '.join(several)}: packets to one reach "
                "another or none",
                tuple(
                    Quote(node.origin, f"{name}   {PUBLIC_IP}: {address}", node.quote.line)
                    for name, node in several.items()
                )[:3],
            )


def nat_endpoints(streams: tuple[LogStream, ...]) -> Iterator[WrongPath]:
    """Yield flannel pods that took the NAT address which every VirtualBox machine has."""
    used = [
        match
        for stream in streams
        for match in list(stream.matching(INTERFACE_USED))[-1:]
        if match["address"].strip(".,") == VIRTUALBOX_NAT
    ]
    for match in used:
        yield WrongPath(
            match.subject,
            f"flannel uses {match['interface']} with {VIRTUALBOX_NAT}, the address that "
            "VirtualBox gives to every machine",
            (match.quote,),
            proven=len({one.subject for one in used}) > 1,
        )


# ---------------------------------------------------------------- routes


def missing_routes(nodes: tuple[Node, ...], routes: tuple[Route, ...]) -> Iterator[WrongPath]:
    """Yield nodes of a bridge or flannel whose routes lead to no other node's range.

    Only a table that shows its default route and the node's own bridge counts as one.
    """
    tables: dict[tuple[Subject, str], list[Route]] = {}
    for route in routes:
        tables.setdefault((route.subject, route.origin), []).append(route)
    for (subject, _), table in tables.items():
        devices = [one for one in table if POD_DEVICES.match(one.device)]
        if not devices or not any(one.destination == "default" for one in table):
            continue
        own = next(
            (one.destination for one in devices if one.device.startswith(("cni", "cbr"))), ""
        )
        missing = [
            (node, cidr)
            for node in nodes
            if node.subject.name != subject.name
            for cidr in (node.pod_cidrs or ())
            if ":" not in cidr and cidr != own and not leads(table, cidr)
        ]
        if own and missing:
            node, cidr = missing[0]
            yield WrongPath(
                subject if subject.kind == "Node" else CLUSTER,
                f"no route leads to {cidr}, the pods of {node.subject.name}",
                (devices[0].quote, node.quote),
                proven=False,
            )


def leads(table: list[Route], cidr: str) -> bool:
    """Whether a route other than the default one covers a range."""
    wanted = network(cidr)
    for route in table:
        have = network(route.destination)
        if wanted is None or (have is not None and covers(have, wanted)):
            return True
    return False


# ---------------------------------------------------------------- sizes


def too_large(
    interfaces: tuple[Interface, ...], envs: tuple[SubnetEnv, ...], routes: tuple[Route, ...]
) -> Iterator[WrongPath]:
    """Yield nodes whose overlay or bridge takes larger packets than the way has room for."""
    places: dict[Subject, dict[str, Interface]] = {}
    for one in interfaces:
        if one.mtu:
            places.setdefault(one.subject, {})[one.name] = one
    for subject, links in places.items():
        outer = underlay(links, [one for one in routes if one.subject == subject])
        overlay = next((one for name, one in links.items() if name.startswith("flannel.")), None)
        inner = [one for name, one in links.items() if name in ("cni0", "cbr0")]
        inside = [(one.name, one.mtu or 0, one.quote) for one in (overlay, *inner) if one]
        inside += [
            ("subnet.env", env.mtu, env.quotes[0])
            for env in envs
            if env.mtu and env.quotes and env.subject in (subject, Subject(""))
        ]
        if outer is None or overlay is None:
            continue
        room = (outer.mtu or 0) - VXLAN_BYTES
        over = next((one for one in inside if one[1] > room), None)
        if over:
            yield WrongPath(
                subject if subject.kind == "Node" else CLUSTER,
                f"{over[0]} takes packets of {over[1]} bytes, {outer.name} with {outer.mtu} has "
                f"room for {room} in a vxlan packet",
                (over[2], outer.quote),
            )


def underlay(links: dict[str, Interface], routes: list[Route]) -> Interface | None:
    """Return the interface that carries the overlay: that of the default route, or the only one."""
    for route in routes:
        if route.destination == "default" and route.device in links:
            return links[route.device]
    real = [one for name, one in links.items() if not VIRTUAL.match(name)]
    return real[0] if len(real) == 1 else None


# ---------------------------------------------------------------- ranges


def overlapping(evidence: Evidence) -> Iterator[WrongPath]:
    """Yield addresses of nodes, resolvers and Services that lie in the pods' network."""
    pods: dict[str, Quote] = {}
    for conf in evidence.of(NetConf)[-1:]:
        pods |= {cidr: conf.quote for cidr in (conf.network, conf.ipv6_network) if cidr}
    if not pods:
        pods = {cidr: node.quote for node in evidence.of(Node) for cidr in (node.pod_cidrs or ())}
    ranges = [(cidr, net, quote) for cidr, quote in pods.items() if (net := network(cidr))]
    for what, address, quote, subject in outside(evidence):
        host = network(address)
        for cidr, net, other in ranges:
            if host is not None and covers(net, host):
                yield WrongPath(
                    subject, f"{what} {address} lies in the pods' network {cidr}", (quote, other)
                )
                break


def outside(evidence: Evidence) -> Iterator[tuple[str, str, Quote, Subject]]:
    """Yield (what, address, quote, subject) of all that must not lie in the pods' network."""
    for node in evidence.of(Node):
        for address in node.addresses:
            yield f"the address of {node.subject.name},", address, node.quote, node.subject
    for file in evidence.of(ResolvConf):
        if not file.of_pod:
            for server in file.nameservers:
                place = file.subject if file.subject.kind else CLUSTER
                yield "the node's resolver", server, file.quote_of(server)[0], place
    for service in evidence.of(Service):
        if service.serves_dns:
            for address in service.cluster_ips or ():
                yield "the DNS service's address", address, service.quote, service.subject


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def network(text: str) -> Network | None:
    """Return a range, or an address as one; None for anything else."""
    try:
        return ipaddress.ip_network(text.partition("%")[0], strict=False)
    except ValueError:
        return None


def covers(outer: Network, inner: Network) -> bool:
    """Whether a range lies in another of its family."""
    if isinstance(outer, ipaddress.IPv4Network) and isinstance(inner, ipaddress.IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(outer, ipaddress.IPv6Network) and isinstance(inner, ipaddress.IPv6Network):
        return inner.subnet_of(outer)
    return False
