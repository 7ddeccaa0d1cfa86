"""Events: from API objects, `kubectl get events` (old and new columns) and describe."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.values import dataclass


@dataclass(frozen=True)
class Event:
    """One Event. `subject` is the involved object; its node comes from the reporting kubelet.

    `age_s` and `first_age_s` are seconds before the evidence was taken, of the last and the
    first time it was seen. `count` is how often.
    """

    subject: Subject
    reason: str
    message: str
    origin: str
    quote: Quote
    type: str = ""
    component: str = ""
    count: int = 1
    age_s: float | None = None
    first_age_s: float | None = None
    last_at: datetime | None = None
    first_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Events(Fact):
    """The Events that any part tells of, normal ones included where they were given."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.EVENTS,)

    events: tuple[Event, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return all events."""
        items = evidence.of(Event)
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return found
        return cls(origin=found[0], gaps=found[1], events=items)

    def with_reason(self, *reasons: str) -> tuple[Event, ...]:
        """Return the events of these reasons."""
        return tuple(event for event in self.events if event.reason in reasons)
