"""The clusters of this folder's tests. Without one each test is skipped, and the end of the run names it."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from tests.cluster.clusters import NAME, PORT, Clusters, every_cluster
from tests.cluster.faults.fault import Fault
from tests.cluster.faults.ledger import PROPERTY, Entry, Ledger
from tests.cluster.faults.recording import Recorder
from tests.cluster.faults.table import NoSuchRow, choose
from tests.cluster.rig import Cluster, Options, Site, raise_cluster
from tests.cluster.rig.packages import refusal

LEDGER = pytest.StashKey[Ledger]()
ROWS = pytest.StashKey[tuple[Fault, ...]]()
MOST_ROWS = 40
"""Of one group: enough that a cluster pays, few enough that no process is left with all rows of a kind."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("faults")
    group.addoption("--only", default="", help="names of rows of the table of faults, with commas between them")
    group.addoption("--record", default="", help="a folder: each row that comes out right is a bundle there")
    group.addoption("--third", default="", help="1, 2 or 3: that third of the rows")


class Listener:
    """Takes each row's line from the report of its test: rows may be tried in other processes (pytest-xdist)."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            for name, value in report.user_properties:
                if name == PROPERTY and isinstance(value, dict):
                    self.ledger.add(Entry(**value))


def pytest_configure(config: pytest.Config) -> None:
    config.stash[ROWS], chosen = _choose(config)
    terminal = config.pluginmanager.getplugin("terminalreporter")
    config.stash[LEDGER] = Ledger(chosen, terminal.write_line if terminal else print)
    config.pluginmanager.register(Listener(config.stash[LEDGER]))


def _choose(config: pytest.Config) -> tuple[tuple[Fault, ...], str]:
    try:
        return choose(config.getoption("only", default=""), config.getoption("third", default=""))
    except NoSuchRow as error:
        raise pytest.UsageError(str(error)) from error


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "fault" in metafunc.fixturenames:
        metafunc.parametrize("fault", [
            pytest.param(row, id=row.name, marks=pytest.mark.xdist_group(group))
            for row, group in in_groups(metafunc.config.stash[ROWS])
        ])


def in_groups(rows: tuple[Fault, ...]) -> Iterator[tuple[Fault, str]]:
    """Each row with its group. Rows of a group follow each other in one process and share its cluster."""
    earlier: Counter[tuple[str, str]] = Counter()
    for row in rows:
        kind = (row.network, row.proxy)
        yield row, f"{kind}, {earlier[kind] // MOST_ROWS}"
        earlier[kind] += 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    lines = list(config.stash[LEDGER].lines())
    if lines:
        terminalreporter.section("faults")
        terminalreporter.write_line("\n".join(lines))


@pytest.fixture
def recorder(pytestconfig: pytest.Config) -> Recorder | None:
    named = pytestconfig.getoption("record", default="")
    return Recorder(Path(named).resolve()) if named else None


@pytest.fixture(scope="session")
def clusters() -> Iterator[Clusters]:
    with every_cluster() as made:
        yield made


@pytest.fixture(scope="module")
def cluster(clusters: Clusters) -> Cluster:
    """Two healthy nodes with CoreDNS and kube-proxy. Whoever breaks something mends it before the test ends."""
    if why := clusters.refusal():
        pytest.skip(why)
    return clusters.shared()


@pytest.fixture(scope="session")
def raise_another() -> Callable[[Options], AbstractContextManager[Cluster]]:
    """`with raise_another(Options(cni="none")) as bare:` stands beside the shared one and is gone after the block."""
    if why := refusal():
        pytest.skip(f"needs a cluster of its own, which {why}")
    return partial(raise_cluster, Site(f"{NAME}2", PORT + 1))
