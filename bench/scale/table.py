"""What was measured, as data, as tables, and what of it is not as it should be."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tabulate import tabulate

from bench.scale.contenders import FLOOR, LONGEST_S, RUNG_1, Spent

KILLED = -9  # by whom measures, after LONGEST_S
HEADERS = (
    *("", "wall s", "CPU s", "peak RSS MB", "requests", "received MB", "server CPU s", "runs"),
    "first cause",
)


@dataclass(frozen=True)
class Measured:
    """One command in one state of one cluster."""

    size: str
    state: str
    name: str
    runs: tuple[Spent, ...]
    requests: int | None = None  # None: not counted
    received_bytes: int | None = None
    verdict: str | None = None  # the first cause that it names; None: it names no causes
    expected: tuple[str, ...] = ()

    def median(self, what: str) -> float:
        """Return the median of something over the runs."""
        return float(statistics.median(getattr(one, what) for one in self.runs))

    @property
    def right(self) -> bool:
        """Whether the first cause is as expected; none where all is well."""
        if self.verdict is None:
            return True
        return self.verdict in self.expected if self.expected else not self.verdict

    def data(self) -> dict[str, Any]:
        """Return it for machines, each run and the medians."""
        names = ("wall_s", "cpu_s", "rss_mb", "server_cpu_s")
        medians = {name: round(self.median(name), 4) for name in names}
        return asdict(self) | {"medians": medians, "right": self.right}


def rows(measured: Sequence[Measured]) -> list[tuple[str, ...]]:
    """Return the rows of one table."""
    return [
        (
            one.name,
            f"{one.median('wall_s'):.2f}",
            f"{one.median('cpu_s'):.2f}",
            "" if one.name == FLOOR else f"{one.median('rss_mb'):,.0f}",
            "" if one.requests is None else f"{one.requests:,}",
            "" if one.received_bytes is None else f"{one.received_bytes / 1e6:,.2f}",
            f"{one.median('server_cpu_s'):.2f}",
            str(len(one.runs)),
            said(one),
        )
        for one in measured
    ]


def said(one: Measured) -> str:
    """Return the first cause in words, and whether it is wrong; of other tools how they failed."""
    if one.verdict is not None:
        return (one.verdict or "none") + ("" if one.right else " (WRONG)")
    statuses = {each.status for each in one.runs} - {0}
    if statuses == {KILLED}:
        return f"cut off at {LONGEST_S:g} s"
    return f"exit {', '.join(map(str, sorted(statuses)))}" if statuses else ""


def markdown(
    measured: Sequence[Measured], titles: Mapping[str, str], sizes: Mapping[str, str]
) -> str:
    """Return a table for each size and state."""
    parts = []
    for size, state in dict.fromkeys((one.size, one.state) for one in measured):
        some = [one for one in measured if (one.size, one.state) == (size, state)]
        table = tabulate(rows(some), HEADERS, "github", disable_numparse=True)
        parts.append(f"### {size} ({sizes[size]}): {titles[state]}\n\n{table}\n")
    return "\n".join(parts)


def wrong(measured: Sequence[Measured]) -> list[str]:
    """Return what is not as it should be: verdicts, and requests that grow with the cluster."""
    faults = [
        f"{one.size} {one.state}, {one.name}: first cause {one.verdict or 'none'}, "
        f"expected {' or '.join(one.expected) or 'none'}"
        for one in measured
        if not one.right
    ]
    counts: dict[str, dict[str, int]] = {}
    for one in measured:
        if one.state == "healthy" and one.verdict is not None and one.requests is not None:
            counts.setdefault(one.name, {})[one.size] = one.requests
    faults += [
        f"{name}, healthy: requests grow with the cluster: {by_size}"
        for name, by_size in counts.items()
        if len(set(by_size.values())) > 1
    ]
    return faults


def against_floor(measured: Sequence[Measured]) -> str:
    """Return how the runs stand to the floor."""
    lines = []
    for size, state in dict.fromkeys((one.size, one.state) for one in measured):
        some = {one.name: one for one in measured if (one.size, one.state) == (size, state)}
        if FLOOR in some and RUNG_1 in some:
            least = some[FLOOR].median("wall_s")
            ours = some[RUNG_1].median("wall_s")
            lines.append(
                (f"{size} {state}", f"{least:.2f}", f"{ours:.2f}", f"{ours - 2 * least:.2f}")
            )
    headers = ("", f"{FLOOR} s", f"{RUNG_1} s", "beyond twice the transfer s")
    return tabulate(lines, headers, "github", disable_numparse=True)


def beside(starts: Mapping[str, Mapping[str, float]]) -> str:
    """Return what runs take beside their requests, by size."""
    names = list(dict.fromkeys(name for several in starts.values() for name in several))
    lines = [(name, *(f"{several[name]:.3f}" for several in starts.values())) for name in names]
    return tabulate(lines, ("seconds", *starts), "github", disable_numparse=True)
