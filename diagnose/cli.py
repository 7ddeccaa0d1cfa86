"""The command line: options, wiring, exit codes. Nothing slow is imported before it is needed.

Exit codes: 0 nothing wrong, 1 a problem, 2 usage or input that cannot be read, 3 nothing found but
something could not be looked at, 4 a defect of corediag, 130 interrupted.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from diagnose import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from click.shell_completion import CompletionItem

    from diagnose.cards import Card
    from diagnose.collect import Reading
    from diagnose.model import Check, Diagnosis, Status
    from diagnose.parts import Haul, Part
    from diagnose.rbac import Right
    from diagnose.sources.plans.permissions import Lacking

PROBLEM, USAGE, UNKNOWN, OURS, INTERRUPTED = 1, 2, 3, 4, 130
SLOW_S = 60.0  # for a run with probe pods, which take time to start, or one that is gentle
LONGEST = 600  # characters of a message's line
FORMATS = ("table", "json", "markdown")
# Names of other formats than a bundle's
OTHERS = frozenset(
    (
        *(".7z", ".bz2", ".csv", ".html", ".json", ".log", ".lz4", ".md", ".pdf", ".rar", ".tar"),
        *(".tbz2", ".txt", ".txz", ".xz", ".yaml", ".yml", ".zip", ".zst"),
    )
)
ENDINGS = {".json": "json", ".md": "markdown", ".markdown": "markdown", ".txt": "table"}


class Failure(click.ClickException):
    """An error that the user can mend: what is wrong, and what to do, on standard error."""

    exit_code = USAGE

    def __init__(self, message: str, hint: str = "") -> None:
        """Keep what to say."""
        super().__init__(message)
        self.hint = hint

    def show(self, file: Any = None) -> None:
        """Print both on standard error."""
        del file
        complain(self.message, self.hint)


def complain(message: str, hint: str = "") -> None:
    """Say on standard error what is wrong and what to do; what is quoted in it is only shown."""
    from diagnose.text.shown import visible

    lines = (f"corediag: {message}", *(f"  {line}" for line in hint.split("\n") if line))
    shown = [
        one if len(one) <= LONGEST else f"{one[: LONGEST // 2]} … {one[-LONGEST // 2 :]}"
        for one in map(visible, lines)
    ]
    with contextlib.suppress(OSError):  # nobody can be told that nobody can be told
        print(*shown, sep="\n", file=sys.stderr, flush=True)


class Cut(Exception):
    """The run was interrupted; what came before is in `haul`, and `code` is for the shell."""

    def __init__(self, haul: Haul, code: int) -> None:
        """Keep both."""
        super().__init__(code)
        self.haul = haul
        self.code = code


class Commands(click.Group):
    """A group that knows what was meant by a mistyped command."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return click's answer; for an unknown command, an error that names its neighbours."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(name, self.list_commands(ctx), n=2, cutoff=0.5)
            meant = f"did you mean {' or '.join(near)}?" if near else "see `corediag --help`"
            raise Failure(f"no command {name!r}; {meant}", how_to_read(args[:1]))
        return super().resolve_command(ctx, args)


class Plain(click.Command):
    """A command without arguments that knows what was meant by one."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Return click's answer; for words that belong to no option, an error that says so."""
        ctx.allow_extra_args = True
        super().parse_args(ctx, args)
        if ctx.args:
            words = ", ".join(map(repr, ctx.args))
            hint = how_to_read(ctx.args) or how_to_check(ctx.args, ctx.command_path)
            raise Failure(
                f"{ctx.command_path} takes no {words}", hint or f"see `{ctx.command_path} --help`"
            )
        return ctx.args


def how_to_read(words: Sequence[str]) -> str:
    """Return how evidence is read that words name; "" where they name none."""
    import shlex

    if not all(word == "-" or os.path.lexists(word) for word in words):
        return ""
    several = " ".join(f"--from {shlex.quote(word)}" for word in words)
    return f"to read {'it' if len(words) == 1 else 'them'}: corediag run {several}"


def how_to_check(words: Sequence[str], command: str) -> str:
    """Return how checks are chosen that words name; "" where they name none."""
    from diagnose.cards import UnknownCheck, known

    try:
        known().select(words)
    except UnknownCheck:
        return ""
    several = " ".join(f"--check {word}" for word in words)
    return f"to choose {'it' if len(words) == 1 else 'them'}: {command} {several}"


def check_words(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return check ids and layers that begin with what was typed, for shells to complete."""
    del ctx, param
    from click.shell_completion import CompletionItem

    from diagnose.cards import known

    cards = known().cards
    found = {card.id: card.title for card in cards}
    found |= {card.layer: f"all checks of {card.layer}" for card in cards}
    return [
        CompletionItem(word, help=text)
        for word, text in sorted(found.items())
        if word.startswith(incomplete)
    ]


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", prog_name="corediag")
def cli() -> None:
    """Find out why cluster DNS (CoreDNS) fails on Kubernetes.

    It names the one cause, proves it with quoted evidence, says what it could not look at, and
    gives the remedies in a safe order. It only reads.

    \b
      corediag run                             the cluster of the current kubectl context
      corediag run --from bundle.tar.gz        a bundle, a folder or a file
      kubectl logs … | corediag run --from -   pasted text of any kind
      corediag demo                            a recorded incident, no cluster needed
    """  # noqa: D301  \b is click's mark for text that keeps its lines


# ---------------------------------------------------------------- options that commands share


def selection(function: Any) -> Any:
    """Add the options that select checks."""
    skip = click.option(
        "--skip",
        "skipped",
        multiple=True,
        metavar="ID|GLOB|TAG",
        shell_complete=check_words,
        help="Leave these checks out; may be repeated.",
    )
    only = click.option(
        "--check",
        "wanted",
        multiple=True,
        metavar="ID|GLOB|TAG",
        shell_complete=check_words,
        help="Only these checks: an id, a pattern, or a layer such as cni; may be repeated.",
    )
    return only(skip(function))


def path_of(ctx: click.Context, param: click.Parameter, value: str | None) -> Path | None:
    """Return what was typed as a path; to import pathlib takes a third of Python's start."""
    del ctx, param
    from pathlib import Path

    return Path(value) if value is not None else None


def time_option(name: str, default: str, text: str) -> Any:
    """Return an option that takes a duration."""
    return click.option(
        name,
        default=default,
        show_default=True,
        metavar="TIME",
        callback=lambda _ctx, _param, value: seconds(value),
        help=text,
    )


REACH = (
    click.option("--context", metavar="NAME", help="Context of the kubeconfig to use."),
    click.option(
        "--kubeconfig",
        type=click.Path(),
        callback=path_of,
        help="Kubeconfig file; default: KUBECONFIG, ~/.kube/config, or the pod's account.",
    ),
    time_option("--timeout", "30s", "Deadline for everything that is asked of the cluster."),
)
CLUSTER = (
    *REACH,
    click.option(
        "--gentle",
        is_flag=True,
        help="Ask little at a time: two requests at once, five a second. Then the default of "
        "--timeout is 60s.",
    ),
    click.option(
        "--max-requests",
        type=click.IntRange(min=1),
        default=500,
        show_default=True,
        metavar="N",
        help="Stop asking after so many requests.",
    ),
    time_option("--since", "1h", "How far back logs are read: 90s, 15m, 2h, 1d."),
    click.option("--skip-logs", is_flag=True, help="Read no logs; judge by objects and answers."),
    click.option(
        "--rung",
        type=click.IntRange(1, 3),
        help="How far to look: 1 objects and logs, 2 what CoreDNS and kubelets answer, 3 read-only "
        "commands in running pods. Default: 2, and 3 where that proves no cause.",
    ),
    click.option("--no-exec", is_flag=True, help="Run no command in any pod: rung 3 is left out."),
    click.option(
        "--probe",
        is_flag=True,
        help="Ask from a pod of its own on some nodes too, removed at the end (rung 4). Then the "
        "default of --timeout is 60s.",
    ),
    click.option(
        "--probe-image", default="", metavar="IMAGE", help="Image of the probe pods, with a shell."
    ),
    click.option(
        "--external-name",
        default="example.com",
        show_default=True,
        metavar="NAME",
        callback=lambda _ctx, _param, value: name_of(value),
        help="A name outside of the cluster that ought to resolve.",
    ),
)


class Asking:
    """What the options of a cluster say: how to reach it, how far to look."""

    def __init__(self, given: dict[str, Any]) -> None:
        """Take the options of CLUSTER out of a command's parameters."""
        self.context: str | None = given.pop("context")
        self.kubeconfig: Path | None = given.pop("kubeconfig")
        self.since_s: float = given.pop("since")
        self.timeout_s: float = given.pop("timeout")
        self.skip_logs: bool = given.pop("skip_logs")
        self.rung: int | None = given.pop("rung")
        self.exec_allowed: bool = not given.pop("no_exec")
        self.probe: bool = given.pop("probe")
        self.gentle: bool = given.pop("gentle")
        self.most_requests: int = given.pop("max_requests")
        if (self.probe or self.gentle) and by_default("timeout"):
            self.timeout_s = SLOW_S
        self.probe_image: str = given.pop("probe_image")
        self.external_name: str = given.pop("external_name")

    @property
    def names_a_cluster(self) -> bool:
        """Whether an option makes sense for a cluster alone."""
        return bool(self.context or self.kubeconfig or self.probe or self.rung)


def cluster(function: Any) -> Any:
    """Add the options that name a cluster and bound what is asked of it, as one `asking`."""

    @functools.wraps(function)
    def command(**given: Any) -> Any:
        return function(asking=Asking(given), **given)

    for option in reversed(CLUSTER):
        command = option(command)
    return command


def by_default(name: str) -> bool:
    """Whether an option of the command that runs was not given."""
    source = click.get_current_context().get_parameter_source(name)
    return source is click.core.ParameterSource.DEFAULT


def reach(function: Any) -> Any:
    """Add the options that name a cluster."""
    for option in reversed(REACH):
        function = option(function)
    return function


def version_of(text: str) -> str:
    """Return a version of CoreDNS as typed: 1.12.4, v1.12.4, or an image. Raises BadParameter."""
    import re

    if text and not re.search(r"(?<![\d.])\d{1,4}\.\d{1,4}\.\d{1,4}(?![\d.])", text, re.ASCII):
        raise click.BadParameter(f"{text!r} names no version of CoreDNS; write it as 1.12.4")
    return text


def name_of(text: str) -> str:
    """Return a domain name with its final dot. Raises click.BadParameter."""
    labels = text.removesuffix(".").split(".")
    fits = all(0 < len(one) < 64 and one.isascii() and one.isprintable() for one in labels)
    if not fits or len(text) > 253 or " " in text:
        raise click.BadParameter(f"{text!r} is no domain name; write it as example.com")
    return ".".join(labels) + "."


def seconds(text: str) -> float:
    """Return a duration such as 90s, 15m, 2h or 1d in seconds. Raises click.BadParameter."""
    units = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
    number = text[:-1] if text[-1:] in units else text
    try:
        value = float(number) * units.get(text[-1:], 1.0)
    except ValueError:
        value = -1.0
    if not 0 < value < 1e9:
        raise click.BadParameter(f"{text!r} is no duration; write it as 90s, 15m, 2h or 1d")
    return value


# ---------------------------------------------------------------- commands


@cli.command(cls=Plain)
@selection
@click.option(
    "--from",
    "paths",
    multiple=True,
    metavar="PATH|-",
    help="Diagnose a bundle, an archive, a folder, a file or (-) what is pasted, not a cluster.",
)
@cluster
@click.option(
    "-o",
    "--output",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="Format of the report.",
)
@click.option(
    "--save",
    type=click.Path(dir_okay=False),
    callback=path_of,
    metavar="FILE",
    help="Write the report to a file too; .json, .md or .txt chooses its format.",
)
@click.option("--steps", is_flag=True, help="Show every step of every remedy, with its commands.")
@click.option(
    "-v", "--verbose", is_flag=True, help="Show every verdict, reason and request, and all steps."
)
@click.option(
    "--explain-access",
    "access_only",
    is_flag=True,
    help="Say what this would do on a cluster, rung by rung, and do nothing.",
)
def run(
    wanted: tuple[str, ...],
    skipped: tuple[str, ...],
    paths: tuple[str, ...],
    asking: Asking,
    output: str,
    save: Path | None,
    steps: bool,
    verbose: bool,
    access_only: bool,
) -> None:
    """Diagnose a cluster, a bundle, a folder or pasted text.

    \b
      corediag run --check loop                  one check
      corediag run --check cni --check 'flannel-*'
      kubectl describe pod … | corediag run --from -
    """  # noqa: D301
    saved_as = format_of(save, output) if save else output
    if save:
        writable(save)
    cards = select(wanted, skipped)
    if access_only:
        explain_access(cards, asking, paths)
        return
    requests: list[Any] = []
    interrupted = 0
    now = datetime.now(UTC)
    from diagnose.collect import Reading
    from diagnose.process import Ended

    reading = Reading()
    if paths:
        if asking.names_a_cluster:
            raise Failure(
                "--from names the evidence; --context, --kubeconfig, --rung and --probe ask a "
                "cluster"
            )
        hauls, interrupted = given(paths)
    else:
        try:
            with progress("asking the cluster") as step:
                hauls = [live(cards, asking, requests, step, reading)]
        except Cut as cut:
            hauls, interrupted = [cut.haul], cut.code
    try:
        diagnosis = conclude(load(cards), hauls, now, requests, reading)
    except (KeyboardInterrupt, Ended) as end:
        interrupted = code_of(end)
        hauls = [reading.so_far(haul) for haul in hauls]
        diagnosis = conclude(load(cards), hauls, now, requests, reading)
    if interrupted:
        complain("interrupted; this is what is known so far")
    try:
        how = Manner(verbose=verbose, steps=steps, colour=coloured() and output == "table")
        say(rendered(diagnosis, output, how))
    finally:
        if save:
            store(save, rendered(diagnosis, saved_as, Manner(verbose=verbose, steps=steps)))
    known_parts = any(is_evidence(part) for haul in hauls for part in haul.parts)
    if paths and not known_parts and not diagnosis.causes:
        complain(
            f"{', '.join(map(called, paths))}: holds nothing that corediag knows",
            "give logs of CoreDNS, the output of kubectl, or configuration; "
            "`corediag collect -o FILE` records all of it from a cluster",
        )
    sys.exit(interrupted or exit_code(diagnosis))


@cli.command()
@selection
@click.argument("paths", nargs=-1, metavar="FILE|-…")
@click.option(
    "--coredns-version",
    "version",
    default="",
    metavar="V",
    callback=lambda _ctx, _param, value: version_of(value),
    help="The version that is to read the file; without it, what holds in every version decides.",
)
@click.option("-o", "--output", type=click.Choice(("table", "json")), default="table")
def lint(
    wanted: tuple[str, ...],
    skipped: tuple[str, ...],
    paths: tuple[str, ...],
    version: str,
    output: str,
) -> None:
    """Check Corefiles before they are rolled out; needs no cluster.

    A FILE is a Corefile, or holds a ConfigMap as YAML or JSON. One line per finding:
    FILE:LINE:COLUMN: severity check: message. Ends with 0, 1 or 3 as run does.

    \b
      corediag lint Corefile --coredns-version 1.12.4
      kubectl -n kube-system get configmap coredns -o yaml | corediag lint -
    """  # noqa: D301
    from diagnose import lint as linting
    from diagnose.cards import known
    from diagnose.report import lint as report
    from diagnose.sources.base import SourceError

    if not paths or paths.count("-") > 1 or "" in paths:
        raise Failure(
            "name each file once: a Corefile, a ConfigMap as YAML or JSON, or - for standard input"
        )
    chosen = load([card for card in select(wanted, skipped) if card.layer == linting.LAYER])
    decidable = linting.decidable(chosen)
    if not decidable:
        raise Failure(
            "none of these checks is decided by a Corefile alone",
            f"`corediag checks --check {linting.LAYER}` lists those of the configuration",
        )
    try:
        files = {path: linting.given(path, sys.stdin.buffer) for path in paths}
    except SourceError as error:
        raise Failure(error.message, error.hint) from error
    without = [called(path) for path, found in files.items() if not found]
    if len(without) == len(files):
        raise Failure(
            f"{', '.join(without)}: no Corefile in it", "give a Corefile, or a ConfigMap with one"
        )
    found = [one for several in files.values() for one in several]
    said = linting.lint(decidable, found, version, without=without, gaps=known().gaps)
    shown = report.as_json(said) if output == "json" else report.render(said)
    if shown:
        say(shown)
    click.echo(report.summary(said), nl=False, err=True)
    sys.exit(PROBLEM if said.refused else UNKNOWN if said.undecided else 0)


@cli.command(cls=Plain)
@selection
@click.option("-o", "--output", type=click.Choice(("table", "json")), default="table")
@click.option("-v", "--verbose", is_flag=True, help="Show what each needs, and its further ids.")
def checks(wanted: tuple[str, ...], skipped: tuple[str, ...], output: str, verbose: bool) -> None:
    """List the checks: id, severity, what each finds."""
    from diagnose.cards import known
    from diagnose.report.checks import list_checks

    say(list_checks(select(wanted, skipped), output, verbose=verbose))
    for gap in known().gaps:
        complain(f"{gap.what} could not be loaded: {gap.because}", gap.ask)


@cli.command()
@click.argument("check", shell_complete=check_words)
def explain(check: str) -> None:
    """Show the page of a check: signs, effects, remedy, limits, sources. Works offline."""
    from diagnose.pages import page_text
    from diagnose.report.page import render_page

    found, *others = select((check,), ())
    if others:
        names = ", ".join(one.id for one in (found, *others))
        raise Failure(f"{check!r} names several checks: {names}", "name one of them")
    width = min(100, max(40, terminal_width()))
    say(render_page(page_text(found), width, coloured()))


@cli.command()
@click.option(
    "-o",
    "--output",
    "path",
    required=True,
    type=click.Path(dir_okay=False),
    callback=path_of,
    metavar="FILE|-",
    help="The bundle to write, a .tar.gz; - for standard output.",
)
@cluster
@click.option("-v", "--verbose", is_flag=True, help="List each request.")
def collect(
    path: Path,
    asking: Asking,
    verbose: bool,
) -> None:
    """Record what a run would look at into a bundle, redacted, for `corediag run --from`."""
    from diagnose.redaction import Redactor
    from diagnose.sources import bundle

    to_stdout = str(path) == "-"
    packable(path)
    requests: list[Any] = []
    with progress("asking the cluster") as step:
        try:
            from diagnose.collect import Reading

            haul = live(select((), ()), asking, requests, step, Reading())
        except Cut as cut:
            raise click.exceptions.Exit(cut.code) from None  # half a bundle helps nobody
    if not haul.looked:
        gap = next(iter(haul.general_gaps), None)
        why = f"{gap.what}: {gap.because}" if gap else "the cluster told nothing"
        raise Failure(f"nothing to record: {why}", "`corediag run` says what to collect by hand")
    try:
        size = bundle.write(haul, sys.stdout.buffer if to_stdout else path, redactor=Redactor())
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Failure(f"{path}: {error.strerror or error}", "choose another place") from error
    if verbose:
        for request in requests:
            click.echo(str(request), err=True)
    click.echo(f"{path}: {len(haul.parts)} pieces of evidence, {size:,} bytes, redacted", err=True)
    click.echo(f"diagnose it anywhere with: corediag run --from {path}", err=True)


@cli.command()
@click.argument("case", required=False)
@click.option("-l", "--list", "listed", is_flag=True, help="List the recorded incidents.")
@click.option("-o", "--output", type=click.Choice(FORMATS), default="table")
@click.option("--steps", is_flag=True, help="Show every step of every remedy, with its commands.")
@click.option("-v", "--verbose", is_flag=True, help="Show every verdict and reason, and all steps.")
def demo(case: str | None, listed: bool, output: str, steps: bool, verbose: bool) -> None:
    """Diagnose a recorded incident that ships with corediag; needs no cluster."""
    from diagnose import demos
    from diagnose.sources import bundle, loose

    known = demos.cases()
    if listed:
        for one in known:
            click.echo(f"{one.name:24}  {one.title}")
        return
    names = [one.name for one in known]
    chosen = next((one for one in known if one.name == (case or names[0])), None)
    if chosen is None:
        from difflib import get_close_matches

        near = get_close_matches(case or "", names, n=2, cutoff=0.4)
        meant = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(names)}"
        raise Failure(f"no recorded incident {case!r}; {meant}")
    click.echo(
        f"{chosen.title}\n(recorded; try it: corediag run --from {chosen.evidence})\n", err=True
    )
    folder = chosen.evidence.is_dir()
    haul = (
        loose.read([str(chosen.folder)], ignore=(demos.ABOUT,))
        if folder
        else bundle.read(chosen.evidence)
    )
    diagnosis = conclude(load(select((), ())), [haul], haul.taken_at or chosen.taken_at, [])
    colour = coloured() and output == "table"
    say(rendered(diagnosis, output, Manner(verbose=verbose, steps=steps, colour=colour)))


@cli.command()
@click.option(
    "--rung",
    type=click.IntRange(1, 4),
    default=3,  # diagnose.rbac.USUAL
    show_default=True,
    help="How far a run may look: 1 objects and logs, 2 what CoreDNS and kubelets answer, 3 "
    "commands in running pods, 4 probe pods.",
)
@click.option(
    "--missing",
    is_flag=True,
    help="Ask the cluster, and print only what you lack of it; exit code 1 if that is anything.",
)
@reach
def rbac(
    rung: int, missing: bool, context: str | None, kubeconfig: Path | None, timeout: float
) -> None:
    """Print the least ClusterRole that `corediag run` needs, as YAML for kubectl apply.

    By default for a run without options; each rung less needs less.
    """
    from diagnose.rbac import missing_role, rights, role, up_to

    if not missing:
        if context or kubeconfig:
            raise Failure("only --missing asks a cluster", "corediag rbac --missing --context …")
        say(role(rung))
        return
    with progress("asking the cluster"):
        lacking = lacks(rights(up_to(rung)), context, kubeconfig, timeout)
    if lacking.unknown:
        complain(f"what you may do is not known: {lacking.unknown}", "`corediag rbac` prints all")
        sys.exit(UNKNOWN)
    say(missing_role(rung, lacking.missing, lacking.there_only))
    sys.exit(PROBLEM if lacking.missing else 0)


@cli.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def completion(shell: str) -> None:
    """Print the completion script of a shell: source <(corediag completion bash)."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        raise Failure(f"no completion for {shell}")
    say(kind(cli, {}, "corediag", "_COREDIAG_COMPLETE").source())


# ---------------------------------------------------------------- steps of the commands


def select(wanted: Sequence[str], skipped: Sequence[str]) -> tuple[Card, ...]:
    """Return the chosen checks' cards. Raises Failure for an unknown word or an empty choice."""
    from diagnose.cards import UnknownCheck, known

    try:
        chosen = known().select(wanted, skipped)
    except UnknownCheck as error:
        failed = (f"{gap.what} could not be loaded: {gap.because}" for gap in known().gaps)
        hint = "\n".join(("`corediag checks` lists them all", *failed))
        raise Failure(str(error), hint) from error
    if not chosen:
        raise Failure("no check is left to run", "`corediag checks` lists them all")
    return chosen


def load(cards: Sequence[Card]) -> tuple[Check, ...]:
    """Return the checks of some cards; no other check's module is imported for it.

    A package that fails now, and did not when its cards were kept, is left out and named as one
    that failed at once.
    """
    from diagnose.registry import of

    try:
        return of(cards)
    except (ImportError, LookupError):
        from diagnose.cards import anew

        wanted = {card.id for card in cards}
        return of([card for card in anew().cards if card.id in wanted])


def code_of(end: BaseException) -> int:
    """Return the exit code for what interrupted a run."""
    from diagnose.process import Ended

    return end.code if isinstance(end, Ended) else INTERRUPTED


def given(paths: Sequence[str]) -> tuple[list[Haul], int]:
    """Return what the paths of --from hold, standard input for "-".

    Where that is interrupted what came before is returned, and the exit code for it; else 0.
    """
    from diagnose.process import Ended
    from diagnose.sources.base import CutShort, SourceError
    from diagnose.sources.given import read

    if paths.count("-") > 1:
        raise Failure("standard input can be read only once")
    if "" in paths:
        raise Failure("--from names nothing", "give a file, a folder, or - for what is pasted")
    if "-" in paths and sys.stdin.isatty():
        click.echo("corediag: paste the evidence, then end it with Ctrl-D", err=True)
    hauls: list[Haul] = []
    try:
        for path in once(paths):
            hauls.append(read(path, sys.stdin.buffer))  # noqa: PERF401  those before an end count
    except SourceError as error:
        raise Failure(error.message, error.hint) from error
    except CutShort as cut:
        return [*hauls, cut.haul], code_of(cut.end)
    except (KeyboardInterrupt, Ended) as end:
        if not hauls:
            raise
        return hauls, code_of(end)
    return hauls, 0


def once(paths: Sequence[str]) -> list[str]:
    """Return the paths without those that name again what another one names, or holds.

    What is read twice would be counted twice.
    """
    real = {path: os.path.realpath(path) for path in dict.fromkeys(paths) if path != "-"}
    kept: dict[str, str] = {}
    for path in dict.fromkeys(paths):
        place = real.get(path, path)
        inside = any(place.startswith(one + os.sep) for one in real.values())
        if path == "-" or (place not in kept and not inside):
            kept[place] = path
    return list(kept.values())


def live(
    cards: Sequence[Card], asking: Asking, requests: list[Any], step: Any, reading: Reading
) -> Haul:
    """Return what the chosen checks need of a cluster; each request is added to `requests`.

    While answers are awaited what came is read into `reading`, and the checks are imported.

    Raises Cut, with what came so far, when it is interrupted.

    How far it goes follows from what it finds, unless the options say so: commands are run in pods
    only where what objects, logs and answers tell proves no cause.
    """
    from diagnose.asks import ASKS
    from diagnose.cards import asks_of
    from diagnose.collect import is_settled
    from diagnose.pool import Pool
    from diagnose.process import Ended
    from diagnose.sources.base import SourceError
    from diagnose.sources.live import Live
    from diagnose.sources.options import LiveOptions
    from diagnose.sources.pace import limits

    bounds = limits(gentle=asking.gentle, most=asking.most_requests)
    pool = Pool(bounds.at_once, asking.timeout_s)

    def note(request: Any) -> None:
        requests.append(request)
        step(f"{len(requests)} requests")

    # a foreign module is left to who guards its import
    own = (card.module for card in cards if card.module.startswith("checks."))
    modules = iter(dict.fromkeys(own))

    def spare() -> bool:
        module = next(modules, None)
        with contextlib.suppress(Exception):  # what fails here fails again where it is used
            if module is not None:
                importlib.import_module(module)
        return module is not None

    options = LiveOptions(
        context=asking.context,
        kubeconfig=asking.kubeconfig,
        since_s=asking.since_s,
        timeout_s=asking.timeout_s,
        limits=bounds,
        rung=4 if asking.probe else asking.rung or 3,
        exec_allowed=asking.exec_allowed,
        skip_logs=asking.skip_logs,
        external_name=asking.external_name,
        probe_image=asking.probe_image,
        on_request=note,
        on_write=announce,
        on_part=reading.of,
        spare=spare,
    )
    asks = asks_of(cards)
    session = None
    try:
        session = Live(options, pool)
        if not asking.rung and not asking.probe:
            haul = session.ask(frozenset(ask for ask in asks if ASKS[ask].rung < 3))
            if is_settled(conclude(load(cards), [haul], datetime.now(UTC), (), reading)):
                return session.ask(asks, stop=True)
        return session.ask(asks)
    except SourceError as error:
        raise Failure(error.message, error.hint) from error
    except (KeyboardInterrupt, Ended) as end:
        if session is None:
            raise
        raise Cut(session.so_far(asks), code_of(end)) from None
    finally:
        pool.close()


def announce(text: str) -> None:
    """Say on standard error what is done to the cluster, before it is done."""
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", nl=False, err=True)  # the line that shows progress
    first, _, rest = text.partition("\n")
    complain(first, rest)


def lacks(
    several: Sequence[Right], context: str | None, kubeconfig: Path | None, timeout_s: float
) -> Lacking:
    """Return which of some rights the user lacks in the cluster that the options name."""
    from diagnose.pool import Pool
    from diagnose.sources.base import SourceError
    from diagnose.sources.live import Live
    from diagnose.sources.options import LiveOptions
    from diagnose.sources.pace import AT_ONCE

    pool = Pool(AT_ONCE, timeout_s)
    options = LiveOptions(context=context, kubeconfig=kubeconfig, timeout_s=timeout_s)
    try:
        return Live(options, pool).lacking(several)
    except SourceError as error:
        raise Failure(error.message, error.hint) from error
    finally:
        pool.close()


def explain_access(cards: Sequence[Card], asking: Asking, paths: Sequence[str]) -> None:
    """Say what a run of the chosen checks would do on a cluster, without asking it anything."""
    from diagnose.access import explained
    from diagnose.cards import asks_of

    if paths:
        say("Nothing: --from names the evidence, and no cluster is asked.")
        return
    say(
        explained(
            asks_of(cards),
            rung=4 if asking.probe else asking.rung or 3,
            stays=bool(asking.rung or asking.probe),
            exec_allowed=asking.exec_allowed,
            skip_logs=asking.skip_logs,
        )
    )


def conclude(
    chosen: Sequence[Check],
    hauls: Sequence[Haul],
    now: datetime,
    requests: Sequence[Any],
    reading: Reading | None = None,
) -> Diagnosis:
    """Return the diagnosis of what sources brought; recorded evidence counts from its time."""
    from diagnose.cards import known
    from diagnose.collect import diagnose, evidence_of

    taken_at = next((haul.taken_at for haul in hauls if haul.taken_at), now)
    return diagnose(
        chosen,
        evidence_of(*hauls, reading=reading),
        taken_at,
        gaps=known().gaps,
        context={"requests": tuple(map(str, requests))} if requests else {},
    )


class Manner(NamedTuple):
    """How much of a diagnosis is told, and whether in colour."""

    verbose: bool = False
    steps: bool = False
    colour: bool = False


def rendered(diagnosis: Diagnosis, output: str, how: Manner) -> str:
    """Return the report in a format."""
    if output == "json":
        from diagnose.report.json import render as as_json

        return as_json(diagnosis)
    if output == "markdown":
        from diagnose.report.markdown import render as as_markdown

        return as_markdown(diagnosis, verbose=how.verbose, steps=how.steps)
    from diagnose.report.table import render as as_table

    width = min(100, max(60, terminal_width()))
    return as_table(diagnosis, width=width, **how._asdict())


def format_of(path: Path, output: str) -> str:
    """Return the format in which to save a report: by the file's ending, else as printed."""
    if path.suffix and path.suffix not in ENDINGS:
        raise Failure(
            f"{path}: no report format ends in {path.suffix}", f"use {', '.join(ENDINGS)}"
        )
    return ENDINGS.get(path.suffix, output)


def store(path: Path, text: str) -> None:
    """Write a report to a file, whole or not at all."""
    from diagnose.written import whole

    try:
        with whole(path, 0o666) as out:
            out.write(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise Failure(f"{path}: {error.strerror or error}", "choose another place") from error


def writable(path: Path) -> None:
    """Raise Failure where no file can be written; before any cluster is asked for nothing."""
    import errno

    folder = path.parent
    try:
        path.lstat()
    except FileNotFoundError:
        trouble = 0 if folder.is_dir() else errno.ENOENT
    except OSError as error:
        trouble = error.errno or errno.EIO
    else:
        trouble = 0
    if not trouble and not os.access(folder, os.W_OK | os.X_OK) and not path.exists():
        trouble = errno.EACCES
    if trouble:
        raise Failure(f"{path}: {os.strerror(trouble)}", "choose another place")


def packable(path: Path) -> None:
    """Raise Failure where no bundle is to be written under this name; before a cluster is asked."""
    if str(path) == "-":
        if sys.stdout.isatty():
            raise Failure(
                "a bundle is no text for a terminal", "corediag collect -o - > incident.tar.gz"
            )
        return
    if path.suffix.lower() in OTHERS:
        name = path.name.split(".", 1)[0] or "incident"
        raise Failure(
            f"{path}: a bundle is a gzipped tar archive, whatever its name says",
            f"call it {path.with_name(f'{name}.tar.gz')}",
        )
    writable(path)
    if path.exists():
        raise Failure(f"{path}: there is such a file already", "choose another name or remove it")


def say(text: str) -> None:
    """Print a report. A reader that has gone (| head) changes nothing, nor the exit code."""
    from diagnose.process import silence, write

    try:
        write(text if text.endswith("\n") else f"{text}\n")
    except BrokenPipeError:
        silence()
    except OSError as error:
        silence()
        raise Failure(
            f"standard output: {error.strerror or error}", "or write the report with --save FILE"
        ) from error


def is_evidence(part: Part) -> bool:
    """Whether a part is of a kind that something is read from."""
    from diagnose.parts import Kind

    return part.kind not in (Kind.TEXT, Kind.SHELL, Kind.BINARY)


def called(path: str) -> str:
    """Return what a path of --from is called."""
    return "standard input" if path == "-" else path


def exit_code(diagnosis: Diagnosis) -> int:
    """Return what the shell is told."""
    from diagnose.model import Severity, Status

    said: set[Status] = {verdict.status for verdict in diagnosis.verdicts}
    grave = [cause for cause in diagnosis.causes if cause.severity > Severity.INFO]
    # of an API server that cannot be reached, what is possible is that corediag looks in vain
    if grave and (diagnosis.unreached is None or any(cause.proven for cause in grave)):
        return PROBLEM
    return UNKNOWN if Status.UNKNOWN in said or diagnosis.gaps else 0


def coloured() -> bool:
    """Whether standard output wants colour: a terminal, unless NO_COLOR or TERM=dumb says no."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout.isatty() or bool(os.environ.get("FORCE_COLOR"))


def terminal_width() -> int:
    """Return the width of the terminal in columns; 80 where there is none."""
    import shutil

    return shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else 80


@contextlib.contextmanager
def progress(text: str) -> Iterator[Any]:
    """Yield a function that shows how far the work is, on standard error if it is a terminal."""
    shown = sys.stderr.isatty()

    def step(more: str) -> None:
        if shown:
            click.echo(f"\r\x1b[K{text}: {more}", nl=False, err=True)

    try:
        step("…")
        yield step
    finally:
        if shown:
            click.echo("\r\x1b[K", nl=False, err=True)


def main() -> None:
    """Run the command line; the one map from exceptions to exit codes."""
    from diagnose.process import Ended, last_breath, prepare_streams, silence, watch_signals

    prepare_streams()
    watch_signals()
    try:
        cli.main(standalone_mode=False, prog_name="corediag")
    except click.exceptions.Exit as leaving:
        sys.exit(leaving.exit_code)
    except (click.Abort, KeyboardInterrupt):
        last_breath()
        complain("interrupted")
        sys.exit(INTERRUPTED)
    except Ended as ended:
        last_breath()
        sys.exit(ended.code)
    except click.ClickException as error:
        tell(error)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        silence()
        sys.exit(0)
    except Exception as error:  # the last resort
        if os.environ.get("COREDIAG_TRACEBACK"):
            raise
        if isinstance(error, OSError):
            # what the machine refuses is no defect: a full disk, a file that went away meanwhile
            complain(": ".join(filter(None, (named(error), error.strerror or str(error)))))
            silence()
            sys.exit(USAGE)
        complain(
            f"a defect of corediag: {type(error).__name__}: {error}",
            "set COREDIAG_TRACEBACK=1, run it again, and report what it prints",
        )
        sys.exit(OURS)


def tell(error: click.ClickException) -> None:
    """Show what is wrong with a command line; without any words, the help."""
    context = getattr(error, "ctx", None)
    if isinstance(error, Failure) or context is None or context.get_help() == error.message:
        error.show()
    else:
        message = error.format_message()
        if isinstance(error, click.MissingParameter):  # which has lists of several lines
            message = " ".join(message.split())
        complain(message, f"see `{context.command_path} --help`")


def named(error: OSError) -> str:
    """Return the file that an error of the system is about; "" where it tells none."""
    return os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""
