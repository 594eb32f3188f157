"""Every verb of `/netcheck`, carried out: one call of the desk each, and what the person is told of it."""

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import assert_never

from bot.engine.desk import Desk
from bot.engine.incidents import Incidents
from bot.journal import Journal
from bot.model import command as c
from bot.model.errors import Refused, UsageError
from bot.model.permission import Person
from bot.model.playbook import Playbook
from bot.slack import text as t
from bot.slack.asked import Asked
from bot.slack.doctor import Doctor
from bot.slack.membership import Membership
from bot.slack.people import People
from bot.slack.post import ROOT
from bot.slack.publish import NAME
from bot.slack.replies import Reply, help_reply, list_reply, reply, run_reply, status_reply
from bot.slack.text import Markup
from bot.slack.transcripts import Transcripts

_PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
_GROUP = re.compile(r"<!subteam\^(S[A-Z0-9]+)(?:\|[^>]*)?>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verbs:
    """`playbooks` and `targets`: what can be asked for now. `docs`: the address of causes.md."""

    desk: Desk
    incidents: Incidents
    journal: Journal
    people: People
    membership: Membership
    transcripts: Transcripts
    doctor: Doctor
    playbooks: Callable[[], Sequence[Playbook]]
    targets: Callable[[], Sequence[str]]
    docs: str = ""

    async def do(self, command: c.Command, asked: Asked) -> Reply | None:
        """None when the channel itself shows what came of it."""
        match command:
            case c.RunPlaybook() | c.Rerun():
                return await self._start(command, asked)
            case c.Cancel() | c.AddNote() | c.HandOver():
                return await self._tell_run(command, asked)
            case c.OpenIncident() | c.CloseIncident():
                return await self._incident(command, asked)
            case c.Help():
                return help_reply(self.playbooks(), self.targets())
            case c.ListPlaybooks():
                return list_reply(self.playbooks(), self.targets())
            case c.ShowStatus():
                return status_reply(await self.desk.recent(asked.channel))
            case c.ShowRun(run_id):
                run = await self.desk.run(run_id)
                self.desk.may_look(run, await self.person(asked))
                return run_reply(run_id, run, self.docs)
            case c.Doctor():
                return await self.doctor.examine()
            case c.Transcript(id):
                return await self.transcripts.send(asked, id, await self.person(asked))
            case c.Unclear(problem):
                raise UsageError(f"{problem[:1].upper()}{problem[1:]}.")
            case _:
                assert_never(command)

    async def person(self, asked: Asked) -> Person:
        return await self.people.person(asked.user, asked.name)

    async def _start(self, command: c.RunPlaybook | c.Rerun, asked: Asked) -> Reply | None:
        if obstacle := await self.membership.obstacle(asked.channel):
            raise Refused(obstacle)
        person = await self.person(asked)
        if isinstance(command, c.Rerun):
            await self.incidents.rerun(command.run, person, asked.origin)
            return None
        try:
            await self.incidents.start(command, person, asked.origin)
        except UsageError as error:
            raise UsageError(str(error), self._whole(command, error.near)) from None
        return None

    def _whole(self, command: c.RunPlaybook, near: tuple[str, ...]) -> tuple[str, ...]:
        """A near playbook with all that was typed after it, so that the button asks for what was meant."""
        rest = [*command.words, *(f'{name}="{value}"' for name, value in command.params.items())]
        names = {playbook.name for playbook in self.playbooks()}
        return tuple(" ".join([text, *rest]) if text in names else text for text in near)

    async def _tell_run(self, command: c.Cancel | c.AddNote | c.HandOver, asked: Asked) -> Reply | None:
        person, delivery = await self.person(asked), asked.origin.delivery
        match command:
            case c.Cancel(run_id):
                await self.desk.cancel(run_id, person, delivery=delivery)
                told = reply(Markup(f"{t.code(run_id, 60)} stops."))
            case c.AddNote(named, text):
                noted = await self._note(named, text, asked, person)
                told = reply(Markup(f"Noted in {t.code(noted, 60)}."))
            case c.HandOver(run_id, to, note):
                await self.desk.hand_over(run_id, who(to), person, note, delivery)
                told = reply(Markup(f"{t.code(run_id, 60)} is with {t.mention(who(to))} now."))
        return await self._once(asked, told)

    async def _note(self, named: str, text: str, asked: Asked, person: Person) -> str:
        """To the run that was named, or in whose thread it was said, or to what the channel has."""
        run_id = named or await self._run_of_thread(asked)
        if run_id:
            await self.desk.note(run_id, text, person, asked.origin.delivery)
            return run_id
        return await self.incidents.note(asked.channel, text, person, asked.origin.delivery)

    async def _run_of_thread(self, asked: Asked) -> str:
        for run_id, run in await self.desk.recent(asked.channel) if asked.thread else ():
            root = (await self.journal.shown(NAME, run_id)).get(ROOT)
            if asked.thread in (run.begun.origin.thread, root.place if root else ""):
                return run_id
        return ""

    async def _incident(self, command: c.OpenIncident | c.CloseIncident, asked: Asked) -> Reply | None:
        person, delivery = await self.person(asked), asked.origin.delivery
        by = t.mention(person.id)
        if isinstance(command, c.OpenIncident):
            id = await self.incidents.open(asked.channel, command.title, person, delivery)
            title = t.one_line(command.title, 500)
            note = "Runs and notes of this channel belong to it until it is closed."
            told = Markup(f":rotating_light: {by} opened {t.code(id, 60)}: *{title}*. {note}")
            return await self._once(asked, reply(told, public=True))
        id = await self.incidents.close(asked.channel, person, command.summary, delivery)
        summary = f": {t.one_line(command.summary, 1000)}" if command.summary else ""
        more = f"`/netcheck transcript {id}` tells all of it."
        told = Markup(f":white_check_mark: {by} closed {t.code(id, 60)}{summary}. {more}")
        return await self._once(asked, reply(told, public=True))

    async def _once(self, asked: Asked, told: Reply) -> Reply | None:
        """What was done is told once, however often Slack delivers the request. Claimed after the write: when that
        failed, the repetition makes it, and tells."""
        mine = secrets.token_hex(8)
        return told if await self.journal.first(f"told:{asked.origin.delivery}", mine) == mine else None


def who(word: str) -> str:
    """A mention as netcheck writes it down. Raises UsageError for a name that Slack did not make a mention of."""
    if person := _PERSON.fullmatch(word):
        return f"slack:{person[1]}"
    if group := _GROUP.fullmatch(word):
        return f"group:{group[1]}"
    raise UsageError(f"“{word}” is nobody I can find here; name a person or a group with @, as Slack completes it.")
