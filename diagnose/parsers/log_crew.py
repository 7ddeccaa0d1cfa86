"""Digests of the blocks of a long log, made by several processes. The only file that forks.

The processes are told in turn where to read a block, or find it in memory that they share, and the
digests come back in the order of the blocks: what is made of them does not depend on how many
processes there are. The lines stay in the memory for who wants more of them than the digest tells.
Where there can be none (one processor, other threads, a system without fork, a short log), and
for a block whose process died, was stopped, or does not answer, the digests are made here.

Limits: of a log that holds many programs' lines, what is told from the order of the lines is
worked out here, by one process.
"""

from __future__ import annotations

import contextlib
import functools
import mmap
import os
import pickle
import select
import signal
import threading
from array import array
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, BinaryIO, NoReturn

from diagnose.parsers.log_blocks import BLOCK_BYTES, WORTH_BYTES, Block, Extent, cleaned
from diagnose.parsers.log_shapes import Digest, Group, Reducer
from diagnose.values import dataclass

MOST = 4  # processes: a fifth would wait for the one that reads
SLOTS = 2  # blocks that a process has at a time
SLOT_BYTES = 2 * BLOCK_BYTES  # a longer block, of very long lines, stays here
LOOK_S = 1.0  # after which a process that is awaited is looked at
MOST_LOOKS = 60  # at one block, which takes a fraction of a second; the rest is a busy machine
SIZE_BYTES = 8  # of the number before each result
PIECE_BYTES = 1024 * 1024
# Once so much was given back to it, glibc keeps what is used for one block for the next, instead
# of asking the system for it each time. It takes up no memory, since nobody writes to it.
HEAP_BYTES = 24 * 1024 * 1024


@dataclass(eq=False)
class Hand:
    """One process: where it takes work from and gives results to, and its part of the memory."""

    pid: int  # 0 once it is gone
    orders: BinaryIO
    results: int
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
                    os.close(other.results)
                with os.fdopen(order_out, "rb") as orders, os.fdopen(result_in, "wb") as results:
                    serve(self.reducer, memory, orders, results, number, count)
            finally:
                os._exit(0)  # a Ctrl-C that comes before it is ignored must not report twice
        os.close(order_out)
        os.close(result_in)
        return Hand(pid, os.fdopen(order_in, "wb"), result_out, memory)

    def end(self, hand: Hand) -> None:
        """End a process and forget it."""
        for close in (hand.orders.close, functools.partial(os.close, hand.results)):
            with contextlib.suppress(OSError):
                close()
        if hand.pid:
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
        """Whether a process could be given a block, or where to read it."""
        if hand not in self.hands:
            return False
        begin = hand.slot * SLOT_BYTES
        # What was looked at here may not be as it stands in the file any more
        where: int | Extent
        if block.extent is not None and "data" not in vars(block):
            where = block.extent
        elif len(block.data) <= SLOT_BYTES:
            hand.memory[begin : begin + len(block.data)] = block.data
            where = len(block.data)
        else:
            return False
        try:
            pickle.dump((begin, where, block.joined), hand.orders)
            hand.orders.flush()
        except OSError:
            self.lost(hand)
            return False
        hand.slot = (hand.slot + 1) % SLOTS
        hand.busy += 1
        return True

    def taken(self, block: Block, hand: Hand | None) -> tuple[Block, Digest]:
        """Return a block with its digest, made here where the process could not make it.

        What else is asked of the block is read before the next one is taken.
        """
        if hand is not None and hand in self.hands:
            try:
                result = pickle.loads(result_of(hand))
            except (OSError, EOFError, pickle.UnpicklingError, TypeError, ValueError):
                self.lost(hand)
            else:
                hand.busy -= 1
                if result is not None:
                    about, values = result
                    complete(block, hand, *about)
                    return block, unpacked(values)
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


def result_of(hand: Hand) -> bytearray:
    """Return the next result of a process.

    Raises EOFError where it ended, OSError where it was stopped or does not answer.
    """
    return received(hand, int.from_bytes(received(hand, SIZE_BYTES), "big"))


def received(hand: Hand, size: int) -> bytearray:
    """Return so many bytes of what a process sends; raises as result_of."""
    poll = select.poll()
    poll.register(hand.results, select.POLLIN)
    data = bytearray()
    looks = 0  # counted, not timed: this process may be stopped and go on too
    while len(data) < size:
        if poll.poll(LOOK_S * 1000):
            piece = os.read(hand.results, min(size - len(data), PIECE_BYTES))
            if not piece:
                raise EOFError
            data += piece
            continue
        looks += 1
        if is_stopped(hand) or looks >= MOST_LOOKS:
            raise TimeoutError
    return data


def is_stopped(hand: Hand) -> bool:
    """Whether a process was stopped by a signal; so is one that ended."""
    try:
        found, status = os.waitpid(hand.pid, os.WNOHANG | os.WUNTRACED)
    except ChildProcessError:
        found, status = hand.pid, 0
    if found and not os.WIFSTOPPED(status):
        hand.pid = 0  # from now on another program's, perhaps
    return found != 0


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
        bytes(HEAP_BYTES)  # given back at once
        while True:
            made = digest_of(reducer, memory, *pickle.load(orders))
            told = None if made is None else (made[0], packed(made[1], number, count))
            result = pickle.dumps(told, pickle.HIGHEST_PROTOCOL)
            results.write(len(result).to_bytes(SIZE_BYTES, "big") + result)
            results.flush()
    except BaseException:  # noqa: BLE001  nothing may return from here into the run's own code
        os._exit(0)


# What is told of a block beside its digest: where its lines lie in the memory, how many there are,
# the last of them, and of what they were made.
About = tuple[int, int, int, bytes, bytes | None, int]


def digest_of(
    reducer: Reducer, memory: mmap.mmap, begin: int, where: int | Extent, joined: bool
) -> tuple[About, Digest] | None:
    """Return a block's digest, and leave its lines in the memory; None where that cannot be."""
    if isinstance(where, Extent):
        try:
            with memoryview(memory)[begin : begin + SLOT_BYTES] as slot:
                size = where.into(slot)
        except OSError:  # which who ordered it meets as well, and reports
            return None
        raw = memory[begin : begin + size]
        block = Block(cleaned(raw), joined=joined)
    else:
        raw = memory[begin : begin + where]
        block = Block(raw, joined=joined)
    digest = reducer.digest(block)
    if block.data is not raw:
        if len(block.data) > SLOT_BYTES:
            return None
        memory[begin : begin + len(block.data)] = block.data
    numbers = None if block.numbers is None else array("I", block.numbers).tobytes()
    return (begin, len(block.data), block.lines, block.ending, numbers, block.taken), digest


def complete(
    block: Block,
    hand: Hand,
    begin: int,
    length: int,
    lines: int,
    ending: bytes,
    numbers: bytes | None,
    taken: int,
) -> None:
    """Take over what a process found out about a block."""
    if "data" not in vars(block) or numbers is not None:
        vars(block).pop("data", None)
        block.held = lambda: hand.memory[begin : begin + length]
    vars(block).update(lines=lines, ending=ending)
    if numbers is not None:
        block.numbers, block.taken = array("I", numbers), taken
    block.joined = True


def packed(digest: Digest, number: int, count: int) -> tuple[Any, ...]:
    """Return a digest for the way to another process, with tokens that are no other's."""
    groups = []
    for group in digest.groups:
        token = None if group.token is None else group.token * count + number
        rows = array("I", group.rows).tobytes()
        groups.append((token, tuple(group.hits), rows, group.who))
    return groups, digest.texts, digest.routine, digest.who, digest.identities


def unpacked(values: tuple[Any, ...]) -> Digest:
    """Return a digest that came from another process."""
    groups, texts, routine, who, identities = values
    return Digest(
        groups=[
            Group(token, frozenset(hits), array("I", rows), one)
            for token, hits, rows, one in groups
        ],
        texts=texts,
        routine=routine,
        who=who,
        identities=identities,
    )
