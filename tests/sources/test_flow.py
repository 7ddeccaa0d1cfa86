"""Long logs from a pipe: read while they are scanned, and never held or kept whole."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from diagnose.facts.logs import LogStream
from diagnose.model import GapKind
from diagnose.parsers import logs
from diagnose.parts import Kind
from diagnose.sources import given, loose
from diagnose.text.flow import Flow

LINE = (
    b"[ERROR] plugin/errors: 2 api.example.com. A: read udp 10.244.0.5:%d->10.0.0.2:53: "
    b"i/o timeout\n"
)


class Pipe(io.RawIOBase):
    """Gives lines as they are asked for; `given` counts its bytes."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        """Give nothing yet."""
        self.pieces = pieces
        self.given = 0

    def read(self, size: int = -1) -> bytes:
        """Return the next piece, which is never longer than what is asked for here."""
        del size
        piece = next(self.pieces, b"")
        self.given += len(piece)
        return piece


def lines(count: int) -> Iterator[bytes]:
    """Yield pieces of a long CoreDNS log, with so many lines."""
    for begin in range(0, count, 5000):
        yield b"".join(LINE % (30_000 + number % 30_000) for number in range(begin, begin + 5000))


def test_a_long_log_is_read_when_it_is_scanned() -> None:
    """Of what the pipe holds, only what tells its kind is read before."""
    pipe = Pipe(lines(400_000))
    haul = given.read("-", pipe)  # type: ignore[arg-type]
    (part,) = haul.parts
    assert isinstance(part.path, Flow)
    assert part.path.begun.stat().st_size == pipe.given < loose.WHOLE_BYTES + 1_000_000
    parsed = logs.parse(part)
    (stream,) = (one for one in parsed.items if isinstance(one, LogStream))
    assert (stream.lines, stream.counts["upstream-failed"]) == (400_000, 400_000)
    assert part.path.begun.stat().st_size < loose.WHOLE_BYTES + 1_000_000, "the rest was not kept"


def test_a_pipe_tells_what_a_file_tells(tmp_path: Path) -> None:
    """One log, the same facts."""
    path = tmp_path / "x.log"
    with path.open("wb") as out:
        out.writelines(lines(300_000))
    (by_file,) = loose.read([str(path)]).parts
    (by_pipe,) = given.read("-", Pipe(lines(300_000))).parts  # type: ignore[arg-type]
    assert logs.parse(replace(by_pipe, origin=by_file.origin)).items == logs.parse(by_file).items


def test_nul_bytes_in_a_pipe_are_passed_over() -> None:
    """A pipe has no holes to skip: what stands behind the bytes is read."""

    def pieces() -> Iterator[bytes]:
        yield from lines(200_000)
        yield bytes(loose.BLOCK)
        yield from lines(5000)

    (part,) = given.read("-", Pipe(pieces())).parts  # type: ignore[arg-type]
    (stream,) = (one for one in logs.parse(part).items if isinstance(one, LogStream))
    assert stream.counts["upstream-failed"] == 205_000


def test_a_long_text_that_is_no_log_is_told() -> None:
    """As of a file, its beginning is read, and a gap says so."""
    prose = (b"It was a dark and stormy night in the data centre.\n" * 1000 for _ in range(400))
    haul = given.read("-", Pipe(prose))  # type: ignore[arg-type]
    assert all(part.kind is not Kind.LOG for part in haul.parts)
    assert any("only the first 16 MiB" in gap.because for gap in haul.general_gaps)


def test_a_pipe_that_breaks_is_a_gap() -> None:
    """What came before counts, and that there was more is said."""

    def pieces() -> Iterator[bytes]:
        yield from lines(200_000)
        raise OSError(5, "Input/output error")

    (part,) = given.read("-", Pipe(pieces())).parts  # type: ignore[arg-type]
    parsed = logs.parse(part)
    (stream,) = (one for one in parsed.items if isinstance(one, LogStream))
    assert stream.counts["upstream-failed"] >= 199_000
    assert [gap.kind for gap in parsed.gaps] == [GapKind.PARTIAL]


def test_it_cannot_be_read_twice(tmp_path: Path) -> None:
    """A second reading would find nothing, and take that for a short log."""
    begun = tmp_path / "begun"
    begun.write_bytes(b"one\n")
    flow = Flow(begun, io.BytesIO(b"two\n"))
    with flow.open("rb") as stream:
        assert stream.read(100) + stream.read(100) + stream.read(100) == b"one\ntwo\n"
    with pytest.raises(OSError, match="only once"):
        flow.open("rb")
