"""Pods that are in trouble in the evidence and that no check has anything to say of.

An event outlives its pod and its trouble. Where the pods were read, all that wait to start are
among them, and all of CoreDNS: of another one the event tells of what is over.
"""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.facts.events import Event, Events
from diagnose.facts.pods import Pod, Pods
from diagnose.model import Diagnosis, Subject
from diagnose.past import STALE_S
from diagnose.text.shown import visible

NAMED = 3
WORDS = frozenset(
    {
        "CrashLoopBackOff",
        "OOMKilled",
        "Error",
        "ImagePullBackOff",
        "ErrImagePull",
        "InvalidImageName",
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
        "Evicted",
    }
)
UNPLACED = "FailedScheduling"
BACK_OFF = "Back-off restarting failed container"
IN_EVENTS = ("ErrImagePull", "ImagePullBackOff", BACK_OFF)


def other_trouble(diagnosis: Diagnosis) -> str:
    """Return a sentence that names such pods with kubectl's words; "" where there are none.

    That DNS is not behind it cannot be known of all of them, and is not said.
    """
    told: dict[Subject, dict[str, None]] = {}
    for subject, word in troubles(diagnosis):
        key = Subject("Pod", subject.name, subject.namespace)
        told.setdefault(key, {}).setdefault(word)
    if not told:
        return ""
    named = [
        f"{subject.namespace}/{subject.name}".removeprefix("/") + f" ({', '.join(words)})"
        for subject, words in list(told.items())[:NAMED]
    ]
    more = f" and {len(told) - NAMED} more" if len(told) > NAMED else ""
    return visible(f" Other trouble that it shows: {', '.join(named)}{more}.")


def troubles(diagnosis: Diagnosis) -> Iterator[tuple[Subject, str]]:
    """Yield each pod with a word for its trouble."""
    pods: dict[tuple[str, str], Pod] = {}
    whole = False
    for fact in diagnosis.facts:
        if isinstance(fact, Pods):
            whole = not fact.gaps
            for pod in fact.pods:
                pods[pod.subject.namespace, pod.subject.name] = pod
                if not is_well(pod):
                    yield from ((pod.subject, word) for word in words_of(pod))
    for fact in diagnosis.facts:
        if isinstance(fact, Events):
            for event in fact.events:
                if event.subject.kind != "Pod" or not (word := word_of(event)):
                    continue
                seen = pods.get((event.subject.namespace, event.subject.name))
                if not (is_over(word, seen) if seen else whole and is_gone(event, word)):
                    yield event.subject, word


def is_well(pod: Pod) -> bool:
    """Whether a pod is ready, or needs not be any more."""
    return bool(pod.ready or pod.finished or pod.deleting)


def is_over(word: str, pod: Pod) -> bool:
    """Whether a pod shows that what an event tells of it is over."""
    return is_well(pod) or (word == UNPLACED and bool(pod.subject.node))


def is_gone(event: Event, word: str) -> bool:
    """Whether what an event tells is over, since its pod is not among those that were read."""
    if word != BACK_OFF or Pod(event.subject, "", event.quote).serves_dns:
        return True
    return event.age_s is not None and event.age_s > STALE_S


def words_of(pod: Pod) -> Iterator[str]:
    """Yield what kubectl says of a pod that is not well now, with how its containers ended."""
    if pod.status in WORDS:
        yield pod.status
    for one in (*pod.init_containers, *pod.containers):
        if one.ready:
            continue
        if one.reason in WORDS:
            yield one.reason
        if one.last_reason == "OOMKilled":
            yield one.last_reason


def word_of(event: Event) -> str:
    """Return a word for a warning about a pod; "" for what says nothing of the kind."""
    if event.reason == UNPLACED:
        return event.reason
    if event.type == "Normal":
        return ""
    return next((one for one in IN_EVENTS if one in event.message), "")
