"""Each request of a run meets each fault: the run ends in time, and says what it did not see.

The whole product takes minutes; here a part of it is run that is spread over requests and faults.
COREDIAG_FIRE=whole runs all of it, and so does `python -m tests.fire`, which prints a table too.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from diagnose.model import Status
from diagnose.sources.plans.base import Run
from tests.fire import certificates, product
from tests.fire.faults import BY_NAME, ROWS
from tests.fire.product import Case, Tally, World, cases, dies, expires, opened, sample_of, tally
from tests.fire.worlds import WORLDS

WHOLE = os.environ.get("COREDIAG_FIRE") == "whole"
EVERY = 1 if WHOLE else 24  # of the product
STEP = 1 if WHOLE else 9  # of the requests after which a server goes down
WAYS = ("hang", "reset", "refuse", "503", "429")
GROUP = 10  # faults of one test
GROUPS = [ROWS[start : start + GROUP] for start in range(0, len(ROWS), GROUP)]


@pytest.fixture(scope="module")
def open_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], World]]:
    """Return a function that opens a world once."""
    with ExitStack() as closing:

        @functools.cache
        def world(name: str) -> World:
            folder = tmp_path_factory.mktemp(name)
            return closing.enter_context(opened(name, folder))

        yield world


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("number", range(len(GROUPS)))
def test_every_request_meets_every_fault(
    world: str,
    number: int,
    open_world: Callable[[str], World],
    record_property: Callable[[str, object], None],
) -> None:
    """Whatever a request brings, the promises hold that product.broken names."""
    own = open_world(world)
    every = list(cases(own, GROUPS[number]))
    total = tally(own, sample_of(every, EVERY) if EVERY > 1 else every)
    record_property("counts", counts_of(total))
    assert total.cases
    assert not total.broken, "\n".join(total.broken[:20])


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("world", WORLDS)
def test_a_server_goes_down_after_any_request(
    world: str,
    how: str,
    open_world: Callable[[str], World],
    record_property: Callable[[str, object], None],
) -> None:
    """What came before is kept, what would have come after is named, and nothing is called ok."""
    own = open_world(world)
    total = Tally()
    for after in range(0, len(own.requests) + 1, STEP):
        run_it = functools.partial(dies, own, after, how)
        total.add(product.counted_twice(own, f"{how} after {after}", run_it))
    record_property("counts", counts_of(total))
    assert not total.broken, "\n".join(total.broken[:20])


@pytest.mark.parametrize("world", WORLDS)
def test_a_certificate_has_expired_by_any_request(
    world: str,
    open_world: Callable[[str], World],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """A certificate that is refused is a gap like others; credentials are not sent past it."""
    if not certificates.available():
        pytest.skip("certificates are made by openssl")
    own, authority, total = open_world(world), certificates.make(tmp_path), Tally()
    for number in range(1, len(own.requests) + 1, STEP):
        made, broken = expires(own, number, authority)
        total.add(product.counted_as(own, made, [f"connection {number}: {x}" for x in broken]))
        assert any(one.trouble == "the encrypted connection fails" for one in made.exchanges)
    record_property("counts", counts_of(total))
    assert not total.broken, "\n".join(total.broken[:20])


# ---------------------------------------------------------------- the promises can be broken


def test_a_gap_that_is_not_named_is_noticed(
    open_world: Callable[[str], World], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that forgets its gaps calls things ok for want of answers; the product tells."""
    own = open_world("has_another_bridge")
    (events,) = (one for one in own.requests if "/events?" in one)
    case = Case(own.name, events, "500")
    assert not product.tried(own, case)[1]
    monkeypatch.setattr(Run, "gap", lambda *_, **__: None)
    _, broken = product.tried(own, case)
    assert any("no gap is named" in one for one in broken)
    assert any("cni0-conflict is ok, and was PROBLEM" in one for one in broken)


def test_a_second_attempt_that_comes_too_early_is_noticed(
    open_world: Callable[[str], World], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So is one that does not wait as it was told, or that asks again and again."""
    own = open_world("loops")
    (nodes,) = (one for one in own.requests if "/nodes?limit" in one)
    case = Case(own.name, nodes, "429, after 1 s")
    assert not product.tried(own, case)[1]
    monkeypatch.setattr("diagnose.sources.http.wait_before_again", lambda _: 0.0)
    _, broken = product.tried(own, case)
    assert any("told 1 s" in one for one in broken)


def test_every_kind_of_request_is_there(open_world: Callable[[str], World]) -> None:
    """A run of a healthy cluster makes lists, gets, logs, proxied requests and both streams."""
    requests = open_world("healthy").requests
    kinds = (
        "/pods?",
        "/configmaps/",
        "/log?",
        ":8181/proxy",
        "/configz",
        "/portforward?",
        "/exec?",
    )
    assert all(any(kind in one for one in requests) for kind in kinds)
    assert Status.OK in open_world("healthy").clean.statuses.values()
    assert set(BY_NAME) == {case.row for case in cases(open_world("healthy"))}


def counts_of(total: Tally) -> dict[str, int]:
    """Return what a test run adds up and prints at its end."""
    return {"runs of requests x faults": total.cases, **total.made}
