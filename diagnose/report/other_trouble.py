"""Pods that are in trouble in the evidence and that no check has anything to say of."""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.facts.events import Event, Events
from diagnose.facts.pods import Pod, Pods
from diagnose.model import Diagnosis, Subject
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
IN_EVENTS = ("ErrImagePull", "ImagePullBackOff", "Back-off restarting failed container")


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
    well: set[tuple[str, str]] = set()
    for fact in diagnosis.facts:
        if isinstance(fact, Pods):
            for pod in fact.pods:
                if pod.ready or pod.finished or pod.deleting:
                    well.add((pod.subject.namespace, pod.subject.name))
                    continue
                yield from ((pod.subject, word) for word in words_of(pod))
    for fact in diagnosis.facts:
        if isinstance(fact, Events):
            for event in fact.events:
                subject = event.subject
                over = (subject.namespace, subject.name) in well
                if subject.kind == "Pod" and not over and (word := word_of(event)):
                    yield subject, word


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
    if event.reason == "FailedScheduling":
        return event.reason
    if event.type == "Normal":
        return ""
    return next((one for one in IN_EVENTS if one in event.message), "")
