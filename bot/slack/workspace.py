"""The Slack parts of one process, put together: what wiring needs to know of Slack."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from slack_sdk.web.async_client import AsyncWebClient

from bot.engine.desk import Desk
from bot.engine.incidents import Incidents
from bot.journal import Journal
from bot.model.errors import UsageError
from bot.model.playbook import Playbook
from bot.model.run import Run
from bot.slack.calls import Calls
from bot.slack.connection import Connection, close_client, make_client
from bot.slack.doctor import Doctor
from bot.slack.identity import Identity
from bot.slack.limits import Limits
from bot.slack.listen import Listener, build_app
from bot.slack.membership import Membership
from bot.slack.people import SlackPeople
from bot.slack.publish import SlackSurface
from bot.slack.transcripts import Transcripts
from bot.slack.verbs import Verbs


@dataclass(frozen=True, slots=True, kw_only=True)
class Slack:
    """Where netcheck meets the workspace. `groups`: of the settings, name → user ids. `named`: the ids of the user
    groups that the rules speak of (`group:S345` → `S345`). `problems`: what `doctor` should tell besides."""

    bot_token: str
    app_token: str
    api_url: str
    command: str = "/netcheck"
    docs: str = ""
    broadcast: bool = True
    groups: Mapping[str, tuple[str, ...]]
    named: frozenset[str]
    playbooks: Callable[[], Sequence[Playbook]]
    targets: Callable[[], Sequence[str]]
    problems: Callable[[], Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """`surface` shows runs; `connection.run()` hears people. `connection.connected` is readiness."""

    client: AsyncWebClient
    surface: SlackSurface
    connection: Connection
    listener: Listener

    async def close(self) -> None:
        """Hears nobody any more, lets the answers that are on their way arrive, and hangs up."""
        await self.connection.close()
        await self.listener.settle()
        await close_client(self.client)


def join(slack: Slack, desk: Desk, incidents: Incidents) -> Workspace:
    """Must be called inside the running loop. Asks Slack nothing yet: it may be down."""
    journal, clock = desk.journal, desk.clock
    client = make_client(slack.bot_token, slack.api_url)
    identity = Identity(client, clock)
    limits = Limits(journal, clock)
    connections: list[Connection] = []
    doctor = Doctor(
        identity=identity, journal=journal, socket=lambda: connections[0].describe(), problems=slack.problems
    )
    verbs = _verbs(slack, desk, incidents, client, identity, doctor)
    listener = Listener(client, identity, verbs)
    connections.append(Connection(build_app(identity, listener, slack.command), slack.app_token))
    surface = SlackSurface(
        calls=Calls(client, limits), limits=limits, journal=journal, clock=clock, docs=slack.docs,
        broadcast=slack.broadcast, approvers=partial(approvers, desk),
    )  # fmt: skip
    return Workspace(client=client, surface=surface, connection=connections[0], listener=listener)


def approvers(desk: Desk, run: Run) -> tuple[str, ...] | None:
    """Who may approve its changes: those of the playbook where it narrows the target's, else those of the target."""
    try:
        return desk.rulebook.approvers(run.begun)
    except UsageError:
        return None


def _verbs(slack: Slack, desk: Desk, incidents: Incidents, client: AsyncWebClient, identity: Identity,
           doctor: Doctor) -> Verbs:  # fmt: skip
    journal: Journal = desk.journal
    return Verbs(
        desk=desk,
        incidents=incidents,
        journal=journal,
        people=SlackPeople(client, desk.clock, named=slack.named, static=slack.groups),
        membership=Membership(client, identity, desk.clock),
        transcripts=Transcripts(client, incidents, journal),
        doctor=doctor,
        playbooks=slack.playbooks,
        targets=slack.targets,
        docs=slack.docs,
    )
