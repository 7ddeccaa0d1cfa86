"""Options of the lab's tests, the cluster that they share, and the table that they end with."""

from pathlib import Path

import pytest
from tabulate import tabulate

from lab import lifecycle, plan
from lab.cluster import Lab
from lab.fault import catalogue
from lab.pins import COREDNS
from lab.process import LabError
from lab.trial import COLUMNS, Trial

TRIALS = pytest.StashKey[list[Trial]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what `python -m lab test` passes on."""
    parser.addoption("--lab-faults", default="", help="comma-separated names; default: all")
    parser.addoption("--lab-founding", action="store_true", help="only the founding cases")
    parser.addoption("--lab-coredns", default=COREDNS, help="comma-separated versions")
    parser.addoption("--lab-tries", type=int, default=1, help="how often one that fails is tried")
    parser.addoption("--lab-folder", default="", help="where reports and bundles are kept")


def pytest_configure(config: pytest.Config) -> None:
    """Begin an empty table."""
    config.stash[TRIALS] = []


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each chosen fault, with each chosen version of CoreDNS, a test of its own."""
    if "fault_name" not in metafunc.fixturenames:
        return
    option = metafunc.config.getoption
    known = catalogue()
    names = [name for name in option("--lab-faults").split(",") if name]
    if unknown := [name for name in names if name not in known]:
        raise pytest.UsageError(f"no fault {', '.join(unknown)}; there are {', '.join(known)}")
    first, *further = option("--lab-coredns").split(",")
    cases = [
        (version, name)
        for version in (first, *further)
        for name, fault in known.items()
        if (name in names if names else fault.expect.founding or not option("--lab-founding"))
        # Further versions are for what they print differently.
        if version == first or fault.expect.versions
    ]
    # No parameter of a fixture: pytest would change their order, and with it the version each time.
    metafunc.parametrize(("version", "fault_name"), cases)


@pytest.fixture
def version(request: pytest.FixtureRequest) -> str:
    """Return the version of CoreDNS where a test does not say it."""
    return str(request.config.getoption("--lab-coredns")).split(",")[0]


@pytest.fixture
def well_lab(version: str) -> Lab:
    """Return the running lab with the wanted version, mended if the test before left it ill."""
    lab = Lab(version)
    try:
        if Lab.running() == lab:
            lab.wait_healthy(timeout_s=5)
            return lab
    except LabError:
        pass
    lifecycle.up(lab)
    return lab


@pytest.fixture
def folder(request: pytest.FixtureRequest) -> Path:
    """Return the folder that keeps reports and bundles."""
    chosen = request.config.getoption("--lab-folder")
    return Path(chosen) if chosen else plan.state() / "trials"


@pytest.fixture
def tries(request: pytest.FixtureRequest) -> int:
    """Return how often a fault is tried until it is right."""
    number: int = request.config.getoption("--lab-tries")
    return number


@pytest.fixture
def trials(request: pytest.FixtureRequest) -> list[Trial]:
    """Return the list that the table is made of."""
    return request.config.stash[TRIALS]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the table."""
    if done := config.stash[TRIALS]:
        rows = [trial.row() for trial in done]
        terminalreporter.write_line("\n" + tabulate(rows, COLUMNS, tablefmt="simple"))
        for trial in done:
            if trial.explained_in:
                terminalreporter.write_line(f"{trial.fault.name}: see {trial.explained_in}")
