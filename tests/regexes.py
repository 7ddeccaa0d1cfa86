"""Every regular expression of the project, with the methods that are used of it, and hostile texts.

The expressions are found where they are: in the modules' names, in tables of any depth, and in
calls of module `re`. The texts are built of an expression's own parts, each many times over.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from re import _constants as codes  # type: ignore[attr-defined]  # the only parser of its syntax
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

import checks
import diagnose
from diagnose.signatures.base import Wording
from diagnose.text.regex import Later

HERE = Path(__file__).parent.parent
AT_BEGIN = frozenset({"match", "fullmatch"})
METHODS = frozenset({"search", "finditer", "findall", "sub", "subn", "split", *AT_BEGIN})
DEEPEST = 6
SIGNS = "a0 /:\"'=.-_[({\\,x1\t<>#%@;&|+*?A\n~^$!`)]}"
KINDS = {"DIGIT": r"\d", "SPACE": r"\s", "WORD": r"\w"}
UNITS = (" ", "a", "/", '"', "\\", "0", "a ", "1.", "a.", ": ", "a: ", "-", "\n", "\t", "[", "a-")


class Expression(NamedTuple):
    """A regular expression: where it is, whether it is looked for anywhere or at the begin."""

    name: str
    pattern: re.Pattern[Any]
    anywhere: bool

    def given(self, text: Hostile, size: int) -> str | bytes:
        """Return a text as the expression takes it."""
        made = text.text(size)
        return made.encode() if isinstance(self.pattern.pattern, bytes) else made


class Hostile(NamedTuple):
    """A text: what it begins with, and what is repeated."""

    before: str
    unit: str

    def text(self, size: int) -> str:
        """Return it in that size, with an end that nothing matches."""
        return (self.before + self.unit * (size // len(self.unit) + 1))[:size] + "\x01"


# ---------------------------------------------------------------- which there are


def modules() -> Iterator[Any]:
    """Yield every module of the project."""
    for package in (diagnose, checks):
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def inside(value: Any, seen: set[int], depth: int = 0) -> Iterator[Any]:
    """Yield the expressions in a value."""
    if isinstance(value, Later | re.Pattern | Wording):
        yield value
    elif depth <= DEEPEST and id(value) not in seen and not isinstance(value, str | bytes | type):
        seen.add(id(value))
        if isinstance(value, Mapping):
            several: Iterable[Any] = (*value.keys(), *value.values())
        elif isinstance(value, tuple | list | set | frozenset):
            several = value
        elif dataclasses.is_dataclass(value) or type(value).__module__.startswith("diagnose."):
            several = tuple(getattr(value, "__dict__", {}).values())
        else:
            return
        for one in several:
            yield from inside(one, seen, depth + 1)


@functools.cache
def uses() -> dict[str, dict[str, set[str]]]:
    """Return the methods called of each name in each file; of values without one, under ""."""
    found: dict[str, dict[str, set[str]]] = {}
    for path in sources():
        here = found.setdefault(str(path), {})
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr in METHODS:
                name = getattr(node.value, "id", getattr(node.value, "attr", ""))
                if name != "re":
                    here.setdefault(name if name.isupper() else "", set()).add(node.attr)
            for table, variables in walked(node):
                here.setdefault(table, set()).update(
                    one.attr
                    for one in ast.walk(node)
                    if isinstance(one, ast.Attribute)
                    and one.attr in METHODS
                    and getattr(one.value, "id", "") in variables
                )
    return found


def walked(node: ast.AST) -> Iterator[tuple[str, set[str]]]:
    """Yield the names of tables that a loop or a comprehension walks through, and its variables."""
    loops: list[Any] = [node] if isinstance(node, ast.For) else getattr(node, "generators", [])
    for loop in loops:
        variables = {one.id for one in ast.walk(loop.target) if isinstance(one, ast.Name)}
        for one in ast.walk(loop.iter):
            if isinstance(one, ast.Name) and one.id.isupper():
                yield one.id, variables


@functools.cache
def importers() -> dict[tuple[str, str], set[str]]:
    """Return the files that import a name of a module."""
    found: dict[tuple[str, str], set[str]] = {}
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            for one in node.names if isinstance(node, ast.ImportFrom) else ():
                found.setdefault((str(getattr(node, "module", "")), one.name), set()).add(str(path))
    return found


def sources() -> Iterator[Path]:
    """Yield the files of the project."""
    for package in ("diagnose", "checks"):
        yield from sorted((HERE / package).rglob("*.py"))


def anywhere(name: str, module: Any) -> bool:
    """Whether an expression of that name in a module is looked for at every place of a text."""
    files = {str(module.__file__), *importers().get((module.__name__, name), ())}
    _, _, last = module.__name__.rpartition(".")
    files |= importers().get((module.__name__.rpartition(".")[0], last), set())
    methods = {one for file in files for one in uses()[file].get(name, ())}
    methods = methods or uses()[str(module.__file__)].get("", set()) or set(METHODS)
    return not methods <= AT_BEGIN


@functools.cache
def expressions() -> tuple[Expression, ...]:
    """Return each once, by where it was found first."""
    found: dict[tuple[Any, int], Expression] = {}

    def take(name: str, pattern: re.Pattern[Any], *, everywhere: bool) -> None:
        key = (pattern.pattern, pattern.flags)
        before = found.get(key)
        everywhere = everywhere or bool(before and before.anywhere)
        found[key] = Expression(before.name if before else name, pattern, everywhere)

    for module in modules():
        seen: set[int] = set()
        for name, value in vars(module).items():
            if name.startswith("__") or getattr(value, "__module__", module.__name__) is None:
                continue
            for one in inside(value, seen):
                where = f"{module.__name__}.{name}"
                if isinstance(one, Wording):
                    take(where, one.compiled, everywhere=True)
                else:
                    pattern = re.compile(one.pattern, one._flags) if isinstance(one, Later) else one
                    take(where, pattern, everywhere=anywhere(name, module))
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            called = node.func if isinstance(node, ast.Call) else None
            if (
                isinstance(node, ast.Call)
                and isinstance(called, ast.Attribute)
                and isinstance(called.value, ast.Name)
                and called.value.id == "re"
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                pattern = re.compile(node.args[0].value)
                # what is compiled on the spot is matched there
                everywhere = called.attr not in {*AT_BEGIN, "compile"}
                take(f"{path.name}:{node.lineno}", pattern, everywhere=everywhere)
    return tuple(found.values())


# ---------------------------------------------------------------- texts


def signs(items: Any) -> list[str]:
    """Return some characters of a set."""
    negated = items[0][0] is codes.NEGATE
    text = ""
    for op, av in items:
        if op is codes.LITERAL:
            text += re.escape(chr(av))
        elif op is codes.RANGE:
            text += f"{re.escape(chr(av[0]))}-{re.escape(chr(av[1]))}"
        elif op is codes.CATEGORY:
            name = str(av).removeprefix("CATEGORY_")
            sign = KINDS[name.removeprefix("NOT_")]
            text += sign.upper() if name.startswith("NOT_") else sign
    every = re.compile(f"[{'^' * negated}{text}]")
    return [one for one in SIGNS if every.match(one)] or [
        chr(av if op is codes.LITERAL else av[0])
        for op, av in items
        if op in (codes.LITERAL, codes.RANGE)
    ]


REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)


class Parts:
    """What an expression is made of: literals, and what is repeated, each with what is before."""

    def __init__(self, tree: Any) -> None:
        """Take an expression apart, by each of its first alternatives."""
        self.units: dict[tuple[str, str], None] = {}
        self.literals: dict[str, None] = {}
        for way in range(3):
            self.visit(tree, "", way)
        self.whole = self.example(tree, 0)

    def example(self, tree: Any, way: int) -> str:
        """Return a text that a part matches, or nearly."""
        text = ""
        for op, av in tree:
            if op is codes.LITERAL:
                text += chr(av)
            elif op in (codes.ANY, codes.NOT_LITERAL):
                text += "b" if av == ord("a") else "a"
            elif op is codes.IN:
                text += signs(av)[0]
            elif op in REPEATS:
                least, most, part = av
                text += self.example(part, way) * max(least, 1 if most else 0)
            elif op is codes.SUBPATTERN:
                text += self.example(av[3], way)
            elif op is codes.ATOMIC_GROUP:
                text += self.example(av, way)
            elif op is codes.BRANCH:
                text += self.example(av[1][way % len(av[1])], way)
        return text

    def visit(self, tree: Any, before: str, way: int) -> None:
        """Collect literals and repeated parts."""
        run = ""
        for op, av in tree:
            if op is codes.LITERAL:
                run += chr(av)
            elif run:
                self.literals[run] = None
                run = ""
            if op is codes.SUBPATTERN:
                self.visit(av[3], before, way)
            elif op is codes.ATOMIC_GROUP:
                self.visit(av, before, way)
            elif op is codes.BRANCH:
                for one in av[1]:
                    self.visit(one, before, way)
            elif op in (codes.ASSERT, codes.ASSERT_NOT):
                self.visit(av[1], before, way)
            elif op in REPEATS:
                part = av[2]
                self.units[before, self.example(part, way)] = None
                if len(part) == 1 and part[0][0] is codes.IN:
                    for one in signs(part[0][1])[:8]:
                        self.units[before, one] = None
                elif len(part) == 1 and part[0][0] in (codes.ANY, codes.NOT_LITERAL):
                    for one in ' /"a':
                        self.units[before, one] = None
                self.visit(part, before, way)
            before += self.example([(op, av)], way)
        if run:
            self.literals[run] = None


def hostile(one: Expression, most: int) -> list[Hostile]:
    """Return at most so many texts that may cost an expression more than their length."""
    source: Any = one.pattern.pattern
    flags = one.pattern.flags
    if isinstance(source, bytes):
        source, flags = source.decode("latin-1"), flags & ~re.ASCII
    parts = Parts(parser.parse(source, flags))
    whole = parts.whole
    found: dict[tuple[str, str], None] = {}
    for before, unit in parts.units:
        for pair in ((before, unit), ("", before + unit), ("", unit)):
            found[pair] = None
    for literal in parts.literals:
        for pair in (("", literal), (whole, literal), ("", f"{literal} "), ("", f"{literal}a")):
            found[pair] = None
    for end in range(1, len(whole) + 1, max(1, len(whole) // 12)):
        found["", whole[:end]] = None
    for unit in UNITS:
        found["", unit] = None
        found[whole[: len(whole) // 2], unit] = None
    texts = [Hostile(before, unit) for before, unit in found if unit]
    return texts[:: len(texts) // most + 1]
