"""Whether flannel's network, its nodes' ranges and what it wrote on them agree."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.flannel import NetConf, SubnetEnv
from diagnose.facts.flannel_failures import FlannelFailures
from diagnose.facts.logs import LogStream
from diagnose.facts.nodes import Node
from diagnose.model import CLUSTER, Fact, Gap, Quote, Subject
from diagnose.signatures.base import Emitter
from diagnose.signatures.flannel import NETWORK_MISMATCH, PODCIDR_MISSING
from diagnose.values import dataclass


@dataclass(frozen=True)
class Disagreement:
    """One range that lies outside of flannel's network."""

    subject: Subject
    network: str
    subnet: str
    quotes: tuple[Quote, ...]


@dataclass(frozen=True)
class WithoutRange:
    """One node of which flannel says that it has no range."""

    subject: Subject
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, kw_only=True)
class FlannelNetworks(Fact):
    """Ranges outside of flannel's network, and nodes on which flannel found none."""

    asks: ClassVar[tuple[Ask, ...]] = (
        Ask.FLANNEL_CONFIG,
        Ask.NODES,
        Ask.FLANNEL_LOGS,
        Ask.SYSTEM_PODS,
    )

    disagreements: tuple[Disagreement, ...] = ()
    without: tuple[WithoutRange, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return both; what flannel itself says comes first for each node."""
        confs, envs = evidence.of(NetConf), evidence.of(SubnetEnv)
        nodes = evidence.of(Node)
        streams = tuple(one for one in evidence.of(LogStream) if one.emitter is Emitter.FLANNEL)
        items: tuple[Readable, ...] = (*confs, *envs, *streams)
        found = known(evidence, items, Ask.FLANNEL_CONFIG)
        if isinstance(found, Gap):
            return found
        failures = FlannelFailures.read(evidence)
        said = () if isinstance(failures, Gap) else failures.failures
        every = [
            *(
                Disagreement(
                    subject=Subject("Node", one.match["node"]),
                    network=one.match["network"],
                    subnet=one.match["podcidr"],
                    quotes=(one.match.quote,),
                )
                for one in said
                if one.match.signature == NETWORK_MISMATCH.name
            ),
            *in_files(envs),
            *in_objects(confs, nodes),
        ]
        without = [
            WithoutRange(Subject("Node", one.match["node"]), (one.match.quote,))
            for one in said
            if one.match.signature == PODCIDR_MISSING.name
        ]
        ranged = {node.subject.name for node in nodes if node.pod_cidrs}
        return cls(
            origin=found[0],
            gaps=found[1],
            disagreements=tuple({one.subject: one for one in reversed(every)}.values())[::-1],
            without=tuple(
                {
                    one.subject: one for one in reversed(without) if one.subject.name not in ranged
                }.values()
            )[::-1],
        )


def in_files(envs: tuple[SubnetEnv, ...]) -> Iterator[Disagreement]:
    """Yield subnet.env files whose subnet lies outside of their network."""
    for env in envs:
        if inside(env.subnet, env.network) is False:
            quotes = tuple(
                one for one in env.quotes if "NETWORK" in one.text or "SUBNET" in one.text
            )
            yield Disagreement(
                env.subject if env.subject.kind else CLUSTER,
                env.network,
                env.subnet,
                quotes or env.quotes[:2],
            )


def in_objects(confs: tuple[NetConf, ...], nodes: tuple[Node, ...]) -> Iterator[Disagreement]:
    """Yield nodes none of whose ranges lies in the configured network of its family."""
    for conf in confs[-1:]:
        for node in nodes:
            for cidr in node.pod_cidrs or ():
                network = conf.ipv6_network if ":" in cidr else conf.network
                if inside(cidr, network) is False:
                    yield Disagreement(
                        node.subject, network, cidr, (conf.quote, node.quote.on("pod_cidrs"))
                    )


def inside(subnet: str, network: str) -> bool | None:
    """Whether a range lies in a network; None where one of both is not told or of no family."""
    try:
        inner = ipaddress.ip_network(subnet, strict=False)
        outer = ipaddress.ip_network(network, strict=False)
    except ValueError:
        return None
    if isinstance(inner, ipaddress.IPv4Network) and isinstance(outer, ipaddress.IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(inner, ipaddress.IPv6Network) and isinstance(outer, ipaddress.IPv6Network):
        return inner.subnet_of(outer)
    return None
