"""Work that is done side by side, before a deadline. The only file with threads."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


class Pool:
    """A bounded pool of threads with one deadline, in seconds from its making, for all its work.

    The threads are daemons, which those of concurrent.futures are not: one that hangs in a request
    or in a credential plugin must not keep the process alive.
    """

    def __init__(self, size: int, deadline_s: float) -> None:
        """Start no thread yet."""
        self._size = size
        self._threads: list[threading.Thread] = []
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._ends_at = time.monotonic() + deadline_s
        self.stopped = threading.Event()

    def remaining_s(self) -> float:
        """Return the seconds left for the whole run, never below 0; 0 once it was stopped."""
        if self.stopped.is_set():
            return 0.0
        return max(0.0, self._ends_at - time.monotonic())

    def map(
        self, function: Callable[[Given], Made], items: Iterable[Given]
    ) -> Iterator[Made | TimeoutError]:
        """Yield the results in the order of the items; TimeoutError in place of what is late.

        An exception of the function is raised here.
        """
        futures = [self._submit(function, item) for item in items]
        for future in futures:
            try:
                yield future.result(timeout=self.remaining_s())
            except FutureTimeout:
                future.cancel()
                yield TimeoutError("the run's deadline passed")

    def _submit(self, function: Callable[[Given], Made], item: Given) -> Future[Made]:
        future: Future[Made] = Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(function(item))
            except BaseException as error:  # noqa: BLE001  it is raised where the result is read
                future.set_exception(error)

        self._work.put(work)
        if len(self._threads) < self._size:
            thread = threading.Thread(target=self._serve, name="corediag", daemon=True)
            self._threads.append(thread)
            thread.start()
        return future

    def _serve(self) -> None:
        while not self.stopped.is_set():
            self._work.get()()

    def close(self) -> None:
        """Give up what still runs, without waiting for it."""
        self.stopped.set()
        for _ in self._threads:
            self._work.put(lambda: None)  # wakes a thread that waits for work
