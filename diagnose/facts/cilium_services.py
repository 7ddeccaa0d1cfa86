"""Cilium's own table of Service addresses, as far as its listing shows rows without a backend."""

from __future__ import annotations

from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.facts.logs import LogStream, Match
from diagnose.model import Fact, Gap
from diagnose.signatures.kube_proxy import CILIUM_NO_BACKEND
from diagnose.values import dataclass


@dataclass(frozen=True, kw_only=True)
class CiliumServices(Fact):
    """The rows of `cilium-dbg service list` that hold no backend."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.CLIENT_OUTPUT,)

    rows: tuple[Match, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return such rows, from whatever text they stand in."""
        streams = [one for one in evidence.of(LogStream) if one.count(CILIUM_NO_BACKEND)]
        found = known(evidence, streams, *cls.asks)
        if isinstance(found, Gap):
            return found
        rows = tuple(row for one in streams for row in one.matching(CILIUM_NO_BACKEND))
        return cls(origin=found[0], gaps=found[1], rows=rows)
