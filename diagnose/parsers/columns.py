"""The cells of a table as kubectl prints it, however its blanks have suffered.

A row is cut, in this order, by gaps of two blanks or a tab where their number fits; at the
places where the heads stand; or by what a cell of each column looks like, which needs no gaps
at all. kubectl leaves no cell blank but in events; a row may end early.
Source: kubernetes/cli-runtime pkg/printers/tableprinter.go and tabwriter.go, v0.30 (columns are
padded with three blanks; before v1.9 with tabs or a width of ten).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from functools import cached_property

from diagnose.parsers.ages import AGE, UNTOLD
from diagnose.text.regex import regex
from diagnose.values import dataclass

LONGEST_ROW = 8000
MOST_COLUMNS = 40
GAP = regex(r"\s{2,}|\t")
WORD = regex(r"\S+")
# Heads of two words. Between other words of a header one blank parts two columns.
DOUBLES = frozenset(
    {
        ("NOMINATED", "NODE"),
        ("READINESS", "GATES"),
        ("LAST", "SEEN"),
        ("FIRST", "SEEN"),
        ("NODE", "SELECTOR"),
        ("CONTAINER", "ID"),
        ("POD", "ID"),
        ("CREATED", "AT"),
        ("LAST", "SCHEDULE"),
    }
)
# One spelling for each column, and for what people and older versions call it.
SAME = {
    "LASTSEEN": "LAST SEEN",
    "FIRSTSEEN": "FIRST SEEN",
    "SUBOBJECTPATH": "SUBOBJECT",
    "FROM": "SOURCE",
    "NODE-SELECTOR": "NODE SELECTOR",
    "CLUSTER_IP": "CLUSTER-IP",
    "CLUSTERIP": "CLUSTER-IP",
    "IP(S)": "CLUSTER-IP",
    "EXTERNAL_IP": "EXTERNAL-IP",
    "INTERNALIP": "INTERNAL-IP",
    "PORT(S)": "PORTS",
    "NODENAME": "NODE",
    "PODIP": "IP",
    "POD-IP": "IP",
    "UPTODATE": "UP-TO-DATE",
    "CONTAINER(S)": "CONTAINERS",
    "CONTAINER-NAME(S)": "CONTAINERS",
    "IMAGE(S)": "IMAGES",
    "NAME(S)": "NAMES",
    "PHASE": "STATUS",
    "RESTART": "RESTARTS",
    "RESTARTCOUNT": "RESTARTS",
    "SERVICE-NAME": "SERVICE",
    "MSG": "MESSAGE",
    "NS": "NAMESPACE",
}
NAME = r"[a-z0-9](?:[a-z0-9.:-]{0,251}[a-z0-9])?"
STATES = (
    r"(?:Running|Pending|Completed|Error|Terminating|Unknown|Evicted|OOMKilled|ContainerCreating|"
    r"PodInitializing|Init:\S{1,60}|Succeeded|Failed|NodeLost|NotReady|Terminated|Shutdown|"
    r"Preempting|Starting|ContainerStatusUnknown|UnexpectedAdmissionError|NodeAffinity|"
    r"ContainerCannotRun|DeadlineExceeded|SchedulingGated|Signal:\d+|ExitCode:\d+|OutOf\w{1,40}|"
    r"CreateContainer\w{1,40}|Invalid\w{1,40}|\w{2,40}BackOff|\w{2,40}Error|Err\w{1,40}|"
    r"\w{2,40}Failed)"
)
ANY = r"\S+"
# What a cell looks like where it is more than one word; all else is one.
CELLS = {
    "RESTARTS": rf"\d+(?:\s{{1,3}}\(\s?{AGE}\s?ago\))?|\S+",
    "ENDPOINTS": r"\S+(?: \+ \d+ more\.\.\.)?",
    "OS-IMAGE": r"\S+(?: (?!\d+\.\d+\.\d+-)\S+){0,7}",
    "LAST SEEN": rf"(?:{AGE}|{UNTOLD})(?:\s{{1,3}}\(x\d+ over (?:{AGE}|{UNTOLD})\))?|\S+",
    "AGE": rf"(?:{AGE}|{UNTOLD})(?:\s{{1,3}}\(x\d+ over (?:{AGE}|{UNTOLD})\))?|\S+",
    "SOURCE": r"\{[^}]{1,300}\}|[\w./-]+, [\w.-]+|\S+",
    "MESSAGE": r"\S.*",
}
# What a cell must look like where no head tells what it is.
STRICT = {
    "NAMESPACE": NAME,
    "NAME": rf"(?:[a-z][a-z.]{{1,60}}/)?{NAME}",
    "READY": r"\d{1,4}/\d{1,4}",
    "STATUS": STATES,
    "NODE STATUS": r"(?:Not)?Ready(?:,SchedulingDisabled)?|Unknown",
    "RESTARTS": rf"\d{{1,6}}(?:\s{{1,3}}\(\s?{AGE}\s?ago\))?",
    "AGE": rf"{AGE}|<unknown>|<invalid>",
    "IP": r"<none>|<nil>|[0-9a-fA-F:.]{2,45}",
    "NODE": rf"<none>|{NAME}",
    "NOMINATED NODE": rf"<none>|{NAME}",
    "READINESS GATES": r"<none>|\d+/\d+",
    "ROLES": r"<none>|[a-z][\w,.-]*",
    "VERSION": r"v?\d+\.\d+\S*",
    "INTERNAL-IP": r"<none>|[0-9a-fA-F:.]{2,45}",
    "EXTERNAL-IP": r"<none>|<pending>|<nodes>|\S+",
    "OS-IMAGE": CELLS["OS-IMAGE"],
    "KERNEL-VERSION": r"\d+\.\d+\S*",
    "CONTAINER-RUNTIME": r"[a-z][\w-]*://\S+",
    "TYPE": r"ClusterIP|NodePort|LoadBalancer|ExternalName",
    "CLUSTER-IP": r"<none>|None|[0-9a-fA-F:.]{2,45}(?:,[0-9a-fA-F:.]{2,45})?",
    "PORTS": r"<none>|<unset>|\d[\w:/,]*",
    "SELECTOR": r"<none>|[\w./-]+=\S*",
    "NODE SELECTOR": r"<none>|[\w./-]+=\S*",
    "ENDPOINTS": r"(?:<none>|<unset>|[\[\]0-9a-fA-F:.]{2,60}(?:,[\[\]0-9a-fA-F:.]{2,60})*"
    r"(?: \+ \d+ more\.\.\.)?)",
    "ADDRESSTYPE": r"IPv4|IPv6|FQDN",
    "DESIRED": r"\d{1,6}",
    "CURRENT": r"\d{1,6}",
    "READY COUNT": r"\d{1,6}",
    "UP-TO-DATE": r"\d{1,6}",
    "AVAILABLE": r"\d{1,6}",
    "CONTAINERS": r"[a-z0-9][a-z0-9,-]*",
    "IMAGES": r"[\w./:@,-]+",
}
# The columns' names as groups of an expression.
GROUPS = {name: name.replace("-", "_").replace(" ", "_") for name in STRICT}


@dataclass(frozen=True)
class Columns:
    """The heads of a table, in their one spelling, and where each begins."""

    names: tuple[str, ...]
    starts: tuple[int, ...]
    spaced: bool = True

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def has(self, *names: str) -> bool:
        """Whether the table has all of these columns."""
        return all(name in self.names for name in names)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """A row by what its cells look like; later cells may be missing."""
        cells = [f"({CELLS.get(name, ANY)})" for name in self.names]
        nested = "".join(rf"(?:\s+{cell}" for cell in cells[1:]) + ")?" * (len(cells) - 1)
        return re.compile(rf"\s*{cells[0]}{nested}\s*$")

    def between(self, line: str, name: str) -> str:
        """Return what stands below a head and before the next one."""
        number = self.names.index(name)
        end = self.starts[number + 1] if number + 1 < len(self.starts) else len(line)
        return line[self.starts[number] : end]


@dataclass(frozen=True)
class Row:
    """The cells of a row by the names of their columns, and those beyond the last head."""

    cells: Mapping[str, str] = field(default_factory=dict)
    extra: tuple[str, ...] = ()

    def get(self, *names: str) -> str | None:
        """Return the first of these cells that the row has; None when it has none of them."""
        for name in names:
            if name in self.cells:
                return self.cells[name]
        return None


def columns(line: str) -> Columns:
    """Return the heads of a header line."""
    found: list[tuple[str, int]] = []
    words = list(WORD.finditer(line[:LONGEST_ROW]))
    number = 0
    while number < len(words) and len(found) < MOST_COLUMNS:
        word, start = words[number][0].upper(), words[number].start()
        if number + 1 < len(words) and words[number + 1].start() == words[number].end() + 1:
            following = words[number + 1][0].upper()
            if (word, following) in DOUBLES and line[words[number].end()] == " ":
                word = f"{word} {following}"
                number += 1
        found.append((SAME.get(word, word), start))
        number += 1
    return Columns(
        tuple(name for name, _ in found),
        tuple(start for _, start in found),
        spaced=bool(GAP.search(line.strip())),
    )


def row(line: str, heads: Columns) -> Row | None:
    """Return the cells of a row below these heads; None when it cannot be their row."""
    line = line[:LONGEST_ROW].rstrip()
    if not line.strip():
        return None
    by_gaps = [cell for cell in GAP.split(line.strip()) if cell]
    width = len(heads.names)
    if len(by_gaps) == width and (width > 1 or heads.spaced or " " not in line.strip()):
        return Row(dict(zip(heads.names, by_gaps, strict=True)))
    if cells := below(line, heads):
        return Row({name: cell for name, cell in zip(heads.names, cells, strict=True) if cell})
    if found := heads.pattern.match(line):
        values = found.groups()
        return Row({name: cell for name, cell in zip(heads.names, values, strict=True) if cell})
    if len(by_gaps) > width > 1:
        return Row(dict(zip(heads.names, by_gaps, strict=False)), tuple(by_gaps[width:]))
    return None


def below(line: str, heads: Columns) -> list[str]:
    """Return the cells that begin exactly where the heads do, "" for blank ones; else nothing.

    A row that is shifted against its heads fails this nearly always, and must.
    """
    if not heads.spaced:
        return []
    if line[: heads.starts[0]].strip():
        return []
    cells = []
    for number, start in enumerate(heads.starts):
        last = number + 1 == len(heads.starts)
        cell = line[start:] if last else line[start : heads.starts[number + 1]]
        if cell.strip() and (cell[0].isspace() or (start and not line[start - 1].isspace())):
            return []
        cell = cell.strip()
        if GAP.search(cell) and not (last and heads.names[number] == "MESSAGE"):
            return []
        cells.append(cell)
    return cells if cells and cells[0] else []


def shape(*names: str) -> re.Pattern[str]:
    """Return the pattern of a row without a header: cells by their strict form.

    A name with "?" need not be there; from the first name with "+" on, a row may end, or have
    further cells in `rest`.
    """
    parts: list[str] = []
    ends = 0
    for name in names:
        bare = name.rstrip("?+")
        cell = f"(?P<{GROUPS[bare]}>{STRICT[bare]})"
        if name.endswith("?"):
            parts.append(rf"(?:{cell}\s+)?")
        elif name.endswith("+") or ends:
            parts.append(rf"(?:\s+{cell}(?!\S)")
            ends += 1
        else:
            parts.append(cell if not parts or parts[-1].endswith(r"\s+)?") else rf"\s+{cell}")
    return regex("".join(parts) + ")?" * ends + r"(?P<rest>(?:\s.*)?)$")


def shaped(line: str, pattern: re.Pattern[str]) -> Row | None:
    """Return the cells of a row without a header; None when it has another shape."""
    found = pattern.match(line[:LONGEST_ROW].strip())
    if found is None:
        return None
    groups = found.groupdict()
    extra = tuple(cell for cell in GAP.split(groups.pop("rest").strip()) if cell)
    names: dict[str, str] = {}
    for name, group in GROUPS.items():
        value = groups.get(group)
        if value is not None:
            names[name] = value
    return Row(names, extra)


def listed(cell: str | None) -> tuple[str, ...] | None:
    """Return the parts of a cell between commas; () for <none>, None when there is no cell."""
    if cell is None:
        return None
    if cell in {"", "<none>", "<unset>", "<nil>", "None"}:
        return ()
    return tuple(part for part in cell.split(",") if part)


def labels(cell: str | None) -> Mapping[str, str] | None:
    """Return the labels that a cell or a list of `key=value` shows; None when there is no cell."""
    parts = listed(cell)
    if parts is None:
        return None
    pairs = [part.strip().partition("=") for part in parts]
    return {key: value for key, equals, value in pairs if equals and key}


def number(cell: str | None) -> int | None:
    """Return a count; None where the cell holds none."""
    return int(cell) if cell and cell.isascii() and cell.isdigit() and len(cell) < 10 else None
