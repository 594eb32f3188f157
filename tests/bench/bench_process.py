"""What a process costs: to begin, to take over from a dead one, to wait with five hundred runs."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import yaml

from bot.engine.desk import Desk
from bot.model import event as e
from bot.model.command import RunPlaybook
from bot.model.permission import Person
from bot.model.run import Status
from bot.settings import load
from bot.wiring import assemble
from tests.bench.figures import Figures, ms
from tests.journal.awaiting import until
from tests.serve.replica import Replica
from tests.serve.stand import SLOW, BoxedStand, open_stand

ALICE = Person(id="cli:alice", name="alice")
HERE = e.Origin(surface="cli")
WAITING = 500
ASKING = {
    "name": "asking",
    "title": "Waits for a person",
    "steps": [{"id": "ask", "title": "Well?", "uses": "guide.ask", "with": {"text": "Well?", "choices": ["yes"]}}],
}


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


def best_of(line: list[str], times: int = 5) -> float:
    """The shortest of several calls: what the program costs, not its neighbours."""

    def once() -> float:
        began = time.perf_counter()
        subprocess.run(line, check=True, capture_output=True)
        return time.perf_counter() - began

    return min(once() for _ in range(times))


def test_the_command_line_shows_its_verbs(figures: Figures) -> None:
    python = best_of([sys.executable, "-c", "pass"])
    taken = best_of([str(Path(sys.executable).parent / "netcheck"), "--help"])
    figures.add("netcheck --help", f"{ms(taken)} ({taken / python:.1f} x python -c pass)", "150 ms")


async def test_start_to_connected(figures: Figures, tmp_path: Path) -> None:
    async with open_stand(tmp_path) as stand:

        async def connected() -> None:
            before = stand.slack.socket.accepted
            stand.start()
            await stand.slack.until(lambda: stand.slack.socket.accepted > before, 60)

        taken = min([await timed(connected) for _ in range(5)])
    figures.add("serve: start to connected", ms(taken), "1500 ms")


@pytest.mark.parametrize("how", ["kill -9", "SIGTERM"])
async def test_another_replica_takes_over(figures: Figures, tmp_path: Path, how: str) -> None:
    """From the signal to the first fact that another replica wrote."""
    async with open_stand(tmp_path) as stand:
        await stand.start().until_ready()
        stand.cluster.faults.append(SLOW)
        run_id = await stand.begin("chain prod")
        await stand.start().until_ready()
        await stand.until_in_the_middle(run_id)
        known, began = await stand.journal.version(run_id), time.time()
        await leave(stand.replicas[0], how)

        async def goes_on() -> bool:
            events = (await stand.events(run_id))[known:]
            return any(isinstance(event, e.StepInterrupted) for event in events)

        await until(goes_on, 60)
        interrupted = next(x for x in await stand.events(run_id) if isinstance(x, e.StepInterrupted))
    budget = "12 s" if how == "kill -9" else ""
    figures.add(f"{how} of a replica: another goes on after", f"{interrupted.at - began:.2f} s", budget)


async def leave(replica: Replica, how: str) -> None:
    if how == "kill -9":
        replica.kill()
    else:
        await replica.terminate()


async def test_five_hundred_runs_that_wait_for_people(figures: Figures, tmp_path: Path) -> None:
    async with open_stand(tmp_path) as stand:
        (tmp_path / "playbooks" / "asking.yaml").write_text(yaml.safe_dump(ASKING))
        replica = stand.start()
        await replica.until_ready()
        before = resident(replica)
        netcheck = assemble(load(environment=stand.environment()), stand.journal)
        ids = [await begin(netcheck.desk) for _ in range(WAITING)]
        taken = await timed(lambda: all_asking(stand, ids))
        figures.add(f"{WAITING} waiting runs: resident memory", f"{resident(replica):.0f} MB", "200 MB")
        figures.add("  of it before the first run", f"{before:.0f} MB")
        figures.add("  until all of them waited", f"{taken:.1f} s")
        await netcheck.close()


async def begin(desk: Desk) -> str:
    return (await desk.start(RunPlaybook("asking", ("prod",)), ALICE, HERE)).run


async def all_asking(stand: BoxedStand, ids: list[str]) -> None:
    for run_id in ids:
        await stand.until_step(run_id, "ask", Status.ASKING)
    await asyncio.sleep(1)  # what was needed to get there may go


def resident(replica: Replica) -> float:
    """Megabytes."""
    status = Path(f"/proc/{replica.process.pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))) / 1024
