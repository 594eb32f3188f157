"""The table of figures that `make bench` ends with."""

import pytest

from tests.bench.figures import Figures
from tests.engine.journals import journal

__all__ = ["journal"]

FIGURES = pytest.StashKey[Figures]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FIGURES] = Figures()


@pytest.fixture(scope="session")
def figures(pytestconfig: pytest.Config) -> Figures:
    return pytestconfig.stash.setdefault(FIGURES, Figures())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    gathered = terminalreporter.config.stash.get(FIGURES, Figures())
    if gathered.rows:
        terminalreporter.section("FIGURES (to be read; nothing fails by them)")
        for line in gathered.table():
            terminalreporter.write_line(line)
