"""How soon people see something: acknowledgements under load, the first message of a run. One process of `serve`."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml

from tests.bench.figures import Figures, ms, percentile
from tests.serve.stand import BoxedStand, open_stand

RATE, SECONDS = 50, 4
FREE = 2
"""Messages at once in one channel, without waiting for Slack's limit."""
ONE_LOOK = {
    "name": "one",
    "title": "One look",
    "steps": [
        {
            "id": "look",
            "title": "CoreDNS",
            "uses": "kubernetes.get",
            "with": {"kind": "Deployment", "namespace": "kube-system", "name": "coredns", "keep": ["spec.replicas"]},
            "outcomes": [{"pass": {"message": "It is there."}}],
        }
    ],
}


@pytest.mark.parametrize("text", ["help", "one prod", "dns prod"])
async def test_acknowledgements_at_fifty_commands_a_second(figures: Figures, tmp_path: Path, text: str) -> None:
    """The workspace in a box runs in this process and has the other core, so its share is in the figure."""
    async with ready_stand(tmp_path) as stand:
        times = await acknowledged(stand, text)
    told = f"p99 {ms(percentile(times, 99))}, median {ms(percentile(times, 50))}"
    figures.add(f"ack of `/netcheck {text}` at {RATE} a second", told, "p99 100 ms")


async def acknowledged(stand: BoxedStand, text: str) -> list[float]:
    """Commands at an even pace, whether or not those before are answered."""
    times: list[float] = []

    async def one() -> None:
        began = time.perf_counter()
        outcome = await stand.slack.command("alice", "#incidents", text)
        times.append(time.perf_counter() - began if outcome.ok else 3.0)

    began, tasks = time.perf_counter(), []
    for number in range(RATE * SECONDS):
        await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
        tasks.append(asyncio.create_task(one()))
    await asyncio.gather(*tasks)
    return times


async def test_the_first_message_after_a_command(figures: Figures, tmp_path: Path) -> None:
    async with ready_stand(tmp_path) as stand:
        times = [await first_message(stand, user) for user in ("alice", "bob") for _ in range(FREE)]
    told = f"median {ms(percentile(times, 50))}, worst {ms(max(times))}"
    figures.add("first message after `/netcheck dns prod`", told, "300 ms")


async def first_message(stand: BoxedStand, user: str) -> float:
    place = f"D0{user.upper()}"
    before, began = len(stand.slack.messages(place)), time.perf_counter()
    await stand.slack.command(user, "@netcheck", "dns prod")
    await stand.slack.until(lambda: len(stand.slack.messages(place)) > before, 30)
    return time.perf_counter() - began


@asynccontextmanager
async def ready_stand(folder: Path) -> AsyncIterator[BoxedStand]:
    async with open_stand(folder) as stand:
        (folder / "playbooks" / "one.yaml").write_text(yaml.safe_dump(ONE_LOOK))
        await stand.start().until_ready()
        yield stand
