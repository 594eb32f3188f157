"""The clusters of this folder's tests. Without one each test is skipped, and the end of the run names it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from tests.cluster.clusters import NAME, PORT, Clusters, every_cluster
from tests.cluster.faults.fault import Fault
from tests.cluster.faults.ledger import Ledger
from tests.cluster.faults.recording import Recorder
from tests.cluster.faults.table import NoSuchRow, choose
from tests.cluster.rig import Cluster, Options, Site, raise_cluster
from tests.cluster.rig.packages import refusal

LEDGER = pytest.StashKey[Ledger]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("faults")
    group.addoption("--only", default="", help="names of rows of the table of faults, with commas between them")
    group.addoption("--record", default="", help="a folder: each row that comes out right is a bundle there")
    group.addoption("--third", default="", help="1, 2 or 3: that third of the rows")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "fault" in metafunc.fixturenames:
        option = metafunc.config.getoption
        try:
            rows, chosen = choose(option("only", default=""), option("third", default=""))
        except NoSuchRow as error:
            raise pytest.UsageError(str(error)) from error
        terminal = metafunc.config.pluginmanager.getplugin("terminalreporter")
        metafunc.config.stash[LEDGER] = Ledger(chosen, terminal.write_line if terminal else print)
        metafunc.parametrize("fault", rows, ids=[row.name for row in rows])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    lines = list(config.stash.get(LEDGER, Ledger()).lines())
    if lines:
        terminalreporter.section("faults")
        terminalreporter.write_line("\n".join(lines))


@pytest.fixture
def ledger(pytestconfig: pytest.Config, fault: Fault) -> Ledger:
    return pytestconfig.stash[LEDGER]


@pytest.fixture
def recorder(pytestconfig: pytest.Config) -> Recorder | None:
    named = pytestconfig.getoption("record", default="")
    return Recorder(Path(named).resolve()) if named else None


@pytest.fixture(scope="session")
def clusters() -> Iterator[Clusters]:
    with every_cluster() as made:
        yield made


@pytest.fixture(scope="session")
def cluster(clusters: Clusters) -> Cluster:
    """Two healthy nodes with CoreDNS and kube-proxy. Whoever breaks something mends it before the test ends."""
    if why := clusters.refusal():
        pytest.skip(why)
    return clusters.shared()


@pytest.fixture(scope="session")
def raise_another() -> Callable[[Options], AbstractContextManager[Cluster]]:
    """`with raise_another(Options(cni="none")) as bare:` stands beside the others and is gone after the block."""
    if why := refusal():
        pytest.skip(f"needs a cluster of its own, which {why}")
    return partial(raise_cluster, Site(f"{NAME}3", PORT + 2))
