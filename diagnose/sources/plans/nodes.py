"""The plan for nodes: all of them by name and state, the objects of some, in two answers.

A node as an object takes several kilobytes, as a row of a Table two hundred bytes; a cluster of
thousands is told by its table, a page of objects, and the objects of those that are not Ready.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime

from diagnose.asks import Ask
from diagnose.model import GapKind
from diagnose.parts import Kind, Part
from diagnose.sources.http import TABLE, Answer, Request
from diagnose.sources.plans.base import CACHED, PAGE, Plan, Run, got, listed
from diagnose.sources.plans.places import readiness
from diagnose.sources.plans.reading import Object, name_of, several_at, text_at
from diagnose.values import dataclass

PATH = "/api/v1/nodes"
MOST_WHOLE = PAGE  # nodes of a cluster that is read in objects
SAMPLE = 100  # objects read of a larger one
MOST_APART = 20  # nodes that are not Ready and not among those
NO_TABLE = frozenset({400, 404, 406})  # from servers that know no Table
READY = "Ready"  # begins the status column of a node that is


@dataclass(frozen=True)
class Nodes:
    """The nodes of a cluster: `objects` of some, and of all by name whether they are Ready.

    `whole` says that no other exists; `answered`, that anything came.
    """

    objects: tuple[Object, ...] = ()
    ready: Mapping[str, bool] = field(default_factory=dict)
    answered: bool = False
    whole: bool = False


def nodes(run: Run) -> Plan[Nodes]:
    """All nodes; objects up to a page, of a larger cluster some and those that are not Ready."""
    ask = Ask.NODES
    query = (("includeObject", "None"), *CACHED)
    (answer,) = yield [Request(PATH, query, accept=TABLE)]
    if not answer.fine and answer.status not in NO_TABLE:
        run.refused(ask, answer, "list nodes in all namespaces")
        return Nodes()
    rows = run.worked_out(answer.request, lambda: table_rows(answer))
    limit = SAMPLE if len(rows) > MOST_WHOLE else MOST_WHOLE
    page = yield from listed(run, ask, PATH, "nodes", limit=limit, more_is_fine=True)
    whole_ones = {name_of(one): one for one in page.items}
    ready = {name: readiness(one) == "True" for name, one in whole_ones.items()}
    if page.whole or not page.answered:
        return Nodes(page.items, ready, answered=page.answered, whole=page.whole)
    if not rows:
        run.gap(ask, GapKind.PARTIAL, f"of more nodes only {len(page.items)} were read")
        return Nodes(page.items, ready, answered=True)
    rest = [row for row in rows if row[0] not in whole_ones]
    columns = [text_at(one, "name") for one in several_at(answer.value, "columnDefinitions")]
    if (ask, answer.request) not in run.parts:
        run.parts[ask, answer.request] = Part(
            kind=Kind.TABLE,
            origin="table of nodes",
            text=as_table([[one.upper() for one in columns], *rest]),
            command="kubectl get nodes -o wide",
            ask=ask,
            whole=True,
            taken_at=answer.at or datetime.now(UTC),
        )
    status = columns.index("Status") if "Status" in columns else 1
    ready |= {row[0]: len(row) <= status or row[status].startswith(READY) for row in rest}
    apart = yield from unwell(run, [row[0] for row in rest if not ready[row[0]]])
    return Nodes((*page.items, *apart), ready, answered=True, whole=True)


def unwell(run: Run, names: Sequence[str]) -> Plan[list[Object]]:
    """Return the objects of some nodes that are not Ready, up to a bound."""
    answers = yield from got(*(f"{PATH}/{name}" for name in names[:MOST_APART]))
    for name, answer in zip(names, answers, strict=False):
        if answer.fine:
            run.objects(Ask.NODES, answer, f"node {name}")
    if len(names) > MOST_APART:
        because = f"of {len(names)} nodes that are not Ready {MOST_APART} were read"
        run.gap(Ask.NODES, GapKind.PARTIAL, because)
    return [answer.value for answer in answers if answer.fine]


def table_rows(answer: Answer) -> list[list[str]]:
    """Return the cells of a Table's rows as texts; none where it is no Table, or a row has none."""
    rows = answer.value.get("rows")
    if not answer.fine or text_at(answer.value, "kind") != "Table" or not isinstance(rows, list):
        return []
    found = [
        [str(cell) if cell not in (None, "") else "<none>" for cell in cells]
        for row in several_at(answer.value, "rows")
        if isinstance(cells := row.get("cells"), list) and cells
    ]
    return found if len(found) == len(rows) else []


def as_table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as kubectl prints them: in columns, three blanks between."""
    width = max(map(len, rows), default=0)
    widths = [max((len(row[n]) for row in rows if n < len(row)), default=0) for n in range(width)]
    return "".join(
        "   ".join(cell.ljust(widths[n]) for n, cell in enumerate(row)).rstrip() + "\n"
        for row in rows
    )


def silent_ones(several: Iterable[Object]) -> frozenset[str]:
    """Return the nodes of whose kubelets nothing is heard."""
    return frozenset(name_of(one) for one in several if readiness(one) == "Unknown")
