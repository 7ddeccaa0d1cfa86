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
    heading: Quote | None = None  # the key of the list that the quote is of

    @property
    def quotes(self) -> tuple[Quote, ...]:
        """The lines that show it."""
        return (self.heading, self.quote) if self.heading else (self.quote,)


@dataclass(frozen=True)
class NoPods:
    """One listing of the pods with the label of the cluster's DNS that found none.

    `of_all` says that it is one of all pods of all namespaces, as far as its columns tell.
    """

    origin: str
    quote: Quote
    of_all: bool = False


@dataclass(frozen=True, kw_only=True)
class DNSWorkload(Fact):
    """What is to run CoreDNS.

    `zero` are its Deployments that want no pod. `deserted` are the DNS Services of a cluster that
    is known to have neither such a Deployment or DaemonSet nor a pod of CoreDNS. `disabled` are
    settings that leave it out, where nothing shows that another CoreDNS took its place. `scalers`
    are the pods and Deployments of autoscalers of DNS. `none` are listings by label without a pod,
    `absent` those of all pods, beside a DNS Service: somebody may have shortened them.
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
    absent: tuple[tuple[NoPods, Service], ...] = ()

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
        # a pod that ends is ready until it is gone, and nothing comes after it
        running = any(pod.ready and not pod.deleting for pod in pods)
        nobody = not (deployments or sets or pods or disabled)
        virtual = [one for one in evidence.of(Service) if one.serves_dns and one.cluster_ips]
        others = [one.subject for one in evidence.of(Deployment)]
        others += [one.subject for one in evidence.of(Pod)]
        return cls(
            origin=found[0],
            gaps=found[1],
            zero=tuple(one for one in deployments if one.desired == 0 and not running),
            deserted=services if known_none and not (deployments or sets or pods) else (),
            disabled=disabled if not (deployments or sets or pods) else (),
            none=tuple(one for one in none if not one.of_all) if nobody else (),
            absent=tuple((one, each) for one in none for each in virtual[:1] if one.of_all)[:1]
            if nobody
            else (),
            scalers=tuple(one for one in others if "dns" in one.name and "autoscal" in one.name),
        )


def named(subject: Subject) -> bool:
    """Whether a DaemonSet is CoreDNS's by its name; the node-local cache is none."""
    return subject.name.endswith(SETS) and not subject.name.startswith("node")
