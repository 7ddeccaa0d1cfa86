"""Folders are read as ls prints them: in lines, in columns, in the long form, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.facts.file_lists import FileList
from diagnose.model import GapKind
from diagnose.parsers.file_list import parse
from diagnose.parts import Kind, Part

BIN = "/opt/cni/bin"


def read(text: str, command: str = f"ls {BIN}") -> list[tuple[str, tuple[str, ...], bool]]:
    """Return (path, names, whether it exists) of the folders in a text."""
    items = parse(Part(Kind.FILE_LIST, "a", text, command=command)).items
    return [(one.path, one.names, one.exists) for one in items if isinstance(one, FileList)]


@pytest.mark.parametrize(
    "text",
    [
        "bridge\nflannel\n",
        "bridge  flannel\n",
        "total 12\n-rwxr-xr-x 1 root root 3859475 Jan 11 10:00 bridge\n"
        "lrwxrwxrwx    1 root     root            11 Jan 11  2024 flannel -> /x/flannel v2\n",
        "total 4.0K\n-rwxr-xr-x. 1 0 0 1.2M 2026-01-11 10:00 bridge\n"
        "-rwxr-xr-x. 1 0 0 1.2M 2026-01-11 10:00 flannel\n",
        f"{BIN}:\nbridge\nflannel\n",
        "bridge*  flannel@\n",
    ],
    ids=["lines", "columns", "long", "human", "headed", "classified"],
)
def test_forms(text: str) -> None:
    """However it is printed, it is the same folder."""
    assert read(text) == [(BIN, ("bridge", "flannel"), True)]


def test_an_empty_folder_is_one() -> None:
    """No name at all is knowledge."""
    assert read("") == [(BIN, (), True)]


@pytest.mark.parametrize(
    "text", [f"ls: {BIN}: No such file or directory", f"ls: cannot access '{BIN}': No such file"]
)
def test_a_missing_folder(text: str) -> None:
    """That there is none is knowledge too."""
    assert read(text) == [(BIN, (), False)]


def test_several_folders() -> None:
    """Heads tell which names are whose; one that is missing is told apart."""
    text = f"ls: cannot access '/usr/libexec/cni': No such file or directory\n{BIN}:\nbridge\n"
    command = f"ls {BIN} /usr/libexec/cni"
    assert read(text, command) == [("/usr/libexec/cni", (), False), (BIN, ("bridge",), True)]


def test_what_may_not_be_read_is_a_gap() -> None:
    """A refusal makes no empty folder."""
    part = Part(Kind.FILE_LIST, "a", f"ls: {BIN}: Permission denied", command=f"ls {BIN}")
    assert not parse(part).items
    (gap,) = parse(part).gaps
    assert gap.kind is GapKind.DENIED


def test_names_without_a_folder_are_a_gap() -> None:
    """Whose names they are must be told."""
    assert parse(Part(Kind.FILE_LIST, "a", "bridge\n")).gaps


@given(st.text(max_size=400), st.text(max_size=60))
def test_any_text(text: str, command: str) -> None:
    """Nothing raises."""
    assert parse(Part(Kind.FILE_LIST, "a", text, command=command)) is not None
