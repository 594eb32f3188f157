"""Two clusters in boxes, one kubeconfig for both, and netcheck between them and a workspace: for what people type.

Each box counts what it is asked, so that it shows whether a cluster that nobody named was left alone.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import SecretStr

from bot.journal.memory import MemoryJournal
from bot.model.event import RunStarted
from bot.playground.bundle import Object, Read
from bot.playground.cluster_box.box import ClusterBox
from bot.playground.cluster_box.faults import Fault
from bot.playground.scenarios import load_scenario
from bot.playground.slack.box import SlackBox
from bot.playground.slack.messages import Message
from bot.serving import at_work
from bot.settings import Settings, SlackSettings, TargetSettings

NAMESPACES = ("prod", "shop")


@dataclass(slots=True)
class City:
    """A cluster behind a context; `asked` counts its requests."""

    box: ClusterBox
    counter: Fault

    @property
    def asked(self) -> int:
        return self.counter.struck


@asynccontextmanager
async def open_city(context: str) -> AsyncIterator[City]:
    bundle = load_scenario("healthy")
    spaces: list[Object] = [
        {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name, "uid": name}} for name in NAMESPACES
    ]
    listed = Read(verb="list", kind="Namespace", api="v1")
    bundle = replace(bundle, objects=(*bundle.objects, *spaces), reads=(*bundle.reads, listed))
    async with ClusterBox(bundle, context=context) as box:
        counter = Fault()
        box.faults.append(counter)
        yield City(box, counter)


def write_kubeconfig(path: Path, *cities: City, current: str = "") -> str:
    """All contexts in one file."""
    whole: dict[str, object] = {"apiVersion": "v1", "kind": "Config", "current-context": current}
    parts = [city.box.kubeconfig() for city in cities]
    for name in ("clusters", "users", "contexts"):
        whole[name] = [entry for part in parts for entry in part[name]]
    path.write_text(json.dumps(whole))
    return str(path)


@dataclass(slots=True)
class Desk:
    """What a person in #incidents sees of it, and what was written."""

    slack: SlackBox
    journal: MemoryJournal

    async def runs(self) -> list[RunStarted]:
        entries = [await self.journal.read(run_id) for run_id in await self.journal.recent("")]
        return [read[0].event for read in entries if isinstance(read[0].event, RunStarted)]

    async def type(self, text: str) -> None:
        assert (await self.slack.command("alice", "#incidents", text)).ok

    async def root(self) -> str:
        """The blocks of the message of the run, once it is over."""
        found: Message = await self.slack.until(
            lambda: next((m for m in self.slack.messages("#incidents") if "nothing wrong" in m.text), None), 20
        )
        return str(found.blocks)

    async def told(self) -> Message:
        """What only the person who typed was told."""
        await self.slack.until(lambda: self.slack.whispers("alice", "#incidents"), 20)
        return self.slack.whispers("alice", "#incidents")[-1]

    async def press(self, message: Message, label: str) -> None:
        buttons = [e for block in message.blocks if block["type"] == "actions" for e in block["elements"]]
        button = next(b for b in buttons if label in b["text"]["text"])
        assert (await self.slack.click("alice", message.channel, message.ts, button["action_id"])).ok


@asynccontextmanager
async def open_desk(kubeconfig: str, targets: Mapping[str, TargetSettings]) -> AsyncIterator[Desk]:
    slack, journal = SlackBox(rates="off"), MemoryJournal()
    await slack.start()
    given = SlackSettings(
        bot_token=SecretStr(slack.bot_token), app_token=SecretStr(slack.app_token), api_url=slack.api_url
    )
    async with at_work(Settings(kubeconfig=kubeconfig, targets=dict(targets), slack=given), journal):
        await slack.until(lambda: slack.socket.connections)
        yield Desk(slack, journal)
    await slack.stop()


async def netcheck(*arguments: str, kubeconfig: str) -> tuple[int, str, str]:
    """The command line: exit status, output, errors."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(Path(kubeconfig).parent)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.cli", *arguments, "--kubeconfig", kubeconfig,
        env=environment, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, out.decode(), err.decode()
