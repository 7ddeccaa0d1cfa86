"""What keeps CoreDNS's pods from running, as kubelet, scheduler and kernel tell it.

A pod's own state outweighs what Events and logs say of it: what a pod that is ready now went
through before is history.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from enum import Enum
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.events import Event
from diagnose.facts.logs import LogStream, Match
from diagnose.facts.pods import Pod, unique
from diagnose.facts.workloads import scaled_to_zero
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.signatures import kernel, kubelet
from diagnose.signatures.base import Emitter
from diagnose.text.regex import regex
from diagnose.values import dataclass

RECENT_S = 3600.0  # a kill for memory that comes again within it is not over
FRESH_S = 600.0  # a probe that kills goes on for as long as that between its Events
FEW_PROBES = 3
PATIENCE_S = 60.0  # a pod is rightly without a node for that long
PULLING = ("ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull")
PULLED = frozenset({"Pulled", "Created", "Started"})
PLACED = frozenset({"Scheduled", *PULLED, "Pulling"})
BACK_OFF_IMAGE = regex(r'Back-off pulling image \\*"(?P<image>[^"\\]+)')
DNS_PROCESSES = ("coredns", "node-cache", "kube-dns", "dnsmasq")
REFUSED = "connection refused"  # what a probe meets after the container ended by itself


class Trouble(Enum):
    """What keeps a pod from running."""

    IMAGE = "its image cannot be pulled"
    MEMORY = "killed for memory"
    EVICTED = "evicted"
    UNPLACED = "no node takes it"
    KILLED = "killed by its liveness probe"


@dataclass(frozen=True)
class PodTrouble:
    """One trouble of one pod; `detail` is the reason as far as it is told.

    `image` is the one that cannot be pulled, `limit_bytes` the memory limit of what was killed.
    `told` says that the reason was given, not only the state.
    """

    trouble: Trouble
    subject: Subject
    detail: str
    quotes: tuple[Quote, ...]
    count: int = 1
    told: bool = True
    ready: bool = False
    image: str = ""
    limit_bytes: int | None = None
    age_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class DNSPodTroubles(Fact):
    """The troubles of CoreDNS's pods that are not over; `others_ready` counts those that serve."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.DNS_PODS, Ask.EVENTS, Ask.KUBELET_LOGS)

    troubles: tuple[PodTrouble, ...] = ()
    others_ready: int = 0

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return what states, events and logs tell, one per pod and trouble."""
        every = unique(evidence.of(Pod))
        pods = tuple(pod for pod in every if pod.serves_dns)
        events, streams = evidence.of(Event), evidence.of(LogStream)
        nodes = [one for one in streams if one.emitter in (Emitter.KUBELET, Emitter.KERNEL)]
        items: tuple[Readable, ...] = (*pods, *events, *nodes)
        found = known(evidence, items, Ask.DNS_PODS, Ask.EVENTS)
        if isinstance(found, Gap):
            return found
        states = {pod.subject.name: pod for pod in pods}
        whole = Ask.DNS_PODS in evidence.looked and not evidence.gaps_of(Ask.DNS_PODS)
        told = [
            *(one for pod in pods for one in of_pod(pod)),
            *(replace(one, told=False) for pod in nameless(every) for one in of_pod(pod)),
            *of_events(events),
            *(one for stream in nodes for one in of_stream(stream)),
        ]
        whole = whole and (bool(pods) or scaled_to_zero(evidence))
        now = Now.of(states)
        live = [one for one in merged(told) if open_still(one, now, whole=whole)]
        ready = sum(pod.ready is True for pod in pods)
        return cls(origin=found[0], gaps=found[1], troubles=tuple(live), others_ready=ready)

    def of(self, trouble: Trouble) -> tuple[PodTrouble, ...]:
        """Return the pods with this trouble."""
        return tuple(one for one in self.troubles if one.trouble is trouble)


def nameless(pods: tuple[Pod, ...]) -> tuple[Pod, ...]:
    """Return the pieces of descriptions without a name, where all pods that have one are CoreDNS's.

    People paste the state of a container below the rows of the pods that it is about.
    """
    named = [pod for pod in pods if pod.subject.name]
    if not named or not all(pod.serves_dns for pod in named):
        return ()
    return tuple(pod for pod in pods if not pod.subject.name and not pod.serves_dns)


def serves(subject: Subject) -> bool:
    """Whether a pod's name is one of CoreDNS's."""
    return subject.kind == "Pod" and Pod(subject, "", Quote("", "")).serves_dns


def of_pod(pod: Pod) -> Iterator[PodTrouble]:
    """Yield what a pod's own state tells."""
    quotes = (pod.quote,)
    waiting = next((one for one in pod.containers if one.reason in PULLING), None)
    status = pod.status.removeprefix("Init:")
    if status in PULLING or waiting is not None:
        image = waiting.image if waiting else next((one.image for one in pod.containers), "")
        detail = waiting.message if waiting else ""
        yield PodTrouble(Trouble.IMAGE, pod.subject, detail, quotes, told=bool(detail), image=image)
    if pod.status == "Evicted":
        yield PodTrouble(Trouble.EVICTED, pod.subject, pod.message, quotes)
    if unplaced(pod):
        yield PodTrouble(Trouble.UNPLACED, pod.subject, pod.message, quotes, told=False)
    killed = [one for one in pod.containers if "OOMKilled" in (one.reason, one.last_reason)]
    if killed or pod.status == "OOMKilled":
        limit = next((one.memory_limit_bytes for one in killed if one.memory_limit_bytes), None)
        restarts = pod.restarts or 0
        yield PodTrouble(
            Trouble.MEMORY,
            pod.subject,
            "",
            (pod.quote.on("end", "OOMKilled"),),
            count=max(restarts, 1),
            ready=pod.ready is True,
            limit_bytes=limit,
            age_s=between(pod) if pod.last_restart_age_s is None else pod.last_restart_age_s,
        )


def between(pod: Pod) -> float | None:
    """Return the mean time between a pod's restarts; None where it is not known."""
    several = (pod.restarts or 0) > 2
    return pod.age_s / (pod.restarts or 1) if pod.age_s is not None and several else None


def unplaced(pod: Pod) -> bool:
    """Whether a pod waits for a node, for a minute at least: a scheduler takes a moment."""
    if pod.age_s is not None and pod.age_s < PATIENCE_S:
        return False
    scheduled = pod.conditions.get("PodScheduled")
    if scheduled is not None:
        return scheduled == "False"
    return pod.status == "Pending" and not pod.subject.node


def of_events(events: Iterable[Event]) -> Iterator[PodTrouble]:
    """Yield what events tell of CoreDNS's pods, unless a later one of the same pod ends it."""
    every = list(events)
    # how long ago each pod was last seen to have its image, and to have a node
    pulled, placed = latest(every, PULLED), latest(every, PLACED)
    for event in every:
        for one in of_event(event):
            if one.trouble in (Trouble.IMAGE, Trouble.UNPLACED) and event.age_s is not None:
                ended = pulled if one.trouble is Trouble.IMAGE else placed
                if ended.get(event.subject.name, math.inf) <= event.age_s:
                    continue
            yield one


def latest(events: Iterable[Event], reasons: frozenset[str]) -> dict[str, float]:
    """Return the age of the latest event with one of these reasons, by its object's name."""
    ages: dict[str, float] = {}
    for event in events:
        if event.reason in reasons and event.age_s is not None:
            name = event.subject.name
            ages[name] = min(event.age_s, ages.get(name, math.inf))
    return ages


def of_event(event: Event) -> Iterator[PodTrouble]:
    """Yield the trouble that an event tells, if it tells one."""
    subject, message = event.subject, event.message
    base = PodTrouble(
        Trouble.IMAGE, subject, message, (event.quote,), count=event.count, age_s=event.age_s
    )
    if found := kubelet.SYSTEM_OOM.match(message):
        if found["process"] in DNS_PROCESSES:
            yield replace(base, trouble=Trouble.MEMORY, detail="the node itself had none left")
        return
    if not serves(subject):
        return
    probe = kubelet.LIVENESS_FAILED.match(message) if event.count >= FEW_PROBES else None
    if found := kubelet.IMAGE_PULL_FAILED.match(message):
        yield replace(base, detail=found["reason"], image=found["image"])
    elif found := BACK_OFF_IMAGE.search(message):
        yield replace(base, detail="", image=found["image"], told=False)
    elif event.reason == "FailedScheduling":
        yield replace(base, trouble=Trouble.UNPLACED)
    elif event.reason == "Evicted" or kubelet.EVICTED.match(message):
        yield replace(base, trouble=Trouble.EVICTED)
    elif kubelet.LIVENESS_KILLED.match(message):
        yield replace(base, trouble=Trouble.KILLED)
    elif probe and REFUSED not in message:
        yield replace(base, trouble=Trouble.KILLED, detail=probe["reason"], told=False)


def of_stream(stream: LogStream) -> Iterator[PodTrouble]:
    """Yield what the log of a kubelet or of the kernel tells of CoreDNS."""
    node = stream.subject.name if stream.subject.kind == "Node" else stream.subject.node
    last: dict[tuple[Trouble, str], PodTrouble] = {}
    for match in stream.matches:
        if one := of_line(match, node):
            key = (one.trouble, one.subject.name)
            before = last.get(key)
            last[key] = replace(one, count=before.count + 1) if before else one
    yield from last.values()


def of_line(match: Match, node: str) -> PodTrouble | None:
    """Return the trouble that a line of a node's log tells of CoreDNS, if it tells one."""
    place = Subject("Pod", node=node)
    if match.signature in (kernel.OOM_KILLED.name, kubelet.SYSTEM_OOM.name):
        if match["process"] not in DNS_PROCESSES:
            return None
        group = "cgroup" in match.quote.text
        detail = "" if group else "the node itself had none left"
        return PodTrouble(Trouble.MEMORY, place, detail, (match.quote,))
    if match.signature == kubelet.IMAGE_PULL_FAILED.name and "dns" in match["image"]:
        return PodTrouble(
            Trouble.IMAGE, place, match["reason"], (match.quote,), image=match["image"]
        )
    return None


def merged(troubles: Iterable[PodTrouble]) -> Iterator[PodTrouble]:
    """Yield one per pod and trouble: the reason from where it is told, every quote."""
    groups: dict[tuple[Trouble, str], list[PodTrouble]] = {}
    for one in troubles:
        groups.setdefault((one.trouble, one.subject.name), []).append(one)
    for several in groups.values():
        best = max(several, key=lambda one: (one.told and bool(one.detail), one.count))
        subject = max(
            (one.subject for one in several), key=lambda one: (bool(one.namespace), bool(one.node))
        )
        yield replace(
            best,
            subject=subject,
            quotes=tuple(dict.fromkeys(quote for one in several for quote in one.quotes)),
            told=any(one.told for one in several),
            count=max(one.count for one in several),
            ready=any(one.ready for one in several),
            image=next((one.image for one in several if one.image), ""),
            limit_bytes=next((one.limit_bytes for one in several if one.limit_bytes), None),
            age_s=min((one.age_s for one in several if one.age_s is not None), default=None),
        )


@dataclass(frozen=True)
class Now:
    """CoreDNS's pods by name, and what holds for all of them."""

    pods: Mapping[str, Pod]
    all_ready: bool
    restarts_s: float  # the shortest mean time between restarts
    living_ready: bool  # of those that were not evicted: there are some, and all are ready

    @classmethod
    def of(cls, pods: Mapping[str, Pod]) -> Self:
        """Return what holds for these pods."""
        times = [time for each in pods.values() if (time := between(each)) is not None]
        living = [each for each in pods.values() if each.status != "Evicted"]
        return cls(
            pods=pods,
            all_ready=all(each.ready for each in pods.values()),
            restarts_s=min(times, default=RECENT_S),
            living_ready=bool(living) and all(each.ready for each in living),
        )


def open_still(one: PodTrouble, now: Now, *, whole: bool) -> bool:
    """Whether a trouble goes on, by what is known of its pod now.

    `whole` says that every pod of CoreDNS is known: another is gone.
    """
    pod = now.pods.get(one.subject.name)
    if one.trouble is Trouble.MEMORY:
        if pod is None and now.pods:
            return not now.all_ready or now.restarts_s < RECENT_S
        bound = RECENT_S if one.count > 1 else FRESH_S
        return not one.ready or (one.age_s is not None and one.age_s < bound)
    if one.trouble is Trouble.EVICTED:
        return not now.living_ready
    if pod is None:
        return not whole or not one.subject.name
    if one.trouble is Trouble.KILLED:
        recent = one.age_s is not None and one.age_s < FRESH_S
        return not pod.ready or recent
    if one.trouble is Trouble.UNPLACED:
        if pod.age_s is not None and pod.age_s < PATIENCE_S:
            return False
        return not pod.ready and (pod.status in ("Pending", "") or not pod.subject.node)
    return not pod.ready and pod.status not in ("Running", "CrashLoopBackOff")
