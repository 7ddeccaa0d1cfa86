"""Firewalls of nodes' own systems that are active, as their tools say, while DNS gets no answer.

Limits: what they let pass is read from what their tools print, not from the rules; a tool that was
asked for one zone tells nothing of others.
Source: ufw 0.36 src/frontend.py, src/backend_iptables.py (get_status, "deny (routed)"); firewalld
v2.0 src/firewall/command.py (--state, print_zone_info); systemd v255 systemctl-show.c (Active:).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.facts.api_failures import ApiFailures
from diagnose.facts.lookups import NO_ANSWER, Lookup
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.values import dataclass


@dataclass(frozen=True)
class HostFirewall:
    """One active firewall. `routed` says whether it drops what the node forwards; None: not told.

    `open` says that what it prints has the pod network, or an interface of it, let in.
    """

    subject: Subject
    origin: str
    quote: Quote
    program: str
    routed: bool | None = None
    open: bool = False


@dataclass(frozen=True, kw_only=True)
class HostFirewalls(Fact):
    """The firewalls that are active; `lost` is what gets no answer, () where nothing does."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.NODE_NETWORK, Ask.CLIENT_OUTPUT)

    active: tuple[HostFirewall, ...] = ()
    lost: tuple[Quote, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return each node's firewall once."""
        items = evidence.of(HostFirewall)
        found = known(evidence, items, Ask.NODE_NETWORK)
        if isinstance(found, Gap):
            return found
        trusting = {one.subject for one in items if one.open}
        first = {one.subject: one for one in reversed(items) if one.subject not in trusting}
        active = tuple(reversed(first.values()))
        lost = tuple(unanswered(evidence)) if active else ()
        return cls(origin=found[0], gaps=found[1], active=active, lost=lost[:2])


def unanswered(evidence: Evidence) -> Iterator[Quote]:
    """Yield what says that packets are lost: look-ups of pods, then requests to the API server."""
    for one in evidence.of(Lookup):
        if one.outcome in NO_ANSWER:
            yield one.quote
    failures = evidence.fetch(ApiFailures)
    if isinstance(failures, ApiFailures):
        for failure in failures.failures:
            yield failure.quote
