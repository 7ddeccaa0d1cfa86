"""Pods: from API objects, `kubectl get pods` tables and `kubectl describe pod`.

None in a field means that the evidence does not tell it; an empty value that there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.values import dataclass

DNS_LABELS = {
    "k8s-app": ("kube-dns", "coredns"),
    "app.kubernetes.io/name": ("coredns", "rke2-coredns", "kube-dns"),
}


@dataclass(frozen=True)
class Container:
    """One container of a pod. `state` is running, waiting or terminated; `reason` its reason.

    `last_*` describe the run before: reason (Error, OOMKilled), exit code, message, end.
    """

    name: str
    image: str = ""
    ready: bool | None = None
    restarts: int | None = None
    state: str = ""
    reason: str = ""
    message: str = ""
    exit_code: int | None = None
    started_at: datetime | None = None
    last_reason: str = ""
    last_exit_code: int | None = None
    last_message: str = ""
    last_finished_at: datetime | None = None
    args: tuple[str, ...] = ()
    memory_limit_bytes: int | None = None


@dataclass(frozen=True)
class Pod:
    """One pod. `status` is the word of kubectl's STATUS column (Running, CrashLoopBackOff …).

    `age_s` and `last_restart_age_s` are seconds before the evidence was taken, from times or
    from a table's relative columns. `conditions` maps a condition's type to its status.
    `subdomain` is the Service below which DNS may name it by its `hostname`.
    `quote` is the table's line, or the object rendered like one.
    """

    subject: Subject
    origin: str
    quote: Quote
    status: str = ""
    phase: str = ""
    ready: bool | None = None
    ready_containers: int | None = None
    total_containers: int | None = None
    restarts: int | None = None
    last_restart_age_s: float | None = None
    age_s: float | None = None
    ips: tuple[str, ...] | None = None
    labels: Mapping[str, str] | None = None
    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()
    conditions: Mapping[str, str] = field(default_factory=dict)
    owner: str = ""
    host_network: bool | None = None
    dns_policy: str = ""
    hostname: str = ""
    subdomain: str = ""
    deleting: bool = False
    created_at: datetime | None = None
    started_at: datetime | None = None
    ready_since: datetime | None = None
    node_selector: Mapping[str, str] | None = None
    message: str = ""

    @property
    def serves_dns(self) -> bool:
        """Whether its labels or, where they are not known, its name are those of CoreDNS."""
        labels = self.labels or {}
        if any(labels.get(key) in values for key, values in DNS_LABELS.items()):
            return not self.subject.name.startswith(("node-local-dns", "nodelocaldns"))
        name = self.subject.name
        return name.startswith(("coredns", "kube-dns", "rke2-coredns-rke2-coredns")) and (
            "autoscaler" not in name
        )

    @property
    def out_of_sight(self) -> bool:
        """Whether only its node is lost: its containers were well when they were last heard of.

        The node controller then marks the pod as not ready (pkg/controller/nodelifecycle).
        """
        whole = self.total_containers is not None and self.ready_containers == self.total_containers
        return self.ready is False and whole and self.status == "Running"

    @property
    def finished(self) -> bool:
        """Whether it ran to its end, as a Job's pod does, or waits to be removed."""
        return self.phase == "Succeeded" or self.status in ("Completed", "Succeeded")


@dataclass(frozen=True, kw_only=True)
class DNSPods(Fact):
    """The pods that serve cluster DNS."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.DNS_PODS,)

    pods: tuple[Pod, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return CoreDNS's pods; an empty fact when it was asked and there are none."""
        pods = tuple(pod for pod in unique(evidence.of(Pod)) if pod.serves_dns)
        found = known(evidence, pods, *cls.asks)
        if isinstance(found, Gap):
            return found
        origin, gaps = found
        return cls(origin=origin, gaps=gaps, pods=pods)


@dataclass(frozen=True, kw_only=True)
class Pods(Fact):
    """Every pod in the evidence: those of DNS, of node agents, and of applications."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.SYSTEM_PODS, Ask.DNS_PODS)

    pods: tuple[Pod, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return all pods that any part tells of."""
        pods = unique(evidence.of(Pod))
        found = known(evidence, pods, *cls.asks)
        if isinstance(found, Gap):
            return found
        origin, gaps = found
        return cls(origin=origin, gaps=gaps, pods=pods)

    def named(self, *prefixes: str) -> tuple[Pod, ...]:
        """Return the pods whose names begin with one of the prefixes."""
        return tuple(pod for pod in self.pods if pod.subject.name.startswith(prefixes))


def unique(pods: tuple[Pod, ...]) -> tuple[Pod, ...]:
    """Return one Pod per object: of several the one with the most told, later over earlier."""
    best: dict[tuple[str, str], Pod] = {}
    for pod in pods:
        key = (pod.subject.namespace, pod.subject.name)
        bare = ("", pod.subject.name)
        if key not in best and bare in best:
            best[key] = best.pop(bare)
        if not pod.subject.namespace:
            key = next((other for other in best if other[1] == pod.subject.name), key)
        other = best.get(key)
        if other is None or told(pod) >= told(other):
            best[key] = pod
    return tuple(best.values())


def told(pod: Pod) -> int:
    """Return how much is known of a pod, as a number to compare by."""
    return len(pod.containers) * 4 + sum(
        value is not None
        for value in (pod.ready, pod.restarts, pod.labels, pod.ips, pod.age_s, pod.host_network)
    )
