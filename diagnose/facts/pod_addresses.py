"""Addresses that pods of different nodes have in common.

A node's pods have addresses of a range that is the node's own. Pods of the host's network have the
node's address, so that one address on two nodes is then the nodes' own.

Source: Kubernetes documentation, The Kubernetes network model (each pod has an address of its own).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.nodes import Node
from diagnose.facts.pods import Pod, unique
from diagnose.model import Fact, Gap, Quote
from diagnose.values import dataclass

# What runs in the host's network by its manifest, where no object tells it.
OF_HOST = (
    "kube-proxy-",
    "kube-flannel-",
    "kube-apiserver-",
    "kube-controller-manager-",
    "kube-scheduler-",
    "etcd-",
    "calico-node-",
    "canal-",
    "cilium-",
    "weave-net-",
    "node-exporter-",
)


@dataclass(frozen=True)
class SharedAddress:
    """One address and the nodes whose pods have it; `of_nodes`: the pods use the host's network."""

    address: str
    nodes: tuple[str, ...]
    pods: tuple[str, ...]
    of_nodes: bool
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, kw_only=True)
class SharedAddresses(Fact):
    """The addresses that running pods of different nodes have at one time."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.SYSTEM_PODS, Ask.DNS_PODS, Ask.NODES)

    shared: tuple[SharedAddress, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return each such address of one listing once."""
        pods, nodes = unique(evidence.of(Pod)), evidence.of(Node)
        items: tuple[Readable, ...] = (*pods, *nodes)
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return found
        several = {one.address: one for one in (*shared(pods), *by_node(nodes))}
        return cls(origin=found[0], gaps=found[1], shared=tuple(several.values()))


def by_node(nodes: Sequence[Node]) -> Iterator[SharedAddress]:
    """Yield the first address of nodes, by which they are reached, that several of them have."""
    holders: dict[tuple[str, str], dict[str, Node]] = {}
    for node in nodes:
        for address in node.addresses[:1]:
            holders.setdefault((node.origin, address), {}).setdefault(node.subject.name, node)
    for (_, address), by_name in holders.items():
        if len(by_name) > 1:
            quotes = tuple(node.quote for node in by_name.values())[:3]
            yield SharedAddress(address, tuple(by_name), (), of_nodes=True, quotes=quotes)


def shared(pods: Sequence[Pod]) -> Iterator[SharedAddress]:
    """Yield what one listing shows; between two of them a pod may have gone and another come."""
    holders: dict[tuple[str, str], dict[str, Pod]] = {}
    for pod in pods:
        if pod.subject.node and pod.status == "Running" and not pod.deleting:
            for address in pod.ips or ():
                holders.setdefault((pod.origin, address), {}).setdefault(pod.subject.node, pod)
    seen: set[str] = set()
    for (_, address), by_node in holders.items():
        if len(by_node) > 1 and address not in seen:
            seen.add(address)
            yield SharedAddress(
                address=address,
                nodes=tuple(by_node),
                pods=tuple(pod.subject.name for pod in by_node.values()),
                of_nodes=any(of_host(pod) for pod in by_node.values()),
                quotes=tuple(pod.quote for pod in by_node.values())[:3],
            )


def of_host(pod: Pod) -> bool:
    """Whether a pod runs in the host's network, as is told or as its name lets expect."""
    if pod.host_network is not None:
        return pod.host_network
    return pod.subject.name.startswith(OF_HOST)
