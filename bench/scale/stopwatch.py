"""Runs commands and tells what they took: a process of its own, which stays small.

The kernel counts into a command's peak memory that of the process which starts it, so that must be
less than any command takes. Each line on standard input is a command as JSON; each line on standard
output says what it took.
Source: Linux, fs/exec.c (exec_mmap keeps the peak of the memory that it replaces).
"""

import json
import os
import signal
import subprocess
import sys
import time


def run(command: list[str], env: dict[str, str], timeout_s: float, out: str) -> dict[str, float]:
    """Return what one command took; it is killed after the time, and its status is then -9."""
    with open(out, "wb") as stdout:  # noqa: PTH123  pathlib would make this process larger
        begin = time.perf_counter()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stdout,
            env=env,
            process_group=0,
        )
        signal.signal(signal.SIGALRM, lambda *_: os.killpg(process.pid, signal.SIGKILL))
        signal.setitimer(signal.ITIMER_REAL, timeout_s)
        _, status, usage = os.wait4(process.pid, 0)
        took_s = time.perf_counter() - begin
        signal.setitimer(signal.ITIMER_REAL, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return {
        "wall_s": took_s,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "rss_mb": usage.ru_maxrss / 1024,
        "status": process.returncode,
    }


def main() -> None:
    """Answer until the input ends."""
    for line in sys.stdin:
        print(json.dumps(run(**json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
