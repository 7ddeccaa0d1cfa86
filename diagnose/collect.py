"""From sources to a diagnosis: what is asked for, parsed, turned into facts, judged and ranked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime

from diagnose.asks import Ask
from diagnose.beside import pods_are_answered, put_aside
from diagnose.distributions import fitted, shown_by
from diagnose.evidence import Evidence, merge
from diagnose.facts import ClientMatrix, Events, Pods, ReadyEndpoints
from diagnose.facts.logs import LogStream, not_given
from diagnose.judge import judge
from diagnose.model import Check, Diagnosis, Fact, Gap, GapKind, Recognised, Severity, Verdict
from diagnose.parsers import parser_of
from diagnose.parts import Haul, Kind, Parsed, Part
from diagnose.past import INTERRUPTED, Past
from diagnose.rank import rank

SILENT = frozenset({Kind.SHELL, Kind.TEXT})  # what the report does not list as evidence
FOR_REPORTS: tuple[type[Fact], ...] = (Pods, Events, ReadyEndpoints)  # besides what checks need


def asks_of(checks: Iterable[Check]) -> frozenset[Ask]:
    """Return everything that the checks' facts are read from, optional ones included."""
    return frozenset(ask for check in checks for need in check.needs for ask in need.fact.asks)


def is_settled(diagnosis: Diagnosis) -> bool:
    """Whether a cause of an outage is proven, so that one need not look further."""
    return any(one.proven and one.severity is Severity.CRITICAL for one in diagnosis.causes[:1])


class Reading:
    """What parsers made of parts, for a run that comes back with more beside the same ones."""

    def __init__(self) -> None:
        """Have read nothing yet."""
        self._read: dict[int, tuple[Part, Parsed]] = {}

    def of(self, part: Part) -> Parsed:
        """Return what its parser makes of a part; of the same part the same as before."""
        if id(part) not in self._read:
            self._read[id(part)] = part, parser_of(part.kind)(part)  # the part keeps its number
        return self._read[id(part)][1]

    def so_far(self, haul: Haul) -> Haul:
        """Return what was read of a haul before an interruption; nothing counts as looked for."""
        return replace(
            haul,
            parts=tuple(part for part in haul.parts if id(part) in self._read),
            looked=frozenset(),
            general_gaps=(*haul.general_gaps, INTERRUPTED),
        )


def evidence_of(*hauls: Haul, reading: Reading | None = None) -> Evidence:
    """Return what the parsers make of the parts that sources brought."""
    reading = reading or Reading()
    return merge([parsed(haul, reading) for haul in hauls])


def parsed(haul: Haul, reading: Reading) -> Evidence:
    """Return the evidence of one source; what a parser could not read becomes a gap."""
    items: list[object] = []
    gaps: dict[Ask, tuple[Gap, ...]] = dict(haul.gaps)
    general = list(haul.general_gaps)
    told: set[int] = set()
    for part in haul.parts:
        result = reading.of(part)
        items.extend(result.items)
        if any(not isinstance(item, LogStream) or item.matches for item in result.items):
            told.add(id(part))
        if not result.gaps:
            continue
        if part.ask is None:
            general.extend(result.gaps)
        else:
            gaps[part.ask] = (*gaps.get(part.ask, ()), *result.gaps)
    return Evidence(
        items=tuple(items),
        looked=haul.looked,
        gaps=gaps,
        general_gaps=tuple(dict.fromkeys(general)),
        recognised=tuple(recognised(haul.parts, told)),
        source=haul.source,
        echoed=haul.echoed,
        distributions=shown_by(haul.parts),
    )


def recognised(parts: Sequence[Part], told: Set[int] = frozenset()) -> Iterator[Recognised]:
    """Yield what each part was taken for; texts and prompts only where nothing else came.

    `told` are the ids of parts that something was read from: these are listed, whatever they are.
    """
    shown = [part for part in parts if part.kind not in SILENT or id(part) in told]
    for part in shown or parts:
        last = part.first_line + part.text.rstrip("\n").count("\n")
        kind = part.kind.value
        if part.kind is Kind.LOG and part.emitter.value != "unknown":
            kind = f"log of {part.emitter.value}"
        yield Recognised(
            origin=part.origin,
            kind=kind,
            lines="" if part.path else f"{part.first_line}-{last}",
        )


def facts_for(checks: Iterable[Check], evidence: Evidence) -> dict[type[Fact], Fact | Gap]:
    """Return every fact that the checks need, or the gap in its place; each is read once."""
    facts: dict[type[Fact], Fact | Gap] = {}
    for check in checks:
        for need in check.needs:
            if need.fact not in facts:
                facts[need.fact] = read(need.fact, evidence)
    return facts


def read(fact: type[Fact], evidence: Evidence) -> Fact | Gap:
    """Return a fact; a reader that fails is a defect of ours, and a gap to the checks.

    Evidence is hostile, and a package's own fact may do anything.
    """
    try:
        return evidence.fetch(fact)
    except (Exception, SystemExit) as error:  # noqa: BLE001  one fact must not end the run
        return Gap(
            what=fact.__name__,
            kind=GapKind.CRASHED,
            because=f"a defect of corediag: {type(error).__name__}: {error}",
            ask="report it with the output of `corediag run -v`",
        )


def diagnose(
    checks: Sequence[Check],
    evidence: Evidence,
    taken_at: datetime,
    gaps: Sequence[Gap] = (),
    context: Mapping[str, object] | None = None,
) -> Diagnosis:
    """Return the diagnosis of some evidence by some checks; `gaps` are those of the engine."""
    facts = facts_for(checks, evidence)
    past = Past.of(evidence)
    verdicts: tuple[Verdict, ...] = tuple(judge(check, facts, past.weighed) for check in checks)
    verdicts = fitted(verdicts, evidence.distributions)
    causes = rank(verdicts, checks)
    aside: tuple[Gap, ...] = ()
    found = any(one.severity > Severity.INFO for one in causes)
    if not found and pods_are_answered(
        read(ClientMatrix, evidence), read(ReadyEndpoints, evidence)
    ):
        verdicts, aside = put_aside(verdicts, evidence)
        causes = rank(verdicts, checks)
    heard = {gap for verdict in verdicts for gap in verdict.because}
    asked = asks_of(checks)
    unheard = [gap for ask in Ask if ask in asked for gap in evidence.gaps.get(ask, ())]
    return Diagnosis(
        causes=causes,
        verdicts=verdicts,
        taken_at=taken_at,
        source=evidence.source,
        recognised=evidence.recognised,
        gaps=(*gaps, *evidence.general_gaps, *not_given(evidence)),
        unheard=tuple(gap for gap in dict.fromkeys((*aside, *unheard)) if gap not in heard),
        context=tuple((context or {}).items()),
        checks=tuple(checks),
        facts=tuple(
            fact
            for fact in (facts | {one: read(one, evidence) for one in FOR_REPORTS}).values()
            if isinstance(fact, Fact)
        ),
    )
