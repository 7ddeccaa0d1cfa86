"""The report for tickets and chats: the order of the table, in GitHub Flavored Markdown.

Nothing from the evidence becomes markup: words that could are set as code, quotes stand in fences
longer than any run of backticks in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from diagnose.model import Cause, Check, Diagnosis, Gap, Quote, Remedy, Risk, Severity, Status
from diagnose.report import words
from diagnose.report.matrix import plain, summary
from diagnose.report.seen_well import backends_of, matrix_of
from diagnose.report.steps import Step, steps
from diagnose.report.words import Standing
from diagnose.text.regex import regex
from diagnose.text.shown import visible

QUOTE_LIMIT = 2000
PICTURE_COLUMNS = 78
INSTANCES = 2
UNKNOWN_GAPS = 5
EFFECTS = 6
TICKS = regex(r"`+")
# A word of prose: no character that any dialect of Markdown gives a meaning, no domain name, and
# nothing that trackers make links of: hexadecimal digests, ABC-123.
PLAIN_WORD = regex(r"\(?\"?[^\W_]+(?:['’/-][^\W_]+)*[)\].,;:?!'\"…]*|×")
LINKED_WORD = regex(r"\(?(?:[0-9a-fA-F]{7,}|[A-Z]+-\d.*|\d+[.)]+|www)\W*")
TRAILING = regex(r"(?<![,;:])[,;:]++$")
HEADS = {
    Standing.PROVEN: "Cause",
    Standing.POSSIBLE: "Possible cause",
    Standing.SYMPTOM: "Symptom",
    Standing.NOTE: "Note",
}


def render(diagnosis: Diagnosis, *, verbose: bool = False, steps: bool = False) -> str:
    """Return the report as Markdown; `steps` shows every step whole, as `verbose` does."""
    blocks = blocks_of(diagnosis, words.checks_of(diagnosis), verbose, steps or verbose)
    return "\n\n".join(block for block in blocks if block) + "\n"


# ---------------------------------------------------------------- markup


def inline(text: str) -> str:
    """Return a text as inline Markdown: words that could become markup are set as code."""
    out: list[str] = []
    risky: list[str] = []

    def flush() -> None:
        if risky:
            whole = " ".join(risky)
            after = TRAILING.search(whole)
            tail = after[0] if after and after.start() else ""
            out.append(code(whole.removesuffix(tail)) + tail)
            risky.clear()

    for word in visible(text).split():
        if PLAIN_WORD.fullmatch(word) and not LINKED_WORD.fullmatch(word):
            flush()
            out.append(word)
        else:
            risky.append(word)
            if TRAILING.search(word):
                flush()
    flush()
    return " ".join(out)


def code(text: str) -> str:
    """Return a text as a code span whose ticks are not met inside."""
    safe = visible(text)
    ticks = longer_than(safe, 0)
    pad = " " if safe.startswith(("`", " ")) or safe.endswith(("`", " ")) else ""
    return f"{ticks}{pad}{safe}{pad}{ticks}" if safe.strip() else ""


def longer_than(text: str, least: int) -> str:
    """Return a run of backticks longer than any in the text and than `least`."""
    return "`" * (max([least, *map(len, TICKS.findall(text))]) + 1)


def fenced(lines: Iterable[str], language: str, indent: str = "") -> str:
    """Return lines as a fenced block."""
    safe = [visible(line) for line in lines]
    fence = longer_than("\n".join(safe), 2)
    return "\n".join(indent + line for line in (fence + language, *safe, fence))


def bullets(items: Iterable[str]) -> str:
    """Return items as a list."""
    return "\n".join(f"- {item}" for item in items)


# ---------------------------------------------------------------- the report


def blocks_of(
    diagnosis: Diagnosis, checks: Mapping[str, Check], verbose: bool, every_step: bool
) -> Iterator[str]:
    """Yield the report's blocks, top-down."""
    told = words.story(diagnosis)
    if not told.main:
        head, text = words.nothing_found(diagnosis)
        yield f"## {inline(head)}"
        yield inline(text)
    elif told.standing is Standing.POSSIBLE and len(told.main) > 1:
        both = words.each_by_itself(told.main)
        yield f"## {'Several' if both else 'Undecided'}: {len(told.main)} possible causes"
        yield (
            "Each has a line of its own: it is not one or the other."
            if both
            else "These cannot be told apart by this evidence."
        ) + next_text(told.main, " Look next at", diagnosis.unreached)
        for number, cause in enumerate(told.main, 1):
            yield from cause_blocks(
                cause,
                f"### {number} of {len(told.main)}:",
                checks,
                verbose=verbose,
                every_step=every_step,
            )
    else:
        first = told.main[0]
        head = f"## {HEADS[told.standing]}:"
        yield from cause_blocks(first, head, checks, verbose=verbose, every_step=every_step)
        if told.standing is not Standing.PROVEN:
            intro = "To find out why" if told.standing is Standing.SYMPTOM else "To be sure"
            yield next_text((first,), f"{intro}, look at", diagnosis.unreached)
    others = (("## Also:", told.further), ("## Note:", told.notes))
    for head, cause in ((head, cause) for head, several in others for cause in several):
        yield from cause_blocks(
            cause, head, checks, verbose=verbose, every_step=every_step, short=not verbose
        )
    yield asked(diagnosis, verbose)
    yield ruled_out(diagnosis)
    yield unknown(diagnosis, verbose)
    if verbose:
        yield all_verdicts(diagnosis)
        yield context(diagnosis)
    yield sources(diagnosis, verbose)


def cause_blocks(
    cause: Cause,
    head: str,
    checks: Mapping[str, Check],
    *,
    verbose: bool,
    every_step: bool,
    short: bool = False,
) -> Iterator[str]:
    """Yield a cause: title, standing, place, evidence, effects, remedy."""
    findings = cause.verdict.findings
    kind = words.standing(cause, checks)
    bad = "" if cause.severity is Severity.INFO else f"{cause.severity.name.lower()}, "
    yield f"{head} {inline(words.title_of(cause.verdict.check, checks))}"
    yield f"**{bad}{kind.value}** ({code(cause.verdict.check)}), {inline(words.where(findings))}"
    every = words.points(findings)
    shown = every if verbose else every[:1] if short else every[: words.MESSAGES]
    told: set[Quote] = set()
    for point in shown:
        count = len(point.findings)
        alike = f" ({count} findings alike)" if count > 1 else ""
        possible = " (possible)" if cause.proven and not point.proven else ""
        yield inline(words.shortened(point.message)) + possible + alike
        for quote in point.quotes[:1] if short else point.quotes:
            told.add(quote)
            yield code(words.place_of(quote))
            whole = quote.text
            text = whole if verbose else words.shortened(whole, point.message, QUOTE_LIMIT)
            if quote.summary:
                yield words.mark_of(quote) + code(text)
            else:
                yield fenced([text], "text")
            if short_text := words.beside(quote):
                yield words.IN_SHORT + code(words.shortened(short_text, point.message, QUOTE_LIMIT))
    left = words.quote_count(findings) - len(told)
    if left > 0:
        yield f"and {words.plural(left, 'further quote')} in the JSON report"
    effects = cause.explained if verbose else cause.explained[:EFFECTS]
    if effects:
        lines = [inline(words.effect_text(verdict, checks)) for verdict in effects]
        if len(effects) < len(cause.explained):
            lines.append(f"and {len(cause.explained) - len(effects)} more")
        yield f"**Explains**\n\n{bullets(lines)}"
    if cause.not_ruled_out:
        names = ", ".join(code(verdict.check) for verdict in cause.not_ruled_out)
        yield f"Not looked at, may in turn bring it about: {names}"
    yield remedy(steps(findings), verbose=verbose, short=short and not every_step)
    if verbose and cause.reasons:
        yield f"Rank: {inline('; '.join(cause.reasons))}"


def next_text(causes: Sequence[Cause], intro: str, away: Gap | None) -> str:
    """Return what to look at next, with the commands that bring it."""
    texts = []
    for gap in words.next_looks(causes, away=away):
        lines = gap.ask.split("\n")
        texts.append(f"{intro} {inline(gap.what)}:\n\n{fenced(lines, command_kind(lines))}")
        intro = "or at"
    if texts:
        return "\n\n".join(texts)
    for cause in causes:
        for step in steps(cause.verdict.findings):
            if step.first.risk is Risk.SAFE:
                commands = step.first.commands
                block = fenced(commands, command_kind(commands))
                return f"{intro} this: {inline(step.first.title)}\n\n{block}"
    return ""


def command_kind(commands: Sequence[str]) -> str:
    """Return the language of a block: a shell's when all its lines are commands."""
    return "sh" if all(map(words.is_command, commands)) else "text"


def remedy(every: Sequence[Step], *, verbose: bool, short: bool) -> str:
    """Return the steps as a numbered list; in short the first one whole, the others' titles."""
    if not every:
        return ""
    blocks = ["**Remedy**"]
    for number, step in enumerate(every, 1):
        blocks.append(step_text(number, step, verbose=verbose, titles_only=short and number > 1))
    return "\n\n".join(blocks)


def step_text(number: int, step: Step, *, verbose: bool, titles_only: bool) -> str:
    """Return one step as an item of a numbered list."""
    first = step.first
    head = f"{number}. "
    indent = " " * len(head)
    parts = [f"{head}**\\[{first.risk.value}\\]** {inline(step.title)}"]
    if titles_only:
        return parts[0]
    shown: Sequence[Remedy] = step.remedies if verbose else step.remedies[:INSTANCES]
    commands = list(dict.fromkeys(command for one in shown for command in one.commands))
    if commands:
        parts.append(fenced(commands, command_kind(commands), indent))
    if left := len(step.remedies) - len(shown):
        names = words.short_names(filter(None, step.names[INSTANCES:]))
        parts.append(f"{indent}and likewise for {inline(names or words.plural(left, 'more'))}")
    if first.why:
        parts.append(f"{indent}Why: {inline(first.why)}")
    if first.verify:
        proof = code(first.verify) if words.is_command(first.verify) else inline(first.verify)
        parts.append(f"{indent}Verify: {proof}")
    return "\n\n".join(parts)


def asked(diagnosis: Diagnosis, verbose: bool) -> str:
    """Return what DNS answered to corediag's own questions: a line, and a picture of failures."""
    matrix = matrix_of(diagnosis)
    if matrix is None:
        return ""
    text = f"## Asked\n\n{inline(summary(matrix, backends_of(diagnosis)))}"
    if matrix.all.failed or (verbose and matrix.clients):
        text += f"\n\n{fenced(plain(matrix, PICTURE_COLUMNS), 'text')}"
    return text


def ruled_out(diagnosis: Diagnosis) -> str:
    """Return the checks that found nothing, by layer, with the evidence they looked at."""
    items = []
    for layer in words.ruled_out(diagnosis):
        origins = words.origins_text(layer.origins, 1, lambda name: code(words.label(name)))
        seen = f" (in {origins})" if origins else ""
        name = f"{inline(layer.name)}: " if layer.name else ""
        items.append(name + ", ".join(map(code, layer.checks)) + seen)
    return f"## Ruled out\n\n{bullets(items)}" if items else ""


def closing(ask: str) -> str:
    """Return what closes a gap, to follow it in a bullet; several commands as a block."""
    commands = ask.split("\n")
    if len(commands) > 1:
        block = fenced(commands, command_kind(commands))
        return ":\n\n" + "\n".join(f"  {line}" for line in block.split("\n"))
    return f": {(code if words.is_command(ask) else inline)(ask)}" if ask else ""


def unknown(diagnosis: Diagnosis, verbose: bool) -> str:
    """Return what could not be looked at and what would close it, most blocking first."""
    items = [(words.gap_text(gap.what, (gap.because,)), gap.ask) for gap in diagnosis.gaps]
    items += [(words.blocked_text(gap), gap.ask) for gap in words.blocked(diagnosis)]
    shown = items if verbose else items[:UNKNOWN_GAPS]
    lines = [inline(text) + closing(ask) for text, ask in shown]
    if len(shown) < len(items):
        lines.append(f"and {len(items) - len(shown)} more")
    return f"## Could not be looked at\n\n{bullets(lines)}" if lines else ""


def all_verdicts(diagnosis: Diagnosis) -> str:
    """Return every verdict with its reason."""
    items = []
    for verdict in diagnosis.verdicts:
        unknown = verdict.status is Status.UNKNOWN
        why = words.reasons_text(verdict.because) if unknown else words.shortened(verdict.note)
        note = f": {inline(why)}" if why else ""
        items.append(f"{code(verdict.check)} {words.STATUSES[verdict.status]}{note}")
    return f"## Every verdict\n\n{bullets(items)}" if items else ""


def context(diagnosis: Diagnosis) -> str:
    """Return what else is known of the run."""
    blocks = []
    for name, value in diagnosis.context:
        lines = [str(item) for item in (value if isinstance(value, (list, tuple)) else (value,))]
        blocks.append(f"### {inline(name)}\n\n{fenced(lines, 'text')}")
    return "\n\n".join(blocks)


def sources(diagnosis: Diagnosis, verbose: bool) -> str:
    """Return where the evidence came from, what it was taken for, and the coverage."""
    time = words.moment(diagnosis.taken_at)
    source = f"{code(words.label(diagnosis.source))}, {time}" if diagnosis.source else time
    shown = len(diagnosis.recognised) if verbose else 3
    read = words.recognised_text(diagnosis, shown)
    lines = [source, *([inline(read)] if read else []), f"**{words.coverage(diagnosis)}**"]
    return "---\n\n" + "  \n".join(lines)
