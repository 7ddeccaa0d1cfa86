"""The set of checks is consistent, and a wrong word is answered with the right one."""

import importlib.metadata
from collections.abc import Iterator

import pytest

from diagnose import registry
from diagnose.check import check, needs_of
from diagnose.model import Check, Fact, Finding, GapKind, Severity
from diagnose.registry import Registry, RegistryError, UnknownCheck, verify


class Something(Fact):
    """A fact."""


def make(name: str, *explains: str, also: tuple[str, ...] = ()) -> Check:
    """Return a check of that name."""

    def find(fact: Something) -> Iterator[Finding]:
        yield from ()

    find.__name__ = name
    decorate = check(
        title=name, severity=Severity.WARNING, family="fam", explains=explains, also=also
    )
    return decorate(find)


def test_double_id() -> None:
    """Two checks cannot have one id, nor one the further id of another."""
    with pytest.raises(RegistryError, match="a-b is used"):
        verify([make("a_b"), make("c", also=("a-b",))])


def test_unknown_edge() -> None:
    """An edge to nowhere is a defect."""
    with pytest.raises(RegistryError, match="explains nowhere"):
        verify([make("a", "nowhere")])


def test_cycle() -> None:
    """A cycle is named as it runs."""
    with pytest.raises(RegistryError, match=r"circle: .*a -> .*b"):
        verify([make("a", "b"), make("b", "c"), make("c", "a")])


def test_diamond_is_no_cycle() -> None:
    """Two ways to one effect are allowed."""
    verify([make("a", "b", "c"), make("b", "d"), make("c", "d"), make("d")])


def test_select_by_id_glob_layer_and_skip() -> None:
    """Words may be ids, further ids, globs, layers or families; skipping takes away."""
    checks = (make("loop", also=("old-loop",)), make("loop_undetected"), make("other"))
    known = Registry(checks)
    assert [one.id for one in known.select(["loop"])] == ["loop"]
    assert [one.id for one in known.select(["old-loop"])] == ["loop"]
    assert [one.id for one in known.select(["loop*"])] == ["loop", "loop-undetected"]
    assert len(known.select(["fam"])) == 3
    assert [one.id for one in known.select([], ["loop*"])] == ["other"]


def test_did_you_mean() -> None:
    """A slip of the finger is answered with the id that was meant."""
    known = Registry((make("loop"), make("coredns_crashloop")))
    with pytest.raises(UnknownCheck, match="did you mean loop"):
        known.select(["lop"])


def test_needs_come_from_the_signature() -> None:
    """`X` is required, `X | None` is optional, anything else is refused."""

    def good(fact: Something, more: Something | None) -> Iterator[Finding]:
        yield from ()

    def bad(fact: int) -> Iterator[Finding]:
        yield from ()

    def loose(fact: Something | None) -> Iterator[Finding]:
        yield from ()

    assert [need.required for need in needs_of(good)] == [True, False]
    with pytest.raises(TypeError, match="not a fact"):
        needs_of(bad)
    with pytest.raises(TypeError, match="no required fact"):
        needs_of(loose)


def test_foreign_package_that_fails_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken plugin is named in the report and stops nothing."""

    class Entry:
        name = "theirs"
        value = "theirs.checks"

        def load(self) -> object:
            raise ImportError("no module named theirs")

    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [Entry()])
    registry.load.cache_clear()
    try:
        loaded = registry.load()
    finally:
        registry.load.cache_clear()
    assert [gap.kind for gap in loaded.gaps] == [GapKind.CRASHED]
    assert "theirs" in loaded.gaps[0].what


def test_this_distribution_is_consistent() -> None:
    """Ids, edges and cycles of our own checks, as every start verifies them."""
    verify(registry.load().checks)
