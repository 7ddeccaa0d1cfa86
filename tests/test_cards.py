"""The cards of the checks: as the checks declare them, at once after any change."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from diagnose import registry
from diagnose.cards import card_of, cards_of, known

HERE = Path(__file__).parent.parent
CHECK = '''
from collections.abc import Iterator

from diagnose.check import check
from diagnose.model import Fact, Finding, Severity


@check(title="{title}", severity=Severity.INFO, family="theirs")
def {name}(fact: Fact) -> Iterator[Finding]:
    """Find nothing."""
    yield from ()
'''


def test_cards_survive_json() -> None:
    """What is kept is what was told, needs included."""
    cards = tuple(map(card_of, registry.load().checks))
    assert any(need.asks for card in cards for need in card.needs)
    assert cards_of(json.loads(json.dumps(cards))) == cards


@pytest.mark.parametrize("rows", [None, 1, [1], [[]], ["abc"], [["id"] * 9], {"a": 1}])
def test_what_is_no_card_is_none(rows: object) -> None:
    """Of another shape than ours: the checks are loaded."""
    assert cards_of(rows) is None


def test_a_check_is_had_by_its_card_alone() -> None:
    """It is the one that its module defines."""
    checks = registry.load().checks
    assert registry.of(map(card_of, checks)) == checks
    assert registry.tells(tuple(map(card_of, checks)), checks)
    gone = card_of(checks[0])._replace(module="checks.no_such_module")
    other = card_of(checks[0])._replace(id="other")
    assert not registry.tells([gone], checks[:1])
    assert not registry.tells([other], checks[:1])


def test_the_cards_are_those_of_the_registry() -> None:
    """Whether they come from the cache or not."""
    loaded = tuple(map(card_of, registry.load().checks))
    known.cache_clear()
    assert known().cards == loaded
    known.cache_clear()
    assert known().cards == loaded


class Installation:
    """Two checks of ours that may be changed, in place of all, with a cache of its own."""

    def __init__(self, folder: Path) -> None:
        """Lay out the package of the checks."""
        self.folder, self.cache = folder / "path", folder / "cache"
        self.layer = self.folder / "checks" / "layer"
        self.layer.mkdir(parents=True)
        for package in (self.layer, self.layer.parent):
            (package / "__init__.py").touch()
        for name in ("first", "second"):
            write(self.layer / f"{name}.py", CHECK.format(name=name, title=name))

    def listed(self) -> tuple[dict[str, str], bool]:
        """Return the title of each check by its id, and whether they were loaded for that."""
        code = (
            "import sys, json\n"
            "from diagnose.cards import known\n"
            "titles = {card.id: card.title for card in known().cards}\n"
            "print(json.dumps([titles, 'diagnose.registry' in sys.modules]))"
        )
        titles, loaded = json.loads(self.run(code))
        return titles, loaded

    def run(self, code: str, **environ: str) -> str:
        """Return what some code prints in this installation."""
        path = os.pathsep.join(map(str, (self.folder, HERE)))
        kept = {"PYTHONPATH": path, "XDG_CACHE_HOME": str(self.cache)}
        return subprocess.run(
            [sys.executable, "-P", "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, **kept, **environ},
        ).stdout

    def install(self, module: str) -> None:
        """Install a package that names a module of checks."""
        info = self.folder / "theirs-1.0.dist-info"
        info.mkdir()
        write(info / "METADATA", "Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
        write(info / "entry_points.txt", f"[corediag.checks]\ntheirs = {module}\n")


def write(path: Path, text: str) -> None:
    """Write a file, and see to it that a coarse clock shows that."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text)
    for changed in (path, path.parent):
        os.utime(changed, ns=(0, max(changed.stat().st_mtime_ns, before) + 1_000))


def test_every_change_is_seen_at_once(tmp_path: Path) -> None:
    """A check file that changes, comes or goes; a package of checks that comes or changes."""
    here = Installation(tmp_path)
    titles = {"first": "first", "second": "second"}
    assert here.listed() == (titles, True)
    assert here.listed() == (titles, False)

    write(here.layer / "first.py", CHECK.format(name="first", title="changed"))
    titles |= {"first": "changed"}
    assert here.listed() == (titles, True)
    assert here.listed() == (titles, False)

    write(here.layer / "third.py", CHECK.format(name="third", title="third"))
    assert here.listed() == ({**titles, "third": "third"}, True)
    (here.layer / "third.py").unlink()
    assert here.listed() == (titles, True)

    write(here.folder / "theirs.py", CHECK.format(name="theirs", title="theirs"))
    here.install("theirs")
    assert here.listed() == ({**titles, "theirs": "theirs"}, True)
    assert here.listed() == ({**titles, "theirs": "theirs"}, False)
    write(here.folder / "theirs.py", CHECK.format(name="theirs", title="changed too"))
    assert here.listed() == ({**titles, "theirs": "changed too"}, True)


def test_a_package_that_fails_is_looked_at_anew_each_time(tmp_path: Path) -> None:
    """What mends it shows in no file of ours."""
    here = Installation(tmp_path)
    here.install("no_such_module")
    assert here.listed()[1]
    assert here.listed()[1]


def test_a_package_that_fails_later_is_named(tmp_path: Path) -> None:
    """Its cards were kept while it could be imported; a run goes on without it, and says so."""
    here = Installation(tmp_path)
    code = CHECK.format(name="theirs", title="theirs")
    write(
        here.folder / "theirs.py", f"import os, sys\nos.environ.get('GONE') and sys.exit(3)\n{code}"
    )
    here.install("theirs")
    assert here.listed()[0].keys() == {"first", "second", "theirs"}
    told = (
        "import json\n"
        "from diagnose.cards import known\n"
        "from diagnose.cli import load, select\n"
        "before = len(known().cards)\n"
        "ids = [check.id for check in load(select((), ()))]\n"
        "print(json.dumps([before, ids, [gap.because for gap in known().gaps]]))"
    )
    before, ids, because = json.loads(here.run(told, GONE="1"))
    assert before == 3
    assert ids == ["first", "second"]
    assert because == ["it ends the program: SystemExit: 3"]


def test_facts_are_part_of_what_cards_are_made_of() -> None:
    """What a check needs follows from what its facts ask for."""
    files = set(registry.made_of())
    assert {str(HERE / "diagnose" / name) for name in ("facts/corefile.py", "asks.py")} <= files
    assert str(HERE / "checks" / "coredns_runtime" / "loop.py") in files
