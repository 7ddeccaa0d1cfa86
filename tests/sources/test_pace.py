"""How much a run asks: at once, per second, and in all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from diagnose.asks import Ask
from diagnose.pool import Pool
from diagnose.sources import pace
from diagnose.sources.pace import GENTLE_AT_ONCE, GENTLE_PER_S, Limits, Pace, limits
from tests.sources.apiserver import healthy
from tests.sources.test_live import ask


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[], float]:
    """A clock that only sleeping moves on."""
    now = [100.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(pace.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(pace.time, "sleep", sleep)
    return lambda: now[0]


def test_a_rate_is_kept(clock: Callable[[], float]) -> None:
    """Each turn comes a fifth of a second after the one before, the first at once."""
    gentle = Pace(limits(gentle=True))
    turns = []
    for _ in range(4):
        assert gentle.take(1000.0)
        turns.append(round(clock() - 100.0, 3))
    assert turns == [0.0, 0.2, 0.4, 0.6]


def test_nobody_waits_beyond_the_end(clock: Callable[[], float]) -> None:
    """A turn that would come after the deadline is waited for until then and no longer."""
    slow = Pace(Limits(per_s=0.001))
    assert slow.take(130.0)
    assert slow.take(130.0)
    assert clock() == 130.0


def test_the_usual_run_waits_for_nothing(clock: Callable[[], float]) -> None:
    """Without a rate no time is spent."""
    usual = Pace(limits(gentle=False))
    assert all(usual.take(1000.0) for _ in range(100))
    assert clock() == 100.0


def test_a_budget_is_the_same_for_all_threads() -> None:
    """Of a hundred that ask at once as many are let through as there is room for."""
    shared = Pace(Limits(most=17))
    with ThreadPoolExecutor(20) as threads:
        let = list(threads.map(lambda _: shared.take(time.monotonic() + 1), range(100)))
    assert let.count(True) == 17


def test_a_budget_that_is_used_up_is_a_gap(tmp_path: Path) -> None:
    """What was asked for is kept, what was not is named with the option that allows it."""
    cluster = healthy()
    haul = ask(cluster, tmp_path, limits=Limits(most=12))
    assert len(cluster.requests) == 12
    assert haul.parts
    gaps = [gap for several in haul.gaps.values() for gap in several]
    used_up = [gap for gap in gaps if "requests are used up" in gap.because]
    assert used_up
    assert any(gap.ask == "allow more with --max-requests" for gap in used_up)
    assert Ask.DNS_LOGS in haul.gaps


def test_streams_count_too(tmp_path: Path) -> None:
    """A command or a port-forward is a request like any other."""
    cluster = healthy()
    ask(cluster, tmp_path, Ask.DNS_ANSWERS, limits=Limits(most=1000))
    all_of_them = len(cluster.requests)
    bounded = healthy()
    ask(bounded, tmp_path, Ask.DNS_ANSWERS, limits=Limits(most=all_of_them - 1))
    assert len(bounded.requests) == all_of_them - 1


def test_a_gentle_run_has_two_requests_under_way(tmp_path: Path) -> None:
    """The number of threads bounds what is asked at once."""
    gentle = limits(gentle=True)
    assert (gentle.at_once, gentle.per_s) == (GENTLE_AT_ONCE, GENTLE_PER_S) == (2, 5.0)
    pool = Pool(gentle.at_once, 30)
    busy, most, lock = [0], [0], threading.Lock()

    def step(_: int) -> None:
        with lock:
            busy[0] += 1
            most[0] = max(most[0], busy[0])
        time.sleep(0.005)
        with lock:
            busy[0] -= 1

    work = pool.work(step)
    for number in range(20):
        work.add(number)
    assert {work.take()[0] for _ in range(20)} == set(range(20))
    assert most[0] == 2
