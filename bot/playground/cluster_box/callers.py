"""Who asks, and may they: the box's token, nobody in particular, or somebody whom the token's owner speaks for.

Source: Kubernetes docs, "Authenticating", "User impersonation"; messages as seen on 1.34.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from bot.playground.cluster_box.paths import Ask
from bot.playground.cluster_box.roles import (
    AUTHENTICATED,
    PUBLIC,
    Action,
    Rule,
    action_of,
    decide,
    refuse,
    rule_allows,
)
from bot.playground.cluster_box.status import ApiFailure, not_recorded, unauthorized
from bot.playground.cluster_box.world import World

_ANONYMOUS = "system:anonymous"


@dataclass(frozen=True, slots=True)
class Caller:
    """`rules` are what they may do; `impersonated` may do what the roles of the bundle say instead."""

    user: str
    rules: Sequence[Rule]
    groups: tuple[str, ...] = ()
    impersonated: bool = False

    def may(self, world: World, action: Action) -> bool:
        if any(rule_allows(rule, action) for rule in self.rules):
            return True
        return self.impersonated and decide(world.store, self.user, self.groups, action).allowed


def authenticate(world: World, request: web.Request) -> Caller:
    """Raises 401 for a wrong token, 403 for who may not speak for others."""
    header = request.headers.get("Authorization", "")
    if not header:
        return Caller(_ANONYMOUS, PUBLIC)
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(token.strip().encode(), world.token.encode()):
        raise unauthorized()
    caller = Caller(world.user, (*world.rules, *AUTHENTICATED))
    return _impersonate(world, request, caller) if "Impersonate-User" in request.headers else caller


def authorize(world: World, ask: Ask, caller: Caller) -> None:
    """From 1.35 on, a WebSocket to exec or portforward needs create as well (kubernetes/kubernetes#134577)."""
    streams = ask.subresource in ("exec", "portforward") and ask.method == "GET"
    for verb in (ask.verb, "create") if streams and world.minor >= 35 else (ask.verb,):
        action = action_of(ask, verb)
        if not caller.may(world, action):
            raise refuse(ask, action, caller.user)


def _impersonate(world: World, request: web.Request, caller: Caller) -> Caller:
    user, groups = request.headers["Impersonate-User"], tuple(request.headers.getall("Impersonate-Group", []))
    for resource, names in (("users", (user,)), ("groups", groups)):
        for name in names:
            if not caller.may(world, Action(verb="impersonate", resource=resource, name=name)):
                message = (
                    f'{resource} "{name}" is forbidden: User "{caller.user}" cannot impersonate resource "{resource}" '
                    'in API group "" at the cluster scope'
                )
                raise ApiFailure(403, "Forbidden", message, {"name": name, "kind": resource})
    if user not in world.bundle.roles_of:
        raise not_recorded(f"what {user} may do: their roles were not recorded")
    return Caller(user, AUTHENTICATED, groups, impersonated=True)
