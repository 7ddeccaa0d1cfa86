"""The lines of an object in YAML or JSON, found when a finding quotes one of its fields.

Nothing is kept of an object but the place where it begins: hardly any is ever quoted, and what
says which line decides is had by reading that one again. What is found is what stands there:
a line of YAML or of printed JSON, and of JSON in one line the shortest piece that holds the field.

Limits: YAML in flow style over several lines and JSON that had to be mended keep their summary;
what is in flow style in one line is quoted with that line, and of a text that goes over several
lines the first is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from diagnose.model import Quote
from diagnose.parsers.decode import DECODER, DOCUMENT, MOST_REPAIRED, Decoded, Document, repaired
from diagnose.parsers.part_text import PartText
from diagnose.text.regex import regex
from diagnose.values import dataclass

LONGEST_PIECE = 300  # of a list or mapping that is quoted whole
MOST_LINES = 20_000  # of one object

Path = tuple[str | int, ...]
Paths = Iterator[Path]
Wanted = tuple[str, ...]


@dataclass(frozen=True)
class ObjectLines:
    """Where an object of a kind stands: its first line from 0, and of JSON the brace."""

    text: PartText
    kind: str
    line: int
    at: int

    def quote(self, wanted: Wanted) -> Quote | None:
        """Return the line of a field, () for what an object of its kind is quoted for."""
        known = FIELDS.get(self.kind, {}).get(wanted[0] if wanted else "")
        if known is None:
            return None
        body: Body = YAMLBody(self.text, self.line) if self.at < 0 else JSONBody(self.text, self.at)
        value = body.value()
        if not isinstance(value, dict):
            return None
        inner = value.get("kubeletconfig")
        prefix: Path = ("kubeletconfig",) if isinstance(inner, dict) else ()
        for path in known(inner if prefix else value, *wanted[1:]):
            if found := body.quote((*prefix, *path)):
                return found
        return None


# ---------------------------------------------------------------- JSON

SPACE = regex(r"[\s\ufeff]*")


class JSONBody:
    """An object of JSON at a position."""

    def __init__(self, text: PartText, at: int) -> None:
        """Take the text as it stands."""
        self.whole = text
        self.text = text.part.text
        self.at = at

    def value(self) -> Any:
        """Return the object; of one that was cut off what there is."""
        try:
            return DECODER.raw_decode(self.text, self.at)[0]
        except (ValueError, RecursionError):
            end = min(len(self.text), self.at + MOST_REPAIRED)
            return repaired(self.text, self.at, end)[0]

    def quote(self, path: Path) -> Quote | None:
        """Return the piece of a field: its key and value, or of what is too long its first value.

        An item of a list is quoted with its list where that is short.
        """
        keys = len(path)
        while keys and isinstance(path[keys - 1], int):
            keys -= 1
        try:
            for length in dict.fromkeys((keys, len(path))):
                start, begin, end = self.span(path[:length])
                if fits(self.text[start:end], self.text[begin]):
                    return self.whole.quote(self.whole.line_at(start), self.text[start:end])
            deeper = first_of(DECODER.raw_decode(self.text, begin)[0])
        except (ValueError, LookupError, RecursionError):
            return None
        return None if deeper is None else self.quote((*path, deeper))

    def span(self, path: Path) -> tuple[int, int, int]:
        """Return where a field's key begins, where its value does, and where that ends.

        Raises ValueError and LookupError where the path leads nowhere.
        """
        start = begin = self.at
        for step in path:
            start, begin = (
                self.member(begin, step) if isinstance(step, str) else self.item(begin, step)
            )
        return start, begin, DECODER.raw_decode(self.text, begin)[1]

    def member(self, at: int, key: str) -> tuple[int, int]:
        """Return where the key of an object begins, and its value."""
        found: tuple[int, int] | None = None
        at = self.inside(at, "{")
        while self.text[at] == '"':
            start = at
            name, at = DECODER.raw_decode(self.text, at)
            at = self.skip(self.skip(at) + 1)
            if name == key:
                found = start, at
                break
            at = self.behind(at)
        if found is None:
            raise KeyError(key)
        return found

    def item(self, at: int, index: int) -> tuple[int, int]:
        """Return where an item of a list begins, twice, as it has no key."""
        at = self.inside(at, "[")
        for _ in range(index):
            at = self.behind(at)
        return at, at

    def inside(self, at: int, mark: str) -> int:
        """Return where the first member of a collection begins."""
        if self.text[at] != mark:
            raise KeyError(mark)
        return self.skip(at + 1)

    def behind(self, at: int) -> int:
        """Return where what follows a value and its comma begins."""
        at = self.skip(DECODER.raw_decode(self.text, at)[1])
        return self.skip(at + 1) if self.text[at] == "," else at

    def skip(self, at: int) -> int:
        """Return the position behind blanks."""
        match = SPACE.match(self.text, at)
        return match.end() if match else at


def fits(piece: str, mark: str) -> bool:
    """Whether a piece is quoted whole: in one line, and short unless it is a single value."""
    return "\n" not in piece and (mark not in "{[" or len(piece) <= LONGEST_PIECE)


def first_of(value: object) -> str | int | None:
    """Return the first key or index of a collection; None of an empty one and of a single value."""
    if isinstance(value, dict):
        return next(iter(value), None)
    return 0 if isinstance(value, list) and value else None


# ---------------------------------------------------------------- YAML

DASHED = regex(r"( *)- ( *\S)?|( *)-$")


class YAMLBody:
    """An object of YAML from a line on, in block style, as an item of a list or by itself."""

    def __init__(self, text: PartText, line: int) -> None:
        """Take its lines: those that are indented as its first one, or more."""
        self.whole = text
        self.line = line
        self.raw = own_lines(text.lines(line, MOST_LINES))
        self.shown = [line.replace("\u00a0", " ").expandtabs(8) for line in self.raw]

    def value(self) -> Any:
        """Return the object, each section of which is read when it is asked for."""
        return Sections(self.undashed()) if self.shown else None

    def undashed(self) -> list[str]:
        """Return the lines, without the dash of an item of a list."""
        lines = list(self.shown)
        if DASHED.match(lines[0]):
            lines[0] = lines[0].replace("-", " ", 1)
        return lines

    def quote(self, path: Path) -> Quote | None:
        """Return the line of a field; of one whose value stands below it the first of that."""
        if not self.shown:
            return None
        lines = self.undashed()
        block: tuple[int, int] | None = (0, len(lines))
        at = 0
        if lines[0].lstrip()[:1] in ("{", "[") and flows(lines[0]):
            return self.whole.quote(self.line, self.raw[0])
        for step in path:
            if block is None and flows(lines[at]):
                break  # in flow style, the line holds what is sought
            found = below(lines, block, step) if block else None
            if found is None:
                return None
            at, block = found
        while block and (deeper := first_below(lines, block)) is not None:
            found = below(lines, block, deeper)
            if found is None:
                break
            at, block = found
        return self.whole.quote(self.line + at, self.raw[at])


class Sections(dict[str, Any]):
    """What stands in the lines of a mapping: of an object one section is asked for, of many."""

    def __init__(self, lines: list[str]) -> None:
        """Note where the sections are; what is in flow style is one."""
        super().__init__()
        heads = list(heads_of(lines, 0, len(lines)))
        matches = (KEY.match(lines[at].lstrip()) for at in heads)
        names = [key_of(match) if match else "" for match in matches]
        ends = [*heads[1:], len(lines)]
        self.blocks = {
            name: lines[at:end] for name, at, end in zip(names, heads, ends, strict=True) if name
        }
        if not self.blocks:
            value = Document(lines, 0, Decoded(), quiet=True).value()
            self.update(value if isinstance(value, dict) else {})

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of a key, which is read now."""
        if block := self.blocks.pop(key, None):
            value = Document(block, 0, Decoded(), quiet=True).value()
            self.update(value if isinstance(value, dict) else {})
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        """Whether a key is there."""
        return key in self.blocks or super().__contains__(key)

    def __getitem__(self, key: str) -> Any:
        """Return the value of a key that is there."""
        return self.get(key)


def key_of(match: re.Match[str]) -> str:
    """Return the key that begins a line."""
    return match[0].rstrip().removesuffix(":").strip("\"'")


def flows(line: str) -> bool:
    """Whether a line holds a collection that is whole, in flow style."""
    match = KEY.match(line.strip().removeprefix("- ").lstrip())
    value = line.strip().removeprefix("- ").lstrip()[match.end() if match else 0 :].strip()
    return value[:1] in ("{", "[") and value[-1:] in ("}", "]")


def own_lines(lines: Sequence[str]) -> list[str]:
    """Return the lines of the object that begins with the first of these."""
    if not lines or lines[0].lstrip()[:1] in ("{", "["):
        return []
    margin = indent_of(lines[0])
    dashed = DASHED.match(lines[0])
    for number, line in enumerate(lines):
        if not number or not line.strip() or line.lstrip().startswith("#"):
            continue
        indent = indent_of(line)
        if DOCUMENT.match(line) or indent < margin or (dashed and indent == margin):
            return list(lines[:number])
    return list(lines)


def indent_of(line: str) -> int:
    """Return how many blanks a line begins with."""
    return len(line) - len(line.lstrip())


def below(
    lines: list[str], block: tuple[int, int], step: str | int
) -> tuple[int, tuple[int, int] | None] | None:
    """Return (the line of a member, the lines of its value) of a collection's lines.

    A value that stands beside its key has none. The dash of an item that is gone into is blanked.
    """
    heads = list(heads_of(lines, *block))
    if isinstance(step, int):
        if step >= len(heads) or not is_dash(lines[heads[step]]):
            return None
        at = heads[step]
        end = heads[step + 1] if step + 1 < len(heads) else block[1]
        line = lines[at]
        indent = indent_of(line)
        lines[at] = f"{line[:indent]} {line[indent + 1 :]}"
        inner = lines[at].strip()
        keyed = bool(KEY.match(inner)) or is_dash(inner) or not inner
        return at, (at, end) if keyed else None
    names = (f"{step}:", f'"{step}":', f"'{step}':")
    for number, at in enumerate(heads):
        text = lines[at].strip()
        name = next((name for name in names if text.startswith(name)), None)
        if name is None or text[len(name) : len(name) + 1] not in ("", " "):
            continue
        end = heads[number + 1] if number + 1 < len(heads) else block[1]
        beside = text[len(name) :].strip()
        if beside and not beside.startswith("#"):
            return at, None
        return at, (at + 1, end) if any(line.strip() for line in lines[at + 1 : end]) else None
    return None


KEY = regex(r"""(?:"[^"\n]{1,300}"|'[^'\n]{1,300}'|[^\s#'"{\[][^\n]{0,300}?):(?: |$)""")


def heads_of(lines: Sequence[str], begin: int, end: int) -> Iterator[int]:
    """Yield the lines with which members of a collection begin.

    A list may be indented as the key that it is the value of.
    """
    margin: int | None = None
    dashes = False
    for at in range(begin, end):
        line = lines[at]
        bare = line.lstrip()
        if not bare or bare.startswith("#"):
            continue
        indent = len(line) - len(bare)
        if margin is None:
            margin, dashes = indent, is_dash(bare)
        if indent == margin and is_dash(bare) == dashes:
            yield at


def is_dash(text: str) -> bool:
    """Whether a line is an item of a list."""
    return text.lstrip()[:2] in ("- ", "-")


def first_below(lines: Sequence[str], block: tuple[int, int]) -> str | int | None:
    """Return the first member of a collection's lines; None where it is none that is known."""
    at = next(heads_of(lines, *block), None)
    if at is None:
        return None
    text = lines[at].strip()
    if is_dash(text):
        return 0
    match = KEY.match(text)
    return key_of(match) if match else None


Body = YAMLBody | JSONBody


# ---------------------------------------------------------------- what decides


Field = Callable[..., Paths]


def at(value: object, *path: str | int) -> Any:
    """Return what lies at a path; None where it leads nowhere."""
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and step < len(value) else None
    return value


def items(value: object, *path: str) -> Iterator[tuple[int, Any]]:
    """Yield the items of a list at a path with their numbers."""
    found = at(value, *path)
    yield from enumerate(found if isinstance(found, list) else ())


def told(*paths: Path) -> Field:
    """Return a field that stands at the first of these paths that leads somewhere."""

    def field(value: object, *_: str) -> Paths:
        yield from (path for path in paths if at(value, *path) is not None)

    return field


def keyed(*path: str) -> Field:
    """Return a field of mappings, of which one key may be meant."""

    def field(value: object, *keys: str) -> Paths:
        if all(isinstance(at(value, *path, key), str | int) for key in keys):
            yield from ((*path, key) for key in keys)
        if not keys and at(value, *path):
            yield path

    return field


def listed(*path: str) -> Field:
    """Return a field of a list, of which one item may be meant."""

    def field(value: object, *wanted: str) -> Paths:
        for number, one in items(value, *path):
            if not wanted or str(one) in wanted:
                yield (*path, number)
        if not wanted and at(value, *path) is not None:
            yield path

    return field


def listed_by(key: str, tells: Sequence[str], *path: str) -> Field:
    """Return a field of a list of mappings: of that which a key names, what tells most."""

    def field(value: object, *wanted: str) -> Paths:
        for number, one in items(value, *path):
            if not wanted or str(at(one, key)) in wanted:
                for tell in tells:
                    if at(one, tell) not in (None, ""):
                        yield (*path, number, tell)

    return field


def one_of(*fields: Field) -> Field:
    """Return a field that is the first of several that leads somewhere."""

    def field(value: object, *wanted: str) -> Paths:
        for each in fields:
            yield from each(value, *wanted)

    return field


STATUSES = ("initContainerStatuses", "containerStatuses")
BEGINS = frozenset({"", "PodInitializing", "ContainerCreating", "Completed"})


def pod(value: object, *_: str) -> Paths:
    """Yield what says how a pod is: why it does not run, that it is not ready, its phase."""
    for state, key in (("waiting", "reason"), ("terminated", "reason")):
        for name in STATUSES:
            for number, one in items(value, "status", name):
                reason = at(one, "state", state, key)
                if isinstance(reason, str) and reason not in BEGINS:
                    yield "status", name, number, "state", state, key
    if at(value, "status", "reason"):
        yield "status", "reason"
    for number, one in items(value, "status", "conditions"):
        if at(one, "type") == "PodScheduled" and at(one, "status") == "False":
            yield from (("status", "conditions", number, key) for key in ("message", "reason"))
    for number, one in items(value, "status", "containerStatuses"):
        if at(one, "ready") is False:
            yield "status", "containerStatuses", number, "ready"
    for number, one in items(value, "status", "containerStatuses"):
        if at(one, "state", "waiting", "reason"):
            yield "status", "containerStatuses", number, "state", "waiting", "reason"
    for number, _ in items(value, "status", "containerStatuses"):
        yield "status", "containerStatuses", number, "ready"
    if at(value, "status", "phase"):
        yield "status", "phase"


def last_end(value: object, *reasons: str) -> Paths:
    """Yield how a container's run ended, the present state's or the last one's."""
    for name in STATUSES:
        for number, one in items(value, "status", name):
            for state in ("state", "lastState"):
                if at(one, state, "terminated", "reason") in reasons:
                    yield "status", name, number, state, "terminated", "reason"


def node(value: object, *_: str) -> Paths:
    """Yield what says that a node is not ready."""
    for number, one in items(value, "status", "conditions"):
        if at(one, "type") == "Ready" and at(one, "status") != "True":
            path = ("status", "conditions", number)
            yield from ((*path, key) for key in ("message", "reason", "status") if at(one, key))


def endpoints(value: object, *_: str) -> Paths:
    """Yield what stands behind a Service: what is not ready first, then that there is nothing."""
    for number, _ in items(value, "subsets"):
        for index, _ in items(at(value, "subsets", number), "notReadyAddresses"):
            yield "subsets", number, "notReadyAddresses", index, "ip"
    for number, one in items(value, "endpoints"):
        if at(one, "conditions", "ready") is False:
            yield "endpoints", number, "conditions", "ready"
    for key in ("endpoints", "subsets"):
        if isinstance(value, dict) and key in value and not value[key]:
            yield (key,)
    yield from address(value)


def address(value: object, *wanted: str) -> Paths:
    """Yield the addresses that stand behind a Service, or those of them that are meant."""
    for number, one in items(value, "subsets"):
        for key in ("addresses", "notReadyAddresses"):
            for index, each in items(one, key):
                if not wanted or at(each, "ip") in wanted:
                    yield "subsets", number, key, index, "ip"
    for number, one in items(value, "endpoints"):
        for index, each in items(one, "addresses"):
            if not wanted or each in wanted:
                yield "endpoints", number, "addresses", index


def daemon_set(value: object, *_: str) -> Paths:
    """Yield that no pods are wanted, or how many are ready."""
    none = at(value, "status", "desiredNumberScheduled") == 0
    keys = ("desiredNumberScheduled",) if none else ("numberReady", "desiredNumberScheduled")
    yield from (("status", key) for key in keys if at(value, "status", key) is not None)


def deployment(value: object, *_: str) -> Paths:
    """Yield that no pods are wanted, or how many are ready; 0 is not told."""
    if at(value, "spec", "replicas") == 0:
        yield "spec", "replicas"
    for key in ("readyReplicas", "unavailableReplicas", "replicas"):
        if at(value, "status", key) is not None:
            yield "status", key


def policy(value: object, *_: str) -> Paths:
    """Yield for which traffic a policy is, as Kubernetes or Calico name it; what goes out first."""
    for key in ("policyTypes", "types"):
        for number, one in items(value, "spec", key):
            if one == "Egress":
                yield "spec", key, number
        if at(value, "spec", key):
            yield "spec", key
    for key in ("egress", "ingress"):
        if at(value, "spec", key):
            yield "spec", key


def cluster_address(value: object, *wanted: str) -> Paths:
    """Yield where the Services' range and the control plane's addresses are told."""
    paths: tuple[Path, ...] = (
        ("networking", "serviceSubnet"),
        ("controlPlaneEndpoint",),
        ("localAPIEndpoint", "advertiseAddress"),
        ("api", "advertiseAddress"),
    )
    yield from (path for path in paths if any(one in str(at(value, *path)) for one in wanted))


def empty(*path: str) -> Field:
    """Return a field that is told to hold nothing."""

    def field(value: object, *_: str) -> Paths:
        owner = at(value, *path[:-1])
        if isinstance(owner, dict) and path[-1] in owner and not owner[path[-1]]:
            yield path

    return field


TEMPLATE = ("spec", "template", "spec")
OF_TEMPLATE = {
    "template": told((*TEMPLATE, "dnsPolicy"), (*TEMPLATE, "hostNetwork")),
    "template_labels": keyed("spec", "template", "metadata", "labels"),
}
NAME = {"name": told(("metadata", "name"))}
LABELS = {"labels": keyed("metadata", "labels")}
# By kind, and by the words of the checks; "" is what an object is quoted for without one.
FIELDS: Mapping[str, Mapping[str, Field]] = {
    "Pod": {
        "": pod,
        **NAME,
        "image": listed_by("name", ("image",), "spec", "containers"),
        "command": listed_by("name", ("command", "args"), "spec", "containers"),
        "end": last_end,
        "ips": told(("status", "podIP")),
        "dns_policy": told(("spec", "dnsPolicy"), ("spec", "hostNetwork")),
        "subdomain": told(("spec", "subdomain")),
        **LABELS,
    },
    "Service": {
        **NAME,
        "": told(("spec", "clusterIP"), ("spec", "type")),
        "cluster_ips": told(("spec", "clusterIP"), ("spec", "clusterIPs")),
        "addresses": told(("spec", "clusterIP"), ("spec", "clusterIPs")),
        "selector": keyed("spec", "selector"),
        "ports": listed_by("port", ("port",), "spec", "ports"),
        "targets": listed_by("port", ("targetPort", "port"), "spec", "ports"),
        "internal_traffic_policy": told(("spec", "internalTrafficPolicy")),
        **LABELS,
    },
    "Endpoints": {"": endpoints, "addresses": address},
    "EndpointSlice": {"": endpoints, "addresses": address},
    "DaemonSet": {"": daemon_set, **OF_TEMPLATE, **LABELS},
    "Deployment": {"": deployment, **OF_TEMPLATE, **LABELS},
    "StatefulSet": {**OF_TEMPLATE, **LABELS},
    "Node": {
        **NAME,
        "": node,
        "conditions": listed_by("type", ("message", "reason", "status"), "status", "conditions"),
        "taints": listed_by("key", ("key",), "spec", "taints"),
        "pod_cidrs": told(("spec", "podCIDR"), ("spec", "podCIDRs")),
        "addresses": listed_by("address", ("address",), "status", "addresses"),
        "kubelet_version": told(("status", "nodeInfo", "kubeletVersion")),
        "annotations": keyed("metadata", "annotations"),
        **LABELS,
    },
    "Event": {"": told(("message",), ("note",), ("reason",))},
    "ClusterRole": {"": empty("rules")},
    "ClusterRoleBinding": {"": told(("roleRef", "name"))},
    **{
        kind: {"": policy}
        for kind in (
            "NetworkPolicy",
            "GlobalNetworkPolicy",
            "CiliumNetworkPolicy",
            "CiliumClusterwideNetworkPolicy",
        )
    },
    "KubeletConfiguration": {
        "": told(("clusterDNS",), ("clusterDomain",), ("resolvConf",)),
        "cluster_dns": one_of(listed("clusterDNS"), empty("clusterDNS")),
        "cluster_domain": one_of(told(("clusterDomain",)), empty("clusterDomain")),
    },
    **{
        kind: {
            "": told(
                ("networking", "podSubnet"),
                ("networking", "serviceSubnet"),
                ("controlPlaneEndpoint",),
                ("localAPIEndpoint", "advertiseAddress"),
            ),
            "pod_cidrs": told(("networking", "podSubnet")),
            "addresses": cluster_address,
        }
        for kind in ("ClusterConfiguration", "InitConfiguration")
    },
    "Status": {"": told(("message",), ("reason",))},
}
