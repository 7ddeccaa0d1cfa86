"""Pods that wait for their sandbox: seen waiting for minutes, or by failures that go on."""

from __future__ import annotations

from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.events import Event
from diagnose.facts.pods import Pod, unique
from diagnose.facts.sandbox import SandboxFailure, SandboxFailures, seen
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.values import dataclass

PATIENCE_S = 120.0  # a slow image or volume takes this long without being stuck
WAITING = ("ContainerCreating", "PodInitializing")


@dataclass(frozen=True)
class StuckPod:
    """One pod that does not get beyond ContainerCreating, with what shows it."""

    subject: Subject
    message: str
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, kw_only=True)
class StuckPods(Fact):
    """The pods that stay in ContainerCreating."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.SYSTEM_PODS, Ask.DNS_PODS, Ask.EVENTS)

    pods: tuple[StuckPod, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return pods with open sandbox failures, and pods that waited for minutes without."""
        pods = unique(evidence.of(Pod))
        items: tuple[Readable, ...] = (*pods, *evidence.of(Event))
        failures = evidence.fetch(SandboxFailures)
        failing: dict[Subject, list[SandboxFailure]] = {}
        if isinstance(failures, SandboxFailures):
            for failure in failures.failures:
                # a plugin's own log names no pod, nor whether one was set up or torn down
                if not failure.over and failure.subject.name:
                    failing.setdefault(failure.subject, []).append(failure)
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            if not failing:
                return found
            found = ("", (found,))
        stuck = [
            StuckPod(subject, f"its sandbox fails ({seen(several)})", (several[-1].quote,))
            for subject, several in failing.items()
        ]
        names = {subject.name for subject in failing}
        for pod in pods:
            waiting = pod.status in WAITING
            long = pod.age_s is None or pod.age_s >= PATIENCE_S
            if waiting and long and pod.subject.name not in names:
                age = f" for {int(pod.age_s // 60)} minutes" if pod.age_s else ""
                stuck.append(StuckPod(pod.subject, f"{pod.status}{age}", (pod.quote,)))
        return cls(origin=found[0], gaps=found[1], pods=tuple(stuck))
