"""Bundles and archives: what is written comes back, and what is hostile does no harm."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.asks import Ask
from diagnose.model import Gap, GapKind, Subject
from diagnose.parts import Haul, Kind, Part
from diagnose.redaction import Redactor
from diagnose.signatures.base import Emitter
from diagnose.sources import bundle
from diagnose.sources.archive import Limits, members
from diagnose.sources.base import Member, SourceError
from diagnose.sources.loose import scratch

AT = datetime(2026, 11, 23, 10, tzinfo=UTC)
LOG = Part(
    kind=Kind.LOG,
    origin="kube-system/coredns-1.previous.log",
    text="2026-11-23T09:59:00Z [FATAL] plugin/loop: Loop\n",
    emitter=Emitter.COREDNS,
    subject=Subject("Pod", "coredns-1", "kube-system", "n1"),
    container="coredns",
    ask=Ask.DNS_LOGS,
    previous=True,
    whole=True,
    taken_at=AT,
)
CONFIG = Part(
    kind=Kind.OBJECTS,
    origin="configmap kube-system/coredns",
    text='{"kind":"ConfigMap","data":{"Corefile":".:53 {\\n    loop\\n}\\n"}}',
    ask=Ask.DNS_CONFIG,
    whole=True,
    taken_at=AT,
)
TABLE = Part(
    kind=Kind.TABLE,
    origin="table of nodes",
    text="NAME   STATUS\nn1     Ready\n",
    first_line=3,
    command="kubectl get nodes -o wide",
    ask=Ask.NODES,
)
HAUL = Haul(
    parts=(LOG, CONFIG, TABLE),
    looked=frozenset({Ask.DNS_LOGS, Ask.DNS_CONFIG, Ask.NODES, Ask.EVENTS}),
    gaps={Ask.EVENTS: (Gap("warning events", GapKind.DENIED, "forbidden", "list events"),)},
    general_gaps=(Gap("the API server", GapKind.UNREACHABLE, "slow", "wait"),),
    source="cluster https://10.0.0.1:6443 (context lab)",
    taken_at=AT,
)


def written(folder: Path, haul: Haul = HAUL) -> Path:
    """Return a bundle of a haul."""
    path = folder / "bundle.tar.gz"
    bundle.write(haul, path, redactor=Redactor())
    return path


def unpacked(path: Path) -> dict[str, bytes]:
    """Return the files of a bundle by name, the manifest first."""
    with tarfile.open(path) as tar:
        return {one.name: tar.extractfile(one).read() for one in tar}  # type: ignore[union-attr]


def packed(path: Path, files: Mapping[str, bytes]) -> Path:
    """Write files as a .tar.gz."""
    with tarfile.open(path, "w:gz") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def tar_of(path: Path, *infos: tuple[tarfile.TarInfo, bytes]) -> Path:
    """Write members as they are told, good or bad, as a .tar."""
    with tarfile.open(path, "w") as tar:
        for info, data in infos:
            tar.addfile(info, io.BytesIO(data))
    return path


def entry(name: str, data: bytes = b"x", **attributes: Any) -> tuple[tarfile.TarInfo, bytes]:
    """Return a member of a tar with some attributes of its header set."""
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in attributes.items():
        setattr(info, key, value)
    return info, data


def changed(folder: Path, **changes: Any) -> Path:
    """Return a bundle whose manifest has some keys changed."""
    files = unpacked(written(folder))
    manifest = json.loads(files["corediag/manifest.json"]) | changes
    files["corediag/manifest.json"] = json.dumps(manifest).encode()
    return packed(folder / "changed.tar.gz", files)


# ---------------------------------------------------------------- our own


def test_a_bundle_is_the_recorded_haul(tmp_path: Path) -> None:
    """What is written comes back the same, but for the name of the source."""
    read = bundle.read(written(tmp_path))
    assert replace(read, source=HAUL.source) == HAUL
    assert read.source == f"bundle.tar.gz ({HAUL.source})"


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(st.lists(st.builds(Part, kind=st.just(Kind.LOG), origin=st.just("o"), text=TEXTS)))
def test_any_text_comes_back(parts: list[Part]) -> None:
    """Control characters, carriage returns and empty logs survive."""
    plain = Redactor(addresses=False, hosts=False)
    expected = [plain.text(part.text) for part in parts]
    path = scratch() / "any.tar.gz"
    bundle.write(Haul(parts=tuple(parts)), path, redactor=plain)
    assert [part.text for part in bundle.read(path).parts] == expected


def test_an_unpacked_bundle_is_read_too(tmp_path: Path) -> None:
    """A folder with the manifest in it is the same bundle."""
    with tarfile.open(written(tmp_path)) as tar:
        tar.extractall(tmp_path, filter="data")
    folder = tmp_path / "corediag"
    assert bundle.is_bundle(folder)
    assert bundle.read(folder).parts == HAUL.parts


def test_a_bundle_packed_anew_is_read(tmp_path: Path) -> None:
    """With its files at the top and the manifest last it is still one."""
    files = {
        name.removeprefix("corediag/"): data for name, data in unpacked(written(tmp_path)).items()
    }
    files["manifest.json"] = files.pop("manifest.json")
    path = packed(tmp_path / "anew.tgz", files)
    assert bundle.is_bundle(path)
    assert bundle.read(path).parts == HAUL.parts


def test_the_same_haul_makes_the_same_file(tmp_path: Path) -> None:
    """No clock and no name of a machine gets into it."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert written(tmp_path / "a").read_bytes() == written(tmp_path / "b").read_bytes()


def test_it_is_for_its_owner_alone(tmp_path: Path) -> None:
    """A bundle is not readable by others."""
    assert written(tmp_path).stat().st_mode & 0o077 == 0


def test_parts_of_one_name_are_kept_apart(tmp_path: Path) -> None:
    """Two parts with the same origin have two files."""
    haul = replace(HAUL, parts=(LOG, replace(LOG, text="other\n")))
    assert [part.text for part in bundle.read(written(tmp_path, haul)).parts] == [
        LOG.text,
        "other\n",
    ]


def test_names_of_files_are_harmless(tmp_path: Path) -> None:
    """An origin that looks like a path out of the archive makes no such path."""
    haul = replace(HAUL, parts=(replace(LOG, origin="../../etc/passwd"),))
    names = list(unpacked(written(tmp_path, haul)))
    assert names == ["corediag/manifest.json", "corediag/logs/etc_passwd.log"]


def test_a_long_log_goes_from_file_to_file(tmp_path: Path) -> None:
    """A log that is too long to hold is redacted line by line and read as a file."""
    source = tmp_path / "long.log"
    first, filler = "token=s3cretvalue 10.0.0.1\n", "x" * 1023 + "\n"
    source.write_text(first + filler * 17_000 + first)
    haul = Haul(parts=(replace(LOG, text="", path=source),))
    (part,) = bundle.read(written(tmp_path, haul)).parts
    assert part.path is not None
    hidden = first.replace("s3cretvalue", "REDACTED")
    assert part.path.read_text() == hidden + filler * 17_000 + hidden


def test_an_error_leaves_no_file(tmp_path: Path) -> None:
    """When a part cannot be read, neither the bundle nor half of one is there."""
    haul = Haul(parts=(LOG, replace(LOG, text="", path=tmp_path / "gone")))
    with pytest.raises(OSError, match="gone"):
        bundle.write(haul, tmp_path / "bundle.tar.gz", redactor=Redactor())
    assert not list(tmp_path.iterdir())


def test_a_stream_gets_the_bytes_that_a_file_gets(tmp_path: Path) -> None:
    """And stays open; the size is told in both cases."""
    out = io.BytesIO()
    size = bundle.write(HAUL, out, redactor=Redactor())
    path = tmp_path / "bundle.tar.gz"
    assert bundle.write(HAUL, path, redactor=Redactor()) == size == len(out.getvalue())
    assert path.read_bytes() == out.getvalue()


@pytest.mark.parametrize(
    ("ask", "then"),
    [
        ("corediag run --rung 3", "corediag collect -o FILE --rung 3  # anew"),
        (
            "corediag run --probe --probe-image IMAGE  # with sh",
            "corediag collect -o FILE --probe --probe-image IMAGE  # anew, with sh",
        ),
        ("run it without --no-exec", "collect it anew without --no-exec"),
        ("run it again", "collect it anew"),
        ("run it as root", "run it as root"),
        ("kubectl get nodes", "kubectl get nodes"),
        ("corediag run --from .\ncat x", "corediag run --from .\ncat x"),
    ],
)
def test_what_a_record_lacks_is_collected_anew(tmp_path: Path, ask: str, then: str) -> None:
    """No run on a bundle can close its gaps, so what a run advises is put into those words."""
    gap = Gap("the metrics", GapKind.NOT_COLLECTED, "it stopped", ask)
    haul = replace(HAUL, gaps={Ask.DNS_METRICS: (gap,)}, general_gaps=(gap,))
    back = bundle.read(written(tmp_path, haul))
    assert back.gaps[Ask.DNS_METRICS] == (replace(gap, ask=then),)
    assert back.general_gaps == (replace(gap, ask=then),)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """It is an OSError, for the command line to tell."""
    with pytest.raises(OSError, match="nowhere"):
        bundle.write(HAUL, tmp_path / "nowhere" / "b.tar.gz", redactor=Redactor())


def test_an_older_bundle_stays_when_writing_fails(tmp_path: Path) -> None:
    """The file is replaced only by a whole one."""
    path = written(tmp_path)
    before = path.read_bytes()
    haul = Haul(parts=(replace(LOG, text="", path=tmp_path / "gone"),))
    with pytest.raises(OSError, match="gone"):
        bundle.write(haul, path, redactor=Redactor())
    assert path.read_bytes() == before


# ---------------------------------------------------------------- secrets


def test_no_secret_reaches_the_bytes(tmp_path: Path) -> None:
    """Neither a part, a name, a gap nor the source carries one into the file."""
    secrets = ("hunter2hunter2", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln", "52.17.3.9", "acme")
    pod = {
        "kind": "Pod",
        "metadata": {
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": json.dumps(
                    {"env": [{"name": "DB_PASSWORD", "value": secrets[0]}]}
                )
            }
        },
        "spec": {"containers": [{"env": [{"name": "API_TOKEN", "value": secrets[1]}]}]},
    }
    haul = Haul(
        parts=(
            replace(CONFIG, text=json.dumps(pod), origin="pods of shop.acme.com"),
            replace(LOG, text=f"Authorization: Bearer {secrets[1]} to 52.17.3.9\n"),
        ),
        gaps={
            Ask.EVENTS: (
                Gap("jane@acme.com", GapKind.DENIED, "for db.acme.com", f"token={secrets[0]}"),
            )
        },
        general_gaps=(Gap("api.acme.com", GapKind.UNREACHABLE, "52.17.3.9", ""),),
        source="cluster https://api.acme.com:6443",
        taken_at=AT,
    )
    plain = gzip.decompress(written(tmp_path, haul).read_bytes())
    for secret in secrets:
        assert secret.encode() not in plain


def test_the_clusters_own_names_stay(tmp_path: Path) -> None:
    """Nodes keep their names, and Services their addresses even from a public range."""
    items = [
        {"kind": "Service", "spec": {"clusterIP": "30.0.0.10"}},
        {"kind": "Pod", "spec": {"nodeName": "node-1.acme.com"}},
    ]
    text = json.dumps({"kind": "List", "items": items})
    log = replace(LOG, text="dial tcp 30.0.4.1:443 from node-1.acme.com via 31.0.0.1\n")
    haul = Haul(parts=(replace(CONFIG, text=text), log))
    objects, read = bundle.read(written(tmp_path, haul)).parts
    assert json.loads(objects.text)["items"] == items
    assert read.text == "dial tcp 30.0.4.1:443 from node-1.acme.com via 192.0.2.1\n"


# ---------------------------------------------------------------- broken bundles


def test_what_the_manifest_lists_and_is_not_there(tmp_path: Path) -> None:
    """A part whose file is missing is a gap of its ask; the others are read."""
    files = unpacked(written(tmp_path))
    del files["corediag/logs/kube-system_coredns-1.previous.log"]
    read = bundle.read(packed(tmp_path / "b.tar.gz", files))
    assert read.parts == (CONFIG, TABLE)
    assert [gap.because for gap in read.gaps[Ask.DNS_LOGS]] == ["its file is not in the bundle"]


def test_a_file_that_was_changed(tmp_path: Path) -> None:
    """What somebody edited is used, but is not taken for whole any more."""
    files = unpacked(written(tmp_path))
    files["corediag/logs/kube-system_coredns-1.previous.log"] = b"edited\r\n"
    read = bundle.read(packed(tmp_path / "b.tar.gz", files))
    assert read.parts[0] == replace(LOG, text="edited\n", whole=False)
    assert [gap.kind for gap in read.gaps[Ask.DNS_LOGS]] == [GapKind.PARTIAL]


def test_a_file_that_was_replaced_by_rubbish(tmp_path: Path) -> None:
    """Binary data in place of a log is a gap."""
    files = unpacked(written(tmp_path))
    files["corediag/logs/kube-system_coredns-1.previous.log"] = bytes(range(256)) * 10
    read = bundle.read(packed(tmp_path / "b.tar.gz", files))
    assert LOG.kind not in {part.kind for part in read.parts}
    assert [gap.kind for gap in read.gaps[Ask.DNS_LOGS]] == [GapKind.MALFORMED]


def test_a_file_that_was_added(tmp_path: Path) -> None:
    """What somebody put beside the recorded files is read as loose evidence."""
    files = unpacked(written(tmp_path))
    files["corediag/n1/resolv.conf"] = b"nameserver 127.0.0.1\n"
    added = bundle.read(packed(tmp_path / "b.tar.gz", files)).parts[-1]
    assert (added.kind, added.origin, added.ask) == (Kind.RESOLV_CONF, "n1/resolv.conf", None)


def test_a_bundle_that_ends_too_early(tmp_path: Path) -> None:
    """What came before the end is read, what did not come is a gap of its ask."""
    noise = replace(LOG, origin="noise", text="".join(f"{n * 7919}\n" for n in range(9000)))
    data = written(tmp_path, replace(HAUL, parts=(LOG, noise, CONFIG))).read_bytes()
    path = tmp_path / "cut.tar.gz"
    path.write_bytes(data[: len(data) // 2])
    read = bundle.read(path)
    assert read.parts[0] == LOG
    assert read.gaps[Ask.DNS_CONFIG][0].because == "its file is not in the bundle"
    assert len(read.general_gaps) > len(HAUL.general_gaps)


def test_a_bundle_without_its_beginning(tmp_path: Path) -> None:
    """Cut before its manifest ends it is a SourceError that says so."""
    path = tmp_path / "cut.tar.gz"
    path.write_bytes(written(tmp_path).read_bytes()[:200])
    with pytest.raises(SourceError, match="manifest"):
        bundle.read(path)


def test_a_later_schema_is_refused(tmp_path: Path) -> None:
    """A bundle of a later corediag names the version that wrote it."""
    with pytest.raises(SourceError, match="later corediag") as caught:
        bundle.read(changed(tmp_path, corediag_bundle=99, corediag="9.1"))
    assert "9.1" in caught.value.message


@pytest.mark.parametrize("text", ["", "[]", "{", '{"corediag_bundle": "x"}', "[" * 100_000])
def test_a_manifest_that_is_none(text: str, tmp_path: Path) -> None:
    """It is a SourceError with the path in it."""
    path = packed(tmp_path / "b.tar.gz", {"manifest.json": text.encode()})
    with pytest.raises(SourceError, match=r"b\.tar\.gz"):
        bundle.read(path)


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["asks", "gaps", "parts", "taken_at", "source"]), ODD))
def test_a_hostile_manifest_does_no_harm(changes: dict[str, Any]) -> None:
    """Values of any shape bring no exception."""
    path = scratch() / "odd.tar.gz"
    packed(path, {"manifest.json": json.dumps({"corediag_bundle": 1} | changes).encode()})
    bundle.read(path)


@given(
    st.dictionaries(
        st.sampled_from(
            ["file", "sha256", "kind", "origin", "ask", "emitter", "subject", "first_line"]
        ),
        ODD,
    )
)
def test_a_hostile_part_does_no_harm(changes: dict[str, Any]) -> None:
    """Nor do the values of one part."""
    path = scratch() / "odd.tar.gz"
    part = {"file": "a", "kind": "LOG", "sha256": hashlib.sha256(b"a").hexdigest()} | changes
    manifest = {"corediag_bundle": 1, "parts": [part, part]}
    packed(path, {"manifest.json": json.dumps(manifest).encode(), "a": b"a"})
    bundle.read(path)


def test_escapes_in_a_manifest_are_shown(tmp_path: Path) -> None:
    """What a terminal would obey is text in origins, subjects and gaps."""
    evil = "\x1b]0;x\x07"
    gap = {"what": evil, "kind": "denied", "because": evil, "ask": evil}
    part = {"file": "a", "kind": "LOG", "origin": evil, "subject": {"name": evil}, "command": evil}
    manifest = {"corediag_bundle": 1, "gaps": [gap], "parts": [part], "source": "x"}
    files = {"manifest.json": json.dumps(manifest).encode(), "a": b"a"}
    read = bundle.read(packed(tmp_path / "b.tar.gz", files))
    shown = repr((read.parts[0].origin, read.parts[0].subject, read.parts[0].command))
    assert "\\x1b" not in shown.replace("\\\\x1b", "")
    assert "\x1b" not in "".join(map(str, read.general_gaps))


# ---------------------------------------------------------------- what is a bundle


def test_what_is_no_bundle(tmp_path: Path) -> None:
    """Logs, folders, foreign archives and other manifests are not taken for one."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "manifest.json").write_text('{"name": "other"}')
    (tmp_path / "log").write_text("x\n")
    (tmp_path / "log.gz").write_bytes(gzip.compress(b"x\n"))
    packed(tmp_path / "foreign.tgz", {"manifest.json": b"{}", "a": b"b"})
    for name in ("folder", "log", "log.gz", "foreign.tgz", "absent"):
        assert not bundle.is_bundle(tmp_path / name), name


def test_what_is_an_archive(tmp_path: Path) -> None:
    """A tar is known by its header's checksum, whatever it is called; a .gz of a log is none."""
    packed(tmp_path / "a", {"x": b"y"})
    tar_of(tmp_path / "b", entry("x"))
    with zipfile.ZipFile(tmp_path / "c", "w") as archive:
        archive.writestr("x", "y")
    (tmp_path / "d.tar.gz").write_bytes(gzip.compress(b"a log\n" * 100))
    (tmp_path / "e.tar").write_text("a log\n" * 100)
    (tmp_path / "f").write_bytes(b"\x1f\x8b rubbish")
    known = {name: bundle.is_archive(tmp_path / name) for name in "abc"}
    assert known == {"a": True, "b": True, "c": True}
    for name in ("d.tar.gz", "e.tar", "f", "absent"):
        assert not bundle.is_archive(tmp_path / name), name


# ---------------------------------------------------------------- hostile archives


def read_all(path: Path, **limits: int) -> tuple[dict[str, bytes], list[Gap]]:
    """Return the files of an archive by name, and its gaps."""
    found = list(members(path, Limits(**limits)))
    files = {one.name: content(one) for one in found if one.gap is None}
    return files, [one.gap for one in found if one.gap is not None]


def content(member: Member) -> bytes:
    """Return a member's bytes."""
    return member.path.read_bytes() if member.path else member.data


@pytest.mark.parametrize(
    "bad",
    [
        entry("../../evil"),
        entry("a/../../evil"),
        entry("..\\evil"),
        entry("link", type=tarfile.SYMTYPE, linkname="/etc/passwd", size=0),
        entry("hard", type=tarfile.LNKTYPE, linkname="good", size=0),
        entry("device", type=tarfile.CHRTYPE, size=0),
        entry("disk", type=tarfile.BLKTYPE, size=0),
        entry("pipe", type=tarfile.FIFOTYPE, size=0),
        entry("good", b"a second one"),
    ],
    ids=lambda pair: pair[0].name,
)
def test_a_bad_member_is_a_gap(bad: tuple[tarfile.TarInfo, bytes], tmp_path: Path) -> None:
    """It is not read, and those before and after it are."""
    info, data = bad
    path = tar_of(
        tmp_path / "a.tar", entry("good", b"1"), (info, data[: info.size]), entry("last", b"2")
    )
    files, gaps = read_all(path)
    assert files == {"good": b"1", "last": b"2"}
    assert len(gaps) == 1


def test_absolute_names_lose_their_root(tmp_path: Path) -> None:
    """What `tar -P` wrote is read, under a relative name."""
    path = tar_of(tmp_path / "a.tar", entry("/var/log/x", b"1"), entry("C:\\logs\\y", b"2"))
    assert read_all(path)[0] == {"var/log/x": b"1", "logs/y": b"2"}


def test_nothing_is_written_beside_the_archive(tmp_path: Path) -> None:
    """Reading leaves the folders as they were, whatever the names are."""
    path = tar_of(tmp_path / "a.tar", entry("../evil"), entry("/tmp/evil-of-corediag"), entry("x"))
    read_all(path)
    assert [one.name for one in tmp_path.iterdir()] == ["a.tar"]
    assert not Path("/tmp/evil-of-corediag").exists()


def test_a_bomb_of_one_byte_is_stopped(tmp_path: Path) -> None:
    """A file that unpacks to far more than its size is cut off, with a gap."""
    path = packed(tmp_path / "a.tgz", {"small": b"s", "zeros": b"\0" * 4_000_000})
    files, gaps = read_all(path, ratio=10, ratio_from_bytes=100_000)
    assert files == {"small": b"s"}
    assert "unpacks to far more" in gaps[0].because


def test_an_archive_too_large_is_stopped(tmp_path: Path) -> None:
    """The sum of all files is bounded, compressed or not."""
    path = tar_of(tmp_path / "a.tar", *(entry(str(n), b"x" * 50_000) for n in range(9)))
    files, gaps = read_all(path, unpacked_bytes=200_000)
    assert 0 < len(files) < 9
    assert len(gaps) == 1


def test_too_many_files_are_stopped(tmp_path: Path) -> None:
    """The number of files is bounded."""
    path = tar_of(tmp_path / "a.tar", *(entry(str(n)) for n in range(50)))
    files, gaps = read_all(path, files=10)
    assert len(files) == 10
    assert "more than 10 files" in gaps[0].because


def test_a_header_that_wants_much_memory_is_refused(tmp_path: Path) -> None:
    """An extended header is read in one piece, so its size is bounded."""
    info, _ = entry("x" * 10, type=tarfile.XHDTYPE)
    info.size = 3 * 1024**3
    path = tmp_path / "a.tar"
    path.write_bytes(info.tobuf() + b"\0" * 10_240)
    assert "too large" in read_all(path)[1][0].because


def test_a_sparse_file_is_refused(tmp_path: Path) -> None:
    """A file of holes is larger than all that is in the archive."""
    sparse = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(2**40)}
    info, data = entry("holes", b"1\n0\n1\n" + b"\0" * 506)
    info.pax_headers = {**sparse, "GNU.sparse.name": "holes"}
    files, gaps = read_all(tar_of(tmp_path / "a.tar", (info, data)))
    assert not files
    assert gaps


def test_long_members_go_to_files(tmp_path: Path) -> None:
    """A member beyond what is held is in a temporary file with the same content."""
    data = os.urandom(5000)
    path = tar_of(tmp_path / "a.tar", entry("long", data), entry("short", b"1"))
    long, short = members(path, Limits(held_bytes=1000))
    assert long.path is not None
    assert not long.path.is_relative_to(tmp_path)
    assert long.path.read_bytes() == data
    assert (short.data, short.path) == (b"1", None)


def test_what_is_held_is_bounded_in_all(tmp_path: Path) -> None:
    """Many small members do not add up in memory."""
    path = tar_of(tmp_path / "a.tar", *(entry(str(n), b"x" * 100) for n in range(9)))
    found = list(members(path, Limits(held_total_bytes=300)))
    assert [one.path is None for one in found] == [True] * 3 + [False] * 6
    assert {content(one) for one in found} == {b"x" * 100}


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("kept", [0.2, 0.5, 0.8])
def test_a_cut_archive_gives_what_it_has(kept: float, compressed: bool, tmp_path: Path) -> None:
    """Files before the cut are read whole, and the cut is a gap."""
    contents = {str(number): os.urandom(3000) for number in range(8)}
    whole = tar_of(tmp_path / "a.tar", *(entry(name, data) for name, data in contents.items()))
    data = whole.read_bytes()[: 8 * 3584 + 1024]
    data = gzip.compress(data) if compressed else data
    path = tmp_path / "cut"
    path.write_bytes(data[: int(len(data) * kept)])
    files, gaps = read_all(path)
    intact = [name for name, found in files.items() if found == contents[name]]
    assert len(intact) >= int(8 * kept) - 1
    assert len(files) - len(intact) <= 1
    assert gaps


def test_rubbish_in_the_middle_is_a_gap(tmp_path: Path) -> None:
    """A damaged header does not end the archive silently."""
    path = tar_of(tmp_path / "a.tar", entry("a", b"x" * 512), entry("b", b"y" * 512))
    data = bytearray(path.read_bytes())
    data[1024:1100] = b"\xff" * 76
    path.write_bytes(data)
    files, gaps = read_all(path)
    assert list(files) == ["a"]
    assert gaps


@given(st.binary(max_size=3000))
def test_no_bytes_do_harm(data: bytes) -> None:
    """Whatever a file holds, reading it as an archive raises nothing."""
    for head in (b"", b"\x1f\x8b\x08\x00", b"PK\x03\x04", b"PK\x05\x06"):
        path = scratch() / "rubbish"
        path.write_bytes(head + data)
        list(members(path))
        assert not bundle.is_bundle(path)


@given(st.integers(0, 3583), st.integers(0, 255))
def test_no_changed_byte_does_harm(position: int, value: int) -> None:
    """Nor does one wrong byte anywhere in a good one."""
    path = tar_of(scratch() / "one.tar", entry("a", b"x" * 600), entry("b", b"y" * 600))
    data = bytearray(path.read_bytes())
    data[position] = value
    path.write_bytes(data)
    list(members(path))


def test_a_zip_is_read(tmp_path: Path) -> None:
    """Its files come in order; links, ways out and bombs are gaps."""
    path = tmp_path / "a.zip"
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("logs/a.log", "1")
        archive.writestr("../evil", "x")
        archive.writestr(link, "/etc/passwd")
        archive.writestr("zeros", b"\0" * 1_000_000)
        archive.writestr("b.log", "2")
    files, gaps = read_all(path, ratio=10, ratio_from_bytes=1000)
    assert files == {"logs/a.log": b"1", "b.log": b"2"}
    assert [gap.what for gap in gaps] == ["../evil", "link", "zeros"]


def test_a_damaged_file_in_a_zip(tmp_path: Path) -> None:
    """A wrong checksum costs that file alone."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", "AAAA")
        archive.writestr("b", "BBBB")
    path.write_bytes(path.read_bytes().replace(b"AAAA", b"AAAC"))
    files, gaps = read_all(path)
    assert files == {"b": b"BBBB"}
    assert [gap.what for gap in gaps] == ["a"]
