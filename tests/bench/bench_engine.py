"""Step results through journal and view: what one core can take in of a fleet's runs."""

import time
from pathlib import Path

import pytest

from bot.engine.desk import gated
from bot.engine.library import Library, shipped_folder
from bot.journal import change
from bot.journal.redis import RedisJournal
from bot.model import event as e
from bot.model.finding import Finding, Layer, Verdict
from bot.model.run import Run, fold
from bot.slack.view import thread
from tests.bench.figures import Figures
from tests.journal.notes import nonces
from tests.redis_server import start_valkey

RUNS = 40


def begun() -> e.RunStarted:
    playbook = gated(Library([shipped_folder()]).get("dns"))
    origin = e.Origin(surface="slack", channel="C0INCIDENTS")
    return e.RunStarted(at=1.0, by="slack:U0ALICE", playbook=playbook, target="prod", origin=origin)


def result(run_id: str, step: str, verdict: Verdict) -> e.StepFinished:
    """Another one in each run, as in life."""
    finding = Finding(
        verdict=verdict, summary=f"{step} of {run_id} is not as it should be", layer=Layer.DNS_WORKLOAD,
        object=f"Pod {run_id}/{step}",
        evidence=("2 of 3 ready", "seen just now"), advice="look at `kubectl get pods`",
    )  # fmt: skip
    evidence = {"pods": [{"name": f"coredns-{n}", "phase": "Running", "restarts": n} for n in range(10)]}
    return e.StepFinished(at=2.0, step=step, attempt=1, findings=(finding,), evidence=evidence, duration=0.2)


async def take_in(journal: RedisJournal, run_id: str, start: e.RunStarted, bad: int) -> int:
    """Each result is written with `change`, as a worker does, and the thread is made anew. Every so many results
    (`bad`) is a fault with a post of its own. Gives how many there were."""
    nonce = nonces(run_id)
    await journal.append(run_id, 1, start, nonce=nonce(), now=1.0)
    known: tuple[Run, int] = (fold([start]), 1)
    for number, step in enumerate(start.playbook.steps):
        finished = result(run_id, step.id, Verdict.PASS if number % bad else Verdict.WARN)
        known = await change(journal, run_id, fold, lambda _, x=finished: x, nonce=nonce, now=1.0, known=known)  # type: ignore[misc]
        thread(run_id, known[0])
    return len(start.playbook.steps)


@pytest.mark.parametrize("bad", [1, 5], ids=["all of them faults", "one in five a fault"])
async def test_step_results_through_journal_and_view(figures: Figures, tmp_path: Path, bad: int) -> None:
    with start_valkey(tmp_path) as server:
        journal = RedisJournal(server.url)
        start = begun()
        await take_in(journal, "dns-0", start, bad)
        wall, cpu = time.perf_counter(), time.process_time()
        results = sum([await take_in(journal, f"dns-{number}", start, bad) for number in range(1, RUNS + 1)])
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        await journal.close()
    what = f"step results through journal and view, {'all' if bad == 1 else f'one in {bad}'} a fault"
    figures.add(what, f"{results / cpu:.0f} /s of CPU, {results / wall:.0f} /s", "1000 /s")
