"""What a run does on a cluster, rung by rung, said without asking it anything.

It is told from what the run itself uses: the permissions of the asks, the commands that are run in
pods, the pod that is created. `corediag run --explain-access` shows it as text; docs/access.md has
the same as tables, between its marks.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from diagnose.asks import ASKS, Ask
from diagnose.rbac import rights, rules_of
from diagnose.sources import commands
from diagnose.sources.live import LOG_ASKS
from diagnose.sources.plans import PLANS
from diagnose.sources.probe import NAMESPACE, Probe, manifest
from diagnose.values import dataclass

WIDTH = 96


@dataclass(frozen=True)
class Rung:
    """One rung: what is done on it, what it leaves behind, how to stay below it."""

    number: int
    title: str
    does: str
    leaves: str
    stay_below: str


RUNGS = (
    Rung(
        1,
        "objects and logs",
        "gets and lists objects, and reads the logs of a bounded choice of pods",
        "nothing",
        "corediag run --from FILE: no cluster is asked",
    ),
    Rung(
        2,
        "what CoreDNS and kubelets answer",
        "asks CoreDNS's pods and kubelets by GETs that the API server passes on, and CoreDNS's "
        "pods for DNS names through a port-forward",
        "nothing but the metrics and the log lines of a query in CoreDNS",
        "corediag run --rung 1",
    ),
    Rung(
        3,
        "commands in pods that run",
        "runs the commands below, and no others, in pods that are there anyway; they read, write "
        "no file and install nothing",
        "nothing but the queries, as above",
        "corediag run --no-exec",
    ),
    Rung(
        4,
        "probe pods",
        f"creates a pod on a few nodes in namespace {NAMESPACE}, reads its log, and deletes it; "
        "deletes probe pods that earlier runs left",
        "nothing; a pod whose removal fails is named, ends by itself and is removed by the next "
        "run",
        "it is done only with --probe",
    ),
)
SAMPLE = Probe(
    name="corediag-probe-<run>-<number>",
    instance="<run>",
    node="<node>",
    image="<an image with a shell that the node has, or --probe-image>",
    present=True,
    command=("sh", "-c", "<the script that asks DNS>", "<its questions>"),
    lives_s=90,
)


def explained(
    asks: Iterable[Ask], *, rung: int, stays: bool, exec_allowed: bool, skip_logs: bool
) -> str:
    """Return what a run with these options does for some asks, as text.

    `stays` says that it goes as far as `rung` in any case, and not only where less proves no cause.
    """
    wanted = [ask for ask in Ask if ask in set(asks) and ask in PLANS]
    lines = [
        "What this command does on a cluster. Everything is sent to its API server, by the user of",
        "the kubeconfig; nothing goes anywhere else. The first request is GET /version.",
    ]
    for one in RUNGS:
        mine = [ask for ask in wanted if ASKS[ask].rung == one.number]
        mine = [ask for ask in mine if not (skip_logs and ask in LOG_ASKS)]
        lines += ["", f"RUNG {one.number}  {one.title}"]
        if one.number > rung:
            option = "--probe" if one.number == 4 else f"--rung {one.number}"
            lines.append(f"  not done: only with {option}")
        elif one.number == 3 and not exec_allowed:
            lines.append("  not done: --no-exec")
        elif not mine:
            lines.append("  nothing: none of the checks needs it")
        else:
            if one.number == 3 and not stays:
                lines += wrapped("only where rungs 1 and 2 prove no cause", "  ")
            lines += wrapped(f"does: {one.does}", "  ")
            lines += wrapped(f"leaves behind: {one.leaves}", "  ")
            lines += wrapped(f"to stay below: {one.stay_below}", "  ")
            lines += requests(mine)
            lines += further(one.number, mine)
    return "\n".join(lines) + "\n"


def requests(asks: Sequence[Ask]) -> Iterator[str]:
    """Yield which permissions each ask uses, as the audit log calls them."""
    yield "  reads, by what it is for:"
    for ask in asks:
        yield from wrapped(f"{ASKS[ask].title}: {told(ask)}", "    ")


def told(ask: Ask) -> str:
    """Return an ask's permissions in words."""
    return "; ".join(
        f"{', '.join(rule.verbs)} {', '.join(rule.resources)}"
        + (f" of {rule.group}" if rule.group else "")
        + (f" in {rule.namespace}" if rule.namespace else "")
        for rule in rules_of(rights((ask,)))
    )


def further(rung: int, asks: Sequence[Ask]) -> Iterator[str]:
    """Yield the commands of rung 3, or the pod of rung 4, as text."""
    mine = [one for one in commands.ALL if one.ask in asks]
    if rung == 3 and mine:
        yield "  runs in pods:"
        for one in mine:
            yield from wrapped(f"{' | '.join(one.shown)}: {one.reads}", "    ")
    if any(one in commands.COMMANDS for one in mine):
        yield "  reads nodes by this script, of which only the wanted sections are run:"
        yield from indented(commands.SCRIPT)
    if commands.ASKING in mine:
        yield "  asks DNS by this script, which takes the questions as arguments:"
        yield from indented(commands.ASK_SCRIPT)
    if rung == 4:
        yield "  creates and removes:"
        yield from indented(pod_yaml())
        yield "  which runs this script once, with the questions as arguments:"
        yield from indented(commands.ASK_SCRIPT)


def indented(text: str) -> Iterator[str]:
    """Yield the lines of a text as they stand below a line that announces them."""
    return (f"    {line}".rstrip() for line in text.strip().splitlines())


def pod_yaml() -> str:
    """Return the probe pod as YAML, with what differs between pods in angle brackets."""
    import yaml  # noqa: PLC0415  it is wanted here alone

    text: str = yaml.safe_dump(manifest(SAMPLE), sort_keys=False, width=WIDTH)
    return text


def wrapped(text: str, indent: str) -> list[str]:
    """Return a paragraph as lines."""
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


# ---------------------------------------------------------------- docs/access.md


def sections() -> dict[str, str]:
    """Return the generated stretches of docs/access.md by the names of their marks."""
    found = {f"rung {one.number}": table(one) for one in RUNGS}
    found["commands"] = command_table()
    found["script"] = f"```sh\n{commands.SCRIPT.strip()}\n```\n"
    found["questions"] = f"```sh\n{commands.ASK_SCRIPT.strip()}\n```\n"
    found["pod"] = f"```yaml\n{pod_yaml().rstrip()}\n```\n"
    return found


def table(rung: Rung) -> str:
    """Return what a rung does and needs, as Markdown."""
    asks = [ask for ask in Ask if ask in PLANS and ASKS[ask].rung == rung.number]
    lower = {right for ask in PLANS if ASKS[ask].rung < rung.number for right in rights((ask,))}
    new = [right for right in rights(asks) if right not in lower]
    lines = [
        f"It {rung.does}.\n",
        f"- Leaves behind: {rung.leaves}.",
        f"- To stay below it: `{rung.stay_below}`."
        if rung.stay_below.startswith("corediag")
        else f"- To stay below it: {rung.stay_below}.",
        "",
        "| what for | verbs and resources |",
        "| --- | --- |",
        *(f"| {ASKS[ask].title} | {told(ask)} |" for ask in asks),
        "",
        "Permissions that no rung below it has:" if rung.number > 1 else "Permissions:",
        "",
        "| API group | resources | verbs | namespaces |",
        "| --- | --- | --- | --- |",
        *(
            f"| {rule.group or 'core'} | {', '.join(rule.resources)} | {', '.join(rule.verbs)} "
            f"| {rule.namespace or 'all'} |"
            for rule in rules_of(new)
        ),
    ]
    return "\n".join(lines) + "\n"


def command_table() -> str:
    """Return the commands of rung 3 as Markdown."""
    lines = ["| command, or what stands in for it | what it reads |", "| --- | --- |"]
    for one in commands.ALL:
        shown = ", ".join(f"`{each}`" for each in one.shown)
        lines.append(f"| {shown} | {one.reads.replace('|', chr(92) + '|')} |")
    return "\n".join(lines) + "\n"


def filled(page: str) -> str:
    """Return a page with its generated stretches written anew.

    Each stands between `<!-- written by make docs: NAME -->` and `<!-- end -->`.
    """
    for name, text in sections().items():
        begin, end = f"<!-- written by make docs: {name} -->\n", "<!-- end -->"
        before, mark, rest = page.partition(begin)
        if mark:
            page = f"{before}{begin}\n{text}\n{end}{rest.partition(end)[2]}"
    return page
