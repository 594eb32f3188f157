"""Incidents of a channel, in their simplest form: open, notes, runs attached, closed; and the histories to tell of.

`Histories` is what a transcript is made of (bot/views/transcript.py): journals, read and folded, nothing rendered.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.engine.desk import Desk, Started
from bot.engine.worker import KEEP
from bot.journal import change
from bot.model import event as e
from bot.model import incident as i
from bot.model.command import RunPlaybook
from bot.model.errors import Refused, UsageError
from bot.model.permission import Person
from bot.model.run import Run, fold

PREFIX = "inc"
CHANNEL = "incidents:"
"""Before the id of a channel: its own journal, which says what its newest incident is."""
MANY = 200
"""As many as a journal remembers of a channel; an incident with runs comes to the front again with each of them."""


def newest(events: Sequence[e.Event], before: str | None = None) -> str:
    """The fold of a channel's journal: the id of the incident that was opened last, or ""."""
    opened = [event.incident for event in events if isinstance(event, e.IncidentOpened)]
    return opened[-1] if opened else before or ""


@dataclass(frozen=True, slots=True)
class RunHistory:
    id: str
    run: Run
    events: tuple[e.Event, ...]


@dataclass(frozen=True, slots=True)
class Histories:
    """`incident` is None when a single run was asked for; then `runs` holds that one."""

    id: str
    incident: i.Incident | None
    events: tuple[e.Event, ...]
    runs: tuple[RunHistory, ...]


@dataclass(frozen=True, slots=True)
class Incidents:
    """`keep`: seconds for which closed ones are kept."""

    desk: Desk
    keep: float = KEEP

    async def open(self, channel: str, title: str, by: Person, delivery: str = "") -> str:
        """Raises Refused when one is open in the channel already."""
        journal, clock = self.desk.journal, self.desk.clock
        before = await self._newest(channel)
        incident_id = await self.desk.claim(delivery, await journal.next_id(PREFIX))
        already = await self.find(channel)
        if already not in ("", incident_id):
            raise Refused(f"The incident {already} is open in this channel already; close it first.")
        opened = e.IncidentOpened(at=clock(), by=by.id, channel=channel, title=title, incident=incident_id)
        await self._change(incident_id, lambda now: None if now.version else opened)
        await self._take_channel(opened, before)
        await journal.remember(channel, incident_id)
        return incident_id

    async def _take_channel(self, opened: e.IncidentOpened, before: str) -> None:
        """Make it the newest incident of its channel, if that still is `before`: of two people who open one at once,
        the channel's journal takes the word of one. The other's incident ends where it began."""

        def decide(newest: str) -> e.Event | None:
            if newest not in (before, opened.incident):
                raise Refused(f"The incident {newest} was opened in this channel just now.")
            return opened if newest == before else None

        try:
            await change(
                self.desk.journal, CHANNEL + opened.channel, newest, decide, nonce=self.desk.nonce, now=None
            )
        except Refused as refused:
            ended = e.IncidentClosed(at=opened.at, by=opened.by, summary=str(refused))
            await self._change(opened.incident, lambda now: None if now.closed else ended)
            raise

    async def close(self, channel: str, by: Person, summary: str = "", delivery: str = "") -> str:
        incident_id = await self.desk.claim(delivery, await self.find(channel))
        if not incident_id:
            raise UsageError("No incident is open in this channel; `incident open <title>` opens one.")
        at = self.desk.clock()

        def decide(now: i.Incident) -> e.Event:
            if now.closed:
                raise Refused(f"{now.closed.by} closed this incident already.")
            return e.IncidentClosed(at=at, by=by.id, summary=summary)

        await self._change(incident_id, decide, delivery)
        await self.desk.journal.expire(incident_id, self.keep)
        return incident_id

    async def note(self, channel: str, text: str, by: Person, delivery: str = "") -> str:
        """To the open incident of the channel, else to its latest run; gives the id that took it."""
        id = await self.desk.claim(delivery, await self.find(channel) or await self._latest_run(channel))
        if id.startswith(f"{PREFIX}-"):
            noted = e.NoteAdded(at=self.desk.clock(), by=by.id, text=text)
            await self._change(id, lambda _: noted, delivery)
        else:
            await self.desk.note(id, text, by, delivery)
        return id

    async def start(self, command: RunPlaybook, by: Person, origin: e.Origin) -> Started:
        """Start a run, and attach it to the channel's open incident if there is one."""
        started = await self.desk.start(command, by, origin)
        await self._attach(origin.channel, started.run)
        return started

    async def rerun(self, run_id: str, by: Person, origin: e.Origin) -> Started:
        started = await self.desk.rerun(run_id, by, origin)
        await self._attach(origin.channel, started.run)
        return started

    async def find(self, channel: str) -> str:
        """The id of the channel's open incident, or ""."""
        for id in await self._candidates(channel) if channel else ():
            incident = i.fold([entry.event for entry in await self.desk.journal.read(id)])
            if incident.opened:
                return "" if incident.closed else id
        return ""

    async def _newest(self, channel: str) -> str:
        return newest([entry.event for entry in await self.desk.journal.read(CHANNEL + channel)])

    async def _candidates(self, channel: str) -> Sequence[str]:
        """The newest incident; where only earlier releases opened any, all that the channel remembers."""
        if latest := await self._newest(channel):
            return [latest]
        return [id for id in await self.desk.journal.recent(channel, MANY) if id.startswith(f"{PREFIX}-")]

    async def histories(self, id: str, channel: str) -> Histories:
        """Of a run or an incident; without an id of the channel's incident, else its latest run."""
        id = id or await self.find(channel) or await self._latest(channel)
        events = tuple(entry.event for entry in await self.desk.journal.read(id))
        incident = i.fold(events)
        if incident.opened:
            runs = [await self._history(run_id) for run_id in incident.runs]
            return Histories(id, incident, events, tuple(run for run in runs if run.run.started))
        history = RunHistory(id, fold(events), events)
        if history.run.started is None:
            raise UsageError(f"There is no run or incident {id}.")
        return Histories(id, None, events, (history,))

    async def _history(self, run_id: str) -> RunHistory:
        events = tuple(entry.event for entry in await self.desk.journal.read(run_id))
        return RunHistory(run_id, fold(events), events)

    async def _attach(self, channel: str, run_id: str) -> None:
        incident_id = await self.find(channel)
        if incident_id:
            attached = e.RunAttached(at=self.desk.clock(), run=run_id)
            await self._change(incident_id, lambda now: None if now.closed or run_id in now.runs else attached)
            await self.desk.journal.remember(channel, incident_id)

    async def _latest(self, channel: str) -> str:
        recent: Sequence[str] = await self.desk.journal.recent(channel, 1)
        if not recent:
            raise UsageError("Nothing was run in this channel yet; name a run, as in `transcript dns-42`.")
        return recent[0]

    async def _latest_run(self, channel: str) -> str:
        runs = [id for id in await self.desk.journal.recent(channel) if not id.startswith(f"{PREFIX}-")]
        if not runs:
            raise UsageError("Nothing was run in this channel yet; name a run, as in `note dns-42 text`.")
        return runs[0]

    async def _change(self, id: str, decide: Callable[[i.Incident], e.Event | None], delivery: str = "") -> None:
        await change(
            self.desk.journal, id, i.fold, decide, nonce=lambda: delivery or self.desk.nonce(), now=None
        )
