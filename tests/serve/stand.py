"""Replicas of the real process over one real store, before a workspace and a cluster in a box.

`CHAIN` is a playbook of looks in a row which a slow cluster stretches over seconds, so that something can be done to a
process while it is at a run. Its first looks tell something, so that the thread has posts that could be doubled.
"""

import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from bot.journal.redis import RedisJournal
from bot.model import event as e
from bot.model.run import Run, Status, fold
from bot.playground.cluster_box.box import ClusterBox
from bot.playground.cluster_box.faults import Fault
from bot.playground.scenarios import load_scenario
from bot.playground.slack.box import SlackBox
from bot.playground.slack.messages import Message
from bot.slack.view import thread
from tests.journal.awaiting import until
from tests.journal.inspection import Inspector
from tests.redis_server import RedisServer, start_valkey
from tests.serve.replica import Replica

LOOKS, TELLING = 12, 2
CHAIN = {
    "name": "chain",
    "title": "Looks in a row",
    "steps": [
        {
            "id": f"look{n}",
            "title": f"Look {n}",
            "uses": "kubernetes.get",
            "with": {"kind": "ConfigMap", "namespace": "kube-system", "name": "coredns", "keep": ["metadata.name"]},
            "needs": [f"look{n - 1}"] if n else [],
            "fresh": True,
            "outcomes": [{"warn" if n < TELLING else "pass": {"message": f"Look {n} was made."}}],
        }
        for n in range(LOOKS)
    ],
}
SLOW = Fault(path="/api/v1/namespaces/kube-system/configmaps/coredns", latency=1.0)


@dataclass(slots=True)
class Stand:
    folder: Path
    redis: RedisServer
    slack: SlackBox
    journal: RedisJournal
    replicas: list[Replica] = field(default_factory=list)

    def start(self) -> Replica:
        log = self.folder / f"replica{len(self.replicas)}.log"
        replica = Replica.start(log, self.environment())
        self.replicas.append(replica)
        return replica

    def environment(self) -> Mapping[str, str]:
        return {
            "HOME": str(self.folder),
            "REDIS_URL": self.redis.url,
            "SLACK_API_URL": self.slack.api_url,
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_APP_TOKEN": self.slack.app_token,
            "KUBECONFIG": str(self.folder / "kubeconfig"),
            "NETCHECK_SETTINGS": str(self.folder / "settings.yaml"),
            "NETCHECK_PLAYBOOKS": str(self.folder / "playbooks"),
            "NETCHECK_LISTEN": "127.0.0.1:0",
        }

    async def run(self, run_id: str) -> Run:
        return fold(await self.events(run_id))

    async def events(self, run_id: str) -> list[e.Event]:
        """Read with all that the journal checks: numbers without gaps."""
        return [entry.event for entry in await self.journal.read(run_id)]

    def roots(self, channel: str = "#incidents") -> list[Message]:
        return [message for message in self.slack.messages(channel) if message.by_bot and not message.is_reply]

    async def begin(self, text: str) -> str:
        """Type a command that starts a run, and wait for its message; gives the run's id."""
        before = len(self.roots())
        outcome = await self.slack.command("alice", "#incidents", text)
        assert outcome.ok, outcome.error
        await self.slack.until(lambda: len(self.roots()) > before, 30)
        return key_of(self.roots()[-1])[0]

    async def until_root_says(self, text: str) -> None:
        await self.slack.until(lambda: any(text in root.text for root in self.roots()), 60)

    async def deliver_to_all(self, user: str, channel: str, text: str) -> None:
        """One envelope to every socket, as a delivery that is repeated elsewhere looks."""
        commands, workspace = self.slack.commands, self.slack.workspace
        payload = commands._payload(workspace.user(user), workspace.channel(channel), "/netcheck", text)
        envelope = {"type": "slash_commands", "accepts_response_payload": True, "payload": payload}
        for connection in self.slack.socket.connections:
            await connection.ws.send_json({**envelope, "envelope_id": str(uuid.uuid4())})

    def told(self, user: str) -> str:
        return "\n".join(message.text for message in self.slack.whispers(user, "#incidents"))

    async def prompt(self, after: Message | None = None) -> Message:
        """The (next) message that asks for approval, with its buttons still on."""

        def asking() -> Message | None:
            thread = self.slack.thread("#incidents", self.roots()[-1].ts)
            asked = [m for m in thread if key_of(m)[1].startswith("ask:") and any(_has_buttons(m))]
            return next((m for m in asked if after is None or m.ts > after.ts), None)

        found: Message = await self.slack.until(asking, 60)
        return found

    async def until_step(self, run_id: str, step: str, status: Status) -> None:
        async def holds() -> bool:
            return (await self.run(run_id)).state(step).status is status

        await until(holds, 60)

    async def until_over(self, run_id: str) -> None:
        """Closed, and shown to its last event."""

        async def holds() -> bool:
            run = await self.run(run_id)
            return run.closed is not None and await self.shows_all(run_id, run)

        await until(holds, 60)

    async def until_in_the_middle(self, run_id: str) -> None:
        """All that the first looks had to tell is told, and a further look is under way."""

        async def holds() -> bool:
            run = await self.run(run_id)
            told = all(run.state(f"look{n}").over for n in range(TELLING)) and await self.shows_all(run_id, run)
            return told and run.state(f"look{LOOKS - 1}").status is Status.WAITING and _is_running(run)

        await until(holds, 60)

    async def shows_all(self, run_id: str, run: Run) -> bool:
        shown = await self.journal.shown("slack", run_id)
        return all(post.key in shown and shown[post.key].place for post in thread(run_id, run) if not post.edit_only)

    async def holder(self, run_id: str) -> str:
        """Who holds the lease; "" when nobody does."""
        async with Inspector(self.redis.url, "netcheck:") as inside:
            holder: bytes | None = await inside.do("GET", f"lease:{run_id}")
        return (holder or b"").decode()

    async def check_nothing_is_doubled(self, run_id: str) -> None:
        """One result for each attempt, one end, one message of each kind."""
        events = await self.events(run_id)
        results = Counter((event.step, event.attempt) for event in events if isinstance(event, e.StepFinished))
        assert set(results.values()) == {1}
        steps = Counter(step for step, _ in results)
        assert set(steps.values()) == {1}, "no step has a result of two attempts"
        assert sum(isinstance(event, e.RunClosed) for event in events) == 1
        assert sum(isinstance(event, e.RunStarted) for event in events) == 1
        messages = [m for m in self.slack.workspace.messages[self.roots()[-1].channel].values() if m.metadata]
        keys = Counter(key_of(message) for message in messages)
        assert set(keys.values()) == {1}, f"a message stands there twice: {keys}"
        wanted = {(run_id, post.key) for post in thread(run_id, fold(events)) if not post.edit_only}
        assert wanted <= set(keys)


@dataclass(slots=True, kw_only=True)
class BoxedStand(Stand):
    cluster: ClusterBox


def key_of(message: Message) -> tuple[str, str]:
    """The run, and which of its posts this is."""
    told = (message.metadata or {}).get("event_payload", {})
    return str(told.get("run", "")), str(told.get("key", ""))


def _has_buttons(message: Message) -> Iterator[bool]:
    return (block["type"] == "actions" for block in message.blocks)


def _is_running(run: Run) -> bool:
    return any(state.status is Status.RUNNING for state in run.steps.values())


def _write_settings(folder: Path, context: str) -> None:
    target = {"context": context, "default": True, "change": ["group:oncall"]}
    settings = {"targets": {"prod": target}, "slack": {"groups": {"oncall": ["U0ALICE"]}}}
    (folder / "settings.yaml").write_text(yaml.safe_dump(settings))
    (folder / "playbooks").mkdir()
    (folder / "playbooks" / "chain.yaml").write_text(yaml.safe_dump(CHAIN, sort_keys=False))


@asynccontextmanager
async def open_stand(folder: Path, scenario: str = "healthy") -> AsyncIterator[BoxedStand]:
    """Without a replica yet; all that was started is gone after the block."""
    async with ClusterBox(load_scenario(scenario), context="prod-box") as cluster:
        cluster.write_kubeconfig(folder / "kubeconfig")
        async with stand_before(folder, "prod-box") as stand:
            yield BoxedStand(stand.folder, stand.redis, stand.slack, stand.journal, stand.replicas, cluster=cluster)


@asynccontextmanager
async def stand_before(folder: Path, context: str) -> AsyncIterator[Stand]:
    """The same before any cluster whose kubeconfig lies in the folder. Alice may approve changes there."""
    _write_settings(folder, context)
    slack = SlackBox(rates="off")
    await slack.start()
    with start_valkey(folder / "redis") as redis:
        stand = Stand(folder, redis, slack, RedisJournal(redis.url))
        try:
            yield stand
        finally:
            for replica in stand.replicas:
                replica.remove()
            await stand.journal.close()
            await slack.stop()
