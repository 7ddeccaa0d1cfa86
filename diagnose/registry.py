"""The checks that exist: those of this distribution's checks/ and of installed packages."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING

import checks as ours
from diagnose.cards import Card, Cards, UnknownCheck, card_of
from diagnose.model import Check, Gap, GapKind
from diagnose.values import dataclass

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["Registry", "RegistryError", "UnknownCheck", "load", "made_of", "of", "verify"]

ENTRY_POINTS = "corediag.checks"


class RegistryError(Exception):
    """The set of checks contradicts itself: a defect of ours or of a package, named in the text."""


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


@functools.cache
def load() -> Registry:
    """Return the registry of this installation. Raises RegistryError on a contradiction."""
    found = [check for name in modules() for check in checks_in(importlib.import_module(name))]
    gaps = []
    for entry in entry_points():
        try:
            value = entry.load()
        except Exception as error:  # noqa: BLE001  a foreign package may fail in any way
            gaps.append(
                Gap(
                    what=f"checks of {entry.name}",
                    kind=GapKind.CRASHED,
                    because=f"{type(error).__name__}: {error}",
                    ask=f"repair or uninstall the package that provides {entry.value}",
                )
            )
            continue
        found.extend([value] if isinstance(value, Check) else checks_in(value))
    verify(found)
    return Registry(tuple(sorted(found, key=lambda check: (check.layer, check.id))), tuple(gaps))


def of(cards: Iterable[Card]) -> tuple[Check, ...]:
    """Return the checks of some cards; no other check's module is imported for it.

    Raises ImportError or LookupError where a card tells of none.
    """
    return tuple(
        {check.id: check for check in checks_in(importlib.import_module(card.module))}[card.id]
        for card in cards
    )


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
