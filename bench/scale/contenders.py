"""What is measured: corediag, the least that its requests can take, and other tools."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.scale.relay import Asked, Relay, kubeconfig
from bench.scale.server import Cluster
from bench.scale.shape import API_ADDRESS, API_PORT
from bench.startup import environment
from lab.process import LabError, output

COREDIAG = str(Path(sys.executable).with_name("corediag"))
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
LONGEST_S = 100.0  # that any command may take
SLOW_S = 15.0  # a command that takes longer is not repeated as often
SLOW_ROUNDS = 2
FLOOR = "bare transfer"
RUNG_1 = "corediag run --rung 1"
SECTIONS = "cm,dp,ds,no,np,ns,po,svc"  # of popeye: what has to do with DNS


@dataclass(frozen=True)
class Contender:
    """A command by the kubeconfig that it is given; `report` that it prints corediag's JSON."""

    name: str
    words: tuple[str, ...]
    states: frozenset[str] | None = None  # in which it runs; None: all
    report: bool = False

    def command(self, path: Path) -> list[str]:
        """Return the command for a kubeconfig."""
        return [word.replace("KUBECONFIG", str(path)) for word in self.words]


@dataclass(frozen=True)
class Spent:
    """What one run of a command took."""

    wall_s: float
    cpu_s: float
    rss_mb: float
    server_cpu_s: float
    status: int


@dataclass(frozen=True)
class Recorded:
    """What a command asked in the run that was watched, and what it printed.

    `before_s` is the time until its first request, `after_s` that since its last answer.
    """

    asked: tuple[Asked, ...]
    received_bytes: int
    took_s: float
    before_s: float
    after_s: float
    status: int
    printed: str


def contenders(kubectl: Path, *, alone: bool = False) -> list[Contender]:
    """Return what is measured on this machine, the floor aside; `alone`: no other tools."""
    run = (COREDIAG, "run", "--kubeconfig", "KUBECONFIG", "-o", "json")
    healthy = frozenset({"healthy"})
    found = [
        Contender("corediag run", run, report=True),
        Contender(RUNG_1, (*run, "--rung", "1"), report=True),
        Contender("corediag run --rung 2", (*run, "--rung", "2"), report=True),
    ]
    if alone:
        return found
    get = (str(kubectl), "--kubeconfig", "KUBECONFIG", "get", "pods", "-A")
    found.append(Contender("kubectl get pods -A", get, healthy))
    if popeye := shutil.which("popeye"):
        some = (popeye, "--kubeconfig", "KUBECONFIG", "-n", "kube-system", "-s", SECTIONS)
        found.append(Contender("popeye, DNS sections of kube-system", some, healthy))
    if k8sgpt := shutil.which("k8sgpt"):
        analyze = (k8sgpt, "analyze", "--kubeconfig", "KUBECONFIG")
        found += [
            Contender("k8sgpt analyze -n kube-system", (*analyze, "-n", "kube-system"), healthy),
            Contender("k8sgpt analyze", analyze, healthy),
        ]
    return found


def versions(kubectl: Path) -> dict[str, str]:
    """Return the versions of what is measured, by name; that a tool is not here is said."""
    found = {
        "corediag": output(COREDIAG, "--version"),
        "Python": sys.version.split()[0],
        "kubectl": output(kubectl, "version", "--client").splitlines()[0],
    }
    for name, word in (("popeye", "version"), ("k8sgpt", "version")):
        if path := shutil.which(name):
            told = COLOURS.sub("", output(path, word))
            found[name] = next((line for line in told.splitlines() if "ersion" in line), told[:80])
        else:
            found[name] = "not on PATH, not measured"
    return found


class Watch:
    """Runs commands by the small process that times them."""

    def __init__(self, folder: Path) -> None:
        """Start that process; the folder keeps bytecode, and what is printed."""
        self.folder = folder
        self._env = environment(folder)
        self._process = subprocess.Popen(
            [sys.executable, "-S", str(Path(__file__).with_name("stopwatch.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Watch:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End that process."""
        self._process.kill()
        self._process.communicate()

    def run(
        self, command: Sequence[str], server_cpu_s: Callable[[], float], extra: Mapping[str, str]
    ) -> tuple[Spent, str]:
        """Return what a command took, and what it printed."""
        out = self.folder / "printed"
        asked = {
            "command": list(command),
            "env": {**self._env, **extra},
            "timeout_s": LONGEST_S,
            "out": str(out),
        }
        if self._process.stdin is None or self._process.stdout is None:
            raise LabError("the stopwatch has no pipes")
        before = server_cpu_s()
        print(json.dumps(asked), file=self._process.stdin, flush=True)
        told: dict[str, Any] = json.loads(self._process.stdout.readline())
        spent = Spent(
            told["wall_s"],
            told["cpu_s"],
            told["rss_mb"],
            server_cpu_s() - before,
            int(told["status"]),
        )
        return spent, out.read_text(errors="replace")


def recorded(one: Contender, cluster: Cluster, watch: Watch) -> Recorded:
    """Return what a command asks, in a run through the relay that is not timed."""
    path = cluster.folder / "relayed.conf"
    begin = time.perf_counter()
    with Relay(API_ADDRESS, API_PORT, cluster.folder / "pki") as relay:
        path.write_text(kubeconfig(relay.port))
        spent, printed = watch.run(one.command(path), lambda: 0.0, {})
    end = time.perf_counter()
    return Recorded(
        asked=tuple(relay.asked),
        received_bytes=relay.received,
        took_s=end - begin,
        before_s=relay.first_at - begin,
        after_s=end - relay.last_at,
        status=spent.status,
        printed=printed,
    )


def floor(asked: Sequence[Asked], cluster: Cluster) -> Contender:
    """Return the bare transfer of some requests."""
    pki = cluster.folder / "pki"
    told = {
        "host": API_ADDRESS,
        "port": API_PORT,
        "ca": str(pki / "ca.crt"),
        "certificate": str(pki / "admin.crt"),
        "key": str(pki / "admin.key"),
        "requests": [
            {"method": each.method, "target": each.target, "headers": each.headers}
            for each in asked
            if not each.upgrade and each.method == "GET"
        ],
    }
    with tempfile.NamedTemporaryFile("w", dir=cluster.folder, suffix=".json", delete=False) as out:
        json.dump(told, out)
    return Contender(FLOOR, (sys.executable, "-m", "bench.scale.floor", out.name))


def source() -> dict[str, str]:
    """Return the environment in which the bench's own programs are found."""
    return {"PYTHONPATH": str(Path(__file__).resolve().parents[2]), "PATH": os.environ["PATH"]}
