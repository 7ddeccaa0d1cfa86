"""Long logs: lines that mean the same are looked at together, and the results stay the same."""

from __future__ import annotations

import io
import json
import mmap
import os
import random
import signal
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from diagnose.facts.logs import LogStream
from diagnose.parsers import log_crew, logs
from diagnose.parsers.log_blocks import Block
from diagnose.parsers.log_crew import SIZE_BYTES, SLOT_BYTES, SLOTS, Crew, Hand, hands_for
from diagnose.parsers.log_engines import automaton_over, hyperscan_over
from diagnose.parsers.log_search import literals
from diagnose.parsers.log_shapes import Digits, Odd, Reducer, Shape, digits_of
from diagnose.parts import Kind, Parsed, Part
from diagnose.signatures.base import Emitter
from diagnose.signatures.tables import SIGNATURES

ROUTINE = (
    '[INFO] 10.244.{a}.{b}:{port} - {b} "A IN web.default.svc.cluster.local. udp 51 false 512" '
    "NOERROR qr,aa,rd 106 0.000{port}s"
)
TIMEOUT = (
    "[ERROR] plugin/errors: 2 api.example.com. A: read udp 10.244.0.5:{port}->10.0.0.{b}:53: "
    "i/o timeout"
)
UNKNOWN = "[ERROR] plugin/erratic: lost {port} of {b}"
ENVELOPES = {
    "plain": "{}",
    "cri": "2025-11-25T10:00:{a:02d}.{port:09d}Z stdout F {}",
    "docker": '{{"log":{json},"stream":"stdout","time":"2025-11-25T10:00:{a:02d}.{port:09d}Z"}}',
    "prefix": "[pod/coredns-5d78c9869d-abc2{a}/coredns] {}",
    "journal": "Nov 25 10:00:{a:02d} node{a} kubelet[{port}]: {}",
    "syslog": "<30>1 2025-11-25T10:00:{a:02d}Z node{a} kubelet {port} - - {}",
    "colour": "\x1b[31m{}\x1b[0m",
}


class Patient(Reducer):
    """Takes every line with hits for one that is like no other."""

    def shape_of(self, line: bytes) -> Shape | Odd:
        """Return none."""
        del line
        return Odd()

    def by_shape(self, block: Block) -> logs.Digest:
        """Never go by shape."""
        return self.by_search(block)

    def with_names(self, block: Block, digest: logs.Digest) -> logs.Digest:
        """Let each line be asked for its name."""
        del block
        return digest


def in_envelope(envelope: str, line: str, random_: random.Random) -> str:
    """Return a line as a collector wraps it, with random digits in what it adds."""
    values = {"a": random_.randrange(4), "port": random_.randrange(30_000, 61_000)}
    quoted = json.dumps(line + "\n")
    return ENVELOPES[envelope].format(line, json=quoted, **values)


def varied(line: str, random_: random.Random) -> str:
    """Return a line in which some digits are others."""
    if random_.random() < 0.2:
        return line
    odds = random_.choice((0.05, 0.5))
    return "".join(
        random_.choice("0123456789") if one.isdigit() and random_.random() < odds else one
        for one in line
    )


def scanned(
    blocks: Sequence[bytes], reducer: type[Reducer], dense: bool, emitter: Emitter
) -> Parsed:
    """Return what a scan makes of some blocks of a long log."""
    scan = logs.Scan(Part(Kind.LOG, "x.log", path=Path("x.log"), emitter=emitter))
    scan.reducer = reducer(scan.known)
    for data in blocks:
        scan.reducer.dense = dense
        scan.reducer.patience = 0
        block = Block(b"\n" + data)
        if not scan.begun:
            scan.begin(data)
        scan.read(block, scan.reducer.digest(block))
    return scan.result()


@pytest.mark.parametrize("envelope", ENVELOPES)
@pytest.mark.parametrize("seed", range(2))
def test_what_is_told_together_is_told_alike(envelope: str, seed: int) -> None:
    """However digits differ, a scan by groups finds what one finds that tries each line."""
    random_ = random.Random(f"{envelope}{seed}")
    samples = [
        sample
        for signature in SIGNATURES
        for wording in signature.wordings
        for sample in wording.samples
    ]
    chosen = [*random_.sample(samples, 60), TIMEOUT, UNKNOWN, ROUTINE]
    blocks = []
    for _ in range(4):
        lines = []
        for _ in range(250):
            line = varied(random_.choice(chosen), random_)
            numbers = {
                "a": random_.randrange(4),
                "b": random_.randrange(2, 250),
                "port": random_.randrange(30_000, 61_000),
            }
            if "{port}" in line:
                line = line.format(**numbers)
            lines.append(in_envelope(envelope, line.replace("\n", " "), random_))
        blocks.append("\n".join(lines).encode())
    for emitter in (Emitter.COREDNS, Emitter.KUBELET, Emitter.UNKNOWN):
        patient = scanned(blocks, Patient, False, emitter)
        assert any(isinstance(one, LogStream) and one.matches for one in patient.items)
        assert scanned(blocks, Reducer, False, emitter) == patient
        assert scanned(blocks, Reducer, True, emitter) == patient


def flood(lines: int, unlike: int = 200) -> bytes:
    """Return a block of that many lines, half of them errors."""
    return "\n".join(
        (TIMEOUT if number % 2 else ROUTINE).format(a=7, b=number % unlike, port=32_768 + number)
        for number in range(lines)
    ).encode()


@pytest.mark.parametrize("dense", [False, True])
def test_patterns_are_tried_on_few_lines_of_a_flood(dense: bool) -> None:
    """Ten times the lines are no more work, and all are counted."""
    looked_at = []
    for times in (1, 10):
        scan = logs.Scan(Part(Kind.LOG, "x.log", path=Path("x.log"), emitter=Emitter.COREDNS))
        for _ in range(times):
            scan.reducer.dense = dense
            block = Block(b"\n" + flood(20_000, unlike=4))
            if not scan.begun:
                scan.begin(block.data[1:])
            scan.read(block, scan.reducer.digest(block))
        (stream,) = (one for one in scan.result().items if isinstance(one, LogStream))
        assert stream.counts["upstream-failed"] == 10_000 * times
        assert stream.lines == 20_000 * times
        looked_at.append(scan.looked_at)
    assert looked_at[0] == looked_at[1] < 30


def test_a_first_occurrence_in_a_flood_is_kept() -> None:
    """One server among thousands of lines about another one is quoted, with its line."""
    lines = flood(20_000, unlike=1).split(b"\n")
    lines[7_001] = TIMEOUT.format(b=9, port=40_000).encode()
    parsed = scanned([b"\n".join(lines)] * 3, Reducer, True, Emitter.COREDNS)
    (stream,) = (one for one in parsed.items if isinstance(one, LogStream))
    other = [one.number for one in stream.matches if "10.0.0.9:53" in one.quote.text]
    assert other == [7_002, 27_002, 47_002]


def test_lines_that_are_all_unlike_go_back_to_the_search() -> None:
    """Where shapes never come again, they are not worked out for ever."""
    random_ = random.Random(5)
    reducer = Reducer(literals(routine=False))
    reducer.dense = True
    for _ in range(5):
        words = ("".join(random_.choices("abcdefgh", k=40)) for _ in range(2000))
        block = Block(b"\n" + "\n".join(f"[ERROR] plugin/errors: {one}" for one in words).encode())
        assert sum(len(group.rows) for group in reducer.digest(block).groups) == 2000
    assert reducer.steps.searched == 4


@pytest.mark.parametrize("dense", [True, False])
def test_the_lines_that_every_query_log_is_full_of_are_few_groups(dense: bool) -> None:
    """A signature that looks at each of them by itself makes a long log take many times longer."""
    random_ = random.Random(5)
    lines = [
        f"[INFO] 10.244.{random_.randrange(9)}.{random_.randrange(250)}:{random_.randrange(65536)} "
        f'- {random_.randrange(65536)} "{qtype} IN api.example.com. udp 45 false 512" '
        f"{told} 88 0.{random_.randrange(10**9):09d}s"
        for qtype in ("A", "AAAA")
        for told in ("NOERROR qr,aa,rd", "NOERROR qr,rd,ra", "NXDOMAIN qr,aa,rd")
        for _ in range(500)
    ]
    reducer = Reducer(literals(routine=False))
    reducer.dense = dense
    digest = reducer.digest(Block(b"\n" + "\n".join(lines).encode()))
    assert len(digest.groups) <= 2
    assert all(group.token is not None for group in digest.groups)


@pytest.mark.parametrize(
    ("pattern", "digits"),
    [
        (r"plugin/errors: (?P<rcode>\d+) [A-Z0-9]{1,3}", Digits()),
        (r"read udp [^\s]+:53: .+", Digits((b":00: ",))),
        (r"client-go@v1\.2", Digits(every=True, prefix=b"client-go@v0")),
        (r"can't initialize ip6?tables", Digits(every=True, prefix=b"can't initialize ip")),
        (r"listen (?:tcp|udp)[46]? ", Digits(every=True, prefix=b"listen ")),
        (r"a 1b|c 2d", Digits((b"a 0b", b"c 0d"))),
        (r"x[13]y|z", Digits(every=True)),
        (r"qr (?:\d{1,6} (?P<s>[1-9]\d{0,3})s)?", Digits(every=True, prefix=b"qr ")),
    ],
)
def test_digits_that_a_pattern_looks_at(pattern: str, digits: Digits) -> None:
    """A digit that stands in the pattern decides; any number does not."""
    told = digits_of(pattern)
    assert told.every == digits.every
    assert told.prefix == digits.prefix
    if not digits.every:
        assert all(any(one in run for one in told.runs) for run in digits.runs)
        assert bool(told.runs) == bool(digits.runs)


# ---------------------------------------------------------------- several processes


# A process that forks while it has other threads, as the test runner's have, is warned of it
FORKS = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


@pytest.fixture
def long_log(tmp_path: Path) -> Path:
    """A log that is worth several processes: floods, and lines of its own in between."""
    path = tmp_path / "coredns.log"
    with path.open("wb") as out:
        for number in range(20):
            out.write(flood(20_000, unlike=3) + b"\n")
            out.write(f"[INFO] Reloading {number}\n[FATAL] strange {number}\n".encode())
    return path


def by_crew(path: Path, count: int, sent: signal.Signals | None = None) -> tuple[Parsed, Crew]:
    """Return what is made of a log with so many processes; one is `sent` a signal on the way."""
    part = Part(Kind.LOG, path.name, path=path, emitter=Emitter.COREDNS)
    scan = logs.Scan(part)
    scan.begin(flood(100))
    every = logs.blocks(part)
    first = next(every)  # now the file is open
    with Crew(scan.reducer, count) as crew:
        assert len(crew.hands) == count
        pids = [hand.pid for hand in crew.hands]
        for number, (block, digest) in enumerate(crew.digests(chain((first,), every))):
            scan.read(block, digest)
            if sent and number == 3:
                os.kill(pids[0], sent)
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    return scan.result(), crew


@FORKS
def test_processes_find_what_one_finds(long_log: Path) -> None:
    """The result does not depend on how many there are, and none stays behind."""
    alone, crew = by_crew(long_log, 0)
    assert crew.here > 20
    (stream,) = (one for one in alone.items if isinstance(one, LogStream))
    assert stream.counts["upstream-failed"] == 200_000
    for count in (1, 3):
        together, crew = by_crew(long_log, count)
        assert together == alone
        assert crew.here == 0


@FORKS
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGSTOP])
def test_a_process_that_dies_or_stops_costs_no_line(sent: signal.Signals, long_log: Path) -> None:
    """What it had in hand is done again by the one that reads, which waits for nobody for ever."""
    survived, crew = by_crew(long_log, 2, sent)
    assert survived == by_crew(long_log, 0)[0]
    assert crew.here > 0


@FORKS
def test_a_process_that_does_not_answer_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs, and sends a part of its result; the rest never comes."""
    monkeypatch.setattr(log_crew, "LOOK_S", 0.01)
    result_out, result_in = os.pipe()
    os.write(result_in, (100).to_bytes(SIZE_BYTES, "big") + b"a part")
    pid = os.fork()
    if not pid:
        signal.pause()
    crew = Crew(Reducer(literals(routine=False)), 0)
    order_out, order_in = os.pipe()
    hand = Hand(pid, os.fdopen(order_in, "wb"), result_out, mmap.mmap(-1, SLOTS * SLOT_BYTES))
    crew.hands.append(hand)
    block = Block(b"\n" + flood(10))
    assert crew.give(hand, block)
    _, digest = crew.taken(block, hand)
    assert (crew.hands, crew.here) == ([], 1)
    assert digest.groups == crew.own(crew.reducer.digest(block)).groups
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    for descriptor in (result_in, order_out):
        os.close(descriptor)


class Interrupting:
    """A stream during whose closing Ctrl-C comes."""

    def close(self) -> None:
        """Do what the handler of the signal does."""
        raise KeyboardInterrupt


@FORKS
def test_an_interrupt_before_the_first_order_ends_a_process_quietly() -> None:
    """It never goes on with what the run itself does when it is interrupted."""
    crew = Crew(Reducer(literals(routine=False)), 0)
    nowhere = os.open(os.devnull, os.O_RDONLY)
    other = Hand(0, cast("BinaryIO", Interrupting()), nowhere, mmap.mmap(-1, 1))
    crew.hands.append(other)
    try:
        hand = crew.start(1, 2)
    except KeyboardInterrupt:
        os._exit(7)
    _, status = os.waitpid(hand.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    hand.orders.close()
    os.close(hand.results)
    os.close(nowhere)


def test_short_logs_start_no_process() -> None:
    """A start is not worth a megabyte."""
    assert hands_for(1_000_000) == 0


# ---------------------------------------------------------------- engines


def some_texts() -> Iterator[bytes]:
    """Yield literals as they are looked for."""
    yield from (text.encode() for text in literals(routine=False).texts)


def test_hyperscan_finds_what_the_automaton_finds() -> None:
    """Which of them is there changes nothing but the time."""
    pytest.importorskip("hyperscan")
    texts = list(some_texts())
    data = b"\n" + flood(5000) + b"\n" + b"\n".join(texts)
    assert sorted(hyperscan_over(texts)(data)) == sorted(automaton_over(texts)(data))


def test_automaton_reports_in_order_of_the_ends() -> None:
    """Lines are told apart by that order."""
    ends = [end for _, _, end in automaton_over(list(some_texts()))(b"\n" + flood(500))]
    assert ends == sorted(ends)
    assert len(ends) > 500


def test_stream_of_bytes_is_no_file() -> None:
    """A guard for the tests above: what they write is read as lines."""
    assert len(io.BytesIO(flood(50)).readlines()) == 50
