"""What a person sees at once after acting, and what all payloads of interactions have in common."""

from dataclasses import dataclass

from bot.playground.slack.cast import APP_ID, TEAM_DOMAIN, TEAM_ID, Channel, User
from bot.playground.slack.messages import Message
from bot.playground.slack.refusal import Json, RefusalError
from bot.playground.slack.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`error` is what Slack would show as a failure; `message` what was posted or shown in answer, if anything."""

    error: str | None = None
    message: Message | None = None

    @property
    def ok(self) -> bool:
        return self.error is None


def own_channel(world: World, user: str, channel: str) -> tuple[User, Channel]:
    """A person and a conversation that this person is in; `@netcheck` names the person's own one with the bot."""
    who = world.workspace.user(user)
    place = world.workspace.direct(who.id) if channel in ("@netcheck", "dm") else world.workspace.channel(channel)
    if who.id not in place.members:
        raise RefusalError("not_in_channel")
    return who, place


def response_url(world: World, channel: str, user: str, message_ts: str | None) -> str:
    return f"{world.base_url}/response/{world.tickets.new_response(channel, user, message_ts)}"


def common_fields(user: User) -> Json:
    """The fields that every interactive payload carries [S java-slack-sdk samples]."""
    person = {"id": user.id, "username": user.name, "name": user.name, "team_id": TEAM_ID}
    return {"user": person, "api_app_id": APP_ID, "token": "unused", "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
            "enterprise": None, "is_enterprise_install": False}  # fmt: skip
