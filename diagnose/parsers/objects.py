"""Kubernetes API objects, and kubelet configurations, as JSON or YAML in whatever state.

Every field may be missing or of another type than the API says: it is then left untold. What the
API server defaults or leaves out when it is zero counts as told only where the object came from
one. Secrets are never looked into.

A Corefile (or another value of a ConfigMap) that YAML holds as a literal block keeps the origin
and the line numbers of the file. Where it is one escaped string, in JSON and where YAML quotes
it, its origin is `<origin>, <key>` and its lines count from 1 in the value.

Ages: without the time at which a part was taken, its latest time stands in for that. Events then
have ages to compare; an object is at least as old as that says, which tells nothing when it is
short.

Limits: the ConfigMap of kube-dns (stubDomains, upstreamNameservers) is not read, since CoreDNS
does not; neither are the `*.override` pieces of coredns-custom by themselves. ClusterRoles and
bindings are read where they are named for CoreDNS or bound to its account, or were asked for.
Source: kubernetes/kubernetes pkg/printers/internalversion/printers.go (printPod), v1.35, for the
word of the STATUS column; kubernetes/apimachinery pkg/util/duration/duration.go; kubernetes/api
core/v1, events/v1, discovery/v1, apps/v1, rbac/v1, v0.30; kubernetes/kubelet config/v1beta1.
"""

from __future__ import annotations

import base64
import binascii
import bisect
import ipaddress
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from diagnose.asks import Ask
from diagnose.facts.cluster_ranges import ClusterRanges
from diagnose.facts.corefile import Corefile
from diagnose.facts.events import Event
from diagnose.facts.kubelet_config import KubeletConfig
from diagnose.facts.nodes import Node
from diagnose.facts.pods import Container, Pod
from diagnose.facts.rbac import ClusterRole, ClusterRoleBinding, PolicyRule
from diagnose.facts.services import Endpoint, Endpoints, Service, ServicePort
from diagnose.facts.workloads import DaemonSet, Deployment, PodTemplate
from diagnose.model import CLUSTER, Gap, GapKind, ObjectQuote, Quote, Subject
from diagnose.parsers import ages, config
from diagnose.parsers.corefile import corefile_of
from diagnose.parsers.decode import LEFT_OUT, Decoded, Found, Placed, decode
from diagnose.parsers.describe_pods import bytes_of
from diagnose.parsers.foreign_policies import dialect_of, policies_of
from diagnose.parsers.object_lines import ObjectLines
from diagnose.parsers.part_text import PartText
from diagnose.parsers.policies import policy_of
from diagnose.parts import Kind, Parsed, Part
from diagnose.text.clean import plain
from diagnose.text.regex import regex
from diagnose.text.shown import visible
from diagnose.values import dataclass

LONGEST = 8000  # characters of a quote
LONGEST_MESSAGE = 20_000
NAMES = regex(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")  # of hosts, in a command
SHORT_S = 120.0  # an age known as a lower bound says nothing below this
# The times that the API writes when something happens; a deletion's and an expiry lie ahead.
TIMES = regex(
    r"(?:[tT]ime|(?<!deletion)(?<!expiration)Timestamp|At)\"?:\s*\"?"
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z)"
)


@dataclass(frozen=True)
class Place:
    """Where an object stands, and what the rest of its part tells.

    `now` is when the part was taken; unless `exact` it is only known to be no earlier. `custom`
    holds the files that the Corefile can import. `roles` are bound to CoreDNS's account.
    """

    part: Part
    text: PartText
    now: datetime | None
    exact: bool
    custom: Mapping[str, str] | None = None
    roles: frozenset[str] = frozenset()

    def age(self, time: datetime | None) -> float | None:
        """Return an object's age in seconds; None where no more is known than that it is short."""
        found = ages.before(self.now, time)
        return found if self.exact or (found is not None and found >= SHORT_S) else None

    def since(self, time: datetime | None) -> float | None:
        """Return how long before the latest thing known a time lies, in seconds."""
        return ages.before(self.now, time)

    def quote(self, found: Found, *cells: str, said: str = "") -> Quote:
        """Return a row rendered from an object, with the number of its name's line.

        What is `said` in the last cell is all of a line, which needs it no second time.
        """
        text = visible("   ".join(cell for cell in cells if cell))
        short = text[: -len(said)].rstrip() if said and text.endswith(said) else ""
        return self.quoted(found, text[:LONGEST], found.name_line, short)

    def quoted(self, found: Found, text: str, line: int, short: str = "") -> Quote:
        """Return a text that tells an object in short, with the way to the object's lines."""
        lines = ObjectLines(self.text, kind_of(found), found.line, found.at)
        number = self.part.first_line + line
        return ObjectQuote(self.part.origin, text, number, summary=True, short=short, lines=lines)


NO_ITEMS = regex(r'^\s{0,8}"?items"?: \[\],?\s*$', re.MULTILINE)  # of a list that is empty
Made = Iterator[object]
Builder = Callable[[Found, Place], Made]


def parse(part: Part) -> Parsed:
    """Return the items of all objects in a part, and gaps for what could not be read of it."""
    return made_of(decode(part.text), part)


def made_of(found: Decoded, part: Part) -> Parsed:
    """Return the items and gaps of what a part was decoded to."""
    items: list[object] = []
    gaps: list[Gap] = []
    place = place_of(found, part)
    for one in with_holes(found):
        builder = BUILDERS.get(kind_of(one))
        if builder is None or (one.open and kind_of(one) in ONLY_WHOLE):
            continue
        for made in builder(one, place):
            if isinstance(made, Gap):
                gaps.append(made)
            else:
                items.append(made)
    if not found.found:
        said = refusals(part)
        items += said.items
        gaps += said.gaps
    gaps += troubles(found, part, any_read=bool(found.found or items or gaps))
    return Parsed(items=tuple(items), gaps=tuple(dict.fromkeys(gaps)))


def with_holes(found: Decoded) -> Iterator[Found]:
    """Yield the objects; those of which a line could not be read as open at an unknown place.

    What they lack may be in what was left out.
    """
    holes = sorted(one.line for one in found.troubles)
    ends = [*(one.line for one in found.found[1:]), sys.maxsize]
    for one, end in zip(found.found, ends, strict=False):
        index = bisect.bisect_left(holes, one.line)
        hole = index < len(holes) and holes[index] < end
        yield replace(one, open=(LEFT_OUT,)) if hole and not one.open else one


def troubles(found: Decoded, part: Part, *, any_read: bool) -> Iterator[Gap]:
    """Yield the gap of what could not be read: as one, with the first reasons."""
    what = f"{part.origin} as {part.kind.value}"
    if found.troubles:
        first = found.troubles[:3]
        because = "; ".join(
            f"line {part.first_line + one.line}: {visible(one.because)}" for one in first
        )
        more = len(found.troubles) - len(first)
        yield Gap(
            what=what,
            kind=GapKind.PARTIAL if any_read else GapKind.MALFORMED,
            because=because + (f"; and {more} more" if more else ""),
            ask="give the whole output of `kubectl get … -o yaml`",
        )
    elif not any_read and part.text.strip() and not NO_ITEMS.search(part.text):
        yield Gap(what, GapKind.MALFORMED, "no object that could be read")


def place_of(found: Decoded, part: Part) -> Place:
    """Return what the objects of a part have in common."""
    now = part.taken_at
    if now is None:
        now = ages.instant(max(TIMES.findall(part.text), default=""))
    custom: dict[str, str] | None = None
    roles: set[str] = set()
    for one in found.found:
        kind = kind_of(one)
        if kind == "ConfigMap" and named(one) == "coredns-custom" and not one.open:
            data = labels_at(one.value, "data") or {}
            custom = {f"/etc/coredns/custom/{key}": value for key, value in data.items()}
        elif kind == "ClusterRoleBinding" and any(map(is_coredns, accounts_of(one.value))):
            roles.add(word(at(one.value, "roleRef", "name")))
    exact = part.taken_at is not None
    return Place(part, PartText(part), now, exact, custom, frozenset(roles))


# ---------------------------------------------------------------- reading without trust


def at(value: object, *path: str) -> Any:
    """Return what lies at a path of keys; None where anything on it is no mapping."""
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def word(value: object) -> str:
    """Return a text, a number or a truth value as a text that is safe to show; else ""."""
    if isinstance(value, str):
        return value if value.isascii() and value.isprintable() else visible(value[:LONGEST])
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if number(value) is not None else ""


def said(value: object) -> str:
    """Return a message, on one line and without controls; "" for what is no text."""
    if not isinstance(value, str):
        return ""
    text = value[:LONGEST_MESSAGE]
    return plain(text).replace("\n", " ").replace("\t", " ").strip()


def number(value: object) -> int | None:
    """Return a whole number; None for anything else, and for what Go's int64 does not hold."""
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**63:
        return None
    return value


def truth(value: object) -> bool | None:
    """Return true or false; None for anything else."""
    return value if isinstance(value, bool) else None


def several(value: object, *path: str) -> list[dict[str, Any]]:
    """Return the mappings of a list at a path."""
    found = at(value, *path)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def words(value: object, *path: str) -> tuple[str, ...]:
    """Return the texts of a list at a path; a lone text counts as a list of it."""
    found = at(value, *path)
    if isinstance(found, str):
        found = [found]
    return tuple(filter(None, map(word, found))) if isinstance(found, list) else ()


def labels_at(value: object, *path: str) -> dict[str, str] | None:
    """Return the texts of a mapping at a path; {} where its owner lacks it, None without owner."""
    owner, found = at(value, *path[:-1]), at(value, *path)
    if not isinstance(owner, dict):
        return None
    if not isinstance(found, dict):
        return {}
    return {
        word(key): one if isinstance(one, str) else word(one)
        for key, one in found.items()
        if isinstance(one, str | int | bool)
    }


def time_at(value: object, *path: str) -> datetime | None:
    """Return the time at a path; None when there is none."""
    found = at(value, *path)
    return ages.instant(found) if isinstance(found, str) and len(found) < 64 else None


def kind_of(one: Found) -> str:
    """Return an object's kind: its own, its list's, or that which only has such fields."""
    kind = at(one.value, "kind")
    if isinstance(kind, str) and kind:
        return kind
    return one.implied or next(
        (name for name, *path in SHAPES if at(one.value, *path) is not None), ""
    )


# Fields that objects of one kind alone have, for those that lost their kind.
SHAPES: tuple[tuple[str, ...], ...] = (
    ("KubeletConfiguration", "kubeletconfig"),
    ("KubeletConfiguration", "clusterDNS"),
    ("KubeletConfiguration", "clusterDomain"),
    ("KubeletConfiguration", "resolvConf"),
    ("Event", "involvedObject"),
    ("Event", "regarding"),
    ("ClusterRoleBinding", "roleRef"),
    ("Endpoints", "subsets"),
    ("EndpointSlice", "addressType"),
    ("Node", "status", "nodeInfo"),
    ("DaemonSet", "status", "desiredNumberScheduled"),
    ("Pod", "status", "containerStatuses"),
    ("Pod", "spec", "containers"),
    ("Service", "spec", "clusterIP"),
    ("ConfigMap", "data", "Corefile"),
    ("ConfigMap", "data", "net-conf.json"),
)
# Half of these would tell the contrary: an address, a count or a rule is missing.
ONLY_WHOLE = frozenset(
    {
        "Service",
        "Endpoints",
        "EndpointSlice",
        "DaemonSet",
        "Deployment",
        "StatefulSet",
        "Node",
        "ClusterRole",
        "ClusterRoleBinding",
        "NetworkPolicy",
        "GlobalNetworkPolicy",
        "CiliumNetworkPolicy",
        "CiliumClusterwideNetworkPolicy",
    }
)


def named(one: Found) -> str:
    """Return an object's name."""
    return word(at(one.value, "metadata", "name"))


def about(one: Found, kind: str, node_name: str = "") -> Subject:
    """Return the object itself as a subject."""
    return Subject(kind, named(one), word(at(one.value, "metadata", "namespace")), node_name)


def shown_age(age_s: float | None) -> str:
    """Return an age as kubectl prints it."""
    if age_s is None:
        return "<unknown>"
    total = int(age_s)
    minutes, hours, days = total // 60, total // 3600, total // 86_400
    if total < 120:
        return f"{total}s"
    if minutes < 10:
        return f"{minutes}m{total % 60}s" if total % 60 else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return f"{days}d{hours % 24}h" if hours % 24 else f"{days}d"
    return f"{days}d" if days < 730 else f"{days // 365}y{days % 365}d"


def pairs(labels: Mapping[str, str] | None) -> str:
    """Return labels as kubectl prints a selector."""
    return ",".join(f"{key}={value}" for key, value in (labels or {}).items())


# ---------------------------------------------------------------- pods

STATES = ("running", "waiting", "terminated")
ENDED = ("Succeeded", "Failed")


def pod(one: Found, place: Place) -> Made:
    """Yield the pod."""
    value = one.value
    spec, status = at(value, "spec"), at(value, "status")
    if not (named(one) or spec or status):
        return
    if one.open and one.open[0] == "status" and not statuses_whole(spec, status, one.open):
        status = None
    mains = containers(spec, status, "containers", "containerStatuses")
    inits = containers(spec, status, "initContainers", "initContainerStatuses")
    conditions = {word(at(each, "type")): each for each in several(status, "conditions")}
    conditions.pop("", None)
    counted = Counted(value, status)
    created = time_at(value, "metadata", "creationTimestamp")
    phase = word(at(status, "phase"))
    ready = ready_of(conditions, mains, phase)
    node_name = word(at(spec, "nodeName"))
    ips = addresses(status)
    about_it = about(one, "Pod", node_name)
    age_s = place.age(created)
    restarted_s = place.since(counted.last_restart)
    restarts = "" if counted.restarts is None else str(counted.restarts)
    if restarts and counted.restarts and restarted_s is not None and place.exact:
        restarts += f" ({shown_age(restarted_s)} ago)"
    yield Pod(
        subject=about_it,
        origin=place.part.origin,
        quote=place.quote(
            one,
            about_it.namespace,
            about_it.name,
            "" if counted.ready is None else f"{counted.ready}/{counted.total}",
            counted.word or "<unknown>",
            restarts,
            shown_age(age_s),
            ips[0] if ips else "<none>",
            node_name or "<none>",
        ),
        status=counted.word,
        phase=phase,
        ready=ready,
        ready_containers=counted.ready,
        total_containers=counted.total,
        restarts=counted.restarts,
        last_restart_age_s=restarted_s,
        age_s=age_s,
        ips=ips,
        labels=labels_at(value, "metadata", "labels"),
        containers=mains,
        init_containers=inits,
        conditions={key: word(at(each, "status")) for key, each in conditions.items()},
        owner=owner_of(value),
        host_network=at(spec, "hostNetwork") is True if isinstance(spec, dict) else None,
        dns_policy=word(at(spec, "dnsPolicy")),
        hostname=word(at(spec, "hostname")),
        subdomain=word(at(spec, "subdomain")),
        deleting=bool(at(value, "metadata", "deletionTimestamp")),
        created_at=created,
        started_at=time_at(status, "startTime"),
        ready_since=time_at(conditions.get("Ready"), "lastTransitionTime") if ready else None,
        node_selector=labels_at(spec, "nodeSelector"),
        message=said(at(status, "message")) or unscheduled(conditions),
    )


def statuses_whole(spec: object, status: object, path: tuple[str, ...]) -> bool:
    """Whether a status that was cut off still tells how each container is."""
    lists = ("containerStatuses", "initContainerStatuses")
    told = len(several(status, lists[0]))
    return (
        not any(key in path for key in lists)
        and bool(at(status, "phase"))
        and told > 0
        and told == len(several(spec, "containers"))
        and len(several(status, lists[1])) == len(several(spec, "initContainers"))
    )


def ready_of(
    conditions: Mapping[str, object], mains: Sequence[Container], phase: str
) -> bool | None:
    """Return whether a pod is ready: by its condition, else by its containers or its phase."""
    status = at(conditions.get("Ready"), "status")
    if isinstance(status, str):
        return status == "True"
    if phase in (*ENDED, "Pending"):
        return False
    if mains and all(each.ready is not None for each in mains):
        return all(each.ready for each in mains)
    return None


def unscheduled(conditions: Mapping[str, object]) -> str:
    """Return why the scheduler found no node; "" where it did not say so."""
    condition = conditions.get("PodScheduled")
    return said(at(condition, "message")) if at(condition, "status") == "False" else ""


def addresses(status: object) -> tuple[str, ...] | None:
    """Return a pod's addresses; None without a status."""
    if not isinstance(status, dict):
        return None
    found = [word(at(each, "ip")) for each in several(status, "podIPs")]
    return tuple(dict.fromkeys(filter(None, (word(at(status, "podIP")), *found))))


def owner_of(value: object) -> str:
    """Return the controller as `Kind/name`, as describe does; "" without one."""
    owners = several(value, "metadata", "ownerReferences")
    one = next((each for each in owners if at(each, "controller") is True), None)
    one = one or (owners[0] if owners else None)
    kind, name = word(at(one, "kind")), word(at(one, "name"))
    return f"{kind}/{name}" if kind and name else ""


def containers(spec: object, status: object, of_spec: str, of_status: str) -> tuple[Container, ...]:
    """Return containers in the order of the spec, each with its status."""
    told = {word(at(each, "name")): each for each in several(status, of_status)}
    specs = {word(at(each, "name")): each for each in several(spec, of_spec)}
    names = filter(None, dict.fromkeys([*specs, *told]))
    return tuple(container(name, specs.get(name), told.get(name)) for name in names)


def container(name: str, spec: object, status: object) -> Container:
    """Return one container; its arguments are those of its command too, without the program."""
    state, now = state_of(at(status, "state"))
    _, last = state_of(at(status, "lastState"))
    return Container(
        name=name,
        image=word(at(spec, "image")) or word(at(status, "image")),
        ready=truth(at(status, "ready")),
        restarts=number(at(status, "restartCount")),
        state=state,
        reason=word(at(now, "reason")),
        message=said(at(now, "message")),
        exit_code=number(at(now, "exitCode")),
        started_at=time_at(now, "startedAt"),
        last_reason=word(at(last, "reason")),
        last_exit_code=number(at(last, "exitCode")),
        last_message=said(at(last, "message")),
        last_finished_at=time_at(last, "finishedAt"),
        args=(*words(spec, "command")[1:], *words(spec, "args")),
        memory_limit_bytes=bytes_of(word(at(spec, "resources", "limits", "memory"))),
    )


def state_of(state: object) -> tuple[str, object]:
    """Return (running, waiting, terminated or "", what is said of it)."""
    for name in STATES:
        told = at(state, name)
        if isinstance(told, dict):
            return name, told
    return "", None


class Counted:
    """What kubectl's row of a pod holds: READY, STATUS, RESTARTS; None or "" where not told."""

    def __init__(self, value: object, status: object) -> None:
        """Go through a pod as printPod does."""
        self.word = ""
        self.ready: int | None = None
        self.total: int | None = None
        self.restarts: int | None = None
        self.last_restart: datetime | None = None
        self.sidecars: list[object] = []  # their restarts count beside those of containers
        spec = at(value, "spec")
        inits = several(spec, "initContainers")
        sidecars = {
            word(at(each, "name")) for each in inits if at(each, "restartPolicy") == "Always"
        }
        mains = several(spec, "containers")
        if mains:
            self.total = len(mains) + len(sidecars)
        if not isinstance(status, dict) or not status:
            return
        phase = word(at(status, "phase"))
        self.word = word(at(status, "reason")) or phase
        statuses = several(status, "containerStatuses")
        conditions = {word(at(each, "type")): each for each in several(status, "conditions")}
        if at(conditions.get("PodScheduled"), "reason") == "SchedulingGated":
            self.word = "SchedulingGated"
        if not phase and any(state_of(at(each, "state"))[0] == "" for each in statuses):
            return  # it was cut off in the middle of them
        if not phase and len(statuses) < len(mains):
            return
        self.ready = self.restarts = 0
        initializing = self.initializing(several(status, "initContainerStatuses"), sidecars, inits)
        initialized = at(conditions.get("Initialized"), "status") == "True"
        if not initializing or initialized:
            self.running(statuses, conditions.get("Ready"))
        self.total = max(self.total or 0, self.ready)
        if at(value, "metadata", "deletionTimestamp"):
            if at(status, "reason") == "NodeLost":
                self.word = "Unknown"
            elif phase not in ENDED:
                self.word = "Terminating"

    def ended(self, status: object) -> None:
        """Count the restarts of a container and note when its last run ended."""
        self.restarts = (self.restarts or 0) + (number(at(status, "restartCount")) or 0)
        finished = time_at(status, "lastState", "terminated", "finishedAt")
        self.last_restart = ages.latest((self.last_restart, finished))

    def initializing(
        self, statuses: Sequence[object], sidecars: set[str], inits: Sequence[object]
    ) -> bool:
        """Whether init containers hold the pod up; then the word is theirs."""
        for index, status in enumerate(statuses):
            self.ended(status)
            is_sidecar = word(at(status, "name")) in sidecars
            if is_sidecar:
                self.sidecars.append(status)
            state, now = state_of(at(status, "state"))
            reason = word(at(now, "reason"))
            if state == "terminated" and number(at(now, "exitCode")) == 0:
                continue
            if is_sidecar and at(status, "started") is True:
                self.ready = (self.ready or 0) + (at(status, "ready") is True)
                continue
            if state == "terminated":
                self.word = f"Init:{reason or exited(now)}"
            elif state == "waiting" and reason not in ("", "PodInitializing"):
                self.word = f"Init:{reason}"
            else:
                self.word = f"Init:{index}/{max(len(inits), len(statuses))}"
            return True
        return False

    def running(self, statuses: Sequence[object], ready: object) -> None:
        """Take the word from the containers, the first one's last."""
        self.restarts, self.last_restart = 0, None
        for status in (*self.sidecars, *reversed(statuses)):
            self.ended(status)
        is_running, failed = False, ""
        for status in reversed(statuses):
            state, now = state_of(at(status, "state"))
            reason = word(at(now, "reason"))
            if state == "waiting" and reason:
                self.word = reason
            elif state == "terminated":
                self.word = reason or exited(now)
                failed = self.word if number(at(now, "exitCode")) else failed
            elif state == "running" and at(status, "ready") is True:
                is_running = True
                self.ready = (self.ready or 0) + 1
        if self.word == "Completed" and is_running and at(ready, "status") == "True":
            self.word = "Running"
        elif self.word == "Completed" and (failed or is_running):
            self.word = failed or "NotReady"


def exited(state: object) -> str:
    """Return how a container without a reason ended."""
    signal = number(at(state, "signal"))
    return f"Signal:{signal}" if signal else f"ExitCode:{number(at(state, 'exitCode')) or 0}"


# ---------------------------------------------------------------- services

SERVICE_NAME = "kubernetes.io/service-name"
GENERATED = regex(r"(?P<service>.+)-[bcdfghjklmnpqrstvwxz2456789]{5}$")


def service(one: Found, place: Place) -> Made:
    """Yield the Service."""
    spec = at(one.value, "spec")
    ips = cluster_ips(spec)
    ports = ports_of(at(spec, "ports")) if isinstance(spec, dict) else None
    kind = word(at(spec, "type"))
    selector = labels_at(spec, "selector")
    subject = about(one, "Service")
    age_s = place.age(time_at(one.value, "metadata", "creationTimestamp"))
    shown = "<none>" if ips is None else ",".join(ips) or "None"
    shown_ports = ",".join(f"{port.port}/{port.protocol}" for port in ports or ())
    yield Service(
        subject=subject,
        origin=place.part.origin,
        quote=place.quote(
            one,
            subject.namespace,
            subject.name,
            kind,
            shown,
            shown_ports,
            shown_age(age_s) if age_s is not None else "",
            pairs(selector),
        ),
        type=kind,
        cluster_ips=ips,
        ports=ports,
        selector=selector,
        labels=labels_at(one.value, "metadata", "labels"),
        ip_families=words(spec, "ipFamilies"),
        internal_traffic_policy=word(at(spec, "internalTrafficPolicy")),
        age_s=age_s,
    )


def cluster_ips(spec: object) -> tuple[str, ...] | None:
    """Return a Service's addresses, () for a headless one; None where they are not told.

    A manifest may leave them to the API server, or hold a word in their place.
    """
    found = words(spec, "clusterIPs") or words(spec, "clusterIP")
    if "None" in found or at(spec, "type") == "ExternalName":
        return ()
    return tuple(one for one in found if is_address(one)) or None


def is_address(text: str) -> bool:
    """Whether a text is an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def ports_of(value: object) -> tuple[ServicePort, ...]:
    """Return the ports of a Service, of a subset or of a slice."""
    found = []
    for each in several({"ports": value}, "ports"):
        port = number(at(each, "port"))
        if port is not None:
            protocol = word(at(each, "protocol")) or "TCP"
            target = word(at(each, "targetPort"))
            found.append(ServicePort(port, protocol, word(at(each, "name")), target))
    return tuple(found)


def endpoints(one: Found, place: Place) -> Made:
    """Yield what a core/v1 Endpoints object holds, its subsets taken together."""
    found: dict[str, Endpoint] = {}
    ports: list[ServicePort] = []
    for subset in several(one.value, "subsets"):
        ports += ports_of(at(subset, "ports"))
        for key, is_ready in (("addresses", True), ("notReadyAddresses", False)):
            for each in several(subset, key):
                if address := word(at(each, "ip")):
                    node_name = word(at(each, "nodeName"))
                    new = Endpoint(address, is_ready, pod_of(each), node_name)
                    if address not in found or is_ready:
                        found[address] = new
    yield backed(one, place, about(one, "Endpoints"), named(one), list(found.values()), ports)


def endpoint_slice(one: Found, place: Place) -> Made:
    """Yield what a slice holds; an endpoint whose readiness is not told takes traffic."""
    found = [
        Endpoint(
            address=address,
            ready=at(each, "conditions", "ready") is not False,
            pod=pod_of(each),
            node=word(at(each, "nodeName")) or word(at(each, "topology", "kubernetes.io/hostname")),
            ending=all(at(each, "conditions", key) is True for key in ("serving", "terminating")),
        )
        for each in several(one.value, "endpoints")
        for address in words(each, "addresses")
    ]
    labels = labels_at(one.value, "metadata", "labels") or {}
    generated = GENERATED.match(named(one))
    name = labels.get(SERVICE_NAME) or (generated["service"] if generated else named(one))
    ports = list(ports_of(at(one.value, "ports")))
    yield backed(one, place, about(one, "EndpointSlice"), name, found, ports)


def pod_of(address: object) -> str:
    """Return the name of the pod that an address belongs to."""
    target = at(address, "targetRef")
    return word(at(target, "name")) if at(target, "kind") == "Pod" else ""


def backed(
    one: Found,
    place: Place,
    subject: Subject,
    name: str,
    found: Sequence[Endpoint],
    ports: Sequence[ServicePort],
) -> Endpoints:
    """Return what stands behind a Service."""
    shown = [each.address + ("" if each.ready else " (not ready)") for each in found[:10]]
    more = f" + {len(found) - 10} more..." if len(found) > 10 else ""
    return Endpoints(
        subject=subject,
        service=name,
        origin=place.part.origin,
        quote=place.quote(
            one, subject.namespace, subject.name, (",".join(shown) or "<none>") + more
        ),
        endpoints=tuple(found),
        ports=tuple(dict.fromkeys(ports)) or None,
    )


# ---------------------------------------------------------------- workloads


def images_of(value: object) -> tuple[str, ...]:
    """Return the images of a workload's pods."""
    specs = several(value, "spec", "template", "spec", "containers")
    return tuple(filter(None, (word(at(each, "image")) for each in specs)))


def daemon_set(one: Found, place: Place) -> Made:
    """Yield the DaemonSet; the API always tells its counts, also those that are 0."""
    subject, status = about(one, "DaemonSet"), at(one.value, "status")
    desired = number(at(status, "desiredNumberScheduled"))
    current = number(at(status, "currentNumberScheduled"))
    ready = number(at(status, "numberReady"))
    told = (("desired", desired), ("current", current), ("ready", ready))
    node_selector = labels_at(one.value, "spec", "template", "spec", "nodeSelector")
    yield DaemonSet(
        subject=subject,
        origin=place.part.origin,
        quote=place.quote(
            one,
            subject.namespace,
            subject.name,
            *(f"{count} {name}" for name, count in told if count is not None),
            pairs(node_selector),
        ),
        desired=desired,
        current=current,
        ready=ready,
        labels=labels_at(one.value, "metadata", "labels"),
        selector=labels_at(one.value, "spec", "selector", "matchLabels"),
        node_selector=node_selector,
        images=images_of(one.value),
    )
    yield from pod_template(one, place)


MOST_WORDS = 200  # kept of the commands of one workload


def pod_template(one: Found, place: Place) -> Made:
    """Yield the template of a workload whose pods are not given cluster DNS as usual."""
    spec = at(one.value, "spec", "template", "spec")
    policy, host = word(at(spec, "dnsPolicy")), truth(at(spec, "hostNetwork")) is True
    if not isinstance(spec, dict) or not (host or policy in ("Default", "None")):
        return
    spoken: list[str] = []
    for container in several(spec, "containers"):
        texts = [*words(container, "command"), *words(container, "args")]
        texts += [word(at(each, "value")) for each in several(container, "env")]
        spoken += [part for text in texts for part in NAMES.findall(text)]
    subject = about(one, kind_of(one))
    shown = (f"hostNetwork: {str(host).lower()}", f"dnsPolicy: {policy}" if policy else "")
    yield PodTemplate(
        subject=subject,
        origin=place.part.origin,
        quote=place.quote(one, subject.namespace, subject.name, *shown).on("template"),
        host_network=host,
        dns_policy=policy or "ClusterFirst",
        words=frozenset(spoken[:MOST_WORDS]),
    )


def deployment(one: Found, place: Place) -> Made:
    """Yield the Deployment; counts that are 0 the API leaves out where it tells `replicas`."""
    subject, spec, status = about(one, "Deployment"), at(one.value, "spec"), at(one.value, "status")
    desired = number(at(spec, "replicas"))
    if desired is None and isinstance(spec, dict) and "replicas" not in spec:
        desired = 1
    unsaid = 0 if number(at(status, "replicas")) is not None else None
    if desired == 0 and isinstance(status, dict) and status:
        unsaid = 0
    ready, available = number(at(status, "readyReplicas")), number(at(status, "availableReplicas"))
    ready = unsaid if ready is None else ready
    available = unsaid if available is None else available
    yield Deployment(
        subject=subject,
        origin=place.part.origin,
        quote=place.quote(
            one,
            subject.namespace,
            subject.name,
            f"{'?' if ready is None else ready}/{'?' if desired is None else desired} ready",
            "" if available is None else f"{available} available",
            ",".join(images_of(one.value)),
        ),
        desired=desired,
        ready=ready,
        available=available,
        labels=labels_at(one.value, "metadata", "labels"),
        selector=labels_at(one.value, "spec", "selector", "matchLabels"),
        template_labels=labels_at(one.value, "spec", "template", "metadata", "labels"),
        images=images_of(one.value),
    )
    yield from pod_template(one, place)


# ---------------------------------------------------------------- nodes


def node(one: Found, place: Place) -> Made:
    """Yield the node; one whose kubelet is silent (Unknown) is not ready."""
    spec, status = at(one.value, "spec"), at(one.value, "status")
    conditions = {word(at(each, "type")): each for each in several(status, "conditions")}
    conditions.pop("", None)
    said_ready = at(conditions.get("Ready"), "status")
    ready = said_ready == "True" if isinstance(said_ready, str) else None
    info, name = at(status, "nodeInfo"), named(one)
    messages = {key: said(at(each, "message")) for key, each in conditions.items()}
    message = messages.get("Ready", "") if ready is False else ""
    found = {word(at(each, "type")): word(at(each, "address")) for each in addresses_of(status)}
    age_s = place.age(time_at(one.value, "metadata", "creationTimestamp"))
    version, os_image = word(at(info, "kubeletVersion")), word(at(info, "osImage"))
    kernel = word(at(info, "kernelVersion"))
    runtime = word(at(info, "containerRuntimeVersion"))
    heading = "<unknown>" if ready is None else "Ready" if ready else "NotReady"
    if at(spec, "unschedulable") is True:
        heading += ",SchedulingDisabled"
    yield Node(
        subject=Subject("Node", name),
        origin=place.part.origin,
        quote=place.quote(
            one,
            name,
            heading,
            shown_age(age_s) if age_s is not None else "",
            version,
            found.get("InternalIP", ""),
            os_image,
            kernel,
            runtime,
            message,
            said=message,
        ),
        ready=ready,
        conditions={key: word(at(each, "status")) for key, each in conditions.items()},
        messages=messages,
        kubelet_version=version,
        os_image=os_image,
        kernel=kernel,
        runtime=runtime,
        pod_cidrs=pod_cidrs(spec),
        addresses=tuple(dict.fromkeys(word(at(each, "address")) for each in addresses_of(status))),
        taints=tuple(map(taint, several(spec, "taints"))) if isinstance(spec, dict) else None,
        labels=labels_at(one.value, "metadata", "labels"),
        annotations=labels_at(one.value, "metadata", "annotations"),
        age_s=age_s,
    )


def addresses_of(status: object) -> list[dict[str, Any]]:
    """Return the entries of a node's addresses that are no names."""
    return [
        each
        for each in several(status, "addresses")
        if at(each, "type") in ("InternalIP", "ExternalIP", "LegacyHostIP")
        and word(at(each, "address"))
    ]


def pod_cidrs(spec: object) -> tuple[str, ...] | None:
    """Return a node's pod networks, () where it has none; None where the spec is not told."""
    if not isinstance(spec, dict):
        return None
    return words(spec, "podCIDRs") or words(spec, "podCIDR")


def taint(value: object) -> str:
    """Return a taint as kubectl prints it: `key=value:Effect`."""
    key, text = word(at(value, "key")), word(at(value, "value"))
    effect = word(at(value, "effect"))
    return f"{key}={text}:{effect}" if text else f"{key}:{effect}"


# ---------------------------------------------------------------- events

LAST_SEEN = (
    ("series", "lastObservedTime"),
    ("lastTimestamp",),
    ("deprecatedLastTimestamp",),
    ("eventTime",),
    ("firstTimestamp",),
    ("metadata", "creationTimestamp"),
)
FIRST_SEEN = (
    ("firstTimestamp",),
    ("deprecatedFirstTimestamp",),
    ("eventTime",),
    ("metadata", "creationTimestamp"),
)
COUNTS = (("series", "count"), ("count",), ("deprecatedCount",))
COMPONENTS = (
    ("source", "component"),
    ("deprecatedSource", "component"),
    ("reportingComponent",),
    ("reportingController",),
)
HOSTS = (("source", "host"), ("deprecatedSource", "host"))


def event(one: Found, place: Place) -> Made:
    """Yield the Event, of core/v1 or of events.k8s.io."""
    value = one.value
    message = said(at(value, "message")) or said(at(value, "note"))
    reason = word(at(value, "reason"))
    if not message and not reason:
        return
    involved = at(value, "involvedObject") or at(value, "regarding")
    kind, name = word(at(involved, "kind")), word(at(involved, "name"))
    component = next(filter(None, (word(at(value, *path)) for path in COMPONENTS)), "")
    host = next(filter(None, (word(at(value, *path)) for path in HOSTS)), "")
    if not host and component == "kubelet":
        host = word(at(value, "reportingInstance"))
    if kind == "Node":
        subject = Subject(kind, name)
    else:
        subject = Subject(kind, name, word(at(involved, "namespace")), host)
    last = next(filter(None, (time_at(value, *path) for path in LAST_SEEN)), None)
    first = next(filter(None, (time_at(value, *path) for path in FIRST_SEEN)), None)
    counts = (number(at(value, *path)) for path in COUNTS)
    count = max(next(filter(None, counts), 1), 1)
    severity = word(at(value, "type"))
    age_s = place.since(last)
    seen = f" (x{count})" if count > 1 else ""
    yield Event(
        subject=subject,
        reason=reason,
        message=message,
        origin=place.part.origin,
        quote=place.quote(
            one,
            subject.namespace,
            f"{shown_age(age_s)}{seen}",
            severity,
            reason,
            f"{kind.lower()}/{name}" if name else "",
            message,
            said=message,
        ),
        type=severity,
        component=component,
        count=count,
        age_s=age_s,
        first_age_s=place.since(first),
        last_at=last,
        first_at=first,
    )


# ---------------------------------------------------------------- permissions


def is_coredns(name: str) -> bool:
    """Whether a role, binding or account is named for CoreDNS, not for what scales it."""
    return "coredns" in name and "autoscaler" not in name


def cluster_role(one: Found, place: Place) -> Made:
    """Yield the ClusterRole where it is CoreDNS's."""
    name = named(one)
    if not (is_coredns(name) or name in place.roles or place.part.ask is Ask.RBAC):
        return
    rules = tuple(
        PolicyRule(
            # "" is the core group
            groups=tuple(word(group) for group in listed(at(each, "apiGroups"))),
            resources=words(each, "resources"),
            verbs=words(each, "verbs"),
        )
        for each in several(one.value, "rules")
    )
    shown = "; ".join(
        f"{','.join(each.verbs)} {','.join(each.resources)}"
        + (f" of {group}" if (group := ",".join(filter(None, each.groups))) else "")
        for each in rules
    )
    quote = place.quote(one, name, shown or "no rules")
    yield ClusterRole(Subject("ClusterRole", name), place.part.origin, quote, rules)


def listed(value: object) -> list[Any]:
    """Return a list; an empty one for anything else."""
    return value if isinstance(value, list) else []


def accounts_of(value: object) -> tuple[str, ...]:
    """Return the subjects of a binding: service accounts as namespace/name, others by name."""
    found = []
    for each in several(value, "subjects"):
        name, prefix = word(at(each, "name")), "system:serviceaccount:"
        if at(each, "kind") == "ServiceAccount":
            name = f"{word(at(each, 'namespace'))}/{name}"
        elif name.startswith(prefix):
            name = name.removeprefix(prefix).replace(":", "/", 1)
        if name:
            found.append(name)
    return tuple(found)


def cluster_role_binding(one: Found, place: Place) -> Made:
    """Yield the binding where it is CoreDNS's."""
    name, role = named(one), word(at(one.value, "roleRef", "name"))
    accounts = accounts_of(one.value)
    if not (any(map(is_coredns, (name, role, *accounts))) or place.part.ask is Ask.RBAC):
        return
    quote = place.quote(one, name, f"ClusterRole/{role}", ",".join(accounts) or "no accounts")
    subject = Subject("ClusterRoleBinding", name)
    yield ClusterRoleBinding(subject, place.part.origin, quote, role, accounts)


# ---------------------------------------------------------------- refusals in place of objects

ERROR = regex(
    r"Error from server(?: \((?P<reason>\w{1,40})\))?: (?P<message>[^\n]{1,2000})", re.MULTILINE
)
NOT_FOUND = regex(r'(?P<kind>[\w.-]{1,200}) "(?P<name>[^"\n]{1,253})" not found')


def status_object(one: Found, place: Place) -> Made:
    """Yield what a Status tells: that the object asked for is not there, or why it did not come."""
    value = one.value
    if at(value, "status") == "Success" or named(one) or "spec" in value:
        return
    code, reason = number(at(value, "code")), word(at(value, "reason"))
    kind, name = word(at(value, "details", "kind")), word(at(value, "details", "name"))
    message = said(at(value, "message"))
    quote = place.quote(one, message or reason)
    told = NOT_FOUND.search(message)
    if told and not name:
        kind, name = told["kind"], told["name"]
    reason = {401: "Unauthorized", 403: "Forbidden", 404: "NotFound"}.get(code or 0, reason)
    yield refused(reason, kind, name, message, quote)


def refusals(part: Part) -> Parsed:
    """Return what kubectl's own words tell in place of objects."""
    items: list[object] = []
    gaps: list[Gap] = []
    for index, raw in enumerate(part.text.split("\n")[:1000]):
        line = plain(raw[:3000])
        match = ERROR.search(line)
        if match is None:
            continue
        told = NOT_FOUND.search(match["message"])
        quote = Quote(part.origin, visible(line.strip())[:LONGEST], part.first_line + index)
        made = refused(
            match["reason"] or "",
            told["kind"] if told else "",
            told["name"] if told else "",
            match["message"],
            quote,
        )
        if isinstance(made, Gap):
            gaps.append(made)
        else:
            items.append(made)
    return Parsed(tuple(items), tuple(gaps))


def refused(reason: str, kind: str, name: str, message: str, quote: Quote) -> object:
    """Return a role or binding of CoreDNS that does not exist, or the gap of what did not come."""
    resource = kind.lower().partition(".")[0]
    if reason == "NotFound" and is_coredns(name):
        if resource.startswith("clusterrolebinding"):
            subject = Subject("ClusterRoleBinding", name)
            return ClusterRoleBinding(subject, quote.origin, quote, exists=False)
        if resource.startswith("clusterrole"):
            return ClusterRole(Subject("ClusterRole", name), quote.origin, quote, exists=False)
    what = f"{resource} {name}".strip() or quote.origin
    if reason == "NotFound":
        return Gap(what, GapKind.NOT_COLLECTED, f"not found: {message}")
    if reason == "Forbidden":
        ask = "permission to read it; `corediag rbac` prints the role"
        return Gap(what, GapKind.DENIED, f"forbidden: {message}", ask)
    if reason == "Unauthorized":
        return Gap(what, GapKind.DENIED, f"the credentials are refused: {message}", "log in again")
    return Gap(what, GapKind.UNREACHABLE, message or reason or "the API server refused")


# ---------------------------------------------------------------- ConfigMaps

SERVER_FILE = regex(r"[\w-]{1,253}\.server")
KUBELET_MAP = regex(r"kubelet-config(?:-\d+\.\d+)?")


def config_map(one: Found, place: Place) -> Made:
    """Yield what the values of a ConfigMap configure, CoreDNS's main file first."""
    data = at(one.value, "data")
    data = data if isinstance(data, dict) else {}
    cut = one.open[1:2] if one.open[:1] == ("data",) else ()
    values = {key: text for key, text in data.items() if isinstance(text, str) and key not in cut}
    binary = at(one.value, "binaryData", "Corefile")
    if "Corefile" not in values and isinstance(binary, str):
        values["Corefile"] = from_base64(binary)
    # kubectl prints data before kind and metadata: without them, nobody knows where it ends
    unsure = not at(one.value, "metadata") or not (at(one.value, "kind") or one.implied)
    for key in sorted(values, key=lambda key: key != "Corefile"):
        text = values[key]
        if not text.strip() and key != "Corefile":
            continue
        part = value_part(one, place, key, text)
        if key == "Corefile" or SERVER_FILE.fullmatch(key):
            files = place.custom if key == "Corefile" and named(one) == "coredns" else None
            found = corefile(part, files, unsure=unsure)
            # What was left out, or cut off where the part ends, may have been of the file
            if isinstance(found, Corefile) and (LEFT_OUT in one.open or cut_off(part, place.part)):
                found = replace(found, torn=True)
            if isinstance(found, Corefile) and key != "Corefile":
                found = replace(found, custom=True)
            yield found
        elif key == "kubelet" and (
            KUBELET_MAP.fullmatch(named(one)) or "KubeletConfiguration" in text
        ):
            part = replace(part, kind=Kind.KUBELET_CONFIG, subject=CLUSTER, whole=not unsure)
            yield from each_of(parse_kubelet_config(part))
        elif key == "ClusterConfiguration":
            yield from each_of(parse(replace(part, kind=Kind.OBJECTS)))
        elif key == "net-conf.json":
            part = replace(part, kind=Kind.NET_CONF)
            yield from each_of(config.parse_net_conf(text, part, part.first_line))
        elif key == "cni-conf.json" or key.endswith(".conflist"):
            subject = part.subject if part.subject.kind else CLUSTER
            part = replace(part, kind=Kind.CNI_CONFIG, subject=subject)
            yield from each_of(config.parse_cni(text, part, part.first_line))


def each_of(parsed: Parsed) -> Made:
    """Yield items and gaps alike."""
    yield from parsed.items
    yield from parsed.gaps


def value_part(one: Found, place: Place, key: str, text: str) -> Part:
    """Return a value of a ConfigMap as a part, with the lines of the file where it has such."""
    data = one.value.get("data")
    line, literal = data.places.get(key, (0, False)) if isinstance(data, Placed) else (0, False)
    if literal:
        return replace(place.part, text=text, first_line=place.part.first_line + line)
    return replace(place.part, text=text, origin=f"{place.part.origin}, {key}", first_line=1)


def corefile(part: Part, files: Mapping[str, str] | None, *, unsure: bool) -> Corefile | Gap:
    """Return the Corefile; the gap in its place where it may go on behind the end of the part.

    What half a Corefile lacks may be in the other half, so that it tells nothing.
    """
    if unsure and unclosed(part.text):
        because = "its ConfigMap ends in the middle of it"
        return Gap("the Corefile", GapKind.PARTIAL, because, "give the whole ConfigMap")
    return corefile_of(part, files, framed=True)


def cut_off(value: Part, part: Part) -> bool:
    """Whether a Corefile is open where its part ends, as in a manifest, which has data last."""
    if part.whole or value.origin != part.origin or not unclosed(value.text):
        return False
    end = value.first_line - part.first_line + value.text.rstrip().count("\n")
    return end >= part.text.rstrip().count("\n")


def unclosed(text: str) -> bool:
    """Whether a Corefile ends in the middle of a server block, or before the first one's brace."""
    return "{" not in text or text.count("{") > text.count("}")


def from_base64(text: str) -> str:
    """Return what binaryData holds, which it does when a byte is not UTF-8."""
    try:
        return base64.b64decode(text).decode("utf-8", "backslashreplace")
    except (ValueError, binascii.Error):
        return ""


# ---------------------------------------------------------------- network policies


def network_policy(one: Found, place: Place) -> Made:
    """Yield the policy, where its spec is told; Calico has kinds of the same name."""
    spec = at(one.value, "spec")
    kind = word(at(one.value, "kind")) or "NetworkPolicy"
    subject = about(one, kind)
    if dialect := dialect_of(word(at(one.value, "apiVersion")), kind):
        quote = place.quote(one, dialect, subject.namespace, named(one))
        yield from policies_of(one.value, dialect, subject, quote)
        return
    selected = pairs(labels_at(spec, "podSelector", "matchLabels")) or "all pods"
    types = ", ".join(words(spec, "policyTypes"))
    quote = place.quote(one, subject.namespace, named(one), selected, types)
    if made := policy_of(spec, subject, quote):
        yield made


# ---------------------------------------------------------------- kubelet configurations

DNS_KEYS = ("clusterDNS", "clusterDomain", "resolvConf")
FLAG = regex(
    r"--(?P<flag>cluster[-_]dns|cluster[-_]domain|resolv-conf)(?:=|[ \t]+)"
    r"(?:\"(?P<double>[^\"\n]{0,1000})\"|'(?P<single>[^'\n]{0,1000})'|(?P<bare>[^\s\"'\\]{0,1000}))"
)
FLAGS = {
    "cluster-dns": "clusterDNS",
    "cluster-domain": "clusterDomain",
    "resolv-conf": "resolvConf",
}


def parse_kubelet_config(part: Part) -> Parsed:
    """Return kubelet configurations: of a file, of configz, or of the command line's flags.

    An empty file sets nothing. What else the part holds is read as any objects are.
    """
    if not part.text.strip():
        quote = Quote(part.origin, "(the file is empty)", part.first_line, summary=True)
        return Parsed(items=(KubeletConfig(node_or_cluster(part), part.origin, quote, (), "", ""),))
    found = decode(part.text)
    if any(kind_of(one) in BUILDERS for one in found.found):
        return made_of(found, part)
    if item := from_flags(part):
        return Parsed(items=(item,))
    what = f"{part.origin} as {part.kind.value}"
    gap = Gap(what, GapKind.MALFORMED, "no kubelet configuration in it", "give the whole file")
    return Parsed(gaps=(*troubles(found, part, any_read=False),) or (gap,))


def kubelet_config(one: Found, place: Place) -> Made:
    """Yield the configuration; a key that a whole one lacks is known to be unset.

    The key that comes last in an unfinished one tells how far it goes, as programs sort keys.
    """
    inner = at(one.value, "kubeletconfig")
    served = isinstance(inner, dict)
    value = inner if served else one.value
    kind = at(value, "kind") == "KubeletConfiguration"
    for key in list(value) if one.open else list(value)[-1:]:
        if value[key] is None and not place.part.whole:
            del value[key]  # its value may have been cut off, or left out
    keys = [key for key in value if key not in ("apiVersion", "kind")]  # many write these first
    ends = keys[-1] if keys else ""
    whole = (served or (kind and (place.part.whole or str(ends) >= DNS_KEYS[0]))) and not one.open
    servers = words(value, "clusterDNS")
    shown = [f"{key}: {render(value[key])}" for key in DNS_KEYS if value.get(key) is not None]
    line = one.line
    if isinstance(value, Placed):
        line = next((value.places[key][0] for key in DNS_KEYS if key in value.places), line)
    text = visible("   ".join(shown) or "(sets neither clusterDNS nor clusterDomain)")[:LONGEST]
    quote = place.quoted(one, text, line)
    yield KubeletConfig(
        subject=node_or_cluster(place.part),
        origin=place.part.origin,
        quote=quote,
        cluster_dns=servers if servers or whole or empty(value, "clusterDNS") else None,
        cluster_domain=setting(value, "clusterDomain", whole=bool(whole)),
        resolv_conf=setting(value, "resolvConf", whole=bool(whole)),
    )


def cluster_ranges(one: Found, place: Place) -> Made:
    """Yield the ranges and addresses of kubeadm's configuration of a cluster."""
    pods, services = (
        word(at(one.value, "networking", key)) for key in ("podSubnet", "serviceSubnet")
    )
    endpoint = word(at(one.value, "controlPlaneEndpoint"))
    hosts = [
        host_of(endpoint),
        word(at(one.value, "localAPIEndpoint", "advertiseAddress")),
        word(at(one.value, "api", "advertiseAddress")),
    ]
    addresses = tuple(host for host in hosts if is_address(host) and host not in ANY_ADDRESS)
    shown = {"podSubnet": pods, "serviceSubnet": services, "controlPlane": ", ".join(addresses)}
    cells = [f"{key}: {value}" for key, value in shown.items() if value]
    if cells:
        yield ClusterRanges(
            origin=place.part.origin,
            quote=place.quote(one, *cells),
            pods=tuple(filter(None, re.split(r"[,\s]+", pods))),
            services=tuple(filter(None, re.split(r"[,\s]+", services))),
            hosts=addresses,
        )


ANY_ADDRESS = ("0.0.0.0", "::")


def host_of(endpoint: str) -> str:
    """Return an endpoint's host without its port."""
    if endpoint.startswith("["):
        return endpoint[1:].partition("]")[0]
    return endpoint.partition(":")[0] if endpoint.count(":") == 1 else endpoint


def empty(value: Mapping[str, Any], key: str) -> bool:
    """Whether a key is there with nothing in it."""
    return key in value and value[key] in (None, [], "")


def setting(value: Mapping[str, Any], key: str, *, whole: bool) -> str | None:
    """Return a text that is set, "" where it is known to be unset, None where that is not told."""
    text = word(value.get(key))
    return text if text or whole or empty(value, key) else None


def render(value: object) -> str:
    """Return a value in one line, as YAML's flow style has it."""
    if isinstance(value, list):
        return f"[{', '.join(map(word, value[:10]))}]"
    return word(value) or '""'


def node_or_cluster(part: Part) -> Subject:
    """Return whose configuration a part is; the cluster's where no node is told."""
    return part.subject if part.subject.kind in ("Node", "Cluster") else CLUSTER


def from_flags(part: Part) -> KubeletConfig | None:
    """Return what flags of a kubelet's command line set; None when there are none."""
    told: dict[str, str] = {}
    quote: Quote | None = None
    for index, raw in enumerate(part.text.split("\n")):
        if "--" not in raw:
            continue
        line = plain(raw)
        for match in FLAG.finditer(line):
            value = match["double"] or match["single"] or match["bare"] or ""
            flag = match["flag"].replace("_", "-")  # the kubelet takes both
            told[FLAGS[flag]] = value.strip("[]")  # klog prints lists so
            if quote is None or flag == "cluster-dns":
                text = visible(line.strip())[:LONGEST]
                quote = Quote(part.origin, text, part.first_line + index)
    if quote is None:
        return None
    servers = told.get("clusterDNS")
    return KubeletConfig(
        subject=node_or_cluster(part),
        origin=part.origin,
        quote=quote,
        cluster_dns=None if servers is None else tuple(filter(None, re.split(r"[,\s]+", servers))),
        cluster_domain=told.get("clusterDomain"),
        resolv_conf=told.get("resolvConf"),
    )


BUILDERS: Mapping[str, Builder] = {
    "Pod": pod,
    "Service": service,
    "Endpoints": endpoints,
    "EndpointSlice": endpoint_slice,
    "DaemonSet": daemon_set,
    "Deployment": deployment,
    "StatefulSet": pod_template,
    "Node": node,
    "Event": event,
    "ClusterRole": cluster_role,
    "ClusterRoleBinding": cluster_role_binding,
    "NetworkPolicy": network_policy,
    "GlobalNetworkPolicy": network_policy,
    "CiliumNetworkPolicy": network_policy,
    "CiliumClusterwideNetworkPolicy": network_policy,
    "ConfigMap": config_map,
    "KubeletConfiguration": kubelet_config,
    "ClusterConfiguration": cluster_ranges,
    "InitConfiguration": cluster_ranges,
    "Status": status_object,
}
