"""Something that a person asked for, whichever way it came in, and the way to answer them."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeAlias

from bot.model.event import Origin
from bot.slack.replies import Reply

Say: TypeAlias = Callable[[Reply], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`delivery` is the same for every copy of one request. `thread`: the thread it was asked in, if any.

    `name`: what Slack calls the person, if it said so. `team`: the workspace they come from. `say` answers them alone,
    or everybody when the reply is public.
    """

    user: str
    name: str
    team: str
    channel: str
    thread: str
    delivery: str
    say: Say

    @property
    def origin(self) -> Origin:
        return Origin(surface="slack", channel=self.channel, thread=self.thread, delivery=f"slack:{self.delivery}")
