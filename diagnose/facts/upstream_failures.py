"""Queries that CoreDNS forwarded and that failed, by the server that was asked.

Beside what logs say stand the questions that corediag asked an upstream itself. Where both are
there, the answer is later and outranks the log.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence
from diagnose.facts.coredns_metrics import CoreDNSMetrics
from diagnose.facts.corefile import Corefile
from diagnose.facts.dns_answers import Asked, NameKind, PlaceKind, ServerRole
from diagnose.facts.listeners import NODE_LOCAL
from diagnose.facts.logs import CoreDNSLogs, LogStream, Match, shares
from diagnose.facts.lookups import ANSWERED, Outcome
from diagnose.facts.names import DEFAULT_DOMAIN, REVERSE, in_cluster, normal
from diagnose.facts.pods import Pod, unique
from diagnose.facts.probe_matrix import (
    ERRORS,
    POD_KINDS,
    SILENCE,
    Cell,
    ClientMatrix,
    ProbeMatrix,
    State,
    joined,
    node_or,
    said,
)
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.signatures.coredns import (
    ERRORS_CONSOLIDATED,
    NO_HEALTHY_UPSTREAM,
    QUERY_FORWARDED,
    UPSTREAM_FAILED,
    UPSTREAM_PIECE,
)
from diagnose.signatures.trouble import Reason, Trouble, classify
from diagnose.text.regex import regex
from diagnose.values import dataclass

MOST_NAMES = 10
DNS_PORT = 53
TLS_PORT = 853
# A log that goes on for so long, and for longer than the failures lasted, shows that they ended.
QUIET = timedelta(minutes=10)
STILL = timedelta(seconds=30)  # what failed so shortly before an answer may go on beside it
FOUND = (Outcome.NOERROR, Outcome.NODATA, Outcome.NXDOMAIN)
# One answer lost among so many is what networks do; so many in a row at the end of a log are not.
FEW_OF, IN_A_ROW = 20, 3
CACHED_S = 0.001  # what is answered sooner may come out of CoreDNS's cache
# The loop plugin asks for two random numbers below the zone of its server block.
PROBE = regex(r"\d{1,20}\.\d{1,20}\.")
STUBS = ("127.0.0.53", "127.0.0.54")  # systemd-resolved's, in the network of the host
REASONS = {
    Outcome.TIMEOUT: Reason.TIMEOUT,
    Outcome.CONNECTION_REFUSED: Reason.REFUSED,
    Outcome.UNREACHABLE: Reason.NO_ROUTE,
}
# Of these an answer to a plain question tells that it is over.
PLAIN = frozenset({Reason.TIMEOUT, Reason.REFUSED, Reason.NO_ROUTE, Reason.NETWORK_UNREACHABLE})
# Only what an upstream sent is unpacked, whatever the name: people put <name> in its place.
READ = (Reason.OVERSIZED, Reason.GARBAGE)
SOURCE = regex(r"(?:read|write) (?:udp|tcp)\d? (?P<source>\S+?)->")


@dataclass(frozen=True)
class UpstreamFailure:
    """The failures of one upstream server for one reason, in one CoreDNS pod's log.

    `server` is its address without a port, "" when the line does not name it. `names` are those
    asked for and `qtypes` their types, without the loop plugin's own; `probe_only` says that only
    that one was asked. `own` says that the pod waited for itself: for its port 53 of a loopback
    address, or of the address that it asked from. `tcp` says that it was asked over TCP. `piece`
    says that only pieces of lines are left, which any program could have printed.

    `asked_from` says from where corediag asked the server itself in vain, `note` what it saw where
    a log tells of the failure: `answers_node` that the server answers the pod's node, `answers_now`
    an answer to a pod of that node, which the log does not agree with. `others_answer` says that
    another upstream answers. `cache` says that it is a node-local cache's, and the server CoreDNS.
    `answered` counts the forwarded queries that the same log shows as answered around a few
    failures, and after them; 0 where they are not few, or nothing was answered since. `unhealthy`
    says that forward gave up by itself, as all its servers had failed their health checks.
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
    note: str = ""
    answers_node: bool = False
    asked_from: str = ""
    answers_now: Quote | None = None
    others_answer: bool = False
    cache: bool = False
    answered: int = 0
    unhealthy: bool = False

    @property
    def over_tls(self) -> bool:
        """Whether it was asked at the port of DNS over TLS (RFC 7858)."""
        return self.port == TLS_PORT

    @property
    def certain(self) -> bool:
        """Whether it shows that the server fails its clients.

        Not where only the loop plugin asked, where a missing answer names no server, and not by one
        query over TCP, which only follows an answer over UDP that was too large. Nor where the
        server answers a pod of the same node since, or CoreDNS got answers all the time.
        """
        if self.answers_now is not None or self.answered:
            return False
        if self.probe_only or self.piece or (self.tcp and self.count == 1):
            return False
        if self.unhealthy:
            return self.count > 1
        return bool(self.server) or self.trouble.reason is not Reason.TIMEOUT


@dataclass(frozen=True, kw_only=True)
class UpstreamFailures(Fact):
    """The upstream servers that fail CoreDNS; of those in `ended` the log shows that they ended.

    `to_coredns` are the failures of node-local caches on their way to CoreDNS.
    """

    asks: ClassVar[tuple[Ask, ...]] = (Ask.DNS_LOGS, *ClientMatrix.asks)

    failures: tuple[UpstreamFailure, ...] = ()
    ended: tuple[UpstreamFailure, ...] = ()
    to_coredns: tuple[UpstreamFailure, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the failures of every log of CoreDNS, and of corediag's own questions."""
        logs, matrix = evidence.fetch(CoreDNSLogs), evidence.fetch(ClientMatrix)
        ways = {} if isinstance(matrix, Gap) else upstream_ways(matrix)
        others = alternatives(evidence, ways)
        asked = tuple(of_answers(ways, others))
        if isinstance(logs, Gap):
            if isinstance(matrix, Gap) or not asked:
                return logs
            return cls(origin=matrix.origin, gaps=(logs, *matrix.gaps), failures=asked)
        hosts = frozenset(pod.subject.name for pod in unique(evidence.of(Pod)) if pod.host_network)
        ours = asked_over_tcp(evidence)
        every = [(one, stream) for stream in logs.streams for one in of_stream(stream, hosts, ours)]
        silent = {one.server for one in asked}  # then the log is of what goes on
        served = served_since(evidence)
        found = [
            (weighed(compared(one, ways, others), {} if one.server in silent else served), stream)
            for one, stream in unmixed(every)
        ]
        over = [has_ended(one, stream, answered_at(one, ways)) for one, stream in found]
        lasting = [one for (one, _), ended in zip(found, over, strict=True) if not ended]
        return cls(
            origin=logs.origin,
            gaps=logs.gaps,
            failures=(*(one for one in lasting if not one.cache), *asked),
            ended=tuple(one for (one, _), ended in zip(found, over, strict=True) if ended),
            to_coredns=tuple(one for one in lasting if one.cache),
        )


def asked_over_tcp(evidence: Evidence) -> frozenset[str]:
    """Return the names that corediag asked CoreDNS itself for over TCP, through the API server."""
    return frozenset(
        one.name.rstrip(".").lower()
        for one in evidence.of(Asked)
        if one.place.kind is PlaceKind.DIRECT and one.transport == "tcp"
    )


def is_echo(match: Match, ours: frozenset[str]) -> bool:
    """Whether a line is about corediag's own question, and so tells nothing of UDP.

    CoreDNS asks an upstream over the transport by which it was asked.
    """
    return match["qname"].rstrip(".").lower() in ours and " udp " not in match.quote.text


Ways = dict[str, dict[tuple[Subject, PlaceKind, str], Cell]]


def upstream_ways(matrix: ClientMatrix) -> Ways:
    """Return what upstreams answered: by their address, then by node, kind and name of the place.

    The name of a place is what messages call it. Left out is a place that asked others too and was
    answered by nobody: it tells of itself, not of any server.
    """
    ways: Ways = {}
    others = matrix.by(
        lambda one: one.place if one.server.role is not ServerRole.UPSTREAM else None
    )
    deaf = {place for place, cell in others.items() if not cell.answered}
    cells = matrix.by(
        lambda one: (
            (one.server.address, node_or(one.place), one.place.kind, said(one.place))
            if one.server.role is ServerRole.UPSTREAM
            and (one.place not in deaf or one.outcome in ANSWERED)
            else None
        )
    )
    for (address, node, kind, name), cell in cells.items():
        ways.setdefault(address, {})[node, kind, name] = cell
    return ways


def alternatives(evidence: Evidence, ways: Ways) -> frozenset[str]:
    """Return the upstreams that answer and that CoreDNS may ask in place of one that does not.

    None does where its pods fail with every name outside. A resolv.conf tells of the moment at
    which its pod began, so that a server of another pod's need not be one of CoreDNS's: its
    Corefile tells which are, else its counters.
    """
    answering = frozenset(
        server for server, places in ways.items() if any(cell.answered for cell in places.values())
    )
    matrix, corefile = evidence.fetch(ProbeMatrix), evidence.fetch(Corefile)
    outside = [
        one
        for one in (() if isinstance(matrix, Gap) else matrix.items)
        if one.name_kind is NameKind.EXTERNAL and one.server.role is ServerRole.REPLICA
    ]
    if outside and all(one.outcome in ERRORS or one.outcome in SILENCE for one in outside):
        return frozenset()
    told = () if isinstance(corefile, Gap) else corefile.upstreams(".")
    named = {host(one.rpartition("://")[2]) for one in told if not one.startswith("/")}
    if told and not any(one.startswith("/") for one in told):
        return answering & named
    metrics = evidence.fetch(CoreDNSMetrics)
    pods = () if isinstance(metrics, Gap) else metrics.pods
    counted = {host(one.server) for pod in pods for one in pod.upstreams()}
    return answering & (named | counted) if counted else answering


def of_answers(ways: Ways, others: frozenset[str]) -> Iterator[UpstreamFailure]:
    """Yield the upstreams that answered none of corediag's questions from a place.

    Not where the host network of the same node is answered: then it is the pods' way out. `others`
    are the upstreams that answer.
    """
    for server, places in ways.items():
        reached = {
            node for (node, kind, _), cell in places.items() if is_host(kind) and cell.answered
        }
        nobody = joined(places.values()).lost
        for (node, kind, name), cell in places.items():
            lost = cell.lost or (nobody and cell.state is State.SILENT)
            if not lost or (node in reached and not is_host(kind)):
                continue
            # A refusal comes by ICMP over UDP, at a bounded rate: see unmixed.
            refused = (one for one in cell.silent if one.outcome is Outcome.CONNECTION_REFUSED)
            first = next(refused, cell.silent[0])
            yield UpstreamFailure(
                server=server,
                subject=node,
                trouble=Trouble(
                    REASONS.get(first.outcome, Reason.OTHER), f"{server}:{first.server.port}"
                ),
                quote=first.quote,
                count=len(cell.silent),
                names=tuple(dict.fromkeys(one.name.rstrip(".") for one in cell.silent))[
                    :MOST_NAMES
                ],
                qtypes=tuple(dict.fromkeys(one.qtype for one in cell.silent))[:MOST_NAMES],
                port=first.server.port,
                tcp=all(one.transport == "tcp" for one in cell.silent),
                asked_from=name,
                first_at=first.at,
                last_at=cell.silent[-1].at,
                others_answer=bool(others - {server}),
            )


def is_host(kind: PlaceKind) -> bool:
    """Whether a place asks from the address of its node."""
    return kind is PlaceKind.HOST


def compared(failure: UpstreamFailure, ways: Ways, answering: frozenset[str]) -> UpstreamFailure:
    """Return a failure that a log tells, with what the server answered to corediag.

    Where pods of its node are answered each time, the log tells of something that is over, or that
    comes and goes. That the node's own address is answered does not contradict it. `answering` are
    the upstreams that answer.
    """
    others = bool(answering - {failure.server}) and failure.server not in answering
    for (node, kind, name), cell in ways.get(failure.server, {}).items():
        here = failure.subject.node in ("", node.name if node.kind == "Node" else node.node)
        same = cell.only(transport="tcp") if failure.tcp else cell
        if not here or same.state is not State.ANSWERS or failure.trouble.reason not in PLAIN:
            continue
        if kind in POD_KINDS:
            return replace(
                failure,
                note=f"asked from {name} since, it answers: over, or it comes and goes",
                answers_now=same.answered[0].quote,
            )
        failure = replace(failure, note=f"{name} is answered", answers_node=True)
    return replace(failure, others_answer=others) if others else failure


def served_since(evidence: Evidence) -> dict[str, Asked]:
    """Return the last answer about a name outside that each pod of CoreDNS gave to corediag itself.

    It was asked over TCP, and so CoreDNS asked its upstream.
    """
    served: dict[str, Asked] = {}
    outside = NameKind.EXTERNAL
    matrix = evidence.fetch(ProbeMatrix)
    for one in () if isinstance(matrix, Gap) else matrix.items:
        direct = one.place.kind is PlaceKind.DIRECT and one.server.role is ServerRole.REPLICA
        if direct and one.name_kind is outside and one.outcome in FOUND and one.at:
            served[one.server.subject.name] = one
    return served


def weighed(failure: UpstreamFailure, served: dict[str, Asked]) -> UpstreamFailure:
    """Return a failure that its pod's log tells, with what the pod answered to corediag since.

    An answer over TCP does not show that UDP is answered again, so that it proves neither.
    """
    one = served.get(failure.subject.name)
    if one is None or one.at is None or failure.last_at is None or failure.answers_now is not None:
        return failure
    if failure.trouble.reason not in PLAIN or one.at - failure.last_at <= STILL:
        return failure
    return replace(
        failure,
        note=f"asked for {one.name.rstrip('.')} since, the pod answers: over, or it comes and goes",
        answers_now=one.quote,
    )


def answered_at(failure: UpstreamFailure, ways: Ways) -> datetime | None:
    """Return when the server last answered a pod of the node that the failure is of."""
    if failure.answers_now is None:
        return None
    times = [
        one.at
        for (_, kind, _), cell in ways.get(failure.server, {}).items()
        if kind in POD_KINDS
        for one in cell.answered
        if one.at
    ]
    return max(times, default=None)


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


def of_stream(
    stream: LogStream, hosts: frozenset[str] = frozenset(), ours: frozenset[str] = frozenset()
) -> Iterator[UpstreamFailure]:
    """Yield one failure per server and reason of a log.

    `hosts` name pods of the host's network, `ours` what corediag asked over TCP.
    """
    groups: dict[tuple[str, Reason], list[tuple[Match, Trouble]]] = {}
    others = []
    cut = cut_off(stream)
    for match in stream.matching(UPSTREAM_FAILED, UPSTREAM_PIECE):
        if is_echo(match, ours):
            continue
        trouble = broken_off(classify(match["reason"]), cut)
        if in_cluster(match["qname"]) and not trouble.target and trouble.reason not in READ:
            others.append(match)  # a plugin that serves the name itself
            continue
        groups.setdefault((host(trouble.target), trouble.reason), []).append((match, trouble))
    behind = behind_cache(stream, [match for several in groups.values() for match, _ in several])
    lines = [[match for match, _ in several] for several in groups.values()]
    counts = shares(stream, [*lines, others])
    for ((server, reason), several), count in zip(groups.items(), counts, strict=False):
        real = [match for match, _ in several if not is_probe(match)]
        shown = real[0] if real else several[-1][0]
        asked_at = port(several[0][1].target)
        tcp = all(" tcp" in m["reason"] for m, _ in several)
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
            tcp=tcp or reason is Reason.RESET,
            first_at=several[0][0].at,
            last_at=several[-1][0].at,
            cache=server in behind,
            answered=answered_around(stream, count, [m.number for m, _ in several])
            if real and reason in PLAIN and not tcp
            else 0,
        )
    yield from consolidated(stream)
    every = (match for several in groups.values() for match, _ in several)
    yield from unhealthy(stream, alone=all(map(is_probe, every)))


def cut_off(stream: LogStream) -> str:
    """Return the one server whose connections a log shows as reset; "" where there are several."""
    reasons = (match["reason"] for match in stream.matching(UPSTREAM_FAILED))
    every = map(classify, (reason for reason in reasons if "reset by peer" in reason))
    targets = {one.target for one in every if one.reason is Reason.RESET and one.target}
    return targets.pop() if len(targets) == 1 else ""


def broken_off(trouble: Trouble, server: str) -> Trouble:
    """Return a trouble; an end of a connection that names no server is that of the server at hand.

    Whether the end or the reset is read first is chance; only the reset names the address.
    """
    if trouble.reason is Reason.EOF and not trouble.target and server:
        return replace(trouble, reason=Reason.RESET, target=server)
    return trouble


def answered_around(stream: LogStream, failed: int, lines: Sequence[int]) -> int:
    """Return how many forwarded queries a log shows as answered, if that tells against an outage.

    `failed` queries were not answered; `lines` are the numbers of the kept lines that say so. Not
    where they are many, nor where a row of them ends the log: the server may have gone just then.
    """
    kept = list(stream.matching(QUERY_FORWARDED))
    slow = [match.number for match in kept if float(match["seconds"]) >= CACHED_S]
    if not slow:
        return 0
    answered = stream.count(QUERY_FORWARDED) * len(slow) // len(kept)
    at_the_end = sum(line > max(slow) for line in lines)
    if failed * FEW_OF > answered or at_the_end >= IN_A_ROW:
        return 0
    return answered


def behind_cache(stream: LogStream, matches: Sequence[Match]) -> frozenset[str]:
    """Return the addresses at which a node-local cache asks CoreDNS; none of another's log.

    Its template has a server block with a loop self-test for the cluster's domain and for each
    reverse zone, and these forward to CoreDNS; CoreDNS itself has none but that of the root.
    Source: kubernetes/kubernetes v1.31.0, cluster/addons/dns/nodelocaldns/nodelocaldns.yaml.
    """
    zones: dict[str, set[str]] = {}
    for match in matches:
        zone = normal(PROBE.sub("", match["qname"], count=1)) if is_probe(match) else ""
        if zone:
            zones.setdefault(host(classify(match["reason"]).target), set()).add(zone)
    named = stream.subject.name.startswith(NODE_LOCAL)
    own = {DEFAULT_DOMAIN, *REVERSE}
    return frozenset(
        server
        for server, several in zones.items()
        if server
        and (DEFAULT_DOMAIN in several or several >= set(REVERSE) or (named and several & own))
    )


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
            unhealthy=True,
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


def has_ended(
    failure: UpstreamFailure, stream: LogStream, answered: datetime | None = None
) -> bool:
    """Whether the log went on without such failures, for long and for longer than they lasted.

    A log falls silent where nobody asks; an answer of the server itself since then goes on for it.

    Not of the self-test, which is sent at the start alone. A run that was ended shows nothing:
    it may have ended because of them.
    """
    first, last = failure.first_at, failure.last_at
    end = max((one for one in (stream.last_at, answered) if one), default=None)
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
