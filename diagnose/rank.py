"""Verdicts and the `explains` edges make causes in rank order; no check is known by name here."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from diagnose.model import Cause, Check, Finding, Severity, Status, Subject, Verdict
from diagnose.values import dataclass

NODE_KINDS = frozenset({"Node"})
POD_KINDS = frozenset({"Pod", "Container"})
DNS_NAMES = ("coredns", "kube-dns")  # the pods of the cluster's DNS, as every installer names them


def place(subject: Subject) -> str:
    """Return the node that a subject is or lies on; "" when it is not known."""
    return subject.name if subject.kind in NODE_KINDS else subject.node


def meet(cause: Subject, effect: Subject) -> bool:
    """Whether two subjects can be one story: the same object, or cluster > node > pod.

    What is neither node nor pod (a Service, a ConfigMap, the cluster) concerns every pod and
    node. What the evidence does not name may be any object of its kind in its place.
    """
    if not {cause.kind, effect.kind} <= NODE_KINDS | POD_KINDS:
        return True
    if named_pod(cause) and named_pod(effect):
        spaces = {cause.namespace, effect.namespace}
        return cause.name == effect.name and (len(spaces) == 1 or "" in spaces)
    places = {place(cause), place(effect)}
    return len(places) == 1 or "" in places


def named_pod(subject: Subject) -> bool:
    """Whether a subject is one certain pod."""
    return subject.kind in POD_KINDS and bool(subject.name)


Homes = Mapping[tuple[str, str], str]


def homes_of(findings: Iterable[Finding]) -> Homes:
    """Return the node of each named pod, as far as any of the findings tells it."""
    nodes: dict[tuple[str, str], set[str]] = {}
    for one in (finding.subject for finding in findings):
        if named_pod(one) and one.node:
            nodes.setdefault((one.name, one.namespace), set()).add(one.node)
    return {pod: several.pop() for pod, several in nodes.items() if len(several) == 1}


def housed(subject: Subject, homes: Homes) -> Subject:
    """Return a subject with its node where that is known from elsewhere: a log names none."""
    if subject.node or not named_pod(subject):
        return subject
    node = homes.get((subject.name, subject.namespace), "")
    return replace(subject, node=node) if node else subject


@dataclass(frozen=True)
class Meeting:
    """An index over the subjects of a set of findings, so that joining them stays linear.

    `anywhere` says that one of them is neither node nor pod, `loose` holds the places of nodes
    and unnamed pods, `named` those of named pods, `pods` their names and namespaces.
    """

    anywhere: bool = False
    loose: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    pods: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(cls, findings: Iterable[Finding], homes: Homes | None = None) -> Meeting:
        """Return the index of the findings' subjects, on the nodes that others tell of."""
        subjects = {housed(finding.subject, homes or {}) for finding in findings}
        bound = {one for one in subjects if one.kind in NODE_KINDS | POD_KINDS}
        pods = set(filter(named_pod, bound))
        return cls(
            anywhere=len(bound) < len(subjects),
            loose=frozenset(place(one) for one in bound - pods),
            named=frozenset(map(place, pods)),
            pods=frozenset((one.name, one.namespace) for one in pods),
        )

    @classmethod
    def union(cls, several: Sequence[Meeting]) -> Meeting:
        """Return the index of all subjects of some others."""
        if len(several) == 1:
            return several[0]
        return cls(
            anywhere=any(one.anywhere for one in several),
            loose=frozenset().union(*(one.loose for one in several)),
            named=frozenset().union(*(one.named for one in several)),
            pods=frozenset().union(*(one.pods for one in several)),
        )

    @functools.cached_property
    def places(self) -> frozenset[str]:
        """The places of all nodes and pods."""
        return self.loose | self.named

    @functools.cached_property
    def names(self) -> frozenset[str]:
        """The names of the pods, whatever their namespaces."""
        return frozenset(name for name, _ in self.pods)

    @functools.cached_property
    def spaceless(self) -> frozenset[str]:
        """The names of the pods of which the namespace is not known."""
        return frozenset(name for name, namespace in self.pods if not namespace)

    def meets(self, subject: Subject) -> bool:
        """Whether any of the indexed subjects meets this one, by the rule of `meet`."""
        if self.anywhere:
            return True
        if subject.kind not in NODE_KINDS | POD_KINDS:
            return bool(self.places)
        if not named_pod(subject):
            return near(self.places, frozenset((place(subject),)))
        if not subject.namespace:
            same = subject.name in self.names
        else:
            same = (subject.name, subject.namespace) in self.pods or subject.name in self.spaceless
        return same or near(self.loose, frozenset((place(subject),)))

    def meets_any(self, other: Meeting) -> bool:
        """Whether any subject of one index meets any of the other, without pairing them."""
        if self.anywhere or other.anywhere:
            return bool(self.anywhere or self.places) and bool(other.anywhere or other.places)
        return (
            near(self.loose, other.places)
            or near(self.named, other.loose)
            or not self.pods.isdisjoint(other.pods)
            or not self.spaceless.isdisjoint(other.names)
            or not self.names.isdisjoint(other.spaceless)
        )


def near(places: frozenset[str], others: frozenset[str]) -> bool:
    """Whether two sets of places have one in common; one that is not known may be any."""
    if not places or not others:
        return False
    return "" in places or "" in others or not places.isdisjoint(others)


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
    return max(finding.severity or check.severity for finding in verdict.findings)


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


def of_node(verdict: Verdict) -> bool:
    """Whether a problem is about named nodes and nothing else."""
    return all(one.subject.kind in NODE_KINDS and one.subject.name for one in verdict.findings)


def is_dns(subject: Subject) -> bool:
    """Whether a subject is a pod of the cluster's DNS itself: what it lacks, every client lacks."""
    return named_pod(subject) and subject.name.startswith(DNS_NAMES)


def is_elsewhere(subject: Subject, hosts: frozenset[str]) -> bool:
    """Whether a subject is a named node or pod, and no part of the cluster's DNS.

    `hosts` are the nodes on which DNS pods are known to run.
    """
    if subject.kind in NODE_KINDS:
        return bool(subject.name) and subject.name not in hosts
    return named_pod(subject) and not is_dns(subject)


def subjects_of(cause: Cause) -> Iterator[Subject]:
    """Yield what a cause and its effects are about."""
    for verdict in (cause.verdict, *cause.explained):
        yield from (one.subject for one in verdict.findings)


def split(verdict: Verdict, above: Meeting, homes: Homes) -> tuple[Verdict | None, Verdict | None]:
    """Return (what the verdicts above explain, what stays) of a problem; None where empty."""
    explained = tuple(one for one in verdict.findings if above.meets(housed(one.subject, homes)))
    if len(explained) == len(verdict.findings):
        return verdict, None
    if not explained:
        return None, verdict
    taken = set(map(id, explained))
    rest = tuple(one for one in verdict.findings if id(one) not in taken)
    return replace(verdict, findings=explained), replace(verdict, findings=rest)


def rank(verdicts: Sequence[Verdict], checks: Sequence[Check]) -> tuple[Cause, ...]:
    """Return the causes in rank order.

    A problem is folded under every problem that brings it about where their subjects meet; a
    mere possibility folds symptoms and other possibilities, never a proven fault. A fault of a
    node may have met any pod of which the node is not known, but not one that has a cause of its
    own. Order: faults before notes, what strikes DNS itself before what others on a node miss,
    proof before possibility, causes before symptoms, then the one that explains more, wider scope,
    severity, earlier time, and the registry's order.
    """
    by_id = {check.id: check for check in checks}
    reach = downstream(checks)
    problems = [one for one in verdicts if one.status is Status.PROBLEM and one.findings]
    unknowns = [one for one in verdicts if one.status is Status.UNKNOWN]
    sure = {one.check: one.proven and not by_id[one.check].symptom for one in problems}
    findings = {one.check: one.findings for one in problems}
    homes = homes_of(finding for one in problems for finding in one.findings)

    @functools.cache
    def meeting(identifier: str) -> Meeting:
        return Meeting.of(findings[identifier], homes)

    roots: list[Verdict] = []
    folded: dict[str, list[Verdict]] = {verdict.check: [] for verdict in problems}
    for verdict in problems:
        above = [
            other
            for other in problems
            if verdict.check in reach[other.check]
            and (sure[other.check] or not sure[verdict.check])
        ]
        index = Meeting.union([meeting(other.check) for other in above])
        explained, rest = split(verdict, index, homes) if above else (None, verdict)
        if rest is not None:
            roots.append(rest)
        if explained is not None:
            mine = meeting(verdict.check) if rest is None else Meeting.of(explained.findings, homes)
            open_to = mine
            if any(map(of_node, above)):
                own = [meeting(one.check) for one in above if not by_id[one.check].symptom]
                free = unclaimed(explained.findings, Meeting.union(own), homes) if own else ()
                open_to = Meeting.of(free, homes) if own else mine
            for other in above:
                if meeting(other.check).meets_any(open_to if of_node(other) else mine):
                    folded[other.check].append(explained)
    causes = [
        Cause(
            verdict=root,
            severity=severity_of(by_id[root.check], root),
            family=family_of(by_id[root.check], root),
            proven=root.proven and not by_id[root.check].symptom,
            explained=tuple(folded[root.check]),
            not_ruled_out=still_possible(root, unknowns, by_id, reach),
        )
        for root in roots
    ]
    position = {check.id: number for number, check in enumerate(checks)}
    hosts = frozenset(node for (name, _), node in homes.items() if name.startswith(DNS_NAMES))
    struck = any(
        not by_id[cause.verdict.check].symptom
        and (cause.proven or cause.explained)
        and cause.severity is Severity.CRITICAL
        and any(map(is_dns, subjects_of(cause)))
        for cause in causes
    )

    def order(cause: Cause) -> tuple[object, ...]:
        times = [one.at.timestamp() for one in cause.verdict.findings if one.at]
        return (
            cause.severity is Severity.INFO,
            struck and all(is_elsewhere(one, hosts) for one in subjects_of(cause)),
            not cause.proven,
            by_id[cause.verdict.check].symptom,
            -len(cause.explained),
            -scope_of(cause.verdict.findings),
            -cause.severity,
            min(times, default=float("inf")),
            position[cause.verdict.check],
        )

    return tuple(
        replace(cause, reasons=reasons(cause, by_id)) for cause in sorted(causes, key=order)
    )


def unclaimed(findings: Iterable[Finding], own: Meeting, homes: Homes) -> Iterator[Finding]:
    """Yield the findings but those of pods, on a node not known, that have a cause of their own.

    `own` indexes the causes.
    """
    for one in findings:
        subject = housed(one.subject, homes)
        claimed = named_pod(subject) and (subject.name, subject.namespace) in own.pods
        if subject.node or not claimed:
            yield one


def still_possible(
    root: Verdict,
    unknowns: Iterable[Verdict],
    by_id: Mapping[str, Check],
    reach: Mapping[str, frozenset[str]],
) -> tuple[Verdict, ...]:
    """Return the unknown verdicts that would explain a problem: direct ones, then grave ones."""
    found = [one for one in unknowns if root.check in reach[one.check]]
    return tuple(
        sorted(
            found,
            key=lambda one: (
                root.check not in by_id[one.check].explains,
                by_id[one.check].symptom,
                -by_id[one.check].severity,
            ),
        )
    )


def reasons(cause: Cause, by_id: Mapping[str, Check]) -> tuple[str, ...]:
    """Return, in words, what put a cause at its place; shown with -v."""
    scope = {3: "the cluster", 2: "a node", 1: "single pods"}[scope_of(cause.verdict.findings)]
    if any(is_dns(one.subject) for one in cause.verdict.findings):
        scope = "pods of cluster DNS"
    effects = [one.check for one in cause.explained]
    symptom = by_id[cause.verdict.check].symptom
    return (
        "proven" if cause.proven else "a symptom" if symptom else "a possibility",
        f"explains {len(effects)} other findings" + (f": {', '.join(effects)}" if effects else ""),
        f"concerns {scope}",
        f"severity {cause.severity.name.lower()}",
    )
