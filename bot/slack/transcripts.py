"""A transcript as files in the channel: Markdown for people, JSON for machines. Without the scope, as much as fits."""

import logging
from collections.abc import Sequence

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.engine.incidents import Histories, Incidents
from bot.journal import Journal
from bot.model import event as e
from bot.model.permission import Person
from bot.slack import text as t
from bot.slack.asked import Asked
from bot.slack.blocks import preformatted, rich, section
from bot.slack.calls import OUTAGES, code_of
from bot.slack.post import ROOT
from bot.slack.publish import NAME
from bot.slack.replies import Reply, reply
from bot.slack.text import Markup
from bot.views.transcript import incident_markdown, run_markdown, to_json

log = logging.getLogger(__name__)

REASONS = {
    "missing_scope": "the scope files:write was not granted",
    "not_in_channel": "I am not in this channel",
    "file_uploads_disabled": "uploads are disabled in this workspace",
}


class Transcripts:
    def __init__(self, client: AsyncWebClient, incidents: Incidents, journal: Journal) -> None:
        self._client = client
        self._incidents = incidents
        self._journal = journal

    async def send(self, asked: Asked, id: str, person: Person) -> Reply | None:
        """Of a run or an incident; without an id, of what the channel has. A run's goes into its thread. Raises
        Refused when one of the runs is none of theirs to read."""
        histories = await self._incidents.histories(id, asked.channel)
        for history in histories.runs:
            self._incidents.desk.may_look(history.run, person)
        markdown, journals = render(histories)
        thread = asked.thread or await self._thread(histories, asked.channel)
        files = [
            {"filename": f"{histories.id}.md", "title": f"Transcript of {histories.id}", "content": markdown},
            {"filename": f"{histories.id}.json", "title": f"Journal of {histories.id}", "content": journals},
        ]
        comment = f"Transcript of {t.code(histories.id, 60)}, asked for by {t.mention('slack:' + asked.user)}"
        try:
            await self._client.files_upload_v2(
                channel=asked.channel, thread_ts=thread or None, initial_comment=comment, file_uploads=files
            )
        except SlackApiError as error:
            return _inline(histories.id, markdown, code_of(error))
        except OUTAGES as error:
            log.warning("the transcript of %s was not uploaded: %s", histories.id, type(error).__name__)
            return _inline(histories.id, markdown, "no answer from Slack")
        return None

    async def _thread(self, histories: Histories, channel: str) -> str:
        """The root message of a run, if it stands in this channel."""
        if histories.incident or histories.runs[0].run.begun.origin.channel != channel:
            return ""
        run = histories.runs[0]
        root = (await self._journal.shown(NAME, run.id)).get(ROOT)
        return run.run.begun.origin.thread or (root.place if root and "." in root.place else "")


def render(histories: Histories) -> tuple[str, str]:
    """As Markdown and as JSON."""
    journals: dict[str, Sequence[e.Event]] = {histories.id: histories.events}
    journals |= {run.id: run.events for run in histories.runs}
    if histories.incident is None:
        run = histories.runs[0]
        return run_markdown(run.id, run.run, run.events), to_json(journals)
    runs = [(run.id, run.run, run.events) for run in histories.runs]
    return incident_markdown(histories.id, histories.incident, runs), to_json(journals)


def _inline(id: str, markdown: str, code: str) -> Reply:
    reason = REASONS.get(code, code)
    head = Markup(f"The transcript of {t.code(id, 60)} could not be uploaded as a file: {t.one_line(reason, 200)}.")
    begun = Markup(f"Its beginning; all of it: `netcheck transcript {id}`.")
    return reply(head, section(head, begun), rich(preformatted([markdown], 8000)))
