"""What pods are told about DNS: by kubelets' configuration, or as their resolv.conf shows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence
from diagnose.facts import kubelet_config
from diagnose.facts.asked_elsewhere import of_node
from diagnose.facts.kubelet_config import KubeletConfig
from diagnose.facts.logs import LogStream
from diagnose.facts.lookup_contrasts import unanswered
from diagnose.facts.lookups import ANSWERED, NO_ANSWER, Lookup, Outcome
from diagnose.facts.names import normal
from diagnose.facts.pods import Pod
from diagnose.facts.resolv_conf import ResolvConf
from diagnose.facts.workloads import DaemonSet
from diagnose.model import CLUSTER, Fact, Gap, Quote, Subject
from diagnose.signatures.coredns import NO_NEXT_PLUGIN
from diagnose.values import dataclass

UNKNOWN = frozenset({Outcome.NXDOMAIN, Outcome.NODATA, Outcome.SERVFAIL, Outcome.NOT_KNOWN})


@dataclass(frozen=True)
class Told:
    """What one kubelet tells its pods, or one pod was told.

    `servers` is () when it is known that none are told, None when it is not known. `domain` is
    the cluster domain, "" when it is not known. `of_kubelet` says that it is a kubelet's own
    configuration; `policy` is the dnsPolicy of the pod, "" when that is not known.
    """

    subject: Subject
    quote: Quote
    servers: tuple[str, ...] | None = None
    domain: str = ""
    of_kubelet: bool = False
    policy: str = ""


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
        policies = {
            (pod.subject.namespace, pod.subject.name): pod.dns_policy
            for pod in evidence.of(Pod)
            if pod.dns_policy
        }
        told = [
            Told(one.subject, one.quote, one.cluster_dns, one.cluster_domain or "", of_kubelet=True)
            for one in kubelets
        ]
        told += [
            Told(
                subject=one.subject if one.subject.kind else CLUSTER,
                quote=next((q for q in one.quotes if "nameserver" in q.text), one.quotes[0]),
                servers=one.nameservers,
                domain=domain_of(one.search),
                policy=policies.get((one.subject.namespace, one.subject.name), ""),
            )
            for one in files
        ]
        return cls(origin=found[0], gaps=found[1], told=tuple(told))


@dataclass(frozen=True, kw_only=True)
class AskedServers(PodDNS):
    """The same, with the servers that pods asked in vain since they are configured so, in `used`.

    Whose configuration it is is not told for certain, so that these are hints. `caches` says
    whether a node-local cache runs; None when it is not known.
    """

    asks: ClassVar[tuple[Ask, ...]] = (*PodDNS.asks, Ask.CLIENT_OUTPUT)

    used: tuple[Told, ...] = ()
    caches: bool | None = None

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return what pods are told; look-ups alone are enough."""
        pods = PodDNS.read(evidence)
        lookups = evidence.of(Lookup)
        mute = unanswered(lookups)
        used = {
            one.server: Told(
                one.place if one.place.kind else CLUSTER, one.quote, servers=(one.server,)
            )
            for one in reversed(lookups)
            if one.configured
            and one.place.kind != "Node"
            and (one.outcome in NO_ANSWER or id(one) in mute)
        }
        answered = {one.server for one in lookups if one.outcome in ANSWERED}
        pod_ips = {ip for pod in evidence.of(Pod) for ip in pod.ips or ()}
        hints = tuple(used[one] for one in used if one not in answered | pod_ips)
        sets = {one.subject.name for one in evidence.of(DaemonSet)}
        runs = any("local" in name and "dns" in name for name in sets)
        caches = runs if runs or "kube-proxy" in sets else None
        if isinstance(pods, PodDNS):
            return cls(
                origin=pods.origin, gaps=pods.gaps, told=pods.told, used=hints, caches=caches
            )
        if not hints:
            return pods
        return cls(origin=hints[0].quote.origin, gaps=(pods,), used=hints, caches=caches)


@dataclass(frozen=True, kw_only=True)
class SearchedDomains(PodDNS):
    """The same, with the domains of names that were asked for in vain, in `asked`.

    Who typed a name may have meant another cluster, so that these are hints.
    """

    asks: ClassVar[tuple[Ask, ...]] = (*PodDNS.asks, Ask.CLIENT_OUTPUT, Ask.DNS_LOGS)

    asked: tuple[Told, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return what pods are told; names alone are enough."""
        pods = PodDNS.read(evidence)
        asked = tuple(from_names(evidence))
        if isinstance(pods, PodDNS):
            return cls(origin=pods.origin, gaps=pods.gaps, told=pods.told, asked=asked)
        if not asked:
            return pods
        return cls(origin=asked[0].quote.origin, gaps=(pods,), asked=asked)


def from_names(evidence: Evidence) -> Iterator[Told]:
    """Yield the domains of Services' names that nobody answered, each once."""
    names = [
        (one.name, one.place, one.quote)
        for one in evidence.of(Lookup)
        if one.outcome in UNKNOWN and not of_node(one.server)
    ]
    names += [
        (match["qname"], match.subject, match.quote)
        for stream in evidence.of(LogStream)
        for match in stream.matching(NO_NEXT_PLUGIN)
    ]
    seen: set[str] = set()
    for name, place, quote in names:
        domain = normal(name).rpartition(".svc.")[2] if ".svc." in normal(name) else ""
        if "." in domain and domain not in seen:
            seen.add(domain)
            yield Told(place if place.kind else CLUSTER, quote, domain=domain)


def domain_of(search: tuple[str, ...]) -> str:
    """Return the cluster domain that a pod's search list names: what follows `svc.`."""
    for entry in search:
        if entry.startswith("svc."):
            return entry.removeprefix("svc.").rstrip(".")
    return ""
