"""How node-local caches reach CoreDNS: as corediag's own questions and their logs show it."""

from __future__ import annotations

from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence
from diagnose.facts.probe_matrix import ClientMatrix
from diagnose.facts.upstream_failures import UpstreamFailure, UpstreamFailures
from diagnose.model import Fact, Gap
from diagnose.values import dataclass


@dataclass(frozen=True, kw_only=True)
class CachePaths(Fact):
    """What caches are answered by CoreDNS; `matrix` is None where corediag asked nothing itself."""

    asks: ClassVar[tuple[Ask, ...]] = (*ClientMatrix.asks, Ask.DNS_LOGS)

    matrix: ClientMatrix | None = None
    failures: tuple[UpstreamFailure, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return both; a log without failures may be that of no cache, so it tells nothing."""
        matrix, logs = evidence.fetch(ClientMatrix), evidence.fetch(UpstreamFailures)
        failures = () if isinstance(logs, Gap) else logs.to_coredns
        if isinstance(matrix, ClientMatrix):
            return cls(origin=matrix.origin, gaps=matrix.gaps, matrix=matrix, failures=failures)
        if isinstance(logs, Gap) or not failures:
            return matrix
        return cls(origin=logs.origin, gaps=(matrix, *logs.gaps), failures=failures)
