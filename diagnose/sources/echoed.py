"""Which asks a paste carried out: commands that it echoes with all that they printed.

Where a prompt shows the very command that an ask names, and the output is all there, the evidence
was looked at: what is not in it does not exist. Only output that shows its own end counts: that
nothing was found, a list whose last key stands there, or rows with the next prompt behind them.

Source: kubernetes/kubectl v0.30 pkg/cmd/get/get.go (Run, "No resources found") and
pkg/cmd/logs/logs.go (--tail); kubernetes/cli-runtime v0.30 pkg/printers (a List's `kind` stands
behind its items).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from diagnose.asks import ASKS, Ask
from diagnose.model import Gap, GapKind
from diagnose.parsers.asked import CLUSTER_SCOPED, kind_of
from diagnose.parts import Kind, Part
from diagnose.text.clean import plain
from diagnose.text.recognise import KUBECTL, VALUED, positional
from diagnose.text.regex import regex
from diagnose.values import dataclass

LONGEST = 2000  # characters of a command that are looked at
# Of these the command is enough by itself, and its whole output tells all that the ask is for.
CLOSED = (
    Ask.EVENTS,
    Ask.NETWORK_POLICIES,
    Ask.DNS_LOGS,
    Ask.DNS_PODS,
    Ask.DNS_SERVICES,
    Ask.DNS_ENDPOINTS,
    Ask.DAEMON_SETS,
    Ask.DEPLOYMENTS,
    Ask.NODES,
    Ask.SYSTEM_PODS,
)
# That there are none is an answer here; elsewhere the label may be another one.
MAY_BE_NONE = frozenset({Ask.EVENTS, Ask.NETWORK_POLICIES})
NONE_FOUND = regex(r"No resources found(?: in [a-z0-9-]{1,63} namespace)?\.?\s*$")
SHORT = {
    "--all-namespaces": "-A",
    "--all-namespaces=true": "-A",
    "--namespace": "-n",
    "--selector": "-l",
    "--output": "-o",
    "-p": "--previous",
    "--previous=true": "--previous",
}
# What does not change which objects or lines are printed.
IDLE = frozenset(
    {"--context", "--kubeconfig", "--cluster", "--user", "--prefix", "--timestamps", "--sort-by"}
)
OBJECTS = frozenset({"yaml", "json"})
SHELL_WORDS = regex(r"[|<>;&`$]")
LAST_KEY = regex(r"^kind: (?:List|[A-Za-z]{1,60}List)$")
LEFT_OUT = regex(r"\W*(?:\.\.\.|…|snip\w*|truncated|omitted)\W*$")


@dataclass(frozen=True)
class Typed:
    """A kubectl command in one form: what it prints, of what, in which form."""

    verb: str
    targets: frozenset[str]
    flags: frozenset[tuple[str, str]]
    output: str = ""


def typed(command: str) -> Typed | None:
    """Return a command line; None where it is not kubectl's, or the shell changes its output."""
    if len(command) > LONGEST or SHELL_WORDS.search(command):
        return None
    words = [word.strip("\"'") for word in command.split()]
    while words and words[0] in {"sudo", "time"}:
        words = words[1:]
    if not words or words[0] not in KUBECTL:
        return None
    words = words[1:]
    rest = positional(words)
    flags: set[tuple[str, str]] = set()
    output = ""
    for number, word in enumerate(words):
        if not word.startswith("-"):
            continue
        name, equals, value = word.partition("=")
        if len(word) > 2 and word[:2] in {"-n", "-l", "-o"} and word[1] != "-":
            name, value = word[:2], word[2:].removeprefix("=")
        elif not equals and word in VALUED and word != "-p" and number + 1 < len(words):
            value = words[number + 1]
        name = SHORT.get(f"{name}{equals}{value}", SHORT.get(name, name))
        if name == "-o":
            output = value
        elif name not in IDLE:
            flags.add((name, "" if name in {"-A", "--previous"} else value))
    if not rest:
        return None
    targets = frozenset(kind_of(one) or one for word in rest[1:] for one in word.split(","))
    if targets <= CLUSTER_SCOPED:
        flags.discard(("-A", ""))
    return Typed(rest[0], targets, frozenset(flags), output)


def answers(given: Typed, wanted: Typed) -> bool:
    """Whether one command prints all that another one does: it has no filter that the other lacks.

    A log's own flags choose the pods and the lines, so there they must be the same.
    """
    if (given.verb, given.targets) != (wanted.verb, wanted.targets):
        return False
    if given.verb == "logs":
        return given.flags == wanted.flags
    everywhere = ("-A", "")
    return given.flags <= wanted.flags and (everywhere in given.flags) == (
        everywhere in wanted.flags
    )


def carried_out(parts: Sequence[Part]) -> tuple[frozenset[Ask], dict[Ask, tuple[Gap, ...]]]:
    """Return the asks whose commands a paste shows with their whole output, and what they lack."""
    runs = [
        (one, several, end) for command, several, end in runs_of(parts) if (one := typed(command))
    ]
    looked: set[Ask] = set()
    gaps: dict[Ask, tuple[Gap, ...]] = {}
    for ask in CLOSED if runs else ():
        lines = ASKS[ask].by_hand.split("\n")
        missing: list[Gap] = []
        tables: list[Gap] = []
        for line in lines:
            wanted = typed(line)
            forms = {
                form
                for one, several, end in runs
                if wanted and answers(one, wanted) and (form := form_of(ask, one, several, end))
            }
            told = ask is Ask.EVENTS or "rows" not in forms or "whole" in forms
            if not forms:
                missing.append(Gap(ASKS[ask].title, GapKind.PARTIAL, "a part was not given", line))
            elif not told:
                more = line.replace("-o wide", "-o yaml")
                because = "a table does not tell all"
                tables.append(Gap(ASKS[ask].title, GapKind.PARTIAL, because, more))
        if len(missing) < len(lines):
            looked.add(ask)
            if missing or tables:
                gaps[ask] = (*missing, *tables)
    return frozenset(looked), gaps


def runs_of(parts: Sequence[Part]) -> Iterator[tuple[str, list[Part], bool]]:
    """Yield each command, the parts of its output, and whether another prompt stands behind it."""
    prompts = [number for number, part in enumerate(parts) if part.kind is Kind.SHELL]
    for number, end in zip(prompts, (*prompts[1:], len(parts)), strict=False):
        prompt = parts[number]
        several = [one for one in parts[number + 1 : end] if one.origin == prompt.origin]
        closed = end < len(parts) and parts[end].origin == prompt.origin
        yield prompt.command, several, closed


def form_of(ask: Ask, given: Typed, output: Sequence[Part], closed: bool) -> str:
    """Return how whole an output is: "whole", "rows" of a table, or "" where that is not shown."""
    if len(output) != 1 or output[0].path is not None:
        return ""
    part = output[0]
    lines = [plain(line) for line in part.text.split("\n") if line.strip()]
    if part.kind is Kind.TEXT:
        none = len(lines) == 1 and NONE_FOUND.match(lines[0]) is not None
        return "whole" if none and ask in MAY_BE_NONE else ""
    if any(LEFT_OUT.match(line[:200]) for line in lines):
        return ""
    if given.verb == "logs":
        return "whole" if part.kind is Kind.LOG and closed else ""
    if part.kind is Kind.OBJECTS and given.output in OBJECTS:
        at_end = any(LAST_KEY.match(line) for line in lines) or lines[-1:] == ["}"]
        none = any(line in {"items: []", '    "items": [],'} for line in lines)
        return "whole" if at_end and (not none or ask in MAY_BE_NONE) else ""
    rows = part.kind in {Kind.TABLE, Kind.EVENTS} and given.output in {"", "wide"}
    return "rows" if rows and closed else ""
