"""Things that are valid for a while and a few uses: trigger ids, response URLs, Socket Mode tickets, upload places.

Lifetimes: trigger id 3 s, once [D, K]; response URL 30 minutes, five times [D]; Socket Mode ticket about
30 s, once (4.2) [E].
"""

import secrets
from dataclasses import dataclass, field

from bot.playground.slack.clock import Clock
from bot.playground.slack.refusal import RefusalError

TRIGGER_SECONDS = 3.0
RESPONSE_SECONDS = 1800.0
RESPONSE_USES = 5
TICKET_SECONDS = 30.0


@dataclass(slots=True, kw_only=True)
class Trigger:
    user: str
    view_id: str | None
    made: float
    used: bool = False


@dataclass(slots=True, kw_only=True)
class ResponsePlace:
    """Where a response URL speaks: the conversation, the person, and the message that was clicked, if any."""

    channel: str
    user: str
    message_ts: str | None
    made: float
    uses: int = 0


@dataclass(slots=True)
class Tickets:
    clock: Clock
    triggers: dict[str, Trigger] = field(default_factory=dict)
    responses: dict[str, ResponsePlace] = field(default_factory=dict)
    _sockets: dict[str, float] = field(default_factory=dict)

    def new_trigger(self, user: str, view_id: str | None = None) -> str:
        """`digits.digits.hex`, the form that Slack's own check expects."""
        name = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self.triggers[name] = Trigger(user=user, view_id=view_id, made=self.clock.now())
        return name

    def use_trigger(self, name: str) -> Trigger:
        trigger = self.triggers.get(name)
        if trigger is None:
            raise RefusalError("invalid_trigger_id")
        if trigger.used:
            raise RefusalError("exchanged_trigger_id")
        if self.clock.now() - trigger.made > TRIGGER_SECONDS:
            raise RefusalError("expired_trigger_id")
        trigger.used = True
        return trigger

    def new_response(self, channel: str, user: str, message_ts: str | None) -> str:
        name = secrets.token_urlsafe(18)
        place = ResponsePlace(channel=channel, user=user, message_ts=message_ts, made=self.clock.now())
        self.responses[name] = place
        return name

    def channel_of(self, name: str) -> str:
        return self.responses[name].channel if name in self.responses else ""

    def use_response(self, name: str) -> ResponsePlace:
        """The bodies `used_url` and `expired_url` are those that Slack answers with HTTP 404 [I, E]."""
        place = self.responses.get(name)
        if place is None:
            raise RefusalError("invalid_url")
        if self.clock.now() - place.made > RESPONSE_SECONDS:
            raise RefusalError("expired_url")
        if place.uses >= RESPONSE_USES:
            raise RefusalError("used_url")
        place.uses += 1
        return place

    def new_socket(self) -> str:
        name = secrets.token_urlsafe(18)
        self._sockets[name] = self.clock.now()
        return name

    def use_socket(self, name: str) -> bool:
        made = self._sockets.pop(name, None)
        return made is not None and self.clock.now() - made <= TICKET_SECONDS
