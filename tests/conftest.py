"""What all tests share: a cache folder of their own, how hypothesis looks for examples, counts."""

import os
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# The same examples in every run and no clock: a change fails for what it does, on any machine.
settings.register_profile(
    "project", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("project")


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what corediag keeps from run to run out of the home of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests have counted, all of them together: the property `counts` of a test."""
    total: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, counts in getattr(report, "user_properties", ()):
                if name == "counts" and getattr(report, "when", "") == "call":
                    total.update(counts)
    if total:
        terminalreporter.section("counted")
    for what, times in total.items():
        terminalreporter.write_line(f"{times:8,} {what}")
