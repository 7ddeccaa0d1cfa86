"""The checks that exist: those of this distribution's checks/ and of installed packages."""

from __future__ import annotations

import difflib
import fnmatch
import functools
import importlib
import importlib.metadata
import importlib.resources
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from diagnose.model import Check, Gap, GapKind

ENTRY_POINTS = "corediag.checks"


class RegistryError(Exception):
    """The set of checks contradicts itself: a defect of ours or of a package, named in the text."""


class UnknownCheck(Exception):
    """Nobody registered what was asked for; `near` holds ids that look alike."""

    def __init__(self, wanted: str, near: tuple[str, ...]) -> None:
        """Word the error; `wanted` is what was typed."""
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        super().__init__(f"no check, layer or pattern {wanted!r}{hint}")
        self.wanted = wanted
        self.near = near


@dataclass(frozen=True)
class Registry:
    """Every check by id, in the order of layer and id, and the packages that failed to import."""

    checks: tuple[Check, ...]
    gaps: tuple[Gap, ...] = ()

    @functools.cached_property
    def by_id(self) -> Mapping[str, Check]:
        """Each check under its id and under the further ids that it answers to."""
        names = {check.id: check for check in self.checks}
        for check in self.checks:
            for other in check.also:
                names.setdefault(other, check)
        return names

    def select(self, wanted: Iterable[str], skipped: Iterable[str] = ()) -> tuple[Check, ...]:
        """Return the checks that any wanted word names (all without one) less the skipped.

        A word is an id, a glob over ids, or a tag: a layer or a family. Raises UnknownCheck.
        """
        words = tuple(wanted)
        chosen = {check.id for check in self.checks} if not words else set[str]()
        for word in words:
            chosen |= self._named(word)
        for word in skipped:
            chosen -= self._named(word)
        return tuple(check for check in self.checks if check.id in chosen)

    def _named(self, word: str) -> set[str]:
        plain = word.strip().lower().replace("_", "-")
        if plain in self.by_id:
            return {self.by_id[plain].id}
        found = {
            check.id
            for check in self.checks
            if fnmatch.fnmatchcase(check.id, plain) or plain in (check.layer, check.family)
        }
        if not found:
            known = [*self.by_id, *{check.layer for check in self.checks}]
            near = tuple(difflib.get_close_matches(plain, sorted(known), n=3, cutoff=0.5))
            raise UnknownCheck(word, near)
        return found


def modules(package: str = "checks") -> Iterator[str]:
    """Yield the import names of every check module: files in the folders of the package."""
    for layer in sorted(importlib.resources.files(package).iterdir(), key=lambda item: item.name):
        if not layer.is_dir() or layer.name.startswith(("_", ".")):
            continue
        for item in sorted(layer.iterdir(), key=lambda item: item.name):
            if item.name.endswith(".py") and not item.name.startswith("_"):
                yield f"{package}.{layer.name}.{item.name.removesuffix('.py')}"


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


@functools.cache
def load() -> Registry:
    """Return the registry of this installation. Raises RegistryError on a contradiction."""
    found = [check for name in modules() for check in checks_in(importlib.import_module(name))]
    gaps = []
    for entry in importlib.metadata.entry_points(group=ENTRY_POINTS):
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
