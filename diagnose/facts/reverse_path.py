"""Where a node's reverse path filter drops packets: by what the kernel says, and by its counter.

The counter does not tell whose packets were dropped. It is worth a note where the filter is strict
and the node has two ways out, since there an answer may rightly come in by the other one.

Source: Linux v6.1 net/ipv4/fib_frontend.c (__fib_validate_source), include/linux/inetdevice.h
(IN_DEV_RPFILTER: the higher of both settings), net/ipv4/ip_input.c (LINUX_MIB_IPRPFILTER);
Documentation/networking/ip-sysctl.rst.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.kernel_messages import of_stream
from diagnose.facts.logs import LogStream
from diagnose.facts.node_network import Interface
from diagnose.facts.node_paths import VIRTUAL
from diagnose.facts.sysctls import Counter, Sysctl, Sysctls
from diagnose.findings import times
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.signatures.kernel import MARTIAN_SOURCE
from diagnose.text.regex import regex
from diagnose.values import dataclass

OF_PODS = regex(r"(?:cni|cbr|flannel|cali|veth|vxlan|tunl|cilium|lxc|weave|kube|docker)[\w.-]*$")
STRICT = "1"
COUNTER = "IPReversePathFilter"


@dataclass(frozen=True)
class ReversePathDrop:
    """One node and interface; `remote` is whose packets are dropped, "" where it is not told.

    `certain` says that the strict mode is seen beside the kernel's line; `noted` that only the
    counter tells.
    """

    subject: Subject
    interface: str
    message: str
    quotes: tuple[Quote, ...]
    remote: str = ""
    certain: bool = False
    noted: bool = False
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ReversePathDrops(Fact):
    """The nodes on which packets are dropped for where they came in."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.KERNEL_LOGS, Ask.KERNEL_SETTINGS, Ask.NODE_NETWORK)

    drops: tuple[ReversePathDrop, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return what the kernel says, and what its counter shows of other nodes."""
        streams, counters = evidence.of(LogStream), evidence.of(Counter)
        items: tuple[Readable, ...] = (*streams, *counters)
        found = known(evidence, items, Ask.KERNEL_LOGS, Ask.KERNEL_SETTINGS)
        if isinstance(found, Gap):
            return found
        fact = evidence.fetch(Sysctls)
        settings = () if isinstance(fact, Gap) else fact.settings
        said = [one for stream in streams for one in by_lines(stream, settings)]
        told = {one.subject for one in said}
        noted = [one for one in by_counter(evidence, settings) if one.subject not in told]
        return cls(origin=found[0], gaps=found[1], drops=(*said, *noted))


def by_lines(stream: LogStream, settings: tuple[Sysctl, ...]) -> Iterator[ReversePathDrop]:
    """Yield what the kernel says of interfaces of the pod network."""
    for one in of_stream(stream):
        interface = one.match["interface"].strip(".,;")
        if one.match.signature != MARTIAN_SOURCE.name or not OF_PODS.match(interface):
            continue
        names = {f"net.ipv4.conf.{each}.rp_filter" for each in (interface, "all")}
        strict = [
            each.quote
            for each in settings
            if each.name in names
            and each.value == STRICT
            and each.subject.name in ("", one.subject.name)
        ]
        yield ReversePathDrop(
            subject=one.subject,
            interface=interface,
            message=f"packets from {one.match['remote']} to {one.match['to']} on {interface} are "
            f"dropped: the way back would be another ({times(one.count)})",
            quotes=(one.match.quote, *strict[:1]),
            remote=one.match["remote"],
            certain=bool(strict),
            at=one.match.at,
        )


def by_counter(evidence: Evidence, settings: tuple[Sysctl, ...]) -> Iterator[ReversePathDrop]:
    """Yield nodes with two ways out, a strict filter on one of them, and packets dropped for it."""
    links: dict[Subject, list[Interface]] = {}
    for link in evidence.of(Interface):
        links.setdefault(link.subject, []).append(link)
    told: dict[Subject, dict[str, Sysctl]] = {}
    for one in settings:
        told.setdefault(one.subject, {})[one.name] = one
    for counter in evidence.of(Counter):
        if counter.name != COUNTER or not counter.value:
            continue
        ways = uplinks(links.get(counter.subject, ()))
        modes = told.get(counter.subject, {})
        strict = [name for name in ways if mode_of(modes, name) == STRICT]
        if len(ways) < 2 or not strict:
            continue
        quotes = [
            modes[name].quote
            for each in (strict[0], "all")
            if (name := f"net.ipv4.conf.{each}.rp_filter") in modes and modes[name].value == STRICT
        ]
        yield ReversePathDrop(
            subject=counter.subject,
            interface=strict[0],
            message=f"strict on {', '.join(strict)} of a node with {len(ways)} ways out "
            f"({', '.join(ways)}), and {counter.value} packets were dropped for it since the start",
            quotes=(counter.quote, *quotes[:1]),
            noted=True,
        )


def mode_of(modes: dict[str, Sysctl], interface: str) -> str:
    """Return the mode that holds for an interface: the higher one of its own and that of all."""
    told = [modes.get(f"net.ipv4.conf.{each}.rp_filter") for each in (interface, "all")]
    return max((one.value or "" for one in told if one), default="")


def uplinks(links: Iterable[Interface]) -> list[str]:
    """Return the interfaces of a node that lead out of it: with an address, and not virtual."""
    return [
        one.name for one in links if not VIRTUAL.match(one.name) and any(map(leads, one.addresses))
    ]


def leads(address: str) -> bool:
    """Whether an address of IPv4 is one that others reach."""
    try:
        ip = ipaddress.ip_interface(address).ip
    except ValueError:
        return False
    return ip.version == 4 and not (ip.is_loopback or ip.is_link_local)
