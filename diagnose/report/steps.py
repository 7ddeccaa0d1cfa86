"""The remedy of a cause: the steps of all its findings as one ordered list without doubles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from diagnose.model import Finding, Remedy, Subject
from diagnose.report.words import shape
from diagnose.values import dataclass

NAMED = 3  # objects that a title lists
ORDERED = 200  # kinds of steps that are put in order
BETWEEN = "\n\0"  # two texts, neither of which can hold it
Key = tuple[int, int]


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
    kinds = Kinds()
    order = Order()
    made: dict[Key, dict[tuple[str, tuple[str, ...]], tuple[Remedy, str]]] = {}
    for finding in findings:
        keys = kinds.of(finding)
        order.add(keys)
        for key, remedy in zip(keys, finding.steps, strict=True):
            again = (remedy.title, remedy.commands)
            alike = made.setdefault(key, {})
            if again not in alike:
                alike[again] = (remedy, name_of(remedy, finding.subject))
    result = []
    for key in order.keys:
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


class Kinds:
    """The kinds of steps met so far, numbered: equal for steps that differ only in names."""

    def __init__(self) -> None:
        """Begin without any."""
        self._numbers: dict[str, int] = {}
        self._known: dict[tuple[str, str], int] = {}

    def of(self, finding: Finding) -> tuple[Key, ...]:
        """Return a key per step of a finding: its kind, and how often that came before in it."""
        seen: dict[int, int] = {}
        keys = []
        for remedy in finding.steps:
            texts = BETWEEN.join((remedy.risk.value, *texts_of(remedy)))
            number = self.number(texts, finding.subject)
            seen[number] = seen.get(number, -1) + 1
            keys.append((number, seen[number]))
        return tuple(keys)

    def number(self, text: str, subject: Subject) -> int:
        """Return the number of a step by its texts; what several objects share is kept."""
        if subject.name and subject.name in text:
            return self.numbered(shape(text, subject))
        key = (text, subject.node if subject.node in text else "")
        if key not in self._known:
            self._known[key] = self.numbered(shape(text, subject))
        return self._known[key]

    def numbered(self, text: str) -> int:
        """Return the number of a shape, a new one where it is new."""
        return self._numbers.setdefault(text, len(self._numbers))


class Order:
    """Keys in an order that keeps that of each list added, as far as the lists agree."""

    def __init__(self) -> None:
        """Begin without any."""
        self.keys: list[Key] = []
        self._known: set[Key] = set()

    def add(self, keys: Sequence[Key]) -> None:
        """Add the new keys of a list, each before the next key of the list that is there already.

        From so many keys on, which nobody reads, new ones go to the end.
        """
        new = [key for key in keys if key not in self._known]
        if not new:
            return
        self._known.update(new)
        if len(self.keys) > ORDERED:
            self.keys += new
            return
        places = {key: number for number, key in enumerate(self.keys)}
        at = len(self.keys)
        for key in reversed(keys):
            if key in places:
                at = min(at, places[key])
            else:
                self.keys.insert(at, key)


def name_of(remedy: Remedy, subject: Subject) -> str:
    """Return the object that a step names: the node or the subject; "" when it names none."""
    text = "\n".join(texts_of(remedy))
    for name in (subject.node, subject.name):
        if name and name in text:
            return name
    return ""
