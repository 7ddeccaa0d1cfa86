"""Measures corediag and its like on real API servers with many objects.

    python -m bench.scale [--size S] [--state healthy]… [--rounds 5] [--alone] [--into FOLDER]

It prints tables, and writes them with all single runs as JSON into the folder.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.scale.contenders import (
    COREDIAG,
    FLOOR,
    RUNG_1,
    SLOW_ROUNDS,
    SLOW_S,
    Contender,
    Recorded,
    Spent,
    Watch,
    contenders,
    floor,
    recorded,
    source,
    versions,
)
from bench.scale.server import Cluster, Programs, inside, programs, running
from bench.scale.shape import SIZES
from bench.scale.states import STATES, State, first_cause
from bench.scale.table import Measured, against_floor, beside, markdown, wrong
from lab.process import LabError, say

SETTLE_S = 2.0  # after a write, until the server's cache has it


def measured(
    cluster: Cluster, state: State, watch: Watch, rounds: int, every: Sequence[Contender]
) -> list[Measured]:
    """Return what each command takes in one state, all interleaved."""
    chosen = [one for one in every if one.states is None or state.name in one.states]
    seen: dict[str, Recorded] = {}
    for one in chosen:
        seen[one.name] = recorded(one, cluster, watch)
        say(f"  {one.name}: {len(seen[one.name].asked)} requests")
    if RUNG_1 in seen:
        bare = floor(seen[RUNG_1].asked, cluster)
        place = [one.name for one in chosen].index(RUNG_1) + 1
        chosen.insert(place, bare)
        seen[FLOOR] = dataclasses.replace(seen[RUNG_1], printed="", took_s=0.0)
    runs: dict[str, list[Spent]] = {one.name: [] for one in chosen}
    for number in range(rounds):
        for one in chosen:
            if number >= SLOW_ROUNDS and seen[one.name].took_s > SLOW_S:
                continue
            command = one.command(cluster.kubeconfig)
            spent, printed = watch.run(command, cluster.cpu_s, source())
            if one.name == FLOOR:  # it tells itself what is transfer, and what Python's start
                spent = dataclasses.replace(spent, wall_s=float(printed))
            runs[one.name].append(spent)
    return [
        Measured(
            size=cluster.shape.name,
            state=state.name,
            name=one.name,
            runs=tuple(runs[one.name]),
            requests=len(seen[one.name].asked),
            received_bytes=seen[one.name].received_bytes,
            verdict=first_cause(seen[one.name].printed) if one.report else None,
            expected=state.first,
        )
        for one in chosen
    ]


def of_size(
    size: str,
    states: Sequence[State],
    built: Programs,
    watch: Watch,
    rounds: int,
    *,
    alone: bool,
) -> tuple[list[Measured], dict[str, float]]:
    """Return what was measured on a cluster of one size, in some states, and start-up there."""
    every = contenders(built.kubectl, alone=alone)
    found: list[Measured] = []
    with (
        tempfile.TemporaryDirectory(prefix="corediag-scale-") as folder,
        running(SIZES[size], Path(folder), built) as cluster,
    ):
        recorded(every[0], cluster, watch)  # so that bytecode and all that is kept are there
        starts = start_up(cluster, watch, rounds)
        for state in states:
            say(f"{size}: {state.title}")
            before = cluster.store.swap(state.writes(cluster.world))
            time.sleep(SETTLE_S)
            found += measured(cluster, state, watch, rounds, every)
            cluster.store.swap(before)
    return found, starts


def start_up(cluster: Cluster, watch: Watch, rounds: int) -> dict[str, float]:
    """Return the median seconds of what a run takes beside its requests."""
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "corediag --help": [COREDIAG, "--help"],
    }
    (run,) = (one for one in contenders(cluster.programs.kubectl) if one.name == RUNG_1)
    before, after = f"{RUNG_1}, until its first request", f"{RUNG_1}, since the last answer"
    taken: dict[str, list[float]] = {name: [] for name in (*commands, before, after)}
    for _ in range(rounds):
        for name, command in commands.items():
            spent, _ = watch.run(command, lambda: 0.0, {})
            taken[name].append(spent.wall_s)
        seen = recorded(run, cluster, watch)
        taken[before].append(seen.before_s)
        taken[after].append(seen.after_s)
    return {name: statistics.median(values) for name, values in taken.items()}


def machine() -> str:
    """Return what kind of machine this is."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} CPUs, {memory:.0f} GiB, Linux {platform.machine()}"


def main() -> int:
    """Measure, print tables, write them down; 1 where a verdict is wrong or requests grow."""
    options = argparse.ArgumentParser(prog="python -m bench.scale", description="Measure.")
    options.add_argument("--size", action="append", choices=SIZES)
    options.add_argument("--state", action="append", choices=[one.name for one in STATES])
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--alone", action="store_true", help="measure no other tools")
    options.add_argument("--into", type=Path, default=Path("build/bench-scale"))
    chosen = options.parse_args()
    built = programs()  # it may fetch modules: before there is no network
    inside()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the first process ignores it else
    states = [one for one in STATES if not chosen.state or one.name in chosen.state]
    with (
        tempfile.TemporaryDirectory(prefix="corediag-scale-") as folder,
        Watch(Path(folder)) as watch,
    ):
        found: list[Measured] = []
        starts: dict[str, dict[str, float]] = {}
        for size in chosen.size or SIZES:
            several, starts[size] = of_size(
                size, states, built, watch, chosen.rounds, alone=chosen.alone
            )
            found += several
    known = versions(built.kubectl)
    titles = {one.name: one.title for one in STATES}
    sizes = {name: shape.text for name, shape in SIZES.items()}
    faults = wrong(found)
    text = "\n".join(
        (
            f"{machine()}; {', '.join(f'{name}: {told}' for name, told in known.items())}\n",
            markdown(found, titles, sizes),
            against_floor(found),
            "",
            beside(starts),
            "",
            *(f"WRONG: {one}" for one in faults),
        )
    )
    chosen.into.mkdir(parents=True, exist_ok=True)
    (chosen.into / "tables.md").write_text(text + "\n")
    data = {
        "machine": machine(),
        "versions": known,
        "start_up_s": starts,
        "measured": [one.data() for one in found],
        "wrong": faults,
    }
    (chosen.into / "results.json").write_text(json.dumps(data, indent=1) + "\n")
    print(text)
    return 1 if faults else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as error:
        sys.exit(f"bench-scale: {error}")
