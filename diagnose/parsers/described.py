"""The lines of one object that `kubectl describe` prints: its fields, blocks and quotes.

What a field belongs to is told by its name and by what stands before it; indentation, which
pastes lose, only helps.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field

from diagnose.model import ObjectQuote, Quote, Subject
from diagnose.parsers.asked import Asked
from diagnose.parsers.part_text import PartText
from diagnose.parts import Part
from diagnose.text.clean import plain
from diagnose.text.regex import regex
from diagnose.text.shown import visible
from diagnose.values import dataclass

LONGEST = 8000  # characters of a line that are looked at
FIELD = regex(
    r"(?P<indent>\s*)(?P<key>[A-Za-z][A-Za-z0-9 ./_()-]{0,80}?):(?:\s+(?P<value>\S.*))?\s*$"
)
# Fields at the margin: they end whatever block stands before them.
TOP = frozenset(
    (
        "Name|Namespace|Priority|Priority Class Name|PriorityClassName|Runtime Class Name|Node|"
        "Service Account|Start Time|Labels|Annotations|Status|Reason|Message|IP|IPs|"
        "Controlled By|Controllers|Init Containers|Containers|Ephemeral Containers|Conditions|"
        "Volumes|QoS Class|Node-Selectors|Node-Selector|Tolerations|Events|Roles|"
        "CreationTimestamp|Taints|Unschedulable|Lease|Addresses|Capacity|Allocatable|System Info|"
        "PodCIDR|PodCIDRs|Non-terminated Pods|Allocated resources|Selector|Type|IP Family Policy|"
        "IP Families|Port|TargetPort|NodePort|Endpoints|Session Affinity|Subsets|AddressType|"
        "Ports|Replicas|StrategyType|MinReadySeconds|RollingUpdateStrategy|Pod Template|"
        "OldReplicaSets|NewReplicaSet|Desired Number of Nodes Scheduled|"
        "Current Number of Nodes Scheduled|Number of Nodes Scheduled with Up-to-date Pods|"
        "Number of Nodes Scheduled with Available Pods|Number of Nodes Misscheduled|Pods Status|"
        "Readiness Gates|External Traffic Policy|Internal Traffic Policy|LoadBalancer Ingress|"
        "External IPs|SeccompProfile|Security Context|Termination Grace Period"
    ).split("|")
)
LABEL = regex(r"\s*(?P<key>[\w./-]{1,317})=(?P<value>[\w.-]{0,63})\s*$")


@dataclass(frozen=True)
class Line:
    """A line: its field's key and value ("" each where it is none), and its number."""

    at: int
    text: str
    indent: int
    key: str = ""
    value: str = ""


@dataclass
class Described:
    """One object while it is read; `first` holds the first value of each field by its key."""

    part: Part
    lines: list[Line]
    command: Asked
    raw: Sequence[str]
    text: PartText
    first: dict[str, Line] = field(default_factory=dict)
    events_at: int | None = None
    data_at: int | None = None

    def value(self, *keys: str) -> str | None:
        """Return the value of the first of these fields that is there; None without any."""
        for key in keys:
            if key in self.first:
                return self.first[key].value
        return None

    def told(self, *keys: str) -> str:
        """Return a field's value, "" for <none> and the like."""
        value = self.value(*keys) or ""
        return "" if value in {"<none>", "<unset>", "<nil>", "<unknown>"} else value

    def quote(self, *lines: Line | None, wanted: Line | None = None) -> Quote:
        """Return the quote of a line of the object, or several in short; else of its first line.

        In short, runs of blanks in a line become one. A finding then quotes the line that is
        `wanted`, without one the last of those that are there.
        """
        shown = [line for line in lines if line is not None] or self.lines[:1]
        if len(shown) == 1:
            text = self.raw[shown[0].at].rstrip()
        else:
            text = "  ".join(" ".join(line.text.split()) for line in shown)
        begin, end = self.lines[0].at, self.lines[-1].at + 1
        fields = FieldLines(self.text, begin, end, (wanted or shown[-1]).at)
        return ObjectQuote(
            self.part.origin,
            visible(text)[:LONGEST],
            self.part.first_line + shown[0].at,
            summary=len(shown) > 1,
            lines=fields,
        )

    def under(self, key: str) -> list[Line]:
        """Return the lines of a block: from its field up to the next one at the margin.

        A block that was begun with a value holds that line too, as a line of its own.
        """
        head = self.first.get(key)
        if head is None:
            return []
        start = next(at for at, line in enumerate(self.lines) if line is head)
        block = []
        for line in self.lines[start + 1 :]:
            if line.key in TOP and line.indent <= head.indent and line.key != "":
                break
            block.append(line)
        return block

    def mapping(self, *keys: str) -> dict[str, str] | None:
        """Return labels or a selector; {} for <none>, None when the field is not there."""
        key = next((one for one in keys if one in self.first), None)
        if key is None:
            return None
        head = self.first[key]
        found: dict[str, str] = {}
        texts = head.value.split(",") if head.value not in {"<none>", "<unset>"} else []
        start = next(at for at, line in enumerate(self.lines) if line is head)
        for line in self.lines[start + 1 :]:
            if not LABEL.match(line.text):
                break
            texts.append(line.text)
        for text in texts:
            if label := LABEL.match(text):
                found[label["key"]] = label["value"]
        return found

    def subject(self, kind: str) -> Subject:
        """Return the object's subject, by its own fields, the part's, or the command's."""
        name, namespace = self.told("Name"), self.told("Namespace")
        known = self.part.subject if self.part.subject.kind == kind else Subject(kind)
        names = self.command.names if self.command.kind in {kind, ""} else ()
        if not name and len(names) == 1 and "Name" not in self.first:
            name = names[0]
        if kind == "Node":
            return Subject(kind, name or known.name)
        return Subject(
            kind,
            name or known.name,
            namespace or known.namespace or self.command.namespace,
            known.node,
        )


# What checks call a field, and the fields that say it.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "name": ("Name",),
    "labels": ("Labels",),
    "image": ("Image",),
    "selector": ("Selector",),
    "cluster_ips": ("IP", "IPs"),
    "internal_traffic_policy": ("Internal Traffic Policy",),
    "ports": ("Port",),
    "targets": ("TargetPort", "Port"),
    "addresses": ("NotReadyAddresses", "Addresses", "IP", "Endpoints"),
    "ips": ("IP", "IPs"),
    "taints": ("Taints",),
    "pod_cidrs": ("PodCIDRs", "PodCIDR"),
    "kubelet_version": ("Kubelet Version",),
    "annotations": ("Annotations",),
    "conditions": ("Conditions",),
    "end": ("Reason",),
}


@dataclass(frozen=True)
class FieldLines:
    """The lines of what is described, from `begin` to `end`, and the one that it is quoted for.

    They are gone through again where a finding quotes one of them.
    """

    text: PartText
    begin: int
    end: int
    at: int

    def quote(self, wanted: tuple[str, ...]) -> Quote | None:
        """Return a field's line; where an entry of it is meant, the line that holds that."""
        if not wanted:
            (raw,) = self.text.lines(self.at, 1)
            return self.text.quote(self.at, raw)
        keys = FIELDS.get(wanted[0], ())
        raw_lines = self.text.lines(self.begin, self.end - self.begin)
        lines = [line_of(at, plain(raw[:LONGEST])) for at, raw in enumerate(raw_lines, self.begin)]
        for key in keys:
            inside = False
            for line in lines:
                at_field = line.key == key
                inside = at_field or (inside and not (line.key in TOP and line.key))
                if (at_field and len(wanted) == 1) or (inside and holds(line.text, wanted[1:])):
                    return self.text.quote(line.at, raw_lines[line.at - self.begin])
        return None


def holds(text: str, entries: tuple[str, ...]) -> bool:
    """Whether a text holds one of these as a word."""
    return any(re.search(rf"(?<![\w./-]){re.escape(one)}(?![\w./-])", text) for one in entries)


def line_of(at: int, text: str) -> Line:
    """Return a line with its field, where it is one."""
    indent = len(text) - len(text.lstrip())
    match = FIELD.match(text)
    if match is None:
        return Line(at, text, indent)
    return Line(at, text, indent, match["key"], (match["value"] or "").rstrip())


def node_of(one: Described) -> str:
    """Return the node's name of `Node: node-1/10.77.0.11`; "" where it is not told."""
    return one.told("Node").partition("/")[0].strip()
