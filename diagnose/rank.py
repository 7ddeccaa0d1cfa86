"""Verdicts and the `explains` edges make causes in rank order; no check is known by name here."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from diagnose.model import Cause, Check, Finding, Severity, Status, Subject, Verdict

NODE_KINDS = frozenset({"Node"})
POD_KINDS = frozenset({"Pod", "Container"})


def meet(cause: Subject, effect: Subject) -> bool:
    """Whether two subjects can be one story: the same object, or cluster > node > pod.

    What is neither node nor pod (a Service, a ConfigMap, the cluster) concerns every pod and
    node. An empty name is an object that is not known, so it may be any of its kind.
    """
    if cause == effect:
        return True
    kinds = {cause.kind, effect.kind}
    if not kinds <= NODE_KINDS | POD_KINDS:
        return True
    if not cause.name or not effect.name:
        return not (cause.node and effect.node) or cause.node == effect.node
    if kinds <= POD_KINDS:
        return (cause.namespace, cause.name) == (effect.namespace, effect.name)
    if kinds <= NODE_KINDS:
        return cause.name == effect.name
    node, pod = (cause, effect) if cause.kind in NODE_KINDS else (effect, cause)
    return not pod.node or pod.node == node.name


@dataclass(frozen=True)
class Meeting:
    """An index over the subjects of a set of findings, so that joining them stays linear."""

    anywhere: bool
    nodes: frozenset[str]
    pods: frozenset[tuple[str, str]]
    pod_nodes: frozenset[str]
    some_node: bool
    some_pod: bool
    homeless_pod: bool

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Meeting:
        """Return the index of the findings' subjects."""
        subjects = [finding.subject for finding in findings]
        pods = [one for one in subjects if one.kind in POD_KINDS]
        nodes = [one for one in subjects if one.kind in NODE_KINDS]
        return cls(
            anywhere=len(pods) + len(nodes) < len(subjects),
            nodes=frozenset(node.name for node in nodes),
            pods=frozenset((pod.namespace, pod.name) for pod in pods),
            pod_nodes=frozenset(pod.node for pod in pods if pod.node),
            some_node=any(not node.name for node in nodes),
            some_pod=any(not pod.name and not pod.node for pod in pods),
            homeless_pod=any(not pod.node for pod in pods),
        )

    def meets(self, subject: Subject) -> bool:
        """Whether any of the indexed subjects meets this one, by the rule of `meet`."""
        if self.anywhere or subject.kind not in NODE_KINDS | POD_KINDS:
            return True
        if self.some_pod or self.some_node:
            return True
        if not subject.name and not subject.node:
            return bool(self.pods or self.nodes)
        if subject.kind in NODE_KINDS:
            return subject.name in self.nodes | self.pod_nodes or self.homeless_pod
        if (subject.namespace, subject.name) in self.pods:
            return True
        if not subject.node:
            return bool(self.nodes)
        return subject.node in self.nodes or (not subject.name and subject.node in self.pod_nodes)


def downstream(checks: Iterable[Check]) -> Mapping[str, frozenset[str]]:
    """Return for each id every id that it brings about, directly or along the chain."""
    edges = {check.id: check.explains for check in checks}

    @functools.cache
    def reach(here: str) -> frozenset[str]:
        effects = edges.get(here, ())
        return frozenset(effects).union(*(reach(effect) for effect in effects))

    return {here: reach(here) for here in edges}


def severity_of(check: Check, verdict: Verdict) -> Severity:
    """Return the gravest severity among the findings, the check's own where they name none."""
    return max((finding.severity or check.severity for finding in verdict.findings))


def family_of(check: Check, verdict: Verdict) -> str:
    """Return the family of the first proven finding that names one, else the check's own."""
    ordered = sorted(verdict.findings, key=lambda finding: not finding.proven)
    return ordered[0].family or check.family if ordered else check.family


def scope_of(findings: Iterable[Finding]) -> int:
    """Return how far a fault reaches: 3 the cluster, 2 a node, 1 pods alone."""
    kinds = {finding.subject.kind for finding in findings}
    if kinds - NODE_KINDS - POD_KINDS:
        return 3
    return 2 if kinds & NODE_KINDS else 1


def split(verdict: Verdict, above: Sequence[Verdict]) -> tuple[Verdict | None, Verdict | None]:
    """Return (what the verdicts above explain, what stays) of a problem; None where empty."""
    index = Meeting.of(finding for cause in above for finding in cause.findings)
    explained = tuple(one for one in verdict.findings if index.meets(one.subject))
    if len(explained) == len(verdict.findings):
        return verdict, None
    if not explained:
        return None, verdict
    taken = set(map(id, explained))
    rest = tuple(one for one in verdict.findings if id(one) not in taken)
    return replace(verdict, findings=explained), replace(verdict, findings=rest)


def rank(verdicts: Sequence[Verdict], checks: Sequence[Check]) -> tuple[Cause, ...]:
    """Return the causes in rank order.

    Order: a graver kind of answer first (a note never stands above a fault), proof before
    possibility, then the one that explains more, wider scope, severity, earlier time, and the
    registry's order. A possibility never hides a proven problem: it explains it without
    folding it away.
    """
    by_id = {check.id: check for check in checks}
    reach = downstream(checks)
    problems = [one for one in verdicts if one.status is Status.PROBLEM and one.findings]
    unknowns = [one for one in verdicts if one.status is Status.UNKNOWN]
    roots: list[Verdict] = []
    folded: dict[str, list[Verdict]] = {verdict.check: [] for verdict in problems}
    for verdict in problems:
        above = [
            other
            for other in problems
            if verdict.check in reach.get(other.check, ())
            and (other.proven or not verdict.proven or symptom(by_id[verdict.check], reach))
        ]
        explained, rest = split(verdict, above) if above else (None, verdict)
        if rest is not None:
            roots.append(rest)
        if explained is not None:
            for other in above:
                mine = Meeting.of(other.findings)
                if any(mine.meets(finding.subject) for finding in explained.findings):
                    folded[other.check].append(explained)
    causes = [
        Cause(
            verdict=root,
            severity=severity_of(by_id[root.check], root),
            family=family_of(by_id[root.check], root),
            explained=tuple(folded[root.check]),
            not_ruled_out=tuple(one for one in unknowns if root.check in reach.get(one.check, ())),
        )
        for root in roots
    ]
    position = {check.id: number for number, check in enumerate(checks)}

    def order(cause: Cause) -> tuple[object, ...]:
        times = [one.at.timestamp() for one in cause.verdict.findings if one.at]
        return (
            cause.severity is Severity.INFO,
            not cause.verdict.proven,
            -len(cause.explained),
            -scope_of(cause.verdict.findings),
            -cause.severity,
            min(times, default=float("inf")),
            position[cause.verdict.check],
        )

    return tuple(
        replace(cause, reasons=reasons(cause, by_id)) for cause in sorted(causes, key=order)
    )


def symptom(check: Check, reach: Mapping[str, frozenset[str]]) -> bool:
    """Whether a check only says that something is broken, for others bring it about."""
    return any(check.id in effects for effects in reach.values())


def reasons(cause: Cause, by_id: Mapping[str, Check]) -> tuple[str, ...]:
    """Return, in words, what put a cause at its place; shown with -v."""
    scope = {3: "the cluster", 2: "a node", 1: "single pods"}[scope_of(cause.verdict.findings)]
    effects = [by_id[one.check].id for one in cause.explained]
    return (
        "proven" if cause.verdict.proven else "a possibility",
        f"explains {len(effects)} other finding(s)"
        + (f": {', '.join(effects)}" if effects else ""),
        f"concerns {scope}",
        f"severity {cause.severity.name.lower()}",
    )
