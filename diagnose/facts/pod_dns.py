"""What pods are told about DNS: by kubelets' configuration, or as their resolv.conf shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence
from diagnose.facts import kubelet_config
from diagnose.facts.kubelet_config import KubeletConfig
from diagnose.facts.resolv_conf import ResolvConf
from diagnose.model import CLUSTER, Fact, Gap, Quote, Subject


@dataclass(frozen=True)
class Told:
    """What one kubelet tells its pods, or one pod was told.

    `servers` is () when it is known that none are told, None when it is not known. `domain` is
    the cluster domain, "" when it is not known.
    """

    subject: Subject
    quote: Quote
    servers: tuple[str, ...] | None = None
    domain: str = ""


@dataclass(frozen=True, kw_only=True)
class PodDNS(Fact):
    """What pods with cluster DNS are told, one entry per kubelet or pod."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.KUBELET_CONFIG, Ask.KUBELET_CONFIGZ)

    told: tuple[Told, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return what kubelet configurations and pods' resolv.conf files tell."""
        kubelets = kubelet_config.in_force(evidence.of(KubeletConfig))
        files = tuple(one for one in evidence.of(ResolvConf) if one.of_pod and one.quotes)
        found = kubelet_config.told(evidence, kubelets, *files)
        if isinstance(found, Gap):
            return found
        told = [
            Told(one.subject, one.quote, one.cluster_dns, one.cluster_domain or "")
            for one in kubelets
        ]
        told += [
            Told(
                subject=one.subject if one.subject.kind else CLUSTER,
                quote=next((q for q in one.quotes if "nameserver" in q.text), one.quotes[0]),
                servers=one.nameservers,
                domain=domain_of(one.search),
            )
            for one in files
        ]
        return cls(origin=found[0], gaps=found[1], told=tuple(told))


def domain_of(search: tuple[str, ...]) -> str:
    """Return the cluster domain that a pod's search list names: what follows `svc.`."""
    for entry in search:
        if entry.startswith("svc."):
            return entry.removeprefix("svc.").rstrip(".")
    return ""
