"""Times runs over long logs, from a file and from a pipe, side by side with rg or grep.

The rival looks for the same literals and counts the lines that hold one. Both are started anew for
each round, in turn, so that what else the machine does meets both; the medians are printed. The
logs are made anew in a temporary folder: of a busy pod of CoreDNS with its query log on, and as a
node's collector mixes several programs' lines.
Run as `python -m bench.scan [--mb 1000] [--rounds 5]`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tabulate import tabulate

from diagnose.parsers.log_crew import hands_for
from diagnose.parsers.log_search import literals

MB = 1_000_000
DEFAULT_MB = 200
ROUNDS = 3
POOL = 60_000  # lines that a log is made of, in another order each time
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
KLOG = (
    'I1125 10:00:{s:02d}.{us:06d}       1 proxier.go:828] "SyncProxyRules complete" '
    'elapsed="{us}us"',
    "E1125 10:00:{s:02d}.{us:06d}       1 reflector.go:147] pkg/mod/k8s.io/client-go@v0.29.3/tools/"
    "cache/reflector.go:229: Failed to watch *v1.Service: failed to list *v1.Service: Get "
    '"https://10.96.0.1:443/api/v1/services?limit=500&resourceVersion=0": dial tcp '
    "10.96.0.1:443: i/o timeout",
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


def coredns(random_: random.Random, faults: float) -> list[str]:
    """Return lines of CoreDNS; `faults` is the share of error lines among them."""
    lines = queries(random_)
    pool = [next(lines) for _ in range(POOL)]
    for number in range(int(faults * POOL)):
        pool[random_.randrange(POOL)] = FAULT.format(port=32768 + number % 28000)
    return pool


def mixed(random_: random.Random) -> list[str]:
    """Return lines of CoreDNS and of kube-proxy, as docker and CRI runtimes write them."""

    def wrapped(line: str) -> str:
        at = f"2025-11-25T10:00:{random_.randrange(60):02d}.{random_.randrange(10**9):09d}Z"
        if random_.random() < 0.5:
            return f"{at} stdout F {line}"
        record = {"log": line + "\n", "stream": "stdout", "time": at}
        return json.dumps(record, separators=(",", ":"))

    def proxy() -> str:
        template = KLOG[random_.random() < 0.01]
        return template.format(s=random_.randrange(60), us=random_.randrange(10**6))

    return [wrapped(line if random_.random() < 0.8 else proxy()) for line in coredns(random_, 0.01)]


LOGS: dict[str, Callable[[random.Random], list[str]]] = {
    "healthy": lambda random_: coredns(random_, 0.0),
    "1 % errors": lambda random_: coredns(random_, 0.01),
    "30 % errors": lambda random_: coredns(random_, 0.3),
    "mixed": mixed,
}


def write(path: Path, megabytes: int, pool: list[str]) -> None:
    """Write a log of about that size."""
    random_ = random.Random(1)
    size = 0
    with path.open("w") as out:
        size += out.write("\n".join(HEAD) + "\n")
        while size < megabytes * MB:
            random_.shuffle(pool)
            size += out.write("\n".join(pool) + "\n")


@dataclass(frozen=True)
class Took:
    """What a run took: seconds on the clock and of processors, and bytes of memory at its peak."""

    wall_s: float
    cpu_s: float
    memory: int


def timed(command: Sequence[str], path: Path, piped: bool) -> Took:
    """Return what a command takes that reads a log as its last argument, or from a pipe."""
    before = os.times()
    begin = time.perf_counter()
    source = None
    if piped:
        source = subprocess.Popen(["cat", str(path)], stdout=subprocess.PIPE)
    process = subprocess.Popen(
        [*command, "-" if piped else str(path)],
        stdin=source.stdout if source else subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    if source and source.stdout:
        source.stdout.close()
    peak = [0]
    watcher = threading.Thread(target=watch, args=(process, peak))
    watcher.start()
    code = process.wait()
    wall_s = time.perf_counter() - begin
    watcher.join()
    if source:
        source.wait()
    after = os.times()
    if code not in (0, 1, 3):
        raise SystemExit(f"{command[0]} ended with {code}")
    cpu_s = sum(after[2:4]) - sum(before[2:4])
    return Took(wall_s, cpu_s, peak[0])


def watch(process: subprocess.Popen[bytes], peak: list[int]) -> None:
    """Note the most memory that a process and its children have together, shared pages once."""
    while process.poll() is None:
        try:
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            sizes = [proportional(int(pid)) for pid in (str(process.pid), *children)]
            peak[0] = max(peak[0], sum(sizes))
        except OSError:  # it ended meanwhile, or the system does not tell
            pass
        time.sleep(0.05)


def proportional(pid: int) -> int:
    """Return the bytes of memory of a process, of shared pages its share."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def rival(folder: Path) -> Sequence[str]:
    """Return the command that counts the lines that hold a literal."""
    patterns = folder / "literals"
    texts = {text.strip("\n") for text in literals(routine=False).texts}
    patterns.write_text("\n".join(sorted(texts)) + "\n")
    if shutil.which("rg"):
        return ("rg", "--count", "--no-config", "-F", "-f", str(patterns))
    return ("grep", "-c", "-F", "-f", str(patterns))


def main(megabytes: int = DEFAULT_MB, rounds: int = ROUNDS) -> None:
    """Print what both take, for each log and way."""
    rows = []
    ours = (sys.executable, "-m", "diagnose", "run", "--from")
    with tempfile.TemporaryDirectory(prefix="corediag-bench-") as name:
        folder = Path(name)
        theirs = rival(folder)
        for what, made in LOGS.items():
            path = folder / "coredns.log"
            write(path, megabytes, made(random.Random(2)))
            size = path.stat().st_size / MB
            for piped in (False, True):
                taken: dict[Sequence[str], list[Took]] = {ours: [], theirs: []}
                for _ in range(rounds):
                    for command, each in taken.items():
                        each.append(timed(command, path, piped))
                own, other = taken[ours], taken[theirs]
                own_s = statistics.median(one.wall_s for one in own)
                other_s = statistics.median(one.wall_s for one in other)
                rows.append(
                    (
                        what,
                        "pipe" if piped else "file",
                        f"{size / own_s:.0f}",
                        f"{size / other_s:.0f}",
                        f"{other_s / own_s:.2f}",
                        f"{statistics.median(one.cpu_s for one in own) / size * 1000:.1f}",
                        f"{statistics.median(one.cpu_s for one in other) / size * 1000:.1f}",
                        f"{max(one.memory for one in own) / 1024**2:.0f}",
                    )
                )
    program = theirs[0]
    headers = (
        *("log", "from", "corediag MB/s", f"{program} MB/s", "ratio"),
        *("corediag CPU s/GB", f"{program} CPU s/GB", "peak MiB"),
    )
    print(tabulate(rows, headers=headers, disable_numparse=True))
    load = os.getloadavg()[0]
    hands = hands_for(megabytes * MB)
    print(f"{hands or 'no'} further processes, {engine()}; load of the machine {load:.1f}")


def engine() -> str:
    """Return which engine looks for the literals."""
    try:
        import hyperscan  # noqa: F401, PLC0415  it may not be there
    except ImportError:
        return "ahocorasick_rs"
    return "hyperscan"


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--mb", type=int, default=DEFAULT_MB)
    options.add_argument("--rounds", type=int, default=ROUNDS)
    chosen = options.parse_args()
    main(chosen.mb, chosen.rounds)
