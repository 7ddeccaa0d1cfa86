"""KubeletConfiguration: from its file, kubeadm's ConfigMap, configz or command-line flags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.model import Fact, Gap, Quote, Subject


@dataclass(frozen=True)
class KubeletConfig:
    """What a kubelet (or all of them: subject Cluster) gives to pods for DNS.

    `cluster_dns` is None when the key is not in a part that need not be whole, () when it is
    known to be unset. The same for `cluster_domain` and `resolv_conf` ("" is known unset).
    """

    subject: Subject
    origin: str
    quote: Quote
    cluster_dns: tuple[str, ...] | None = None
    cluster_domain: str | None = None
    resolv_conf: str | None = None


@dataclass(frozen=True, kw_only=True)
class KubeletConfigs(Fact):
    """The kubelet configurations that any part shows."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.KUBELET_CONFIG,)

    configs: tuple[KubeletConfig, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return every kubelet configuration."""
        items = evidence.of(KubeletConfig)
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return found
        return cls(origin=found[0], gaps=found[1], configs=items)
