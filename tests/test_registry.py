"""The set of checks is consistent, and a wrong word is answered with the right one."""

import importlib.metadata
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from diagnose import registry
from diagnose.check import check, needs_of
from diagnose.model import Check, Fact, Finding, GapKind, Severity
from diagnose.registry import Registry, RegistryError, UnknownCheck, consistent, verify


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


def install(folder: Path, module: str) -> None:
    """Lay out an installed package that names a module of checks."""
    info = folder / "theirs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[corediag.checks]\ntheirs = {module}\n")


@pytest.fixture
def anew() -> Iterator[None]:
    """Have the registry loaded by this test, and by the next."""
    registry.load.cache_clear()
    yield
    registry.load.cache_clear()


@pytest.mark.usefixtures("anew")
@pytest.mark.parametrize(
    ("code", "because"),
    [
        ("raise RuntimeError('no licence')", "RuntimeError: no licence"),
        ("import sys; sys.exit(3)", "ends the program: SystemExit: 3"),
        ("import no_such_module", "No module named 'no_such_module'"),
        ("x = (", "SyntaxError"),
        ("while True: pass", "did not end within"),
        (
            "import time\ntry:\n    time.sleep(60)\nexcept BaseException:\n    time.sleep(60)",
            "did not end within",
        ),
        ("answer = 42", "defines no check"),
    ],
)
def test_foreign_package_that_fails_is_a_gap(
    code: str,
    because: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A broken plugin is named in the report and stops nothing, and cannot write into it."""
    (tmp_path / "their_checks.py").write_text(f"print('loading')\n{code}\n")
    install(tmp_path, "their_checks")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(registry, "LONGEST_IMPORT_S", 0.2)
    monkeypatch.setattr(registry, "AGAIN_S", 0.1)
    monkeypatch.delitem(sys.modules, "their_checks", raising=False)
    loaded = registry.load()
    assert any(one.id == "loop" for one in loaded.checks)
    assert [gap.kind for gap in loaded.gaps] == [GapKind.CRASHED]
    assert "theirs" in loaded.gaps[0].what
    assert because in loaded.gaps[0].because
    assert not capsys.readouterr().out


@pytest.mark.usefixtures("anew")
def test_an_interrupt_is_no_failure_of_a_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while a package is imported ends the run."""
    (tmp_path / "their_checks.py").write_text("raise KeyboardInterrupt")
    install(tmp_path, "their_checks")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "their_checks", raising=False)
    with pytest.raises(KeyboardInterrupt):
        registry.load()


def test_packages_that_contradict_are_left_out() -> None:
    """Those that agree stay, in whichever order they explain each other."""
    own = [make("ours")]
    foreign = {
        "takes an id": (make("more"), make("ours")),
        "explains a later one": (make("early", "late"),),
        "is explained": (make("late"),),
        "explains nothing there": (make("lost", "nowhere"),),
    }
    kept, wrong = consistent(own, foreign)
    assert {one.id for one in kept} == {"ours", "early", "late"}
    assert set(wrong) == {"takes an id", "explains nothing there"}
    assert "ours is used" in wrong["takes an id"]
    assert consistent(own, {"a": (make("late"),)})[1] == {}


@pytest.mark.parametrize("archive", [False, True])
def test_entry_points_are_those_that_python_finds(
    archive: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though importlib.metadata is asked only where there may be any; also inside an archive."""
    assert tuple(registry.entry_points()) == tuple(
        importlib.metadata.entry_points(group="corediag.checks")
    )
    install(tmp_path, "theirs.checks")
    path = shutil.make_archive(str(tmp_path / "all"), "zip", tmp_path) if archive else str(tmp_path)
    monkeypatch.syspath_prepend(path)
    assert [entry.value for entry in registry.entry_points()] == ["theirs.checks"]


def test_the_files_looked_at_are_those_that_python_reads() -> None:
    """One per installed distribution, as importlib.metadata finds them."""
    found = {str(path) for path in registry.entry_point_files() if path.is_file()}
    read = {
        str(distribution.locate_file(file))
        for distribution in importlib.metadata.distributions()
        for file in distribution.files or ()
        if file.name == "entry_points.txt" and len(file.parts) == 2
    }
    assert read
    assert read <= found


def test_this_distribution_is_consistent() -> None:
    """Ids, edges and cycles of our own checks, as every start verifies them."""
    verify(registry.load().checks)
