"""Digests of the blocks of a long log, made by several processes. The only file that forks.

The blocks go to the processes in turn, through memory that they share, and the digests come back
in the order of the blocks: what is made of them does not depend on how many processes there are.
Where there can be none (one processor, other threads, a system without fork, a short log), and
for a block whose process died, the digests are made here.

Limits: of a log that holds many programs' lines, what is told from the order of the lines is
worked out here, by one process.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import pickle
import signal
import threading
from array import array
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, BinaryIO, NoReturn

from diagnose.parsers.log_blocks import BLOCK_BYTES, WORTH_BYTES, Block
from diagnose.parsers.log_shapes import ENDS, LAST, Digest, Group, Reducer, last_rows
from diagnose.values import dataclass

MOST = 4  # processes: a fifth would wait for the one that reads
SLOTS = 2  # blocks that a process has at a time
SLOT_BYTES = 2 * BLOCK_BYTES  # a longer block, of very long lines, stays here


@dataclass(eq=False)
class Hand:
    """One process: where it takes work from and gives results to, and its part of the memory."""

    pid: int
    orders: BinaryIO
    results: BinaryIO
    memory: mmap.mmap
    slot: int = 0
    busy: int = 0  # blocks that it has


def processors() -> int:
    """Return how many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not known to macOS and Windows
        return os.cpu_count() or 1


def hands_for(size: int) -> int:
    """Return how many processes to start for a log of so many bytes; 0 for none."""
    # A process with other threads must not fork: a lock of theirs would stay locked
    if size < WORTH_BYTES or not hasattr(os, "fork") or threading.active_count() > 1:
        return 0
    usable = processors()
    return min(usable, MOST) if usable > 1 else 0


class Crew:
    """Processes that make digests. Ends them when it is left, however that comes."""

    def __init__(self, reducer: Reducer, count: int) -> None:
        """Start the processes; those that cannot be started are done without."""
        self.reducer = reducer
        self.hands: list[Hand] = []
        self.here = 0  # blocks whose digests were made here
        for number in range(count):
            try:
                self.hands.append(self.start(number, count))
            except OSError:
                break

    def __enter__(self) -> Crew:
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes."""
        for hand in self.hands:
            self.end(hand)
        self.hands.clear()

    def start(self, number: int, count: int) -> Hand:
        """Return a new process."""
        memory = mmap.mmap(-1, SLOTS * SLOT_BYTES)
        order_out, order_in = os.pipe()
        result_out, result_in = os.pipe()
        pid = os.fork()
        if not pid:
            try:
                os.close(order_in)
                os.close(result_out)
                for other in self.hands:  # or they would not notice when we are gone
                    other.orders.close()
                    other.results.close()
                with os.fdopen(order_out, "rb") as orders, os.fdopen(result_in, "wb") as results:
                    serve(self.reducer, memory, orders, results, number, count)
            finally:
                os._exit(0)  # a Ctrl-C that comes before it is ignored must not report twice
        os.close(order_out)
        os.close(result_in)
        return Hand(pid, os.fdopen(order_in, "wb"), os.fdopen(result_out, "rb"), memory)

    def end(self, hand: Hand) -> None:
        """End a process and forget it."""
        for stream in (hand.orders, hand.results):
            with contextlib.suppress(OSError):
                stream.close()
        with contextlib.suppress(OSError):
            os.kill(hand.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(hand.pid, 0)
        hand.memory.close()

    def digests(self, blocks: Iterable[Block]) -> Iterator[tuple[Block, Digest]]:
        """Yield each block with its digest, in their order."""
        waiting: deque[tuple[Block, Hand | None]] = deque()
        turn = 0
        every = iter(blocks)
        while True:
            try:
                block = next(every, None)
            except OSError:  # what was read before it counts
                while waiting:
                    yield self.taken(*waiting.popleft())
                raise
            if block is None:
                break
            turn += 1
            hand = self.hands[turn % len(self.hands)] if self.hands else None
            while waiting and (hand is None or hand.busy >= SLOTS):
                yield self.taken(*waiting.popleft())
            waiting.append((block, hand if hand is not None and self.give(hand, block) else None))
        while waiting:
            yield self.taken(*waiting.popleft())

    def give(self, hand: Hand, block: Block) -> bool:
        """Whether a process could be given a block."""
        if hand not in self.hands or len(block.data) > SLOT_BYTES:
            return False
        begin = hand.slot * SLOT_BYTES
        hand.memory[begin : begin + len(block.data)] = block.data
        try:
            pickle.dump((begin, len(block.data)), hand.orders)
            hand.orders.flush()
        except OSError:
            self.lost(hand)
            return False
        hand.slot = (hand.slot + 1) % SLOTS
        hand.busy += 1
        return True

    def taken(self, block: Block, hand: Hand | None) -> tuple[Block, Digest]:
        """Return a block with its digest, made here where the process could not make it."""
        if hand is not None and hand in self.hands:
            try:
                lines, digest = unpacked(pickle.load(hand.results))
            except (OSError, EOFError, pickle.UnpicklingError, TypeError, ValueError):
                self.lost(hand)
            else:
                hand.busy -= 1
                vars(block)["lines"] = lines
                return block, digest
        self.here += 1
        return block, self.own(self.reducer.digest(block))

    def own(self, digest: Digest) -> Digest:
        """Return a digest of this process with tokens that are no other's."""
        groups = [
            one if one.token is None else replace(one, token=-1 - one.token)
            for one in digest.groups
        ]
        return replace(digest, groups=groups)

    def lost(self, hand: Hand) -> None:
        """Do without a process from now on."""
        self.hands.remove(hand)
        self.end(hand)


def serve(
    reducer: Reducer,
    memory: mmap.mmap,
    orders: BinaryIO,
    results: BinaryIO,
    number: int,
    count: int,
) -> NoReturn:
    """Make digests until nobody orders any; the end of this process."""
    try:
        # Ctrl-C goes to all processes of a terminal; who ordered the work says when it ends
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        while True:
            begin, length = pickle.load(orders)
            block = Block(memory[begin : begin + length])
            digest = reducer.digest(block)
            pickle.dump(packed(block, digest, number, count), results, pickle.HIGHEST_PROTOCOL)
            results.flush()
    except BaseException:  # noqa: BLE001  nothing may return from here into the run's own code
        os._exit(0)


def packed(block: Block, digest: Digest, number: int, count: int) -> tuple[Any, ...]:
    """Return a digest for the way to another process, with tokens that are no other's."""
    texts: dict[int, bytes] = {}
    groups = []
    for group in digest.groups:
        token = None if group.token is None else group.token * count + number
        if digest.lines is not None:
            for row in group.rows[-LAST:]:
                texts[row] = digest.lines[row]
        rows = array("I", group.rows).tobytes()
        groups.append((token, tuple(group.hits), rows, group.who))
    if digest.lines is not None:
        for one in range(len(digest.identities)):
            for row in last_rows(digest.who, one, ENDS):
                texts[row] = digest.lines[row]
    return block.lines, groups, digest.begins, texts, digest.routine, digest.who, digest.identities


def unpacked(values: tuple[Any, ...]) -> tuple[int, Digest]:
    """Return how many lines a block has, and its digest."""
    lines, groups, begins, texts, routine, who, identities = values
    return lines, Digest(
        groups=[
            Group(token, frozenset(hits), array("I", rows), one)
            for token, hits, rows, one in groups
        ],
        begins=begins,
        texts=texts,
        routine=routine,
        who=who,
        identities=identities,
    )
