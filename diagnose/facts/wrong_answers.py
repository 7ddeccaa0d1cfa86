"""Answers of cluster DNS that cannot be right: by the specification, the API, or each other.

Source: Kubernetes DNS-Based Service Discovery Specification 1.1.0, sections 2.2 (schema version)
and 2.3.1 (A and AAAA records of a Service with a ClusterIP).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence
from diagnose.facts.dns_answers import NameKind, Server, breaches
from diagnose.facts.lookups import Outcome
from diagnose.facts.names import normal
from diagnose.facts.probe_matrix import CLUSTER_ROLES, Cell, ProbeMatrix, called
from diagnose.facts.services import Service, merged
from diagnose.model import CLUSTER, Fact, Gap, Quote, Subject
from diagnose.values import dataclass


@dataclass(frozen=True)
class WrongAnswer:
    """One server that answers what cannot be right, or several that contradict each other."""

    subject: Subject
    message: str
    quotes: tuple[Quote, ...]
    proven: bool = True


@dataclass(frozen=True, kw_only=True)
class WrongAnswers(Fact):
    """The answers about the cluster itself that are wrong."""

    asks: ClassVar[tuple[Ask, ...]] = (*ProbeMatrix.asks, Ask.DNS_SERVICES)

    wrong: tuple[WrongAnswer, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return what answers tell, compared with the Services that are known."""
        matrix = ProbeMatrix.read(evidence)
        if isinstance(matrix, Gap):
            return matrix
        services = {
            (one.subject.name, one.subject.namespace): one for one in merged(evidence.of(Service))
        }
        wrong = (*against_api(matrix, services), *disagreeing(matrix), *breaking(matrix))
        return cls(origin=matrix.origin, gaps=matrix.gaps, wrong=wrong)


def by_server(matrix: ProbeMatrix, kind: NameKind) -> dict[Server, Cell]:
    """Return what the servers of the cluster answered for one kind of name, where they did."""
    return matrix.by(
        lambda one: (
            one.server
            if one.name_kind is kind
            and one.server.role in CLUSTER_ROLES
            and one.outcome is Outcome.NOERROR
            and one.answers
            else None
        )
    )


def against_api(
    matrix: ProbeMatrix, services: dict[tuple[str, str], Service]
) -> Iterator[WrongAnswer]:
    """Yield the servers that give a Service another address than the API server does."""
    for server, cell in by_server(matrix, NameKind.SERVICE).items():
        for one in cell.items:
            labels = normal(one.name).split(".")
            service = services.get((labels[0], labels[1])) if len(labels) > 1 else None
            told = addresses(one.answers)
            if service is None or not service.cluster_ips or not told:
                continue
            if told.isdisjoint(addresses(service.cluster_ips)):
                yield WrongAnswer(
                    subject_of(server),
                    f"{called(server)} answers {', '.join(sorted(told))} for {one.name}; the "
                    f"Service has {', '.join(service.cluster_ips)}",
                    (one.quote, service.quote),
                )
                break


def disagreeing(matrix: ProbeMatrix) -> Iterator[WrongAnswer]:
    """Yield names for which servers of the cluster give addresses that have nothing in common."""
    groups: dict[tuple[str, str], dict[frozenset[str], tuple[Server, Quote]]] = {}
    for server, cell in by_server(matrix, NameKind.SERVICE).items():
        for one in cell.items:
            if told := addresses(one.answers):
                seen = groups.setdefault((one.name, one.qtype), {})
                seen.setdefault(told, (server, one.quote))
    for (name, _), seen in groups.items():
        if len(seen) > 1 and not frozenset.intersection(*seen):
            pairs = list(seen.items())[:3]
            text = ", ".join(
                f"{called(server)} says {', '.join(sorted(told))}" for told, (server, _) in pairs
            )
            yield WrongAnswer(
                CLUSTER,
                f"servers of the cluster contradict each other about {name}: {text}",
                tuple(quote for _, (_, quote) in pairs),
            )


def breaking(matrix: ProbeMatrix) -> Iterator[WrongAnswer]:
    """Yield the servers that answer, and not as the specification has it.

    Errors and names that are not found have checks of their own, a missing reverse zone too: what
    counts here is a record that is wrong.
    """
    cells = matrix.by(lambda one: one.server if one.answers and breaches(one) else None)
    for server, cell in cells.items():
        told = [one for one in cell.items if one.name_kind is not NameKind.ABSENT]
        if told:
            yield WrongAnswer(
                subject_of(server),
                f"{called(server)} answers against the {breaches(told[0])[0]}",
                tuple(one.quote for one in told[:2]),
                proven=False,
            )


def addresses(texts: tuple[str, ...]) -> frozenset[str]:
    """Return the texts that are addresses, in one spelling."""
    found = set()
    for text in texts:
        try:
            found.add(str(ipaddress.ip_address(text)))
        except ValueError:
            continue
    return frozenset(found)


def subject_of(server: Server) -> Subject:
    """Return the object that a server is."""
    return server.subject if server.subject.kind else CLUSTER
