"""Events as kubectl prints them, in a description, as a table, or as a single row.

The layouts, all read with and without their header, and with messages over several lines:
- describe: `Type Reason Age From Message`; until v1.7 `FirstSeen LastSeen Count From
  SubObjectPath Type Reason Message`, at first without Type;
- get events: `LAST SEEN TYPE REASON OBJECT MESSAGE`, wide with `SUBOBJECT SOURCE … FIRST SEEN
  COUNT NAME`; until v1.12 `LAST SEEN FIRST SEEN COUNT NAME KIND SUBOBJECT TYPE REASON SOURCE
  MESSAGE`; and columns that somebody chose.

Limits: a row of `kubectl get events` does not tell how often it was seen, so that its count is 1.
Rows of a description do not name their object: it is taken from the messages where they all
name one pod.
Source: kubernetes/kubectl pkg/describe/describe.go (DescribeEvents) v0.15, v0.30 and
pkg/cmd/events/event_printer.go v0.30; kubernetes/kubernetes pkg/printers/internalversion
/printers.go (printEvent) v1.7, v1.14, v1.30.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from diagnose.facts.events import Event
from diagnose.model import Gap, GapKind, Quote, Subject
from diagnose.parsers import ages
from diagnose.parsers.ages import AGE, DATE, SPAN, UNTOLD
from diagnose.parsers.asked import CLUSTER_SCOPED, Asked, asked, kind_of, named_object
from diagnose.parsers.columns import Columns, columns, number, row
from diagnose.parts import Parsed, Part
from diagnose.text.clean import plain, unwrap
from diagnose.text.regex import regex
from diagnose.text.shown import visible
from diagnose.values import dataclass

LONGEST = 20_000  # characters of a row that are looked at
LONGEST_HEADER = 600
MOST_HEADS = 8  # different headers that are tried on each line
TYPE = r"Normal|Warning"
REASON = r"[A-Za-z][\w.-]{0,127}"
TIME = rf"(?:{SPAN}|{DATE})"
NAMESPACE = r"[a-z0-9][a-z0-9-]{0,62}"
SUBOBJECT = r"[a-z]\w{0,60}(?:\.\w{1,60}){1,4}(?:\{[^}\s]{0,260}\})?"
# Who reported: `kubelet`, `kubelet, node-1`, and until v1.4 `{kubelet node-1}`.
FROM = r"\{[^}]{1,300}\}|[a-z0-9][\w./-]{0,252}(?:, ?[\w.-]{1,253})?"
# With only one blank behind it a word is a component for sure when it is one of these.
COMPONENT = regex(
    r"(?:\{[^}]{1,300}\}|(?:kubelet|kube-[a-z-]{1,40}|multus|k3s|rke2|kernel-monitor|"
    r"[a-z][\w./]{0,60}(?:-[\w./]{1,60}){0,6}-(?:controller|scheduler|manager|monitor|operator|"
    r"provisioner|autoscaler|speaker))(?:, ?[\w.-]{1,253})?)(?=\s|$)"
)
FROM_CELL = regex(rf"(?P<from>{FROM})(?:\s{{2,}}|\t|$)")
FROM_BLANK = regex(r"\s{24,}")  # a blank From is as wide as its column

NEW_OF_GET = regex(
    rf"(?:(?P<namespace>{NAMESPACE})\s+)?(?P<time>{TIME})\s+(?P<type>{TYPE})\s+"
    rf"(?P<reason>{REASON})\s+(?P<object>[A-Za-z][\w.-]{{0,80}}/[\w.:-]{{1,253}}|"
    r"(?-i:[A-Z])[A-Za-z]{1,60})(?P<rest>\s.*|$)"
)
OLD_OF_GET = regex(
    rf"(?:(?P<namespace>{NAMESPACE})\s+)?(?P<time>{AGE}|{UNTOLD}|{DATE})\s+"
    rf"(?P<other>{AGE}|{UNTOLD}|{DATE})\s+(?P<count>\d{{1,9}})\s+(?P<name>[\w.:-]{{1,253}})\s+"
    rf"(?!(?:{TYPE})\s)(?P<kind>[A-Z][A-Za-z]{{1,60}})\s+(?:(?P<subobject>{SUBOBJECT})\s+)?"
    rf"(?:(?P<type>{TYPE})\s+)?(?P<reason>{REASON})\s+(?P<from>{FROM})(?P<rest>\s.*|$)"
)
OLD_OF_DESCRIBE = regex(
    rf"(?P<time>{AGE}|{UNTOLD}|{DATE})\s+(?P<other>{AGE}|{UNTOLD}|{DATE})\s+(?P<count>\d{{1,9}})"
    rf"\s+(?:(?P<from>{FROM})\s+)?(?:(?P<subobject>{SUBOBJECT})\s+)?"
    rf"(?:(?P<type>{TYPE})\s+)?(?P<reason>{REASON})(?P<rest>\s.*|$)"
)
# From v1.7 on in describe; without its age, or with an object, where columns were cut away.
NEW_OF_DESCRIBE = regex(
    rf"(?P<type>{TYPE})\s+(?P<reason>{REASON})\s+(?P<time>{TIME})(?P<rest>\s.*|$)"
)
OBJECT_ONLY = regex(
    rf"(?P<type>{TYPE})\s+(?P<reason>{REASON})\s+"
    r"(?P<object>[a-z]{2,60}/[\w.:-]{1,253})(?P<rest>\s.*|$)"
)
AGELESS = regex(rf"(?P<type>{TYPE})(?:\s\s|\t)\s*+(?P<reason>[A-Z]\w{{2,60}})(?P<rest>\s.*|$)")
TYPELESS = regex(
    rf"(?P<reason>[A-Z][A-Za-z]{{2,60}})\s+(?P<time>{SPAN})"
    r"(?P<rest>\s+(?:kubelet|default-scheduler)\b.*)$"
)
LAYOUTS = (
    OLD_OF_GET,
    OLD_OF_DESCRIBE,
    NEW_OF_GET,
    NEW_OF_DESCRIBE,
    OBJECT_ONLY,
    AGELESS,
    TYPELESS,
)
WIDE_TAIL = regex(
    rf"(?<!\s)\s{{2,}}+(?P<first>{AGE}|{UNTOLD}|{DATE})\s+(?P<count>\d{{1,9}})\s+"
    r"(?P<name>[\w.-]{1,253}\.[0-9a-f]{10,20})$"
)
TAIL = 700
WIDE = regex(
    rf"\s+(?:(?P<subobject>{SUBOBJECT})\s+)?(?P<from>{FROM})(?:\s{{2,}}|\t|$)(?P<message>.*)"
)
EVENT_NAME = regex(r"\.[0-9a-f]{14,20}$")

OPENING = regex(r"(?:\s*Events:)\s*(?P<rest>.*)$")
NOTHING = regex(
    r"\s*(?:<none>|MESSAGE|MSG|No events\.?|No resources found.*|\.{2,}|…|\[\.\.\.\])\s*$"
)
REFUSED = regex(r"\s*(?:Error from server|error:|The connection to the server|Unable to connect)")
DENIED = regex(r"Forbidden|forbidden|Unauthorized|must be logged in")
HEADS = frozenset({"TYPE", "REASON", "LAST SEEN", "FIRST SEEN", "MESSAGE", "OBJECT", "NAMESPACE"})

# A pod's own name, as the messages of kubelets, runtimes and the scheduler hold it.
POD, SPACE = r"(?P<pod>[a-z0-9][a-z0-9.-]{0,252})", r"(?P<namespace>[a-z0-9][a-z0-9-]{0,62})"
POD_IN_MESSAGE = tuple(
    regex(pattern)
    for pattern in (
        rf"Successfully assigned (?:{SPACE}/)?{POD} to (?P<node>[\w.-]{{1,253}})",
        rf'pod:? "{POD}_{SPACE}(?:\([0-9a-f-]{{8,40}}\))?"',
        rf"in pod {POD}_{SPACE}\(",
        rf"\bk8s_{POD}_{SPACE}_[0-9a-f-]{{8,40}}_",
        rf"adding pod {SPACE}_{POD} to CNI network",
        rf"pod=\"?{POD}_{SPACE}\(",
        rf'network for pod "{POD}"',
    )
)
NAMED_WITHIN = 3000
# Reasons that only events of pods have, for rows that do not tell their object.
OF_PODS = frozenset(
    (
        "Scheduled FailedScheduling FailedCreatePodSandBox SandboxChanged Pulling Pulled Created "
        "Started Killing BackOff Unhealthy ProbeWarning FailedMount FailedAttachVolume FailedSync "
        "NetworkNotReady MissingClusterDNS DNSConfigForming FailedKillPod FailedPodSandBoxStatus "
        "FailedCreatePodContainer InspectFailed ErrImageNeverPull FailedPostStartHook "
        "FailedPreStopHook Evicted Preempted NodeNotReady TaintManagerEviction ExceededGracePeriod "
        "SuccessfulAttachVolume HostPortConflict"
    ).split()
) - {"NodeNotReady"}


@dataclass(frozen=True)
class Said:
    """A row of events, taken apart; the object is None where the row does not name it.

    `pod` is the one that the message names. Rows below one header share their `group`.
    """

    reason: str
    message: str
    quote: Quote
    type: str = ""
    time: str = ""
    first: str = ""
    count: int | None = None
    reporter: str = ""
    object: Subject | None = None
    namespace: str = ""
    group: int = 0
    pod: Subject | None = None


def parse(part: Part) -> Parsed:
    """Return the events of a part; a gap where it holds none that can be read."""
    command = asked(part.command)
    subject = part.subject
    if not subject.kind and command.verb == "describe" and len(command.names) == 1:
        subject = Subject(command.kind, command.names[0], command.namespace)
    lines = part.text.split("\n")
    events = events_in(lines, part=part, first=part.first_line, subject=subject)
    if events:
        return Parsed(items=tuple(events))
    said = [(at, line.strip()) for at, line in enumerate(map(plain, lines)) if telling(line)]
    if not said:
        return Parsed()
    at, line = said[0]
    if REFUSED.match(line):
        kind = GapKind.DENIED if DENIED.search(line) else GapKind.UNREACHABLE
        because = f"line {part.first_line + at}: {visible(line)[:300]}"
        return Parsed(gaps=(Gap(f"events in {part.origin}", kind, because),))
    return Parsed(items=tuple(alone(lines, part)))


def telling(line: str) -> bool:
    """Whether a line holds more than a header, a rule, or that there are no events."""
    if opened := OPENING.match(line):
        line = opened["rest"]
    silent = not line.strip() or is_rule(line) or NOTHING.match(line) or is_header(line)
    return not silent


def alone(lines: Sequence[str], part: Part) -> Iterator[Event]:
    """Yield events of which only the messages were pasted."""
    namespace = asked(part.command).namespace
    for index, text in unwrap(lines):
        if telling(text):
            message = text.strip()[:LONGEST]
            pod = pod_in(message)
            yield Event(
                subject=pod or Subject("", "", namespace),
                reason="",
                message=message,
                origin=part.origin,
                quote=Quote(part.origin, visible(message), part.first_line + index),
            )


def events_in(lines: Sequence[str], *, part: Part, first: int, subject: Subject) -> list[Event]:
    """Return the events that lines show, in their order.

    `first` is the number of the first line in the origin. `subject` is the object that rows
    are about which name none themselves: the described one; Subject("") where it is not known.
    """
    command = asked(part.command)
    rows = list(rows_in(lines, part.origin, first))
    reference = part.taken_at or ages.latest(
        ages.instant(time) for one in rows for time in (one.time, one.first)
    )
    objects = objects_of(rows, subject, command)
    nodes = nodes_of(rows, objects)
    found = []
    for one, about in zip(rows, objects, strict=True):
        component, node = reporter(one.reporter)
        if about.kind in {"Pod", ""} and not about.node:
            node = node or nodes.get((about.namespace, about.name), "")
            about = replace(about, node=node)  # noqa: PLW2901
        found.append(event(one, about, component, part, reference))
    return found


def event(
    one: Said, about: Subject, component: str, part: Part, reference: datetime | None
) -> Event:
    """Return the event of a row; of two times the later one was the last."""
    last = ages.span(one.time)
    last_s, first_s, count = last.last_s, last.first_s, one.count or last.count
    if date := ages.instant(one.time):
        last_s = first_s = ages.before(reference, date)
    if one.first:
        date = ages.instant(one.first)
        other = ages.before(reference, date) if date else ages.seconds(one.first)
        told = [value for value in (last_s, other) if value is not None]
        last_s, first_s = (min(told), max(told)) if told else (None, None)
    elif one.object is not None and last.count == 1:
        first_s = None  # `get events` shows the last time alone
    return Event(
        subject=about,
        reason=one.reason,
        message=" ".join(one.message.split()),
        origin=part.origin,
        quote=one.quote,
        type=one.type,
        component=component,
        count=count,
        age_s=last_s,
        first_age_s=first_s,
        last_at=ages.at(part.taken_at, last_s) or ages.instant(one.time),
        first_at=ages.at(part.taken_at, first_s) or ages.instant(one.first),
    )


def reporter(text: str) -> tuple[str, str]:
    """Return (component, node) of `kubelet, node-1` or `{kubelet node-1}`."""
    words = text.strip("{} ").replace(",", " ").split()
    return (words[0] if words else "", words[1] if len(words) > 1 else "")


# ---------------------------------------------------------------- what rows are about


def objects_of(rows: Sequence[Said], subject: Subject, command: Asked) -> list[Subject]:
    """Return the object of each row.

    Rows below one header that name no object are about one and the same; where messages tell
    its name, all of these rows are given it. So are the namespaces of pods.
    """
    groups: dict[int, set[tuple[str, str]]] = {}
    spaces: dict[str, set[str]] = {}
    for one in rows:
        if one.pod is not None:
            if one.object is None:
                groups.setdefault(one.group, set()).add((one.pod.namespace, one.pod.name))
            if one.pod.namespace:
                spaces.setdefault(one.pod.name, set()).add(one.pod.namespace)
    single = {group: merged_name(names) for group, names in groups.items()}
    found = []
    for one in rows:
        namespace = one.namespace or command.namespace
        if one.object is not None:
            about = one.object
            if not about.kind and (about.name in spaces or one.reason in OF_PODS):
                about = replace(about, kind="Pod")
        elif subject.name:
            about = subject
        else:
            kind = "Pod" if one.reason in OF_PODS else subject.kind
            pod = single.get(one.group) or one.pod
            about = replace(pod, node="") if pod else Subject(kind)
        if not about.namespace and about.kind not in CLUSTER_SCOPED:
            told = spaces.get(about.name, set()) if about.kind == "Pod" else set()
            about = replace(
                about, namespace=namespace or (next(iter(told)) if len(told) == 1 else "")
            )
        found.append(about)
    return found


def merged_name(names: set[tuple[str, str]]) -> Subject | None:
    """Return the one pod that names are of, with its namespace where one tells it; or None."""
    if len({name for _, name in names}) != 1:
        return None
    namespaces = {namespace for namespace, _ in names if namespace}
    if len(namespaces) > 1:
        return None
    return Subject("Pod", next(iter(names))[1], next(iter(namespaces), ""))


def nodes_of(rows: Iterable[Said], objects: Iterable[Subject]) -> Mapping[tuple[str, str], str]:
    """Return the node that each pod was assigned to last, by (namespace, name)."""
    best: dict[tuple[str, str], tuple[float, str]] = {}
    for one, about in zip(rows, objects, strict=True):
        if about.kind != "Pod":
            continue
        _, node = reporter(one.reporter)
        pod = one.pod if one.reason == "Scheduled" else None
        node = node or (pod.node if pod else "")
        if node:
            age = ages.span(one.time).last_s
            when = age if age is not None else float("inf")
            key = (about.namespace, about.name)
            if key not in best or when < best[key][0]:
                best[key] = (when, node)
    return {key: node for key, (_, node) in best.items()}


def pod_in(message: str) -> Subject | None:
    """Return the pod that a message names as the one that it is about."""
    head = message[:NAMED_WITHIN]
    for pattern in POD_IN_MESSAGE:
        if found := pattern.search(head):
            groups = found.groupdict()
            node = (groups.get("node") or "").rstrip(".")
            return Subject("Pod", groups["pod"], groups.get("namespace") or "", node)
    return None


# ---------------------------------------------------------------- rows


def rows_in(lines: Sequence[str], origin: str, first: int) -> Iterator[Said]:
    """Yield the rows of events, those over several lines as one."""
    heads: Columns | None = None
    group = 0
    cleaned = [plain(line[:LONGEST]) for line in lines]
    known = list(dict.fromkeys(columns(line) for line in cleaned if is_header(line)))[:MOST_HEADS]

    def begins(line: str) -> bool:
        if is_rule(line) or is_header(line) or OPENING.match(line):
            return True
        text = line.strip()
        if any(layout.match(text) for layout in LAYOUTS):
            return True
        return any(chosen(line, one) is not None for one in known)

    for index, text in unwrap(with_breaks(with_margin(cleaned, begins), begins), begins):
        line = text
        if opened := OPENING.match(line):
            group += 1
            line = opened["rest"]
        if not line.strip() or is_rule(line) or NOTHING.match(line):
            continue
        if is_header(line):
            heads = columns(text)
            group += 1
            continue
        raw = lines[index]
        whole = plain(raw[:LONGEST]).strip() == text.strip()
        quote = Quote(origin, visible((raw if whole else text).rstrip())[:LONGEST], first + index)
        said = said_in(line, heads, quote)
        if said is not None:
            yield replace(said, group=group, pod=pod_in(said.message))


def with_margin(lines: Sequence[str], begins: Callable[[str], bool]) -> Sequence[str]:
    """Return the lines with the first one's margin restored, which selecting text loses.

    Without it the line is shorter than the terminal that cut it, and not below its header.
    """
    at = next((at for at, line in enumerate(lines) if line.strip()), None)
    if at is None or lines[at][0].isspace():
        return lines
    margins = [
        len(line) - len(line.lstrip()) for line in lines[at + 1 :] if line.strip() and begins(line)
    ]
    margin = min(margins, default=0)
    if not 0 < margin <= 8:
        return lines
    return [*lines[:at], " " * margin + lines[at], *lines[at + 1 :]]


def with_breaks(lines: Sequence[str], begins: Callable[[str], bool]) -> Sequence[str]:
    """Return the lines with a blank at the end of the longest where its message breaks by itself.

    One row of two lines looks like cut at its width; a capital behind it begins a sentence.
    """
    longest = max(map(len, lines), default=0)
    full = [
        at
        for at, line in enumerate(lines[:-1])
        if len(line) >= longest - 2 and lines[at + 1].strip() and not begins(lines[at + 1])
    ]
    if len(full) != 1 or not lines[full[0] + 1][0].isupper():
        return lines
    return [f"{line} " if at == full[0] else line for at, line in enumerate(lines)]


def is_rule(line: str) -> bool:
    """Whether a line holds nothing but the rules below a header."""
    return "--" in line and not line.strip("- \t")


def is_header(line: str) -> bool:
    """Whether a line heads a table of events, in capitals or as describe writes it."""
    words = line[:400].split()
    if len(words) < 2 or not words[0][:1].isupper():
        return False
    if words[:2] == ["Type", "Reason"] or words[0] in {"FirstSeen", "LastSeen"}:
        return True
    head = line[:LONGEST_HEADER]
    if not head.isupper():
        return False
    names = set(columns(head).names)
    return len(names & HEADS) >= 2 and bool(names & {"REASON", "MESSAGE"})


def begins_section(line: str) -> bool:
    """Whether a line of a description begins its events, although Events: is not there."""
    return is_header(line) or bool(NEW_OF_DESCRIBE.match(line.strip()))


def said_in(line: str, heads: Columns | None, quote: Quote) -> Said | None:
    """Return what a row says, by its layout; by its columns where the layout is another."""
    text = line.strip()
    for layout, read in READERS:
        if found := layout.match(text):
            return read(found, line, heads, quote)
    return by_columns(line, heads, quote) if heads else None


def rest_of(found: re.Match[str]) -> str:
    """Return what follows the cells that a layout knows."""
    return found["rest"].rstrip()


def new_of_get(found: re.Match[str], _: str, heads: Columns | None, quote: Quote) -> Said:
    """Return a row of `get events`, wide or not, or of `kubectl events`."""
    rest = rest_of(found)
    groups = found.groupdict()
    first, count, source = "", None, ""
    tail = WIDE_TAIL.search(rest[-TAIL:])
    if tail and (heads is None or "NAME" in heads):
        first, count = tail["first"], int(tail["count"])
        rest = rest[: len(rest) - len(tail[0])]
    headed = heads is not None and "SOURCE" in heads
    wide = WIDE.match(rest) if headed or tail or SUBOBJECT_NEXT.match(rest) else None
    if wide:
        source, rest = wide["from"], wide["message"]
    about = named_object(found["object"]) or Subject(found["object"].capitalize())
    if (kind := kind_of(about.kind)) and kind != about.kind:
        about = replace(about, kind=kind)
    return Said(
        reason=found["reason"],
        message=rest.strip(),
        quote=quote,
        type=found["type"],
        time=groups.get("time") or "",
        first=first,
        count=count,
        reporter=source,
        object=about,
        namespace=groups.get("namespace") or "",
    )


SUBOBJECT_NEXT = regex(r"\s+spec\.\w+\{[^}\s]{0,260}\}\s")


def old_of_get(found: re.Match[str], _: str, __: Columns | None, quote: Quote) -> Said:
    """Return a row of `get events` as it was until v1.12; NAME is the event's own."""
    name = EVENT_NAME.sub("", found["name"])
    kind = kind_of(found["kind"]) or found["kind"]
    return Said(
        reason=found["reason"],
        message=rest_of(found).strip(),
        quote=quote,
        type=found["type"] or "",
        time=found["time"],
        first=found["other"],
        count=max(int(found["count"]), 1),
        reporter=found["from"],
        object=Subject(kind, name),
        namespace=found["namespace"] or "",
    )


def old_of_describe(found: re.Match[str], _: str, __: Columns | None, quote: Quote) -> Said:
    """Return a row of describe as it was until v1.7."""
    return Said(
        reason=found["reason"],
        message=rest_of(found).strip(),
        quote=quote,
        type=found["type"] or "",
        time=found["time"],
        first=found["other"],
        count=max(int(found["count"]), 1),
        reporter=found["from"] or "",
    )


def new_of_describe(found: re.Match[str], line: str, heads: Columns | None, quote: Quote) -> Said:
    """Return a row of describe; its From may be blank, which only its column shows."""
    groups = found.groupdict()
    source, message = reported(rest_of(found), line, heads)
    return Said(
        reason=found["reason"],
        message=message,
        quote=quote,
        type=groups.get("type") or "",
        time=groups.get("time") or "",
        reporter=source,
    )


def reported(rest: str, line: str, heads: Columns | None) -> tuple[str, str]:
    """Return (who reported, message) of what follows a row's age."""
    text = rest.strip()
    blank = heads is not None and "SOURCE" in heads and not heads.between(line, "SOURCE").strip()
    if (blank and text) or FROM_BLANK.match(rest):
        known = COMPONENT.match(text)
        return (known[0], text[known.end() :].strip()) if known else ("", text)
    if found := FROM_CELL.match(text):
        return found["from"], text[found.end() :].strip()
    if known := COMPONENT.match(text):
        return known[0], text[known.end() :].strip()
    return "", text


def chosen(line: str, heads: Columns) -> Mapping[str, str] | None:
    """Return the cells of a row below heads that somebody chose; None when it is not one."""
    cells = row(line, heads)
    if cells is None or cells.extra:
        return None
    named = cells.cells
    kind = named.get("TYPE")
    if kind is not None and kind not in {"Normal", "Warning"}:
        return None
    reason = named.get("REASON")
    if reason is not None and not re.fullmatch(REASON, reason):
        return None
    seen = named.get("LAST SEEN") or named.get("AGE")
    if seen is not None and not re.fullmatch(TIME, seen):
        return None
    return named if kind or reason or seen else None


def by_columns(line: str, heads: Columns, quote: Quote) -> Said | None:
    """Return a row by its columns."""
    cells = chosen(line, heads)
    if cells is None:
        return None
    about: Subject | None = None
    if place := cells.get("OBJECT") or cells.get("NAME"):
        kind = cells.get("KIND", "")
        about = named_object(place) or Subject(kind_of(kind) or kind, EVENT_NAME.sub("", place))
    return Said(
        reason=cells.get("REASON", ""),
        message=cells.get("MESSAGE", ""),
        quote=quote,
        type=cells.get("TYPE", ""),
        time=cells.get("LAST SEEN") or cells.get("AGE") or "",
        first=cells.get("FIRST SEEN", ""),
        count=number(cells.get("COUNT")),
        reporter=cells.get("SOURCE", ""),
        object=about,
        namespace=cells.get("NAMESPACE", ""),
    )


Reader = Callable[[re.Match[str], str, Columns | None, Quote], Said]
READERS: tuple[tuple[re.Pattern[str], Reader], ...] = (
    (OLD_OF_GET, old_of_get),
    (OLD_OF_DESCRIBE, old_of_describe),
    (NEW_OF_GET, new_of_get),
    (NEW_OF_DESCRIBE, new_of_describe),
    (OBJECT_ONLY, new_of_get),
    (AGELESS, new_of_describe),
    (TYPELESS, new_of_describe),
)
