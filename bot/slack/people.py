"""Who asks, and to which groups they belong. Whether that is enough is decided elsewhere (model/permission.py).

Groups are Slack's user groups (`group:S345`) and those of the settings (`group:net-oncall`). When Slack cannot be
asked and the last answer is too old, nobody is in a group: a change waits rather than slips through.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.model.permission import Person
from bot.slack.calls import OUTAGES, code_of
from bot.slack.identity import PATIENCE

log = logging.getLogger(__name__)

FRESH = 60.0
STALE = 900.0
"""Seconds for which an answer is used without asking again, and for which it is better than none."""
NAMES = 3600.0


class People(Protocol):
    async def person(self, user: str, name: str = "") -> Person:
        """The person behind a Slack user id. `name`: what Slack called them just now, if it did."""


@dataclass(frozen=True, slots=True)
class _Members:
    users: frozenset[str]
    at: float


class SlackPeople:
    """`named`: the ids of the user groups that the rules speak of; others are never asked for. `static`: the groups
    of the settings, name → user ids."""

    def __init__(
        self,
        client: AsyncWebClient,
        clock: Callable[[], float],
        *,
        named: frozenset[str] = frozenset(),
        static: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self._client = client
        self._clock = clock
        self._named = named
        self._static = {name: frozenset(users) for name, users in (static or {}).items()}
        self._members: dict[str, _Members] = {}
        self._names: dict[str, tuple[str, float]] = {}
        self._asking = asyncio.Lock()

    async def person(self, user: str, name: str = "") -> Person:
        static = {f"group:{group}" for group, users in self._static.items() if user in users}
        found = await self._groups(user)
        groups = frozenset(static | (found or set())) if static or found is not None else None
        return Person(id=f"slack:{user}", name=name or await self._name(user), groups=groups)

    async def _groups(self, user: str) -> set[str] | None:
        """None when at least one of the groups could not be looked up."""
        async with self._asking:
            members = {group: await self._users(group) for group in sorted(self._named)}
        if any(users is None for users in members.values()):
            return None
        return {f"group:{group}" for group, users in members.items() if users and user in users}

    async def _users(self, group: str) -> frozenset[str] | None:
        now = self._clock()
        kept = self._members.get(group)
        if kept and now - kept.at < FRESH:
            return kept.users
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await self._client.usergroups_users_list(usergroup=group)
            users: list[str] = answer.get("users", [])
            self._members[group] = _Members(frozenset(users), now)
            return self._members[group].users
        except SlackApiError as error:
            log.warning("the members of the user group %s cannot be looked up: %s", group, code_of(error))
        except OUTAGES as error:
            log.warning("the members of the user group %s cannot be looked up: %s", group, type(error).__name__)
        return kept.users if kept and now - kept.at < STALE else None

    async def _name(self, user: str) -> str:
        name, at = self._names.get(user, ("", -NAMES))
        if self._clock() - at < NAMES:
            return name
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await self._client.users_info(user=user)
        except (SlackApiError, *OUTAGES):
            return ""
        found: dict[str, Any] = answer.get("user", {})
        name = found.get("profile", {}).get("display_name") or found.get("name", "")
        self._names[user] = (str(name), self._clock())
        return str(name)
