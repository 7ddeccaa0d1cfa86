"""Docker's bridge where Docker makes the pods' network: with flannel's options, or without.

flannel without its CNI plugin hands its range to Docker: mk-docker-opts.sh writes options (--bip)
of subnet.env, which Docker reads when it starts. Pods are on docker0 then. Docker without them has
its bridge at 172.17.0.1/16 on each node, and pods that no other node has a route to.

Source: flannel-io/flannel v0.26.7 dist/mk-docker-opts.sh, Documentation/running.md; moby/moby
v20.10 libnetwork/ipamutils (the first network by default is 172.17.0.0/16).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.bridge_conflicts import same
from diagnose.facts.cluster_ranges import ClusterRanges
from diagnose.facts.flannel import NetConf, SubnetEnv
from diagnose.facts.node_network import Interface
from diagnose.facts.pods import Pod, unique
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.values import dataclass

DEFAULT = ipaddress.ip_network("172.17.0.0/16")
FIRST = ipaddress.ip_network("172.17.0.0/24")  # from which Docker gives addresses one by one


@dataclass(frozen=True)
class DockerOptions:
    """The address of its bridge that Docker is told by --bip, on one node."""

    subject: Subject
    origin: str
    quote: Quote
    bip: str


@dataclass(frozen=True)
class DockerBridge:
    """One node whose pods are on a bridge of Docker that has no part in the pod network."""

    subject: Subject
    message: str
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, kw_only=True)
class DockerBridges(Fact):
    """The nodes where Docker's bridge and the pod network are apart."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.NODE_NETWORK, Ask.SYSTEM_PODS)

    apart: tuple[DockerBridge, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return one entry per node."""
        options, devices = evidence.of(DockerOptions), evidence.of(Interface)
        subnets = {one.subject: one for one in evidence.of(SubnetEnv) if one.subnet}
        pods = unique(evidence.of(Pod))
        items: tuple[Readable, ...] = (*options, *devices, *pods)
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return found
        ranges = [
            *(one.network for one in evidence.of(NetConf)),
            *(one.network for one in evidence.of(SubnetEnv)),
            *(text for one in evidence.of(ClusterRanges) for text in one.pods),
        ]
        meant = any(overlaps(text) for text in ranges)
        apart = (*by_options(options, devices, subnets), *(() if meant else by_pods(pods)))
        return cls(origin=found[0], gaps=found[1], apart=apart)


def by_options(
    options: Sequence[DockerOptions],
    devices: Sequence[Interface],
    subnets: dict[Subject, SubnetEnv],
) -> Iterator[DockerBridge]:
    """Yield nodes on which Docker's options, its bridge and flannel's range do not agree.

    Where a bridge cni0 has the range, the pods are not on Docker's.
    """
    bridges = {(one.subject, one.name): one for one in devices if one.addresses}
    for one in {each.subject: each for each in options}.values():
        subnet, place = subnets.get(one.subject), one.subject
        cni0, docker0 = bridges.get((place, "cni0")), bridges.get((place, "docker0"))
        wanted = subnet.subnet if subnet else one.bip
        if cni0 and any(same(address, wanted) for address in cni0.addresses):
            continue
        node = place if place.kind == "Node" else Subject("Node")
        if subnet and not same(one.bip, subnet.subnet):
            yield DockerBridge(
                node,
                f"Docker is told {one.bip}, flannel has {subnet.subnet}: the options are older "
                "than flannel's range",
                (one.quote, *subnet.quotes[:2]),
            )
        elif docker0 and not any(same(address, one.bip) for address in docker0.addresses):
            yield DockerBridge(
                node,
                f"docker0 has {docker0.addresses[0]}, flannel's options for Docker say {one.bip}: "
                "Docker was started without them",
                (docker0.quote, one.quote),
            )


def by_pods(pods: Sequence[Pod]) -> Iterator[DockerBridge]:
    """Yield nodes whose pods have Docker's first addresses, while there are pods on other nodes.

    A pod network of that very range shows by other nodes that have other parts of it.
    """
    homes: dict[str, dict[str, Pod]] = {}
    for pod in pods:
        if pod.subject.node and pod.host_network is not True and not pod.finished:
            for text in pod.ips or ():
                homes.setdefault(pod.subject.node, {}).setdefault(text, pod)
    inside = {
        node: [pod for text, pod in held.items() if within(text, FIRST)]
        for node, held in homes.items()
    }
    parts = any(
        within(text, DEFAULT) and not within(text, FIRST)
        for held in homes.values()
        for text in held
    )
    if parts or len(homes) < 2:
        return
    for node, several in inside.items():
        if several and (len(several) > 1 or sum(bool(one) for one in inside.values()) > 1):
            yield DockerBridge(
                Subject("Node", node),
                f"its pods have addresses of Docker's own bridge ({(several[0].ips or ('',))[0]}), "
                "which other nodes have no route to",
                tuple(pod.quote for pod in several[:2]),
            )


def within(text: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    """Whether a text is an address of a network."""
    try:
        return ipaddress.ip_address(text) in network
    except ValueError:
        return False


def overlaps(text: str) -> bool:
    """Whether a range holds addresses that Docker's default one has too."""
    try:
        return ipaddress.ip_network(text, strict=False).overlaps(DEFAULT)
    except (ValueError, TypeError):
        return False
