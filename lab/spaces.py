"""Namespaces held open by one process each, found again by its command line.

A space has its own network, mounts, host name, IPC and process numbers. Its first process is the
pause program; when that is killed the kernel ends every process of the space and takes links,
rules and mounts with it. So there is nothing to keep a record of, and nothing to clean up by hand.
"""

import os
import shlex
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lab.process import LabError, output, run, wait_for

MARK = "corediag-lab"
KINDS = ("net", "mnt", "uts", "ipc", "pid")


@dataclass(frozen=True)
class Space:
    """A set of namespaces, by its name and the machine's number for its first process."""

    name: str
    pid: int

    @property
    def root(self) -> Path:
        """The space's file system as the machine sees it."""
        return Path(f"/proc/{self.pid}/root")

    def words(self, *command: str | Path) -> tuple[str, ...]:
        """Return the command that runs this one inside."""
        inside = ("--net", "--mount", "--uts", "--ipc", "--pid")
        return ("nsenter", "--target", str(self.pid), *inside, "--", *map(str, command))

    def run(
        self,
        *command: str | Path,
        stdin: str | None = None,
        check: bool = True,
        timeout_s: float = 120,
    ) -> subprocess.CompletedProcess[str]:
        """Return the ended command, run inside; raise LabError unless it ended well."""
        return run(*self.words(*command), stdin=stdin, check=check, timeout_s=timeout_s)

    def output(self, *command: str | Path) -> str:
        """Return what the command printed inside, stripped."""
        return output(*self.words(*command))

    def shell(self, script: str, *, check: bool = True) -> str:
        """Return what a shell script printed inside; it stops at the first failure."""
        return self.run("sh", "-euc", script, check=check).stdout.strip()

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Assert that the file inside holds this text."""
        target = self.root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        target.chmod(mode)

    def read(self, path: str) -> str:
        """Return the text of a file inside, or nothing where there is none."""
        try:
            return (self.root / path.lstrip("/")).read_text(errors="replace")
        except OSError:
            return ""

    def daemon(self, name: str, *command: str | Path, path: str = "") -> None:
        """Start a process inside that stays, with its log in /var/log/NAME.log."""
        words = " ".join(shlex.quote(str(word)) for word in command)
        environment = f"PATH={shlex.quote(path)} " if path else ""
        script = (
            f"echo $$ > /run/{name}.pid; exec env {environment}{words}"
            f" >> /var/log/{name}.log 2>&1 < /dev/null"
        )
        self.shell(f"setsid sh -c {shlex.quote(script)} > /dev/null 2>&1 < /dev/null &")

    def daemon_pid(self, name: str) -> int:
        """Return the number, inside, of a process that was started as a daemon; 0 when gone."""
        number = self.read(f"/run/{name}.pid").strip()
        state = self.read(f"/proc/{number}/stat") if number.isdigit() else ""
        return 0 if not state or state.rpartition(")")[2].split()[0] == "Z" else int(number)

    def stop(self, name: str, *, timeout_s: float = 30) -> None:
        """Assert that a daemon has ended."""
        if number := self.daemon_pid(name):
            self.run("kill", str(number), check=False)
            try:
                wait_for(f"{name} to end", lambda: not self.daemon_pid(name), timeout_s=timeout_s)
            except LabError:
                self.run("kill", "-9", str(number), check=False)
                wait_for(f"{name} to end", lambda: not self.daemon_pid(name))


def spaces() -> dict[str, Space]:
    """Return the spaces that exist, by name."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if len(words) >= 3 and words[0].endswith(b"/pause") and words[1] == MARK.encode():
            found[words[2].decode()] = Space(words[2].decode(), int(folder.name))
    return found


def open_space(name: str, pause: Path) -> Space:
    """Return the space of that name, made if there is none; the loopback is up."""
    if existing := spaces().get(name):
        return existing
    subprocess.run(
        (
            *("setsid", "--fork", "unshare", "--net", "--mount", "--uts", "--ipc", "--pid"),
            *("--fork", "--mount-proc", "--kill-child", "--", str(pause), MARK, name),
        ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    wait_for(f"the space {name}", lambda: name in spaces(), every_s=0.05)
    space = spaces()[name]
    space.shell(f"hostname {name}; ip link set lo up")
    return space


def numbers(space: Space) -> set[str]:
    """Return the names of the space's namespaces as the kernel prints them."""
    found = set()
    for kind in KINDS:
        try:
            found.add(str(Path(f"/proc/{space.pid}/ns/{kind}").readlink()))
        except OSError:
            continue
    return found


def inhabitants(namespaces: set[str]) -> list[str]:
    """Return `PID COMMAND` of the processes that live in one of these namespaces."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if namespaces & {str((folder / "ns" / kind).readlink()) for kind in KINDS}:
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found.append(f"{folder.name} {command.strip()}")
        except OSError:
            continue
    return found


def close_space(space: Space) -> None:
    """Assert that the space and every process in it has ended."""
    namespaces = numbers(space)
    try:
        os.kill(space.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    wait_for(
        f"the processes of {space.name} to end",
        lambda: not inhabitants(namespaces),
        every_s=0.1,
        explain=lambda: "still there: " + "; ".join(inhabitants(namespaces)[:5]),
    )
