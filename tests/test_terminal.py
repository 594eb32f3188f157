"""A run at a terminal: it asks once, and when it is interrupted ends at once, and says what became of what was being
changed."""

import asyncio
import os
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from types import SimpleNamespace
from typing import cast

import pytest

from bot.engine.publishing import Surface
from bot.journal.memory import MemoryJournal
from bot.model.command import RunPlaybook
from bot.model.run import Run
from bot.terminal import follow
from bot.wiring import Netcheck
from tests.engine.stage import ALICE, GUIDED, Stage, World
from tests.journal.awaiting import until


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The end of the standard input into which somebody types."""
    read, write = os.pipe()
    with os.fdopen(read) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        yield write
        os.close(write)


def begin(
    before_apply: Callable[[str], Awaitable[None]] | None = None, *, interactive: bool = True
) -> asyncio.Task[tuple[str, Run]]:
    surfaces: list[Surface] = []
    stage = Stage(MemoryJournal(), World(before_apply=before_apply), GUIDED, surfaces, clock=time.time)
    netcheck = cast(Netcheck, SimpleNamespace(desk=stage.desk, worker=stage.worker, surfaces=surfaces))
    return asyncio.create_task(follow(netcheck, RunPlaybook("stage"), ALICE, interactive=interactive))


async def test_an_interrupt_while_a_change_is_being_made_says_so(
    capsys: pytest.CaptureFixture[str], keyboard: int
) -> None:
    applying = asyncio.Event()

    async def hang(_: str) -> None:
        applying.set()
        await asyncio.Event().wait()

    os.write(keyboard, b"yes\n")
    following = begin(hang)
    await applying.wait()
    following.cancel()
    with pytest.raises(asyncio.CancelledError):
        await following
    assert "Step mend: it was being made when the run was stopped" in capsys.readouterr().err


async def test_an_interrupt_at_a_prompt_leaves_nobody_behind_who_waits_for_a_line(
    capsys: pytest.CaptureFixture[str], keyboard: int
) -> None:
    async def asked() -> bool:
        return "Approve?" in capsys.readouterr().err

    threads, following = threading.active_count(), begin()
    await until(asked)
    following.cancel()
    with pytest.raises(asyncio.CancelledError):
        await following
    assert threading.active_count() == threads


async def test_an_interrupt_ends_it_whenever_it_comes() -> None:
    for turns in range(100):
        following = begin(interactive=False)
        for _ in range(turns):
            await asyncio.sleep(0)
        following.cancel()
        async with asyncio.timeout(20):
            await asyncio.wait({following})


async def test_what_was_decided_is_not_asked_again(capsys: pytest.CaptureFixture[str]) -> None:
    _, run = await begin(interactive=False)
    assert run.closed
    assert "refused this at" not in capsys.readouterr().err
