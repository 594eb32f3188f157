"""Which runs get a turn, and when: no number of runs that wait keeps another from beginning."""

import asyncio
import time

from bot.journal import Journal
from bot.model.command import RunPlaybook
from bot.model.event import Origin
from tests.engine.stage import ALICE, Stage, World, playbook, step
from tests.journal.awaiting import until

HERE = Origin(surface="cli")
MANY = 20


async def test_runs_that_all_wait_for_slow_clusters_do_not_hold_up_the_next(journal: Journal) -> None:
    waiting, all_there = 0, asyncio.Event()

    async def gather(_: str) -> None:
        nonlocal waiting
        waiting += 1
        if waiting == MANY:
            all_there.set()
        await all_there.wait()

    stage = Stage(journal, World(before_gather=gather), playbook(step("one", timeout=60)), clock=time.time)
    working = asyncio.create_task(stage.worker.run())
    ids = [(await stage.desk.start(RunPlaybook("stage"), ALICE, HERE)).run for _ in range(MANY)]
    async with asyncio.timeout(40):
        await all_there.wait()
        await until(lambda: all_closed(stage, ids))
    working.cancel()
    await asyncio.wait({working})


async def all_closed(stage: Stage, ids: list[str]) -> bool:
    return all([(await stage.run(run_id)).closed for run_id in ids])
