"""Whatever a text holds: no parser fails on it, and damage never turns into another proven cause.

Examples are the same in every run. COREDIAG_FUZZ=50 looks at fifty times as many, at other ones
each time.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from diagnose import demos
from diagnose.collect import diagnose, evidence_of
from diagnose.model import Diagnosis, GapKind, Severity
from diagnose.parsers import PARSERS, parser_of
from diagnose.parts import Kind, Part
from diagnose.report import json, markdown, table
from diagnose.sources import bundle
from diagnose.sources.base import scratch
from diagnose.sources.loose import Reading, add_bytes
from diagnose.text.recognise import cut
from tests import mutations
from tests.mutations import (
    CHECKS,
    FAITHFUL,
    LOSSY,
    MUTATIONS,
    NOW,
    Mutation,
    World,
    defects,
    diagnosis_of,
    proven,
    shown,
    shown_by_less,
    worlds,
)

SCALE = int(os.environ.get("COREDIAG_FUZZ", "1"))


def examples(number: int) -> settings:
    """Return settings for so many examples; a longer run looks at others than the usual one."""
    return settings(max_examples=number * SCALE, derandomize=SCALE == 1)


SHARES = st.integers(0, 100).map(lambda percent: percent / 100)
WORLDS = {world.name: world for world in worlds()}
FILES = st.sampled_from(
    [(world.name, number) for world in worlds() for number in range(len(world.files))]
)
CONTENTS = FILES.map(lambda pair: WORLDS[pair[0]].files[pair[1]][1])
# Words on which parsers turn, with what comes between them in no order at all.
WORDS = (
    "{ } [ ] ( ) \" ' \\ : , ; = | # > - -- --- ... %s \t \x1b[31m \x00 \x85 \u2028 \u202e é 😀 "
    "kind: apiVersion: items: - name: Name: Namespace: Events: Warning Normal NAME READY STATUS "
    "AGE 1/1 0/1 3d21h 5m Running coredns kube-system 10.96.0.10 fe80::1 :53 /24 nameserver search "
    "options ndots:5 .:53 forward . kubernetes cluster.local import [ERROR] plugin/errors: 2 "
    'HINFO: [FATAL] plugin/loop: I1123 03:26:38.872669 E1123 err=" time="2024-01-01T00:00:00Z" '
    "level=error msg= 2024-01-01T00:00:00.1Z stdout F P -A KUBE-SERVICES -j DROP :FORWARD *nat "
    "COMMIT inet link/ether mtu 1450 via dev cni0 Server: Address: ** server can't find NXDOMAIN "
    ";; ANSWER FLANNEL_SUBNET= net.ipv4 = 0"
)
PIECES = st.sampled_from([*WORDS.split(" "), "\n", "\n", "\n  ", "\r\n", " ", "  ", ""])
RUBBISH = st.lists(PIECES | st.text(max_size=8), max_size=60).map("".join)
MUTATED = st.builds(
    lambda data, mutation, share, other: mutation(data, share, other),
    CONTENTS,
    st.sampled_from(MUTATIONS),
    SHARES,
    CONTENTS,
)
TEXTS = RUBBISH | MUTATED.map(lambda data: data.decode("utf-8", "backslashreplace"))


# ---------------------------------------------------------------- parsers and the recogniser


@pytest.mark.parametrize("kind", PARSERS, ids=lambda kind: kind.name)
def test_a_parser_takes_any_text(kind: Kind) -> None:
    """It raises nothing, calls no defect its own, and makes no more of a text than it holds."""

    @examples(60)
    @given(TEXTS)
    def takes(text: str) -> None:
        parsed = parser_of(kind)(Part(kind, "a", text))
        assert not [gap for gap in parsed.gaps if gap.kind is GapKind.CRASHED]
        assert len(parsed.items) + len(parsed.gaps) <= len(text) + 10

    takes()


@examples(300)
@given(TEXTS)
def test_cutting_keeps_every_line_once(text: str) -> None:
    """Each line is in one part, under its number; only marks of quotation and margins go."""
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    parts = cut(text, origin="a")
    held = [line for part in parts for line in part.text.split("\n")] if lines else []
    assert len(held) == len(lines)
    assert all(line.endswith(kept) for line, kept in zip(lines, held, strict=True))
    assert [part.first_line for part in parts] == [
        1 + sum(part.text.count("\n") + 1 for part in parts[:number])
        for number in range(len(parts))
    ]


@examples(200)
@given(st.binary(max_size=400) | MUTATED, st.sampled_from(["", "a.log", "Corefile", "pods.txt"]))
def test_any_bytes_are_diagnosed(data: bytes, name: str) -> None:
    """Rubbish of any kind ends in a report, whatever the file is called."""
    world = World("any", ((name or "paste", data),))
    reported(diagnosis_of(world))


def calls(work: Callable[[], object]) -> int:
    """Return how many functions are called for some work: its cost, without a clock."""
    number = 0

    def count(_frame: object, what: str, _argument: object) -> None:
        nonlocal number
        number += what in {"call", "c_call"}

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return number


def longest_of(kind: Kind) -> str:
    """Return the longest real text of a kind."""
    parts = (part for world in worlds() for part in parts_of(world) if part.kind is kind)
    return max((part.text for part in parts), key=len, default="")


def parts_of(world: World) -> tuple[Part, ...]:
    """Return the parts that the files of a world are cut into."""
    reading = Reading()
    for name, data in world.files:
        add_bytes(data, name, reading)
    return tuple(reading.parts)


@pytest.mark.parametrize("kind", PARSERS, ids=lambda kind: kind.name)
def test_four_times_the_text_is_four_times_the_work(kind: Kind) -> None:
    """Neither the recogniser nor a parser does more than in proportion."""
    text = longest_of(kind)[:4000] + "\n"
    assert text.strip(), "no artifact of that kind"
    times = max(1, 12_000 // len(text))
    work = [
        calls(lambda size=size: parser_of(kind)(Part(kind, "a", text * size)))  # type: ignore[misc]
        for size in (times, 4 * times)
    ]
    assert work[1] <= 4.5 * work[0] + 2000
    work = [calls(lambda size=size: cut(text * size, origin="a")) for size in (times, 4 * times)]  # type: ignore[misc]
    assert work[1] <= 4.5 * work[0] + 2000


# ---------------------------------------------------------------- the whole way


def reported(diagnosis: Diagnosis) -> None:
    """Assert that a diagnosis has no defect and that its reports can be shown."""
    assert not defects(diagnosis)
    for text in (table.render(diagnosis), markdown.render(diagnosis), json.render(diagnosis)):
        odd = {character for character in text if not character.isprintable()}
        assert odd <= {"\n"}, odd


def fits(world: World, file: int, mutation: Mutation, new: bytes) -> bool:
    """Whether a changed file is a damaged one, and not a good one that says something else.

    A configuration file with a line doubled, lost or misspelt is a configuration file, and what
    is wrong with it then is wrong. So is one of lines that stand for themselves, cut at a line.
    """
    name, old = world.files[file]
    if name.endswith(".jsonl"):  # a program's words to a program; with some of them gone, others
        return mutation in FAITHFUL and mutation is not mutations.coloured
    if old.startswith(b"{") and old.count(b"\n") < 3:  # a program's, and too long to be pasted
        return mutation not in {mutations.wrapped, mutations.curled}
    if not mutations.CONFIGURATION.search(name):
        return True
    if mutation in mutations.EDITS:
        return False
    told = [line for line in new.split(b"\n") if line.strip() and not line.startswith(b"#")]
    return not set(told) <= set(old.split(b"\n"))


@examples(500)
@given(FILES, st.lists(st.sampled_from(FAITHFUL), min_size=1, max_size=2, unique=True), SHARES)
def test_what_keeps_the_text_proves_nothing_else(
    pair: tuple[str, int], several: list[Mutation], share: float
) -> None:
    """Quoting, fences, colours, codings, prompts and repetition bring no cause that was not there.

    What is lost on the way may leave an effect of the cause alone.
    """
    world, file = WORLDS[pair[0]], pair[1]
    new = world.files[file][1]
    for mutation in sorted(several, key=FAITHFUL.index):
        new = mutation(new, share, b"")
    assume(all(fits(world, file, one, new) for one in several))
    # what a log says twice has happened twice, and what happens often is graver than once
    assume(not mutations.TWICE & set(several) or not world.files[file][0].endswith(".log"))
    diagnosis = diagnosis_of(world.changed(file, new))
    reported(diagnosis)
    found = proven(diagnosis)
    if not found <= shown(world):
        assert mutations.TWICE & set(several)
        assert found <= mutations.suggested(world) | shown_by_less(world, file)


@examples(700)
@given(FILES, st.sampled_from(LOSSY), SHARES, FILES)
def test_what_is_lost_proves_nothing_else(
    pair: tuple[str, int], mutation: Mutation, share: float, second: tuple[str, int]
) -> None:
    """A cut, a gap, a damaged byte or a foreign line never turns into another proven cause."""
    world, file = WORLDS[pair[0]], pair[1]
    beside = WORLDS[second[0]]
    foreign, other = beside.files[second[1]]
    assume(mutation not in mutations.MIXED or not mutations.CONFIGURATION.search(foreign))
    logs = world.files[file][0].endswith(".log") and foreign.endswith(".log")
    assume(mutation is not mutations.interleaved or logs)  # tables are not written at a time
    new = mutation(world.files[file][1], share, other)
    assume(fits(world, file, mutation, new))
    diagnosis = diagnosis_of(world.changed(file, new))
    reported(diagnosis)
    found = proven(diagnosis, Severity.WARNING)
    if not found <= shown(world):
        allowed = shown_by_less(world, file)
        if mutation in mutations.MIXED:
            both = dataclasses.replace(world, files=world.files + beside.files)
            named = World("foreign", ((world.files[file][0], other),))
            allowed |= shown_by_less(beside, second[1]) | shown_by_less(both, file) | shown(named)
        if mutation in mutations.TWICE:
            allowed |= mutations.suggested(world)
        assert found <= allowed
    event(mutation.__name__)


@functools.cache
def unpacked(demo: demos.Demo) -> tuple[Path, tuple[Path, ...]]:
    """Return the folder of an unpacked demo, and its files but for the manifest and long ones."""
    target = scratch() / f"fuzz-{demo.name}"
    with tarfile.open(demo.evidence) as tar:
        tar.extractall(target, filter="data")
    files = (path for path in sorted(target.rglob("*")) if path.is_file())
    return target / "corediag", tuple(
        path for path in files if path.name != bundle.MANIFEST and path.stat().st_size < 50_000
    )


@functools.cache
def recorded(demo: demos.Demo, without: int | None = None) -> frozenset[str]:
    """Return what a demo proves, with the effects, or what it does without one of its files."""
    folder, files = unpacked(demo)
    if without is None:
        return mutations.all_proven(diagnose(CHECKS, evidence_of(bundle.read(folder)), NOW))
    data = files[without].read_bytes()
    files[without].unlink()
    try:
        return mutations.all_proven(diagnose(CHECKS, evidence_of(bundle.read(folder)), NOW))
    finally:
        files[without].write_bytes(data)


@examples(40)
@given(
    st.sampled_from([one for one in demos.cases() if bundle.is_bundle(one.evidence)]),
    st.sampled_from(MUTATIONS),
    SHARES,
    SHARES,
)
def test_a_damaged_file_of_a_bundle(
    demo: demos.Demo, mutation: Mutation, which: float, share: float
) -> None:
    """What was recorded and then changed is not taken for whole: no absence is read from it."""
    folder, files = unpacked(demo)
    number = min(int(which * len(files)), len(files) - 1)
    assume("configmap" not in files[number].name or mutation not in mutations.EDITS)
    data = files[number].read_bytes()
    try:
        files[number].write_bytes(mutation(data, share, b""))
        changed = diagnose(CHECKS, evidence_of(bundle.read(folder)), NOW)
    finally:
        files[number].write_bytes(data)
    reported(changed)
    found = proven(changed, Severity.WARNING)
    assert found <= recorded(demo) or found <= recorded(demo) | recorded(demo, number)
