"""CNI network configurations: .conf and .conflist files of /etc/cni/net.d."""

from __future__ import annotations

from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.values import dataclass


@dataclass(frozen=True)
class CNIConfig:
    """One configuration. `plugins` are the types in chain order; `path` its file where told.

    `subnets` are those of host-local ranges, `bridge` the bridge's name ("" when none).
    """

    subject: Subject
    origin: str
    quote: Quote
    name: str = ""
    version: str = ""
    path: str = ""
    plugins: tuple[str, ...] = ()
    bridge: str = ""
    subnets: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CNIConfigs(Fact):
    """The CNI configurations that any part shows."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.NODE_FILES, Ask.NODE_NETWORK)

    configs: tuple[CNIConfig, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return every CNI configuration."""
        items = evidence.of(CNIConfig)
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return found
        return cls(origin=found[0], gaps=found[1], configs=items)
