"""What a live run is told: how to reach the cluster, how far to go, how long to ask."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import Protocol, TypeVar

from diagnose.parts import Part
from diagnose.sources.http import Exchange
from diagnose.sources.pace import USUAL, Limits
from diagnose.values import dataclass

Given = TypeVar("Given")
Made = TypeVar("Made")
Made_co = TypeVar("Made_co", covariant=True)


class Work(Protocol[Given, Made_co]):
    """Calls of one function whose results are taken as they come."""

    def add(self, item: Given, /) -> None:
        """Have the function called for one more item."""

    @property
    def waits(self) -> bool:
        """Whether whoever takes the next item would wait for it."""

    def take(self) -> tuple[Given, Made_co | TimeoutError]:
        """Return the next item that is done with its result, a TimeoutError when it is late."""


class Pool(Protocol):
    """Whatever calls a function for several items side by side."""

    def map(
        self, function: Callable[[Given], Made], items: Iterable[Given], /
    ) -> Iterator[Made | TimeoutError]:
        """Yield the results in the order of the items, a TimeoutError in place of what is late."""

    def work(self, function: Callable[[Given], Made], /) -> Work[Given, Made]:
        """Return work to which items are added while it goes on."""


@dataclass(frozen=True)
class LiveOptions:
    """How to reach the cluster, and how long to ask it.

    `on_request` is told of each request when it is over, from the thread that made it. `on_write`
    is told, in words for the user, what is about to be created, and what could not be removed.
    While answers are awaited `on_part` is given the parts that came, and `spare` is called for a
    piece of other work, until it returns False.
    """

    context: str | None = None
    kubeconfig: Path | None = None
    since_s: float = 3600.0
    timeout_s: float = 30.0
    request_timeout_s: float = 10.0
    connect_timeout_s: float = 5.0
    limits: Limits = USUAL
    rung: int = 3  # how far to climb; see diagnose.asks.AskText
    exec_allowed: bool = True  # False leaves rung 3 out
    skip_logs: bool = False
    external_name: str = "example.com"
    probe_image: str = ""
    on_request: Callable[[Exchange], None] | None = None
    on_write: Callable[[str], None] = lambda _: None
    on_part: Callable[[Part], object] = lambda _: None
    spare: Callable[[], bool] = lambda: False
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
