"""A whole netcheck behind the workspace in a box: the production Slack parts, a real desk and worker, staged steps."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from bot.cluster import Cluster, Usage
from bot.engine.desk import Desk
from bot.engine.incidents import Incidents
from bot.engine.library import Library
from bot.engine.rulebook import Rulebook
from bot.engine.targets import Target
from bot.engine.tools import Tools
from bot.engine.worker import Worker
from bot.journal import Journal
from bot.journal.memory import MemoryJournal
from bot.model.errors import Unreachable
from bot.model.permission import Rules
from bot.model.run import Run
from bot.playground.slack.box import SlackBox
from bot.playground.slack.messages import Message
from bot.playground.slack.world import MINIMAL_SCOPES
from bot.slack.workspace import Slack, Workspace, join
from tests.engine.stage import OneTarget, World, step_types

PLAYBOOKS = {
    "dns": """
name: dns
title: Cluster DNS
summary: Looks, mends, looks again.
steps:
  - {id: one, uses: t.look, title: First look, with: {name: one}}
  - {id: ill, uses: t.sick, title: The sick thing, with: {name: it}, needs: [one]}
  - {id: mend, uses: t.mend, title: Mend it, with: {name: mend}, when: "run.root_cause == 'dns.service.selector'"}
  - {id: again, uses: t.sick, title: Look again, with: {name: it}, fresh: true, needs: [mend]}
""",
    "well": """
name: well
title: All is well
summary: Seven looks.
steps:
"""
    + "".join(f"  - {{id: s{n}, uses: t.look, title: Look {n}, with: {{name: s{n}}}}}\n" for n in range(7)),
    "guided": """
name: guided
title: A guided walk
summary: Asks.
steps:
  - {id: ask, uses: t.ask, title: Is it well?, with: {text: "Look at it.", choices: ["yes", "Found a problem"]}}
  - {id: words, uses: t.ask, title: What is it called?, with: {text: "Name it."}}
""",
}
CHANGERS = Rules(change=("group:S0NETONCALL", "group:menders"))


class Prod(OneTarget):
    """Its cluster has the usage that a worker counts, and does not answer questions about namespaces."""

    async def open(self, target: Target) -> Cluster:
        return cast(Cluster, _Unreachable())


@dataclass
class _Unreachable:
    usage: Usage = field(default_factory=Usage)

    async def get(self, *_: object, **__: object) -> None:
        raise Unreachable("no connection")


class Boundless(MemoryJournal):
    """Where everything may be done at once."""

    async def take(self, bucket: str, rate: float, burst: int, now: float) -> float:
        return 0.0


@dataclass
class Office:
    box: SlackBox
    desk: Desk
    journal: Journal
    world: World
    workspace: Workspace

    async def run_id(self, number: int = 0) -> str:
        return (await self.desk.recent(""))[number][0]

    async def run(self) -> Run:
        return (await self.desk.recent(""))[0][1]

    async def count(self) -> int:
        return len(await self.desk.recent(""))

    def roots(self, channel: str = "#incidents") -> list[Message]:
        return [m for m in self.box.messages(channel) if m.by_bot]

    def thread(self) -> list[Message]:
        return self.box.thread("#incidents", self.roots()[-1].ts)

    async def until_root_says(self, text: str, channel: str = "#incidents") -> Message:
        def saying() -> Message | None:
            return next((m for m in self.roots(channel) if text in m.text), None)

        found: Message = await self.box.until(saying, timeout=20)
        return found

    async def prompt(self, text: str = "Approve this change?") -> Message:
        """The post in the thread that asks, once it is there."""

        def asking() -> Message | None:
            thread = self.thread() if self.roots() else []
            return next((m for m in thread if text in m.text and has_buttons(m)), None)

        found: Message = await self.box.until(asking, timeout=20)
        return found

    async def click(self, user: str, message: Message, action: str) -> bool:
        return (await self.box.click(user, message.channel, message.ts, action)).ok

    def told(self, user: str, channel: str = "#incidents") -> str:
        """All that only this person was told there."""
        return "\n".join(f"{m.text} {m.blocks}" for m in self.box.whispers(user, channel))

    async def until_told(self, user: str, text: str, channel: str = "#incidents") -> Message:
        found: Message = await self.box.until(
            lambda: next((m for m in self.box.whispers(user, channel) if text in f"{m.text} {m.blocks}"), None)
        )
        return found


async def typed(office: Office, text: str, user: str = "alice", channel: str = "#incidents") -> str:
    """What the person is told about it, and nobody else."""
    before = len(office.box.whispers(user, channel))
    outcome = await office.box.command(user, channel, text)
    assert outcome.ok, outcome.error
    await office.box.until(lambda: len(office.box.whispers(user, channel)) > before)
    last = office.box.whispers(user, channel)[-1]
    return f"{last.text} {last.blocks}"


def has_buttons(message: Message) -> bool:
    return any(block["type"] == "actions" for block in message.blocks)


@asynccontextmanager
async def replica(
    box: SlackBox, folder: Path, journal: Journal, world: World, *, rules: Rules = CHANGERS,
    groups: Mapping[str, tuple[str, ...]] | None = None, working: bool = True,
) -> AsyncIterator[Office]:  # fmt: skip
    """One process. Several may stand before one box with one journal."""
    write_playbooks(folder)
    library = Library([folder], step_types=step_types(world))
    numbers = itertools.count()
    name = f"{id(library):x}"
    clock: Callable[[], float] = box.clock.now
    rulebook = Rulebook(Prod(rules), lambda name: Rules())
    surfaces: list[object] = []
    tools = Tools(
        journal=journal, rulebook=rulebook, step_types=step_types(world), reads=lambda cluster: cluster, clock=clock,
        nonce=lambda: f"{name}-{next(numbers)}",
    )  # fmt: skip
    worker = Worker(name, tools, surfaces)  # type: ignore[arg-type]
    desk = Desk(
        journal=journal, library=library, rulebook=rulebook, clock=clock, nonce=tools.nonce,
        woken=worker.wake,
    )  # fmt: skip
    slack = Slack(
        bot_token=box.bot_token, app_token=box.app_token, api_url=box.api_url, groups=groups or {},
        named=frozenset({"S0NETONCALL"}), playbooks=library.all, targets=lambda: ("prod",), problems=tuple,
    )  # fmt: skip
    workspace = join(slack, desk, Incidents(desk))
    surfaces.append(workspace.surface)
    accepted = box.socket.accepted
    tasks = [asyncio.create_task(workspace.connection.run())]
    tasks += [asyncio.create_task(worker.run())] if working else []
    await box.until(lambda: box.socket.accepted > accepted)
    try:
        yield Office(box, desk, journal, world, workspace)
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await workspace.close()


def write_playbooks(folder: Path) -> None:
    for name, text in PLAYBOOKS.items():
        (folder / f"{name}.yaml").write_text(text)


@asynccontextmanager
async def open_office(
    folder: Path, *, scopes: frozenset[str] = MINIMAL_SCOPES, limited: bool = False, **more: Any
) -> AsyncIterator[Office]:
    """`limited`: at the pace that Slack allows; without it nobody waits."""
    box = SlackBox(scopes=scopes, rates="realistic" if limited else "off")
    await box.start()
    journal = MemoryJournal(box.clock.now) if limited else Boundless(box.clock.now)
    async with replica(box, folder, journal, World(), **more) as office:
        yield office
    await box.stop()
