"""Nodes: from API objects, `kubectl get nodes` tables and `kubectl describe node`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.values import dataclass


@dataclass(frozen=True)
class Node:
    """One node. `conditions` maps a condition's type to its status, `messages` to its message.

    `roles` are those that a table names; elsewhere labels tell them.
    """

    subject: Subject
    origin: str
    quote: Quote
    ready: bool | None = None
    conditions: Mapping[str, str] = field(default_factory=dict)
    messages: Mapping[str, str] = field(default_factory=dict)
    kubelet_version: str = ""
    os_image: str = ""
    kernel: str = ""
    runtime: str = ""
    pod_cidrs: tuple[str, ...] | None = None
    addresses: tuple[str, ...] = ()
    taints: tuple[str, ...] | None = None
    labels: Mapping[str, str] | None = None
    annotations: Mapping[str, str] | None = None
    roles: tuple[str, ...] = ()
    age_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class Nodes(Fact):
    """The nodes that any part tells of."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.NODES,)

    nodes: tuple[Node, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return all known nodes."""
        items = evidence.of(Node)
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return found
        return cls(origin=found[0], gaps=found[1], nodes=items)
