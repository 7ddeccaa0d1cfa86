"""Every fault of lab/faults/, staged in a real cluster, diagnosed, cured and verified."""

from pathlib import Path

import pytest

from lab import lifecycle
from lab.cluster import Lab
from lab.fault import catalogue
from lab.trial import Trial, attempt


@pytest.mark.lab
def test_fault(
    well_lab: Lab, fault_name: str, folder: Path, trials: list[Trial], tries: int
) -> None:
    """The staged fault is the first cause, live and from a bundle; once cured there is none."""
    fault = catalogue()[fault_name]
    trial = attempt(well_lab, fault, folder)
    for number in range(2, tries + 1):
        if not trial.wrong:
            break
        print("\n".join(trial.wrong))  # shown with what fails in the end
        lifecycle.up(well_lab)
        trial = attempt(well_lab, fault, folder)
        trial.tries = number
    trials.append(trial)
    assert not trial.wrong, "\n".join(trial.wrong)
