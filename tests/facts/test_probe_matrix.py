"""Answers read as a pattern: what a cell says, how sure a share is, and whose answers count."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.asks import Ask
from diagnose.evidence import Evidence
from diagnose.facts.dns_answers import NameKind, PlaceKind, Server, ServerRole
from diagnose.facts.lookups import Outcome
from diagnose.facts.probe_matrix import (
    DIRECT,
    Cell,
    ClientMatrix,
    ProbeMatrix,
    State,
    bounds,
    fails,
    limits_text,
)
from diagnose.model import Gap, GapKind, Subject
from tests.facts.asked import (
    API,
    COREDNS_1,
    COREDNS_2,
    HOST_1,
    SERVICE,
    UPSTREAM,
    WEB_1,
    World,
    answered,
    right,
)
from tests.facts.items import pod

LOST = Outcome.TIMEOUT


def cell(*came: Outcome | None) -> Cell:
    """Return a cell in which this came; None is a right answer."""
    usual = right(WEB_1, SERVICE, NameKind.SERVICE, "udp")
    return Cell(tuple(answered(usual, one) for one in came))


def matrix(world: World, *items: object) -> ProbeMatrix:
    """Return the fact of a world, with further evidence."""
    looked = frozenset({Ask.DNS_ANSWERS, Ask.CLIENT_ANSWERS})
    read = Evidence(items=(*world.items(), *items), looked=looked).fetch(ProbeMatrix)
    assert isinstance(read, ProbeMatrix)
    return read


@pytest.mark.parametrize(
    ("came", "state", "lost"),
    [
        ((), State.NOT_ASKED, False),
        ((None,), State.ANSWERS, False),
        ((LOST,), State.SILENT, False),
        ((LOST, LOST), State.SILENT, True),
        ((Outcome.CONNECTION_REFUSED,), State.SILENT, True),
        ((LOST, LOST, None), State.MIXED, False),
        ((Outcome.SERVFAIL,), State.ANSWERS, False),
        ((Outcome.NOT_KNOWN,), State.NOT_ASKED, False),
    ],
)
def test_state_of_a_cell(came: tuple[Outcome | None, ...], state: State, lost: bool) -> None:
    """One lost packet may be chance, a refusal is not; an error is an answer of somebody."""
    assert (cell(*came).state, cell(*came).lost) == (state, lost)


@pytest.mark.parametrize(
    ("failed", "asked", "low", "high"),
    [(0, 10, 0.0, 0.3085), (3, 20, 0.0321, 0.3789), (10, 10, 0.6915, 1.0), (1, 2, 0.0126, 0.9874)],
)
def test_limits_of_a_share(failed: int, asked: int, low: float, high: float) -> None:
    """The limits are those of Clopper and Pearson's tables at 95 %."""
    found = bounds(failed, asked)
    assert found == pytest.approx((low, high), abs=1e-4)


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_limits_hold_the_share(one: int, other: int) -> None:
    """Whatever was counted, the share lies between its limits, and they are shares."""
    failed, asked = min(one, other), max(one, other)
    low, high = bounds(failed, asked)
    assert 0 <= low <= high <= 1
    if asked:
        assert low - 1e-6 <= failed / asked <= high + 1e-6
    assert not math.isnan(low + high)


def test_limits_in_words() -> None:
    """That nothing failed does not mean that nothing fails."""
    assert limits_text(0, 10) == "at 95 % fewer than 31 % fail"
    assert limits_text(3, 20) == "at 95 % between 3 % and 38 % fail"


@pytest.mark.parametrize(
    ("server", "kind", "came", "wrong"),
    [
        (SERVICE, NameKind.SERVICE, Outcome.NXDOMAIN, True),
        (SERVICE, NameKind.SERVICE, Outcome.NODATA, False),
        (SERVICE, NameKind.ABSENT, None, False),
        (SERVICE, NameKind.ABSENT, ("192.0.2.1",), True),
        (SERVICE, NameKind.EXTERNAL, Outcome.NXDOMAIN, False),
        (SERVICE, NameKind.EXTERNAL, Outcome.SERVFAIL, True),
        (SERVICE, NameKind.SHORT, Outcome.NOT_KNOWN, True),
        (UPSTREAM, NameKind.SERVICE, Outcome.REFUSED, False),
        (UPSTREAM, NameKind.EXTERNAL, Outcome.REFUSED, True),
        (UPSTREAM, NameKind.SERVICE, LOST, True),
    ],
)
def test_what_counts_as_failed(
    server: Server, kind: NameKind, came: Outcome | tuple[str, ...] | None, wrong: bool
) -> None:
    """What must be known to a server depends on the server and on the name."""
    assert fails(answered(right(WEB_1, server, kind, "udp"), came)) is wrong


def test_a_padded_question_only_has_to_arrive() -> None:
    """A server that finds a large question malformed has got it."""
    padded = replace(right(WEB_1, COREDNS_1, NameKind.SERVICE, "udp"), asked_bytes=1400)
    assert not fails(answered(padded, Outcome.FORMERR))
    assert fails(answered(padded, LOST))


def test_the_size_of_an_answer_that_did_not_come() -> None:
    """What others got for the same question tells, over UDP up to what was allowed."""
    usual = right(WEB_1, COREDNS_1, NameKind.EXTERNAL, "tcp")
    seen, lost = replace(usual, size=1800), replace(answered(usual, LOST), size=0)
    over_udp = replace(lost, transport="udp", payload=1232)
    fact = ProbeMatrix(origin="x", items=(seen, lost, over_udp))
    assert [fact.size_of(one) for one in fact.items] == [1800, 1800, 1232]


def test_a_server_told_by_its_address_is_its_pod() -> None:
    """A column is one server, whether its pod was told or only the address."""
    bare = replace(COREDNS_1, subject=Subject(""))
    known = replace(pod("coredns-aaaaa", node="node-1", host_network=False), ips=("10.200.0.5",))
    read = matrix(World(places=(WEB_1,), servers=(bare,)), known)
    assert [one.subject.node for one in read.servers] == ["node-1"]
    assert set(read.ways(PlaceKind.POD)) == {("node-1", "node-1")}


def test_what_went_past_the_network_has_one_place() -> None:
    """Questions through the API server are one row, whatever the recording calls it."""
    other = replace(API, subject=Subject("Node", "node-1"))
    assert matrix(World(places=(API, other))).places == (DIRECT,)


def test_where_nobody_was_asked_nothing_is_known() -> None:
    """An ask that was carried out and brought no question is a gap, no clean bill."""
    read = Evidence(looked=frozenset({Ask.DNS_ANSWERS})).fetch(ProbeMatrix)
    assert isinstance(read, Gap)
    assert read.kind is GapKind.NOT_COLLECTED


def test_answers_past_the_network_say_nothing_of_clients() -> None:
    """A fact for clients wants questions of clients."""
    evidence = Evidence(items=World(places=(API,)).items(), looked=frozenset({Ask.DNS_ANSWERS}))
    assert isinstance(evidence.fetch(ProbeMatrix), ProbeMatrix)
    assert isinstance(evidence.fetch(ClientMatrix), Gap)


def test_time_grows_with_the_questions_alone() -> None:
    """Ten thousand places with a server each are read in the time of their number."""
    usual = right(HOST_1, COREDNS_2, NameKind.SERVICE, "udp")
    items = tuple(
        replace(
            usual,
            place=replace(HOST_1, subject=Subject("Node", f"node-{number}")),
            server=Server(ServerRole.REPLICA, f"10.{number >> 8}.{number & 255}.1"),
        )
        for number in range(10_000)
    )
    began = time.perf_counter()
    fact = ProbeMatrix(origin="x", items=items)
    assert len(fact.cells) == 10_000
    assert not fact.all.failed
    assert time.perf_counter() - began < 2
