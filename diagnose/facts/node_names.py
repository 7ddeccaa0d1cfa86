"""Look-ups of nodes by their names, which no DNS server of the cluster has by itself."""

from __future__ import annotations

from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.facts.lookups import Lookup, Outcome
from diagnose.facts.names import normal
from diagnose.facts.nodes import Node
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.text.regex import regex
from diagnose.values import dataclass

UNKNOWN = frozenset({Outcome.NXDOMAIN, Outcome.NOT_KNOWN})
OTHER = frozenset({Outcome.SERVFAIL, Outcome.TIMEOUT, Outcome.TEMPORARY})
OF_KUBELET = regex(r"https?://(?P<host>[A-Za-z0-9.-]{1,253}):10250(?:/|\b)")


@dataclass(frozen=True)
class NodeName:
    """One name of a node that did not resolve; `certain` says that such a node exists."""

    name: str
    place: Subject
    quotes: tuple[Quote, ...]
    certain: bool
    unknown: bool


@dataclass(frozen=True, kw_only=True)
class NodeNames(Fact):
    """The names of nodes that components asked for in vain."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.CLIENT_OUTPUT, Ask.NODES)

    names: tuple[NodeName, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the names by their look-ups; those that resolved later are left out."""
        lookups = evidence.of(Lookup)
        found = known(evidence, lookups, Ask.CLIENT_OUTPUT)
        if isinstance(found, Gap):
            return found
        nodes = {normal(one.subject.name): one for one in evidence.of(Node)}
        nodes |= {
            normal(label): node
            for node in tuple(nodes.values())
            if (label := (node.labels or {}).get("kubernetes.io/hostname", ""))
        }
        solved = {
            normal(one.name): number
            for number, one in enumerate(lookups)
            if one.outcome is Outcome.NOERROR
        }
        names: dict[str, NodeName] = {}
        for number, one in enumerate(lookups):
            name = normal(one.name)
            of_kubelet = any(
                normal(url["host"]) == name for url in OF_KUBELET.finditer(one.quote.text)
            )
            if not name or one.outcome not in UNKNOWN | OTHER or solved.get(name, -1) > number:
                continue
            if name not in nodes and not of_kubelet:
                continue
            node = nodes.get(name)
            names.setdefault(
                name,
                NodeName(
                    name=name,
                    place=one.place,
                    quotes=(one.quote, *((node.quote.on("name"),) if node else ())),
                    certain=node is not None,
                    unknown=one.outcome in UNKNOWN,
                ),
            )
        return cls(origin=found[0], gaps=found[1], names=tuple(names.values()))
