"""What the journal costs, in memory and on a real server."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from bot.journal import Journal, change
from bot.model.event import StepFinished
from bot.model.finding import Finding, Layer, Verdict
from tests.bench.figures import Figures
from tests.journal.notes import fold, nonces, note

EVENTS = 3000
RESULT = StepFinished(
    at=1.0, step="pods", attempt=1, duration=0.2, requests=3, bytes=4000,
    findings=(Finding(verdict=Verdict.PASS, summary="2 of 2 CoreDNS pods are ready.", layer=Layer.DNS_WORKLOAD),),
    evidence={"pods": [{"name": f"coredns-{n}", "phase": "Running", "restarts": n} for n in range(10)]},
)


async def measure(figures: Figures, what: str, count: int, work: Callable[[], Awaitable[object]]) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    await work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    figures.add(what, f"{count / wall:.0f}/s, {wall / count * 1000:.3f} ms each ({cpu / count * 1000:.3f} ms of work)")


async def test_the_rate_of_appends(journal: Journal, figures: Figures) -> None:
    name = type(journal).__name__

    async def append(id: str, count: int) -> None:
        for number in range(1, count + 1):
            await journal.append(id, number, RESULT, nonce="bench", now=1.0)

    await measure(figures, f"{name}: results appended to one run", EVENTS, lambda: append("dns-1", EVENTS))
    runs = [f"net-{number}" for number in range(30)]
    await measure(figures, f"{name}: results appended to 30 runs at once", EVENTS,
                  lambda: asyncio.gather(*(append(id, EVENTS // 30) for id in runs)))
    await measure(figures, f"{name}: one run of {EVENTS} results read", EVENTS, lambda: journal.read("dns-1"))


async def test_the_price_of_fifty_writers_who_overtake_each_other(journal: Journal, figures: Figures) -> None:
    async def write(writer: int) -> None:
        await change(journal, "dns-1", fold, lambda _: note(), nonce=nonces(f"w{writer}"), now=1.0)

    await measure(figures, f"{type(journal).__name__}: 50 changes of one run at once", 50,
                  lambda: asyncio.gather(*(write(writer) for writer in range(50))))


async def test_the_price_of_a_token_and_of_a_lease(journal: Journal, figures: Figures) -> None:
    async def take() -> None:
        for number in range(EVENTS):
            await journal.take("C1", 1.0, 1, 1000.0 + number)

    async def renew() -> None:
        for _ in range(EVENTS):
            await journal.lease("dns-1", "worker", 10)

    await measure(figures, f"{type(journal).__name__}: tokens taken", EVENTS, take)
    await measure(figures, f"{type(journal).__name__}: leases renewed", EVENTS, renew)
