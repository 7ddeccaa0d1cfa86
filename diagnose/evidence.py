"""What sources bring: items parsed from parts, and for each ask whether it was looked for.

The one shape of evidence. A live run, a bundle, a folder and a paste differ only in who fills
it; facts are read from it and never learn where it came from.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, Protocol, TypeVar

from diagnose.asks import ASKS, Ask
from diagnose.model import Fact, Gap, GapKind, Recognised
from diagnose.values import dataclass

Item = TypeVar("Item")
AnyFact = TypeVar("AnyFact", bound="Fact")


@dataclass(frozen=True)
class Evidence:
    """Everything that one or more sources brought.

    `items` are parsed values of the classes in diagnose.facts, in the order of arrival.
    `looked` holds the asks that a source carried out completely, or with the gaps in `gaps`:
    there, absence is knowledge. Of an ask outside `looked` only what is in `items` is known.
    `echoed` says that people carried out all of these, each by itself, by commands that they show.
    `distributions` are those of Kubernetes that it shows, see diagnose.distributions.
    """

    items: tuple[Any, ...] = ()
    looked: frozenset[Ask] = frozenset()
    gaps: Mapping[Ask, tuple[Gap, ...]] = field(default_factory=dict)
    general_gaps: tuple[Gap, ...] = ()
    recognised: tuple[Recognised, ...] = ()
    source: str = ""
    echoed: bool = False
    distributions: frozenset[str] = frozenset()

    def of(self, kind: type[Item]) -> tuple[Item, ...]:
        """Return the items of one class, in the order of arrival."""
        return self._by_class.get(kind, ())

    @functools.cached_property
    def _by_class(self) -> dict[type, tuple[Any, ...]]:
        lists: dict[type, list[Any]] = {}
        for item in self.items:
            lists.setdefault(type(item), []).append(item)
        return {kind: tuple(values) for kind, values in lists.items()}

    def fetch(self, fact: type[AnyFact]) -> AnyFact | Gap:
        """Return the fact as far as the evidence tells it, or the gap why it does not.

        It is read once, as others may be made of it.
        """
        if fact not in self._facts:
            read = getattr(fact, "read", None)
            if read is None:
                return Gap(fact.__name__, GapKind.NOT_COLLECTED, "no source can bring it")
            self._facts[fact] = read(self)
        result: AnyFact | Gap = self._facts[fact]
        return result

    @functools.cached_property
    def _facts(self) -> dict[type, Any]:
        return {}

    def gaps_of(self, *asks: Ask) -> tuple[Gap, ...]:
        """Return the recorded gaps of these asks, but for those on which nothing rests."""
        found = (gap for ask in asks for gap in self.gaps.get(ask, ()))
        return tuple(gap for gap in found if gap.kind is not GapKind.BESIDE)


class Readable(Protocol):
    """An item that knows where it was read."""

    @property
    def origin(self) -> str:
        """The name of the part that it was read from."""


def not_collected(ask: Ask) -> Gap:
    """Return the gap of an ask that nobody carried out, with the command that would."""
    text = ASKS[ask]
    return Gap(text.title, GapKind.NOT_COLLECTED, "not in the evidence", text.by_hand)


def excerpt(ask: Ask) -> Gap:
    """Return the gap of an ask of which only pasted pieces are known."""
    text = ASKS[ask]
    return Gap(
        text.title, GapKind.PARTIAL, "an excerpt: what it leaves out is not known", text.by_hand
    )


def known(
    evidence: Evidence, items: Sequence[Readable], *asks: Ask
) -> tuple[str, tuple[Gap, ...]] | Gap:
    """Return (origin, gaps) for a fact made of these items, or the gap that stands in for it.

    With any of the asks carried out, no items means that none exist. Without, no items is a gap
    and some items are an excerpt. The first ask names the fact in gaps. Where people carried out
    one of the asks, the others that a run would carry out with it are missing.
    """
    recorded = evidence.gaps_of(*asks)
    looked = any(ask in evidence.looked for ask in asks)
    if not items and not looked:
        return recorded[0] if recorded else not_collected(asks[0])
    if not items and recorded and all(gap.kind is not GapKind.PARTIAL for gap in recorded):
        return recorded[0]
    origin = ", ".join(dict.fromkeys(item.origin for item in items)) or evidence.source
    if not looked:
        return origin, (*recorded, excerpt(asks[0]))
    missing = [ask for ask in asks if ask not in evidence.looked and at_once(ask)]
    if not evidence.echoed or not missing:
        return origin, recorded
    return origin, (*recorded, excerpt(missing[0]) if items else not_collected(missing[0]))


def at_once(ask: Ask) -> bool:
    """Whether every run carries out an ask, as the API server answers it by itself."""
    return bool(ASKS[ask].rules) and ASKS[ask].rung == 1


def merge(parts: Sequence[Evidence]) -> Evidence:
    """Return the evidence of several sources as one, the first sources' items first."""
    gaps: dict[Ask, tuple[Gap, ...]] = {}
    carried_out = [part.echoed for part in parts if part.looked]
    for part in parts:
        for ask, found in part.gaps.items():
            gaps[ask] = (*gaps.get(ask, ()), *found)
    return Evidence(
        items=tuple(item for part in parts for item in part.items),
        looked=frozenset().union(*(part.looked for part in parts)),
        gaps=gaps,
        general_gaps=tuple(gap for part in parts for gap in part.general_gaps),
        recognised=tuple(line for part in parts for line in part.recognised),
        source=", ".join(part.source for part in parts if part.source),
        echoed=bool(carried_out) and all(carried_out),
        distributions=frozenset().union(*(part.distributions for part in parts)),
    )
