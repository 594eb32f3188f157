"""views.*: open, push, update, publish ([D surfaces/modals]; errors from [K] method pages)."""

from bot.playground.slack.arguments import Arguments
from bot.playground.slack.refusal import Json, RefusalError, missing
from bot.playground.slack.views import View, checked_view, new_hash
from bot.playground.slack.world import World


def _body(args: Arguments, kind: str) -> Json:
    body = args.nested("view", "invalid_arguments")
    if body is None:
        raise missing("view")
    return checked_view(body, kind)


async def open_view(world: World, args: Arguments) -> Json:
    """The view is checked before the trigger is used up, so that a corrected call may still come in time [E]."""
    body = _body(args, "modal")
    trigger = world.tickets.use_trigger(args.required("trigger_id"))
    view = world.views.open(trigger.user, body)
    world.workspace.touch()
    return {"view": view.to_api()}


async def push(world: World, args: Arguments) -> Json:
    body = _body(args, "modal")
    trigger = world.tickets.use_trigger(args.required("trigger_id"))
    below = world.views.top(trigger.user)
    if trigger.view_id is None or below is None:
        raise RefusalError("not_found")
    view = world.views.open(trigger.user, body, previous=below)
    world.workspace.touch()
    return {"view": view.to_api()}


async def update(world: World, args: Arguments) -> Json:
    if not args.has("view_id") and not args.has("external_id"):
        raise missing("view_id")
    view = world.views.find(args.text("view_id"), args.text("external_id"))
    world.views.replace(view, _body(args, "modal"), args.text("hash"))
    world.workspace.touch()
    return {"view": view.to_api()}


async def publish(world: World, args: Arguments) -> Json:
    user = args.required("user_id")
    if user not in world.workspace.users:
        raise RefusalError("user_not_found")
    body = _body(args, "home")
    home = world.views.homes.get(user)
    if home is None:
        home = View(id=f"VHOME{user}", user=user, body=body, root=f"VHOME{user}", hash=new_hash())
        world.views.homes[user] = home
    else:
        world.views.replace(home, body, args.text("hash"))
    world.workspace.touch()
    return {"view": home.to_api()}
