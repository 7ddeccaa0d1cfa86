"""The nouns of a diagnosis: frozen values without I/O and without judgement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field
from datetime import datetime
from enum import Enum, IntEnum
from typing import Any, ClassVar, Protocol

from diagnose.asks import Ask
from diagnose.values import dataclass


class Status(Enum):
    """What the judge says of one check."""

    PROBLEM = "problem"
    UNKNOWN = "unknown"
    OK = "ok"
    NOT_APPLICABLE = "not-applicable"


class Severity(IntEnum):
    """How bad a fault is if it is there, not how sure that is."""

    INFO = 1
    WARNING = 2
    CRITICAL = 3


class GapKind(Enum):
    """Why a piece of evidence is missing or not whole."""

    DENIED = "denied"
    UNREACHABLE = "unreachable"
    NOT_COLLECTED = "not collected"
    PARTIAL = "partial"
    MALFORMED = "malformed"
    CRASHED = "crashed"
    UNDECIDED = "undecided"
    BESIDE = "beside"  # left out on purpose, and no check rests on it


class Risk(Enum):
    """What a remedy may disturb: nothing, running traffic, or more than a command can do."""

    SAFE = "safe"
    DISRUPTIVE = "disruptive"
    MANUAL = "manual"


@dataclass(frozen=True)
class Gap:
    """A piece of evidence that did not arrive, or not whole.

    `ask` names the permission, command or file that would close it; empty when nothing would.
    """

    what: str
    kind: GapKind
    because: str
    ask: str = ""


@dataclass(frozen=True, kw_only=True)
class Fact:
    """What was learned of one subject matter, parsed; `origin` says from where.

    `asks` names what has to be asked of a cluster so that the fact can be told. `torn` says that
    it was read from a piece of something that means nothing in pieces, such as half of a file:
    what it shows is a possibility.
    """

    asks: ClassVar[tuple[Ask, ...]] = ()

    origin: str
    gaps: tuple[Gap, ...] = ()
    torn: bool = False


@dataclass(frozen=True)
class Subject:
    """The object that a finding is about; kind "Cluster" without a name is the whole cluster.

    An empty name of another kind means: one such object, which one is not known (a pasted log).
    """

    kind: str
    name: str = ""
    namespace: str = ""
    node: str = ""

    def __str__(self) -> str:
        if not self.name:
            return self.kind.lower() if self.kind == "Cluster" else f"a {self.kind.lower()}"
        path = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind.lower()} {path}"


CLUSTER = Subject("Cluster")


@dataclass(frozen=True)
class Spot:
    """The place of one word; lines and columns (characters) count from 1.

    `file` is the file that its origin imports, "" in the origin itself.
    """

    line: int
    column: int
    file: str = ""


@dataclass(frozen=True)
class Quote:
    """Evidence as it was seen: the origin's name, its text, its line counted from 1.

    `spot` is the word that is meant, for editors; quotes do not differ by it. `aside` says of a
    log's line whether somebody's sentence stands before the message; None of anything else.
    A `summary` is no text that was seen: it tells in short what no single line says.
    """

    origin: str
    text: str
    line: int | None = None
    spot: Spot | None = field(default=None, repr=False, compare=False)
    aside: bool | None = field(default=None, repr=False, compare=False)
    summary: bool = field(default=False, repr=False, compare=False)

    def on(self, *_: str) -> Quote:
        """Return the quote of one field of what is quoted; a line holds them all."""
        return self


class Lines(Protocol):
    """The way to the lines of an object, gone only where a finding quotes it."""

    def quote(self, wanted: tuple[str, ...]) -> Quote | None:
        """Return the line of a field, () for what an object is quoted for; None without one."""


@dataclass(frozen=True)
class ObjectQuote(Quote):
    """The quote of an object of many lines: in short while it is a summary, else the line meant.

    `lines` leads to them, and `wanted` names the field that decides: words that every parser of
    such objects knows, such as "labels" and the label's key. Beside a line, `short` tells in short
    what object it is of; of a summary it is what is left of that without the words of the line.
    """

    short: str = ""
    lines: Lines | None = field(default=None, repr=False, compare=False)
    wanted: tuple[str, ...] = field(default=(), repr=False, compare=False)

    def on(self, *wanted: str) -> Quote:
        """Return the quote of one field of the object."""
        return ObjectQuote(
            self.origin,
            self.text,
            self.line,
            summary=self.summary,
            short=self.short,
            lines=self.lines,
            wanted=wanted,
        )

    def seen(self) -> Quote:
        """Return the line that decides; where none does, the summary without a way to lines."""
        line = self.lines.quote(self.wanted) if self.lines else None
        if line is None:
            return Quote(self.origin, self.text, self.line, summary=self.summary)
        short = (self.short or self.text) if self.summary else ""
        return ObjectQuote(line.origin, line.text, line.line, short=short)


@dataclass(frozen=True)
class Remedy:
    """One step of a cure: shell commands in order, their risk, and the command that proves it."""

    title: str
    commands: tuple[str, ...]
    risk: Risk
    verify: str
    why: str = ""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, with what shows it.

    `proven` is False where the evidence admits other causes too. `family` and `severity` stand
    in for the check's own where the evidence tells better. `remedy` holds steps in order.
    """

    subject: Subject
    message: str
    quotes: tuple[Quote, ...]
    remedy: tuple[Remedy, ...] | Remedy | None = None
    proven: bool = True
    family: str = ""
    severity: Severity | None = None
    at: datetime | None = None

    @property
    def steps(self) -> tuple[Remedy, ...]:
        """The remedy's steps in order; empty when there is none."""
        if self.remedy is None:
            return ()
        return self.remedy if isinstance(self.remedy, tuple) else (self.remedy,)


@dataclass(frozen=True)
class Need:
    """One fact that a check takes; without a required one it cannot be judged."""

    fact: type[Fact]
    required: bool
    parameter: str


@dataclass(frozen=True)
class Check:
    """A registered check: what it finds, what it brings about, what it needs.

    A `symptom` says that something fails, not why: it is never a proven cause.
    """

    id: str
    layer: str
    family: str
    title: str
    severity: Severity
    explains: tuple[str, ...]
    needs: tuple[Need, ...]
    find: Callable[..., Iterator[Finding]] = field(compare=False)
    also: tuple[str, ...] = ()
    module: str = ""
    symptom: bool = False

    @property
    def name(self) -> str:
        """The id as Python spells it: the file, the function, the page and the test folder."""
        return self.id.replace("-", "_")


@dataclass(frozen=True)
class Verdict:
    """What is said of one check. `note` says why it does not apply, or where an ok looked."""

    check: str
    status: Status
    findings: tuple[Finding, ...] = ()
    because: tuple[Gap, ...] = ()
    note: str = ""

    @property
    def proven(self) -> bool:
        """Whether at least one finding admits no other cause."""
        return any(finding.proven for finding in self.findings)


@dataclass(frozen=True)
class Cause:
    """A problem that no other problem explains, with what it brings about.

    `proven` says that the evidence admits no other cause. `not_ruled_out` holds unknown verdicts
    that would explain this one if they were problems. `reasons` say, in words, what put it at
    its place.
    """

    verdict: Verdict
    severity: Severity
    family: str
    proven: bool
    explained: tuple[Verdict, ...] = ()
    not_ruled_out: tuple[Verdict, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recognised:
    """What one part of the evidence was taken for: a line of the report."""

    origin: str
    kind: str
    lines: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """The whole answer: causes in rank order, every verdict, and what the evidence was.

    `facts` are those that were got of what checks and reports need; `unheard` is what did not come
    and yet leaves no verdict unknown, as something else told the same.
    """

    causes: tuple[Cause, ...]
    verdicts: tuple[Verdict, ...]
    taken_at: datetime
    source: str = ""
    recognised: tuple[Recognised, ...] = ()
    gaps: tuple[Gap, ...] = ()
    unheard: tuple[Gap, ...] = ()
    context: tuple[tuple[str, Any], ...] = ()
    checks: tuple[Check, ...] = ()
    facts: tuple[Fact, ...] = field(default=(), repr=False)

    @property
    def unreached(self) -> Gap | None:
        """The gap of a cluster whose API server did not answer; None of any other evidence."""
        return next((gap for gap in self.gaps if gap.kind is GapKind.UNREACHABLE), None)

    def check(self, identifier: str) -> Check:
        """The check with this id; raises KeyError when it is not part of the diagnosis."""
        for check in self.checks:
            if check.id == identifier:
                return check
        raise KeyError(identifier)
