"""Folders, files and pastes become parts; what cannot be read becomes a gap or a clear error."""

import gzip
import io
import os
from pathlib import Path

import pytest

from diagnose.model import GapKind
from diagnose.parts import Kind
from diagnose.sources import loose
from diagnose.sources.base import Member, SourceError
from diagnose.sources.given import read

LOOP = (
    '[FATAL] plugin/loop: Loop (127.0.0.1:36286 -> :53) detected for zone ".", see '
    'https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO 1.2."\n'
)


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path: Path) -> None:
    """Each file becomes parts of its kind, named as it lies in the folder."""
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "coredns.log").write_text(LOOP)
    (tmp_path / "a.conf").write_text("nameserver 127.0.0.53\n")
    haul = loose.read([str(tmp_path)])
    assert [(part.origin, part.kind) for part in haul.parts] == [
        ("a.conf", Kind.RESOLV_CONF),
        ("b/coredns.log", Kind.LOG),
    ]


def test_ignored_and_hidden_files_are_passed_over(tmp_path: Path) -> None:
    """What the caller names, and what a shell hides, is no evidence."""
    (tmp_path / "expected.toml").write_text("x = 1\n")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("[core]\n")
    (tmp_path / "coredns.log").write_text(LOOP)
    haul = loose.read([str(tmp_path)], ignore=("expected.toml",))
    assert {part.origin for part in haul.parts} == {"coredns.log"}


@pytest.mark.parametrize("name", ["absent", "absent/file.log"])
def test_a_missing_path_is_a_clear_error(tmp_path: Path, name: str) -> None:
    """The error names the path."""
    with pytest.raises(SourceError, match=r"absent.*no such file or folder"):
        loose.read([str(tmp_path / name)])


def test_an_empty_folder_is_a_clear_error(tmp_path: Path) -> None:
    """Nothing to read is not the same as nothing wrong."""
    with pytest.raises(SourceError, match="nothing to read"):
        loose.read([str(tmp_path)])


def test_a_device_is_not_read() -> None:
    """A path that never ends is refused."""
    with pytest.raises(SourceError, match="neither a file nor a folder"):
        loose.read(["/dev/zero"])


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    """A bundle may not make us read the reader's own files."""
    secret = tmp_path / "secret.log"
    secret.write_text("token\n")
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "link.log").symlink_to(secret)
    (folder / "coredns.log").write_text(LOOP)
    haul = loose.read([str(folder)])
    assert {part.origin for part in haul.parts} == {"coredns.log"}
    assert haul.general_gaps[0].because == "a link out of the folder"


def test_a_compressed_log_is_unpacked(tmp_path: Path) -> None:
    """A kubelet rotates logs into .gz files."""
    (tmp_path / "coredns.log.gz").write_bytes(gzip.compress(LOOP.encode()))
    (part,) = loose.read([str(tmp_path)]).parts
    assert part.kind is Kind.LOG
    assert part.text.startswith("[FATAL]")
    assert part.origin == "coredns.log"


def test_a_truncated_compressed_log_keeps_what_came(tmp_path: Path) -> None:
    """What can be unpacked is evidence; the rest is a gap that says so."""
    noise = os.urandom(60_000).hex()
    packed = gzip.compress((LOOP + noise).encode())
    (tmp_path / "coredns.log.gz").write_bytes(packed[: len(packed) // 2])
    haul = loose.read([str(tmp_path)])
    assert "plugin/loop" in haul.parts[0].text
    assert haul.general_gaps[0].kind is GapKind.PARTIAL


def test_binary_data_is_named_as_such(tmp_path: Path) -> None:
    """A core file or an image is not taken for a log."""
    (tmp_path / "core").write_bytes(bytes(range(256)) * 100)
    (tmp_path / "coredns.log").write_text(LOOP)
    haul = loose.read([str(tmp_path)])
    assert [part.kind for part in haul.parts] == [Kind.BINARY, Kind.LOG]
    assert "binary" in haul.general_gaps[0].because


def test_a_long_log_stays_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log beyond the limit is named by its path, so that memory stays flat."""
    monkeypatch.setattr(loose, "WHOLE_BYTES", 1000)
    log = tmp_path / "coredns.log"
    log.write_text(LOOP * 50)
    (part,) = loose.read([str(log)]).parts
    assert part.kind is Kind.LOG
    assert part.path == log
    assert part.text == ""


def test_a_long_file_that_is_no_log_is_cut_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the beginning is read, and the report knows it."""
    monkeypatch.setattr(loose, "WHOLE_BYTES", 1000)
    (tmp_path / "pods.yaml").write_text("apiVersion: v1\nkind: Pod\n" + "# x\n" * 1000)
    haul = loose.read([str(tmp_path)])
    assert haul.general_gaps[0].kind is GapKind.PARTIAL


def test_a_paste_is_recognised_without_a_name() -> None:
    """Standard input has no name that could help."""
    haul = read("-", io.BytesIO(LOOP.encode()))
    assert [part.kind for part in haul.parts] == [Kind.LOG]
    assert haul.parts[0].origin == "pasted text"


def test_an_empty_paste_is_a_clear_error() -> None:
    """An empty pipe is a mistake before the pipe."""
    with pytest.raises(SourceError, match="empty"):
        read("-", io.BytesIO(b""))


def test_names_of_files_are_shown_not_obeyed(tmp_path: Path) -> None:
    """A file's name may hold a terminal escape."""
    (tmp_path / "core\x1b[2Jdns.log").write_text(LOOP)
    haul = loose.read([str(tmp_path)])
    assert haul.parts[0].origin == "core\\x1b[2Jdns.log"


def test_members_of_an_archive_are_read_like_files() -> None:
    """A member's gap is kept, its text is cut like a file's."""
    haul = loose.read_members([Member("logs/coredns.log", data=LOOP.encode())], "incident.tar.gz")
    assert haul.parts[0].kind is Kind.LOG
    assert haul.source == "incident.tar.gz"


def test_an_archive_without_readable_files_is_a_clear_error() -> None:
    """Nothing in it is not the same as nothing wrong."""
    with pytest.raises(SourceError, match="nothing to read"):
        loose.read_members([], "empty.tar")
