"""The decorator that turns a function into a Check by reading its signature."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Iterable, Iterator

from diagnose.model import Check, Fact, Finding, Need, Severity


class NotApplicable(Exception):
    """Raised by a check whose subject does not exist here; the text says why."""


class Undecided(Exception):
    """Raised by a check that has its facts and still cannot tell; the text says what would."""


def needs_of(function: Callable[..., Iterator[Finding]]) -> tuple[Need, ...]:
    """Return one Need per parameter, in order; `X | None` is optional.

    Raises TypeError when a parameter is not annotated with a Fact.
    """
    hints = typing.get_type_hints(function)
    needs = []
    for name in parameters_of(function):
        wanted = hints.get(name)
        required = True
        if isinstance(wanted, types.UnionType) or typing.get_origin(wanted) is typing.Union:
            options = [arg for arg in typing.get_args(wanted) if arg is not type(None)]
            required = len(options) == len(typing.get_args(wanted))
            wanted = options[0] if len(options) == 1 else None
        if not (isinstance(wanted, type) and issubclass(wanted, Fact)):
            raise TypeError(f"{function.__qualname__}: parameter {name} is not a fact")
        needs.append(Need(wanted, required, name))
    if not any(need.required for need in needs):
        raise TypeError(f"{function.__qualname__}: no required fact, so it could never be unknown")
    return tuple(needs)


def parameters_of(function: Callable[..., object]) -> Iterable[str]:
    """Return the names of a function's parameters.

    inspect.signature takes ten times as long, which all checks together make felt.
    """
    code = getattr(function, "__code__", None)
    if code is None or hasattr(function, "__wrapped__"):
        return inspect.signature(function).parameters
    count: int = code.co_argcount + code.co_kwonlyargcount
    names: tuple[str, ...] = code.co_varnames
    return names[:count]


def check(
    *,
    title: str,
    severity: Severity,
    family: str,
    explains: tuple[str, ...] = (),
    also: tuple[str, ...] = (),
    symptom: bool = False,
) -> Callable[[Callable[..., Iterator[Finding]]], Check]:
    """Return a decorator that makes a Check of a generator function.

    The id is the function's name with hyphens, the layer its package; `also` lists further ids
    of the same cause and remedy that a person may type for it. A `symptom` says that something
    fails without saying why.
    """

    def make(function: Callable[..., Iterator[Finding]]) -> Check:
        parts = function.__module__.split(".")
        return Check(
            id=function.__name__.replace("_", "-"),
            layer=parts[-2].replace("_", "-") if len(parts) > 1 else "",
            family=family,
            title=title,
            severity=severity,
            explains=explains,
            needs=needs_of(function),
            find=function,
            also=also,
            module=function.__module__,
            symptom=symptom,
        )

    return make
