"""A whole netcheck over a cluster in a box: desk, worker, memory journal, and one person who may approve."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from bot.journal.memory import MemoryJournal
from bot.model.permission import Person
from bot.model.run import Run
from bot.playground.cluster_box.box import ClusterBox
from bot.settings import Settings
from bot.terminal import Watch
from bot.wiring import Netcheck, assemble

ALICE = Person(id="cli:alice", name="Alice")


@asynccontextmanager
async def working(box: ClusterBox, folder: Path) -> AsyncIterator[tuple[Netcheck, "asyncio.Queue[Run]"]]:
    """`folder`/playbooks may hold playbooks beside the shipped ones. The queue gets each state of each run."""
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(json.dumps(box.kubeconfig()))
    settings = Settings.model_validate({
        "kubeconfig": str(kubeconfig),
        "playbook_folders": [str(path) for path in [folder / "playbooks"] if path.exists()],
        "targets": {"prod": {"context": box.kubeconfig()["current-context"], "default": True, "change": ["cli:alice"]}},
    })  # fmt: skip
    netcheck = assemble(settings, MemoryJournal())
    states: asyncio.Queue[Run] = asyncio.Queue()
    netcheck.surfaces.append(Watch(states))
    worker = asyncio.create_task(netcheck.worker.run())
    try:
        yield netcheck, states
    finally:
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        await netcheck.close()


async def until(states: "asyncio.Queue[Run]", reached: Callable[[Run], object], patience: float = 20.0) -> Run:
    async with asyncio.timeout(patience):
        while True:
            run = await states.get()
            if reached(run):
                return run
