"""Dataclasses that are made late are dataclasses all the same."""

import copy
import dataclasses
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, field
from typing import ClassVar

import pytest

from diagnose import facts
from diagnose.model import Quote
from diagnose.values import Pending, dataclass


@dataclass(frozen=True)
class Base:
    """A value with all that a field may have."""

    known: ClassVar[int] = 7

    name: str
    tags: tuple[str, ...] = ()
    more: dict[str, int] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class Derived(Base):
    """A value with the fields of another one before its own."""

    last: int = 1


@dataclass
class Changing:
    """A value that changes."""

    items: list[int] = field(default_factory=list)


def is_made(cls: type) -> bool:
    """Whether a class is a dataclass already."""
    return not isinstance(vars(cls)["__dataclass_fields__"], Pending)


def test_a_class_is_made_with_its_first_value() -> None:
    """That, and no more: to import a module costs nothing for what nobody uses."""

    @dataclass(frozen=True)
    class Late:
        """A value."""

        one: int

    assert not is_made(Late)
    assert Late(1).one == 1
    assert is_made(Late)


def test_values_are_compared_hashed_and_shown_by_their_fields() -> None:
    """As the library has it, also without any field, with one, and for other classes."""

    @dataclass(frozen=True)
    class Empty:
        """A value without fields."""

    one = Derived("a", last=2)
    assert one == Derived("a", more={"x": 1}, last=2)
    assert one != Derived("a", last=3)
    assert Base("a") != one
    assert hash(one) == hash(Derived("a", last=2))
    assert {Base("a"), Base("a")} == {Base("a")}
    assert Empty() == Empty()
    assert len({Empty(), Empty()}) == 1
    assert repr(one) == "Derived(name='a', tags=(), last=2)"
    assert repr(Empty()).endswith("Empty()")
    assert Base("a").__eq__("a") is NotImplemented


def test_values_are_frozen_unless_they_are_to_change() -> None:
    """A frozen value refuses; another one keeps what it is given, and has no hash."""
    with pytest.raises(FrozenInstanceError):
        Base("a").name = "b"  # type: ignore[misc]
    one = Changing()
    one.items.append(1)
    assert one == Changing([1])
    with pytest.raises(TypeError):
        hash(one)


def test_the_library_knows_them() -> None:
    """Fields, replace, copies and pattern matching work, before the first value too."""

    @dataclass(frozen=True)
    class Early:
        """A value whose fields are asked for first."""

        one: int
        two: int = 2

    assert [one.name for one in dataclasses.fields(Early)] == ["one", "two"]
    assert dataclasses.is_dataclass(Derived)
    assert dataclasses.replace(Derived("a"), last=5) == Derived("a", last=5)
    assert copy.deepcopy(Base("a")) == pickle.loads(pickle.dumps(Base("a")))
    match Early(1):
        case Early(one, two):
            assert (one, two) == (1, 2)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'name'"):
        Base()  # type: ignore[call-arg]


def test_a_class_below_one_that_is_not_made_yet() -> None:
    """A value of a subclass makes both, whether it is decorated or not."""

    @dataclass(frozen=True)
    class Above:
        """A value."""

        one: int

    class Plain(Above):
        """The same by another name."""

    assert Plain(1).one == 1
    assert repr(Plain(1)).endswith("Plain(one=1)")
    assert Plain(1) == Plain(1)


def test_several_threads_may_want_the_first_value() -> None:
    """Each of them gets one, however their steps fall between each other's."""

    def fresh(number: int) -> type:
        @dataclass(frozen=True)
        class Shared:
            """A value."""

            one: int
            two: list[int] = field(default_factory=lambda: [number])

        return Shared

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            for number in range(60):
                shared = fresh(number)
                made = list(pool.map(shared, range(16)))
                assert [(one.one, one.two) for one in made] == [(n, [number]) for n in range(16)]
    finally:
        sys.setswitchinterval(before)


def test_every_fact_has_a_home() -> None:
    """What is named as a fact is one of a module, and what type checkers read names all of them."""
    assert set(facts.homes()) == set(facts.__all__)
    for name in facts.__all__:
        assert getattr(facts, name).__module__ == facts.homes()[name]
    with pytest.raises(AttributeError):
        getattr(facts, "Nothing")  # noqa: B009


def test_a_value_from_another_process_is_one_at_once() -> None:
    """Unpickled before its class made any value here, it is compared by its fields."""
    data = pickle.dumps((Quote("here", "text", 3), Quote("here", "text", 3)))
    code = (
        "import pickle, sys; one, two = pickle.loads(sys.stdin.buffer.read()); "
        "print(one is two, one == two, len({one, two}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=data, capture_output=True, check=True, timeout=60
    )
    assert done.stdout.split() == [b"False", b"True", b"1"]
