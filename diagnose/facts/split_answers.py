"""CoreDNS pods that answer in one place and not in another: by look-ups that people made.

Source: kubernetes documentation, Debugging DNS Resolution (asking a pod's own address).
"""

from __future__ import annotations

from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.lookups import ANSWERED, NO_ANSWER, Lookup
from diagnose.facts.pods import Pod, unique
from diagnose.model import Fact, Gap, Quote
from diagnose.values import dataclass


@dataclass(frozen=True)
class SplitAnswer:
    """One pod's address that a node got answers from, while another one got none.

    `near` is the node that was answered, `far` the one that was not; `home` says that the pod is
    known to run on `near`.
    """

    address: str
    pod: str
    near: str
    far: str
    home: bool
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, kw_only=True)
class SplitAnswers(Fact):
    """The addresses of pods that answer on one node and are silent to another."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.CLIENT_OUTPUT, Ask.DNS_PODS)

    split: tuple[SplitAnswer, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return one entry per address and node without an answer."""
        lookups, pods = evidence.of(Lookup), unique(evidence.of(Pod))
        items: tuple[Readable, ...] = (*lookups, *pods)
        found = known(evidence, items, Ask.CLIENT_OUTPUT)
        if isinstance(found, Gap):
            return found
        nodes = {pod.subject.name: pod.subject.node for pod in pods if pod.subject.node}
        owners = {
            ip: pod for pod in pods if pod.subject.node and pod.serves_dns for ip in pod.ips or ()
        }
        heard: dict[str, dict[str, Lookup]] = {}
        silent: dict[str, dict[str, Lookup]] = {}
        for one in lookups:
            node = node_of(one, nodes)
            if one.server in owners and node:
                if one.outcome in ANSWERED:
                    heard.setdefault(one.server, {}).setdefault(node, one)
                elif one.outcome in NO_ANSWER:
                    silent.setdefault(one.server, {}).setdefault(node, one)
        split = []
        for address, lost in silent.items():
            answered = heard.get(address, {})
            pod = owners[address].subject
            for far, failed in lost.items():
                # a node that was answered at any time is not cut off
                others = [node for node in answered if node != far]
                if far in answered or not others or far == pod.node:
                    continue
                near = pod.node if pod.node in others else others[0]
                split.append(
                    SplitAnswer(
                        address=address,
                        pod=pod.name,
                        near=near,
                        far=far,
                        home=near == pod.node,
                        quotes=(failed.quote, answered[near].quote, owners[address].quote),
                    )
                )
        return cls(origin=found[0], gaps=found[1], split=tuple(split))


def node_of(lookup: Lookup, nodes: dict[str, str]) -> str:
    """Return the node on which a look-up was made; "" where that is not known."""
    place = lookup.place
    if place.kind == "Node":
        return place.name
    return place.node or nodes.get(place.name, "")
