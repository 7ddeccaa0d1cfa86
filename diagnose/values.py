"""Dataclasses that are made when the first of their values is.

There are more than three hundred of them in this package. Python writes and compiles the methods of
each when its module is imported, which takes longer than all else that a run over a small case
does; and such a run makes values of few.
"""

from __future__ import annotations

import dataclasses
from _thread import RLock  # threading, which brings it too, takes a while to import
from operator import attrgetter
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

MAKING = RLock()
NOBODYS = frozenset({"__dict__", "__weakref__", "__doc__"})
# What stands in the way until the class is made, and what belongs to one class alone.
LEFT_BEHIND = frozenset({"__init__", "__dataclass_fields__", *NOBODYS})

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls=None, /, **options):
        """Do what dataclasses.dataclass does to a class, but for the work, which is put off."""
        if cls is None:
            return lambda it: dataclass(it, **options)
        # a class with slots is another one than that which was decorated
        if options.get("slots") or "__init__" in vars(cls):
            return dataclasses.dataclass(cls, **options)
        Pending(cls, options)
        return cls


class Pending:
    """A dataclass to be: it is made as soon as anybody makes a value, or asks for the fields."""

    def __init__(self, cls: type, options: dict[str, Any]) -> None:
        """Stand in the way of both, and of unpickling."""

        def begin(value: Any, /, *args: Any, **named: Any) -> None:
            self.make()
            type(value).__init__(value, *args, **named)

        def restore(value: Any, state: dict[str, Any]) -> None:
            self.make()  # a value that comes from another process has not been through begin
            vars(value).update(state)

        self.cls = cls
        self.options = options
        self.begin = begin
        setattr(cls, "__init__", begin)  # noqa: B010  mypy forbids the plain way
        setattr(cls, "__dataclass_fields__", self)  # noqa: B010
        setattr(cls, "__setstate__", restore)  # noqa: B010

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        """Return the fields of the class, for dataclasses.fields and for its subclasses."""
        self.make()
        return vars(self.cls)["__dataclass_fields__"]

    def make(self) -> None:
        """Make the dataclass. Its first value may be asked for by several threads at once.

        It is made of a twin, and what that has got is handed over, the way to make values last:
        who comes meanwhile finds the one here, which waits.
        """
        cls = self.cls
        with MAKING:
            if vars(cls).get("__init__") is not self.begin:
                return
            own = {name: value for name, value in vars(cls).items() if name not in LEFT_BEHIND}
            # without a text of its own it would be given one that tells its signature
            twin = type(cls)(cls.__name__, cls.__bases__, {**own, "__doc__": cls.__doc__ or " "})
            twin.__qualname__ = cls.__qualname__
            frozen = bool(self.options.get("frozen"))
            plain = frozen and self.options.keys() <= {"frozen", "kw_only"}
            if plain:
                dataclasses.dataclass(twin, repr=False, eq=False, **self.options)
            else:
                dataclasses.dataclass(twin, **self.options)
            made = {name: value for name, value in vars(twin).items() if name not in NOBODYS}
            for name in own.keys() - made.keys():
                delattr(cls, name)  # a default that each value gets anew
            if plain:
                made |= methods_of(dataclasses.fields(twin), own)
            if frozen:
                made |= guards_of(cls, dataclasses.fields(twin))
            begin = made.pop("__init__")
            for name, value in made.items():
                if name not in own or own[name] is not value:
                    setattr(cls, name, value)
            setattr(cls, "__init__", begin)  # noqa: B010  mypy forbids the plain way


def methods_of(fields: tuple[Any, ...], own: dict[str, Any]) -> dict[str, Any]:
    """Return how values are compared, hashed and shown, without own code for each class."""
    compared = values_of(*(one.name for one in fields if one.compare))
    shown = [one.name for one in fields if one.repr]

    def equal(self: Any, other: Any) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return compared(self) == compared(other)

    def hashed(self: Any) -> int:
        return hash(compared(self))

    def written(self: Any) -> str:
        texts = (f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{self.__class__.__qualname__}({', '.join(texts)})"

    methods = {"__eq__": equal, "__hash__": hashed, "__repr__": written}
    return {name: method for name, method in methods.items() if name not in own}


def guards_of(cls: Any, fields: tuple[Any, ...]) -> dict[str, Any]:
    """Return what refuses to change the fields of a value."""
    names = frozenset(one.name for one in fields)

    def refuse(self: Any, name: str, value: Any) -> None:
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    def keep(self: Any, name: str) -> None:
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    return {"__setattr__": refuse, "__delattr__": keep}


def values_of(*names: str) -> Any:
    """Return a function that returns the tuple of some attributes of a value."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)
