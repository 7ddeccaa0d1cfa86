"""Gathering: one pool with one deadline, and parsers whose failures cost only their part."""

import threading
from dataclasses import dataclass
from typing import ClassVar, Self

import pytest

from diagnose.asks import Ask
from diagnose.collect import Reading, asks_of, evidence_of, read
from diagnose.evidence import Evidence
from diagnose.facts.logs import not_given
from diagnose.model import Fact, Gap, GapKind, Subject
from diagnose.parts import Haul, Kind, Part
from diagnose.pool import Pool
from diagnose.registry import load
from diagnose.signatures.base import Emitter


def test_results_come_in_the_order_of_the_items() -> None:
    """However the threads finish."""
    pool = Pool(4, 10)
    assert list(pool.map(lambda number: number * 2, range(20))) == [2 * n for n in range(20)]
    pool.close()


def test_what_is_late_is_a_timeout_in_its_place() -> None:
    """One request that hangs does not cost the others."""
    gate = threading.Event()
    pool = Pool(2, 0.2)
    results = list(pool.map(lambda hang: gate.wait(5) if hang else "came", [False, True]))
    gate.set()
    pool.close()
    assert results[0] == "came"
    assert isinstance(results[1], TimeoutError)


def test_a_closed_pool_has_no_time_left() -> None:
    """An interrupt ends the waiting at once."""
    pool = Pool(1, 100)
    pool.close()
    assert pool.remaining_s() == 0


def test_every_fact_of_every_check_can_be_asked_for() -> None:
    """A check whose facts name no ask could never be answered by a live run."""
    for check in load().checks:
        assert asks_of([check]), check.id


def test_one_check_asks_for_less_than_all() -> None:
    """`--check loop` does not read the whole cluster."""
    checks = load().checks
    loop = [check for check in checks if check.id == "loop"]
    assert asks_of(loop) < asks_of(checks)
    assert Ask.DNS_LOGS in asks_of(loop)
    assert Ask.NODES not in asks_of(loop)


@dataclass(frozen=True, kw_only=True)
class Broken(Fact):
    """A fact whose reader fails."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.NODES,)

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Fail."""
        raise ValueError("boom")


def test_a_reader_that_fails_is_a_gap_named_as_ours() -> None:
    """One defect must not cost the report."""
    gap = read(Broken, Evidence())
    assert isinstance(gap, Gap)
    assert gap.kind is GapKind.CRASHED
    assert "boom" in gap.because


def test_parts_that_nobody_reads_leave_only_their_name() -> None:
    """Binary data is said to be binary data, and costs nothing."""
    evidence = evidence_of(Haul((Part(Kind.BINARY, "core"),), source="folder"))
    assert evidence.items == ()
    assert evidence.recognised[0].kind == "binary data"


def test_prompts_are_no_evidence() -> None:
    """What each part was taken for lists what was read, not the shell around it."""
    parts = (
        Part(Kind.SHELL, "paste", "$ cat /etc/resolv.conf"),
        Part(Kind.RESOLV_CONF, "paste", "nameserver 10.32.0.10", first_line=2),
    )
    evidence = evidence_of(Haul(parts))
    assert [(one.kind, one.lines) for one in evidence.recognised] == [("resolv.conf", "2-2")]


def test_a_fact_is_read_once() -> None:
    """Others are made of it, and thousands of events are not gone through for each."""
    times: list[int] = []

    @dataclass(frozen=True, kw_only=True)
    class Counted(Fact):
        """A fact that counts how often it is read."""

        @classmethod
        def read(cls, evidence: Evidence) -> Self | Gap:
            """Return it."""
            times.append(len(evidence.items))
            return cls(origin="here")

    evidence = Evidence()
    assert evidence.fetch(Counted) is evidence.fetch(Counted)
    assert len(times) == 1
    assert isinstance(Evidence(items=(1,)).fetch(Counted), Counted)
    assert times == [0, 1]


def test_the_same_part_is_read_once() -> None:
    """A run that climbs on brings the parts of its first rungs again, beside others."""
    first = Part(Kind.RESOLV_CONF, "a", "nameserver 10.0.0.1\n", whole=True)
    second = Part(Kind.RESOLV_CONF, "b", "nameserver 10.0.0.2\n", whole=True)
    reading = Reading()
    before = evidence_of(Haul((first,)), reading=reading)
    after = evidence_of(Haul((first, second)), reading=reading)
    assert after.items[: len(before.items)] == before.items
    assert after.items[0] is before.items[0]
    assert len(after.items) == 2


def test_a_text_that_told_something_is_listed() -> None:
    """What a quote is taken from is among what was read, whatever kind it has."""
    text = Part(Kind.TEXT, "a", "disable:\n  - rke2-coredns\n")
    other = Part(Kind.TEXT, "b", "nothing of interest\n")
    log = Part(Kind.LOG, "c", "[INFO] CoreDNS-1.11.1\n")
    told = [one.origin for one in evidence_of(Haul((text, other, log))).recognised]
    assert told == ["a", "c"]


@pytest.mark.parametrize(("name", "missing"), [("coredns-7c65d6cfc9-aaaaa", 1), ("", 0)])
def test_a_replica_without_a_log_is_named(name: str, missing: int) -> None:
    """Beside the log of another one; a log that names no pod may be of any."""
    rows = "".join(
        f"kube-system   coredns-7c65d6cfc9-{one}   1/1   Running   0   2h\n"
        for one in ("aaaaa", "bbbbb")
    )
    parts = (
        Part(
            Kind.LOG,
            "log",
            "CoreDNS-1.11.1\n",
            emitter=Emitter.COREDNS,
            subject=Subject("Pod", name),
        ),
        Part(Kind.TABLE, "pods", f"NAMESPACE   NAME   READY   STATUS   RESTARTS   AGE\n{rows}"),
    )
    gaps = [gap.what for gap in not_given(evidence_of(Haul(parts)))]
    assert gaps == ["the log of pod kube-system/coredns-7c65d6cfc9-bbbbb"] * missing
