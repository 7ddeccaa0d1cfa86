"""`kubectl get` tables of pods, nodes, services, endpoints, slices and workloads.

Columns come in any choice and order; without a header a row is taken for what its shape allows.
Other tables (docker, crictl, other resources) tell nothing that is used: they make no item and
no gap. Tables of events go to diagnose.parsers.events.

Limits: the table of Endpoints shows three addresses and how many more ports of addresses there
are; that of EndpointSlices does not tell which addresses are ready, which is a gap. A table of
pods does not tell phases or conditions.
Source: kubernetes/kubernetes pkg/printers/internalversion/printers.go, v1.7, v1.15, v1.30.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import field, replace

from diagnose.facts.dns_workload import NoPods
from diagnose.facts.nodes import Node
from diagnose.facts.pods import Pod
from diagnose.facts.services import Endpoint, Endpoints, Service, ServicePort
from diagnose.facts.workloads import DaemonSet, Deployment
from diagnose.model import Gap, GapKind, Quote, Subject
from diagnose.parsers import ages, events
from diagnose.parsers.asked import Asked, asked, kind_of
from diagnose.parsers.columns import (
    STATES,
    Columns,
    Row,
    columns,
    labels,
    listed,
    number,
    row,
    shape,
    shaped,
)
from diagnose.parts import Parsed, Part
from diagnose.text.clean import plain, unwrap
from diagnose.text.regex import regex
from diagnose.text.shown import visible
from diagnose.values import dataclass

LONGEST = 8000  # characters of a line that are looked at
MOST_LINES = 200_000
HEADER = regex(r"[A-Z][A-Z0-9()/:_.%-]*(?:[ \t]+[A-Z0-9()/:_.%-]+)*\s*$")
# What the first head of a table is, whatever the resource; other capitals are no header.
FIRST = frozenset(
    (
        "NAME NAMESPACE LAST FIRST LASTSEEN FIRSTSEEN NODE POD CONTAINER COUNT KIND HOSTNAME "
        "ADDRESSTYPE CLUSTER CURRENT SVC SERVICE ENDPOINTS IP STATUS READY NS LABELS IMAGE"
    ).split()
)
SILENT = regex(
    r"(?:No resources found.*|\.{2,}|…|\[\.\.\.\]|\(?(?:snip|truncated|output omitted)\)?|"
    r"Warning: .*)$",
    re.IGNORECASE,
)
REFUSED = regex(r"(?:Error from server|error: |The connection to the server|Unable to connect)")
DENIED = regex(r"[Ff]orbidden|Unauthorized|must be logged in")
STATE = regex(STATES)
LABELS = regex(r"[\w./-]{1,317}=[\w.-]{0,63}(?:,[\w./-]{1,317}=[\w.-]{0,63})*$")
RESTARTS = regex(rf"(?P<count>\d{{1,9}})(?:\s*\(\s?(?P<age>{ages.AGE})\s?ago\))?$")
MORE = regex(r" \+ (?P<more>\d{1,9}) more\.\.\.$")
PORT = regex(r"(?P<port>\d{1,5})(?::\d{1,5})?(?:/(?P<protocol>[A-Z]{3,4}))?$")
SLICE = regex(r"(?P<service>[a-z0-9.-]+)-[bcdfghjklmnpqrstvwxz2456789]{5}$")
SERVICE_LABEL = "kubernetes.io/service-name"
PREFIX = regex(r"(?P<resource>[a-z][a-z0-9.]{0,80})/(?P<name>\S+)$")

# What a cell must look like, also where somebody chose the columns or left something out.
OBJECT_NAME = regex(r"(?:[a-z][a-z0-9.]{0,80}/)?[\w<>*\[\]…][\w.:<>*\[\]…-]{0,320}")
SOUND = {
    column: regex(pattern, re.IGNORECASE)
    for column, pattern in {
        "READY": r"\d+/\d+|\d+|unknown|<none>|\[?(?:true|false)(?:[ ,](?:true|false))*\]?",
        "RESTARTS": r"\d.*|<none>",
        "TYPE": r"ClusterIP|NodePort|LoadBalancer|ExternalName|<none>|[A-Z]\w+",
        "CLUSTER-IP": r"None|<none>|<pending>|.*[.:x].*",
        "ENDPOINTS": r"<none>|<unset>|.*[.:].*",
        "DESIRED": r"\d+|<none>",
        "CURRENT": r"\d+|<none>",
        "UP-TO-DATE": r"\d+|<none>",
        "AVAILABLE": r"\d+|<none>|true|false",
        "ROLES": r"<none>|[\w,.*-]+",
        "VERSION": r"<none>|v?\d.*",
    }.items()
}

# Whose table it is, by columns that no other resource has, in this order.
OWN_COLUMNS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("CONTAINER ID",), ""),
    (("POD ID",), ""),
    (("ADDRESSTYPE",), "EndpointSlice"),
    (("CLUSTER-IP",), "Service"),
    (("NAME", "LABELS", "SELECTOR", "PORTS"), "Service"),
    (("NAME", "TYPE", "PORTS"), "Service"),
    (("ENDPOINTS",), "Endpoints"),
    (("RESTARTS",), "Pod"),
    (("POD", "NODE"), "Pod"),
    (("INTERNAL-IP",), "Node"),
    (("KERNEL-VERSION",), "Node"),
    (("STATUS", "ROLES"), "Node"),
    (("STATUS", "VERSION"), "Node"),
    (("DESIRED", "NODE SELECTOR"), "DaemonSet"),
    (("DESIRED", "CURRENT", "READY", "UP-TO-DATE"), "DaemonSet"),
    (("DESIRED", "UP-TO-DATE"), "Deployment"),
    (("READY", "UP-TO-DATE"), "Deployment"),
    (("UP-TO-DATE", "AVAILABLE"), "Deployment"),
    (("DESIRED", "CURRENT", "READY"), "ReplicaSet"),
    (("NOMINATED NODE",), "Pod"),
    (("READY", "STATUS"), "Pod"),
    (("NAME", "STATUS", "NODE"), "Pod"),
    (("NAME", "STATUS", "IP"), "Pod"),
    (("NAME", "NODE", "IP"), "Pod"),
)
# Rows without a header, by their shape; of two that fit the first counts.
WIDE_POD = ("IP+", "NODE+", "NOMINATED NODE+", "READINESS GATES+")
# kubectl before 1.8 has no TYPE; without a protocol such a row may be one of counts.
OLD_SERVICE = regex(
    r"(?=.{1,400}\d/(?:UDP|TCP|SCTP)\b)"
    + shape("NAMESPACE?", "NAME", "CLUSTER-IP", "EXTERNAL-IP", "PORTS", "AGE+").pattern
)
SHAPES: tuple[tuple[re.Pattern[str], str], ...] = (
    (shape("NAMESPACE?", "NAME", "READY", "STATUS", "RESTARTS+", "AGE+", *WIDE_POD), "Pod"),
    (
        shape(
            "NAME",
            "NODE STATUS",
            "ROLES",
            "AGE",
            "VERSION+",
            "INTERNAL-IP+",
            "EXTERNAL-IP+",
            "OS-IMAGE+",
            "KERNEL-VERSION+",
            "CONTAINER-RUNTIME+",
        ),
        "Node",
    ),
    (shape("NAME", "NODE STATUS", "AGE", "VERSION+"), "Node"),
    (
        shape(
            "NAMESPACE?",
            "NAME",
            "TYPE",
            "CLUSTER-IP",
            "EXTERNAL-IP+",
            "PORTS+",
            "AGE+",
            "SELECTOR+",
        ),
        "Service",
    ),
    (OLD_SERVICE, "Service"),
    (shape("NAMESPACE?", "NAME", "ADDRESSTYPE", "PORTS", "ENDPOINTS", "AGE+"), "EndpointSlice"),
    (shape("NAMESPACE?", "NAME", "ENDPOINTS", "AGE"), "Endpoints"),
    (
        shape(
            "NAMESPACE?",
            "NAME",
            "DESIRED",
            "CURRENT",
            "READY COUNT",
            "UP-TO-DATE",
            "AVAILABLE",
            "NODE SELECTOR",
            "AGE",
            "CONTAINERS+",
            "IMAGES+",
            "SELECTOR+",
        ),
        "DaemonSet",
    ),
    (
        shape(
            "NAMESPACE?",
            "NAME",
            "READY",
            "UP-TO-DATE",
            "AVAILABLE",
            "AGE",
            "CONTAINERS+",
            "IMAGES+",
            "SELECTOR+",
        ),
        "Deployment",
    ),
)


@dataclass
class Table:
    """A table while its rows are read; `kind` is "" for tables that tell nothing here."""

    part: Part
    command: Asked
    heads: Columns | None = None
    kind: str | None = None
    items: list[object] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    unread: list[tuple[int, str]] = field(default_factory=list)
    slices: bool = False


def parse(part: Part) -> Parsed:
    """Return the objects that the tables of a part show."""
    lines = [plain(line[:LONGEST]) for line in part.text.split("\n")[:MOST_LINES]]
    raw = part.text.split("\n")
    table = Table(part, asked(part.command))
    start = 0
    while start < len(lines):
        # A table of events among others, as of `kubectl get all,events`.
        if events.is_header(lines[start]):
            end = next_header(lines, start + 1)
            table.items += events.events_in(
                raw[start:end], part=part, first=part.first_line + start, subject=Subject("")
            )
        else:
            end = next_header(lines, start + 1)
            before = len(table.items)
            read(table, lines, raw, start, end)
            table.items += without_dns(table, table.items[before:])
        start = end
    return Parsed(items=tuple(table.items), gaps=(*table.gaps, *gaps_of(table)))


# What leaves rows out of a listing.
FILTERED = regex(r"\||\s(?:-l|--selector|--field-selector|-n|--namespace)\b|\s-l\w|\s-n\w")


def without_dns(table: Table, items: Sequence[object]) -> Iterator[NoPods]:
    """Yield a listing of the pods of all namespaces, of which none is of any DNS server."""
    pods = [one for one in items if isinstance(one, Pod)]
    whole = table.heads is not None and "NAMESPACE" in table.heads and table.command.namespace == ""
    if not whole or not pods or FILTERED.search(table.part.command[:LONGEST]):
        return
    if table.command.names or any("dns" in one.subject.name for one in pods):
        return
    if len(pods) == 1 and pods[0].subject.namespace != "kube-system":
        return
    yield NoPods(table.part.origin, pods[0].quote, of_all=True)


def next_header(lines: Sequence[str], start: int) -> int:
    """Return the number of the next line that heads a table, or of the end."""
    for at in range(start, len(lines)):
        if is_header(lines[at]) and not more_heads(lines, at):
            return at
    return len(lines)


def is_header(line: str) -> bool:
    """Whether a line heads a table of any resource."""
    words = line[:400].split()
    return len(words) > 1 and words[0] in FIRST and bool(HEADER.match(line.strip()))


def more_heads(lines: Sequence[str], at: int) -> bool:
    """Whether a line of heads is the rest of a header that a terminal cut."""
    before = lines[at - 1].rstrip() if at else ""
    first = lines[at].split()[:1]
    return (
        len(before) >= 60
        and is_header(before)
        and first not in (["NAME"], ["NAMESPACE"], ["LAST"], ["LASTSEEN"])
    )


def read(table: Table, lines: Sequence[str], raw: Sequence[str], start: int, end: int) -> None:
    """Read one table, or rows without a header."""
    table.heads, table.kind = None, None
    piece = lines[start:end]
    whole = rewrapped(piece, table)
    for offset, text in whole:
        index = start + offset
        if not text.strip() or SILENT.match(text.strip()) or events.is_rule(text):
            continue
        if is_header(text) and table.heads is None:
            table.heads = columns(text)
            table.kind = kind_of_heads(table.heads, table.command)
            continue
        shown = raw[index] if lines[index].strip() == text.strip() else text
        quote = Quote(
            table.part.origin,
            visible(shown[:LONGEST].rstrip()),
            table.part.first_line + index,
        )
        if REFUSED.match(text.strip()):
            kind = GapKind.DENIED if DENIED.search(text) else GapKind.UNREACHABLE
            what = f"{table.part.origin} as {table.part.kind.value}"
            table.gaps.append(Gap(what, kind, f"line {quote.line}: {quote.text.strip()[:300]}"))
            continue
        for item in items_of(text, table, quote):
            table.items.append(item)


def rewrapped(lines: Sequence[str], table: Table) -> list[tuple[int, str]]:
    """Return (index, text) of each row, those that a terminal cut made whole again.

    Only the header or the shape of rows shows that: a row that begins with a name looks like
    any other line. Where nothing shows it, lines are taken as they are.
    """
    plainly = list(enumerate(lines))
    if table.part.whole:
        return plainly  # no terminal was between
    used = [at for at, line in plainly if line.strip()]
    if not used:
        return plainly
    cut = len(used) > 1 and is_header(lines[used[0]]) and is_header(lines[used[1]])

    @functools.cache
    def begin(at: int) -> bool:
        return shape_of(lines[at].strip())[0] is not None

    broken = any(
        len(lines[at - 1]) >= 60 and lines[at].strip() and not begin(at) and begin(at - 1)
        for at in range(1, len(lines))
    )
    if not cut and not broken:
        return plainly
    if cut and not any(map(begin, range(len(lines)))):
        # A row of other columns: as many lines as the header takes make a row.
        return [
            (used[at], f"{lines[used[at]].rstrip()}   {lines[used[at + 1]].strip()}")
            for at in range(0, len(used) - 1, 2)
        ]
    heads = {lines[used[0]]}

    def begins(line: str) -> bool:
        return line in heads or shape_of(line.strip())[0] is not None

    joined = list(unwrap(lines, begins))
    longest = max(map(len, lines))
    if not cut and any(len(text) > 3 * longest for _, text in joined):
        return plainly
    return joined


def gaps_of(table: Table) -> Iterator[Gap]:
    """Yield what the tables of a part leave open."""
    what = f"{table.part.origin} as {table.part.kind.value}"
    if table.unread:
        line, text = table.unread[0]
        several = f" and {len(table.unread) - 1} more" if len(table.unread) > 1 else ""
        because = f"line {line}{several}: no row that could be read: {text[:200]}"
        yield Gap(what, GapKind.MALFORMED, because)
    if table.slices:
        yield Gap(
            what,
            GapKind.PARTIAL,
            "the table of EndpointSlices does not tell which endpoints are ready",
            "kubectl -n kube-system describe endpointslices -l k8s-app=kube-dns",
        )
    if table.part.text.count("\n") >= MOST_LINES:
        yield Gap(what, GapKind.PARTIAL, f"more than {MOST_LINES} lines: the rest was left out")


# ---------------------------------------------------------------- whose row it is


def kind_of_heads(heads: Columns, command: Asked) -> str | None:
    """Return the kind of the objects in a table; "" for other tables, None for no telling."""
    for names, kind in OWN_COLUMNS:
        if heads.has(*names):
            return kind
    if command.kind:
        return command.kind
    if heads.has("NAME", "STATUS") or heads.has("NAME", "NODE") or "POD" in heads:
        return None
    return ""


def shape_of(line: str) -> tuple[Row | None, str]:
    """Return the cells of a row without a header and its kind; (None, "") for other lines."""
    for pattern, kind in SHAPES:
        if (cells := shaped(line, pattern)) is not None:
            return cells, kind
    return None, ""


def items_of(line: str, table: Table, quote: Quote) -> Iterator[object]:
    """Yield the object that a row shows, and note a row that should have been one."""
    kind = table.kind
    if table.heads is not None and kind == "":
        return
    cells = row(line, table.heads) if table.heads is not None else None
    if not (cells is None or table.heads is None or table.part.whole or sound(cells, table.heads)):
        cells = None
    if cells is None:
        cells, shape_kind = shape_of(line.strip())
        kind = shape_kind or kind if cells is not None else kind
    if cells is None:
        if kind in BUILDERS and quote.line is not None:
            table.unread.append((quote.line, quote.text.strip()))
        return
    name = cells.get("NAME", "POD") or ""
    prefixed = PREFIX.match(name)
    if prefixed:
        kind = kind_of(prefixed["resource"])
        name = prefixed["name"]
    if kind is None:
        kind = kind_by_value(cells)
    build = BUILDERS.get(kind)
    if build is None or not name or name.startswith("<"):
        return
    namespace = cells.get("NAMESPACE") or table.command.namespace or table.part.subject.namespace
    about = Subject(kind, name, "" if kind == "Node" else namespace)
    yield build(cells, about, table, quote)


def sound(cells: Row, heads: Columns) -> bool:
    """Whether the cells of a row can be those of their columns: no prose, no slipped row."""
    if len(cells.cells) < min(2, len(heads.names)):
        return False
    name = cells.get("NAME", "POD") or ""
    if not OBJECT_NAME.fullmatch(name):
        return False
    return all(
        pattern.fullmatch(cell)
        for column, pattern in SOUND.items()
        if (cell := cells.cells.get(column)) is not None
    )


READY_WORDS = {
    **dict.fromkeys(("true", "[true]", "true,true"), True),
    **dict.fromkeys(("false", "[false]", "<none>", "unknown"), False),
}


def kind_by_value(cells: Row) -> str:
    """Return the kind of a row of NAME and STATUS, which several resources have, by its values."""
    status = cells.get("STATUS") or ""
    if set(status.split(",")) & {"Ready", "NotReady"}:
        return "Node"
    name = cells.get("NAME", "POD") or ""
    if STATE.fullmatch(status) or ("POD" in cells.cells and name):
        return "Pod"
    return ""


# ---------------------------------------------------------------- objects of rows


def told(cell: str | None) -> str:
    """Return a cell's text, "" for <none> and the like."""
    return "" if cell is None or cell in {"<none>", "<nil>", "<unset>", "<unknown>"} else cell


def age_of(cells: Row) -> float | None:
    """Return the age of a row's object; dates of chosen columns are no ages."""
    return ages.seconds(cells.get("AGE") or "")


def labels_of(cells: Row) -> dict[str, str] | None:
    """Return the labels of a row, in their column or behind the last head."""
    cell = cells.get("LABELS")
    if cell is None:
        cell = next((one for one in reversed(cells.extra) if LABELS.match(one)), None)
    found = labels(cell)
    return dict(found) if found is not None else None


def pod(cells: Row, about: Subject, table: Table, quote: Quote) -> Pod:
    """Return the pod of a row."""
    status = told(cells.get("STATUS"))
    if not status and "STATUS" not in cells.cells:
        status = next((one for one in cells.extra if STATE.fullmatch(one)), "")
    ready = total = None
    is_ready: bool | None = None
    if cell := cells.get("READY"):
        left, _, right = cell.partition("/")
        ready, total = number(left), number(right)
        if ready is not None and total is not None:
            is_ready = ready == total and total > 0
        else:
            is_ready = READY_WORDS.get(cell.lower())
    restarts = RESTARTS.match(cells.get("RESTARTS") or "")
    return Pod(
        subject=replace(about, node=told(cells.get("NODE"))),
        origin=table.part.origin,
        quote=quote,
        status=status,
        ready=is_ready,
        ready_containers=ready,
        total_containers=total,
        restarts=int(restarts["count"]) if restarts else None,
        last_restart_age_s=ages.seconds(restarts["age"] or "") if restarts else None,
        age_s=age_of(cells),
        ips=listed(cells.get("IP")),
        labels=labels_of(cells),
        deleting=status == "Terminating",
    )


def node(cells: Row, about: Subject, table: Table, quote: Quote) -> Node:
    """Return the node of a row; of one NotReady the table does not tell whether it is Unknown."""
    words = (cells.get("STATUS", "NODE STATUS") or "").split(",")
    ready = True if "Ready" in words else False if {"NotReady", "Unknown"} & set(words) else None
    addresses = (told(cells.get("INTERNAL-IP")), told(cells.get("EXTERNAL-IP")))
    return Node(
        subject=about,
        origin=table.part.origin,
        quote=quote,
        ready=ready,
        kubelet_version=told(cells.get("VERSION")),
        os_image=told(cells.get("OS-IMAGE")),
        kernel=told(cells.get("KERNEL-VERSION")),
        runtime=told(cells.get("CONTAINER-RUNTIME")),
        pod_cidrs=listed(cells.get("PODCIDR", "PODCIDRS", "CIDR")),
        addresses=tuple(one for one in addresses if one),
        labels=labels_of(cells),
        roles=listed(cells.get("ROLES")) or (),
        age_s=age_of(cells),
    )


def service(cells: Row, about: Subject, table: Table, quote: Quote) -> Service:
    """Return the Service of a row."""
    addresses = listed(cells.get("CLUSTER-IP"))
    if addresses == ("<pending>",):
        addresses = None
    return Service(
        subject=about,
        origin=table.part.origin,
        quote=quote,
        type=told(cells.get("TYPE")),
        cluster_ips=addresses,
        ports=ports_of(cells.get("PORTS")),
        selector=labels(cells.get("SELECTOR")),
        labels=labels_of(cells),
        age_s=age_of(cells),
    )


def ports_of(cell: str | None) -> tuple[ServicePort, ...] | None:
    """Return the ports of `53/UDP,53/TCP,80:30080/TCP`; None where one is no port.

    Each tells its protocol; a last one that does not is the piece of one.
    """
    parts = listed(cell)
    if parts is None:
        return None
    found = [PORT.match(part) for part in parts]
    if found and found[-1] and not found[-1]["protocol"]:
        found.pop()
    if not found or not all(found):
        return None
    return tuple(
        ServicePort(int(port["port"]), port["protocol"] or "TCP") for port in found if port
    )


def endpoints(cells: Row, about: Subject, table: Table, quote: Quote) -> Endpoints:
    """Return the Endpoints of a row: each address once, whatever its ports."""
    addresses, more = addresses_of(cells.get("ENDPOINTS") or "")
    return Endpoints(
        subject=about,
        service=about.name,
        origin=table.part.origin,
        quote=quote,
        endpoints=tuple(Endpoint(address) for address in addresses),
        more=more,
    )


def endpoint_slice(cells: Row, about: Subject, table: Table, quote: Quote) -> Endpoints:
    """Return the Endpoints of a slice's row; its Service by label or by its generated name."""
    addresses, more = addresses_of(cells.get("ENDPOINTS") or "")
    table.slices = table.slices or bool(addresses)
    generated = SLICE.match(about.name)
    service_name = (
        told(cells.get("SERVICE"))
        or (labels_of(cells) or {}).get(SERVICE_LABEL, "")
        or (generated["service"] if generated else about.name)
    )
    return Endpoints(
        subject=about,
        service=service_name,
        origin=table.part.origin,
        quote=quote,
        endpoints=tuple(Endpoint(address) for address in addresses),
        more=more,
    )


def addresses_of(cell: str) -> tuple[tuple[str, ...], int]:
    """Return (addresses without ports, each once; how many more are not shown)."""
    more = MORE.search(cell)
    cell = cell[: more.start()] if more else cell
    parts = listed(cell) or ()
    return (
        tuple(dict.fromkeys(address for part in parts if (address := without_port(part)))),
        int(more["more"]) if more else 0,
    )


def without_port(text: str) -> str:
    """Return the address of `10.32.0.2:53` or `[fd00::2]:53`; "" where there is none."""
    text = text.strip()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    if text.count(":") == 1:
        text = text.partition(":")[0]
    return text if re.fullmatch(r"[0-9A-Za-z:.%-]{2,253}", text) and not text.isdigit() else ""


def daemon_set(cells: Row, about: Subject, table: Table, quote: Quote) -> DaemonSet:
    """Return the DaemonSet of a row."""
    return DaemonSet(
        subject=about,
        origin=table.part.origin,
        quote=quote,
        desired=number(cells.get("DESIRED")),
        current=number(cells.get("CURRENT")),
        ready=number(cells.get("READY COUNT", "READY")),
        labels=labels_of(cells),
        selector=labels(cells.get("SELECTOR")),
        node_selector=labels(cells.get("NODE SELECTOR")),
        images=listed(cells.get("IMAGES")) or (),
    )


def deployment(cells: Row, about: Subject, table: Table, quote: Quote) -> Deployment:
    """Return the Deployment of a row, with READY as n/m or with DESIRED."""
    ready, slash, desired = (cells.get("READY") or "").partition("/")
    return Deployment(
        subject=about,
        origin=table.part.origin,
        quote=quote,
        desired=number(desired) if slash else number(cells.get("DESIRED")),
        ready=number(ready),
        available=number(cells.get("AVAILABLE")),
        labels=labels_of(cells),
        selector=labels(cells.get("SELECTOR")),
        images=listed(cells.get("IMAGES")) or (),
    )


Builder = Callable[[Row, Subject, Table, Quote], object]
BUILDERS: dict[str, Builder] = {
    "Pod": pod,
    "Node": node,
    "Service": service,
    "Endpoints": endpoints,
    "EndpointSlice": endpoint_slice,
    "DaemonSet": daemon_set,
    "Deployment": deployment,
}
