"""Pods that ask for cluster names while their dnsPolicy gives them the node's resolvers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.lookups import Lookup, Outcome
from diagnose.facts.names import in_cluster, normal
from diagnose.facts.pods import Pod, unique
from diagnose.facts.services import Service, merged
from diagnose.facts.workloads import PodTemplate
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.values import dataclass

UNKNOWN = frozenset(
    {Outcome.NXDOMAIN, Outcome.NOT_KNOWN, Outcome.TEMPORARY, Outcome.SERVFAIL, Outcome.REFUSED}
)


@dataclass(frozen=True)
class WrongPolicy:
    """One pod whose look-up failed for its policy; `why` completes "the pod …".

    `host_network` says that it runs in the network of its node, `policy` is its dnsPolicy. Unless
    `certain` only its workload is known, whose command names what was asked for, or it is the only
    pod that is shown.
    """

    subject: Subject
    name: str
    why: str
    quotes: tuple[Quote, ...]
    policy: str = ""
    host_network: bool = False
    certain: bool = True

    @property
    def meant_otherwise(self) -> bool:
        """Whether the pod asks for cluster DNS, which the host's network turns to the node's."""
        return self.policy == "ClusterFirst"


@dataclass(frozen=True, kw_only=True)
class PodPolicies(Fact):
    """The pods that cannot resolve cluster names because they do not ask the cluster's DNS."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.CLIENT_OUTPUT, Ask.SYSTEM_PODS, Ask.DNS_SERVICES)

    wrong: tuple[WrongPolicy, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return one entry per pod, by a failed look-up of a cluster name in it."""
        lookups, pods = evidence.of(Lookup), unique(evidence.of(Pod))
        templates = evidence.of(PodTemplate)
        items: tuple[Readable, ...] = (*lookups, *pods, *templates)
        found = known(evidence, items, Ask.CLIENT_OUTPUT)
        if isinstance(found, Gap):
            return found
        services = [one for one in merged(evidence.of(Service)) if one.serves_dns]
        addresses = {ip for one in services for ip in one.cluster_ips or ()}
        by_name: dict[str, list[Pod]] = {}
        for pod in pods:
            by_name.setdefault(pod.subject.name, []).append(pod)
        may_be = Templates(one for one in templates if reason(one))
        wrong: dict[Subject, WrongPolicy] = {}
        for one in lookups:
            asked_dns = bool(one.server) and one.server in addresses
            if one.outcome not in UNKNOWN or not in_cluster(one.name) or asked_dns:
                continue
            alike = by_name.get(one.place.name, ())
            mine = next((pod for pod in alike if same(pod.subject, one.place)), None)
            if mine and (why := reason(mine)):
                wrong.setdefault(
                    mine.subject,
                    WrongPolicy(
                        mine.subject,
                        normal(one.name),
                        why,
                        (one.quote, mine.quote.on("dns_policy")),
                        mine.dns_policy,
                        bool(mine.host_network),
                    ),
                )
            if mine is None and not one.place.kind and len(pods) == 1 and (why := reason(pods[0])):
                wrong.setdefault(
                    pods[0].subject,
                    WrongPolicy(
                        pods[0].subject,
                        normal(one.name),
                        why,
                        (one.quote, pods[0].quote.on("dns_policy")),
                        pods[0].dns_policy,
                        bool(pods[0].host_network),
                        certain=False,
                    ),
                )
            for made in may_be.of(one) if mine is None else ():
                wrong.setdefault(made.subject, of_template(made, one))
        return cls(origin=found[0], gaps=found[1], wrong=tuple(wrong.values()))


def same(pod: Subject, place: Subject) -> bool:
    """Whether a look-up's place is this pod."""
    spaces = {pod.namespace, place.namespace}
    return place.kind == "Pod" and pod.name == place.name and (len(spaces) == 1 or "" in spaces)


class Templates:
    """Workloads, to be asked for those of which a look-up can be; each is named once."""

    def __init__(self, templates: Iterable[PodTemplate]) -> None:
        """Keep each by its name and by the words of what its pods run."""
        self._named: dict[str, dict[int, PodTemplate]] = {}
        self._told: dict[str, dict[int, PodTemplate]] = {}
        for number, one in enumerate(templates):
            self._named.setdefault(one.subject.name, {})[number] = one
            for word in one.words:
                self._told.setdefault(word, {})[number] = one

    def of(self, lookup: Lookup) -> Iterator[PodTemplate]:
        """Yield workloads of which a look-up's pod has its name, or that are told what to ask."""
        found: dict[int, PodTemplate] = {}
        name = lookup.place.name if lookup.place.kind == "Pod" else ""
        if name:
            for place, character in enumerate(name):
                if character == "-":
                    found |= self._named.pop(name[:place], {})
        elif not lookup.place.kind:
            found = self._told.pop(normal(lookup.name), {})
        for number in sorted(found):
            yield found[number]


def of_template(template: PodTemplate, lookup: Lookup) -> WrongPolicy:
    """Return the finding of a workload."""
    return WrongPolicy(
        subject=template.subject,
        name=normal(lookup.name),
        why=reason(template),
        quotes=(lookup.quote, template.quote),
        policy=template.dns_policy,
        host_network=bool(template.host_network),
        certain=False,
    )


def reason(pod: Pod | PodTemplate) -> str:
    """Return why a pod has the node's resolvers; "" when it has those of the cluster."""
    if pod.dns_policy in ("Default", "None"):
        return f"has dnsPolicy {pod.dns_policy}"
    if pod.host_network and pod.dns_policy == "ClusterFirst":
        return "runs in the host's network, where ClusterFirst means Default"
    return ""
