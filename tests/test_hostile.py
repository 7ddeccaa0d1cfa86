"""The real command on hostile input: one clear message, the right exit code, bounded memory.

Every run has an address space of MEMORY_BYTES and a deadline. What could be read is diagnosed
whatever lies beside it.
"""

from __future__ import annotations

import io
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

HERE = Path(__file__).parent.parent
MEMORY_BYTES = 768 * 1024**2
MIB = 1024**2
LOOP = (
    '[FATAL] plugin/loop: Loop (127.0.0.1:36286 -> :53) detected for zone ".", see '
    'https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO 1048258276942848743.9060."\n'
)
ROUTINE = (
    '[INFO] 10.244.0.12:41234 - 4242 "A IN web.default.svc.cluster.local. udp 51 false 512" '
    "NOERROR qr,aa,rd 106 0.000112s\n"
)


@dataclass(frozen=True)
class Done:
    """What a run of the command left."""

    code: int
    out: str
    err: str

    @property
    def causes(self) -> list[str]:
        """The checks of the causes, where the report is JSON."""
        return [cause["check"] for cause in json.loads(self.out)["causes"]]

    @property
    def gaps(self) -> str:
        """What could not be read, as the JSON report says it."""
        return json.dumps(json.loads(self.out)["gaps"])


def bounded() -> None:
    """Bound what a process may take, before the command begins."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def command(*arguments: str | Path, **options: Any) -> subprocess.Popen[bytes]:
    """Start the command in a process of its own with bounded memory."""
    return subprocess.Popen(
        [sys.executable, "-m", "diagnose", *map(str, arguments)],
        **{
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "cwd": HERE,
            "preexec_fn": bounded,
            "env": {**os.environ, "KUBECONFIG": "/nonexistent"},
            **options,
        },
    )


def corediag(
    *arguments: str | Path, stdin: bytes | IO[bytes] | None = None, **options: Any
) -> Done:
    """Run the command to its end; whatever it met, it says nothing of Python's."""
    if isinstance(stdin, bytes):
        options["stdin"] = subprocess.PIPE
    elif stdin is not None:
        options["stdin"] = stdin
    process = command(*arguments, **options)
    out, err = process.communicate(stdin if isinstance(stdin, bytes) else None, timeout=120)
    done = Done(process.returncode, (out or b"").decode(), (err or b"").decode())
    assert "Traceback" not in done.err
    assert "Error:" not in done.err
    return done


def message(done: Done) -> str:
    """Return the one message of a run that could read nothing: what is wrong, what to do."""
    assert done.code == 2, done
    assert done.out == ""
    first, *rest = done.err.splitlines()
    assert first.startswith("corediag: ")
    assert rest, "it says what to do"
    assert all(line.startswith("  ") for line in rest)
    return done.err


# ---------------------------------------------------------------- archives


def tar_with(path: Path, mode: str, members: Sequence[tuple[str, bytes, bytes, str]]) -> Path:
    """Write a tar of (name, type, content, target of a link)."""
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for name, kind, content, target in members:
            info = tarfile.TarInfo(name)
            info.type, info.size, info.linkname = kind, len(content), target
            tar.addfile(info, io.BytesIO(content))
    return path


HOSTILE_MEMBERS = (
    ("/etc/corediag-was-here", tarfile.REGTYPE, b"x", ""),
    ("../../tmp/corediag-was-here", tarfile.REGTYPE, b"x", ""),
    ("link", tarfile.SYMTYPE, b"", "/etc/passwd"),
    ("hard", tarfile.LNKTYPE, b"", "/etc/passwd"),
    ("zero", tarfile.CHRTYPE, b"", ""),
    ("pipe", tarfile.FIFOTYPE, b"", ""),
    ("bad\x1b[2J\nname", tarfile.REGTYPE, b"\x7fELF\0\0\0" * 50, ""),
    ("coredns.log", tarfile.REGTYPE, LOOP.encode(), ""),
)


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_a_hostile_archive_is_read_as_far_as_it_may_be(mode: str, tmp_path: Path) -> None:
    """Ways out, links and devices are named and left; the log beside them is diagnosed."""
    path = tar_with(tmp_path / "incident.tar.gz", mode, HOSTILE_MEMBERS)
    done = corediag("run", "--from", path, "-o", "json")
    assert (done.code, done.causes[0]) == (1, "loop")
    for word in ("leads out of the archive", "a link, which is not followed", "not a regular file"):
        assert word in done.gaps
    assert [one.name for one in tmp_path.iterdir()] == ["incident.tar.gz"]
    assert not Path("/etc/corediag-was-here").exists()
    assert not Path("/tmp/corediag-was-here").exists()


@pytest.mark.parametrize("kept", [0.4, 0.8])
def test_half_an_archive_is_diagnosed(kept: float, tmp_path: Path) -> None:
    """What came before the cut decides, and the report says that it was cut."""
    noise = random.Random(1).randbytes(200_000).hex().encode()
    members = (HOSTILE_MEMBERS[-1], ("noise.txt", tarfile.REGTYPE, noise, ""))
    path = tar_with(tmp_path / "incident.tar.gz", "w:gz", members)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    done = corediag("run", "--from", path, "-o", "json")
    assert (done.code, done.causes[0]) == (1, "loop")
    assert "incident.tar.gz" in done.gaps or "noise.txt" in done.gaps


def deflated(head: bytes, zeros: int) -> bytes:
    """Return a .gz of some bytes and many zeros, made without holding them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b"\0" * MIB
    pieces = [packer.compress(head), *(packer.compress(block) for _ in range(zeros // MIB))]
    return b"".join((*pieces, packer.flush()))


def test_a_bomb_does_not_go_off(tmp_path: Path) -> None:
    """A compressed file of zeros is given up; in an archive, what stands before it is kept."""
    info = tarfile.TarInfo("coredns.log")
    info.size = len(LOOP)
    padding = b"\0" * (-len(LOOP) % 512)
    bomb = tarfile.TarInfo("zeros")
    bomb.size = 2 * 1024**3
    head = info.tobuf() + LOOP.encode() + padding + bomb.tobuf()
    path = tmp_path / "bomb.tar.gz"
    path.write_bytes(deflated(head, 320 * MIB))
    done = corediag("run", "--from", path, "-o", "json")
    assert (done.code, done.causes[0]) == (1, "loop")
    assert "unpacks to far more than it should" in done.gaps


def test_a_zip_of_other_things(tmp_path: Path) -> None:
    """Names that lead out and archives in the archive are named; the log is diagnosed."""
    path = tmp_path / "incident.zip"
    inner = tar_with(tmp_path / "inner.tar", "w", HOSTILE_MEMBERS)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../evil", "x")
        archive.writestr("inner.tar", inner.read_bytes())
        archive.writestr("coredns.log", LOOP)
    done = corediag("run", "--from", path, "-o", "json")
    assert (done.code, done.causes[0]) == (1, "loop")
    assert "leads out of the archive" in done.gaps
    assert "an archive" in done.gaps


# ---------------------------------------------------------------- rubbish, and too much of it


@pytest.mark.parametrize("piped", [False, True])
def test_binary_rubbish_is_a_message(piped: bool, tmp_path: Path) -> None:
    """Neither a file nor a paste of random bytes is taken for anything."""
    data = random.Random(2).randbytes(300_000)
    path = tmp_path / "rubbish"
    path.write_bytes(data)
    done = corediag("run", "--from", "-", stdin=data) if piped else corediag("run", "--from", path)
    assert "binary data, not text" in message(done)


def test_a_log_of_300_mib(tmp_path: Path) -> None:
    """It is scanned from disk: its last line is found, and memory stays flat."""
    path = tmp_path / "coredns.log"
    block = (ROUTINE * (MIB // len(ROUTINE))).encode()
    with path.open("wb") as out:
        for _ in range(300):
            out.write(block)
        out.write(LOOP.encode())
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    with path.open("rb") as stream:
        done = corediag("run", "--from", "-", "-o", "json", stdin=stream)
    assert (done.code, done.causes[0]) == (1, "loop")
    after = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert after <= max(before, 200 * 1024), "KiB of the largest process"


def written(folder: Path, name: str, pieces: Iterator[str] | Sequence[str]) -> None:
    """Write a file piece by piece."""
    with (folder / name).open("w", encoding="utf-8") as out:
        out.writelines(pieces)


def test_a_folder_of_absurd_files(tmp_path: Path) -> None:
    """Each is read as far as it goes, named where it does not, and none costs the log."""
    aliases = "".join(
        f" {chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 10)}]\n" for n in range(9)
    )
    written(
        tmp_path, "bomb.yaml", ["apiVersion: v1\nkind: ConfigMap\ndata:\n a: &a [x]\n", aliases]
    )
    owned = tmp_path / "owned"
    tag = f"!!python/object/apply:os.system ['touch {owned}']"
    written(tmp_path, "tags.yaml", [f"apiVersion: v1\nkind: Pod\nmetadata: {tag}\n"])
    deep = ("[" * 100_000, "]" * 100_000)
    written(tmp_path, "deep.json", ['{"kind": "Pod", "metadata": ', *deep, "}\n"])
    written(tmp_path, "deep.yaml", ["apiVersion: v1\nkind: Pod\nspec: ", deep[0], "\n"])
    lines = (" " * n + "a:\n" for n in range(1, 3000))
    written(tmp_path, "steps.yaml", ["apiVersion: v1\nkind: Pod\nspec:\n", *lines])
    server = "zone{}.example.org:53 {{\n    forward . 10.0.0.1\n    cache 30\n}}\n"
    written(tmp_path, "Corefile", (server.format(n) for n in range(80_000)))
    written(tmp_path, "kubelet.log", ["x" * (50 * MIB), "\n"])
    written(tmp_path, "coredns.log", [LOOP])
    done = corediag("run", "--from", tmp_path, "-o", "json")
    assert (done.code, done.causes[0]) == (1, "loop")
    for name in ("bomb.yaml", "tags.yaml", "deep.json", "deep.yaml", "steps.yaml"):
        assert name in done.gaps
    assert not owned.exists()


def test_fifty_thousand_events(tmp_path: Path) -> None:
    """As many as are read are counted, and the report stays short."""
    row = '{}s   Warning   FailedMount   pod/web-{}   configmap "web" not found\n'
    head = "LAST SEEN   TYPE   REASON   OBJECT   MESSAGE\n"
    written(tmp_path, "events.txt", [head, *(row.format(n % 60, n) for n in range(50_000))])
    written(tmp_path, "coredns.log", [LOOP])
    done = corediag("run", "--from", tmp_path)
    assert done.code == 1
    assert "check loop" in done.out
    assert len(done.out) < 20_000


# ---------------------------------------------------------------- names that would be obeyed

NASTY = (
    "\x1b]0;owned\x07",
    "\x1b[2J\x9b31m",
    "\u202egnp.exe",
    "\u2066\u200b\ufeff",
    "<script>alert(1)</script>",
    "![x](http://203.0.113.9/x.png)",
    "[click](javascript:alert(1))",
    "| a | b |",
    "`rm -rf ~`",
    "\r\nCAUSE     all is well",
)


def nasty_world(folder: Path) -> None:
    """Write objects, events and a log in which every name would be obeyed if it could."""
    items = [
        {
            "kind": "Event",
            "apiVersion": "v1",
            "type": "Warning",
            "reason": "FailedCreatePodSandBox",
            "message": f"Failed to create pod sandbox: {name}: open /run/flannel/subnet.env: no "
            "such file or directory",
            "involvedObject": {"kind": "Pod", "name": f"web{name}", "namespace": f"shop{name}"},
            "source": {"component": "kubelet", "host": f"node{name}"},
            "lastTimestamp": "2024-01-01T00:00:00Z",
            "metadata": {"name": f"e{name}", "namespace": f"shop{name}"},
        }
        for name in NASTY
    ]
    (folder / "events.json").write_text(json.dumps({"kind": "List", "items": items}))
    (folder / f"core{NASTY[0]}{NASTY[4].replace('/', '')}dns.log").write_text(
        LOOP + "".join(f"[ERROR] plugin/errors: 2 {name}. A: i/o timeout\n" for name in NASTY)
    )


@pytest.mark.parametrize("form", ["table", "json", "markdown"])
def test_names_are_shown_and_never_obeyed(form: str, tmp_path: Path) -> None:
    """Neither a terminal nor a page nor a reader's eye is led by what a name holds."""
    nasty_world(tmp_path)
    done = corediag("run", "--from", tmp_path, "-o", form, "-v")
    assert done.code == 1
    assert not [one for one in done.out + done.err if not one.isprintable() and one != "\n"]
    assert "CAUSE     all is well" not in done.out.splitlines()
    assert "flannel" in done.out
    if form == "markdown":
        prose = "".join(done.out.split("```")[::2])
        spans = "".join(prose.split("`")[::2])
        assert "<script" not in spans
        assert "](javascript" not in spans
        assert "![x]" not in spans


# ---------------------------------------------------------------- odd files


def test_odd_files_in_a_folder(tmp_path: Path) -> None:
    """Pipes, circles of links, devices behind links and names over two lines hold nothing up."""
    folder = tmp_path / "new\nline"
    folder.mkdir()
    (folder / "core\ndns.log").write_text(LOOP)
    os.mkfifo(folder / "pipe.log")
    (folder / "again").symlink_to(".")
    (folder / "up").symlink_to(tmp_path)
    (folder / "self.log").symlink_to("self.log")
    (folder / "a.log").symlink_to("b.log")
    (folder / "b.log").symlink_to("a.log")
    (folder / "zero.log").symlink_to("/dev/zero")
    done = corediag("run", "--from", folder, "-o", "json")
    assert (done.code, done.causes[0]) == (1, "loop")
    assert "a link out of the folder" in done.gaps


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/full", "/proc/self/mem", "pipe"])
def test_what_never_ends_or_cannot_be_read(path: str, tmp_path: Path) -> None:
    """A device, a pipe nobody writes to and memory that is not there are refused at once."""
    os.mkfifo(tmp_path / "pipe")
    shown = message(corediag("run", "--from", tmp_path / path))
    assert shown.startswith(f"corediag: {tmp_path / path}: ")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_files_without_permission(tmp_path: Path) -> None:
    """One of several is named with what to do; the only one is a message."""
    (tmp_path / "coredns.log").write_text(LOOP)
    secret = tmp_path / "secret.log"
    secret.write_text(LOOP)
    secret.chmod(0)
    (tmp_path / "closed").mkdir(mode=0)
    done = corediag("run", "--from", tmp_path, "-o", "json")
    assert (done.code, done.causes[0]) == (1, "loop")
    assert "secret.log" in done.gaps
    assert "closed" in done.gaps
    assert "make it readable" in message(corediag("run", "--from", secret))


# ---------------------------------------------------------------- ends that are missing


def test_a_closed_standard_input_is_empty() -> None:
    """Nothing can be pasted into it: the message says what is wanted."""
    done = corediag("run", "--from", "-", preexec_fn=closing(0))
    assert "empty" in message(done)


def closing(number: int) -> Callable[[], None]:
    """Return what bounds a process and closes one of its streams before it begins."""

    def begin() -> None:
        bounded()
        os.close(number)

    return begin


def test_a_closed_standard_output_hides_no_exit_code() -> None:
    """A script that asks for the exit code alone gets it."""
    done = corediag("run", "--from", "-", stdin=LOOP.encode(), preexec_fn=closing(1))
    assert (done.code, done.err) == (1, "")


@pytest.mark.parametrize("form", ["table", "json"])
def test_a_full_disk_is_said(form: str) -> None:
    """A report that was not written whole is no report: exit code 2, and why."""
    with Path("/dev/full").open("wb") as full:
        done = corediag("run", "--from", "-", "-o", form, stdin=LOOP.encode(), stdout=full)
    assert done.code == 2
    assert "No space left on device" in done.err


def test_a_reader_that_goes_away_is_quiet() -> None:
    """`… | head -1` shows no error of ours, whatever the report's length."""
    process = command("run", "--from", "-", "-v", stdin=subprocess.PIPE)
    assert process.stdin
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    process.stdin.write(LOOP.encode())
    process.stdin.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(60) in {1, -signal.SIGPIPE, 128 + signal.SIGPIPE}


def test_an_interrupt_is_no_defect() -> None:
    """Ctrl-C while it waits for a paste ends it with 130, after what was pasted is judged."""
    process = command("run", "--from", "-", stdin=subprocess.PIPE)
    assert process.stdin
    process.stdin.write(LOOP.encode())
    process.stdin.flush()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"plugin/loop" in out
    assert b"interrupted" in err
    assert b"Traceback" not in err
