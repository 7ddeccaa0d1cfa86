"""Pools without threads, for tests of what is asked and found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import Any


class OneByOne:
    """A pool that does its work when the results are taken, in the order of the items."""

    def map(self, function: Callable[[Any], Any], items: Iterable[Any], /) -> Iterator[Any]:
        """Yield the results."""
        return map(function, items)

    def work(self, function: Callable[[Any], Any], /) -> Open:
        """Return work to which items are added."""
        return Open(function)


class Shuffled(OneByOne):
    """One whose results come in an order of chance, as those of threads do."""

    def __init__(self, seed: int) -> None:
        """Take what chance begins with."""
        self._random = Random(seed)

    def work(self, function: Callable[[Any], Any], /) -> Open:
        """Return work to which items are added."""
        return Open(function, self._random)


class Late(OneByOne):
    """A pool that finds whatever matches too late."""

    def __init__(self, word: str) -> None:
        """Take the word."""
        self.word = word

    def map(self, function: Callable[[Any], Any], items: Iterable[Any], /) -> Iterator[Any]:
        """Yield the results, a TimeoutError for each item with the word in it."""
        return map(self._late(function), items)

    def work(self, function: Callable[[Any], Any], /) -> Open:
        """Return work to which items are added."""
        return Open(self._late(function))

    def _late(self, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda item: TimeoutError() if self.word in str(item) else function(item)


class Open:
    """Items whose turn has not come."""

    def __init__(self, function: Callable[[Any], Any], random: Random | None = None) -> None:
        """Hold none yet."""
        self._function = function
        self._random = random
        self._items: list[Any] = []

    def add(self, item: Any, /) -> None:
        """Add an item."""
        self._items.append(item)

    @property
    def waits(self) -> bool:
        """Whether whoever takes the next item would wait for it."""
        return False

    def take(self) -> tuple[Any, Any]:
        """Return the next item and its result."""
        at = self._random.randrange(len(self._items)) if self._random else 0
        item = self._items.pop(at)
        return item, self._function(item)
