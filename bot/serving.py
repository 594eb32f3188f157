"""`netcheck serve`: one replica of the bot, from start to an orderly end. May import: wiring, slack, ops and below.

Called by cli and by the demo. The order of the end is what matters: hang up first, give leases back, then close.
"""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.archive import data_dir
from bot.journal import Journal
from bot.journal.embedded import open_journal
from bot.model.errors import NetcheckError, SettingsError
from bot.ops import logs
from bot.ops.health import Health
from bot.settings import Settings
from bot.slack.workspace import Slack, Workspace, join
from bot.wiring import Means, Netcheck, assemble

log = logging.getLogger(__name__)

GOODBYE = 8.0
"""Seconds for what is under way when the process is asked to end; the kubelet waits for 30."""
PATIENCE = 2.0
"""Seconds for the state store, when somebody asks whether this replica is ready."""
SECRETS = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "REDIS_URL")
"""Taken out of the environment once the settings hold them: a kubeconfig's login programs need not see them, and Bolt,
which looks there by itself, would warn about two tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtWork:
    """`parts` only end when they are cancelled, or by an error that nobody foresaw."""

    netcheck: Netcheck
    slack: Workspace
    parts: tuple[asyncio.Task[None], ...]

    async def until(self, stopped: asyncio.Event) -> None:
        """Half a bot is worse than none: a part that dies takes the process with it. Raises what it died of."""
        stopping = asyncio.create_task(stopped.wait())
        try:
            await asyncio.wait({stopping, *self.parts}, return_when=asyncio.FIRST_COMPLETED)
            for part in self.parts:
                if part.done():
                    part.result()
        finally:
            stopping.cancel()


@asynccontextmanager
async def at_work(
    settings: Settings, journal: Journal, means: Callable[[], Means] | None = None
) -> AsyncIterator[AtWork]:
    """A bot that listens, works and shows, for as long as the block lasts. `means`: those of a recording."""
    netcheck = assemble(settings, journal, means=means)
    slack = join(_slack(settings, netcheck), netcheck.desk, netcheck.incidents)
    netcheck.surfaces.append(slack.surface)
    listening = asyncio.create_task(slack.connection.run(), name="slack")
    working = asyncio.create_task(netcheck.worker.run(), name="worker")
    try:
        yield AtWork(netcheck=netcheck, slack=slack, parts=(listening, working))
    finally:
        listening.cancel()
        working.cancel()
        await asyncio.wait((listening, working), timeout=GOODBYE)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE):
                await slack.close()
                await netcheck.close()


async def serve(settings: Settings) -> None:
    """Until SIGTERM or SIGINT. Raises SettingsError for what must be put right before it can start."""
    logs.begin()
    for secret in SECRETS:
        os.environ.pop(secret, None)
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    opened = await open_journal(settings.redis_url.get_secret_value(), data_dir(settings))
    (log.info if opened.durable else log.warning)("state store: %s", opened.notice)
    try:
        async with at_work(settings, opened.journal) as work, _healthy(settings, work.netcheck, work.slack):
            for problem in work.netcheck.desk.library.problems():
                log.error("playbook: %s", problem)
            await work.until(stopped)
            log.info("stopping")
    finally:
        await opened.stop()


@asynccontextmanager
async def _healthy(settings: Settings, netcheck: Netcheck, slack: Workspace) -> AsyncIterator[None]:
    async def store() -> str:
        try:
            async with asyncio.timeout(PATIENCE):
                await netcheck.desk.journal.check()
        except TimeoutError:
            return f"no answer within {PATIENCE:g} s"
        except NetcheckError as error:
            return str(error)
        return ""

    async def socket() -> str:
        up, said = slack.connection.describe()
        return "" if up else said

    gauges = {
        "netcheck_runs_in_work": ("Runs this replica is at right now.", lambda: float(netcheck.worker.busy)),
        "netcheck_slack_connected": ("Whether the socket to Slack stands.", lambda: float(slack.connection.connected)),
        "netcheck_slack_reconnects": ("How often it was made anew.", lambda: float(slack.connection.reconnects)),
        "netcheck_playbook_problems": ("Mistakes in playbook files.", lambda: _count(netcheck)),
    }
    host, _, port = settings.listen.rpartition(":")
    health = Health({"state store": store, "slack": socket}, gauges)
    try:
        taken = await health.start(host or "0.0.0.0", int(port))  # noqa: S104 - probes come from outside the pod
        log.info("health and metrics on %s:%d", host or "*", taken)
    except (OSError, ValueError) as error:
        raise SettingsError(f"listen {settings.listen!r}: cannot listen there: {error}") from None
    try:
        yield
    finally:
        with contextlib.suppress(asyncio.CancelledError):
            await health.stop()


def _count(netcheck: Netcheck) -> float:
    return float(len(netcheck.desk.library.problems()))


def _slack(settings: Settings, netcheck: Netcheck) -> Slack:
    """Raises SettingsError when a token is missing."""
    given, desk = settings.slack, netcheck.desk
    missing = [name for name in ("bot_token", "app_token") if not getattr(given, name).get_secret_value()]
    if missing:
        names = " and ".join(f"SLACK_{name.upper()}" for name in missing)
        raise SettingsError(f"{names} must be set: the app's page at Slack has them (docs/operations.md).")
    return Slack(
        bot_token=given.bot_token.get_secret_value(),
        app_token=given.app_token.get_secret_value(),
        api_url=given.api_url,
        docs=settings.docs_url,
        broadcast=given.broadcast,
        groups=given.groups,
        named=_groups_named(settings),
        playbooks=desk.library.all,
        targets=lambda: [target.name for target in netcheck.clusters.targets()],
        problems=lambda: [str(problem) for problem in desk.library.problems()],
    )


def _groups_named(settings: Settings) -> frozenset[str]:
    """The ids of the user groups (`S…`) that any rule speaks of."""
    rules = (*settings.targets.values(), *settings.playbooks.values())
    listed = {entry for rule in rules for entry in (*rule.look, *rule.change)}
    groups = {entry.removeprefix("group:") for entry in listed if entry.startswith("group:")}
    return frozenset(group for group in groups if group not in settings.slack.groups)
