"""Runs commands of this machine and says what they said when they fail."""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


class LabError(Exception):
    """Something in the lab went wrong; the message is meant for the person at the keyboard."""


class Missing(LabError):
    """The machine itself lacks something that the lab needs; nothing was tried."""


def run(
    *command: str | Path,
    stdin: str | None = None,
    timeout_s: float = 120,
    check: bool = True,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Return the ended command; raise LabError with its last words unless it ended well."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            env=env,
            cwd=cwd,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        if check:
            raise LabError(f"{_shortened(words)}: no end within {timeout_s:.0f}s") from error
        return subprocess.CompletedProcess(words, 124, "", f"no end within {timeout_s:.0f}s")
    if check and done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip())[-2000:]
        raise LabError(f"{_shortened(words)}: exit {done.returncode}: {said}")
    return done


def output(*command: str | Path, stdin: str | None = None, timeout_s: float = 120) -> str:
    """Return what the command printed, stripped; raise LabError unless it ended well."""
    return run(*command, stdin=stdin, timeout_s=timeout_s).stdout.strip()


def wait_for(
    what: str,
    condition: Callable[[], object],
    *,
    timeout_s: float = 120,
    every_s: float = 0.5,
    explain: Callable[[], str] | None = None,
) -> float:
    """Return the seconds until `condition` held; raise LabError when it never did."""
    started = time.monotonic()
    last = ""
    while True:
        try:
            if condition():
                return time.monotonic() - started
        except LabError as error:  # a question that cannot be asked yet is a no
            last = str(error)
        if time.monotonic() - started > timeout_s:
            detail = explain() if explain else last
            raise LabError(f"waited {timeout_s:.0f}s in vain for {what}. {detail}".rstrip())
        time.sleep(every_s)


def say(text: str) -> None:
    """Print progress; results alone go to standard output."""
    print(text, file=sys.stderr, flush=True)


def _shortened(words: Sequence[str]) -> str:
    text = " ".join(words)
    return text if len(text) <= 200 else text[:197] + "..."
