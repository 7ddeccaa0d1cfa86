"""KubeletConfiguration: from its file, kubeadm's ConfigMap, configz or command-line flags."""

from __future__ import annotations

from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.values import dataclass


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
    """The kubelet configurations that any part shows, as far as each holds for somebody."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.KUBELET_CONFIG, Ask.KUBELET_CONFIGZ)

    configs: tuple[KubeletConfig, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the configurations that kubelets run with, and the cluster's for the others."""
        configs = in_force(evidence.of(KubeletConfig))
        found = told(evidence, configs)
        if isinstance(found, Gap):
            return found
        return cls(origin=found[0], gaps=found[1], configs=configs)


def in_force(configs: tuple[KubeletConfig, ...]) -> tuple[KubeletConfig, ...]:
    """Return the configurations that hold: a kubelet's own outranks the cluster's for its node.

    One that is the cluster's is left out, since that tells it already; and the cluster's, where
    each kubelet that was asked has another.
    """
    general = [one for one in configs if one.subject.kind != "Node"]
    own = [one for one in configs if one.subject.kind == "Node"]
    if not general or not own:
        return configs
    differing = tuple(one for one in own if not any(same(one, other) for other in general))
    return differing if len(differing) == len(own) else (*general, *differing)


def same(one: KubeletConfig, other: KubeletConfig) -> bool:
    """Whether two configurations give pods the same, as far as both tell."""
    return all(
        mine is None or theirs is None or mine == theirs
        for mine, theirs in (
            (one.cluster_dns, other.cluster_dns),
            (one.cluster_domain, other.cluster_domain),
            (one.resolv_conf, other.resolv_conf),
        )
    )


def told(
    evidence: Evidence, configs: tuple[KubeletConfig, ...], *others: Readable
) -> tuple[str, tuple[Gap, ...]] | Gap:
    """Return (origin, gaps) of a fact made of kubelet configurations, or the gap in its place.

    The cluster's own stands for all kubelets until one is seen that differs; where it does not
    exist, the kubelets that were asked stand in for it.
    """
    items: tuple[Readable, ...] = (*configs, *others)
    if not own_stand_in(evidence, configs):
        return known(evidence, items, Ask.KUBELET_CONFIG)
    origin = ", ".join(dict.fromkeys(one.origin for one in items))
    general = any(one.subject.kind != "Node" for one in configs)
    gaps = evidence.gaps_of(Ask.KUBELET_CONFIG) if general else ()
    return origin, (*gaps, *evidence.gaps_of(Ask.KUBELET_CONFIGZ))


def own_stand_in(evidence: Evidence, configs: tuple[KubeletConfig, ...]) -> bool:
    """Whether kubelets were asked for their own configuration, and it tells more."""
    of_nodes = any(one.subject.kind == "Node" for one in configs)
    return of_nodes and Ask.KUBELET_CONFIGZ in evidence.looked
