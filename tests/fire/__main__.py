"""`python -m tests.fire`: the whole product of requests and faults, and its counts as a table."""

from __future__ import annotations

import argparse
import functools
import math
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing.util import Finalize
from pathlib import Path

from tests.fire.faults import BY_NAME, ROWS
from tests.fire.product import (
    POOL,
    Tally,
    World,
    cases,
    counted_twice,
    dies,
    opened,
    sample_of,
    tally,
)
from tests.fire.worlds import MORE, WORLDS

WAYS = ("hang", "reset", "refuse", "503", "429")
_world: list[World] = []


def begin(name: str) -> None:
    """Open a world in a process of the pool."""
    closing = ExitStack()
    # what is registered with atexit is not called in such a process, and its servers would go on
    Finalize(None, closing.close, exitpriority=1)
    folder = Path(closing.enter_context(tempfile.TemporaryDirectory()))
    _world[:] = [closing.enter_context(opened(name, folder))]


def of_row(row: str, every: int) -> Tally:
    """Return what comes of all requests with one fault."""
    several = list(cases(_world[0], [BY_NAME[row]]))
    return tally(_world[0], sample_of(several, every) if every > 1 and several else several)


def of_way(how: str, every: int) -> Tally:
    """Return what comes of a server that goes down after each request."""
    total = Tally()
    for after in range(0, len(_world[0].requests) + 1, every):
        run_it = functools.partial(dies, _world[0], after, how)
        total.add(counted_twice(_world[0], f"{how} after {after}", run_it))
    return total


def main() -> int:
    """Print the counts; return 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.fire", description=__doc__)
    parser.add_argument("--world", action="append", choices=sorted({*WORLDS, *MORE}))
    parser.add_argument("--every", type=int, default=1, help="run one in so many cases")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--minutes", type=float, default=math.inf, help="begin no row after that; tell which"
    )
    told = parser.parse_args()
    total, started, left_out = Tally(), time.monotonic(), 0
    for name in told.world or WORLDS:
        with ProcessPoolExecutor(told.jobs, initializer=begin, initargs=(name,)) as pool:
            work = {f"{row.name}": pool.submit(of_row, row.name, told.every) for row in ROWS}
            work |= {f"down: {how}": pool.submit(of_way, how, told.every) for how in WAYS}
            print(f"\n{name}")
            for title, future in work.items():
                if time.monotonic() - started > 60 * told.minutes:
                    for one in work.values():  # all at once: the processes are ahead of this loop
                        one.cancel()
                if future.cancelled():
                    left_out += 1
                    print(f"  {title:36} not run: the minutes are over")
                    continue
                came = future.result()
                total.add(came)
                made = ", ".join(f"{times} {what}" for what, times in sorted(came.made.items()))
                print(f"  {title:36} {came.cases:4}  broken {len(came.broken)}  {made}", flush=True)
                for one in came.broken[:5]:
                    print(f"      {one}")
                for one in came.once[:5]:
                    print(f"      once, not again: {one}")
    print(
        f"\n{total.cases} runs in {time.monotonic() - started:.0f} s, {len(total.broken)} promises "
        f"broken, {len(total.once)} once and not again; at most {total.most_requests} requests in "
        f"a run, {total.most_at_once} at once of {POOL} promised, {total.most_open} connections "
        f"open; the longest run {total.longest_s:.1f} s"
    )
    for what, times in sorted(total.made.items()):
        print(f"  {times:6} {what}")
    if left_out:
        print(f"{left_out} rows were not run, since {told.minutes:g} minutes were over")
    return 1 if total.broken else 0


if __name__ == "__main__":
    sys.exit(main())
