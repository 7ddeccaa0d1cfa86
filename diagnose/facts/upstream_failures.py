"""Queries that CoreDNS forwarded and that failed, by the server that was asked."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence
from diagnose.facts.logs import CoreDNSLogs, LogStream, Match, shares
from diagnose.facts.names import in_cluster
from diagnose.facts.pods import Pod, unique
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.signatures.coredns import (
    ERRORS_CONSOLIDATED,
    NO_HEALTHY_UPSTREAM,
    UPSTREAM_FAILED,
    UPSTREAM_PIECE,
)
from diagnose.signatures.trouble import Reason, Trouble, classify
from diagnose.text.regex import regex

MOST_NAMES = 10
DNS_PORT = 53
# A log that goes on for so long, and for longer than the failures lasted, shows that they ended.
QUIET = timedelta(minutes=10)
# The loop plugin asks for two random numbers below the zone of its server block.
PROBE = regex(r"\d{1,20}\.\d{1,20}\.")
STUBS = ("127.0.0.53", "127.0.0.54")  # systemd-resolved's, in the network of the host
SOURCE = regex(r"(?:read|write) (?:udp|tcp)\d? (?P<source>\S+?)->")


@dataclass(frozen=True)
class UpstreamFailure:
    """The failures of one upstream server for one reason, in one CoreDNS pod's log.

    `server` is its address without a port, "" when the line does not name it. `names` are those
    asked for and `qtypes` their types, without the loop plugin's own; `probe_only` says that only
    that one was asked. `own` says that the pod waited for itself: for its port 53 of a loopback
    address, or of the address that it asked from. `tcp` says that it was asked over TCP. `piece`
    says that only pieces of lines are left, which any program could have printed.
    """

    server: str
    subject: Subject
    trouble: Trouble
    quote: Quote
    count: int = 1
    names: tuple[str, ...] = ()
    qtypes: tuple[str, ...] = ()
    probe_only: bool = False
    port: int | None = None
    own: bool = False
    tcp: bool = False
    piece: bool = False
    first_at: datetime | None = None
    last_at: datetime | None = None

    @property
    def certain(self) -> bool:
        """Whether it shows that the server fails its clients.

        Not where only the loop plugin asked, where a missing answer names no server, and not by one
        query over TCP, which only follows an answer over UDP that was too large.
        """
        if self.probe_only or self.piece or (self.tcp and self.count == 1):
            return False
        return bool(self.server) or self.trouble.reason is not Reason.TIMEOUT


@dataclass(frozen=True, kw_only=True)
class UpstreamFailures(Fact):
    """The upstream servers that fail CoreDNS; of those in `ended` the log shows that they ended."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.DNS_LOGS,)

    failures: tuple[UpstreamFailure, ...] = ()
    ended: tuple[UpstreamFailure, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the failures of every log of CoreDNS."""
        logs = evidence.fetch(CoreDNSLogs)
        if isinstance(logs, Gap):
            return logs
        hosts = frozenset(pod.subject.name for pod in unique(evidence.of(Pod)) if pod.host_network)
        every = [(one, stream) for stream in logs.streams for one in of_stream(stream, hosts)]
        found = list(unmixed(every))
        return cls(
            origin=logs.origin,
            gaps=logs.gaps,
            failures=tuple(one for one, stream in found if not has_ended(one, stream)),
            ended=tuple(one for one, stream in found if has_ended(one, stream)),
        )


def unmixed(
    found: Sequence[tuple[UpstreamFailure, LogStream]],
) -> Iterator[tuple[UpstreamFailure, LogStream]]:
    """Yield the failures; a server that refuses some queries refuses those that time out as well.

    It says so by ICMP, which kernels send at a bounded rate (icmp_ratelimit, icmp(7)).
    """
    refusing = {one.server for one, _ in found if one.trouble.reason is Reason.REFUSED}
    for one, stream in found:
        same = one.trouble.reason is Reason.TIMEOUT and one.server and one.server in refusing
        trouble = replace(one.trouble, reason=Reason.REFUSED) if same else one.trouble
        yield replace(one, trouble=trouble), stream


def of_stream(stream: LogStream, hosts: frozenset[str] = frozenset()) -> Iterator[UpstreamFailure]:
    """Yield one failure per server and reason of a log; `hosts` name pods of the host's network."""
    groups: dict[tuple[str, Reason], list[tuple[Match, Trouble]]] = {}
    others = []
    for match in stream.matching(UPSTREAM_FAILED, UPSTREAM_PIECE):
        trouble = classify(match["reason"])
        if in_cluster(match["qname"]) and not trouble.target:
            others.append(match)  # a plugin that serves the name itself
            continue
        groups.setdefault((host(trouble.target), trouble.reason), []).append((match, trouble))
    lines = [[match for match, _ in several] for several in groups.values()]
    counts = shares(stream, [*lines, others])
    for ((server, reason), several), count in zip(groups.items(), counts, strict=False):
        real = [match for match, _ in several if not is_probe(match)]
        shown = real[0] if real else several[-1][0]
        asked_at = port(several[0][1].target)
        waits = reason is Reason.TIMEOUT and asked_at in (DNS_PORT, None)
        yield UpstreamFailure(
            server=server,
            subject=shown.subject,
            trouble=several[0][1],
            quote=shown.quote,
            count=count,
            names=tuple(dict.fromkeys(m["qname"].rstrip(".") for m in real if m["qname"]))[
                :MOST_NAMES
            ],
            qtypes=tuple(dict.fromkeys(m["qtype"] for m in real if m["qtype"]))[:MOST_NAMES],
            probe_only=not real,
            port=asked_at,
            own=waits
            and is_own(server, several[0][0]["reason"])
            and not (stream.subject.name in hosts and server in STUBS),
            piece=all(m.signature == UPSTREAM_PIECE.name for m, _ in several),
            tcp=all(" tcp" in m["reason"] for m, _ in several),
            first_at=several[0][0].at,
            last_at=several[-1][0].at,
        )
    yield from consolidated(stream)
    yield from unhealthy(stream, alone=not groups)


def consolidated(stream: LogStream) -> Iterator[UpstreamFailure]:
    """Yield the failures that the errors plugin only counts, by the pattern that it counts."""
    for match in stream.matching(ERRORS_CONSOLIDATED):
        yield UpstreamFailure(
            server="",
            subject=match.subject,
            trouble=replace(classify(match["regex"].replace("\\", "")), target=""),
            quote=match.quote,
            count=int(match["count"][:9]),
            first_at=match.at,
            last_at=match.at,
        )


def unhealthy(stream: LogStream, *, alone: bool) -> Iterator[UpstreamFailure]:
    """Yield what follows when every upstream failed its health checks; the rest tells more.

    A check fails on any error of the network, of which a missing answer is the usual one.
    """
    matches = list(stream.matching(NO_HEALTHY_UPSTREAM))
    if matches and alone:
        yield UpstreamFailure(
            server="",
            subject=matches[-1].subject,
            trouble=Trouble(Reason.TIMEOUT),
            quote=matches[-1].quote,
            count=stream.count(NO_HEALTHY_UPSTREAM),
            names=tuple(dict.fromkeys(m["qname"].rstrip(".") for m in matches))[:MOST_NAMES],
            qtypes=tuple(dict.fromkeys(m["qtype"] for m in matches if m["qtype"]))[:MOST_NAMES],
            first_at=matches[0].at,
            last_at=matches[-1].at,
        )


def is_probe(match: Match) -> bool:
    """Whether the loop plugin asked: a random name of type HINFO, in whichever zone."""
    return bool(match["probe"]) or (
        match["qtype"] == "HINFO" and PROBE.match(match["qname"]) is not None
    )


def has_ended(failure: UpstreamFailure, stream: LogStream) -> bool:
    """Whether the log went on without such failures, for long and for longer than they lasted.

    Not of the self-test, which is sent at the start alone. A run that was ended shows nothing:
    it may have ended because of them.
    """
    first, last, end = failure.first_at, failure.last_at, stream.last_at
    if failure.probe_only or stream.previous or not (first and last and end):
        return False
    return end - last > max(QUIET, last - first)


def host(target: str) -> str:
    """Return the address of host:port, an IPv6 one without its brackets."""
    address, _, port = target.rpartition(":")
    if not address or not port.isdigit():
        address = target
    return address.strip("[]")


def port(target: str) -> int | None:
    """Return the port of host:port; None where there is none."""
    _, _, digits = target.rpartition(":")
    return int(digits[:6]) if digits.isdigit() and ":" in target else None


def is_own(server: str, reason: str) -> bool:
    """Whether a server's address is the pod's own."""
    try:
        address = ipaddress.ip_address(server.partition("%")[0])
    except ValueError:
        return False
    if address.is_loopback or address.is_unspecified:
        return True
    asked_from = SOURCE.search(reason)
    return asked_from is not None and host(asked_from["source"]) == server
