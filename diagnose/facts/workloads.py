"""DaemonSets and Deployments: how many pods they want and how many are well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.facts.pods import Pod, unique
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.values import dataclass


@dataclass(frozen=True)
class DaemonSet:
    """One DaemonSet; counts are pods, None where the evidence does not tell."""

    subject: Subject
    origin: str
    quote: Quote
    desired: int | None = None
    current: int | None = None
    ready: int | None = None
    labels: Mapping[str, str] | None = None
    selector: Mapping[str, str] | None = None
    node_selector: Mapping[str, str] | None = None
    images: tuple[str, ...] = ()


@dataclass(frozen=True)
class Deployment:
    """One Deployment; counts are pods, None where the evidence does not tell.

    `template_labels` are the labels that its pods carry.
    """

    subject: Subject
    origin: str
    quote: Quote
    desired: int | None = None
    ready: int | None = None
    available: int | None = None
    labels: Mapping[str, str] | None = None
    selector: Mapping[str, str] | None = None
    template_labels: Mapping[str, str] | None = None
    images: tuple[str, ...] = ()

    @property
    def serves_dns(self) -> bool:
        """Whether it is CoreDNS's, by name (also helm's) or labels."""
        labels = {**(self.labels or {}), **(self.template_labels or {})}
        name = self.subject.name
        return (
            labels.get("k8s-app") in ("kube-dns", "coredns")
            or labels.get("app.kubernetes.io/name") == "coredns"
            or name.endswith("coredns")
            or name in ("coredns", "kube-dns")
        ) and "autoscaler" not in name


@dataclass(frozen=True)
class PodTemplate:
    """What a workload makes of its pods' DNS, where that is not the cluster's as usual.

    `subject` is the workload. `words` are its containers' commands, arguments and environment.
    """

    subject: Subject
    origin: str
    quote: Quote
    host_network: bool = False
    dns_policy: str = ""
    words: frozenset[str] = frozenset()


def scaled_to_zero(evidence: Evidence) -> bool:
    """Whether CoreDNS is known to want no pod, so that none being there is no surprise."""
    wanted = [one.desired for one in evidence.of(Deployment) if one.serves_dns]
    return bool(wanted) and all(count == 0 for count in wanted)


@dataclass(frozen=True, kw_only=True)
class DaemonSets(Fact):
    """The DaemonSets of the cluster's own namespaces, and the pods that may be theirs.

    Where only pods are known, no set is, and a gap says so: an agent's pod that is not well tells
    as much of its node as its set does.
    """

    asks: ClassVar[tuple[Ask, ...]] = (Ask.DAEMON_SETS,)

    sets: tuple[DaemonSet, ...] = ()
    pods: tuple[Pod, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the DaemonSets and pods that any part tells of."""
        items, pods = evidence.of(DaemonSet), unique(evidence.of(Pod))
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return cls(origin=pods[0].origin, gaps=(found,), pods=pods) if pods else found
        return cls(origin=found[0], gaps=found[1], sets=items, pods=pods)

    @property
    def listed(self) -> bool:
        """Whether a set that is not among these is known not to be there, as far as it matters."""
        return bool(self.sets) or not self.gaps

    def pods_named(self, *prefixes: str) -> tuple[Pod, ...]:
        """Return the pods whose names begin with one of the prefixes."""
        return tuple(pod for pod in self.pods if pod.subject.name.startswith(prefixes))

    def named(self, *words: str) -> tuple[DaemonSet, ...]:
        """Return the sets whose names hold one of the words."""
        return tuple(one for one in self.sets if any(word in one.subject.name for word in words))


@dataclass(frozen=True, kw_only=True)
class DNSDeployments(Fact):
    """The Deployments that run CoreDNS."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.DEPLOYMENTS,)

    deployments: tuple[Deployment, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return CoreDNS's Deployments."""
        items = tuple(one for one in evidence.of(Deployment) if one.serves_dns)
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return found
        return cls(origin=found[0], gaps=found[1], deployments=items)
