"""What endpoints of CoreDNS and of kubelets answer over HTTP: /health, /ready, /metrics, /healthz.

The API server passes the request on. Where it does not get through, its own words say how far it
came: a port that refuses shows a pod that is reached, a connection that times out one that is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.signatures.trouble import Reason, classify
from diagnose.text.regex import regex
from diagnose.text.shown import visible
from diagnose.values import dataclass

LONGEST = 300
NO_ANSWER = "no answer: "
READY, METRICS, HEALTHZ = "/ready", "/metrics", "/healthz"
USUAL = "usual port"
# What a host that is reached can say; anything else may come from the network before it.
FROM_HOST = frozenset({Reason.REFUSED, Reason.RESET, Reason.EOF})
FROM_NETWORK = frozenset({Reason.TIMEOUT, Reason.NO_ROUTE, Reason.NETWORK_UNREACHABLE})
PLUGINS = regex(r"[a-z0-9_-]{2,40}(?:,[a-z0-9_-]{2,40}){0,10}\Z")


def written(
    path: str, port: int, by: str, *, status: int = 0, body: str = "", trouble: str = ""
) -> str:
    """Return the line that says what one endpoint answers; diagnose.parsers.health reads it."""
    told = f"{status} {visible(body.strip())}".strip() if status else NO_ANSWER + visible(trouble)
    return f"{visible(path)} of port {port} ({by}): {told}"[:LONGEST]


@dataclass(frozen=True)
class Endpoint:
    """What one endpoint of a pod or node answered: a status and the first line, or why nothing.

    `by` says what named the port: the probe of the pod, a port's name, or just what is usual.
    """

    subject: Subject
    origin: str
    quote: Quote
    path: str
    port: int
    by: str
    status: int = 0
    body: str = ""
    trouble: str = ""

    @property
    def reason(self) -> Reason | None:
        """Why nothing came; None when something did."""
        return classify(self.trouble).reason if self.trouble else None

    @property
    def reached(self) -> bool:
        """Whether the host answered at all, were it by refusing the connection."""
        return bool(self.status) or self.reason in FROM_HOST

    @property
    def lost(self) -> bool:
        """Whether the request was lost on its way."""
        return self.reason in FROM_NETWORK or "does not answer in time" in self.trouble

    @property
    def waits_for(self) -> tuple[str, ...]:
        """The plugins that are not ready, as the ready plugin names them."""
        if self.status != 503 or self.path != READY or PLUGINS.match(self.body) is None:
            return ()
        return tuple(self.body.split(","))


@dataclass(frozen=True, kw_only=True)
class CoreDNSHealth(Fact):
    """What the pods of CoreDNS answer to the API server."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.DNS_HEALTH,)

    endpoints: tuple[Endpoint, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return what the endpoints of pods answer."""
        items = of_pods(evidence.of(Endpoint))
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return found
        return cls(origin=found[0], gaps=found[1], endpoints=items)


@dataclass(frozen=True, kw_only=True)
class KubeletHealth(Fact):
    """What kubelets of nodes that are not Ready answer to the API server."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.KUBELET_LOGS,)

    endpoints: tuple[Endpoint, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return what kubelets answer."""
        items = tuple(one for one in evidence.of(Endpoint) if one.subject.kind == "Node")
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return found
        return cls(origin=found[0], gaps=found[1], endpoints=items)

    def of(self, node: str) -> Endpoint | None:
        """Return what the kubelet of a node answers; None where it was not asked."""
        return next((one for one in self.endpoints if one.subject.name == node), None)


def of_pods(endpoints: Iterable[Endpoint]) -> tuple[Endpoint, ...]:
    """Return those of pods; what is not said to be a node's is a pod's."""
    return tuple(one for one in endpoints if one.subject.kind != "Node")


def waiting(endpoints: Iterable[Endpoint]) -> dict[str, Endpoint]:
    """Return by the names of pods what each said of the plugins that are not ready."""
    return {one.subject.name: one for one in endpoints if one.waits_for}
