"""Pods that ask for cluster names while their dnsPolicy gives them the node's resolvers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.lookups import Lookup, Outcome
from diagnose.facts.names import in_cluster, normal
from diagnose.facts.pods import Pod, unique
from diagnose.facts.services import Service, merged
from diagnose.model import Fact, Gap, Quote, Subject

UNKNOWN = frozenset(
    {Outcome.NXDOMAIN, Outcome.NOT_KNOWN, Outcome.TEMPORARY, Outcome.SERVFAIL, Outcome.REFUSED}
)


@dataclass(frozen=True)
class WrongPolicy:
    """One pod whose look-up failed for its policy; `why` completes "the pod …"."""

    subject: Subject
    name: str
    why: str
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, kw_only=True)
class PodPolicies(Fact):
    """The pods that cannot resolve cluster names because they do not ask the cluster's DNS."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.CLIENT_OUTPUT, Ask.SYSTEM_PODS, Ask.DNS_SERVICES)

    wrong: tuple[WrongPolicy, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return one entry per pod, by a failed look-up of a cluster name in it."""
        lookups, pods = evidence.of(Lookup), unique(evidence.of(Pod))
        items: tuple[Readable, ...] = (*lookups, *pods)
        found = known(evidence, items, Ask.CLIENT_OUTPUT)
        if isinstance(found, Gap):
            return found
        services = [one for one in merged(evidence.of(Service)) if one.serves_dns]
        addresses = {ip for one in services for ip in one.cluster_ips or ()}
        wrong: dict[Subject, WrongPolicy] = {}
        for one in lookups:
            asked_dns = bool(one.server) and one.server in addresses
            if one.outcome not in UNKNOWN or not in_cluster(one.name) or asked_dns:
                continue
            pod = next((pod for pod in pods if same(pod.subject, one.place)), None)
            if pod and (why := reason(pod)):
                wrong.setdefault(
                    pod.subject,
                    WrongPolicy(pod.subject, normal(one.name), why, (one.quote, pod.quote)),
                )
        return cls(origin=found[0], gaps=found[1], wrong=tuple(wrong.values()))


def same(pod: Subject, place: Subject) -> bool:
    """Whether a look-up's place is this pod."""
    spaces = {pod.namespace, place.namespace}
    return place.kind == "Pod" and pod.name == place.name and (len(spaces) == 1 or "" in spaces)


def reason(pod: Pod) -> str:
    """Return why a pod has the node's resolvers; "" when it has those of the cluster."""
    if pod.dns_policy in ("Default", "None"):
        return f"has dnsPolicy {pod.dns_policy}"
    if pod.host_network and pod.dns_policy == "ClusterFirst":
        return "runs in the host's network, where ClusterFirst means Default"
    return ""
