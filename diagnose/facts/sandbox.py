"""Sandboxes that could not be set up or torn down: from events, kubelets' and runtimes' logs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.events import Event
from diagnose.facts.logs import LogStream, Match
from diagnose.facts.pods import Pod, unique
from diagnose.facts.waiting import Waiting
from diagnose.facts.workloads import scaled_to_zero
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.signatures import cni, kubelet, runtime
from diagnose.signatures.base import Emitter, Signature
from diagnose.signatures.mechanisms import NETNS_LOST, THERE_ALREADY, VAGUE, mechanism, spoken
from diagnose.text.regex import regex
from diagnose.values import dataclass

REASONS = frozenset(
    {
        "FailedCreatePodSandBox",
        "FailedCreatePodContainer",
        "FailedKillPod",
        "FailedPodSandBoxStatus",
        "NetworkNotReady",
    }
)
TEARDOWN = "FailedKillPod"
NOT_ASKED = frozenset({"FailedPodSandBoxStatus", "NetworkNotReady"})  # no sandbox was tried
TRIED_AGAIN_S = 120.0
STARTED = frozenset(  # only with a sandbox
    {"Started", "Created", "Pulled", "Pulling", "AddedInterface"}
)
# What kubectl says of a pod whose containers ended or cannot start; after a restart of the node
# also of one that waits for a new sandbox.
HAD_SANDBOX = (
    *("CrashLoopBackOff", "Error", "OOMKilled", "ImagePullBackOff", "ErrImagePull"),
    *("InvalidImageName", "CreateContainerConfigError", "CreateContainerError"),
    *("RunContainerError", "Init:Error", "Init:CrashLoopBackOff", "Init:ImagePullBackOff"),
)
FRESH_S = 300.0  # a kubelet repeats within seconds, and reports at least every five minutes
ONE_TRY = timedelta(seconds=2)  # the layers of a kubelet log the same failure one after the other
ONE_TRY_LINES = 4
DNS_NAMES = ("coredns-", "kube-dns-")
WRAPPERS = (
    kubelet.SANDBOX_CREATE_FAILED,
    kubelet.SANDBOX_KILL_FAILED,
    kubelet.CNI_ADD_FAILED,
    runtime.RUN_SANDBOX_FAILED,
    runtime.STOP_SANDBOX_FAILED,
    runtime.PLUGIN_ADD_FAILED,
    runtime.PLUGIN_DELETE_FAILED,
)
TEARDOWNS = frozenset(
    one.name
    for one in (
        kubelet.SANDBOX_KILL_FAILED,
        runtime.STOP_SANDBOX_FAILED,
        runtime.PLUGIN_DELETE_FAILED,
    )
)
LONE = frozenset((runtime.PLUGIN_ADD_FAILED.name, runtime.PLUGIN_DELETE_FAILED.name))
# Kubelets tear down sandboxes that are long gone, again and again: there a missing namespace is
# routine.
WEAK = frozenset(
    one.name for one in (cni.NETNS_GONE, cni.NETNS_WRONG, NETNS_LOST, THERE_ALREADY, *VAGUE)
)
TEARING_DOWN = regex(r"\] Error deleting |for the terminated container|TearDownPod")
# What an error's inner text can say: the plugins, or the runtime before it asks them.
INNER = (
    *cni.SIGNATURES,
    runtime.SANDBOX_IMAGE_FAILED,
    runtime.SANDBOX_NAME_RESERVED,
    runtime.SANDBOX_START_FAILED,
    kubelet.CGROUP_DRIVER_MISMATCH,
    kubelet.POD_CGROUP_FAILED,
    kubelet.RESOLVCONF_MISSING,
)
INNER_NAMES = frozenset(one.name for one in INNER)
VAGUE_NAMES = frozenset(one.name for one in VAGUE)
# An earlier try that still hangs, or words that nobody knows: they say nothing new of why.
ECHO = (runtime.SANDBOX_NAME_RESERVED.name, *VAGUE_NAMES)
# That a plugin ended is no reason yet.
NO_REASON = frozenset({cni.PLUGIN_SILENT.name})
WRAPPER_NAMES = frozenset(one.name for one in WRAPPERS)
NODE_LOGS = (Emitter.KUBELET, Emitter.RUNTIME)
PODS = tuple(
    regex(pattern)
    for pattern in (
        r'pod \\*"(?P<pod>[a-z0-9][a-z0-9.-]*)_(?P<namespace>[a-z0-9-]+)',
        r'\bpod=\\*"(?P<namespace>[a-z0-9-]+)/(?P<pod>[a-z0-9][a-z0-9.-]*)',
        r"PodSandboxMetadata\{Name:(?P<pod>[^,]{1,300}+),.{0,60}?Namespace:(?P<namespace>[^,]{1,80}+),",
        r"[Ee]rror (?:adding|deleting) (?P<namespace>[a-z0-9-]+)_(?P<pod>[a-z0-9.-]+)/",
    )
)


@dataclass(frozen=True)
class SandboxFailure:
    """The failures of one pod's sandbox with one message, however often it was repeated.

    `reasons` are the inner errors in it, the set-up's before the clean-up's. `over` says that the
    pod got its sandbox since, so that this is history. `age_s` counts from its last time.
    """

    subject: Subject
    quote: Quote
    reasons: tuple[Match, ...] = ()
    count: int = 1
    over: bool = False
    age_s: float | None = None
    first_age_s: float | None = None
    first_at: datetime | None = None
    last_at: datetime | None = None
    teardown: bool = False


@dataclass(frozen=True, kw_only=True)
class SandboxFailures(Fact):
    """The sandboxes that failed, those that recovered included."""

    asks: ClassVar[tuple[Ask, ...]] = (
        Ask.EVENTS,
        Ask.KUBELET_LOGS,
        Ask.RUNTIME_LOGS,
        Ask.SYSTEM_PODS,
        Ask.DNS_PODS,
    )

    failures: tuple[SandboxFailure, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the failures of events and logs; a pod's state tells which are over."""
        events, streams = evidence.of(Event), evidence.of(LogStream)
        items: tuple[Readable, ...] = (*events, *streams)
        found = known(evidence, items, Ask.EVENTS, Ask.RUNTIME_LOGS)
        if isinstance(found, Gap):
            return found
        pods = {pod.subject.name: pod for pod in unique(evidence.of(Pod))}
        started, lists = starts(events), one_list(events)
        told = merged(
            [
                *(one for event in events for one in of_event(event, started, lists)),
                *(one for stream in streams for one in of_stream(stream)),
            ]
        )
        listed = (
            Ask.DNS_PODS in evidence.looked
            and not evidence.gaps_of(Ask.DNS_PODS)
            and (any(name.startswith(DNS_NAMES) for name in pods) or scaled_to_zero(evidence))
        )
        waiting = Waiting.of(evidence)
        failures = [settled(one, pods, waiting, listed=listed) for one in told]
        return cls(origin=found[0], gaps=found[1], failures=tuple(superseded(failures)))

    def matching(self, *signatures: Signature) -> tuple[SandboxFailure, ...]:
        """Return the failures that are not over and hold one of these errors."""
        names = {one.name for one in signatures}
        return tuple(
            one
            for one in self.failures
            if not one.over and any(match.signature in names for match in one.reasons)
        )


def merged(failures: Iterable[SandboxFailure]) -> list[SandboxFailure]:
    """Return one failure per pod and set of errors: an event and a log tell of the same tries."""
    groups: dict[object, list[SandboxFailure]] = {}
    for one in failures:
        names = tuple(match.signature for match in one.reasons)
        key = (one.subject.name, names) if one.subject.name else (one.subject, names)
        groups.setdefault(key, []).append(one)
    result = []
    for several in groups.values():
        first = several[0]
        by_origin: dict[str, int] = {}
        for one in several:
            origin = one.quote.origin
            by_origin[origin] = by_origin.get(origin, 0) + one.count
        newest = min(several, key=lambda one: one.age_s if one.age_s is not None else 1e12)
        subjects = [one.subject for one in several]
        result.append(
            replace(
                newest if newest.age_s is not None else first,
                subject=replace(
                    first.subject,
                    namespace=next((one.namespace for one in subjects if one.namespace), ""),
                    node=next((one.node for one in subjects if one.node), ""),
                ),
                count=max(by_origin.values()),
                over=newest.over if newest.age_s is not None else all(o.over for o in several),
                first_age_s=max((o.first_age_s for o in several if o.first_age_s), default=None),
                first_at=min((one.first_at for one in several if one.first_at), default=None),
                last_at=max((one.last_at for one in several if one.last_at), default=None),
            )
        )
    return result


def settled(
    one: SandboxFailure, pods: dict[str, Pod], waiting: Waiting, *, listed: bool
) -> SandboxFailure:
    """Return a failure with its pod's node, and over where the pod runs or is gone.

    `listed` says that every pod of CoreDNS is known: another of such a name is gone.
    """
    pod = pods.get(one.subject.name) if one.subject.name else None
    if pod is None:
        gone = listed and one.subject.name.startswith(DNS_NAMES)
        if one.teardown:  # its pod is Terminating, or has gone since; a kubelet tries every minute
            stale = one.age_s is not None and one.age_s > TRIED_AGAIN_S
            gone = gone or (waiting.names is not None and stale)
        else:
            gone = gone or waiting.over(one.subject, one.last_at)
        return replace(one, over=one.over or gone)
    subject = replace(
        one.subject,
        namespace=one.subject.namespace or pod.subject.namespace,
        node=one.subject.node or pod.subject.node,
    )
    fresh = one.age_s is not None and one.age_s < FRESH_S and pod.status in HAD_SANDBOX
    return replace(one, subject=subject, over=one.over or (runs(pod) and not fresh))


def superseded(failures: Iterable[SandboxFailure]) -> Iterator[SandboxFailure]:
    """Yield the failures; of a pod that fails for another reason since, the older is over."""
    every = list(failures)
    newest: dict[str, float] = {}
    for one in every:
        telling = any(match.signature not in ECHO for match in one.reasons)
        if one.subject.name and one.age_s is not None and telling and not one.over:
            name = one.subject.name
            newest[name] = min(one.age_s, newest.get(name, one.age_s))
    for one in every:
        since = newest.get(one.subject.name)
        past = since is not None and one.age_s is not None and one.age_s - since > FRESH_S
        yield replace(one, over=one.over or past)


def runs(pod: Pod) -> bool:
    """Whether a pod has its sandbox now: its containers run, have run, or it came to its end."""
    return bool(pod.finished or pod.ready or pod.status in ("Running", *HAD_SANDBOX))


def starts(events: Iterable[Event]) -> dict[str, float]:
    """Return for each pod how long ago its last container event was, in seconds."""
    last: dict[str, float] = {}
    every = list(events)
    scheduled = Counter(whose(one) for one in every if one.reason == "Scheduled")
    lists = one_list(every)
    for event in every:
        if event.reason in STARTED and event.age_s is not None:
            pods = {lists.get(event.quote, "")}
            if event.subject.name or scheduled[whose(event)] == 1:
                pods.add(whose(event))
            for pod in pods - {""}:
                last[pod] = min(event.age_s, last.get(pod, event.age_s))
    return last


def one_list(events: Sequence[Event]) -> dict[Quote, str]:
    """Return for the events that name no pod in which list of describe's they stand.

    Lines in a row are one list, and so of one pod, unless it was scheduled twice in it.
    """
    rows = sorted(
        (one for one in events if not one.subject.name and one.quote.line is not None),
        key=lambda one: (one.quote.origin, one.quote.line or 0),
    )
    lists: list[list[Event]] = []
    for one in rows:
        before = lists[-1][-1].quote if lists else None
        if before and (before.origin, before.line) == (one.quote.origin, (one.quote.line or 0) - 1):
            lists[-1].append(one)
        else:
            lists.append([one])
    return {
        one.quote: f"list {number} in {one.quote.origin}"
        for number, several in enumerate(lists)
        if sum(each.reason == "Scheduled" for each in several) <= 1
        for one in several
    }


def whose(event: Event) -> str:
    """Return the name of an event's pod; where it has none, which text it stands in.

    The end of a describe tells the events of one pod and does not name it; that there is one alone
    is seen by its being scheduled once.
    """
    return event.subject.name or f"in {event.origin}"


def of_event(
    event: Event, started: dict[str, float], lists: dict[Quote, str] | None = None
) -> Iterator[SandboxFailure]:
    """Yield the failure that an event tells, if it tells one."""
    wrapped = any(one.match(event.message) for one in WRAPPERS)
    if event.reason not in REASONS and not wrapped:
        return
    reasons = errors_in(event.message, event.subject, event.quote, event.last_at)
    if NO_REASON.issuperset(one.signature for one in reasons):
        asked = event.reason not in NOT_ASKED
        meant = meant_by(event.message, event.subject, event.quote, event.last_at, asked=asked)
        reasons = (*reasons, *meant)
    if event.reason == TEARDOWN:
        reasons = tuple(one for one in reasons if one.signature not in WEAK)
    subject = event.subject
    if not subject.name and (named := pod_in(event.message)):
        subject = Subject("Pod", named[1], named[0], subject.node)
    listed = (lists or {}).get(event.quote, "")
    since = started.get(subject.name, started.get(whose(event), started.get(listed)))
    yield SandboxFailure(
        subject=subject,
        quote=event.quote,
        reasons=reasons,
        count=event.count,
        over=since is not None and event.age_s is not None and since <= event.age_s,
        age_s=event.age_s,
        first_age_s=event.first_age_s,
        first_at=event.first_at or event.last_at,
        last_at=event.last_at,
        teardown=event.reason == TEARDOWN,
    )


def of_stream(stream: LogStream) -> Iterator[SandboxFailure]:
    """Yield one failure per pod and set of errors of a log, its count that of the kept tries.

    A sandbox that the runtime started later ends the failures of its pod before it. Lines that
    name no pod, or no error, are left out where another line of the log tells more.
    """
    lines: dict[int, list[Match]] = {}
    begun: dict[str, int] = {}
    for match in stream.matches:
        if match.signature in INNER_NAMES or match.signature in WRAPPER_NAMES:
            lines.setdefault(match.number, []).append(match)
        elif match.signature == runtime.SANDBOX_STARTED.name and match["pod"]:
            begun[match["pod"]] = match.number
    groups: dict[tuple[Subject, tuple[str, ...]], list[list[Match]]] = {}
    for several in lines.values():
        if stream.emitter in NODE_LOGS and not about_a_sandbox(several):
            continue
        names = tuple(
            one.signature for one in telling_of(several) if one.signature not in VAGUE_NAMES
        )
        groups.setdefault((pod_of(several, stream), names), []).append(several)
    named = {names for subject, names in groups if subject.name}
    telling = {subject for subject, names in groups if names}
    for (subject, names), group in groups.items():
        if (not subject.name and names in named) or (not names and subject in telling):
            continue
        first, last = group[0], group[-1]
        yield SandboxFailure(
            subject=subject,
            quote=last[0].quote,
            reasons=telling_of(last),
            count=tries(group),
            over=begun.get(subject.name, -1) > last[0].number,
            first_at=first[0].at,
            last_at=last[0].at,
        )


def telling_of(line: Iterable[Match]) -> tuple[Match, ...]:
    """Return the errors of a line; where no signature knows one, what its words mean."""
    every = list(line)
    known_ones = strong(every)
    wrapper = max(  # the outermost: its message holds the others'
        (one for one in every if one.signature in WRAPPER_NAMES),
        key=lambda one: len(one["message"]),
        default=None,
    )
    if wrapper is None or not NO_REASON.issuperset(one.signature for one in known_ones):
        return known_ones
    lone = wrapper.signature in LONE
    text = wrapper.quote.text if lone else wrapper["message"]
    meant = meant_by(text, wrapper.subject, wrapper.quote, wrapper.at)
    down = bool({one.signature for one in every} & TEARDOWNS)
    return (*known_ones, *(one for one in meant if not (down and one.signature in WEAK)))


def strong(line: Iterable[Match]) -> tuple[Match, ...]:
    """Return the CNI errors of a line, without those that are routine at a teardown."""
    every = list(line)
    wrappers = {one.signature for one in every} & WRAPPER_NAMES
    down = (bool(wrappers) and wrappers <= TEARDOWNS) or any(
        TEARING_DOWN.search(one.quote.text) for one in every
    )
    return tuple(
        one
        for one in every
        if one.signature in INNER_NAMES and not (down and one.signature in WEAK)
    )


def tries(lines: Iterable[list[Match]]) -> int:
    """Return how many tries lines tell of: each layer of a kubelet logs the same one."""
    count, before = 0, None
    for several in lines:
        match = several[0]
        if before is None:
            count = 1
        elif match.at and before.at:
            count += match.at - before.at > ONE_TRY
        else:
            count += match.number - before.number > ONE_TRY_LINES
        before = match
    return count


def about_a_sandbox(line: Iterable[Match]) -> bool:
    """Whether a line of a node's log is about a sandbox, and not about its network as a whole."""
    return any(
        one.signature in WRAPPER_NAMES
        or "sandbox" in one.quote.text
        or "networkPlugin cni failed" in one.quote.text
        for one in line
    )


def pod_of(line: Iterable[Match], stream: LogStream) -> Subject:
    """Return the pod that a line is about; the log's own, or one without a name on its node."""
    node = stream.subject.name if stream.subject.kind == "Node" else stream.subject.node
    for match in line:
        if match["pod"] and match["namespace"]:
            return Subject("Pod", match["pod"], match["namespace"], node)
        if named := pod_in(match.quote.text):
            return Subject("Pod", named[1], named[0], node)
    return stream.subject if stream.subject.kind == "Pod" else Subject("Pod", node=node)


def pod_in(text: str) -> tuple[str, str] | None:
    """Return (namespace, name) of the pod that an error text names; None when it names none."""
    for pattern in PODS:
        if match := pattern.search(text):
            return match["namespace"], match["pod"]
    return None


def errors_in(text: str, subject: Subject, quote: Quote, at: datetime | None) -> tuple[Match, ...]:
    """Return the errors that a message holds, in the order in which they stand there."""
    hits: list[tuple[int, int, Match]] = []
    for signature in INNER:
        if found := signature.match(text):
            fields = {name: value or "" for name, value in found.groupdict().items()}
            match = Match(signature.name, subject, quote, fields, number=0, at=at)
            hits.append((begin_of(found), len(hits), match))
    return tuple(match for _, _, match in sorted(hits, key=lambda hit: hit[:2]))


def begin_of(found: re.Match[str]) -> int:
    """Return where an error begins: a pattern may have to look at what stands before it."""
    groups = range(1, found.re.groups + 1)
    return min((at for at in map(found.start, groups) if at >= 0), default=found.start())


def meant_by(
    text: str, subject: Subject, quote: Quote, at: datetime | None, *, asked: bool = True
) -> tuple[Match, ...]:
    """Return the mechanism that an error's words decide for, as a match; () of no words.

    Its fields hold who spoke (`plugin`), in which request (`phase`) and what (`said`). What is no
    try of a sandbox (not `asked`) means something only where a plugin spoke.
    """
    words = spoken(text)
    decided = mechanism(words.said)
    if decided is None or not (asked or words.plugin):
        return ()
    signature, found = decided
    fields = {name: value or "" for name, value in found.groupdict().items()}
    fields |= {"plugin": words.plugin, "phase": words.phase, "said": words.said}
    return (Match(signature.name, subject, quote, fields, number=0, at=at),)


def by_place(
    failures: Iterable[SandboxFailure],
) -> Iterator[tuple[Subject, list[SandboxFailure]]]:
    """Yield (node, its failures); where the node is not known, the pod if it is the only one."""
    places: dict[str, list[SandboxFailure]] = {}
    for one in failures:
        node = one.subject.name if one.subject.kind == "Node" else one.subject.node
        places.setdefault(node, []).append(one)
    for node, several in places.items():
        pods = {one.subject for one in several}
        if node:
            yield Subject("Node", node), several
        else:
            yield pods.pop() if len(pods) == 1 else Subject("Node"), several


def seen(failures: Iterable[SandboxFailure]) -> str:
    """Return how often failures were seen: "once", "12 times on 3 pods over 5m"."""
    several = list(failures)
    count = sum(one.count for one in several)
    pods = len({(one.subject.namespace, one.subject.name) for one in several})
    words = ["once" if count == 1 else f"{count} times"]
    if pods > 1:
        words.append(f"on {pods} pods")
    if count > 1 and (span := span_s(several)) >= 60:
        words.append(f"over {in_words(span)}")
    return " ".join(words)


def span_s(failures: Iterable[SandboxFailure]) -> float:
    """Return for how long failures were seen, in seconds; 0 where it is not known."""
    several = list(failures)
    begins = [one.first_age_s for one in several if one.first_age_s is not None]
    ends = [one.age_s for one in several if one.age_s is not None]
    if begins and ends:
        return max(begins) - min(ends)
    firsts = [one.first_at for one in several if one.first_at]
    lasts = [one.last_at for one in several if one.last_at]
    return (max(lasts) - min(firsts)).total_seconds() if firsts and lasts else 0.0


def in_words(seconds: float) -> str:
    """Return a time as kubectl's tables print it, in its largest unit."""
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= length:
            return f"{int(seconds // length)}{unit}"
    return f"{int(seconds)}s"
