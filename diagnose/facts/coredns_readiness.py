"""Whether CoreDNS knows its cluster: starts without the API, and pods that are not ready."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.coredns_health import Endpoint, of_pods, waiting
from diagnose.facts.events import Event
from diagnose.facts.logs import CoreDNSLogs, LogStream, Match
from diagnose.facts.pods import Pod, unique
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.signatures.base import Emitter
from diagnose.signatures.coredns import K8S_UNSYNCED_START, KUBE_DNS_NOT_SYNCED, NOT_READY
from diagnose.values import dataclass

PATIENCE_S = 60.0  # the readiness probe of a pod that starts fails for less than that
FEW = 2  # a pod that starts says once or twice that it waits
PATIENT = 10  # kube-dns, which came before CoreDNS, says so every half second
GIVES_UP = "Timeout waiting"


@dataclass(frozen=True, kw_only=True)
class UnsyncedStarts(Fact):
    """The starts of CoreDNS without the Kubernetes API."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.DNS_LOGS, Ask.DNS_PODS)

    matches: tuple[Match, ...] = ()
    caught_up: frozenset[str] = frozenset()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the last such line of each pod, and the names of pods that are ready now."""
        logs = evidence.fetch(CoreDNSLogs)
        if isinstance(logs, Gap):
            return logs
        last = {
            match.subject: match
            for stream in logs.streams
            if not stream.previous
            for match in stream.matching(K8S_UNSYNCED_START)
        }
        ready = frozenset(
            pod.subject.name for pod in unique(evidence.of(Pod)) if pod.serves_dns and pod.ready
        )
        return cls(
            origin=logs.origin, gaps=logs.gaps, matches=tuple(last.values()), caught_up=ready
        )

    @property
    def open(self) -> tuple[Match, ...]:
        """The starts of pods that are not known to be ready since."""
        return tuple(one for one in self.matches if one.subject.name not in self.caught_up)


@dataclass(frozen=True)
class UnreadyPod:
    """One CoreDNS pod that runs without being ready; `plugins` are those that it waits for.

    `kube_dns` says that it is one of kube-dns, by its own words. `unnamed` are the plugins that a
    log waits for which names no pod, and so is one of the pods that are listed.
    """

    subject: Subject
    plugins: tuple[str, ...]
    quotes: tuple[Quote, ...]
    kube_dns: bool = False
    unnamed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class UnreadyCoreDNS(Fact):
    """The CoreDNS pods that run and are not ready, by their state or by their own words."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.DNS_PODS, Ask.DNS_LOGS, Ask.DNS_HEALTH)

    pods: tuple[UnreadyPod, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return such pods; a pod's state outweighs what its log says."""
        pods = tuple(pod for pod in unique(evidence.of(Pod)) if pod.serves_dns)
        streams = tuple(one for one in evidence.of(LogStream) if one.emitter is Emitter.COREDNS)
        said = waiting(of_pods(evidence.of(Endpoint)))
        probed = tuple(one for one in evidence.of(Event) if is_unready(one))
        items: tuple[Readable, ...] = (*pods, *streams, *said.values(), *probed)
        found = known(evidence, items, Ask.DNS_PODS, Ask.DNS_LOGS)
        if isinstance(found, Gap):
            return found
        waits = {
            stream.subject: list(stream.matching(NOT_READY, KUBE_DNS_NOT_SYNCED))
            for stream in streams
            if not stream.previous and still_waits(stream)
        }
        unready = []
        for pod in pods:
            lines = waits.pop(pod.subject, None) or named(waits, pod.subject.name)
            young = pod.age_s is not None and pod.age_s < PATIENCE_S
            if pod.ready is False and pod.status == "Running" and not (young or pod.out_of_sight):
                asked = said.get(pod.subject.name)
                plugins = asked.waits_for if asked else plugins_of(lines)
                answer = (asked.quote,) if asked else ()
                shown = (*quotes(pod, lines), *answer)
                unready.append(UnreadyPod(pod.subject, plugins, shown, of_kube_dns(lines)))
        states = {pod.subject.name: pod for pod in pods}
        settled = bool(pods) and all(pod.ready for pod in pods)
        nameless = waits.pop(Subject(""), []) if unready else []
        if nameless:
            unready = [with_log(one, nameless) for one in unready]
        for subject, lines in waits.items():
            if subject.name not in states and not settled:
                shown = tuple(match.quote for match in lines[-1:])
                unready.append(UnreadyPod(subject, plugins_of(lines), shown, of_kube_dns(lines)))
        if not (states or waits):
            unready += [UnreadyPod(o.subject, o.waits_for, (o.quote,)) for o in said.values()]
        told = {one.subject.name for one in unready}
        # of pods that are listed their state tells; others are gone, and their events outlive them
        alone = not states and Ask.DNS_PODS not in evidence.looked
        for one in probed if alone else ():
            if one.subject.name not in told:
                unready.append(UnreadyPod(one.subject, (), (one.quote,)))
        return cls(origin=found[0], gaps=found[1], pods=tuple(unready))


def is_unready(event: Event) -> bool:
    """Whether an event says that the readiness probe of CoreDNS fails, for longer than at a start.

    Source: kubernetes/kubernetes v1.30.5, pkg/kubelet/prober/prober.go (probe).
    """
    lasting = event.first_age_s is not None and event.first_age_s >= PATIENCE_S
    return (
        event.reason == "Unhealthy"
        and event.message.startswith("Readiness probe failed")
        and event.count > FEW
        and lasting
        and Pod(event.subject, "", event.quote).serves_dns
    )


def still_waits(stream: LogStream) -> bool:
    """Whether a log says so more than in passing: often, or beside a start without the API."""
    old = list(stream.matching(KUBE_DNS_NOT_SYNCED))
    if stream.count(KUBE_DNS_NOT_SYNCED) >= PATIENT or any(
        GIVES_UP in one.quote.text for one in old
    ):
        return True
    waits = stream.count(NOT_READY)
    return waits >= FEW or bool(waits and stream.count(K8S_UNSYNCED_START))


def with_log(pod: UnreadyPod, lines: list[Match]) -> UnreadyPod:
    """Return a pod with what a log says that names none; its own words outweigh it."""
    if pod.plugins:
        return pod
    return replace(pod, quotes=(*pod.quotes, lines[-1].quote), unnamed=plugins_of(lines))


def named(waits: dict[Subject, list[Match]], name: str) -> list[Match]:
    """Take and return the lines of the pod of that name, from whichever namespace."""
    for subject in list(waits):
        if subject.name == name:
            return waits.pop(subject)
    return []


def of_kube_dns(lines: list[Match]) -> bool:
    """Whether the last line is kube-dns's."""
    return bool(lines) and lines[-1].signature == KUBE_DNS_NOT_SYNCED.name


def plugins_of(lines: list[Match]) -> tuple[str, ...]:
    """Return the plugins that the last line waits for, in order; what kube-dns is as a whole."""
    if of_kube_dns(lines):
        return ("kubernetes",)
    return tuple(lines[-1]["plugins"].split(",")) if lines and lines[-1]["plugins"] else ()


def quotes(pod: Pod, lines: list[Match]) -> tuple[Quote, ...]:
    """Return what shows it: the pod's state, and the last line of its log."""
    return (pod.quote, *(match.quote for match in lines[-1:]))
