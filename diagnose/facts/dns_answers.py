"""What DNS answered when corediag itself asked: one item per question, place and server."""

from __future__ import annotations

import re
from datetime import datetime
from enum import Enum

from diagnose.facts.lookups import ANSWERED, NOWHERE, Outcome
from diagnose.model import Quote, Subject
from diagnose.text.regex import regex
from diagnose.values import dataclass

SPECIFICATION = "Kubernetes DNS specification"
VERSION = regex(r"\"?\d{1,4}\.\d{1,4}\.\d{1,4}(?:[-+][\w.+-]{1,100})?\"?")  # semver.org
NAMED = regex(r"kubernetes\.default\.svc\.", re.IGNORECASE)


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


OUTSIDE = frozenset({ServerRole.UPSTREAM, ServerRole.CONFIGURED})  # need not know the cluster


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
    `asked_bytes` is the size of the question where it was made large on purpose, to see whether
    such packets arrive: any answer shows that they do, FORMERR too.
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
    asked_bytes: int = 0
    size: int = 0
    took_ms: int = 0
    detail: str = ""
    at: datetime | None = None

    @property
    def answered(self) -> bool:
        """Whether a DNS message came back, whatever it said."""
        return self.outcome in ANSWERED


def breaches(one: Asked) -> tuple[str, ...]:
    """Return what an answer of the cluster's DNS breaks, each with its section; () for nothing.

    Only what came is judged: no answer breaks nothing, and a padded question may be refused. That
    a Service has no A or no AAAA record is right where it has no address of that family.

    Source: Kubernetes DNS-Based Service Discovery 1.1.0 (kubernetes/dns docs/specification.md) 2.2,
    2.3.1, 2.3.3; RFC 1034 4.2.1 (a zone has a SOA record at its apex); RFC 2308 2.1 (NXDOMAIN).
    """
    if not one.answered or one.asked_bytes or one.server.role in OUTSIDE:
        return ()
    what = one.outcome.value
    if one.outcome is Outcome.NOERROR:
        what = ", ".join(one.answers[:4]) or "an empty answer"
    told = f"{one.name} {one.qtype}: {what}"
    match one.name_kind, one.outcome:
        case NameKind.ABSENT, Outcome.NXDOMAIN:
            return ()
        case NameKind.ABSENT, _:
            return (f"RFC 2308, 2.1: a name that does not exist is NXDOMAIN; {told}",)
        case NameKind.SERVICE, Outcome.NOERROR | Outcome.NODATA:
            return ()
        case NameKind.SERVICE, _:
            return (f"{SPECIFICATION} 2.3.1: a Service with an address must have it; {told}",)
        case NameKind.VERSION, _ if not any(VERSION.fullmatch(text) for text in one.answers):
            return (f"{SPECIFICATION} 2.2: dns-version must hold a semantic version; {told}",)
        case NameKind.REVERSE, _ if not any(NAMED.match(text) for text in one.answers):
            return (f"{SPECIFICATION} 2.3.3: a Service's address must lead to its name; {told}",)
        case NameKind.ZONE, _ if one.qtype == "SOA" and not one.answers:
            return (f"RFC 1034, 4.2.1: a zone has a SOA record; {told}",)
        case _:
            return ()
