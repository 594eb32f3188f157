"""What every test run says at its end: by name, which tests were not run, and why. A quiet gap is a false green.
Tests marked `hurried` get the loop of tests/clock.py."""

import asyncio
import faulthandler
from collections.abc import Callable
from pathlib import Path

import pytest
from _pytest.faulthandler import fault_handler_stderr_fd_key
from hypothesis import settings

from tests.clock import HurriedLoop

settings.register_profile("no clock", deadline=None)  # a busy machine is no defect
settings.load_profile("no clock")

ROOT = Path(__file__).resolve().parent.parent


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped:
        terminalreporter.section("NOT RUN", sep="!")
    for report in skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        terminalreporter.write_line(f"{report.nodeid}: {reason.removeprefix('Skipped: ')}")
    expression = terminalreporter.config.getoption("markexpr", "")
    if expression == "not cluster":
        terminalreporter.section("NOT PART OF THIS RUN", sep="!")
        terminalreporter.write_line("tests/cluster, which need a real Kubernetes: make test-cluster")


@pytest.hookimpl(trylast=True)
def pytest_exception_interact(node: pytest.Item | pytest.Collector) -> None:
    """After a failure pytest watches the test no longer, for the sake of debuggers; but what is torn down then is what
    hangs most."""
    config = node.config
    if isinstance(node, pytest.Item) and (seconds := float(config.getini("faulthandler_timeout"))):
        stderr, ends = config.stash[fault_handler_stderr_fd_key], config.getini("faulthandler_exit_on_timeout")
        faulthandler.dump_traceback_later(seconds, file=stderr, exit=ends)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout's top folder."""
    return ROOT


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    hurried = item.get_closest_marker("hurried") is not None
    return {"hurried": HurriedLoop} if hurried else {"loop": asyncio.new_event_loop}
