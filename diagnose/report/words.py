"""What every report says in the same words: what is shown, of what, in which order.

Texts that come from evidence are made safe to show here; formats only lay them out.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import UTC, datetime
from enum import Enum
from itertools import groupby, takewhile

from diagnose.asks import ASKS, Ask
from diagnose.model import (
    Cause,
    Check,
    Diagnosis,
    Finding,
    Gap,
    GapKind,
    ObjectQuote,
    Quote,
    Severity,
    Status,
    Subject,
    Verdict,
)
from diagnose.remedies import nodes_of
from diagnose.report.other_trouble import other_trouble
from diagnose.report.seen_well import clients_are_answered, failed_unexplained, seen_well
from diagnose.text.regex import regex
from diagnose.text.shown import visible
from diagnose.values import dataclass

QUOTE_LIMIT = 600
LINE = "> "
NOTHING_SEEN = "Nothing of the cluster could be looked at."
WHO_FAILS = (
    " Where an application fails all the same, what it says tells more: paste it into "
    "`corediag run --from -`."
)
IN_SHORT = "in short: "  # before what tells, beside a line or for it, what object is meant
NO_LINE = "no single line says it; in short: "
NAME_LIMIT = 100
NAMES_LIMIT = 60  # of a list of names
MESSAGES = 3  # different ones that are shown of one cause
QUOTES = 3  # that are shown of a cause with several findings
QUOTES_OF_ONE = 6

# Programs whose name at the start of a text makes it a command to copy, not prose.
PROGRAMS = frozenset(
    (
        *("apt-get", "awk", "cat", "conntrack", "corediag", "cp", "crictl", "ctr", "curl", "dig"),
        *("dnf", "etcdctl", "firewall-cmd", "getent", "grep", "helm", "ip", "ip6tables"),
        *("ip6tables-save", "iptables", "iptables-save", "ipvsadm", "journalctl", "kubeadm"),
        *(
            "kubectl",
            "ls",
            "mkdir",
            "modprobe",
            "mv",
            "nft",
            "nslookup",
            "openssl",
            "ping",
            "resolvectl",
        ),
        *("sed", "sha256sum", "ss", "sudo", "sysctl", "systemctl", "tcpdump", "tracepath"),
        *("traceroute", "yum"),
    )
)
TROUBLE = regex(
    r"\b(?:fail\w*|error|fatal|panic|cannot|can't|couldn't|unable|neither|refused|denied|"
    r"forbidden|invalid|unknown|unreachable|exceeded|exhausted|expired|mismatch|time[d ]?out|"
    r"no (?:such|route|space)|not (?:found|usable|exist)|already has)\b",
    re.IGNORECASE,
)
TELLING = 7  # characters of a text that tells by itself what a line is
COUNTABLE = regex(r"^(.*?)(\d+)(\D*)$", re.DOTALL)
DIGITS = regex(r"\d+")


class Standing(Enum):
    """How sure a cause is and what it is to be called; the value says it in words."""

    PROVEN = "proven"
    POSSIBLE = "possible, not proven"
    SYMPTOM = "a symptom; why it fails is open"
    NOTE = "a note, not a fault"


STATUSES = {
    Status.PROBLEM: "problem",
    Status.OK: "ok",
    Status.UNKNOWN: "unknown",
    Status.NOT_APPLICABLE: "not applicable",
}


# ---------------------------------------------------------------- names and texts


def plural(count: int, noun: str) -> str:
    """Return a count with its noun: "1 check", "3 checks", "2 network policies"."""
    if count == 1:
        return f"{count} {noun}"
    if noun.endswith("y"):
        return f"{count} {noun[:-1]}ies"
    return f"{count} {noun}" if noun.endswith("s") else f"{count} {noun}s"


def label(text: str) -> str:
    """Return a name from the evidence, safe to show and of bounded length."""
    safe = visible(text)
    if len(safe) <= NAME_LIMIT:
        return safe
    return f"{safe[: NAME_LIMIT - 30]}…{safe[-29:]}"


def is_command(text: str) -> bool:
    """Whether a text is a command to copy and not a sentence."""
    return text.split(" ", 1)[0] in PROGRAMS


def utc(time: datetime) -> datetime:
    """Return a time in UTC; one without a zone is taken to be in UTC already."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def moment(time: datetime) -> str:
    """Return a time for people, to the second."""
    return utc(time).strftime("%Y-%m-%d %H:%M:%S UTC")


def telling_words(message: str) -> tuple[str, ...]:
    """Return the words of a message that evidence is recognised by: names, addresses, paths."""
    words = (word.strip("\"'(),;:.") for word in message.split())
    return tuple(
        dict.fromkeys(
            word for word in words if len(word) > 3 and (set(word) & set("0123456789./:-_"))
        )
    )


def shortened(text: str, message: str = "", limit: int = QUOTE_LIMIT) -> str:
    """Return a text of about `limit` characters: its beginning, its telling part, its end.

    The telling part is where the texts that lines are known by, words of the message and of
    trouble stand closest together. What is left out is counted in brackets; each piece between
    is as it stands in the line.
    """
    if len(text) <= limit:
        return text
    end = limit // 4
    window = limit - 2 * end
    middle = text[end:-end]
    weights = [(match.start(), 1) for match in TROUBLE.finditer(middle)]
    for word in telling_words(message)[:20]:
        weights += [(match.start(), 3) for match in re.finditer(re.escape(word), middle)]
    for literal in deciding():
        at = middle.find(literal)
        while at >= 0:
            weights += [(at, 6), (at + len(literal), 0)]
            at = middle.find(literal, at + len(literal))
    weights.sort()
    best, start, total, first = 0, max(0, len(middle) - window), 0, 0
    for position, weight in weights:
        total += weight
        while weights[first][0] < position - window // 2:
            total -= weights[first][1]
            first += 1
        if total > best:
            best, start = total, max(0, weights[first][0] - window // 4)
    start = min(start, max(0, len(middle) - window))
    stop = start + window
    return (
        text[:end] + left_out(start) + middle[start:stop] + left_out(len(middle) - stop)
    ) + text[-end:]


@functools.cache
def deciding() -> tuple[str, ...]:
    """Return the texts that lines which checks know are known by."""
    from diagnose.signatures.tables import SIGNATURES  # noqa: PLC0415  few quotes are long

    every = dict.fromkeys(one.literal for several in SIGNATURES for one in several.wordings)
    return tuple(literal for literal in every if len(literal) >= TELLING)


def left_out(count: int) -> str:
    """Return the mark for characters that are not shown; "" for none."""
    return f" [… {count} characters left out …] " if count > 0 else ""


def place_of(quote: Quote) -> str:
    """Return origin:line of a quote."""
    return label(quote.origin) + (f":{quote.line}" if quote.line is not None else "")


def mark_of(quote: Quote) -> str:
    """Return what stands before a quote: it is a line, or it tells in short what none says."""
    if not quote.summary:
        return LINE
    sought = not isinstance(quote, ObjectQuote) or quote.lines is None
    return NO_LINE if sought else IN_SHORT


def beside(quote: Quote) -> str:
    """Return what tells in short which object a quoted line is of; "" for other lines."""
    return quote.short if isinstance(quote, ObjectQuote) else ""


def short_names(names: Iterable[str], limit: int = NAMES_LIMIT) -> str:
    """Return names without doubles: all, or numbered ranges, or the first three and a count."""
    every = [label(name) for name in dict.fromkeys(names)]
    if len(every) <= 3:
        return ", ".join(every)
    if len(text := ranges(every)) <= limit:
        return text
    return f"{', '.join(every[:3])} and {len(every) - 3} more"


def ranges(names: Iterable[str]) -> str:
    """Return names with numbers in them as ranges: worker-[1-12,15]."""
    groups: dict[tuple[str, str, int], list[int]] = {}
    found = [(name, COUNTABLE.match(name)) for name in names]
    padded = {
        (match[1], match[3])
        for _, match in found
        if match and match[2].startswith("0") and len(match[2]) > 1
    }
    for name, match in found:
        if match is None or len(match[2]) > 9:
            groups.setdefault((name, "", -1), [])
            continue
        width = len(match[2]) if (match[1], match[3]) in padded else 0
        groups.setdefault((match[1], match[3], width), []).append(int(match[2]))
    texts = []
    for (before, after, width), numbers in groups.items():
        runs = [
            [number for _, number in run]
            for _, run in groupby(enumerate(sorted(numbers)), key=lambda pair: pair[1] - pair[0])
        ]
        spans = [
            f"{run[0]:0{width}}" + (f"-{run[-1]:0{width}}" if len(run) > 1 else "") for run in runs
        ]
        several = len(numbers) > 1
        inner = f"[{','.join(spans)}]" if several else "".join(spans)
        texts.append(f"{before}{inner}{after}")
    return ", ".join(texts)


def subject_text(subject: Subject) -> str:
    """Return a subject in words, with the node that it lies on."""
    if not subject.kind:
        return "not told by the evidence"
    node = subject.node if subject.kind != "Node" else ""
    where = f" on node {label(node)}" if node else ""
    if not subject.name and subject.kind == "Cluster":
        return "the cluster"
    if not subject.name:
        return f"a {visible(subject.kind).lower()}{where or ' that the evidence does not name'}"
    path = f"{subject.namespace}/{subject.name}" if subject.namespace else subject.name
    return f"{visible(subject.kind).lower()} {label(path)}{where}"


def where(findings: Iterable[Finding], *, names: bool = True) -> str:
    """Return what findings are about: the one subject, or how many of which kind and where.

    Without `names`, several objects of one kind are only counted.
    """
    subjects = list(dict.fromkeys(finding.subject for finding in findings))
    if len(subjects) == 1:
        return subject_text(subjects[0])
    texts = []
    nodes: dict[str, None] = {}
    kinds: dict[str, list[Subject]] = {}
    for subject in subjects:
        kinds.setdefault(subject.kind, []).append(subject)
    for kind, several in kinds.items():
        named = [
            f"{one.namespace}/{one.name}" if one.namespace else one.name
            for one in several
            if one.name
        ]
        if len(several) == 1:
            texts.append(subject_text(several[0]))
            continue
        # one without a name may be among those that have one
        word = plural(len(named) or len(several), visible(kind).lower() or "object")
        listed = names and named and (len(named) <= 3 or kind == "Node")
        texts.append(word + (f" ({short_names(named)})" if listed else ""))
        if kind != "Node":
            nodes |= dict.fromkeys(nodes_of(several))
    on = ""
    if len(nodes) == 1:
        on = f" on node {label(next(iter(nodes)))}"
    elif nodes:
        on = f" on {len(nodes)} nodes" + (f" ({short_names(nodes)})" if names else "")
    return ", ".join(texts) + on


# ---------------------------------------------------------------- findings, taken together


def shape(text: str, subject: Subject) -> str:
    """Return a text without what tells one object from the next: its names and all numbers."""
    names = {name for name in (subject.name, subject.node) if name and name in text}
    for name in sorted(names, key=len, reverse=True):
        text = without(text, name)
    return DIGITS.sub("#", text)


def without(text: str, name: str) -> str:
    """Return a text with a mark for each place at which a name stands as a word of its own.

    By hand, since each object would need an expression of its own.
    """
    pieces: list[str] = []
    done = 0
    at = text.find(name)
    while at >= 0:
        end = at + len(name)
        if (at and goes_on(text[at - 1], ".-")) or (end < len(text) and goes_on(text[end], "-")):
            at = text.find(name, at + 1)
            continue
        pieces.append(text[done:at])
        done = end
        at = text.find(name, end)
    return "\0".join((*pieces, text[done:]))


def goes_on(character: str, also: str) -> bool:
    """Whether a name beside this character would be a piece of a longer one."""
    return character.isalnum() or character == "_" or character in also


@dataclass(frozen=True)
class Point:
    """Findings that say the same of different objects; `quotes` are those to show."""

    message: str
    proven: bool
    findings: tuple[Finding, ...]
    quotes: tuple[Quote, ...] = ()


def points(findings: Sequence[Finding]) -> tuple[Point, ...]:
    """Return the findings grouped by what they say, proven ones first, with quotes to show.

    A single finding shows its own quotes; several share three, each point at least one.
    """
    groups: dict[tuple[bool, str], list[Finding]] = {}
    few = len(findings) <= MESSAGES
    for finding in sorted(findings, key=lambda one: not one.proven):
        said = finding.message if few else shape(finding.message, finding.subject)
        groups.setdefault((finding.proven, said), []).append(finding)
    made = [
        Point(several[0].message, proven, tuple(several)) for (proven, _), several in groups.items()
    ]
    budget = QUOTES_OF_ONE if len(findings) == 1 else max(QUOTES, min(len(made), MESSAGES))
    seen: set[Quote] = set()
    result = []
    for number, point in enumerate(made):
        later = min(len(made), MESSAGES) - number - 1
        room = max(0, budget - max(0, later)) if number < MESSAGES else 0
        shown: list[Quote] = []
        # The first quotes of several objects say more than all quotes of one.
        for quote in quotes_by_turns(point.findings):
            if len(shown) >= room:
                break
            if quote not in seen:
                seen.add(quote)
                shown.append(quote)
        budget -= len(shown)
        result.append(Point(point.message, point.proven, point.findings, tuple(shown)))
    return tuple(result)


def quotes_by_turns(findings: Sequence[Finding]) -> Iterator[Quote]:
    """Yield the first quote of each finding, then the second of each, and so on."""
    depth = max((len(finding.quotes) for finding in findings), default=0)
    for index in range(depth):
        for finding in findings:
            if index < len(finding.quotes):
                yield finding.quotes[index]


def quote_count(findings: Iterable[Finding]) -> int:
    """Return how many different quotes the findings hold."""
    return len({quote for finding in findings for quote in finding.quotes})


# ---------------------------------------------------------------- causes


def standing(cause: Cause, checks: Mapping[str, Check]) -> Standing:
    """Return how a cause is to be called."""
    check = checks.get(cause.verdict.check)
    if cause.severity is Severity.INFO:
        return Standing.NOTE
    if check is not None and check.symptom:
        return Standing.SYMPTOM
    return Standing.PROVEN if cause.proven else Standing.POSSIBLE


@dataclass(frozen=True)
class Story:
    """The causes as they are told.

    `main` holds the one proven cause, the possible causes that the evidence cannot tell apart,
    or the one symptom; it is empty when there are only notes. `further` and `notes` follow.
    """

    main: tuple[Cause, ...]
    further: tuple[Cause, ...]
    notes: tuple[Cause, ...]
    standing: Standing


def each_by_itself(causes: Sequence[Cause]) -> bool:
    """Whether each cause has a line of a log that none of the others rests on.

    What different lines tell happened, one beside the other: there is nothing to choose.
    """
    quotes = [{quote for one in cause.verdict.findings for quote in one.quotes} for cause in causes]
    counts = Counter(quote for several in quotes for quote in several)
    return all(
        any(quote.aside is False and counts[quote] == 1 for quote in several) for several in quotes
    )


def story(diagnosis: Diagnosis) -> Story:
    """Return the causes of a diagnosis as they are told, in rank order."""
    checks = checks_of(diagnosis)
    kinds = [(cause, standing(cause, checks)) for cause in diagnosis.causes]
    notes = tuple(cause for cause, kind in kinds if kind is Standing.NOTE)
    faults = [(cause, kind) for cause, kind in kinds if kind is not Standing.NOTE]
    if not faults:
        return Story((), (), notes, Standing.NOTE)
    first = faults[0][1]
    alike = [cause for cause, kind in faults if kind is first]
    main = alike if first is Standing.POSSIBLE else alike[:1]
    further = tuple(cause for cause, _ in faults if all(cause is not one for one in main))
    return Story(tuple(main), further, notes, first)


def checks_of(diagnosis: Diagnosis) -> dict[str, Check]:
    """Return the checks of a diagnosis by id."""
    return {check.id: check for check in diagnosis.checks}


def title_of(identifier: str, checks: Mapping[str, Check]) -> str:
    """Return the title of a check, its id when it is not part of the diagnosis."""
    return visible(checks[identifier].title) if identifier in checks else label(identifier)


def effect_text(verdict: Verdict, checks: Mapping[str, Check]) -> str:
    """Return one line on what a cause brings about."""
    count = len(verdict.findings)
    if count == 1:
        said = visible(shortened(verdict.findings[0].message, limit=200))
    else:
        said = title_of(verdict.check, checks)
    return f"{label(verdict.check)}: {said} ({where(verdict.findings, names=False)})"


def next_looks(causes: Iterable[Cause], limit: int = 2, away: Gap | None = None) -> tuple[Gap, ...]:
    """Return the missing evidence that would say most about these causes, best first.

    Where the API server is `away`, no command that asks it brings any: then it is what to look at.
    """
    if away is not None:
        lines = takewhile(lambda line: not line.startswith("mkdir "), away.ask.split("\n"))
        return (replace(away, ask="\n".join(lines)),)
    counts: dict[Gap, int] = {}
    for cause in causes:
        gaps = list(cause.verdict.because)
        gaps += [gap for verdict in cause.not_ruled_out for gap in verdict.because]
        for gap in dict.fromkeys(gaps):
            if gap.ask and gap.kind is not GapKind.CRASHED:
                counts[gap] = counts.get(gap, 0) + 1
    best: dict[str, Gap] = {}
    for gap in sorted(counts, key=lambda gap: -counts[gap]):
        best.setdefault(gap.ask, gap)
    return tuple(best.values())[:limit]


# ---------------------------------------------------------------- what is not known, what is well


@dataclass(frozen=True)
class Blocked:
    """Evidence that did not come, why, and the ids of the checks that could not look."""

    what: str
    kind: GapKind
    ask: str
    because: tuple[str, ...]
    checks: tuple[str, ...] = ()


def blocked(diagnosis: Diagnosis) -> tuple[Blocked, ...]:
    """Return the missing evidence of unknown verdicts, each once, most blocking first.

    What is missing and what is there in pieces are the same evidence, closed by the same command.
    """
    groups: dict[tuple[str, GapKind, str], tuple[dict[str, None], dict[str, None]]] = {}
    pieces = (GapKind.NOT_COLLECTED, GapKind.PARTIAL)
    for verdict in diagnosis.verdicts:
        if verdict.status is not Status.UNKNOWN:
            continue
        for gap in verdict.because:
            kind = pieces[0] if gap.ask and gap.kind in pieces else gap.kind
            reasons, ids = groups.setdefault((gap.what, kind, gap.ask), ({}, {}))
            reasons[gap.because] = None
            ids[verdict.check] = None
    made = [
        Blocked(what, kind, ask, tuple(reasons), tuple(ids))
        for (what, kind, ask), (reasons, ids) in groups.items()
    ]
    return tuple(sorted(made, key=lambda one: -len(one.checks)))


def gap_text(what: str, because: Sequence[str]) -> str:
    """Return what is missing and why, in one sentence."""
    more = f" (and {plural(len(because) - 1, 'more reason')})" if len(because) > 1 else ""
    reason = visible(shortened(because[0], limit=300)) if because else ""
    return visible(shortened(what, limit=200)) + (f": {reason}{more}" if reason else "")


def blocked_text(gap: Blocked) -> str:
    """Return how many checks want for what, and why it is not there."""
    text = gap_text(gap.what, gap.because)
    count = plural(len(gap.checks), "check")
    if gap.kind in (GapKind.UNDECIDED, GapKind.CRASHED):
        return f"{count}: {text}"
    return f"{count} {'need' if len(gap.checks) != 1 else 'needs'} {text}"


def reasons_text(gaps: Iterable[Gap]) -> str:
    """Return why a check could not tell: the evidence that it wants, or what stays open."""
    texts = dict.fromkeys(
        gap.because if gap.kind in (GapKind.UNDECIDED, GapKind.CRASHED) else f"wants {gap.what}"
        for gap in gaps
    )
    return "; ".join(visible(shortened(text, limit=200)) for text in texts)


@dataclass(frozen=True)
class Layer:
    """The checks of one layer that looked and found nothing, and where they looked."""

    name: str
    checks: tuple[str, ...]
    origins: tuple[str, ...]


def ruled_out(diagnosis: Diagnosis) -> tuple[Layer, ...]:
    """Return the ok verdicts by layer, in the order of the verdicts."""
    checks = checks_of(diagnosis)
    groups: dict[str, tuple[list[str], dict[str, None]]] = {}
    for verdict in diagnosis.verdicts:
        if verdict.status is Status.OK:
            layer = checks[verdict.check].layer if verdict.check in checks else ""
            ids, origins = groups.setdefault(layer, ([], {}))
            ids.append(verdict.check)
            origins |= dict.fromkeys(filter(None, verdict.note.split(", ")))
    return tuple(Layer(name, tuple(ids), tuple(notes)) for name, (ids, notes) in groups.items())


def origins_text(origins: Sequence[str], shown: int = 1, form: Callable[[str], str] = label) -> str:
    """Return where was looked: the first origins, each in a form, the rest counted."""
    first = ", ".join(map(form, origins[:shown]))
    return first + (f" and {len(origins) - shown} more" if len(origins) > shown else "")


def recognised_text(diagnosis: Diagnosis, shown: int = 3) -> str:
    """Return what the evidence was taken for: part by part when few, else counted by kind."""
    parts = diagnosis.recognised
    if len(parts) <= shown:
        return "; ".join(
            label(part.origin)
            + (f":{visible(part.lines)}" if part.lines else "")
            + f" as {visible(part.kind)}"
            for part in parts
        )
    kinds: dict[str, int] = {}
    for part in parts:
        kinds[part.kind] = kinds.get(part.kind, 0) + 1
    return f"{len(parts)} parts: " + ", ".join(
        f"{count} × {visible(kind)}" for kind, count in kinds.items()
    )


@dataclass(frozen=True)
class Coverage:
    """How many checks said what."""

    counts: Mapping[Status, int] = field(default_factory=dict)
    notes: int = 0  # of the problems, those that are mere notes

    @property
    def ran(self) -> int:
        """How many checks could look: those with a problem and those that found none."""
        return self.counts[Status.PROBLEM] + self.counts[Status.OK]

    @property
    def total(self) -> int:
        """How many checks there were."""
        return sum(self.counts.values())

    def __str__(self) -> str:
        counts = self.counts
        notes = f"{plural(self.notes, 'note')}, " if self.notes else ""
        return (
            f"{plural(self.total, 'check')}: "
            f"{plural(counts[Status.PROBLEM] - self.notes, 'problem')}, {notes}"
            f"{counts[Status.OK]} ok, {counts[Status.UNKNOWN]} unknown, "
            f"{counts[Status.NOT_APPLICABLE]} not applicable"
        )


def coverage(diagnosis: Diagnosis) -> Coverage:
    """Return how many checks of a diagnosis said what."""
    counts = dict.fromkeys(Status, 0)
    for verdict in diagnosis.verdicts:
        counts[verdict.status] += 1
    return Coverage(counts, sum(is_note(verdict, diagnosis) for verdict in diagnosis.verdicts))


def is_note(verdict: Verdict, diagnosis: Diagnosis) -> bool:
    """Whether a verdict found something that is no fault."""
    checks = {check.id: check.severity for check in diagnosis.checks}
    own = checks.get(verdict.check, Severity.WARNING)
    grades = [own if one.severity is None else one.severity for one in verdict.findings]
    return bool(grades) and max(grades) is Severity.INFO


def whole(diagnosis: Diagnosis) -> bool:
    """Whether everything that was to be looked at could be looked at."""
    unknown = any(verdict.status is Status.UNKNOWN for verdict in diagnosis.verdicts)
    return not unknown and not diagnosis.gaps and coverage(diagnosis).ran > 0


def nothing_found(diagnosis: Diagnosis) -> tuple[str, str]:
    """Return a headline and a sentence for a diagnosis without a fault; never "healthy"."""
    told = coverage(diagnosis)
    ran = told.ran
    if whole(diagnosis):
        return (
            "Nothing wrong was found",
            seen_well(diagnosis)
            + failed_unexplained(diagnosis)
            + "Every check that applies could look at everything it needs."
            + (WHO_FAILS if is_by_hand(diagnosis) else "")
            + other_trouble(diagnosis),
        )
    away = diagnosis.unreached
    read = sorted({part.kind for part in diagnosis.recognised} - {"text", "shell prompt"})
    if not ran and away:
        return (
            f"{away.what[:1].upper()}{away.what[1:]}: {away.because}",
            f"{NOTHING_SEEN} Below is what to collect on a node, and how to have it diagnosed.",
        )
    if not ran:
        if read:
            return (
                "No known DNS fault stands in it",
                f"It was read as {', '.join(read)}. It is too little to say that anything is well."
                + other_trouble(diagnosis),
            )
        return (
            "Nothing could be judged",
            "No check had the evidence that it needs, so this says nothing about the cluster.",
        )
    well = seen_well(diagnosis)
    unknown = told.counts[Status.UNKNOWN]
    missing = (
        f"{unknown} of {plural(told.total, 'check')} could not tell"
        if unknown
        else "part of the evidence could not be read"
    )
    return (
        "Nothing wrong was found in what could be looked at",
        f"{well}{failed_unexplained(diagnosis)}{missing}, so this does not say that "
        f"{'all' if clients_are_answered(diagnosis) else 'DNS'} is well."
        + other_trouble(diagnosis),
    )


def is_by_hand(diagnosis: Diagnosis) -> bool:
    """Whether what a client saw was left out, as nothing rests on it."""
    return any(gap.what == ASKS[Ask.CLIENT_OUTPUT].title for gap in diagnosis.unheard)
