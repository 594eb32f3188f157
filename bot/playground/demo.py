"""`netcheck demo`: a Slack workspace and a cluster, both in a box, and the production bot between them.

Everything above the network is what runs in production: the Bolt app, the engine, the embedded store, the cluster
client. May import: serving and below. Called by cli.
"""

import asyncio
import contextlib
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.journal.embedded import open_journal
from bot.ops import logs
from bot.playground.cluster_box.box import ClusterBox
from bot.playground.scenarios import SCENARIOS, load_scenario, means_of
from bot.playground.slack.box import SlackBox
from bot.serving import at_work
from bot.settings import Settings, SlackSettings, TargetSettings, load
from bot.wiring import Means

TARGET = "prod"
START = 30.0
EVERYWHERE = ("/netcheck", "dns")
HINTS = (
    ("/netcheck help", "What can be asked"),
    ("/netcheck incident open DNS is slow", "Open an incident in this channel"),
    ("/netcheck transcript", "The transcript of what happened here"),
)


@dataclass(slots=True)
class Demo:
    """What a test needs to know of a running demo."""

    slack: SlackBox
    notice: str
    cluster: ClusterBox | None = None
    chosen: str = ""
    means: Means = field(default_factory=Means)

    @property
    def line(self) -> str:
        """What to type first: what the scenario was recorded of, or what fits any cluster."""
        scenario = SCENARIOS.get(self.chosen)
        return " ".join(("/netcheck", scenario.playbook, TARGET, *scenario.words) if scenario else EVERYWHERE)

    async def panel(self) -> dict[str, Any]:
        """What the page offers beside Slack: the scenarios, and what to type first."""
        offered = SCENARIOS if self.cluster else {}
        scenarios = [{"name": n, "title": s.title, "active": n == self.chosen} for n, s in offered.items()]
        hints = ((self.line, "Find out what is wrong"), *HINTS)
        return {"scenarios": scenarios, "hints": [{"text": text, "label": label} for text, label in hints]}

    async def choose(self, name: str) -> None:
        """Put the recorded cluster of that name behind `prod`, with what was allowed there. Raises UsageError with near
        names."""
        if self.cluster:
            bundle = load_scenario(name)
            await self.cluster.load(bundle)
            self.chosen, self.means = name, means_of(name, bundle)


@asynccontextmanager
async def playing(*, port: int = 0, kubeconfig: str = "", scenario: str, folder: Path) -> AsyncIterator[Demo]:
    """A demo, for as long as the block lasts. `folder` holds the store and the kubeconfig of the box."""
    async with contextlib.AsyncExitStack() as stack:
        opened = await open_journal("", folder)
        stack.push_async_callback(opened.stop)
        demo = Demo(SlackBox(), opened.notice)
        if not kubeconfig:
            demo.cluster = await stack.enter_async_context(ClusterBox(load_scenario(scenario), context=f"{TARGET}-box"))
            kubeconfig = str(demo.cluster.write_kubeconfig(folder / "kubeconfig"))
            await demo.choose(scenario)
        await demo.slack.start("127.0.0.1", port)
        stack.push_async_callback(demo.slack.stop)
        demo.slack.panel, demo.slack.choose = demo.panel, demo.choose
        settings = _settings(demo.slack, kubeconfig, bool(demo.cluster))
        means = (lambda: demo.means) if demo.cluster else None
        workspace = (await stack.enter_async_context(at_work(settings, opened.journal, means))).slack
        async with asyncio.timeout(START):
            while not workspace.connection.connected:  # noqa: ASYNC110 - a socket may stand and fall again
                await asyncio.sleep(0.02)
        yield demo


def _settings(slack: SlackBox, kubeconfig: str, boxed: bool) -> Settings:
    """On the cluster in a box the on-call group may change; on a real one nobody may, as without any settings. A
    folder of one's own playbooks (NETCHECK_PLAYBOOKS) is laid over the shipped ones, as ever."""
    targets = {TARGET: TargetSettings(context=f"{TARGET}-box", default=True, change=("group:net-oncall",))}
    return Settings(
        kubeconfig=kubeconfig,
        targets=targets if boxed else {},
        playbook_folders=load(None).playbook_folders,
        slack=SlackSettings(
            bot_token=SecretStr(slack.bot_token),
            app_token=SecretStr(slack.app_token),
            api_url=slack.api_url,
            groups={"net-oncall": ("U0ALICE", "U0BOB")},
        ),
    )


async def run(*, port: int, kubeconfig: str, scenario: str) -> None:
    """Until Ctrl-C. Raises UsageError for a scenario that is not there."""
    logs.begin("WARNING")
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    with tempfile.TemporaryDirectory(prefix="netcheck-demo-") as folder:
        async with playing(port=port, kubeconfig=kubeconfig, scenario=scenario, folder=Path(folder)) as demo:
            sys.stdout.write(_welcome(demo))
            sys.stdout.flush()
            await stopped.wait()


def _welcome(demo: Demo) -> str:
    return (
        "A Slack workspace and a Kubernetes cluster, in a box (local playground, not Slack).\n\n"
        f"  Open   {demo.slack.page_url}\n"
        f"  Type   {demo.line}\n\n"
        f"State store: {demo.notice}\n"
        "Ctrl-C ends it and leaves nothing behind.\n"
    )
