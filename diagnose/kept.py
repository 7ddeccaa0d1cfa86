"""What is kept from one run for the next, in the user's cache folder.

A value is kept for as long as every file and folder that it was made of stays as it was, by time
of change and size. Where nothing can be kept, or what is there cannot be read, nothing is: a run
is slower then, and tells the same. It is JSON, so that reading it obeys nobody.

Source: XDG Base Directory Specification 0.8. Part of every start, hence without pathlib.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable
from typing import Any

SCHEMA = 1
LARGEST_BYTES = 4 * 1024 * 1024


def file_of(name: str) -> str:
    """Return the path of what is kept under a name; "" when there is no home for it."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):  # the specification has such a value ignored
        base = os.path.join(os.environ.get("HOME", ""), ".cache")
    return os.path.join(base, "corediag", f"{name}.json") if os.path.isabs(base) else ""


def mark(path: str) -> list[int] | None:
    """Return what changes when a file or folder does; None where there is none."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return [found.st_mtime_ns, found.st_size]


def read(name: str, key: list[str]) -> Any:
    """Return what was kept under a name for this key; None when nothing was, or it is outdated."""
    try:
        with open(file_of(name), "rb") as file:
            # A folder that others may write to, as under sudo, must not tell us what to load.
            if os.fstat(file.fileno()).st_uid != os.geteuid():
                return None
            kept = json.loads(file.read(LARGEST_BYTES))
        if kept["schema"] != SCHEMA or kept["key"] != key:
            return None
        if all(mark(path) == was for path, was in kept["made_of"].items()):
            return kept["value"]
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        pass
    return None


def write(name: str, key: list[str], value: Any, made_of: Iterable[str]) -> None:
    """Keep a value that was made of these files and folders, if there is a place for it."""
    from pathlib import Path

    from diagnose.written import whole

    path = file_of(name)
    if not path:
        return
    marks = {one: mark(one) for one in made_of}
    kept = {"schema": SCHEMA, "key": key, "made_of": marks, "value": value}
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with whole(Path(path), 0o600) as file:
            file.write(json.dumps(kept).encode())
    except OSError:
        pass


def forget(name: str) -> None:
    """Keep nothing under a name any more."""
    with contextlib.suppress(OSError):
        os.unlink(file_of(name))
