"""Look-ups that take seconds, as clients, captures and CoreDNS's own log show them.

Source: resolv.conf(5), timeout; coredns/coredns v1.12.4, plugin/log/log.go (duration) and
plugin/pkg/proxy/proxy.go (readTimeout of 2 s, after which another upstream is asked).
"""

from __future__ import annotations

from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.captures import Packet, Repetition, repeated
from diagnose.facts.logs import LogStream, Match
from diagnose.facts.lookup_times import LookupTime, is_repeated
from diagnose.facts.lookups import Lookup
from diagnose.facts.resolv_conf import ResolvConf
from diagnose.model import Fact, Gap
from diagnose.signatures.coredns import QUERY_SLOW
from diagnose.values import dataclass

LONG_S = 1.5  # no single look-up of a healthy cluster takes as long
LONG_IN_LOG_S = 2.0
FEW = 2  # that took long in another way than a resolver's time-out; one may be chance


@dataclass(frozen=True, kw_only=True)
class SlowLookups(Fact):
    """The look-ups that took long, of how many in all.

    `lost` are those that took a resolver's own time-out, `long` the others, `fast` the rest.
    `again` are queries that a capture shows twice, `logged` the answers that CoreDNS itself gave
    late. `servers` are the name servers of a client's configuration that has several.
    """

    asks: ClassVar[tuple[Ask, ...]] = (Ask.CLIENT_OUTPUT, Ask.DNS_LOGS, Ask.RESOLV_CONF)

    lost: tuple[LookupTime, ...] = ()
    long: tuple[LookupTime, ...] = ()
    fast: tuple[LookupTime, ...] = ()
    again: tuple[Repetition, ...] = ()
    logged: tuple[tuple[LogStream, tuple[Match, ...]], ...] = ()
    servers: tuple[str, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return them; whatever came of what clients saw is enough to look."""
        times = [one for one in evidence.of(LookupTime) if not one.failed]
        packets = evidence.of(Packet)
        logged = [
            (stream, late)
            for stream in evidence.of(LogStream)
            if (late := tuple(slow_matches(stream)))
        ]
        items: tuple[Readable, ...] = (
            *evidence.of(Lookup),
            *times,
            *packets,
            *(stream for stream, _ in logged),
        )
        found = known(evidence, items, Ask.CLIENT_OUTPUT)
        if isinstance(found, Gap):
            return found
        lost = [one for one in times if is_repeated(one.seconds)]
        long = [
            one
            for one in times
            if one.seconds >= LONG_S and not one.whole and not is_repeated(one.seconds)
        ]
        if len(long) < FEW and not lost:
            long = []
        taken = {id(one) for one in (*lost, *long)}
        files = [one.nameservers for one in evidence.of(ResolvConf)]
        return cls(
            origin=found[0],
            gaps=found[1],
            lost=tuple(lost),
            long=tuple(long),
            fast=tuple(one for one in times if id(one) not in taken and not one.whole)
            + tuple(one for one in times if one.whole and one.seconds < LONG_S),
            again=tuple(repeated(packets)),
            logged=tuple(logged),
            servers=next((several for several in files if len(several) > 1), ()),
        )


def slow_matches(stream: LogStream) -> list[Match]:
    """Return the kept answers of a log that took seconds; none where it was one alone."""
    late = [
        match for match in stream.matching(QUERY_SLOW) if float(match["seconds"]) >= LONG_IN_LOG_S
    ]
    return late if len(late) >= FEW else []
