"""Whether packets of pods can find their way between nodes: endpoints, routes, sizes, ranges.

Source: flannel-io/flannel v0.26.7, pkg/backend/vxlan (overhead of 50 bytes; of IPv6 70),
pkg/backend/route_network.go; node annotations flannel.alpha.coreos.com/public-ip;
projectcalico/calico v3.27.0, felix/dataplane/linux/int_dataplane.go (vxlan.calico and tunl0; what
their headers take, and that a VPN's interface is not among those whose size is looked at).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.cluster_ranges import ClusterRanges
from diagnose.facts.flannel import NetConf, SubnetEnv
from diagnose.facts.flannel_failures import FlannelFailures
from diagnose.facts.logs import LogStream, Match
from diagnose.facts.lookups import Lookup, Outcome
from diagnose.facts.names import always_exists
from diagnose.facts.node_network import Interface, Route
from diagnose.facts.nodes import Node
from diagnose.facts.pods import Pod, unique
from diagnose.facts.resolv_conf import ResolvConf
from diagnose.facts.services import Service
from diagnose.model import CLUSTER, Fact, Gap, Quote, Subject
from diagnose.signatures.flannel import INTERFACE_USED, ROUTE_FAILED
from diagnose.text.regex import regex
from diagnose.values import dataclass

PUBLIC_IP = "flannel.alpha.coreos.com/public-ip"
VIRTUALBOX_NAT = "10.0.2.15"  # what VirtualBox and Vagrant give to every machine
# The devices of overlays, and what their headers take: of vxlan over IPv4, and of IP in IP.
OVERLAYS = (("flannel.", 50), ("vxlan.calico", 50), ("tunl0", 20))
# Calico's tunnels, which take from its pods what goes to other nodes.
TUNNELS = ("wireguard.cali", "vxlan.calico", "tunl0")
VPN = regex(r"(?:wg|tun|tailscale|nebula|zt)\w{0,20}$")
# Devices that belong to pods or to the overlay, or to another set of containers.
VIRTUAL = regex(
    r"(?:lo|cni\d*|cbr\d*|flannel[\w.]*|docker\d*|veth\w*|cali\w*|tunl\d*|vxlan[\w.]*|cilium\w*|"
    r"lxc\w*|kube-ipvs\d*|nodelocaldns|dummy\d*|virbr[\w-]*|br-\w+|weave|datapath|kube-bridge|"
    r"ip6tnl\d*|sit\d*|wg\d*|tun\d*|tailscale\d*|nebula\d*|zt\w*|wireguard[\w.]*)$"
)
POD_DEVICES = regex(r"(?:cni|cbr|flannel)")
# Of these none carries the overlay, whatever address it has: IPVS has every Service's on one.
INSIDE = regex(r"(?:lo|cni\d*|cbr\d*|flannel|cali|tunl|vxlan|kube-ipvs|nodelocaldns|dummy)")


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

    asks: ClassVar[tuple[Ask, ...]] = (
        Ask.NODE_NETWORK,
        Ask.NODES,
        Ask.FLANNEL_LOGS,
        Ask.DNS_PODS,
    )

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
            WrongPath(one.subject, refused_route(one.match), (one.match.quote,)) for one in refused
        )
        pods = tuple(pod for pod in unique(evidence.of(Pod)) if pod.serves_dns)
        missing = (*said, *missing_routes(nodes, routes, pods))
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
        own = frozenset(address for node in evidence.of(Node) for address in node.addresses)
        wrong = tuple(too_large(interfaces, evidence.of(SubnetEnv), evidence.of(Route), own))
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
        """Return the addresses of nodes, their resolvers, and Services."""
        items: tuple[Readable, ...] = (
            *evidence.of(Node),
            *evidence.of(NetConf),
            *evidence.of(ClusterRanges),
            *own_names(evidence.of(Lookup)),
            *(evidence.of(Route) if (routed := tuple(covered(evidence.of(Route)))) else ()),
        )
        found = known(evidence, items, Ask.NODES)
        if isinstance(found, Gap):
            return found
        overlaps = (*overlapping(evidence), *routed)
        return cls(origin=found[0], gaps=found[1], overlaps=overlaps)


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
                    replace(
                        node.quote.on("annotations", PUBLIC_IP),
                        text=f"{name}   {PUBLIC_IP}: {address}",
                        summary=True,
                    )
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


def missing_routes(
    nodes: tuple[Node, ...], routes: tuple[Route, ...], pods: tuple[Pod, ...] = ()
) -> Iterator[WrongPath]:
    """Yield nodes of a bridge or flannel whose routes lead to no other node's range, or DNS pod.

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
        led = Ranges(one.destination for one in table)
        missing = (
            (node, cidr)
            for node in nodes
            if node.subject.name != subject.name
            for cidr in (node.pod_cidrs or ())
            if ":" not in cidr and cidr != own and network(cidr) and led.around(cidr) is None
        )
        first = next(missing, None) if own else None
        beyond = (
            (pod, ip)
            for pod in pods
            if pod.subject.node not in ("", subject.name) and not pod.host_network
            for ip in pod.ips or ()
            if ":" not in ip and network(ip) and led.around(ip) is None
        )
        lost = next(beyond, None) if own and first is None and subject.name else None
        if lost is not None:
            pod, ip = lost
            yield WrongPath(
                subject,
                f"no route but the default one leads to {ip}, {pod.subject.name} on "
                f"{pod.subject.node}",
                (devices[0].quote, pod.quote.on("ips")),
                proven=False,
            )
        if first is not None:
            node, cidr = first
            yield WrongPath(
                subject if subject.kind == "Node" else CLUSTER,
                f"no route leads to {cidr}, the pods of {node.subject.name}",
                (devices[0].quote, node.quote.on("pod_cidrs")),
                proven=False,
            )


def refused_route(match: Match) -> str:
    """Return what flannel says of a route that the kernel does not take, with what it means.

    The kernel takes no next hop that is an address of the node's own, or that begins or ends the
    network of an interface; which interfaces count, depends on its version.
    Source: torvalds/linux v6.6, net/ipv4/fib_semantics.c (fib_check_nh_v4_gw: "Nexthop has invalid
    gateway"), fib_frontend.c (__inet_dev_addr_type).
    """
    reason = match["reason"].strip()
    told = f"flannel cannot add the route: {reason}"
    if "invalid argument" not in reason or not match["via"]:
        return told
    return f"{told}; an interface of the node has {match['via']} or a network that begins there"


# ---------------------------------------------------------------- sizes


def too_large(
    interfaces: tuple[Interface, ...],
    envs: tuple[SubnetEnv, ...],
    routes: tuple[Route, ...],
    own: frozenset[str],
) -> Iterator[WrongPath]:
    """Yield nodes whose overlay or bridge takes larger packets than the way has room for."""
    places: dict[Subject, dict[str, Interface]] = {}
    for one in interfaces:
        if one.mtu:
            places.setdefault(one.subject, {})[one.name] = one
    routed: dict[Subject, list[Route]] = {}
    for route in routes:
        routed.setdefault(route.subject, []).append(route)
    told: dict[Subject, dict[int, SubnetEnv]] = {}
    for env in envs:
        if env.mtu and env.quotes:
            told.setdefault(env.subject, {}).setdefault(env.mtu, env)
    for subject, links in places.items():
        yield from pods_above_tunnel(subject, links)
        overlay, header = overlay_of(links)
        if overlay is None:
            continue
        outer = underlay(links, routed.get(subject, []), own, header)
        of_flannel = overlay.name.startswith("flannel.")
        inner = [one for name, one in links.items() if of_flannel and name in ("cni0", "cbr0")]
        inside = [(one.name, one.mtu or 0, one.quote) for one in (overlay, *inner)]
        inside += [
            ("subnet.env", mtu, env.quotes[0])
            for place in dict.fromkeys((subject, Subject("")) if of_flannel else ())
            for mtu, env in told.get(place, {}).items()
        ]
        room = (outer.mtu or 0) - header if outer else 0
        over = next((one for one in inside if one[1] > room), None)
        if outer and over:
            kind = "an IP-in-IP" if overlay.name == "tunl0" else "a vxlan"
            yield WrongPath(
                subject if subject.kind == "Node" else CLUSTER,
                f"{over[0]} takes packets of {over[1]} bytes, {outer.name} with {outer.mtu} has "
                f"room for {room} in {kind} packet",
                (over[2], outer.quote),
                # Calico's pods may have a size of their own, and a VPN may not be the way
                proven=of_flannel and not VPN.match(outer.name),
            )


def pods_above_tunnel(subject: Subject, links: dict[str, Interface]) -> Iterator[WrongPath]:
    """Yield a node whose pods' devices take larger packets than Calico's tunnel does.

    Felix gives both one size, unless either is set by hand. A possibility: the kernel tells senders
    the size of a smaller way, and what heeds that gets through.
    """
    tunnel = next((links[name] for name in TUNNELS if name in links), None)
    if tunnel is None or (tunnel.name == "tunl0" and "UP" not in tunnel.flags):
        return
    pods = [one for name, one in links.items() if name.startswith("cali")]
    largest = max(pods, key=lambda one: one.mtu or 0, default=None)
    if largest is not None and (largest.mtu or 0) > (tunnel.mtu or 0):
        yield WrongPath(
            subject if subject.kind == "Node" else CLUSTER,
            f"{tunnel.name} takes packets of {tunnel.mtu} bytes, the pods' {largest.name} of "
            f"{largest.mtu}",
            (tunnel.quote, largest.quote),
            proven=False,
        )


def overlay_of(links: dict[str, Interface]) -> tuple[Interface | None, int]:
    """Return a node's overlay device that is up, and the bytes that its headers take."""
    for prefix, header in OVERLAYS:
        for name, one in links.items():
            # tunl0 is there, but down, wherever the kernel's module is loaded
            if name.startswith(prefix) and (name != "tunl0" or "UP" in one.flags):
                return one, header
    return None, 0


def underlay(
    links: dict[str, Interface], routes: list[Route], own: frozenset[str], header: int
) -> Interface | None:
    """Return the interface that carries the overlay.

    That is the one with the node's address, or a VPN's that the pods' devices are made to fit, or
    that of the default route, or the only one.
    """
    for name, one in links.items():
        if not INSIDE.match(name) and any(each.partition("/")[0] in own for each in one.addresses):
            return one
    real = [one for name, one in links.items() if not VIRTUAL.match(name)]
    fitting = {(one.mtu or 0) + header for name, one in links.items() if name.startswith("cali")}
    for name, one in links.items():
        if VPN.match(name) and fitting == {one.mtu} and all(each.mtu != one.mtu for each in real):
            return one
    for route in routes:
        if route.destination == "default" and route.device in links:
            return links[route.device]
    return real[0] if len(real) == 1 else None


# ---------------------------------------------------------------- ranges


def overlapping(evidence: Evidence) -> Iterator[WrongPath]:
    """Yield addresses of nodes, resolvers and Services that lie in the pods' network."""
    pods: dict[str, Quote] = {}
    for conf in evidence.of(NetConf)[-1:]:
        pods |= {cidr: conf.quote for cidr in (conf.network, conf.ipv6_network) if cidr}
    if not pods:
        pods = {cidr: node.quote for node in evidence.of(Node) for cidr in (node.pod_cidrs or ())}
    told = not pods  # an installer was told so; the add-on may have taken another range
    if told:
        pods = {cidr: one.quote for one in evidence.of(ClusterRanges) for cidr in one.pods}
    ranges = Ranges(pods)
    for what, address, quote, subject in outside(evidence):
        if (cidr := ranges.around(address)) is not None:
            yield WrongPath(
                subject,
                f"{what} {address} lies in the pods' network {cidr}",
                tuple(dict.fromkeys((quote.on("addresses", address), pods[cidr].on("pod_cidrs")))),
                proven=not told,
            )
    for one in own_names(evidence.of(Lookup)):
        yield WrongPath(
            one.place,
            f"the pod's own name is found for {one.server}, the address that it asks: the pod has "
            "an address of the Services' range",
            (one.quote,),
            proven=False,
        )


def covered(routes: tuple[Route, ...]) -> Iterator[WrongPath]:
    """Yield networks of a node's own interfaces that hold what its overlay leads to.

    What is routed over an overlay's device are pods of other nodes. The network of an interface
    that has nothing to do with pods must be apart from them.
    """
    tables: dict[tuple[Subject, str], list[Route]] = {}
    for route in routes:
        tables.setdefault((route.subject, route.origin), []).append(route)
    for (subject, _), table in tables.items():
        own = {
            one.destination: one
            for one in table
            if not one.via
            and one.device
            and "/" in one.destination
            and not INSIDE.match(one.device)
        }
        ranges = Ranges(own)
        for one in table:
            if not one.via or not one.device.startswith(tuple(name for name, _ in OVERLAYS)):
                continue
            if (cidr := ranges.around(one.destination)) is not None:
                yield WrongPath(
                    subject if subject.kind == "Node" else CLUSTER,
                    f"{own[cidr].device}'s network {cidr} holds {one.destination}, pods of another "
                    f"node by {one.device}",
                    (own[cidr].quote, one.quote),
                    proven=False,
                )
                break


def own_names(lookups: tuple[Lookup, ...]) -> tuple[Lookup, ...]:
    """Return what pods asked in vain at an address for which they find their own name.

    The kubelet writes a pod's own address and name to its /etc/hosts, and nothing else of pods.
    Source: kubernetes/kubernetes v1.31.0, pkg/kubelet/kubelet_pods.go (managedHostsFileContent).
    """
    return tuple(
        one
        for one in lookups
        if one.server_name
        and one.server_name == one.place.name
        and one.place.kind == "Pod"
        and one.outcome not in (Outcome.NOERROR, Outcome.NODATA)
    )


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
    for one in evidence.of(ClusterRanges):
        for cidr in one.services:
            yield "the Services' range", cidr, one.quote, CLUSTER
        for address in one.hosts:
            yield "the control plane's address", address, one.quote, CLUSTER
    for lookup in evidence.of(Lookup):
        if lookup.outcome is Outcome.NOERROR and always_exists(lookup.name):
            for address in lookup.answers[:1]:
                yield "the API's Service address", address, lookup.quote, CLUSTER


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def network(text: str) -> Network | None:
    """Return a range, or an address as one; None for anything else."""
    try:
        return ipaddress.ip_network(text.partition("%")[0], strict=False)
    except ValueError:
        return None


class Ranges:
    """Ranges of addresses, to be asked which of them covers another one, however many there are."""

    def __init__(self, cidrs: Iterable[str]) -> None:
        """Keep each range by its size and its first bits, the first of equal ones."""
        self._found: dict[tuple[int, int, int], tuple[int, str]] = {}
        for number, cidr in enumerate(cidrs):
            if (have := network(cidr)) is not None:
                key = beginning(have, have.prefixlen)
                self._found.setdefault(key, (number, cidr))
        self._sizes = sorted({(version, bits) for version, bits, _ in self._found})

    def around(self, text: str) -> str | None:
        """Return the first of the ranges that covers an address or range; None without any."""
        wanted = network(text)
        if wanted is None:
            return None
        found = [
            self._found[key]
            for version, bits in self._sizes
            if version == wanted.version and bits <= wanted.prefixlen
            if (key := beginning(wanted, bits)) in self._found
        ]
        return min(found)[1] if found else None


def beginning(one: Network, bits: int) -> tuple[int, int, int]:
    """Return the family of a range, a number of bits, and so many first bits of its address."""
    return one.version, bits, int(one.network_address) >> (one.max_prefixlen - bits)
