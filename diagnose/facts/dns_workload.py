"""Whether anything in the cluster is to run CoreDNS at all."""

from __future__ import annotations

from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.pods import Pod, unique
from diagnose.facts.services import Service
from diagnose.facts.workloads import DaemonSet, Deployment
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.values import dataclass

SETS = ("coredns", "kube-dns", "dns-default")


@dataclass(frozen=True)
class DisabledAddon:
    """One setting of a distribution (k3s, RKE2, kubeadm) that leaves its CoreDNS out."""

    name: str
    origin: str
    quote: Quote


@dataclass(frozen=True)
class NoPods:
    """One listing of the pods with the label of the cluster's DNS that found none."""

    origin: str
    quote: Quote


@dataclass(frozen=True, kw_only=True)
class DNSWorkload(Fact):
    """What is to run CoreDNS.

    `zero` are its Deployments that want no pod. `deserted` are the DNS Services of a cluster that
    is known to have neither such a Deployment or DaemonSet nor a pod of CoreDNS. `disabled` are
    settings that leave it out, where nothing shows that another CoreDNS took its place. `scalers`
    are the pods and Deployments of autoscalers of DNS. `none` are listings by label without a pod.
    """

    asks: ClassVar[tuple[Ask, ...]] = (
        Ask.DEPLOYMENTS,
        Ask.DNS_PODS,
        Ask.DNS_SERVICES,
        Ask.DAEMON_SETS,
    )

    zero: tuple[Deployment, ...] = ()
    deserted: tuple[Service, ...] = ()
    disabled: tuple[DisabledAddon, ...] = ()
    scalers: tuple[Subject, ...] = ()
    none: tuple[NoPods, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return Deployments without replicas; absence only where all of it was looked for."""
        deployments = tuple(one for one in evidence.of(Deployment) if one.serves_dns)
        sets = tuple(one for one in evidence.of(DaemonSet) if named(one.subject))
        pods = tuple(pod for pod in unique(evidence.of(Pod)) if pod.serves_dns)
        disabled = evidence.of(DisabledAddon)
        none = evidence.of(NoPods)
        items: tuple[Readable, ...] = (*deployments, *sets, *pods, *disabled, *none)
        found = known(evidence, items, Ask.DEPLOYMENTS)
        if isinstance(found, Gap):
            return found
        asked = (Ask.DEPLOYMENTS, Ask.DNS_PODS)
        known_none = evidence.looked.issuperset(asked) and not evidence.gaps_of(*asked)
        services = tuple(one for one in evidence.of(Service) if one.serves_dns and one.selector)
        running = any(pod.ready for pod in pods)
        others = [one.subject for one in evidence.of(Deployment)]
        others += [one.subject for one in evidence.of(Pod)]
        return cls(
            origin=found[0],
            gaps=found[1],
            zero=tuple(one for one in deployments if one.desired == 0 and not running),
            deserted=services if known_none and not (deployments or sets or pods) else (),
            disabled=disabled if not (deployments or sets or pods) else (),
            none=none if not (deployments or sets or pods or disabled) else (),
            scalers=tuple(one for one in others if "dns" in one.name and "autoscal" in one.name),
        )


def named(subject: Subject) -> bool:
    """Whether a DaemonSet is CoreDNS's by its name; the node-local cache is none."""
    return subject.name.endswith(SETS) and not subject.name.startswith("node")
