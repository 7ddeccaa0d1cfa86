"""A part: a stretch of raw evidence of one kind, before it is parsed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import Enum
from pathlib import Path

from diagnose.asks import Ask
from diagnose.model import Gap, Subject
from diagnose.signatures.base import Emitter
from diagnose.text.flow import Flow
from diagnose.values import dataclass


class Kind(Enum):
    """What a part is; the value is how the report calls it."""

    OBJECTS = "Kubernetes objects"
    TABLE = "kubectl get table"
    DESCRIBE = "kubectl describe"
    EVENTS = "events"
    LOG = "log"
    COREFILE = "Corefile"
    RESOLV_CONF = "resolv.conf"
    KUBELET_CONFIG = "kubelet configuration"
    NET_CONF = "flannel net-conf.json"
    SUBNET_ENV = "flannel subnet.env"
    CNI_CONFIG = "CNI configuration"
    LOOKUP = "DNS look-up"
    ADDRESSES = "ip addr"
    ROUTES = "ip route"
    FILTER_RULES = "iptables rules"
    KERNEL_SETTINGS = "sysctl"
    METRICS = "Prometheus metrics"
    HEALTH = "health endpoints"
    DNS_ANSWERS = "DNS answers"
    LISTENERS = "sockets"
    CERTIFICATE = "certificate"
    FILE_LIST = "file list"
    SHELL = "shell prompt"
    TEXT = "text"
    BINARY = "binary data"


@dataclass(frozen=True)
class Part:
    """A stretch of evidence of one kind.

    `text` holds it with line feeds as line ends; a log too long for that is in the file `path`
    instead, from its first byte on, or still comes out of a pipe. `first_line` is the number in
    the origin of its first line. `ask` is the request that brought it; None for loose evidence.
    `subject` is the pod or node that it belongs to, where a manifest, a file name or a prompt's
    command tells.
    `command` is the shell command whose output it is, where a prompt shows it. `whole` says
    that nothing of the answer is missing. `taken_at` is when it was recorded. `times` says for
    each line how often it stood in what somebody condensed with `uniq -c`; empty where nobody did.
    """

    kind: Kind
    origin: str
    text: str = ""
    path: Path | Flow | None = None
    first_line: int = 1
    emitter: Emitter = Emitter.UNKNOWN
    subject: Subject = field(default=Subject(""))
    container: str = ""
    command: str = ""
    ask: Ask | None = None
    previous: bool = False
    whole: bool = False
    taken_at: datetime | None = None
    times: tuple[int, ...] = ()


@dataclass(frozen=True)
class Parsed:
    """What a parser made of a part: items of the classes in diagnose.facts, and gaps."""

    items: tuple[object, ...] = ()
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True)
class Haul:
    """What one source brought, before it is parsed: a bundle is a recorded haul.

    `looked` holds the asks that were carried out, completely or with the gaps in `gaps`; `echoed`
    says that people did, by commands that they show.
    """

    parts: tuple[Part, ...] = ()
    looked: frozenset[Ask] = frozenset()
    gaps: Mapping[Ask, tuple[Gap, ...]] = field(default_factory=dict)
    general_gaps: tuple[Gap, ...] = ()
    source: str = ""
    taken_at: datetime | None = None
    echoed: bool = False
