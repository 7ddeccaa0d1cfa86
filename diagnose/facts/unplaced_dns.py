"""CoreDNS's pods that wait for a node, and why: as the scheduler says, or as the taints suggest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.dns_pod_troubles import DNSPodTroubles, PodTrouble, Trouble
from diagnose.facts.nodes import Node
from diagnose.facts.pods import Pod
from diagnose.facts.workloads import Deployment
from diagnose.model import Fact, Gap
from diagnose.values import dataclass

# What CoreDNS tolerates where kubeadm installed it (cmd/kubeadm/app/phases/addons/dns).
TOLERATED = frozenset(
    {
        "CriticalAddonsOnly",
        "node-role.kubernetes.io/control-plane",
        "node-role.kubernetes.io/master",
    }
)


@dataclass(frozen=True, kw_only=True)
class UnplacedDNS(Fact):
    """What waits for a node; `others_ready` counts the pods of CoreDNS that serve.

    `supposed` are those whose reason nobody told: every node that is known has a taint that keeps
    them away.
    """

    asks: ClassVar[tuple[Ask, ...]] = (Ask.DNS_PODS, Ask.EVENTS, Ask.NODES, Ask.DEPLOYMENTS)

    told: tuple[PodTrouble, ...] = ()
    supposed: tuple[PodTrouble, ...] = ()
    others_ready: int = 0

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the pods that wait; where none is known, the Deployment without a pod."""
        repelling = every_taint(evidence.of(Node))
        held = tuple(without_pods(evidence)) if repelling else ()
        troubles = DNSPodTroubles.read(evidence)
        if isinstance(troubles, Gap):
            items: tuple[Readable, ...] = held
            found = known(evidence, items, Ask.DNS_PODS, Ask.EVENTS)
            if isinstance(found, Gap):
                return found
            supposed = tuple(because(waiting(one), repelling) for one in held)
            return cls(origin=found[0], gaps=found[1], supposed=supposed)
        unplaced = troubles.of(Trouble.UNPLACED)
        untold = [one for one in unplaced if repelling and not one.detail]
        return cls(
            origin=troubles.origin,
            gaps=troubles.gaps,
            told=tuple(one for one in unplaced if one not in untold),
            supposed=tuple(because(one, repelling) for one in untold),
            others_ready=troubles.others_ready,
        )


def without_pods(evidence: Evidence) -> Iterator[Deployment]:
    """Yield CoreDNS's Deployments that have no available pod, where no pod itself is known."""
    if any(pod.serves_dns for pod in evidence.of(Pod)):
        return
    for one in evidence.of(Deployment):
        if one.serves_dns and one.desired and one.available == 0:
            yield one


def waiting(one: Deployment) -> PodTrouble:
    """Return a Deployment's trouble."""
    return PodTrouble(Trouble.UNPLACED, one.subject, "", (one.quote,), told=False)


def because(one: PodTrouble, repelling: dict[str, Node]) -> PodTrouble:
    """Return a trouble with the taints for its reason."""
    quotes = (*one.quotes[:1], *(node.quote.on("taints") for node in repelling.values()))
    return replace(one, detail=", ".join(repelling), quotes=quotes)


def every_taint(nodes: tuple[Node, ...]) -> dict[str, Node]:
    """Return the taints that keep CoreDNS away and a node with each; none where a node has none."""
    found: dict[str, Node] = {}
    for node in each_once(nodes):
        taint = untolerated(node)
        if taint is None:
            return {}
        found.setdefault(f"taint {taint}", node)
    return found


def each_once(nodes: tuple[Node, ...]) -> list[Node]:
    """Return each node once, with its taints if any part tells them; those that grep left nameless.

    A table names nodes of which a list without names tells the taints: that has as many.
    """
    named: dict[str, Node] = {}
    for node in nodes:
        if node.subject.name and (node.taints is not None or node.subject.name not in named):
            named[node.subject.name] = node
    nameless = [node for node in nodes if not node.subject.name and node.taints is not None]
    return nameless if nameless and len(nameless) >= len(named) else list(named.values())


def untolerated(node: Node) -> str | None:
    """Return the first of a node's taints that kubeadm's CoreDNS does not tolerate."""
    for taint in node.taints or ():
        key = taint.partition(":")[0].partition("=")[0]
        if not taint.endswith(":PreferNoSchedule") and key not in TOLERATED:
            return taint
    return None
