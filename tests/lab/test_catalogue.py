"""What every file in lab/faults/ has to hold."""

import inspect

import pytest

from diagnose.registry import load
from lab.fault import Fault, catalogue

FAULTS = catalogue()


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_fault_says_what_it_is(fault: Fault) -> None:
    """A fault has a title of one line, and each step says what it does."""
    assert fault.title
    assert len(fault.title) < 100
    for step in (fault.stage, fault.symptom, fault.cure, fault.healed):
        assert inspect.getdoc(step)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_expectations_do_not_contradict(fault: Fault) -> None:
    """What is folded is no cause of its own, and nothing follows from no cause."""
    expect = fault.expect
    assert not set(expect.folded) & (set(expect.first) | set(expect.beside))
    assert expect.first or not (expect.folded or expect.beside)


def test_healthy_comes_first() -> None:
    """The healthy cases precede all faults, so that no fault before them can hide a false alarm."""
    faulty = [bool(fault.expect.first) for fault in FAULTS.values()]
    assert faulty == sorted(faulty)
    assert not faulty[0]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_expected_checks_exist(fault: Fault) -> None:
    """An expectation names checks that there are, by their own ids."""
    expect = fault.expect
    named = {*expect.first, *expect.folded, *expect.beside, *expect.answers, *expect.probes}
    assert named <= {check.id for check in load().checks}
