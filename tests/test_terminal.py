"""A run at a terminal that is interrupted says what became of what was being changed."""

import asyncio
import io
import time
from types import SimpleNamespace
from typing import cast

import pytest

from bot.engine.publishing import Surface
from bot.journal.memory import MemoryJournal
from bot.model.command import RunPlaybook
from bot.terminal import follow
from bot.wiring import Netcheck
from tests.engine.stage import ALICE, GUIDED, Stage, World


async def test_an_interrupt_while_a_change_is_being_made_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    applying = asyncio.Event()

    async def hang(_: str) -> None:
        applying.set()
        await asyncio.Event().wait()

    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    surfaces: list[Surface] = []
    stage = Stage(MemoryJournal(), World(before_apply=hang), GUIDED, surfaces, clock=time.time)
    netcheck = cast(Netcheck, SimpleNamespace(desk=stage.desk, worker=stage.worker, surfaces=surfaces))
    following = asyncio.create_task(follow(netcheck, RunPlaybook("stage"), ALICE, interactive=True))
    await applying.wait()
    following.cancel()
    with pytest.raises(asyncio.CancelledError):
        await following
    assert "Step mend: it was being made when the run was stopped" in capsys.readouterr().err
