"""Which findings rest on what may be over: those prove nothing of now.

An event outlives what it tells of by up to an hour. Of an object that was seen itself, facts say
what became of it; here is what holds for all checks where it was not seen: an event that was not
repeated for longer than its trouble would take to be told again, and any event of a run that was
to read the pods and could not.

Source: kubernetes/kubernetes v1.35.0, pkg/volume/util/nestedpendingoperations (a volume is tried
again within 2 minutes), pkg/scheduler/backend/queue (a pod within 5 minutes), pkg/kubelet/images
(an image within 5 minutes), cmd/kube-apiserver (events are kept for an hour).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from diagnose.asks import Ask
from diagnose.evidence import Evidence
from diagnose.facts.events import Event
from diagnose.facts.pods import Pod
from diagnose.model import Finding, Gap, GapKind, Quote
from diagnose.values import dataclass

STALE_S = 360.0
MINUTE_S = 60
INTERRUPTED = Gap("the evidence", GapKind.PARTIAL, "the run was interrupted", "run it again")


@dataclass(frozen=True)
class Past:
    """What tells whether a finding is of now.

    `events` are those of the evidence by their quotes, `pods` the names of the pods that were
    seen; `unread` says that a run was to read the pods, and did not read all.
    """

    events: Mapping[Quote, Event]
    pods: frozenset[str]
    unread: bool

    @classmethod
    def of(cls, evidence: Evidence) -> Past:
        """Return what some evidence tells."""
        return cls(
            events={one.quote: one for one in evidence.of(Event)},
            pods=frozenset(one.subject.name for one in evidence.of(Pod)),
            unread=bool(evidence.gaps_of(Ask.SYSTEM_PODS)) or INTERRUPTED in evidence.general_gaps,
        )

    def weighed(self, finding: Finding) -> Finding:
        """Return the finding; where every line that shows it may be over, it is not proven."""
        if not finding.proven or not finding.quotes:
            return finding
        doubts = [self.doubt(quote) for quote in finding.quotes]
        if not all(doubts):
            return finding
        return replace(finding, proven=False, message=f"{finding.message}; {doubts[0]}")

    def doubt(self, quote: Quote) -> str:
        """Return why what a quote tells may be over; "" where nothing speaks for that."""
        event = self.events.get(quote)
        if event is None or event.subject.kind != "Pod" or event.subject.name in self.pods:
            return ""
        if self.unread:
            return "how the pod is now was not read"
        if event.age_s is not None and event.age_s > STALE_S:
            return f"last told {event.age_s / MINUTE_S:.0f} min before, and nothing tells of now"
        return ""
