"""Which servers CoreDNS asks for names outside of the cluster, by its Corefile and resolv.conf."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.corefile import Corefile
from diagnose.facts.resolv_conf import ResolvConf, ResolvConfs
from diagnose.facts.upstream_failures import host
from diagnose.model import CLUSTER, Fact, Gap, Quote, Subject
from diagnose.values import dataclass


@dataclass(frozen=True)
class UpstreamServer:
    """One such server. `named` says that the Corefile names it itself, not a node's file."""

    address: str
    subject: Subject
    quotes: tuple[Quote, ...]
    named: bool

    @property
    def ip(self) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
        """Return its address; None where it is none (a name, or an address with its zone)."""
        try:
            return ipaddress.ip_address(self.address)
        except ValueError:
            return None


@dataclass(frozen=True, kw_only=True)
class UpstreamServers(Fact):
    """The servers for the root zone, those of the Corefile first."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.DNS_CONFIG, Ask.RESOLV_CONF)

    servers: tuple[UpstreamServer, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the Corefile's servers, and those of nodes' files where it names a file."""
        corefile = evidence.fetch(Corefile)
        files = evidence.fetch(ResolvConfs)
        of_nodes = files.of_nodes if isinstance(files, ResolvConfs) else ()
        items: tuple[Readable, ...] = (*evidence.of(Corefile), *of_nodes)
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return found
        told = corefile.upstreams(".") if isinstance(corefile, Corefile) else ()
        servers: list[UpstreamServer] = []
        if isinstance(corefile, Corefile):
            servers += in_corefile(corefile, told)
        if not told or any(one.startswith("/") for one in told):
            servers += in_files(of_nodes)
        return cls(origin=found[0], gaps=found[1], servers=tuple(servers))


def in_corefile(corefile: Corefile, told: Iterable[str]) -> Iterator[UpstreamServer]:
    """Yield the servers that a Corefile names itself."""
    lines = [one.line for name in ("forward", "proxy") for _, one in corefile.plugin(name)]
    for text in told:
        if text.startswith("/"):
            continue
        scheme, separator, rest = text.partition("://")
        address = host((rest if separator else scheme).partition("/")[0])
        quotes = [corefile.quote(line) for line in lines]
        shown = tuple(one for one in quotes if text in one.text) or tuple(quotes[:1])
        yield UpstreamServer(address, CLUSTER, shown, named=True)


def in_files(files: Iterable[ResolvConf]) -> Iterator[UpstreamServer]:
    """Yield the servers that the files of nodes name."""
    for file in files:
        for address in file.nameservers:
            subject = file.subject if file.subject.kind else CLUSTER
            yield UpstreamServer(address, subject, file.quote_of(address)[:1], named=False)
