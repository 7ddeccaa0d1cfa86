"""Every fault of lab/faults/, staged in a real cluster, diagnosed, cured and verified."""

from pathlib import Path

import pytest

from lab.cluster import Lab
from lab.fault import catalogue
from lab.trial import Trial, attempt


@pytest.mark.lab
def test_fault(well_lab: Lab, fault_name: str, folder: Path, trials: list[Trial]) -> None:
    """The staged fault is the first cause, live and from a bundle; once cured there is none."""
    trial = attempt(well_lab, catalogue()[fault_name], folder)
    trials.append(trial)
    assert not trial.wrong, "\n".join(trial.wrong)
