"""A run that is interrupted says what it knows so far, and calls nothing ok for want of answers."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from diagnose.asks import ASKS, Ask
from diagnose.collect import Reading
from diagnose.parts import Haul, Kind, Part
from diagnose.registry import load
from diagnose.sources.live import Live
from diagnose.sources.options import LiveOptions
from diagnose.sources.plans import PLANS
from tests.sources.apiserver import Cluster, Fault, healthy, kubeconfig, serving
from tests.sources.pools import OneByOne

CHECKS = load().checks
SETTLED_S = 0.3  # for answers that are on their way


def interrupted(
    cluster: Cluster, word: str, number: signal.Signals, folder: Path
) -> tuple[dict[str, Any], int, str]:
    """Return the report of a run that gets a signal while requests hang, its code, its errors.

    `word` is the pattern of what hangs.
    """
    cluster.faults[word] = Fault(how="hang")
    with serving(cluster) as url:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "diagnose", "run", "-o", "json"),
                *("--kubeconfig", str(kubeconfig(folder, url))),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "XDG_CACHE_HOME": str(folder / "cache")},
        )
        try:
            until = time.monotonic() + 60  # a busy machine takes long to start a program
            while not any(re.search(word, one) for one in list(cluster.requests)):
                assert time.monotonic() < until, "it never asked"
                assert process.poll() is None, "it ended before"
                time.sleep(0.02)
            time.sleep(SETTLED_S)
            process.send_signal(number)
            told, said = process.communicate(timeout=60)
        finally:
            process.kill()
    return json.loads(told), process.returncode, said


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_of_the_first_look_nothing_is_ok(number: signal.Signals, code: int, tmp_path: Path) -> None:
    """Interrupted before any object came: an incomplete report, without a single ok."""
    report, returned, said = interrupted(healthy(), "/api", number, tmp_path)
    assert returned == code
    assert "interrupted" in said
    assert any("interrupted" in gap["because"] for gap in report["gaps"])
    assert not [one["check"] for one in report["verdicts"] if one["status"] == "ok"]


def test_what_came_beside_a_request_that_hangs_is_kept(tmp_path: Path) -> None:
    """One answer that does not come holds back what rests on it, and nothing else."""
    report, _, _ = interrupted(healthy(), "/events", signal.SIGINT, tmp_path)
    kinds = {one["kind"] for one in report["recognised"]}
    assert {"Kubernetes objects", "log of CoreDNS"} <= kinds, report["recognised"]
    fine = {one["check"] for one in report["verdicts"] if one["status"] == "ok"}
    needs = {check.id: {ask for need in check.needs for ask in need.fact.asks} for check in CHECKS}
    assert fine
    assert not [one for one in fine if Ask.EVENTS in needs[one]]


def test_what_came_whole_before_counts(tmp_path: Path) -> None:
    """What an earlier look brought whole stays looked for; of the later one nothing does."""
    asks = frozenset(PLANS)
    objects = frozenset(ask for ask in asks if ASKS[ask].rung == 1)
    with serving(healthy()) as url:
        options = LiveOptions(kubeconfig=kubeconfig(tmp_path, url), environ={})
        session = Live(options, OneByOne())
        first = session.ask(objects)
        cut = session.so_far(asks)
    assert cut.looked == first.looked
    assert cut.parts == first.parts
    for ask in asks - objects:
        assert [gap.because for gap in cut.gaps[ask]] == ["the run was interrupted"]
    assert not [ask for ask in objects if "interrupted" in str(cut.gaps.get(ask, ""))]


LOOP = (
    '[FATAL] plugin/loop: Loop (127.0.0.1:40183 -> :53) detected for zone ".", see '
    'https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO 1234567890.987654321."\n'
)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_what_was_pasted_before_is_judged(
    number: signal.Signals, code: int, tmp_path: Path
) -> None:
    """Ctrl-C in place of Ctrl-D: what came is diagnosed, and the report is called incomplete."""
    process = subprocess.Popen(
        [sys.executable, "-m", "diagnose", "run", "--from", "-", "-o", "json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
    )
    try:
        assert process.stdin is not None
        process.stdin.write(LOOP.encode())
        process.stdin.flush()
        until = time.monotonic() + 20
        while time.monotonic() < until and not waits_for_more(process.pid):
            time.sleep(0.05)
        time.sleep(SETTLED_S)
        process.send_signal(number)
        told, said = process.communicate(timeout=60)
    finally:
        process.kill()
    report = json.loads(told)
    assert process.returncode == code
    assert b"interrupted" in said
    assert [one["check"] for one in report["causes"]] == ["loop"]
    assert any("interrupted" in gap["because"] for gap in report["gaps"])


def waits_for_more(pid: int) -> bool:
    """Whether a process has written down what it was given, and reads on."""
    folder = Path(f"/proc/{pid}/fd")
    try:
        names = [str(one.readlink()) for one in folder.iterdir()]
    except OSError:
        return False
    return any(name.endswith("/standard input") for name in names)


def test_what_was_read_before_is_judged() -> None:
    """Interrupted while it is parsed: the parts that were read count, and nothing as looked for."""
    first = Part(Kind.RESOLV_CONF, "a", "nameserver 10.0.0.1\n", whole=True)
    second = Part(Kind.RESOLV_CONF, "b", "nameserver 10.0.0.2\n", whole=True)
    reading = Reading()
    reading.of(first)
    cut = reading.so_far(Haul((first, second), looked=frozenset({Ask.RESOLV_CONF})))
    assert cut.parts == (first,)
    assert not cut.looked
    assert "interrupted" in cut.general_gaps[0].because
