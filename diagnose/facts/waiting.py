"""Which pods still wait for their sandbox: what tells an open failure from history.

A live run lists every pod that is Pending, on whatever node and in whatever namespace. A failure to
create the sandbox of a pod that is not among them is over: it runs since, or was removed.
"""

from __future__ import annotations

from datetime import datetime

from diagnose.asks import Ask
from diagnose.evidence import Evidence
from diagnose.facts.pods import Pod, unique
from diagnose.model import Subject
from diagnose.values import dataclass

BUILT = ("Running", "CrashLoopBackOff", "Error", "OOMKilled", "Completed", "Succeeded")


@dataclass(frozen=True)
class Waiting:
    """The pods without a sandbox. `names` is None where not all of them are known.

    `built` holds for each node when the last of its pods with a network of its own became ready.
    """

    names: frozenset[str] | None
    built: dict[str, datetime]

    @classmethod
    def of(cls, evidence: Evidence) -> Waiting:
        """Return what the evidence tells of pods that wait."""
        pods = unique(evidence.of(Pod))
        whole = Ask.SYSTEM_PODS in evidence.looked and not evidence.gaps_of(Ask.SYSTEM_PODS)
        names = frozenset(pod.subject.name for pod in pods if waits(pod)) if whole else None
        built: dict[str, datetime] = {}
        for pod in pods:
            node, since = pod.subject.node, pod.ready_since
            if pod.ready and since and node and pod.host_network is False:
                built[node] = max(since, built.get(node, since))
        return cls(names, built)

    def over(self, subject: Subject, last_at: datetime | None = None) -> bool:
        """Whether a pod's failure to get a sandbox is history.

        Where not every waiting pod is known, another pod of the node that got one since tells.
        """
        if subject.kind != "Pod" or not subject.name:
            return False
        if self.names is not None:
            return subject.name not in self.names
        return last_at is not None and self.later(subject.node, last_at)

    def later(self, node: str, last_at: datetime) -> bool:
        """Whether a pod of the node got its network after a moment."""
        return node in self.built and self.built[node] > last_at


def waits(pod: Pod) -> bool:
    """Whether a pod has no sandbox, as far as its state tells."""
    return not pod.ready and not pod.finished and pod.status not in BUILT
