"""Work that is done side by side, before a deadline. The only file with threads."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Generic, TypeVar

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
        futures = [self.submit(function, item) for item in items]
        for future in futures:
            try:
                yield future.result(timeout=self.remaining_s())
            except FutureTimeout:
                future.cancel()
                yield TimeoutError("the run's deadline passed")

    def work(self, function: Callable[[Given], Made]) -> Work[Given, Made]:
        """Return work to which items are added while it goes on."""
        return Work(self, function)

    def submit(self, function: Callable[[Given], Made], item: Given) -> Future[Made]:
        """Have a function called for an item by one of the threads."""
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


class Work(Generic[Given, Made]):
    """Calls of one function whose results are taken as they come. For one taker."""

    def __init__(self, pool: Pool, function: Callable[[Given], Made]) -> None:
        """Hold no item yet."""
        self._pool = pool
        self._function = function
        self._open: dict[Given, None] = {}
        self._done: queue.SimpleQueue[tuple[Given, Future[Made]]] = queue.SimpleQueue()

    def add(self, item: Given) -> None:
        """Have the function called for one more item; items differ from each other."""
        self._open[item] = None
        future = self._pool.submit(self._function, item)
        future.add_done_callback(lambda done: self._done.put((item, done)))

    @property
    def waits(self) -> bool:
        """Whether whoever takes the next item would wait for it."""
        return self._done.empty() and self._pool.remaining_s() > 0

    def take(self) -> tuple[Given, Made | TimeoutError]:
        """Return the next item that is done, with its result; the oldest one once it is late.

        An exception of the function is raised here. Raises LookupError when nothing is open.
        """
        if not self._open:
            raise LookupError("nothing is open")
        while True:
            try:
                item, future = self._done.get(timeout=self._pool.remaining_s())
            except queue.Empty:
                item = next(iter(self._open))
                del self._open[item]
                return item, TimeoutError("the run's deadline passed")
            if item in self._open:  # else it was given up as late
                del self._open[item]
                return item, future.result()
