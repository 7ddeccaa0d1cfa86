"""Times the scan of a long CoreDNS log, side by side with rg or grep over the same literals.

The log is that of a busy healthy pod with its query log on, made anew in a temporary folder.
Run as `python -m bench.scan [MB]`.
"""

from __future__ import annotations

import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tabulate import tabulate

from diagnose.facts.logs import LogStream
from diagnose.parsers import logs
from diagnose.parsers.log_search import literals
from diagnose.parts import Kind, Part
from diagnose.signatures.base import Emitter

MB = 1_000_000
DEFAULT_MB = 200
ROUNDS = 3
HEAD = (
    ".:53",
    "[INFO] plugin/reload: Running configuration SHA512 = " + "591cf328" * 16,
    "CoreDNS-1.12.4",
    "linux/amd64, go1.24.6, 9b8df5a",
)
SERVICES = ("kubernetes.default", "api.shop", "db.shop", "auth.platform", "queue.platform")
OUTSIDE = ("api.example.com", "registry.example.org", "time.example.net")
SEARCH = ("shop.svc.cluster.local", "svc.cluster.local", "cluster.local")
FAULT = (
    "[ERROR] plugin/errors: 2 api.example.com. A: read udp "
    "10.244.0.5:{port}->10.0.0.2:53: i/o timeout"
)


def queries(random_: random.Random) -> Iterator[str]:
    """Yield query log lines as programs in pods cause them: service names, and search lists."""
    while True:
        client = f"10.244.{random_.randrange(8)}.{random_.randrange(2, 250)}"
        client += f":{random_.randrange(32768, 61000)} - {random_.randrange(65536)}"
        if random_.random() < 0.6:
            name = f"{random_.choice(SERVICES)}.svc.cluster.local."
            answer = "NOERROR qr,aa,rd"
        elif random_.random() < 0.6:
            name = f"{random_.choice(OUTSIDE)}.{random_.choice(SEARCH)}."
            answer = "NXDOMAIN qr,aa,rd"
        else:
            name = f"{random_.choice(OUTSIDE)}."
            answer = "NOERROR qr,rd,ra"
        for qtype in ("A", "AAAA"):
            size = len(name) + 18
            yield (
                f'[INFO] {client} "{qtype} IN {name} udp {size} false 512" '
                f"{answer} {2 * size} 0.{random_.randrange(60_000, 400_000):09d}s"
            )


def write(path: Path, megabytes: int, faults: float) -> None:
    """Write a log of about that size; `faults` is the share of error lines among the lines."""
    random_ = random.Random(1)
    lines = queries(random_)
    pool = [next(lines) for _ in range(60_000)]
    for number in range(int(faults * len(pool))):
        pool[random_.randrange(len(pool))] = FAULT.format(port=32768 + number % 28000)
    size = 0
    with path.open("w") as out:
        size += out.write("\n".join(HEAD) + "\n")
        while size < megabytes * MB:
            random_.shuffle(pool)
            size += out.write("\n".join(pool) + "\n")


def scan(path: Path) -> tuple[float, int]:
    """Return the best of a few times of the scan, and how many lines match."""
    part = Part(Kind.LOG, path.name, path=path, emitter=Emitter.COREDNS)
    taken, found = [], 0
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        items = logs.parse(part).items
        taken.append(time.perf_counter() - begin)
        found = sum(sum(one.counts.values()) for one in items if isinstance(one, LogStream))
    return min(taken), found


def rival() -> Sequence[str]:
    """Return the command that finds lines with literals, without the file of literals."""
    if shutil.which("rg"):
        return ("rg", "--count", "--no-config", "-j", "1", "-F", "-f")
    return ("grep", "-c", "-F", "-f")


def search(path: Path, folder: Path) -> float:
    """Return the best of a few times in which the rival looks for the same literals."""
    wordings = (one for several in literals(routine=False).wordings for one in several)
    patterns = folder / "literals"
    patterns.write_text("\n".join(sorted({one.literal for one in wordings})) + "\n")
    taken = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        command = [*rival(), str(patterns), str(path)]
        subprocess.run(command, stdout=subprocess.PIPE, check=False)  # grep stops early else
        taken.append(time.perf_counter() - begin)
    return min(taken)


def main(megabytes: int = DEFAULT_MB) -> None:
    """Print throughput beside the rival's, for a healthy log and for a failing one."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="corediag-bench-") as name:
        folder = Path(name)
        for what, faults in (("healthy", 0.0), ("1 % errors", 0.01), ("30 % errors", 0.3)):
            path = folder / "coredns.log"
            write(path, megabytes, faults)
            size = path.stat().st_size / MB
            ours, found = scan(path)
            theirs = search(path, folder)
            rows.append(
                (what, f"{size / ours:.0f}", f"{size / theirs:.0f}", f"{theirs / ours:.2f}", found)
            )
    headers = ("log", "corediag MB/s", f"{rival()[0]} MB/s", "ratio", "matches")
    print(tabulate(rows, headers=headers))
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_MB)
