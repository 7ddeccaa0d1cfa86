"""How names resolve: look-ups that people made, and the questions that corediag asked itself."""

from __future__ import annotations

from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence
from diagnose.facts.changes import Change
from diagnose.facts.dns_answers import Asked, NameKind
from diagnose.facts.lookups import Lookup, Lookups, Outcome
from diagnose.facts.probe_matrix import CLUSTER_ROLES, POD_KINDS, ClientMatrix, ProbeMatrix
from diagnose.model import Gap, GapKind
from diagnose.values import dataclass


@dataclass(frozen=True, kw_only=True)
class Resolutions(Lookups):
    """Both kinds of look-ups; `matrix` is None where corediag asked nothing itself.

    `changes` are commands between the look-ups that change the cluster or a node.
    """

    asks: ClassVar[tuple[Ask, ...]] = (*Lookups.asks, *ProbeMatrix.asks)

    matrix: ProbeMatrix | None = None
    changes: tuple[Change, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return both; one of them whole is enough."""
        return cls.both(evidence, Lookups.read(evidence), ProbeMatrix.read(evidence))

    @classmethod
    def both(
        cls, evidence: Evidence, lookups: Lookups | Gap, matrix: ProbeMatrix | Gap
    ) -> Self | Gap:
        """Return the fact of two others, of which one may be missing."""
        changes = evidence.of(Change)
        if isinstance(matrix, Gap):
            if isinstance(lookups, Gap):
                return lookups if matrix.kind is GapKind.NOT_COLLECTED else matrix
            return cls(
                origin=lookups.origin,
                gaps=lookups.gaps,
                lookups=lookups.lookups,
                changes=changes,
            )
        if isinstance(lookups, Gap):
            return cls(origin=matrix.origin, gaps=matrix.gaps, matrix=matrix)
        return cls(
            origin=", ".join(filter(None, (lookups.origin, matrix.origin))),
            gaps=() if not lookups.gaps else matrix.gaps,
            lookups=lookups.lookups,
            matrix=matrix,
            changes=changes,
        )


@dataclass(frozen=True, kw_only=True)
class ClientResolutions(Resolutions):
    """The same for what clients are answered: what CoreDNS says past the network is not enough."""

    asks: ClassVar[tuple[Ask, ...]] = (*Lookups.asks, *ClientMatrix.asks)

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return both; one of them whole is enough."""
        return cls.both(evidence, Lookups.read(evidence), ClientMatrix.read(evidence))


def cut_off(evidence: Evidence) -> tuple[Lookup, ...]:
    """Return one look-up for each pod that no server of the cluster answers, as a client's."""
    matrix = ClientMatrix.read(evidence)
    if isinstance(matrix, Gap):
        return ()
    pods = matrix.by(
        lambda one: (
            one.place.subject
            if one.place.kind in POD_KINDS and one.server.role in CLUSTER_ROLES
            else None
        )
    )
    return tuple(as_lookup(cell.silent[0]) for cell in pods.values() if cell.lost)


def as_lookup(one: Asked) -> Lookup:
    """Return a question of corediag's as a client's look-up."""
    return Lookup(
        outcome=one.outcome,
        origin=one.origin,
        quote=one.quote,
        name=one.name,
        server=one.server.address,
        qtype=one.qtype,
        transport=one.transport,
        answers=one.answers,
        place=one.place.subject,
        tool="corediag",
        at=one.at,
    )


def found(one: Asked) -> bool:
    """Whether a name of the cluster was answered as it must be."""
    kinds = (NameKind.SERVICE, NameKind.SHORT)
    return one.name_kind in kinds and one.outcome in (Outcome.NOERROR, Outcome.NODATA)
