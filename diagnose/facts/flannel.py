"""flannel's configuration (net-conf.json) and what it wrote for its CNI plugin (subnet.env)."""

from __future__ import annotations

from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.values import dataclass


@dataclass(frozen=True)
class NetConf:
    """net-conf.json: the pod network as a CIDR ("" when absent), and the backend's type."""

    origin: str
    quote: Quote
    network: str = ""
    ipv6_network: str = ""
    backend: str = ""
    backend_port: int | None = None


@dataclass(frozen=True)
class SubnetEnv:
    """/run/flannel/subnet.env of one node; `missing` lists keys that the plugin demands.

    `exists` is False when the evidence says that the file is missing.
    """

    subject: Subject
    origin: str
    quotes: tuple[Quote, ...]
    network: str = ""
    subnet: str = ""
    mtu: int | None = None
    ipmasq: bool | None = None
    missing: tuple[str, ...] = ()
    exists: bool = True


@dataclass(frozen=True, kw_only=True)
class Flannel(Fact):
    """What is known of flannel's configuration and of its nodes' files."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.FLANNEL_CONFIG,)

    net_confs: tuple[NetConf, ...] = ()
    subnets: tuple[SubnetEnv, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return flannel's configuration; an empty fact when there is known to be none."""
        items: tuple[Readable, ...] = (*evidence.of(NetConf), *evidence.of(SubnetEnv))
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return found
        return cls(
            origin=found[0],
            gaps=found[1],
            net_confs=evidence.of(NetConf),
            subnets=evidence.of(SubnetEnv),
        )
