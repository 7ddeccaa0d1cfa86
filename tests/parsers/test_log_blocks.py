"""Long files as blocks: what says where its lines lie reads the same as what holds them."""

from __future__ import annotations

import mmap
import os
import random
from collections.abc import Iterable
from pathlib import Path

import pytest

from diagnose.parsers import log_blocks
from diagnose.parsers.log_blocks import Block, Extent, numbered, of_file, pieces_of

SMALL = 256  # bytes of a block in these tests
HOLE = 512 * 1024


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks so small that a short file has many seams."""
    monkeypatch.setattr(log_blocks, "BLOCK_BYTES", SMALL)
    monkeypatch.setattr(log_blocks, "EDGE_BYTES", 32)
    monkeypatch.setattr(log_blocks, "LONGEST_LINE", 4 * SMALL)


def told(blocks: Iterable[Block]) -> list[tuple[bytes, bool]]:
    """Return what blocks hold, and whether they go on from the one before."""
    return [(block.data, block.continued) for block in blocks]


def some_lines(random_: random.Random) -> bytes:
    """Return lines of all lengths, some of them empty, longer than a block, or with NUL bytes."""
    out = []
    for _ in range(random_.randrange(1, 60)):
        most = random_.choice((0, 10, 80, 80, 80, 300, 2000))
        line = bytes(random_.choices(b"ab 0\x1b\xc3\xa9", k=random_.randrange(most + 1)))
        if random_.random() < 0.05:
            line += b"\0" * random_.choice((1, 5, 3 * SMALL))
        out.append(line)
    return b"\n".join(out) + b"\n" * random_.randrange(2)


@pytest.mark.parametrize("seed", range(200))
def test_what_lies_in_a_file_is_what_is_read_of_it(seed: int, tmp_path: Path) -> None:
    """Wherever the seams fall, whatever stands there."""
    random_ = random.Random(seed)
    bom = random_.choice((b"", b"", b"\xef\xbb\xbf"))
    path = tmp_path / "log"
    path.write_bytes(bom + some_lines(random_))
    expected = told(numbered(pieces_of(path)))
    assert told(of_file(path)) == expected
    lines = b"".join(data[1:] if continued else data for data, continued in expected)
    whole = b"\n" + path.read_bytes().removeprefix(bom).replace(b"\0", b"")
    assert lines.rstrip(b"\n") == whole.rstrip(b"\n")


def test_most_blocks_are_not_read_by_who_makes_them(tmp_path: Path) -> None:
    """Of lines of usual lengths, only the last block is."""
    path = tmp_path / "log"
    path.write_bytes(b"a line\n" * 1000)
    blocks = list(of_file(path))
    assert [block.extent is None for block in blocks] == [False] * (len(blocks) - 1) + [True]
    assert len(blocks) > 20


def test_holes_are_passed_over(tmp_path: Path) -> None:
    """What a rotation by copying leaves costs no reading, and its lines go on behind it."""
    path = tmp_path / "log"
    with path.open("wb") as out:
        out.write(b"begun ")
        out.seek(64 * HOLE)
        out.write(b"ended\n" + b"a line\n" * 100)
    blocks = told(of_file(path))
    assert b"".join(data for data, _ in blocks).startswith(b"\nbegun ended\na line\n")
    assert blocks == told(numbered(pieces_of(path)))


def test_a_file_that_grows_is_read_to_its_end(tmp_path: Path) -> None:
    """Lines that come while it is read are read once, also those that were not whole before."""
    path = tmp_path / "log"
    written = [f"line {number} of many".encode() for number in range(40)]
    path.write_bytes(b"\n".join(written) + b"\nhalf")
    data = b""
    for number, block in enumerate(of_file(path)):
        data += block.data
        if number == 0:
            with path.open("ab") as out:
                out.write(b" a line\n")
        if number < 50:
            written.append(f"late {number}".encode())
            with path.open("ab") as out:
                out.write(written[-1] + b"\n")
    written.insert(40, b"half a line")
    assert data[1:].split(b"\n") == written


def test_a_file_that_is_cut_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    """What is gone is gone; what is left is read once."""
    path = tmp_path / "log"
    path.write_bytes(b"".join(f"line {number}\n".encode() for number in range(1000)))
    every = of_file(path)
    blocks = [next(every) for _ in range(6)]
    os.truncate(path, 3 * SMALL + 7)
    data = b"".join(block.data for block in [*blocks, *every])
    lines = [line for line in data.split(b"\n") if line]
    assert lines[:-1] == [f"line {number}".encode() for number in range(len(lines) - 1)]
    assert len(b"\n".join(lines)) == 3 * SMALL + 7


def test_an_extent_reads_no_other_file(tmp_path: Path) -> None:
    """A number under which another file is open is not taken for the file's."""
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(b"a line\n")
    with (tmp_path / "one").open("rb") as one, (tmp_path / "two").open("rb") as two:
        found = os.fstat(one.fileno())
        file = (found.st_dev, found.st_ino)
        memory = mmap.mmap(-1, mmap.PAGESIZE)
        with memoryview(memory) as view:
            assert Extent(one.fileno(), 0, 6, file).into(view) == 7
            with pytest.raises(OSError, match="another file"):
                Extent(two.fileno(), 0, 6, file).into(view)
        assert memory[:7] == b"\na line"
