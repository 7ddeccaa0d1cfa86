"""Times whole commands in turn with bare Python: start-up, and the run over a small case.

All of them have Python's bytecode at hand, as an installed package has after its first run. What
corediag itself keeps from one run to the next it has too, but for the rows that say otherwise.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tabulate import tabulate

from diagnose import demos

RUNS = 15


@dataclass(frozen=True)
class Timed:
    """A command, and whether it is run as if it were the first time."""

    command: Sequence[str]
    first: bool = False


def commands() -> Mapping[str, Timed]:
    """Return the commands by what they stand for; the first is what the others are held to."""
    python = sys.executable
    corediag = str(Path(python).with_name("corediag"))
    case = str(demos.cases()[0].folder)
    return {
        "python -c pass": Timed((python, "-c", "pass")),
        "python -c 'import click'": Timed((python, "-c", "import click")),
        "corediag --help": Timed((corediag, "--help")),
        "corediag checks": Timed((corediag, "checks")),
        "corediag checks, first time": Timed((corediag, "checks"), first=True),
        "corediag explain loop": Timed((corediag, "explain", "loop")),
        "corediag run --check loop --from CASE": Timed(
            (corediag, "run", "--check", "loop", "--from", case)
        ),
        "corediag run --from CASE": Timed((corediag, "run", "--from", case)),
        "corediag run --from CASE, first time": Timed(
            (corediag, "run", "--from", case), first=True
        ),
    }


def environment(folder: Path) -> Mapping[str, str]:
    """Return the environment of every run: bytecode and all that is kept lie in a folder."""
    without = {
        name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
    }
    return {
        **without,
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
        "XDG_CACHE_HOME": str(folder / "kept"),
    }


def seconds(timed: Timed, folder: Path) -> float:
    """Return how long one run takes, its output thrown away. Raises OSError where it fails."""
    settings = {**environment(folder)}
    with tempfile.TemporaryDirectory() as empty:
        if timed.first:
            settings["XDG_CACHE_HOME"] = empty
        begin = time.perf_counter()
        done = subprocess.run(
            timed.command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=settings,
            check=False,
        )
        taken = time.perf_counter() - begin
    if done.stderr:
        raise OSError(f"{' '.join(timed.command)}: {done.stderr.decode()}")
    return taken


def main() -> None:
    """Print the medians and their ratios to bare Python, all runs interleaved."""
    every = commands()
    taken: dict[str, list[float]] = {name: [] for name in every}
    with tempfile.TemporaryDirectory() as folder:
        for timed in every.values():
            seconds(timed, Path(folder))
        for _ in range(RUNS):
            for name, timed in every.items():
                taken[name].append(seconds(timed, Path(folder)))
    medians = {name: statistics.median(values) for name, values in taken.items()}
    base = next(iter(medians.values()))
    rows = [
        (name, f"{1000 * median:.0f}", f"{1000 * min(taken[name]):.0f}", f"{median / base:.1f}")
        for name, median in medians.items()
    ]
    print(tabulate(rows, headers=("command", "median ms", "min ms", "times python")))


if __name__ == "__main__":
    main()
