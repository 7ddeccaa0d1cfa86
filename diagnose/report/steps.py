"""The remedy of a cause: the steps of all its findings as one ordered list without doubles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from diagnose.model import Finding, Remedy, Subject
from diagnose.report.words import shape

NAMED = 3  # objects that a title lists
Key = tuple[tuple[str, ...], int]


@dataclass(frozen=True)
class Step:
    """One step, and the same step for further objects; `others` names those, "" if unnamed."""

    remedies: tuple[Remedy, ...]
    names: tuple[str, ...] = ()

    @property
    def first(self) -> Remedy:
        """The step for the first object: the one to show whole."""
        return self.remedies[0]

    @property
    def title(self) -> str:
        """The step's title; where it names an object, with the others that need it too."""
        title, own = self.first.title, self.names[0] if self.names else ""
        others = [name for name in dict.fromkeys(self.names) if name]
        if not own or own not in title or len(others) < 2:
            return title
        listed = ", ".join(others[:NAMED])
        more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
        return title.replace(own, listed + more, 1)


def steps(findings: Iterable[Finding]) -> tuple[Step, ...]:
    """Return the steps of findings in an order that keeps the order of each finding's own.

    Steps that differ only in names and numbers are one step for several objects.
    """
    order: list[Key] = []
    made: dict[Key, dict[tuple[str, tuple[str, ...]], tuple[Remedy, str]]] = {}
    for finding in findings:
        keys = keys_of(finding)
        insert(order, keys)
        for key, remedy in zip(keys, finding.steps, strict=True):
            again = (remedy.title, remedy.commands)
            made.setdefault(key, {}).setdefault(again, (remedy, name_of(remedy, finding.subject)))
    result = []
    for key in order:
        pairs = tuple(made[key].values())
        result.append(Step(tuple(one for one, _ in pairs), tuple(name for _, name in pairs)))
    return tuple(result)


def remedies(findings: Iterable[Finding]) -> tuple[Remedy, ...]:
    """Return every step in order, the same title and commands once."""
    every = {
        (remedy.title, remedy.commands): remedy
        for step in reversed(steps(findings))
        for remedy in reversed(step.remedies)
    }
    return tuple(reversed(every.values()))


def texts_of(remedy: Remedy) -> tuple[str, ...]:
    """Return the texts of a step that may hold names."""
    return (remedy.title, *remedy.commands, remedy.verify, remedy.why)


def keys_of(finding: Finding) -> tuple[Key, ...]:
    """Return a key per step: equal for steps of other findings that differ only in names."""
    seen: dict[tuple[str, ...], int] = {}
    keys = []
    for remedy in finding.steps:
        key = (remedy.risk.value, *(shape(text, finding.subject) for text in texts_of(remedy)))
        seen[key] = seen.get(key, -1) + 1
        keys.append((key, seen[key]))
    return tuple(keys)


def insert(order: list[Key], keys: Sequence[Key]) -> None:
    """Add the new keys to the order, each before the next key of its list that is in it."""
    known = {key: number for number, key in enumerate(order)}
    at = len(order)
    for key in reversed(keys):
        if key in known:
            at = min(at, known[key]) if at != len(order) else known[key]
        else:
            order.insert(at, key)


def name_of(remedy: Remedy, subject: Subject) -> str:
    """Return the object that a step names: the node or the subject; "" when it names none."""
    text = "\n".join(texts_of(remedy))
    for name in (subject.node, subject.name):
        if name and name in text:
            return name
    return ""
