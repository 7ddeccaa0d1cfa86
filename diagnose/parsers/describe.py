"""`kubectl describe` of pods, nodes, services, endpoints, slices, workloads and ConfigMaps.

Objects may follow each other, begin in the middle, or have lost their indentation: what a field
belongs to is told by its name and by what stands before it, with indentation only a help. The
kind of an object is told by the fields that it has.

Limits: of a ConfigMap's data those values are read that a parser exists for.
Source: kubernetes/kubectl pkg/describe/describe.go (NodeDescriber, ServiceDescriber,
EndpointsDescriber, EndpointSliceDescriber, DaemonSetDescriber, DeploymentDescriber,
ConfigMapDescriber), v0.15, v0.30.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from diagnose.facts.events import Event
from diagnose.facts.network_policies import (
    EGRESS,
    NetworkPolicy,
    Peer,
    PolicyPort,
    PolicyRuleSet,
    Selector,
)
from diagnose.facts.nodes import Node
from diagnose.facts.services import Endpoint, Endpoints, Service, ServicePort
from diagnose.facts.workloads import DaemonSet, Deployment
from diagnose.model import CLUSTER, Gap, GapKind, Subject
from diagnose.parsers import ages, events, parser_of
from diagnose.parsers.asked import Asked, asked
from diagnose.parsers.columns import listed, number
from diagnose.parsers.describe_pods import PHASES, pod
from diagnose.parsers.described import LONGEST, TOP, Described, Line, line_of, node_of
from diagnose.parsers.part_text import PartText
from diagnose.parsers.tables import SERVICE_LABEL, SLICE, addresses_of, ports_of
from diagnose.parts import Kind, Parsed, Part
from diagnose.text.clean import plain
from diagnose.text.regex import regex

MOST_LINES = 500_000
NAME_FOLLOWS = regex(
    r"\s*(?:Namespace|Labels|Roles|Annotations|Node|Priority|Subsets|Selector|Image Repository|"
    r"Containers|Status|Reason|Start Time|Events|Service Account|AddressType|Provisioner|Taints):"
    r"(?:\s|$)"
    r"|\s*(?:Data$|\[?\.{2,}|…)"
)
ELISION = regex(r"\s*(?:\.{2,}|…|\[\.\.\.\]|\[…\]|<snip>|\(\.\.\.\))\s*$")
NODE_CONDITION = regex(
    rf"\s*(?P<type>[A-Z]\w{{1,100}})\s+(?P<status>True|False|Unknown)"
    rf"(?:\s+(?:{ages.DATE}|<unknown>)){{0,2}}(?:\s+(?P<reason>[A-Z]\w{{1,100}}))?"
    r"(?:\s+(?P<message>\S.*))?$"
)
ADDRESS = regex(
    r"\s*(?P<type>InternalIP|ExternalIP|LegacyHostIP|InternalDNS|ExternalDNS):\s+(?P<value>\S+)"
)
OLD_ADDRESSES = regex(r"[0-9a-fA-F.:]{2,45}")
REPLICAS = regex(r"(?<!\d)(\d++) (desired|updated|total|available|unavailable)")
PORT_LINE = regex(r"(?P<name><unset>|[a-z0-9][a-z0-9-]{0,62})?\s*(?P<port>\d{1,5}/[A-Z]{3,4})$")
PORT_ROW = regex(
    r"\s*(?P<name><unset>|[a-z0-9][a-z0-9-]{0,62})\s+(?P<port>\d{1,5})\s+(?P<protocol>TCP|UDP|SCTP)\s*$"
)
DATA_KEY = regex(r"\s*(?P<key>[\w.-]{1,253}):\s*$")
DATA_RULE = regex(r"\s*-{4}\s*$")
SECTION_RULE = regex(r"\s*={4,}\s*$")
DATA_KINDS = (
    (regex(r"Corefile|[\w-]*\.server"), Kind.COREFILE),
    (regex(r"kubelet|kubelet-config.*"), Kind.KUBELET_CONFIG),
    (regex(r"net-conf\.json"), Kind.NET_CONF),
    (regex(r"cni-conf\.json|cni_network_config|.*\.conflist"), Kind.CNI_CONFIG),
)
# What kind of object has a field that no other kind has; the first that is there counts.
OWN_FIELDS: tuple[tuple[str, str], ...] = (
    ("Desired Number of Nodes Scheduled", "DaemonSet"),
    ("Current Number of Nodes Scheduled", "DaemonSet"),
    ("StrategyType", "Deployment"),
    ("NewReplicaSet", "Deployment"),
    ("Pod Template", "Workload"),
    ("Replicas", "Workload"),
    ("Subsets", "Endpoints"),
    ("NotReadyAddresses", "Endpoints"),
    ("AddressType", "EndpointSlice"),
    ("System Info", "Node"),
    ("Non-terminated Pods", "Node"),
    ("Taints", "Node"),
    ("PodCIDR", "Node"),
    ("PodCIDRs", "Node"),
    ("Roles", "Node"),
    ("Unschedulable", "Node"),
    ("Allocatable", "Node"),
    ("Kubelet Version", "Node"),
    ("(heartbeats)", "Node"),
    ("(data)", "ConfigMap"),
    ("Policy Types", "NetworkPolicy"),
    ("PodSelector", "NetworkPolicy"),
    ("Session Affinity", "Service"),
    ("IP Families", "Service"),
    ("IP Family Policy", "Service"),
    ("TargetPort", "Service"),
    ("Containers", "Pod"),
    ("Init Containers", "Pod"),
    ("Restart Count", "Pod"),
    ("Last State", "Pod"),
    ("Start Time", "Pod"),
    ("QoS Class", "Pod"),
    ("Node-Selectors", "Pod"),
    ("Tolerations", "Pod"),
    ("Controlled By", "Pod"),
    ("Container ID", "Pod"),
    ("State", "Pod"),
    ("Endpoints", "Service"),
)
# Behind these a Name is that of a volume's source.
INNER = frozenset(
    {"Containers", "State", "Restart Count", "Mounts", "Conditions", "Volumes", "Pod Template"}
)
SERVICE_TYPES = frozenset({"ClusterIP", "NodePort", "LoadBalancer", "ExternalName"})


def parse(part: Part) -> Parsed:
    """Return the objects and events that a part describes."""
    raw = part.text.split("\n")
    command = asked(part.command)
    items: list[object] = []
    gaps: list[Gap] = []
    if len(raw) > MOST_LINES:
        because = f"more than {MOST_LINES} lines: the rest was left out"
        gaps.append(Gap(what_of(part), GapKind.PARTIAL, because))
        raw = raw[:MOST_LINES]
    lines = [line_of(at, plain(text[:LONGEST])) for at, text in enumerate(raw)]
    text = PartText(part)
    for piece in objects(lines):
        found = read(piece, part, command, raw, text)
        items += found.items
        gaps += found.gaps
    if not items and not gaps and any(telling(line) for line in lines):
        because = "no object that could be read"
        gaps.append(Gap(what_of(part), GapKind.MALFORMED, because))
    return Parsed(items=tuple(items), gaps=tuple(gaps))


def what_of(part: Part) -> str:
    """Return how gaps call a part."""
    return f"{part.origin} as {part.kind.value}"


def telling(line: Line) -> bool:
    """Whether a line holds more than blanks or a mark that something was left out."""
    return bool(line.text.strip()) and not ELISION.match(line.text)


def objects(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Yield the lines of each object; a new one begins with a Name that describes follows.

    A node has its Taints once: where grep left no more of several, each is one.
    """
    piece: list[Line] = []
    margin: int | None = None
    tainted = False
    data = False  # a ConfigMap's values may hold anything
    for number_, line in enumerate(lines):
        if line.key == "Name" and line.value and (margin is None or line.indent <= margin):
            following = [one.text for one in lines[number_ + 1 : number_ + 4] if one.text.strip()]
            begins = any(map(NAME_FOLLOWS.match, following)) or (not piece and bool(following))
            if begins and (margin is None or not data or line.indent <= margin):
                if any(map(telling, piece)):
                    yield piece
                piece, data, tainted = [], False, False
                margin = line.indent
        elif line.key == "Taints" and (margin is None or line.indent <= margin) and not data:
            if tainted:
                yield piece
                piece = []
            tainted = True
        elif line.text.strip() == "Data":
            data = True
        piece.append(line)
    if any(map(telling, piece)):
        yield piece


def read(
    lines: list[Line], part: Part, command: Asked, raw: Sequence[str], text_of: PartText
) -> Parsed:
    """Return what one object's description tells, with its events."""
    one = Described(part, lines, command, raw, text_of)
    for number_, line in enumerate(lines):
        text = line.text.strip()
        if one.data_at is None and text == "Data" and rule_follows(lines, number_):
            one.data_at = number_
            one.first.setdefault("(data)", line)
        if one.data_at is None and "LastHeartbeatTime" in line.text:
            one.first.setdefault("(heartbeats)", line)
        outside = one.data_at is None or line.indent <= lines[one.data_at].indent
        if outside and (line.key == "Events" or events.begins_section(line.text)):
            one.events_at = number_
            break
        inner = line.key == "Name" and not INNER.isdisjoint(one.first)
        if one.data_at is None and line.key and not inner:
            one.first.setdefault(line.key, line)
    kind = kind_of(one)
    build = BUILDERS.get(kind)
    subject = one.subject(kind) if kind else one.part.subject
    body = one.lines if one.events_at is None else one.lines[: one.events_at]
    tail = [] if one.events_at is None else one.lines[one.events_at :]
    seen = []
    if tail:
        if kind == "Pod" or not kind:
            subject = replace(subject, node=subject.node or node_of(one))
        seen = events.events_in(
            [raw[line.at] for line in tail],
            part=part,
            first=part.first_line + tail[0].at,
            subject=subject,
        )
    one.lines = body or one.lines[:1]
    if not kind and seen and one.told("Name") and all(e.reason in events.OF_PODS for e in seen):
        kind, subject = "Pod", one.subject("Pod")
        seen = [replace(e, subject=replace(e.subject, kind="Pod")) for e in seen]
    found = build(one, subject, seen) if build and body else Parsed()
    return Parsed(items=(*found.items, *seen), gaps=found.gaps)


def rule_follows(lines: Sequence[Line], at: int) -> bool:
    """Whether the line behind this one is the rule below a heading."""
    return at + 1 < len(lines) and bool(SECTION_RULE.match(lines[at + 1].text))


def kind_of(one: Described) -> str:
    """Return the kind of the object by its fields, else by command or part; "" when not told."""
    found = next((kind for key, kind in OWN_FIELDS if key in one.first), "")
    if found == "Workload" and "updated" in one.told("Replicas"):
        return "Deployment"
    if found == "Workload":
        found = one.command.kind
        return found if found in BUILDERS else "ReplicaSet"
    if one.told("Type") in SERVICE_TYPES:
        return "Service"
    if found:
        return found
    if one.told("Status").split(" ")[0] in PHASES and one.command.kind in {"", "Pod"}:
        return "Pod"
    return one.command.kind or one.part.subject.kind


# ---------------------------------------------------------------- nodes


def node(one: Described, about: Subject, _: Sequence[Event]) -> Parsed:
    """Return the node that a description is of."""
    conditions: dict[str, str] = {}
    messages: dict[str, str] = {}
    ready_line: Line | None = None
    times: list[datetime | None] = []
    for line in one.under("Conditions") or one.lines:
        if found := NODE_CONDITION.match(line.text):
            conditions.setdefault(found["type"], found["status"])
            if found["message"]:
                messages.setdefault(found["type"], found["message"].strip())
            if found["type"] == "Ready":
                ready_line = ready_line or line
            times += [ages.instant(text) for text in re.findall(ages.DATE, line.text)]
    labels = one.mapping("Labels")
    found_addresses = [
        match["value"]
        for line in one.under("Addresses")
        if (match := ADDRESS.match(line.text)) and match["type"].endswith("IP")
    ]
    if old := one.told("Addresses"):
        found_addresses += OLD_ADDRESSES.findall(old)
    created = ages.instant(one.told("CreationTimestamp"))
    reference = one.part.taken_at or ages.latest([*times, created])
    cidrs = listed(one.value("PodCIDRs", "PodCIDR"))
    if not (conditions or labels or one.told("Kubelet Version") or cidrs or "Taints" in one.first):
        return Parsed()
    item = Node(
        subject=about,
        origin=one.part.origin,
        quote=one.quote(*node_lines(one, ready_line)),
        ready={"True": True, "False": False, "Unknown": False}.get(conditions.get("Ready", "")),
        conditions=conditions,
        messages=messages,
        kubelet_version=one.told("Kubelet Version"),
        os_image=one.told("OS Image"),
        kernel=one.told("Kernel Version"),
        runtime=one.told("Container Runtime Version"),
        pod_cidrs=cidrs,
        addresses=tuple(dict.fromkeys(found_addresses)),
        taints=taints(one),
        labels=labels,
        annotations=annotations_of(one),
        age_s=ages.before(reference, created),
    )
    return Parsed(items=(item,))


def node_lines(one: Described, ready: Line | None) -> tuple[Line | None, ...]:
    """Return the lines to quote of a node: its state, or its name and what keeps pods away."""
    if ready is not None:
        return (ready,)
    head = one.first.get("Taints")
    return (one.first.get("Name"), head if taints(one) else None)


def taints(one: Described) -> tuple[str, ...] | None:
    """Return a node's taints as `key=value:Effect`; None where they are not told."""
    head = one.first.get("Taints")
    if head is None:
        return None
    texts = [] if head.value in {"", "<none>"} else [head.value]
    for line in one.lines:
        if line.at > head.at and texts:
            if line.key in TOP or not re.match(r"\s+[\w./-]+(?:=[\w.-]*)?:\w+\s*$", line.text):
                break
            texts.append(line.text.strip())
    return tuple(texts)


def annotations_of(one: Described) -> dict[str, str] | None:
    """Return annotations; None where they are not told. A value of several lines is cut."""
    head = one.first.get("Annotations")
    if head is None:
        return None
    found: dict[str, str] = {}
    start = next(at for at, line in enumerate(one.lines) if line is head)
    texts = [head.value]
    for line in one.lines[start + 1 :]:
        if line.key in TOP or not re.match(r"\s+[\w./-]+[:=]", line.text):
            break
        texts.append(line.text.strip())
    for text in texts:
        match = re.match(r"(?P<key>[\w./-]+)(?:: |=|:$)\s*(?P<value>.*)$", text)
        if match:
            found[match["key"]] = match["value"]
    return found


# ---------------------------------------------------------------- services and their endpoints


def service(one: Described, about: Subject, _: Sequence[Event]) -> Parsed:
    """Return the Service that a description is of, and the endpoints that it shows."""
    families = one.told("IP Families")
    ports, behind = service_ports(one)
    address_lines = [line for line in one.lines if line.key in {"IP", "IPs"}]
    told = [part for line in address_lines for part in listed(line.value) or ()]
    cluster_ips = tuple(dict.fromkeys(one_ for one_ in told if one_ != "None"))
    shown = [one.first.get(key) for key in ("Selector", "Type", "IP")]
    item = Service(
        subject=about,
        origin=one.part.origin,
        quote=one.quote(*shown) if any(shown) else one.quote(one.first.get("Name")),
        type=one.told("Type"),
        cluster_ips=cluster_ips if address_lines else None,
        ports=ports,
        selector=one.mapping("Selector"),
        labels=one.mapping("Labels"),
        ip_families=tuple(part.strip() for part in families.split(",") if part.strip()),
        internal_traffic_policy=one.told("Internal Traffic Policy"),
    )
    items: list[object] = [item] if len(one.first) > 1 else []
    if behind:
        found: list[str] = []
        more = 0
        for line in behind:
            addresses_, further = addresses_of(line.value)
            found += addresses_
            more = max(more, further)
        items.append(
            Endpoints(
                subject=replace(about, kind="Endpoints"),
                service=about.name,
                origin=one.part.origin,
                quote=one.quote(behind[0]),
                endpoints=tuple(map(Endpoint, dict.fromkeys(found))),
                more=more,
            )
        )
    return Parsed(items=tuple(items))


def service_ports(one: Described) -> tuple[tuple[ServicePort, ...] | None, list[Line]]:
    """Return (the ports, None where they are not told; the lines Endpoints)."""
    ports: list[ServicePort] = []
    behind: list[Line] = []
    known = False
    for line in one.lines:
        if line.key == "Port":
            known = True
            if found := PORT_LINE.match(line.value):
                (port,) = ports_of(found["port"]) or (None,)
                name = found["name"] or ""
                if port is not None:
                    ports.append(replace(port, name="" if name == "<unset>" else name))
        elif line.key == "TargetPort" and ports and not ports[-1].target:
            ports[-1] = replace(ports[-1], target=line.value.partition("/")[0])
        elif line.key == "Endpoints":
            behind.append(line)
    return (tuple(ports) if known else None), behind


def endpoints(one: Described, about: Subject, _: Sequence[Event]) -> Parsed:
    """Return the Endpoints that a description is of: several subsets as one."""
    found: list[Endpoint] = []
    shown: list[Line] = []
    ports: list[ServicePort] = []
    for line in one.lines:
        if line.key in {"Addresses", "NotReadyAddresses"}:
            shown.append(line)
            ready = line.key == "Addresses"
            found += [Endpoint(address, ready) for address in addresses_of(line.value)[0]]
        elif row := PORT_ROW.match(line.text):
            name = "" if row["name"] == "<unset>" else row["name"]
            ports.append(ServicePort(int(row["port"]), row["protocol"], name))
    if not shown and "Subsets" not in one.first:
        return Parsed()
    lost = (line for line in shown if line.key == "NotReadyAddresses" and "<none>" not in line.text)
    unready = next(lost, shown[0] if shown else None)
    item = Endpoints(
        subject=about,
        service=about.name,
        origin=one.part.origin,
        quote=one.quote(*shown[:2], wanted=unready)
        if shown
        else one.quote(one.first.get("Subsets")),
        endpoints=tuple(dict.fromkeys(found)),
        ports=tuple(dict.fromkeys(ports)) or None,
    )
    return Parsed(items=(item,))


def endpoint_slice(one: Described, about: Subject, _: Sequence[Event]) -> Parsed:
    """Return the endpoints of the slice that a description is of."""
    found: list[Endpoint] = []
    ports: list[ServicePort] = []
    first: Line | None = None
    group: list[str] = []
    ready, pod_name, node_name = True, "", ""

    def close() -> None:
        found.extend(Endpoint(address, ready, pod_name, node_name) for address in group)

    for line in one.lines:
        bare = line_of(line.at, line.text.replace("- ", "  ", 1)) if "- " in line.text else line
        if bare.key == "Addresses":
            close()
            first = first or line
            group, ready, pod_name, node_name = list(listed(bare.value) or ()), True, "", ""
        elif bare.key == "Ready":
            ready = bare.value != "false"
        elif bare.key == "TargetRef" and bare.value.startswith("Pod/"):
            pod_name = bare.value.removeprefix("Pod/").rpartition("/")[2]
        elif bare.key == "NodeName" and bare.value != "<unset>":
            node_name = bare.value
        elif row := PORT_ROW.match(line.text):
            name = "" if row["name"] == "<unset>" else row["name"]
            ports.append(ServicePort(int(row["port"]), row["protocol"], name))
    close()
    labels = one.mapping("Labels") or {}
    generated = SLICE.match(about.name)
    name = labels.get(SERVICE_LABEL, generated["service"] if generated else about.name)
    if first is None and "Endpoints" not in one.first:
        return Parsed()
    item = Endpoints(
        subject=about,
        service=name,
        origin=one.part.origin,
        quote=one.quote(first or one.first.get("Endpoints") or one.first.get("Name")),
        endpoints=tuple(found),
        ports=tuple(ports) or None,
    )
    return Parsed(items=(item,))


# ---------------------------------------------------------------- workloads


def images(one: Described) -> tuple[str, ...]:
    """Return the images of a pod template's containers."""
    return tuple(
        dict.fromkeys(line.value for line in one.lines if line.key == "Image" and line.value)
    )


def template_labels(one: Described) -> dict[str, str] | None:
    """Return the labels below Pod Template; None where they are not told."""
    head = one.first.get("Pod Template")
    if head is None:
        return None
    inner = Described(
        one.part, [line for line in one.lines if line.at > head.at], one.command, one.raw, one.text
    )
    for line in inner.lines:
        if line.key:
            inner.first.setdefault(line.key, line)
    return inner.mapping("Labels")


def deployment(one: Described, about: Subject, _: Sequence[Event]) -> Parsed:
    """Return the Deployment that a description is of."""
    counts = {word: int(count[:9]) for count, word in REPLICAS.findall(one.told("Replicas"))}
    if "Name" not in one.first and not counts:
        return Parsed()
    item = Deployment(
        subject=about,
        origin=one.part.origin,
        quote=one.quote(one.first.get("Replicas") or one.first.get("Name")),
        desired=counts.get("desired"),
        available=counts.get("available"),
        labels=one.mapping("Labels") if outside_template(one, "Labels") else None,
        selector=one.mapping("Selector"),
        template_labels=template_labels(one),
        images=images(one),
    )
    return Parsed(items=(item,))


def outside_template(one: Described, key: str) -> bool:
    """Whether a field is the workload's own, not its template's."""
    line, head = one.first.get(key), one.first.get("Pod Template")
    return line is not None and (head is None or line.at < head.at)


def daemon_set(one: Described, about: Subject, _: Sequence[Event]) -> Parsed:
    """Return the DaemonSet that a description is of; available pods count as ready ones."""
    item = DaemonSet(
        subject=about,
        origin=one.part.origin,
        quote=one.quote(
            one.first.get("Desired Number of Nodes Scheduled"),
            one.first.get("Number of Nodes Scheduled with Available Pods"),
        ),
        desired=number(one.value("Desired Number of Nodes Scheduled")),
        current=number(one.value("Current Number of Nodes Scheduled")),
        ready=number(one.value("Number of Nodes Scheduled with Available Pods")),
        labels=one.mapping("Labels") if outside_template(one, "Labels") else None,
        selector=one.mapping("Selector"),
        node_selector=one.mapping("Node-Selector"),
        images=images(one),
    )
    return Parsed(items=(item,))


# ---------------------------------------------------------------- ConfigMaps


def config_map(one: Described, about: Subject, _: Sequence[Event]) -> Parsed:
    """Return what the values of a ConfigMap configure, each by the parser of its kind."""
    items: list[object] = []
    gaps: list[Gap] = []
    for key, first, text in values(one):
        kind = next((kind for pattern, kind in DATA_KINDS if pattern.fullmatch(key)), None)
        if kind is None or not text.strip():
            continue
        part = replace(
            one.part,
            kind=kind,
            text=text,
            first_line=one.part.first_line + first,
            subject=CLUSTER if kind is Kind.KUBELET_CONFIG else one.part.subject,
        )
        found = parser_of(kind)(part)
        items += found.items
        gaps += found.gaps
    return Parsed(items=tuple(items), gaps=tuple(gaps))


def values(one: Described) -> Iterator[tuple[str, int, str]]:
    """Yield (key, number of its first line from 0, text) of each value of a ConfigMap."""
    lines = one.lines
    start = (one.data_at if one.data_at is not None else -1) + 1
    keys = [
        at
        for at in range(start, len(lines) - 1)
        if DATA_KEY.match(lines[at].text) and DATA_RULE.match(lines[at + 1].text)
    ]
    ends = [
        at
        for at in range(start, len(lines) - 1)
        if lines[at].text.strip() == "BinaryData" and SECTION_RULE.match(lines[at + 1].text)
    ]
    end = ends[-1] if ends else len(lines)
    for at, following in pairwise([*keys, end]):
        match = DATA_KEY.match(lines[at].text)
        if match is None or at >= end:
            continue
        inside = lines[at + 2 : following]
        if inside:
            text = "\n".join(one.raw[line.at].rstrip("\r") for line in inside)
            yield match["key"], inside[0].at, text.rstrip() + "\n"


Builder = Callable[[Described, Subject, Sequence[Event]], Parsed]
# ---------------------------------------------------------------- policies


TO_PORT = regex(r"\s*To Port:\s+(?P<port>\S{1,40})/(?P<protocol>TCP|UDP|SCTP)\s*$")
TO_WHOM = regex(r"\s*(?:To|From):\s*(?P<any><any>)?")
PEER = regex(r"\s*(?P<what>NamespaceSelector|PodSelector):\s*(?P<labels>\S.*)?$")
BLOCK = regex(r"\s*CIDR:\s*(?P<cidr>[\da-fA-F.:/]{3,50})")
RULE_END = regex(r"\s*-{6,}\s*$")


def network_policy(one: Described, about: Subject, _: Sequence[Event]) -> Parsed:
    """Return the policy that a description is of, with its rules for what goes out.

    What comes in is told alone as a type, since nothing is compared with it here.
    Source: kubernetes/kubectl v0.30 pkg/describe/describe.go (describeNetworkPolicySpec).
    """
    types = tuple(filter(None, re.split(r"[,\s]+", one.told("Policy Types"))))
    head = one.first.get("Policy Types")
    if not types or EGRESS not in types:
        return Parsed()
    labels = {} if "<none>" in (one.value("PodSelector") or "") else one.mapping("PodSelector")
    rules: list[PolicyRuleSet] = []
    ports: list[PolicyPort] = []
    peers: list[Peer] = []
    anybody = inside = False
    for line in (*one.lines, None):
        text = line.text if line else ""
        if "Allowing egress traffic" in text or "Egress traffic:" in text:
            inside = True
        elif inside and (line is None or RULE_END.match(text) or line.key == "Policy Types"):
            if ports or peers or anybody:
                rules.append(
                    PolicyRuleSet(
                        None if anybody or not peers else tuple(peers), tuple(ports) or None
                    )
                )
            ports, peers, anybody = [], [], False
            inside = line is not None and line.key != "Policy Types"
        elif inside and (found := TO_PORT.match(text)):
            number = found["port"]
            ports.append(PolicyPort(found["protocol"], int(number) if number.isdigit() else number))
        elif inside and (found := PEER.match(text)):
            pairs = (pair.partition("=") for pair in (found["labels"] or "").split(","))
            told = Selector({key: value for key, _, value in pairs if value})
            of_pods = found["what"] == "PodSelector"
            peers.append(Peer(pods=told) if of_pods else Peer(namespaces=told))
        elif inside and (found := BLOCK.match(text)):
            peers.append(Peer(cidr=found["cidr"]))
        elif inside and (found := TO_WHOM.match(text)):
            anybody = anybody or bool(found["any"]) or "To Port: <any>" in text
    item = NetworkPolicy(
        subject=about,
        origin=one.part.origin,
        quote=one.quote(one.first.get("Name"), head),
        selector=Selector(labels or {}),
        types=types,
        egress=tuple(rules),
    )
    return Parsed(items=(item,))


BUILDERS: dict[str, Builder] = {
    "NetworkPolicy": network_policy,
    "Pod": pod,
    "Node": node,
    "Service": service,
    "Endpoints": endpoints,
    "EndpointSlice": endpoint_slice,
    "Deployment": deployment,
    "DaemonSet": daemon_set,
    "ConfigMap": config_map,
}
