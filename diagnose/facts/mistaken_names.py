"""Names of Services that were asked for in vain, and what shows that they are written wrongly.

Source: Kubernetes DNS-Based Service Discovery Specification, 2.3 and 2.4: a Service's name is
<service>.<ns>.svc.<zone>; names of pods below it exist for headless Services alone. PodSpec of
kubernetes/api core/v1 types.go (Hostname, Subdomain).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.kubelet_config import KubeletConfig, in_force
from diagnose.facts.lookup_contrasts import unanswered
from diagnose.facts.lookups import Lookup, Outcome
from diagnose.facts.names import DEFAULT_DOMAIN, in_cluster, normal
from diagnose.facts.pod_dns import domain_of
from diagnose.facts.pods import Pod, unique
from diagnose.facts.resolv_conf import ResolvConf
from diagnose.facts.services import Service, merged
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.values import dataclass

UNKNOWN = frozenset({Outcome.NXDOMAIN, Outcome.NOT_KNOWN})
ALIKE = 0.8  # of two words, by difflib's ratio
MANY = 3  # Services of a namespace that make a listing of it
MOST = 20  # Services that are compared with one name
ENDS = 4  # letters at one end that alike names have in common


@dataclass(frozen=True)
class MistakenName:
    """One name; `meant` is what exists instead, "" when it is not known."""

    name: str
    place: Subject
    why: str
    meant: str
    quotes: tuple[Quote, ...]


class Listing:
    """The Services of one namespace, to be asked for one whose name is nearly another."""

    def __init__(self) -> None:
        """Begin without any."""
        self.services: dict[str, Service] = {}
        self._ends: dict[str, list[str]] = {}

    def add(self, service: Service) -> None:
        """Keep a Service by its name and by both of the name's ends."""
        name = service.subject.name
        self.services.setdefault(name, service)
        for end in (f"{name[:ENDS]}*", f"*{name[-ENDS:]}"):
            alike = self._ends.setdefault(end, [])
            if len(alike) < MOST:
                alike.append(name)

    def close(self, name: str) -> str:
        """Return the name that is nearly this one; "" without any."""
        candidates = {
            *self._ends.get(f"{name[:ENDS]}*", ()),
            *self._ends.get(f"*{name[-ENDS:]}", ()),
        }
        found = difflib.get_close_matches(name, sorted(candidates), n=1, cutoff=ALIKE)
        return found[0] if found else ""


@dataclass(frozen=True, kw_only=True)
class MistakenNames(Fact):
    """The names that are written wrongly, as far as other evidence shows it."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.CLIENT_OUTPUT, Ask.DNS_SERVICES)

    names: tuple[MistakenName, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return each name once; what resolved at any time is left out."""
        lookups, services = evidence.of(Lookup), merged(evidence.of(Service))
        items: tuple[Readable, ...] = lookups
        found = known(evidence, items, Ask.CLIENT_OUTPUT)
        if isinstance(found, Gap):
            return found
        solved = {
            normal(one.name): one for one in reversed(lookups) if one.outcome is Outcome.NOERROR
        }
        spaces: dict[str, Listing] = {}
        for service in services:
            spaces.setdefault(service.subject.namespace, Listing()).add(service)
        mute = unanswered(lookups)
        names: dict[str, MistakenName] = {}
        hosts = {
            (pod.hostname, pod.subdomain, pod.subject.namespace): pod
            for pod in unique(evidence.of(Pod))
            if pod.hostname and pod.subdomain
        }
        domains = cluster_domains(evidence)
        bare = NotServices(evidence.of(Pod), services, solved)
        for one in lookups:
            name = normal(one.name)
            if one.outcome in UNKNOWN and id(one) not in mute and name not in solved:
                for wrong in judged(one, name.split("."), spaces, solved):
                    names.setdefault(name, wrong)
                for wrong in of_another_domain(one, name.split("."), domains):
                    names.setdefault(name, wrong)
                for wrong in bare.judged(one, name.split(".")):
                    names.setdefault(name, wrong)
                for wrong in below_no_service(one, hosts, spaces):
                    names.setdefault(name, wrong)
        return cls(origin=found[0], gaps=found[1], names=tuple(names.values()))


def cluster_domains(evidence: Evidence) -> dict[str, Quote]:
    """Return the domains that kubelets give to pods, or that pods were given, with a quote."""
    told = {
        normal(one.cluster_domain): one.quote
        for one in in_force(evidence.of(KubeletConfig))
        if one.cluster_domain
    }
    for file in evidence.of(ResolvConf):
        domain = normal(domain_of(file.search)) if file.of_pod else ""
        if domain:
            told.setdefault(domain, file.quote_of(domain)[0])
    return told


def of_another_domain(
    lookup: Lookup, labels: Sequence[str], domains: dict[str, Quote]
) -> Iterator[MistakenName]:
    """Yield a Service's whole name that has a domain which no kubelet and no pod is told."""
    at = labels.index("svc") if "svc" in labels else -1
    domain = ".".join(labels[at + 1 :])
    if at < 2 or not domain or not domains or domain in domains:
        return
    if any(domain.endswith(f".{one}") or one in labels for one in domains):
        return  # what a search list made of a name
    right, quote = next(iter(domains.items()))
    why = f"its domain is {domain}, the cluster's is {right}"
    meant = ".".join((*labels[: at + 1], right))
    yield MistakenName(".".join(labels), lookup.place, why, meant, (lookup.quote, quote))


class NotServices:
    """Names of pods that are asked for as if they were Services'."""

    def __init__(
        self, pods: Sequence[Pod], services: Sequence[Service], solved: dict[str, Lookup]
    ) -> None:
        """Keep the pods by their names, and by the names of what made them."""
        self._pods: dict[str, Pod] = {}
        for pod in pods:
            parts = pod.subject.name.split("-")
            for count in dict.fromkeys((len(parts), len(parts) - 2, len(parts) - 1)):
                if count > 0:
                    self._pods.setdefault("-".join(parts[:count]), pod)
        self._listed = {(one.subject.namespace, one.subject.name) for one in services}
        self._spaces = {one.subject.namespace for one in pods} - {""}
        self._spaces |= {one.subject.namespace for one in services} - {""}
        self._knowing = {one.server for one in solved.values() if in_cluster(one.name)} - {""}

    def judged(self, lookup: Lookup, labels: Sequence[str]) -> Iterator[MistakenName]:
        """Yield a name whose first part is a pod's and no Service's.

        That no Service has it tells a listing or, without one, a server that knows others.
        """
        pod = self._pods.get(labels[0])
        inside = (
            len(labels) == 1
            or (len(labels) == 2 and labels[1] in self._spaces)
            or (len(labels) > 2 and labels[2] == "svc")
        )
        if pod is None or not inside:
            return
        near = {name for space, name in self._listed if space in (pod.subject.namespace, "")}
        known_not = bool(near) if self._listed else lookup.server in self._knowing
        if not known_not or any(name == labels[0] for _, name in self._listed):
            return
        why = (
            f"pod {pod.subject.name} is there and no Service {labels[0]}"
            f"{' is listed' if self._listed else ', as the server knows other names'}: DNS has "
            "names of Services, pods have none of their own"
        )
        yield MistakenName(".".join(labels), lookup.place, why, "", (lookup.quote, pod.quote))


def judged(
    lookup: Lookup,
    labels: Sequence[str],
    spaces: dict[str, Listing],
    solved: dict[str, Lookup],
) -> Iterator[MistakenName]:
    """Yield what is wrong with a name."""
    name = ".".join(labels)
    if "://" in name or "/" in name:
        why = "that is a URL, of which only the host's name can be looked up"
        meant = name.partition("://")[2].partition("/")[0].partition(":")[0]
        yield MistakenName(name, lookup.place, why, meant, (lookup.quote,))
        return
    at = labels.index("svc") if "svc" in labels else -1
    domain = ".".join(labels[at + 1 :]) if at > 1 else ""
    if domain and domain != DEFAULT_DOMAIN and misspelt(domain):
        meant = ".".join((*labels[: at + 1], DEFAULT_DOMAIN))
        why = f"its domain is {domain}, where {DEFAULT_DOMAIN} is likely meant"
        yield MistakenName(name, lookup.place, why, meant, (lookup.quote,))
        return
    whole = solved.get(".".join(labels[1:])) if at == 3 else None
    if whole is not None and len(whole.answers) == 1:
        parent = ".".join(labels[1:])
        why = f"{parent} has one address: below it there are names of pods only if it is headless"
        yield MistakenName(name, lookup.place, why, parent, (lookup.quote, whole.quote))
        return
    if at == 2 or (at == -1 and len(labels) == 2):
        listing = spaces.get(labels[1], Listing())
        mine = listing.services
        if labels[0] in mine:
            return
        close = listing.close(labels[0])
        if close or len(mine) >= MANY:
            beside = mine[close] if close else next(iter(mine.values()))
            meant = ".".join((close, *labels[1:])) if close else ""
            why = f"no Service {labels[0]} is listed in {labels[1]}"
            why += f", {close} is" if close else ""
            yield MistakenName(name, lookup.place, why, meant, (lookup.quote, beside.quote))


def below_no_service(
    lookup: Lookup, hosts: dict[tuple[str, str, str], Pod], spaces: dict[str, Listing]
) -> Iterator[MistakenName]:
    """Yield what is wrong with a pod's name by hostname and subdomain: its Service is not there.

    Where a Service of the name is listed, the pod is not among its endpoints for another reason.
    """
    for name in dict.fromkeys((normal(lookup.name), normal(lookup.typed))):
        labels = name.split(".")
        if len(labels) < 3 or (len(labels) > 3 and labels[3] != "svc"):
            continue
        pod = hosts.get((labels[0], labels[1], labels[2]))
        if pod is None or labels[1] in spaces.get(labels[2], Listing()).services:
            continue
        why = (
            f"pod {pod.subject.name} has that hostname and subdomain, and is named so only below a "
            f"headless Service {labels[1]} of its namespace, which is not listed"
        )
        yield MistakenName(name, lookup.place, why, "", (lookup.quote, pod.quote.on("subdomain")))
        return


def misspelt(domain: str) -> bool:
    """Whether a domain is nearly the usual one; one that only begins or ends so is another."""
    if domain in ("local", "cluster"):
        return True
    near = difflib.SequenceMatcher(None, domain[:40], DEFAULT_DOMAIN).ratio() >= ALIKE
    return near and domain.count(".") < 2
