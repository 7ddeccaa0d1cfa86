"""Queries in a node's table of connections that were sent on to a backend and not answered.

An entry holds the packet as it was sent and the reply as it is to come. Where the reply is to come
from another address than was asked, the Service's address has been translated; where it is to go to
another address than asked, the sender has been masqueraded. UNREPLIED says that none came.

Source: libnetfilter_conntrack 1.0.9 src/conntrack/snprintf_default.c, which conntrack-tools print
with; Linux v6.1 net/netfilter/nf_conntrack_standalone.c (ct_seq_show).
"""

from __future__ import annotations

from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.facts.pods import Pod, unique
from diagnose.facts.services import Endpoints, Service, merged
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.values import dataclass

DNS_PORT = 53
DNS_SERVICES = ("kube-dns", "coredns", "rke2-coredns-rke2-coredns", "dns-default")


@dataclass(frozen=True)
class TrackedFlow:
    """One entry: who asked which address and port, and from where to where the reply is to go."""

    subject: Subject
    origin: str
    quote: Quote
    client: str
    asked: str
    port: int
    backend: str
    reply_to: str
    replied: bool

    @property
    def translated(self) -> bool:
        """Whether the address that was asked is a Service's, as far as this node is concerned."""
        return self.backend != self.asked

    @property
    def masqueraded(self) -> bool:
        """Whether the backend sees another sender than the client."""
        return self.reply_to != self.client


@dataclass(frozen=True)
class Unanswered:
    """The queries to one address that one backend did not answer.

    `gone` says that the backend is none of the DNS pods that are known.
    """

    subject: Subject
    asked: str
    backend: str
    count: int
    masqueraded: bool
    gone: bool
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, kw_only=True)
class UnansweredFlows(Fact):
    """The backends that DNS queries were sent on to and that answered none of them."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.NODE_NETWORK, Ask.DNS_PODS)

    unanswered: tuple[Unanswered, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return one entry per address and backend of which no query was answered."""
        flows = evidence.of(TrackedFlow)
        found = known(evidence, flows, Ask.NODE_NETWORK)
        if isinstance(found, Gap):
            return found
        pods = {ip for pod in unique(evidence.of(Pod)) if pod.serves_dns for ip in pod.ips or ()}
        if not pods:  # the first addresses of a Service are those of all its pods, but for ports
            pods = {
                end.address
                for one in evidence.of(Endpoints)
                if one.service in DNS_SERVICES
                for end in one.endpoints
            }
        others = {
            ip
            for one in merged(evidence.of(Service))
            if not one.serves_dns
            for ip in one.cluster_ips or ()
        }
        groups: dict[tuple[Subject, str, str], list[TrackedFlow]] = {}
        for one in flows:
            if one.port == DNS_PORT and one.translated and one.asked not in others:
                groups.setdefault((one.subject, one.asked, one.backend), []).append(one)
        unanswered = tuple(
            Unanswered(
                subject=subject,
                asked=asked,
                backend=backend,
                count=len(several),
                masqueraded=all(one.masqueraded for one in several),
                gone=bool(pods) and backend not in pods,
                quotes=tuple(one.quote for one in several[:2]),
            )
            for (subject, asked, backend), several in groups.items()
            if not any(one.replied for one in several)
        )
        return cls(origin=found[0], gaps=found[1], unanswered=unanswered)
