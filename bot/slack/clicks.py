"""What a click on a button asks for. The button's value says which run and step is meant; all else is looked up anew.

The first click counts. Whoever comes later is told who was first; the same person clicking twice is told nothing.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.model import event as e
from bot.model.command import Rerun, Transcript, parse
from bot.model.errors import Refused, UsageError
from bot.model.permission import Person
from bot.model.run import Run
from bot.slack import text as t
from bot.slack.asked import Asked
from bot.slack.replies import Reply, reply
from bot.slack.text import Markup
from bot.slack.verbs import Verbs

T = TypeVar("T")

OLD = "This button belongs to an older message, or to an older version of netcheck; it does nothing any more."


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """`action`: the part of the action id before the colon. `loose`: on a message that only one person sees."""

    action: str
    values: tuple[Any, ...]
    loose: bool

    def word(self, index: int) -> str:
        return self._at(index, str)

    def number(self, index: int) -> int:
        return self._at(index, int)

    def _at(self, index: int, kind: type[T]) -> T:
        value = self.values[index] if index < len(self.values) else None
        if not isinstance(value, kind):
            raise UsageError(OLD)
        return value


def read_click(action: dict[str, Any], *, loose: bool) -> Click:
    try:
        values = json.loads(action.get("value") or "[]")
    except ValueError:
        values = []
    name = str(action.get("action_id", "")).partition(":")[0]
    return Click(action=name, values=tuple(values) if isinstance(values, list) else (), loose=loose)


class Clicks:
    def __init__(self, verbs: Verbs) -> None:
        self._verbs = verbs
        desk = verbs.desk
        self._steps: dict[str, Callable[[Click, Person], Awaitable[Run]]] = {
            "approve": lambda x, by: desk.approve(x.word(0), x.word(1), x.number(2), by),
            "refuse": lambda x, by: desk.refuse(x.word(0), x.word(1), x.number(2), by),
            "skip": lambda x, by: desk.skip(x.word(0), x.word(1), by),
            "stop": lambda x, by: desk.cancel(x.word(0), by),
            "answer": self._answer,
        }

    async def do(self, click: Click, asked: Asked) -> Reply | None:
        match click.action:
            case "type":
                done = await self._verbs.do(parse(t.typed(click.word(0))), asked)
                if done or not click.loose:
                    return done
                return reply(Markup(f"Started: {t.code(click.word(0), 300)}"), replace=True)
            case "rerun":
                return await self._verbs.do(Rerun(click.word(0)), asked)
            case "transcript":
                return await self._verbs.do(Transcript(click.word(0)), asked)
            case action if action in self._steps:
                return await self._decide(click, asked)
            case _:
                raise UsageError(OLD)

    async def answer(self, run_id: str, step: str, answer: int | str, note: str, by: Person) -> Run:
        """`answer`: the number of a choice, or what was written."""
        text = answer if isinstance(answer, str) else await self.choice(run_id, step, answer)
        return await self._verbs.desk.answer(run_id, step, text, by, note)

    async def choice(self, run_id: str, step: str, index: int) -> str:
        prompt = (await self._verbs.desk.run(run_id)).state(step).prompt
        if not isinstance(prompt, e.QuestionAsked) or not 0 <= index < len(prompt.choices):
            raise UsageError(OLD)
        return prompt.choices[index]

    async def _answer(self, click: Click, by: Person) -> Run:
        return await self.answer(click.word(0), click.word(1), click.number(2), "", by)

    async def _decide(self, click: Click, asked: Asked) -> Reply | None:
        by = await self._verbs.person(asked)
        try:
            run = await self._steps[click.action](click, by)
        except Refused:
            run = await self._verbs.desk.run(click.word(0))
            if _did_so_already(click, run, by):
                return None
            raise
        if click.loose or run.begun.origin.channel != asked.channel:
            return reply(Markup(f"Done: {click.action} in {t.code(click.word(0), 60)}."), replace=click.loose)
        return None


def _did_so_already(click: Click, run: Run, by: Person) -> bool:
    """Whether the same person said the same before: a double click."""
    if click.action == "stop":
        return bool(run.cancelled and run.cancelled.by == by.id)
    state = run.state(click.word(1))
    if state.by != by.id or not state.prompt:
        return False
    match click.action:
        case "approve":
            return state.skip is None
        case "refuse" | "skip":
            return state.skip is not None
        case _:
            choices = state.prompt.choices if isinstance(state.prompt, e.QuestionAsked) else ()
            return state.outputs.get("answer") in choices[click.number(2) : click.number(2) + 1]
