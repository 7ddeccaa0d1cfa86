"""The report for a terminal: the one cause first, then all that an engineer needs beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from diagnose.model import (
    Cause,
    Check,
    Diagnosis,
    Gap,
    Quote,
    Remedy,
    Risk,
    Severity,
    Status,
    Verdict,
)
from diagnose.report import words
from diagnose.report.layout import Paint, painter, text_width, wrapped
from diagnose.report.matrix import lines, summary
from diagnose.report.seen_well import backends_of, matrix_of
from diagnose.report.steps import Step, steps
from diagnose.report.words import Point, Standing
from diagnose.text.shown import visible
from diagnose.values import dataclass

GUTTER = 10  # columns for what a paragraph is; its text stands beside it
UNKNOWN_LINES = 8
EFFECTS = 6
WHOLE_CAUSES = 2  # of a tie
RULED_OUT = 3  # checks of a layer that are named without -v
INSTANCES = 2  # of a step that several objects need
LABELS = {
    Standing.PROVEN: "CAUSE",
    Standing.POSSIBLE: "POSSIBLE",
    Standing.SYMPTOM: "SYMPTOM",
    Standing.NOTE: "NOTE",
}


@dataclass(frozen=True)
class Sheet:
    """How to write: the width of the terminal, the colours, how much to tell."""

    width: int
    paint: Paint
    verbose: bool
    checks: Mapping[str, Check]
    steps: bool = False
    away: Gap | None = None  # an API server that did not answer

    @property
    def room(self) -> int:
        """The columns beside the gutter."""
        return max(20, self.width - GUTTER)

    def wrap(self, text: str, hang: str = "", indent: str = "") -> Iterator[str]:
        """Yield the lines of a text beside the gutter, behind an indent."""
        for line in wrapped(text, self.room - len(indent), hang):
            yield indent + line

    def row(self, label: str, lines: Iterable[str]) -> Iterator[str]:
        """Yield lines with the label in front of the first; nothing when there are none."""
        for number, line in enumerate(lines):
            head = label if number == 0 else ""
            left = self.paint(head, "label") + " " * (GUTTER - len(head))
            yield (left + line).rstrip()

    def faint(self, lines: Iterable[str]) -> Iterator[str]:
        """Yield lines that stand back."""
        for line in lines:
            yield self.paint(line, "faint")


def render(
    diagnosis: Diagnosis,
    *,
    width: int = 80,
    colour: bool = False,
    verbose: bool = False,
    steps: bool = False,
) -> str:
    """Return the report as text that fits the width, but for commands, which are never wrapped.

    `steps` shows every step of every remedy whole, which `verbose` does beside all else.
    """
    sheet = Sheet(
        width,
        painter(colour),
        verbose,
        words.checks_of(diagnosis),
        steps or verbose,
        diagnosis.unreached,
    )
    blocks = [list(block) for block in blocks_of(diagnosis, sheet)]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def blocks_of(diagnosis: Diagnosis, sheet: Sheet) -> Iterator[Iterable[str]]:
    """Yield the report's paragraphs, top-down."""
    told = words.story(diagnosis)
    if not told.main:
        yield nothing(diagnosis, sheet)
    elif told.standing is Standing.POSSIBLE and len(told.main) > 1:
        yield tie(told.main, sheet)
        shown: set[Remedy] = set()
        labels = ("POSSIBLE", "ALSO") if words.each_by_itself(told.main) else ("EITHER", "OR")
        for number, cause in enumerate(told.main):
            label = labels[min(number, 1)]
            short = number >= WHOLE_CAUSES and not sheet.verbose
            yield from whole_cause(cause, label, sheet, short=short, shown=shown)
    else:
        yield found(told.main, told.further, sheet)
        yield from whole_cause(told.main[0], LABELS[told.standing], sheet)
        if told.standing is not Standing.PROVEN:
            yield to_be_sure(told.main[0], told.standing, sheet)
    for cause in told.further:
        yield from whole_cause(cause, "ALSO", sheet, short=not sheet.verbose)
    for cause in told.notes:
        yield from whole_cause(cause, "NOTE", sheet, short=not sheet.verbose)
    yield asked(diagnosis, sheet)
    yield rows_of_ruled_out(diagnosis, sheet)
    yield rows_of_unknown(diagnosis, sheet)
    if sheet.verbose:
        yield verdict_table(diagnosis, sheet)
        yield context(diagnosis, sheet)
    yield [*sources(diagnosis, sheet), *wrapped(str(words.coverage(diagnosis)), sheet.width)]


# ---------------------------------------------------------------- causes


def found(main: Sequence[Cause], further: Sequence[Cause], sheet: Sheet) -> Iterator[str]:
    """Yield one line per cause, where there are several: what the report is about at a glance."""
    if not further:
        return
    lines: list[str] = []
    for number, cause in enumerate((*main, *further), 1):
        title = words.title_of(cause.verdict.check, sheet.checks)
        kind = words.standing(cause, sheet.checks).value.split(";")[0].split(",")[0]
        lines += sheet.wrap(f"{number}. {title} ({kind})", hang="   ")
    yield from sheet.row("FOUND", lines)


def whole_cause(
    cause: Cause,
    label: str,
    sheet: Sheet,
    *,
    short: bool = False,
    shown: set[Remedy] | None = None,
) -> Iterator[Iterable[str]]:
    """Yield a cause's paragraphs: what and where, the evidence, what follows, what to do.

    Steps in `shown` stand above already and are only named; new ones are added to it.
    """
    findings = cause.verdict.findings
    yield [*headline(cause, label, sheet), *evidence(cause, sheet, short=short)]
    yield consequences(cause, sheet)
    yield remedy(steps(findings), sheet, short=short, shown=set() if shown is None else shown)
    if sheet.verbose and cause.reasons:
        yield sheet.row("RANK", sheet.wrap("; ".join(map(visible, cause.reasons))))


def headline(cause: Cause, label: str, sheet: Sheet) -> Iterator[str]:
    """Yield the title, how sure and how bad it is, and where."""
    title = words.title_of(cause.verdict.check, sheet.checks)
    role = cause.severity.name.lower()
    yield from sheet.row(label, (sheet.paint(line, role) for line in sheet.wrap(title)))
    kind = words.standing(cause, sheet.checks)
    bad = "" if cause.severity is Severity.INFO else f"{role}, "
    yield from sheet.row(
        "", sheet.wrap(f"{bad}{kind.value} (check {words.label(cause.verdict.check)})")
    )
    yield from sheet.row("WHERE", sheet.wrap(words.where(cause.verdict.findings)))


def evidence(cause: Cause, sheet: Sheet, *, short: bool) -> Iterator[str]:
    """Yield what is wrong in words, each with the quotes that show it."""
    every = words.points(cause.verdict.findings)
    shown = every if sheet.verbose else every[:1] if short else every[: words.MESSAGES]
    told: set[Quote] = set()
    for point in shown:
        quotes = point.quotes[:1] if short else point.quotes
        told.update(quotes)
        yield from sheet.row("WHAT", sheet.wrap(message_of(point, cause, len(every) > 1)))
        yield from sheet.row("EVIDENCE", quote_lines(quotes, point.message, sheet))
    untold = len(every) - len(shown)
    left = words.quote_count(cause.verdict.findings) - len(told)
    more = [
        words.plural(untold, "further finding") if untold else "",
        words.plural(left, "further quote") if left > 0 else "",
    ]
    if any(more):
        text = f"and {' with '.join(filter(None, more))}: see {'-v' if short else '-o json'}"
        yield from sheet.row("", sheet.faint(sheet.wrap(text)))


def message_of(point: Point, cause: Cause, named: bool) -> str:
    """Return what findings say; with how many say it, and where when a cause says several."""
    text = visible(words.shortened(point.message))
    if not point.proven and cause.proven:
        text += " (possible)"
    count = len(point.findings)
    if count > 1:
        same = len({finding.message for finding in point.findings}) == 1
        text += f" [{count} alike]" if same else f"; {words.plural(count - 1, 'finding')} alike"
    if named and len({finding.subject for finding in point.findings}) <= words.MESSAGES:
        text += f" [{words.where(point.findings)}]"
    return text


def quote_lines(quotes: Iterable[Quote], message: str, sheet: Sheet) -> Iterator[str]:
    """Yield each quote behind its origin and line; a long one is wrapped with a hanging indent."""
    for quote in quotes:
        yield from sheet.faint(sheet.wrap(words.place_of(quote)))
        text = quote.text if sheet.verbose else words.shortened(quote.text, message)
        yield from sheet.wrap(f"{words.mark_of(quote)}{visible(text)}", hang="  ")
        if text != quote.text:
            yield from sheet.faint(sheet.wrap("(-v and -o json show the whole line)"))
        if short := words.beside(quote):
            told = visible(words.shortened(short, message))
            yield from sheet.faint(sheet.wrap(f"{words.IN_SHORT}{told}", hang="  "))


def is_symptom(verdict: Verdict, sheet: Sheet) -> bool:
    """Whether a verdict says that something fails and not why."""
    check = sheet.checks.get(verdict.check)
    return check is not None and check.symptom


def consequences(cause: Cause, sheet: Sheet) -> Iterator[str]:
    """Yield what a cause brings about, a line each, and what may lie behind it."""
    effects = cause.explained if sheet.verbose else cause.explained[:EFFECTS]
    lines: list[str] = []
    shown = next((one for one in effects if one.proven and not is_symptom(one, sheet)), None)
    for verdict in effects:
        lines += sheet.wrap(words.effect_text(verdict, sheet.checks), hang="  ")
        if verdict is shown and not sheet.verbose:  # its own words are half of the proof
            first = verdict.findings[0]
            lines += ["  " + line for line in quote_lines(first.quotes[:1], first.message, sheet)]
        if sheet.verbose:
            for point in words.points(verdict.findings):
                lines += ["  " + line for line in quote_lines(point.quotes, point.message, sheet)]
    if left := len(cause.explained) - len(effects):
        lines.append(f"and {words.plural(left, 'more finding')}")
    yield from sheet.row("EXPLAINS", lines)
    if open_causes := [verdict.check for verdict in cause.not_ruled_out]:
        listed = ", ".join(open_causes if sheet.verbose else open_causes[:4])
        more = "" if sheet.verbose or len(open_causes) <= 4 else f" and {len(open_causes) - 4} more"
        text = f"not looked at, may in turn bring it about: {listed}{more}"
        yield from sheet.row("BEHIND", sheet.wrap(text))


def tie(causes: Sequence[Cause], sheet: Sheet) -> Iterator[str]:
    """Yield that causes cannot be told apart, or are told side by side, and what to look at."""
    count, label = f"{len(causes)} possible causes", "UNDECIDED"
    text = f"{count}; these cannot be told apart by this evidence"
    if words.each_by_itself(causes):
        label, text = "SEVERAL", f"{count}, each with a line of its own: not one or the other"
    yield from sheet.row(label, (sheet.paint(line, "strong") for line in sheet.wrap(text)))
    yield from looks(causes, "look next at", sheet)


def to_be_sure(cause: Cause, kind: Standing, sheet: Sheet) -> Iterator[str]:
    """Yield what to look at next when the one cause is not proven."""
    intro = "to find out why, look at" if kind is Standing.SYMPTOM else "to be sure, look at"
    yield from looks((cause,), intro, sheet)


def looks(causes: Sequence[Cause], intro: str, sheet: Sheet) -> Iterator[str]:
    """Yield the evidence that would say most, with the commands that bring it."""
    lines: list[str] = []
    for gap in words.next_looks(causes, away=sheet.away):
        lines += sheet.wrap(f"{intro} {visible(gap.what)}:")
        lines += command_lines(gap.ask.split("\n"), "  ", sheet)
        intro = "or at"
    if not lines:
        safe = [
            step.first
            for cause in causes
            for step in steps(cause.verdict.findings)
            if step.first.risk is Risk.SAFE
        ]
        for remedy in safe[:1]:
            lines += sheet.wrap(f"{intro} this: {visible(remedy.title)}")
            lines += command_lines(remedy.commands, "  ", sheet)
    yield from sheet.row("NEXT", lines)


# ---------------------------------------------------------------- remedies


def remedy(
    every: Sequence[Step], sheet: Sheet, *, short: bool, shown: set[Remedy]
) -> Iterator[str]:
    """Yield the steps, numbered; in short the first one whole and the titles of the others."""
    lines: list[str] = []
    short = short and not sheet.steps
    for number, step in enumerate(every, 1):
        again = step.first in shown
        shown.update(step.remedies)
        lines += step_lines(number, step, sheet, again=again, short=short and number > 1)
    if short and len(every) > 1:
        lines += sheet.faint(sheet.wrap("--steps shows the commands of every step"))
    yield from sheet.row("REMEDY", lines)


def step_lines(number: int, step: Step, sheet: Sheet, *, again: bool, short: bool) -> Iterator[str]:
    """Yield one step: risk and title, its commands on their own lines, why, how to verify."""
    first = step.first
    risk = first.risk.value
    head = f"{number}. [{risk}] "
    above = " (as above)" if again else ""
    title, *more = sheet.wrap(f"{head}{visible(step.title)}{above}", hang=" " * 3)
    yield title.replace(f"[{risk}]", sheet.paint(f"[{risk}]", risk), 1)
    yield from more
    if again or short:
        return
    shown = step.remedies if sheet.verbose else step.remedies[:INSTANCES]
    told = dict.fromkeys(command for one in shown for command in one.commands)
    yield from command_lines(told, " " * 5, sheet)
    if left := len(step.remedies) - len(shown):
        names = words.short_names(filter(None, step.names[INSTANCES:]))
        text = f"and likewise for {names or words.plural(left, 'more')}"
        yield from sheet.wrap(text, indent=" " * 5)
    if first.why:
        yield from sheet.wrap(f"why: {visible(first.why)}", hang=" " * 2, indent=" " * 3)
    yield from verify_lines(first, sheet)


def command_lines(commands: Iterable[str], indent: str, sheet: Sheet) -> Iterator[str]:
    """Yield commands as they are to be copied, each on its line, however long; prose wrapped."""
    for command in commands:
        text = visible(command)
        if words.is_command(command):
            yield indent + sheet.paint(text, "command")
        else:
            yield from sheet.wrap(text, hang="  ", indent=indent)


def verify_lines(step: Remedy, sheet: Sheet) -> Iterator[str]:
    """Yield how to see that a step worked; a command stays whole."""
    if not step.verify:
        return
    text = visible(step.verify)
    if not words.is_command(step.verify):
        yield from sheet.wrap(f"verify: {text}", hang=" " * 2, indent=" " * 3)
    elif text_width(text) + 11 <= sheet.room:
        yield f"   verify: {sheet.paint(text, 'command')}"
    else:
        yield "   verify:"
        yield " " * 5 + sheet.paint(text, "command")


# ---------------------------------------------------------------- the rest


def nothing(diagnosis: Diagnosis, sheet: Sheet) -> Iterator[str]:
    """Yield that no fault was found, and how much that says."""
    head, text = words.nothing_found(diagnosis)
    role = "good" if words.whole(diagnosis) else "warning"
    yield from sheet.row("RESULT", (sheet.paint(line, role) for line in sheet.wrap(head)))
    yield from sheet.row("", sheet.wrap(text))


def asked(diagnosis: Diagnosis, sheet: Sheet) -> Iterator[str]:
    """Yield what DNS answered to corediag's own questions: a line, and a picture of failures."""
    matrix = matrix_of(diagnosis)
    if matrix is None:
        return
    shown: list[str] = list(sheet.wrap(summary(matrix, backends_of(diagnosis))))
    if matrix.all.failed or (sheet.verbose and matrix.clients):
        shown += (
            "".join(sheet.paint(text, role) if role else text for text, role in line)
            for line in lines(matrix, sheet.room)
        )
    yield from sheet.row("ASKED", shown)


def rows_of_ruled_out(diagnosis: Diagnosis, sheet: Sheet) -> Iterator[str]:
    """Yield the checks that found nothing, by layer, with the evidence they looked at."""
    layers = words.ruled_out(diagnosis)
    texts = [
        words.origins_text(layer.origins, len(layer.origins) if sheet.verbose else 1)
        for layer in layers
    ]
    everywhere = texts[0] if len(texts) > 1 and len(set(texts)) == 1 else ""
    lines = list(sheet.wrap(f"in {everywhere}:", hang="  ")) if everywhere else []
    for layer, origins in zip(layers, texts, strict=True):
        name = f"{visible(layer.name)}: " if layer.name else ""
        seen = f" (in {origins})" if origins and not everywhere else ""
        shown = layer.checks if sheet.verbose else layer.checks[:RULED_OUT]
        left = len(layer.checks) - len(shown)
        more = f" and {left} more" if left else ""
        lines += sheet.wrap(f"{name}{', '.join(shown)}{more}{seen}", hang="  ")
    yield from sheet.row("RULED OUT", lines)


def rows_of_unknown(diagnosis: Diagnosis, sheet: Sheet) -> Iterator[str]:
    """Yield what could not be looked at and what would close it, most blocking first."""
    missing = words.blocked(diagnosis)
    blocks = [
        list(sheet.wrap(f"- {words.gap_text(gap.what, (gap.because,))}", hang="  "))
        + list(command_lines(tuple(gap.ask.split("\n")) if gap.ask else (), "    ", sheet))
        for gap in diagnosis.gaps
    ]
    for gap in missing:
        block = list(sheet.wrap(f"- {words.blocked_text(gap)}", hang="  "))
        block += command_lines(tuple(gap.ask.split("\n")) if gap.ask else (), "    ", sheet)
        if sheet.verbose:
            block += sheet.faint(sheet.wrap(", ".join(gap.checks), indent="    "))
        blocks.append(block)
    if sheet.verbose:
        blocks += [
            list(sheet.wrap(f"- beside: {words.gap_text(gap.what, (gap.because,))}", hang="  "))
            for gap in diagnosis.unheard
        ]
    if not blocks:
        return
    unknown = sorted({check for gap in missing for check in gap.checks})
    lines: list[str] = []
    if unknown:
        why = f". {words.NOTHING_SEEN}" if sheet.away else ":"
        lines += sheet.wrap(f"{words.plural(len(unknown), 'check')} could not tell{why}")
    used = 0
    for number, block in enumerate(blocks):
        used += len(block)
        if used > UNKNOWN_LINES and number and not sheet.verbose:
            left = len(blocks) - number
            lines.append(f"- and {left} more; -v lists {'it' if left == 1 else 'them'}")
            break
        lines += block
    yield from sheet.row("UNKNOWN", lines)


def verdict_table(diagnosis: Diagnosis, sheet: Sheet) -> Iterator[str]:
    """Yield every verdict in a table."""
    from tabulate import tabulate  # it takes twice as long as Python's start

    widest = max((len(verdict.check) for verdict in diagnosis.verdicts), default=0)
    room = max(12, sheet.width - max(widest, 7) - 9 - 4)  # tabulate pads a heading by 2
    rows = [
        (
            words.label(verdict.check),
            "n/a" if verdict.status is Status.NOT_APPLICABLE else verdict.status.value,
            "\n".join(wrapped(note_of(verdict), room)),
        )
        for verdict in diagnosis.verdicts
    ]
    if rows:
        text = tabulate(rows, ("CHECK", "VERDICT", "WHY"), tablefmt="plain", disable_numparse=True)
        for line in text.splitlines():
            yield line.rstrip()


def note_of(verdict: Verdict) -> str:
    """Return the reason of a verdict in a few words."""
    if verdict.findings:
        proven = "proven" if verdict.proven else "possible"
        return f"{proven}: {words.where(verdict.findings, names=False)}"
    if verdict.because:
        return words.reasons_text(verdict.because)
    if verdict.status is Status.OK:
        return words.origins_text(verdict.note.split(", "), 2)
    return visible(words.shortened(verdict.note))


def context(diagnosis: Diagnosis, sheet: Sheet) -> Iterator[str]:
    """Yield what else is known of the run: the requests it made, and the like."""
    for name, value in diagnosis.context:
        many = isinstance(value, (list, tuple))
        items = [visible(str(item)) for item in (value if many else (value,))]
        for line in wrapped(f"{words.label(name)}:", sheet.width, hang="  "):
            yield sheet.paint(line, "label")
        for item in items:
            yield from wrapped(f"  {item}", sheet.width, hang="    ")


def sources(diagnosis: Diagnosis, sheet: Sheet) -> Iterator[str]:
    """Yield where the evidence came from, when, and what its parts were taken for."""
    time = words.moment(diagnosis.taken_at)
    text = f"{words.label(diagnosis.source)}, {time}" if diagnosis.source else time
    yield from sheet.row("SOURCE", sheet.wrap(text))
    shown = len(diagnosis.recognised) if sheet.verbose else 3
    if read := words.recognised_text(diagnosis, shown):
        yield from sheet.row("READ", sheet.wrap(read, hang="  "))
