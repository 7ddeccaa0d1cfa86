"""What a check and its facts do follows the evidence, not its square, however large a cluster is.

Each case that finds something is made many times as large: its items again and again, with other
names of pods and nodes, and other addresses.
"""

import dataclasses
import re
import zlib
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

import pytest

from diagnose.collect import facts_for
from diagnose.evidence import Evidence
from diagnose.judge import judge
from diagnose.model import Subject
from tests.checks.worlds import Case, cases
from tests.counting import STEEPEST, growth

ADDRESS = re.compile(r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b")
MOST_ITEMS = 60  # of a case; the few larger ones take long and show no more
CASES = [one for one in cases() if one.finds]


def another(value: Any, number: int) -> Any:
    """Return a value with the names of its pods and nodes, and its addresses, as of another one."""
    if isinstance(value, Enum | bytes):
        return value
    if isinstance(value, Subject):
        return Subject(
            value.kind,
            value.name and f"{value.name}-{number}",
            value.namespace,
            value.node and f"{value.node}-{number}",
        )
    if isinstance(value, str):
        return ADDRESS.sub(lambda found: address(found[0], number), value)
    if type(value) is tuple:
        return tuple(another(one, number) for one in value)
    if isinstance(value, Mapping):
        return {another(key, number): another(one, number) for key, one in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [one.name for one in dataclasses.fields(value) if one.init]
        return dataclasses.replace(
            value, **{name: another(getattr(value, name), number) for name in fields}
        )
    return value


def address(text: str, number: int) -> str:
    """Return an address that stands for this one in a copy of the evidence."""
    last = zlib.crc32(text.encode()) % 65536
    return f"{20 + number % 200}.{number // 200}.{last // 256}.{last % 256}"


def times(evidence: Evidence, size: int) -> Evidence:
    """Return the evidence of so many copies, the first as it is."""
    copies = [
        another(item, number) if number else item
        for number in range(size)
        for item in evidence.items
    ]
    return dataclasses.replace(evidence, items=tuple(copies))


@pytest.mark.parametrize("case", CASES, ids=lambda one: f"{one.check.id}/{one.folder.name}")
def test_the_work_follows_the_evidence(case: Case) -> None:
    """Twice the evidence adds twice the work."""
    evidence = case.evidence()
    if len(evidence.items) > MOST_ITEMS:
        return

    def prepared(size: int) -> Callable[[], Any]:
        large = times(evidence, size)

        def work() -> Any:
            fresh = dataclasses.replace(large)  # which has read no fact yet
            return judge(case.check, facts_for((case.check,), fresh))

        return work

    assert growth(prepared) < STEEPEST
