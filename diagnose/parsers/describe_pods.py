"""Pods as `kubectl describe pod` prints them.

Limits: describe shows no dates of a pod's conditions, neither its dnsPolicy nor its hostNetwork;
that is told where the pod's address is its node's. A container's message over several lines is
kept up to its next field.
Source: kubernetes/kubectl pkg/describe/describe.go (describePod, describeContainers), v0.15,
v0.30; kubernetes/kubernetes pkg/printers/internalversion/printers.go (printPod), v1.30, for the
word of the STATUS column.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime

from diagnose.facts.events import Event
from diagnose.facts.pods import Container, Pod
from diagnose.model import Quote, Subject
from diagnose.parsers import ages
from diagnose.parsers.columns import number
from diagnose.parsers.described import LONGEST, Described, Line, node_of
from diagnose.parts import Parsed
from diagnose.text.regex import regex
from diagnose.values import dataclass

CONTAINER_KEYS = frozenset(
    (
        "Container ID|Image|Image ID|Port|Ports|Host Port|Host Ports|SeccompProfile|Command|Args|"
        "State|Last State|Reason|Message|Exit Code|Signal|Started|Finished|Ready|Restart Count|"
        "Limits|Requests|QoS Tier|Liveness|Readiness|Startup|Environment|Environment Variables|"
        "Environment Variables from|Mounts|Devices|Restart Policy|Target Container"
    ).split("|")
)
FIRST_OF_CONTAINER = frozenset({"Container ID", "Image", "Image ID", "Port", "Ports", "State"})
BLOCKS = {
    "Init Containers": "init",
    "Containers": "containers",
    "Ephemeral Containers": "ephemeral",
}
CONDITION = regex(r"\s*(?P<type>[A-Z][\w./-]{1,100})\s+(?P<status>True|False|Unknown)\s*$")
SIZES = {
    "": 1,
    "m": 0.001,
    **{unit: 1000**power for power, unit in enumerate("kMGTPE", 1)},
    **{f"{unit}i": 1024**power for power, unit in enumerate("KMGTPE", 1)},
}
SIZE = regex(r"(?P<number>\d{1,18}(?:\.\d{1,9})?)(?P<unit>[kKMGTPE]?i?|m)$")
PHASES = ("Running", "Pending", "Failed", "Succeeded", "Unknown", "Terminating")


@dataclass
class Draft:
    """A container while its lines are read."""

    name: str
    block: str
    lines: dict[str, Line] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    state: dict[str, str] = field(default_factory=dict)
    last: dict[str, str] = field(default_factory=dict)
    args: list[str] = field(default_factory=list)
    limits: dict[str, str] = field(default_factory=dict)


def pod(one: Described, about: Subject, seen: Sequence[Event]) -> Parsed:
    """Return the pod that a description is of; its name by its events where it has lost it."""
    drafts = containers(one.lines)
    made = [(draft, container(draft)) for draft in drafts]
    inits = tuple(item for draft, item in made if draft.block == "init")
    mains = tuple(item for draft, item in made if draft.block == "containers")
    conditions = {
        found["type"]: found["status"]
        for line in one.under("Conditions")
        if (found := CONDITION.match(line.text))
    }
    word = one.told("Status").split(" ")[0]
    if not (mains or inits or conditions or word or "Node" in one.first or "IP" in one.first):
        return Parsed()
    named = next((event.subject for event in seen if event.subject.name), about)
    if not about.name and named.kind == "Pod":
        about = named
    about = replace(about, node=about.node or node_of(one) or named.node)
    deleting = word == "Terminating"
    started = ages.instant(one.told("Start Time"))
    reference = reference_of(one, started, seen)
    counts = [item.restarts for item in mains if item.restarts is not None]
    ended = ages.latest(item.last_finished_at for item in mains)
    ips, host = addresses(one)
    reason = own(one, "Reason")
    ready = {"True": True, "False": False}.get(conditions.get("Ready", ""))
    told = [item.ready for item in mains]
    whole = bool(mains) and "Containers" in one.first
    if ready is None and told and None not in told:
        ready = all(told) and word not in {"Succeeded", "Failed"}
    item = Pod(
        subject=about,
        origin=one.part.origin,
        quote=pod_quote(one, drafts),
        status=status_word(word, reason, inits, mains, conditions),
        phase="" if deleting or word not in PHASES else word,
        ready=ready,
        ready_containers=sum(map(bool, told)) if whole and None not in told else None,
        total_containers=len(mains) if whole else None,
        restarts=sum(counts) if counts else None,
        last_restart_age_s=ages.before(reference, ended),
        age_s=ages.before(reference, started),
        ips=ips,
        labels=one.mapping("Labels"),
        containers=mains,
        init_containers=inits,
        conditions=conditions,
        owner=one.told("Controlled By", "Controllers"),
        host_network=host,
        deleting=deleting,
        started_at=started,
        node_selector=one.mapping("Node-Selectors", "Node-Selector"),
        message=own(one, "Message"),
    )
    return Parsed(items=(item,))


def own(one: Described, key: str) -> str:
    """Return the value of a field that containers have too, where it is the pod's own."""
    line = one.first.get(key)
    heads = (
        one.first.get(head) for head in ("Init Containers", "Containers", "State", "Last State")
    )
    before = line is not None and all(head is None or line.at < head.at for head in heads)
    return one.told(key) if before else ""


def reference_of(
    one: Described, started: datetime | None, seen: Sequence[Event]
) -> datetime | None:
    """Return when the description was taken: as told, else by what has a date and an age too.

    These are the pod's start, with the event Scheduled, and the last start of a container, with
    the event Started. The latest date alone would not do: a pod that runs well has only old ones.
    """
    if one.part.taken_at is not None:
        return one.part.taken_at
    starts = [ages.instant(line.value) for line in one.lines if line.key == "Started"]
    pairs = (("Scheduled", started), ("Started", ages.latest(starts)))
    found = []
    for reason, date in pairs:
        told = [e.age_s for e in seen if e.reason == reason and e.age_s is not None]
        if date is not None and told:
            found.append(ages.at(date, -min(told)))
    return ages.latest(found)


def addresses(one: Described) -> tuple[tuple[str, ...] | None, bool | None]:
    """Return (the pod's addresses, whether it has its node's network) as far as told."""
    found: list[str] = []
    known = False
    for line in one.lines:
        if line.key in BLOCKS:
            break
        if line.key == "IP":
            known = True
            if line.value and line.value != "<none>":
                found.append(line.value)
    if not known:
        return None, None
    ips = tuple(dict.fromkeys(found))
    host = one.told("Node").partition("/")[2].strip()
    return ips, (host in ips) if host and ips else None


def containers(lines: Sequence[Line]) -> list[Draft]:
    """Return the containers of a pod, init containers too, in their order.

    A container begins with a name alone, followed by its first fields.
    """
    drafts: list[Draft] = []
    block = ""
    part = ""  # the field whose lines follow
    message: tuple[dict[str, str], int] | None = None
    for at, line in enumerate(lines):
        key = line.key
        if key in BLOCKS and not line.value:
            block, part, message = BLOCKS[key], "", None
            continue
        if not block and key in {"State", "Last State", "Restart Count", "Container ID"}:
            block = "containers"  # a piece out of the middle
            drafts.append(Draft("", block))
        if not block:
            continue
        if key in {"Conditions", "Volumes", "QoS Class", "Node-Selectors", "Tolerations", "Events"}:
            block, part, message = "", "", None
            continue
        if key and key not in CONTAINER_KEYS and not line.value and begins_container(lines, at):
            drafts.append(Draft(key, block))
            part, message = "", None
            continue
        if not drafts:
            continue
        draft = drafts[-1]
        into = draft.state if part == "State" else draft.last if part == "Last State" else None
        if key in {
            "Args",
            "Command",
            "Limits",
            "Requests",
            "Mounts",
            "Environment",
            "Environment Variables",
        }:
            part, message = key, None
        elif key in {"State", "Last State"}:
            into = draft.state if key == "State" else draft.last
            into["state"] = line.value
            draft.lines.setdefault(key, line)
            part, message = key, None
        elif into is not None and key in {
            "Reason",
            "Exit Code",
            "Signal",
            "Started",
            "Finished",
            "Message",
        }:
            into.setdefault(key, line.value)
            draft.lines.setdefault(f"{part} {key}", line)
            message = (into, line.indent) if key == "Message" else None
        elif key in CONTAINER_KEYS:
            draft.values.setdefault(key, line.value)
            draft.lines.setdefault(key, line)
            part, message = key, None
        elif part in {"Command", "Args"} and line.text.strip():
            draft.args.append(line.text.strip())
        elif part == "Limits" and key:
            draft.limits.setdefault(key, line.value)
        elif message is not None and line.text.strip():
            into_message = message[0]
            if len(into_message["Message"]) < LONGEST:
                into_message["Message"] += f" {line.text.strip()}"
    return drafts


def begins_container(lines: Sequence[Line], at: int) -> bool:
    """Whether a name alone is a container's: by the field behind it, or by what it ends."""
    following = next((line for line in lines[at + 1 : at + 4] if line.text.strip()), None)
    return following is not None and following.key in FIRST_OF_CONTAINER


def container(draft: Draft) -> Container:
    """Return a container from its lines."""
    restarts = number(draft.values.get("Restart Count"))
    return Container(
        name=draft.name,
        image=draft.values.get("Image", ""),
        ready={"True": True, "False": False}.get(draft.values.get("Ready", "")),
        restarts=restarts,
        state=draft.state.get("state", "").split(" ")[0].lower(),
        reason=draft.state.get("Reason", ""),
        message=draft.state.get("Message", ""),
        exit_code=exit_code(draft.state),
        started_at=ages.instant(draft.state.get("Started", "")),
        last_reason=draft.last.get("Reason", ""),
        last_exit_code=exit_code(draft.last),
        last_message=draft.last.get("Message", ""),
        last_finished_at=ages.instant(draft.last.get("Finished", "")),
        args=tuple(draft.args),
        memory_limit_bytes=bytes_of(draft.limits.get("memory", "")),
    )


def exit_code(state: Mapping[str, str]) -> int | None:
    """Return the exit code of a state."""
    text = state.get("Exit Code", "")
    return int(text) if re.fullmatch(r"-?\d{1,9}", text) else None


def bytes_of(text: str) -> int | None:
    """Return the bytes of a quantity such as 170Mi; None where it is none."""
    found = SIZE.match(text.strip())
    if found is None or found["unit"] not in SIZES:
        return None
    return int(float(found["number"]) * SIZES[found["unit"]])


def status_word(
    phase: str,
    reason: str,
    inits: Sequence[Container],
    mains: Sequence[Container],
    conditions: Mapping[str, str],
) -> str:
    """Return the word of kubectl's STATUS column for a pod."""
    if phase == "Terminating":
        return phase
    word = reason or phase
    for at, one in enumerate(inits):
        if one.state == "terminated" and one.exit_code == 0:
            continue
        if one.state == "terminated":
            return f"Init:{one.reason or f'ExitCode:{one.exit_code}'}"
        if one.state == "waiting" and one.reason not in {"", "PodInitializing"}:
            return f"Init:{one.reason}"
        if one.state in {"waiting", "running"}:
            # One that goes on beside the others, a sidecar, is done when it is ready.
            if one.state == "running" and one.ready:
                continue
            return f"Init:{at}/{len(inits)}"
    running = False
    for one in reversed(mains):
        if one.state == "waiting" and one.reason:
            word = one.reason
        elif one.state == "terminated":
            word = one.reason or f"ExitCode:{one.exit_code}"
        elif one.state == "running" and one.ready:
            running = True
    if word == "Completed" and running:
        return "NotReady" if conditions.get("Ready") == "False" else "Running"
    return word


def pod_quote(one: Described, drafts: Sequence[Draft]) -> Quote:
    """Return the lines that say how a pod is: its worst container's, or its Status."""
    for draft in drafts:
        waits = draft.state.get("Reason") and draft.block != "ephemeral"
        done = draft.state.get("Reason") == "Completed" and draft.state.get("Exit Code") == "0"
        if waits and not done:
            lines = draft.lines
            shown = [lines.get("State"), lines.get("State Reason"), lines.get("State Exit Code")]
            shown += [lines.get("Last State"), lines.get("Last State Reason")]
            shown += [lines.get("Last State Exit Code"), lines.get("Restart Count")]
            return one.quote(*shown, wanted=lines.get("State Reason"))
    unready = next((d for d in drafts if d.values.get("Ready") == "False"), None)
    if unready:
        lines = unready.lines
        shown = [lines.get("State"), lines.get("Ready"), lines.get("Restart Count")]
        return one.quote(*shown, wanted=lines.get("Ready"))
    return one.quote(one.first.get("Status") or one.first.get("Name"))
