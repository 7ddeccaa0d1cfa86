"""The checks that exist: those of this distribution's checks/ and of installed packages.

A package of somebody else's may fail in any way while it is imported: whatever it raises, that it
ends the program, that it does not come to an end, or that its checks contradict the others, is a
gap, and the run goes on without its checks. What it prints meanwhile goes to standard error.

Limits: what hangs outside of Python's own code, or ends the process by os._exit, is not stopped;
nor is anything on Windows, which has no alarm.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import pkgutil
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from importlib.machinery import PathFinder
from pathlib import Path
from types import FrameType, ModuleType
from typing import TYPE_CHECKING

import checks as ours
from diagnose.cards import Card, Cards, UnknownCheck, card_of
from diagnose.model import Check, Gap, GapKind
from diagnose.values import dataclass

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["Registry", "RegistryError", "UnknownCheck", "load", "made_of", "of", "verify"]

ENTRY_POINTS = "corediag.checks"
LONGEST_IMPORT_S = 10.0  # of a foreign package
AGAIN_S = 1.0  # in which one that catches everything is told again


class RegistryError(Exception):
    """The set of checks contradicts itself: a defect of ours or of a package, named in the text."""


class Late(BaseException):
    """The import of a package takes too long; none of Exception, which packages catch."""


@dataclass(frozen=True)
class Registry:
    """Every check by id, in the order of layer and id, and the packages that failed to import."""

    checks: tuple[Check, ...]
    gaps: tuple[Gap, ...] = ()

    def select(self, wanted: Iterable[str], skipped: Iterable[str] = ()) -> tuple[Check, ...]:
        """Return the checks that the words name, as Cards.select does. Raises UnknownCheck."""
        cards = Cards(tuple(map(card_of, self.checks)))
        chosen = {card.id for card in cards.select(tuple(wanted), tuple(skipped))}
        return tuple(check for check in self.checks if check.id in chosen)


def layers() -> Iterator[Path]:
    """Yield the folders of this distribution's checks, one per layer."""
    for folder in ours.__path__:
        for layer in pkgutil.iter_modules([folder]):
            if layer.ispkg and not layer.name.startswith("_"):
                yield Path(folder, layer.name)


def modules() -> Iterator[str]:
    """Yield the import names of this distribution's check modules, by layer and name."""
    for layer in layers():
        for module in pkgutil.iter_modules([str(layer)]):
            if not module.name.startswith("_"):
                yield f"{ours.__name__}.{layer.name}.{module.name}"


def checks_in(module: object) -> Iterator[Check]:
    """Yield the Checks that a module defines."""
    for value in vars(module).values():
        if isinstance(value, Check) and value.module == getattr(module, "__name__", ""):
            yield value


def verify(checks: Iterable[Check]) -> None:
    """Assert that ids are unique, edges lead to known checks and the graph has no cycle.

    Raises RegistryError naming the first contradiction.
    """
    by_id: dict[str, Check] = {}
    names: dict[str, str] = {}
    for check in checks:
        for name in (check.id, *check.also):
            if name in names:
                raise RegistryError(f"the id {name} is used by {names[name]} and {check.module}")
            names[name] = check.module
        by_id[check.id] = check
    for check in by_id.values():
        for effect in check.explains:
            if effect not in by_id:
                raise RegistryError(f"{check.id} explains {effect}, which does not exist")
    done: set[str] = set()
    for start in by_id:
        path: list[str] = []
        stack: list[tuple[str, bool]] = [(start, False)]
        while stack:
            here, leaving = stack.pop()
            if leaving:
                path.pop()
                done.add(here)
            elif here in path:
                circle = " -> ".join([*path[path.index(here) :], here])
                raise RegistryError(f"explains goes in a circle: {circle}")
            elif here not in done:
                path.append(here)
                stack.append((here, True))
                stack.extend((effect, False) for effect in by_id[here].explains)


def entry_points() -> Iterable[EntryPoint]:
    """Return the entry points by which installed packages bring checks.

    To import importlib.metadata takes longer than to start Python, so that is left out where the
    files that it would read are all there is and none names the group.
    """
    others = any(Path(root).is_file() for root in sys.path) or any(
        hasattr(finder, "find_distributions") and finder is not PathFinder
        for finder in sys.meta_path
    )
    if not others and not any(map(names_the_group, entry_point_files())):
        return ()
    from importlib import metadata

    return metadata.entry_points(group=ENTRY_POINTS)


def entry_point_files() -> Iterator[Path]:
    """Yield the files in which installed packages may name entry points.

    They are those that importlib.metadata looks at in folders (FastPath and Lookup, Python 3.11
    to 3.14).
    """
    for root in map(Path, sys.path):
        try:
            found = list(root.iterdir())
        except OSError:
            continue
        for path in found:
            if path.name.lower().endswith((".dist-info", "egg-info")):
                yield path / "entry_points.txt"


def names_the_group(path: Path) -> bool:
    """Whether a file holds the name of our group of entry points."""
    try:
        return ENTRY_POINTS.encode() in path.read_bytes()
    except OSError:
        return False


@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """Let a foreign package be imported: it may not end the run, hold it up, or write its report.

    Raises ImportError, in words, for whatever comes of it.
    """
    alarm = getattr(signal, "SIGALRM", None)
    timed = alarm is not None and threading.current_thread() is threading.main_thread()

    def late(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise Late

    before = signal.signal(alarm, late) if timed and alarm is not None else None
    try:
        try:
            if timed:
                signal.setitimer(signal.ITIMER_REAL, LONGEST_IMPORT_S, AGAIN_S)
            with contextlib.redirect_stdout(sys.stderr):
                yield
        finally:
            if timed:
                signal.setitimer(signal.ITIMER_REAL, 0)
    except Late as error:
        raise ImportError(f"its import did not end within {LONGEST_IMPORT_S:g} s") from error
    except SystemExit as error:
        raise ImportError(f"it ends the program: SystemExit: {error}") from error
    except Exception as error:
        raise ImportError(f"{type(error).__name__}: {error}") from error
    finally:
        if timed and alarm is not None:
            signal.signal(alarm, before)


def brought(entry: EntryPoint) -> tuple[Check, ...]:
    """Return the checks that an entry point brings. Raises ImportError where it brings none."""
    with guarded():
        value = entry.load()
        found: tuple[Check, ...] = (value,) if isinstance(value, Check) else ()
        if isinstance(value, ModuleType):
            found = tuple(checks_in(value))
    if not found:
        raise ImportError(f"{entry.value} defines no check")
    return found


def consistent(
    own: Sequence[Check], foreign: dict[str, tuple[Check, ...]]
) -> tuple[list[Check], dict[str, str]]:
    """Return the checks that agree with each other; and what is wrong with packages left out."""
    verify(own)
    every = [check for several in foreign.values() for check in several]
    with contextlib.suppress(RegistryError):
        verify([*own, *every])
        return [*own, *every], {}
    taken, left = list(own), dict(foreign)
    wrong: dict[str, str] = {}
    while True:  # one may explain what another brings
        before = len(left)
        for name, theirs in tuple(left.items()):
            try:
                verify([*taken, *theirs])
            except RegistryError as error:
                wrong[name] = str(error)
            else:
                taken += theirs
                del left[name]
        if len(left) == before:
            return taken, {name: wrong[name] for name in left}


@functools.cache
def load() -> Registry:
    """Return the registry of this installation. Raises RegistryError on a contradiction of ours."""
    own = [check for name in modules() for check in checks_in(importlib.import_module(name))]
    foreign: dict[str, tuple[Check, ...]] = {}
    entries: dict[str, EntryPoint] = {}
    wrong: dict[str, str] = {}
    for number, entry in enumerate(entry_points()):
        key = f"{entry.name} {number}"  # two packages may choose the same name
        entries[key] = entry
        try:
            foreign[key] = brought(entry)
        except ImportError as error:
            wrong[key] = str(error)
    found, contradicting = consistent(own, foreign)
    gaps = tuple(
        Gap(
            what=f"checks of {entries[key].name}",
            kind=GapKind.CRASHED,
            because=because,
            ask=f"repair or uninstall the package that provides {entries[key].value}",
        )
        for key, because in {**wrong, **contradicting}.items()
    )
    return Registry(tuple(sorted(found, key=lambda check: (check.layer, check.id))), gaps)


def is_ours(module: str) -> bool:
    """Whether a module is one of this distribution's checks."""
    return module.startswith(f"{ours.__name__}.")


def of(cards: Iterable[Card]) -> tuple[Check, ...]:
    """Return the checks of some cards; no other check's module is imported for it.

    Raises ImportError or LookupError where a card tells of none.
    """
    found: dict[str, dict[str, Check]] = {}
    chosen = []
    for card in cards:
        if card.module not in found:
            with contextlib.nullcontext() if is_ours(card.module) else guarded():
                module = importlib.import_module(card.module)
            found[card.module] = {check.id: check for check in checks_in(module)}
        chosen.append(found[card.module][card.id])
    return tuple(chosen)


def tells(cards: Sequence[Card], checks: Sequence[Check]) -> bool:
    """Whether these checks can be had again by their cards alone."""
    try:
        return of(cards) == tuple(checks)
    except (ImportError, LookupError):
        return False


def made_of() -> Iterator[str]:
    """Yield the path of every file and folder whose change may change what `load` returns.

    They are the files of our modules and of the packages that bring checks, the folders in which
    new check files would appear, and what tells which packages are installed.
    """
    packages = {name.partition(".")[0] for name in (__name__, *(c.module for c in load().checks))}
    for name, module in tuple(sys.modules.items()):
        if name.partition(".")[0] in packages and (file := getattr(module, "__file__", None)):
            yield file
    folders = map(Path, (*ours.__path__, *sys.path))
    for path in (*folders, *layers(), *entry_point_files()):
        yield str(path.absolute())
