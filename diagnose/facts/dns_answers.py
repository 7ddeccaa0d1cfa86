"""What DNS answered when corediag itself asked: one item per question, place and server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from diagnose.facts.lookups import ANSWERED, NOWHERE, Outcome
from diagnose.model import Quote, Subject


class PlaceKind(Enum):
    """From where was asked; the value is how reports say it."""

    DIRECT = "API server"  # into the pod itself, past the pod network and the service proxy
    POD = "pod"
    HOST = "host network"
    PROBE = "probe pod"


class ServerRole(Enum):
    """Which part the asked server plays; the value is how reports say it."""

    SERVICE = "DNS Service"
    REPLICA = "CoreDNS pod"
    NODE_LOCAL = "node-local cache"
    UPSTREAM = "upstream"
    CONFIGURED = "nameserver of resolv.conf"  # that is none of the others


class NameKind(Enum):
    """What a name is asked for."""

    SERVICE = "kubernetes Service"  # kubernetes.default.svc.<zone>
    ZONE = "zone apex"  # SOA and NS
    REVERSE = "reverse name"
    VERSION = "dns-version"
    ABSENT = "absent name"  # must be NXDOMAIN
    EXTERNAL = "external name"
    SHORT = "short name"  # completed by the search path


@dataclass(frozen=True)
class Place:
    """Who asked: `subject` is the pod, or the node for its host network."""

    kind: PlaceKind
    subject: Subject
    address: str = ""

    @property
    def node(self) -> str:
        """The name of the node where it is; "" when that is not known."""
        return self.subject.name if self.subject.kind == "Node" else self.subject.node


@dataclass(frozen=True)
class Server:
    """Who was asked. `subject` is the Service or the pod behind it; without a kind: not known."""

    role: ServerRole
    address: str
    port: int = 53
    subject: Subject = NOWHERE


@dataclass(frozen=True)
class Asked:
    """One question and what came.

    `outcome` is a response code or why there was none. `size` is that of the answer in bytes,
    `payload` what the question allowed over UDP by EDNS (0: no EDNS). `flags` are those of the
    answer (AA, TC, RA …). `detail` is what else is worth a word, such as the error as said.
    """

    place: Place
    server: Server
    transport: str  # udp or tcp
    name_kind: NameKind
    name: str  # as asked, with its final dot unless it was to be completed
    qtype: str
    outcome: Outcome
    origin: str
    quote: Quote
    answers: tuple[str, ...] = ()
    authority: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    payload: int = 0
    size: int = 0
    took_ms: int = 0
    detail: str = ""
    at: datetime | None = None

    @property
    def answered(self) -> bool:
        """Whether a DNS message came back, whatever it said."""
        return self.outcome in ANSWERED
