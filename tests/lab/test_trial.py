"""What a trial calls wrong."""

from typing import Any

from lab.fault import Expect
from lab.trial import Said, faults_of

EXPECT = Expect(first=("deep", "loop"), folded=("coredns-crashloop",), beside=("other",))


def cause(check: str, *explains: str, proven: bool = True, severity: str = "critical") -> Any:
    """Return a cause as the report holds it."""
    return {"check": check, "explains": explains, "proven": proven, "severity": severity}


def wrong(*causes: Any, expect: Expect = EXPECT) -> list[str]:
    """Return what is wrong with a report of these causes."""
    return faults_of(Said({"causes": list(causes)}, 1.0), expect, "live")


def test_expected_report_is_right() -> None:
    """The cause, its consequence folded, a cause that may stand beside it, and a note."""
    note = cause("note", severity="info")
    assert not wrong(cause("loop", "coredns-crashloop"), cause("other"), note)


def test_other_first_cause_is_wrong() -> None:
    """Another check in the first place is wrong, and only that is said."""
    assert wrong(cause("other"), cause("loop")) == ["live: first cause is other, not deep or loop"]


def test_no_cause_is_wrong_where_a_fault_is_staged() -> None:
    """Silence about a fault is wrong."""
    assert wrong() == ["live: first cause is none, not deep or loop"]


def test_unproven_unfolded_and_unrelated_are_wrong() -> None:
    """The deepest cause has to be proven; any can lack its consequence, or have company."""
    said = wrong(cause("deep", proven=False), cause("coredns-crashloop"))
    assert [line.removeprefix("live: ") for line in said] == [
        "deep is not proven",
        "coredns-crashloop is not folded under deep",
        "coredns-crashloop as a further cause",
    ]


def test_any_cause_is_wrong_in_health() -> None:
    """A healthy cluster has no cause, but may have notes."""
    healthy = Expect(first=())
    assert not wrong(cause("note", severity="info"), expect=healthy)
    assert wrong(cause("loop"), expect=healthy) == ["live: loop where nothing is wrong"]
