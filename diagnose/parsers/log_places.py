"""Whose lines they are: the program, and the pod or node that a line's envelope names."""

from __future__ import annotations

import re

from diagnose.model import CLUSTER, Subject
from diagnose.parts import Part
from diagnose.signatures.base import Emitter
from diagnose.text.envelopes import BEGINS, OUTER, STERN, Envelope, program_named
from diagnose.text.regex import regex
from diagnose.values import dataclass

NOWHERE = Subject("")
LONGEST_JSON = 64 * 1024
Identity = tuple[bytes | None, ...]
# Programs that run beside the kubelet: their log belongs to a node.
ON_NODES = frozenset({Emitter.KUBELET, Emitter.RUNTIME, Emitter.CNI, Emitter.KERNEL})
IN_PODS = frozenset(
    {Emitter.COREDNS, Emitter.KUBE_PROXY, Emitter.FLANNEL, Emitter.CONTROLLER_MANAGER}
)
# Whose log a part can be; texts of the others stand in anybody's.
OWN_LOG = IN_PODS | ON_NODES - {Emitter.CNI}


@dataclass(frozen=True)
class Place:
    """Whose lines they are: a program in a container or on a node.

    `certain` says that the line's envelope or the container's name tells the program.
    """

    emitter: Emitter = Emitter.UNKNOWN
    subject: Subject = NOWHERE
    container: str = ""
    certain: bool = False
    named: bool = False


# The layers of an envelope that name a pod or a program, by the bytes that a line begins with;
# paths, as grep prints them, are recognised by what stands in them.
NAMES = ("namespace", "pod", "container", "node", "program", "daemon")
Layer = tuple[re.Pattern[bytes], tuple[str, ...]]


def layer(pattern: re.Pattern[str]) -> Layer:
    """Return an envelope's pattern for bytes, and which of its groups name something."""
    names = tuple(name for name in NAMES if name in pattern.groupindex)
    return regex(pattern.pattern.encode()), names


LAYERS = tuple(layer(one) for one in OUTER if {"pod", "program"} & one.groupindex.keys())
PATHS = tuple(one for one in LAYERS if b"pods/" in one[0].pattern or b"s/" in one[0].pattern[:40])
BRACKETS = tuple(one for one in LAYERS if one[0].pattern.startswith(rb"\["))
JOURNALS = tuple(one for one in LAYERS if one not in (*PATHS, *BRACKETS))
STERNS = (layer(STERN),)
TIME = regex(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[\d.]*(?:Z|[+-]\d\d:\d\d) (?=\[)")
BEGINS_BYTES = regex(BEGINS.pattern.encode())
IN_JSON = regex(
    rb'"(?:pod_name|container_name|namespace_name|host|_HOSTNAME|SYSLOG_IDENTIFIER|_COMM|node_name)'
    rb'"\s?:\s?"[^"\\]{0,253}"|"(?:kubernetes|pod|container|node|labels|stream)"\s?:\s?'
    rb"\{[^{}]{0,500}\}"
)
NAMESPACE = regex(r"(?:\s-n|--namespace)[ =]?(?P<namespace>[a-z0-9][a-z0-9-]{0,62})(?:\s|$)")


def identity(line: bytes) -> Identity:
    """Return what names the pod or program of a line, as a key; () where nothing does."""
    if line[:1] == b"{":
        return tuple(IN_JSON.findall(line[:LONGEST_JSON]))
    found = naming(line)
    return tuple(found[0][name] for name in found[1]) if found else ()


def naming(line: bytes) -> tuple[re.Match[bytes], tuple[str, ...]] | None:
    """Return the match of a line's layer that names its pod or program, and the groups that do."""
    first = line[:1]
    start = 0
    if first.isdigit() and (time := TIME.match(line)):
        start, first = time.end(), b"["
    if first == b"[":
        layers: tuple[Layer, ...] = BRACKETS
    elif b"s/" in line[:200] and (b"pods/" in line[:300] or b"containers/" in line[:300]):
        layers = PATHS
    elif first.islower():
        layers = STERNS
    else:
        layers = JOURNALS
    for pattern, names in layers:
        if match := pattern.match(line, start):
            if layers is STERNS and not BEGINS_BYTES.match(line, match.end()):
                return None
            return match, names
    return None


def namespace_of(part: Part) -> str:
    """Return the namespace that a part's subject or command names."""
    if part.subject.namespace:
        return part.subject.namespace
    match = NAMESPACE.search(part.command)
    return match["namespace"] if match else ""


def named_program(*names: str) -> Emitter:
    """Return the program that the first telling one of these names stands for."""
    for name in names:
        if name and "autoscaler" not in name:
            emitter = program_named(name)
            if emitter is not Emitter.UNKNOWN:
                return emitter
    return Emitter.UNKNOWN


def place_of(envelope: Envelope, part: Part) -> Place:
    """Return the place that a line's envelope names."""
    emitter = named_program(envelope.program, envelope.container, envelope.pod)
    return Place(
        emitter=emitter,
        subject=subject_of(emitter, envelope, part),
        container=envelope.container or part.container,
        certain=emitter is not Emitter.UNKNOWN,
        named=True,
    )


def subject_of(emitter: Emitter, envelope: Envelope, part: Part) -> Subject:
    """Return the pod or node whose log a line is from."""
    given = part.subject
    if envelope.pod:
        same = given.kind == "Pod" and given.name == envelope.pod
        space = envelope.namespace or namespace_of(part)
        return Subject("Pod", envelope.pod, space, envelope.node or (given.node if same else ""))
    if envelope.node:
        return Subject("Node", envelope.node)
    if emitter in ON_NODES:
        return Subject("Node", given.name if given.kind == "Node" else given.node)
    if given.kind:
        return given
    if emitter is Emitter.API_CLIENT:
        return CLUSTER
    return Subject("Pod", "", namespace_of(part)) if emitter in IN_PODS else given
