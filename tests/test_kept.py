"""What is kept from run to run: told as long as it holds, and nothing but slower without it."""

import json
import os
from pathlib import Path

import pytest

from diagnose import kept

KEY = ["1.0", "3.11"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def test_what_was_kept_is_told_for_its_key_alone(home: Path) -> None:
    """Another version or interpreter is told nothing."""
    kept.write("words", KEY, {"a": [1]}, [str(home)])
    (home / "cache").rename(home / "else")  # the folder that it was made of is not its own
    assert kept.read("words", KEY) is None
    source = home / "source"
    source.touch()
    kept.write("words", KEY, {"a": [1]}, [str(source), str(home / "absent")])
    assert kept.read("words", KEY) == {"a": [1]}
    assert kept.read("words", ["1.1", "3.11"]) is None
    assert kept.read("others", KEY) is None


def test_a_change_of_what_it_was_made_of_ends_it(home: Path) -> None:
    """A file that is written to, goes or comes, and a folder that gains a file."""
    folder = home / "folder"
    folder.mkdir()
    file, absent = folder / "file", home / "absent"
    file.write_text("a")

    def keep() -> None:
        kept.write("words", KEY, 1, map(str, (folder, file, absent)))
        assert kept.read("words", KEY) == 1

    keep()
    os.utime(file, ns=(0, file.stat().st_mtime_ns + 1))
    assert kept.read("words", KEY) is None
    keep()
    absent.touch()
    assert kept.read("words", KEY) is None
    keep()
    (folder / "new").touch()
    os.utime(folder, ns=(0, folder.stat().st_mtime_ns + 1))  # a coarse clock may not have moved
    assert kept.read("words", KEY) is None
    keep()
    absent.unlink()
    assert kept.read("words", KEY) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe\0",
        b"null",
        b"[]",
        b'"schema"',
        b'{"schema": 1}',
        b'{"schema": 1, "key": ["1.0", "3.11"]}',
        b'{"schema": 1, "key": ["1.0", "3.11"], "made_of": [], "value": 1}',
        b'{"schema": 1, "key": ["1.0", "3.11"], "made_of": {"\\u0000": 1}, "value": 1}',
        b'{"schema": 2, "key": ["1.0", "3.11"], "made_of": {}, "value": 1}',
        b"[" * 100_000,
    ],
)
def test_rubbish_is_nothing(home: Path, content: bytes) -> None:
    """Whatever stands there, no error: it is as if nothing were kept, and is written anew."""
    path = Path(kept.file_of("words"))
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert kept.read("words", KEY) is None
    kept.write("words", KEY, 1, [])
    assert kept.read("words", KEY) == 1


def test_a_file_that_was_cut_is_nothing(home: Path) -> None:
    """At any length."""
    kept.write("words", KEY, ["value"], [])
    path = Path(kept.file_of("words"))
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert kept.read("words", KEY) is None


def test_nowhere_to_keep_is_no_error(home: Path) -> None:
    """A file where the folder should be, or a folder where the file should be."""
    (home / "cache").write_text("a file")
    kept.write("words", KEY, 1, [])
    assert kept.read("words", KEY) is None
    (home / "cache").unlink()
    Path(kept.file_of("words")).mkdir(parents=True)
    kept.write("words", KEY, 1, [])
    assert kept.read("words", KEY) is None


def test_nothing_lies_about(home: Path) -> None:
    """One file, which only its owner can read, in a folder of the owner's."""
    kept.write("words", KEY, 1, [])
    path = Path(kept.file_of("words"))
    assert list(path.parent.iterdir()) == [path]
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_another_users_file_is_not_read(home: Path) -> None:
    """As under sudo, where the home is that of a user who could tell root what to load."""
    kept.write("words", KEY, 1, [])
    os.chown(kept.file_of("words"), 12345, 12345)
    assert kept.read("words", KEY) is None


def test_the_place_is_the_one_of_the_specification(monkeypatch: pytest.MonkeyPatch) -> None:
    """XDG_CACHE_HOME if it is absolute, else ~/.cache."""
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert kept.file_of("words") == "/home/someone/.cache/corediag/words.json"
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/cache/someone")
    assert kept.file_of("words") == "/var/cache/someone/corediag/words.json"
    monkeypatch.setenv("HOME", "")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert kept.file_of("words") == ""


def test_what_is_kept_is_json(home: Path) -> None:
    """No reader needs to run anything to read it."""
    kept.write("words", KEY, {"a": (1, "ü")}, [])
    assert json.loads(Path(kept.file_of("words")).read_text())["value"] == {"a": [1, "ü"]}
