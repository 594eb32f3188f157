"""Who am I, who are they: auth.test, users.*, usergroups.*, team.info, reactions.add, api.test ([K] method pages)."""

import re

from bot.playground.slack.arguments import Arguments
from bot.playground.slack.cast import APP_ID, BOT_ID, BOT_NAME, BOT_USER_ID, TEAM_DOMAIN, TEAM_ID, TEAM_NAME
from bot.playground.slack.chat import visible_channel
from bot.playground.slack.refusal import Json, RefusalError
from bot.playground.slack.world import World

REACTION = re.compile(r"[a-z0-9_+'-]{1,100}(::skin-tone-[2-6])?")


async def auth_test(world: World, args: Arguments) -> Json:
    return {"url": f"{world.base_url}/", "team": TEAM_NAME, "user": BOT_NAME, "team_id": TEAM_ID,
            "user_id": BOT_USER_ID, "bot_id": BOT_ID, "app_id": APP_ID, "is_enterprise_install": False}  # fmt: skip


async def api_test(world: World, args: Arguments) -> Json:
    if args.has("error"):
        raise RefusalError(args.text("error"))
    return {"args": {}}


async def team_info(world: World, args: Arguments) -> Json:
    return {"team": {"id": TEAM_ID, "name": TEAM_NAME, "domain": TEAM_DOMAIN, "url": f"{world.base_url}/"}}


async def users_info(world: World, args: Arguments) -> Json:
    user = world.workspace.users.get(args.required("user"))
    if user is None:
        raise RefusalError("user_not_found")
    return {"user": user.to_api()}


async def usergroups_list(world: World, args: Arguments) -> Json:
    whole = args.flag("include_users")
    return {"usergroups": [group.to_api(include_users=whole) for group in world.workspace.groups.values()]}


async def usergroups_users_list(world: World, args: Arguments) -> Json:
    group = world.workspace.groups.get(args.required("usergroup"))
    if group is None:
        raise RefusalError("no_such_subteam")
    return {"users": list(group.users)}


async def add_reaction(world: World, args: Arguments) -> Json:
    name = args.required("name").strip(":")
    channel = visible_channel(world, args.required("channel"))
    message = world.workspace.find(channel.id, args.required("timestamp"))
    if not REACTION.fullmatch(name):
        raise RefusalError("invalid_name")
    if message is None or message.visible_to is not None:
        raise RefusalError("message_not_found")
    if channel.archived:
        raise RefusalError("is_archived")
    if BOT_USER_ID not in channel.members:
        raise RefusalError("not_in_channel")
    people = message.reactions.setdefault(name, [])
    if BOT_USER_ID in people:
        raise RefusalError("already_reacted")
    people.append(BOT_USER_ID)
    world.workspace.touch()
    return {}
