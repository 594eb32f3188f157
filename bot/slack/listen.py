"""Everything that comes in from Slack: translated, handed on, acknowledged. Nothing is decided here.

What must not be lost is written to the journal first, then the request is acknowledged; after two seconds it is
acknowledged in any case, and the answer follows on another way. Whatever no listener knows is acknowledged too, or
Slack would show its own error.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeAlias, TypeVar

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.model.command import Help, parse
from bot.model.errors import NetcheckError, Refused, UsageError
from bot.slack import modals
from bot.slack import text as t
from bot.slack.asked import Asked, Say
from bot.slack.calls import OUTAGES, code_of
from bot.slack.clicks import OLD, Click, Clicks, read_click
from bot.slack.identity import Identity
from bot.slack.replies import UNSURE, Reply, explain, reply
from bot.slack.text import Markup
from bot.slack.verbs import Verbs

log = logging.getLogger(__name__)

T = TypeVar("T")
Work: TypeAlias = Callable[[], Awaitable[Reply | None]]

BUDGET = 2.0
"""Seconds after which a request is acknowledged whether or not its work is done; Slack waits three."""
QUIET = {"unfurl_links": False, "unfurl_media": False}
"""What people typed may hold addresses: Slack is not to fetch them."""
ANYTHING = re.compile(".*")
FOREIGN = "People of other workspaces may look on, but not run or decide anything here."


class Listener:
    """One method per kind of payload. `_later` holds answers that are on their way after the acknowledgement."""

    def __init__(self, client: AsyncWebClient, identity: Identity, verbs: Verbs) -> None:
        self._client = client
        self._identity = identity
        self._verbs = verbs
        self._clicks = Clicks(verbs)
        self._later: set[asyncio.Task[Any]] = set()

    async def command(self, ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond) -> None:
        asked = Asked(
            user=body["user_id"], name=body.get("user_name", ""), team=body.get("team_id", ""), thread="",
            channel=body["channel_id"], delivery=body["trigger_id"], say=_by_url(respond),
        )  # fmt: skip
        text = t.typed(body.get("text") or "")
        await self._answer(ack, asked, lambda: self._verbs.do(parse(text), asked))

    async def mention(self, ack: AsyncAck, body: dict[str, Any], event: dict[str, Any]) -> None:
        """The first word is the mention itself; in a thread the run stays in that thread."""
        channel, thread, user = event["channel"], event.get("thread_ts", ""), event.get("user", "")
        if not user or event.get("bot_id"):
            await ack()
            return
        asked = Asked(
            user=user, name="", team=event.get("user_team") or body.get("team_id", ""), thread=thread,
            channel=channel, delivery=body["event_id"], say=self._by_post(channel, thread, user),
        )  # fmt: skip
        text = re.sub(r"^\s*(<@[UW][A-Z0-9]+(\|[^>]*)?>\s*)+", "", event.get("text", ""))
        command = parse(t.typed(text)) if text.strip() else Help()
        await self._answer(ack, asked, lambda: self._verbs.do(command, asked))

    async def click(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], respond: AsyncRespond) -> None:
        container = body.get("container", {})
        click = read_click(action, loose=bool(container.get("is_ephemeral")))
        asked = self._clicked(body, respond)
        await self._answer(ack, asked, lambda: self._clicks.do(click, asked))

    async def open_modal(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any],
                         respond: AsyncRespond) -> None:  # fmt: skip
        """Before anything slow: the trigger of a click is good for three seconds, and once."""
        asked, click = self._clicked(body, respond), read_click(action, loose=False)
        await asyncio.wait({self._spawn(self._open(asked, click, body["trigger_id"]))}, timeout=BUDGET)
        await ack()

    async def _open(self, asked: Asked, click: Click, trigger: str) -> None:
        try:
            await self._admit(asked.team)
            view = modals.view(click.action, click.word(0), click.word(1), _index(click))
            await self._client.views_open(trigger_id=trigger, view=view)
        except (UsageError, Refused) as error:
            await _say(asked, explain(error))
        except SlackApiError as error:
            log.info("a form could not be opened: %s", code_of(error))
            await _say(asked, reply(Markup("That took too long for Slack; please click again.")))
        except OUTAGES as error:
            log.warning("a form could not be opened: %s", type(error).__name__)

    async def submit(self, ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        """What is wrong stands beside the field, and what was written stays."""
        task = self._spawn(self._take_words(body.get("user", {}), view))
        await asyncio.wait({task}, timeout=BUDGET)
        if wrong := task.result() if task.done() else UNSURE:
            await ack(response_action="errors", errors={modals.INPUT: t.cut(wrong, 300)})
        else:
            await ack()

    async def _take_words(self, user: dict[str, Any], view: dict[str, Any]) -> str:
        """Why they were not taken; "" when they were."""
        try:
            await self._admit(user.get("team_id", ""))
            words = modals.read_words(view)
            if not words.text.strip():
                raise UsageError("Please say it in a few words.")
            by = await self._verbs.people.person(user.get("id", ""), user.get("name", ""))
            chosen, note = (words.index, words.text) if words.index >= 0 else (words.text, "")
            await self._clicks.answer(words.run, words.step, chosen, note, by)
        except NetcheckError as error:
            return str(error)
        except ValueError:
            return OLD
        return ""

    async def unknown(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        log.info("not known here, acknowledged: %s", body.get("type") or body.get("command"))
        if body.get("command"):
            await ack(text=OLD)
        else:
            await ack()

    async def pass_over(self, ack: AsyncAck) -> None:
        await ack()

    # --- answering --------------------------------------------------------------------------------------------------

    async def _answer(self, ack: AsyncAck, asked: Asked, work: Work) -> None:
        """The work first, so that nothing acknowledged is lost; but never later than Slack waits."""
        task = asyncio.create_task(_explained(self._guarded(asked, work)))
        await asyncio.wait({task}, timeout=BUDGET)
        await ack()
        self._spawn(_said(asked, task))

    async def _guarded(self, asked: Asked, work: Work) -> Reply | None:
        await self._admit(asked.team)
        return await work()

    async def _admit(self, team: str) -> None:
        """Guests from other workspaces share channels, and may click."""
        ours = (await self._identity.known()).team
        if ours and team and team != ours:
            raise Refused(FOREIGN)

    async def settle(self) -> None:
        """Until the answers that are on their way have arrived, or cannot any more."""
        if self._later:
            await asyncio.wait(self._later, timeout=BUDGET)

    def _spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._later.add(task)
        task.add_done_callback(self._later.discard)
        return task

    def _clicked(self, body: dict[str, Any], respond: AsyncRespond) -> Asked:
        user, container = body.get("user", {}), body.get("container", {})
        return Asked(
            user=user.get("id", ""), name=user.get("name") or user.get("username", ""), team=user.get("team_id", ""),
            channel=body.get("channel", {}).get("id", ""), thread="", delivery=body.get("trigger_id", ""),
            say=_by_url(respond, container.get("thread_ts", "")),
        )  # fmt: skip

    def _by_post(self, channel: str, thread: str, user: str) -> Say:
        async def say(told: Reply) -> None:
            body: dict[str, Any] = {"channel": channel, "text": told.text, "blocks": list(told.blocks)}
            body |= {"parse": "none", "link_names": False, **({"thread_ts": thread} if thread else {})}
            method = "chat.postMessage" if told.public else "chat.postEphemeral"
            await self._client.api_call(method, json=body | (QUIET if told.public else {"user": user}))

        return say


def build_app(identity: Identity, listener: Listener, command: str = "/netcheck") -> AsyncApp:
    """A Bolt app that needs no signing secret and asks Slack nothing while it is built."""
    app = AsyncApp(client=identity.bolt_client(), authorize=identity.for_bolt(), process_before_response=True)
    app.command(command)(listener.command)
    app.event("app_mention")(listener.mention)
    app.action(re.compile(r"^(problem|write)\b"))(listener.open_modal)
    app.action(ANYTHING)(listener.click)
    app.view(modals.CALLBACK)(listener.submit)
    for unknown in (app.view, app.shortcut, app.options, app.command):
        unknown(ANYTHING)(listener.unknown)
    app.event(ANYTHING)(listener.pass_over)
    return app


async def _explained(work: Awaitable[Reply | None]) -> Reply | None:
    try:
        return await work
    except NetcheckError as error:
        return explain(error)
    except Exception as error:
        log.exception("a request of a person failed")
        return explain(error)


async def _said(asked: Asked, task: asyncio.Task[Reply | None]) -> None:
    if told := await task:
        await _say(asked, told)


async def _say(asked: Asked, told: Reply) -> None:
    try:
        await asked.say(told)
    except SlackApiError as error:
        log.warning("an answer was not shown: %s", code_of(error))
    except OUTAGES as error:
        log.warning("an answer was not shown: %s", type(error).__name__)


def _by_url(respond: AsyncRespond, thread: str = "") -> Say:
    """The response URL works where netcheck is no member, and is the only way to replace what one person sees."""

    async def say(told: Reply) -> None:
        kind = "in_channel" if told.public else "ephemeral"
        more: dict[str, Any] = {"thread_ts": thread} if thread and not told.replace else {}
        await respond(
            text=told.text, blocks=list(told.blocks), response_type=kind, replace_original=told.replace, **more
        )

    return say


def _index(click: Click) -> int:
    return click.number(2) if click.action == "problem" else -1
