"""The thread in Slack made to agree with the run: what should be shown is compared, by key and digest, with what is.

May run late, twice, or on any replica. Before a message is posted its key is noted without a place, so that after a
crash it is looked for by its metadata. Where history may not be read it is posted again instead, so each answer of
Slack's that gets lost may double that message.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import assert_never

from bot.journal import Journal, Shown
from bot.model.run import Run
from bot.slack.blocks import context
from bot.slack.calls import Calls, Denied, Gone, Lost, Outcome, Sent, Unfit, Wait
from bot.slack.farewell import farewell
from bot.slack.limits import HISTORY, POST, REPLIES, UPDATE, Limits
from bot.slack.post import ROOT, Post
from bot.slack.text import Markup
from bot.slack.view import thread

log = logging.getLogger(__name__)

NAME = "slack"
GONE = "gone"
AGAIN = "root:again"
AWAY = "-"
"""In place of a ts: taken away by somebody, or never taken by Slack; left alone."""
AGAIN_NOTE = context(Markup("The first message of this run was deleted; here it is again."))


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackSurface:
    """`docs`: the address of causes.md. `broadcast`: the end of a long run is shown in the channel too.
    `approvers`: who may approve the changes of a run, as the rules are now."""

    calls: Calls
    limits: Limits
    journal: Journal
    clock: Callable[[], float]
    docs: str = ""
    broadcast: bool = True
    approvers: Callable[[Run], tuple[str, ...] | None] = lambda run: None

    @property
    def name(self) -> str:
        return NAME

    async def publish(self, run_id: str, run: Run) -> float:
        """0.0 when all is shown (or never will be), else the seconds after which to try again."""
        if run.started is None or run.begun.origin.surface != NAME:
            return 0.0
        shown = await self.journal.shown(NAME, run_id)
        wait = await _Edition(surface=self, run_id=run_id, run=run, shown=shown).bring_out()
        if run.closed and not wait:
            self.limits.forget(run_id)
        return wait

    def wanted(self, run_id: str, run: Run) -> tuple[Post, ...]:
        approvers = self.approvers(run) if run.waiting_for_person else None
        return thread(run_id, run, docs=self.docs, broadcast=self.broadcast, approvers=approvers)


@dataclass(slots=True, kw_only=True)
class _Edition:
    """One pass over one run. `waits`: for how long each thing that could not be done now has to wait."""

    surface: SlackSurface
    run_id: str
    run: Run
    shown: dict[str, Shown]
    waits: list[float] = field(default_factory=list)
    posting: bool = True

    async def bring_out(self) -> float:
        for post in self.surface.wanted(self.run_id, self.run):
            if GONE in self.shown:
                break
            await self._reconcile(self._decorated(post))
        if GONE in self.shown:
            self.waits = [await self._say_farewell()]
        return min((wait for wait in self.waits if wait), default=0.0)

    def _decorated(self, post: Post) -> Post:
        again = post.key == ROOT and AGAIN in self.shown
        return replace(post, blocks=(AGAIN_NOTE, *post.blocks)) if again else post

    async def _reconcile(self, post: Post) -> None:
        have = self.shown.get(post.key)
        if have is None or not have.place:
            if self.posting and not post.edit_only and self._has_parent(post):
                await self._post(post, pending=have is not None)
        elif have.place != AWAY and have.digest != post.digest:
            await self._update(post, have)

    def _has_parent(self, post: Post) -> bool:
        return post.key == ROOT or self._parent(post) != ""

    def _parent(self, post: Post) -> str:
        """The thread it belongs to; a root asked for inside a thread stands in that thread."""
        asked_in = self.run.begun.origin.thread
        root = self.shown.get(ROOT)
        return asked_in or (root.place if root and post.key != ROOT else "")

    # --- posting ----------------------------------------------------------------------------------------------------

    async def _post(self, post: Post, *, pending: bool) -> None:
        if pending and await self._found(post):
            return
        if wait := await self.surface.limits.wait(POST, self.run.begun.origin.channel):
            self._hold(wait)
            return
        await self._note(post.key, Shown("", post.digest))
        outcome = await self._send(post)
        match outcome:
            case Sent(ts):
                await self._note(post.key, Shown(ts, post.digest))
                if post.key == ROOT:
                    self._spaced()
            case Wait(seconds, sure):
                self._hold(seconds)
                if sure:
                    await self._note(post.key, None)
            case Gone() | Denied() | Unfit() as refused:
                await self._given_up(post, refused)
            case Lost():
                await self._note(post.key, None)
            case _:
                assert_never(outcome)

    async def _found(self, post: Post) -> bool:
        """Whether there is nothing to post: it was posted before a crash (and is brought up to date), or that cannot
        be found out just now."""
        channel, mark = self.run.begun.origin.channel, self._mark(post)
        method = REPLIES if self._parent(post) else HISTORY
        if wait := await self.surface.limits.wait(method, channel):
            self._hold(wait)
            return True
        outcome = await self.surface.calls.find(channel, self._parent(post), self.run.begun.at - 60, mark)
        if isinstance(outcome, Sent):
            have = Shown(outcome.ts, "")
            await self._note(post.key, have)
            await self._update(post, have)
        elif isinstance(outcome, Wait):
            self._hold(outcome.seconds)
        return isinstance(outcome, Sent | Wait)

    async def _send(self, post: Post) -> Outcome:
        channel, parent, mark = self.run.begun.origin.channel, self._parent(post), self._mark(post)
        outcome: Outcome = Unfit("")
        for blocks in post.forms:
            if isinstance(outcome, Unfit):
                outcome = await self.surface.calls.post(
                    channel, parent, post.text, blocks, mark, broadcast=post.broadcast)
        return outcome

    def _mark(self, post: Post) -> dict[str, str]:
        return {"run": self.run_id, "key": post.key}

    def _hold(self, seconds: float) -> None:
        """What comes later in the thread waits too, or it would stand in front."""
        self.waits.append(seconds)
        self.posting = False

    # --- editing ----------------------------------------------------------------------------------------------------

    async def _update(self, post: Post, have: Shown) -> None:
        if post.key == ROOT and self._passing() and (wait := self._spaced()):
            self.waits.append(wait)
            return
        channel, calls = self.run.begun.origin.channel, self.surface.calls
        if wait := await self.surface.limits.wait(UPDATE, channel):
            self.waits.append(wait)
            return
        outcome: Outcome = Unfit("")
        for blocks in post.forms:
            if isinstance(outcome, Unfit):
                outcome = await calls.update(channel, have.place, post.text, blocks)
        match outcome:
            case Sent():
                await self._note(post.key, Shown(have.place, post.digest))
            case Wait(seconds):
                self.waits.append(seconds)
            case Lost():
                await self._deleted(post)
            case Gone() | Denied() | Unfit() as refused:
                await self._given_up(post, refused)
            case _:
                assert_never(outcome)

    def _passing(self) -> bool:
        """A state that the next one will replace soon. The last one, and one that people wait for, is always shown."""
        return not (self.run.closed or self.run.cancelled or self.run.waiting_for_person)

    def _spaced(self) -> float:
        return self.surface.limits.space(self.run_id, self.surface.clock() - self.run.begun.at)

    async def _deleted(self, post: Post) -> None:
        """Somebody deleted it. The root comes back once; the rest is left as people want it."""
        if post.key == ROOT and AGAIN not in self.shown:
            await self._note(AGAIN, Shown(AWAY, ""))
            await self._note(ROOT, None)
            await self._post(self._decorated(post), pending=False)
        elif post.key == ROOT:
            await self._given_up(post, Gone("its message was deleted twice"))
        else:
            await self._note(post.key, Shown(AWAY, post.digest))

    # --- giving up --------------------------------------------------------------------------------------------------

    async def _given_up(self, post: Post, refused: Gone | Denied | Unfit) -> None:
        if isinstance(refused, Gone) or post.key == ROOT:
            log.warning("%s is not shown in Slack any more: %s", self.run_id, refused.code, extra={"run": self.run_id})
            await self._note(GONE, Shown(refused.code, ""))
        else:
            log.warning("Slack does not take %s of %s: %s", post.key, self.run_id, refused.code)
            await self._note(post.key, Shown(AWAY, post.digest))

    async def _say_farewell(self) -> float:
        """The person who asked is told directly: once when somebody is needed, and once at the end."""
        told = farewell(self.run_id, self.run, self.shown[GONE].place, self.surface.wanted(self.run_id, self.run))
        if told is None or told.key in self.shown:
            return 0.0
        person = self.run.begun.by.removeprefix("slack:")
        if wait := await self.surface.limits.wait(POST, person):
            return wait
        outcome = await self.surface.calls.post(person, "", told.text, told.blocks, self._mark(told))
        if isinstance(outcome, Wait) and outcome.sure:
            return outcome.seconds
        await self._note(told.key, Shown(outcome.ts if isinstance(outcome, Sent) else AWAY, told.digest))
        return 0.0

    async def _note(self, key: str, shown: Shown | None) -> None:
        await self.surface.journal.show(NAME, self.run_id, key, shown)
        if shown is None:
            self.shown.pop(key, None)
        else:
            self.shown[key] = shown
