"""Who and what the workspace starts with: people, one user group, channels; and how Slack describes them on the wire.

Field names follow Slack's own samples (users.info, usergroups.list, conversations.info). `find_*` in the workspace
accept ids and, for the person at the keyboard, plain names.
"""

from dataclasses import dataclass, field
from typing import Literal

from bot.playground.slack.refusal import Json

TEAM_ID = "T0NETCHECK"
TEAM_NAME = "Playground"
TEAM_DOMAIN = "netcheck-playground"
APP_ID = "A0NETCHECK"
BOT_ID = "B0NETCHECK"
BOT_USER_ID = "U0NETCHECK"
BOT_NAME = "netcheck"
CREATED = 1_700_000_000

Kind = Literal["public", "private", "im"]


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    id: str
    name: str
    real_name: str
    title: str = ""
    is_bot: bool = False
    is_restricted: bool = False
    deleted: bool = False
    tz: str = "Europe/Berlin"

    def to_api(self) -> Json:
        profile = {"real_name": self.real_name, "display_name": self.name, "title": self.title, "team": TEAM_ID}
        flags = {"is_admin": False, "is_owner": False, "is_primary_owner": False, "is_ultra_restricted": False}
        return {
            "id": self.id, "team_id": TEAM_ID, "name": self.name, "real_name": self.real_name, "deleted": self.deleted,
            "tz": self.tz, "tz_label": self.tz, "tz_offset": 3600, "profile": profile, **flags,
            "is_restricted": self.is_restricted, "is_bot": self.is_bot, "is_app_user": False, "updated": CREATED,
        }  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Group:
    """A user group; its members change while the box runs."""

    id: str
    handle: str
    name: str
    users: list[str]

    def to_api(self, *, include_users: bool) -> Json:
        more: Json = {"users": list(self.users)} if include_users else {}
        return {
            "id": self.id, "team_id": TEAM_ID, "is_usergroup": True, "name": self.name, "handle": self.handle,
            "description": "", "is_external": False, "date_create": CREATED, "date_update": CREATED, "date_delete": 0,
            "auto_type": None, "created_by": "U0ALICE", "updated_by": "U0ALICE", "deleted_by": None,
            "user_count": len(self.users), "prefs": {"channels": [], "groups": []}, **more,
        }  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Channel:
    """A conversation; members and the archived flag change while the box runs."""

    id: str
    name: str
    kind: Kind = "public"
    members: list[str] = field(default_factory=list)
    archived: bool = False
    topic: str = ""

    @property
    def command_name(self) -> str:
        """What a slash command payload calls it: private conversations have no name there [D slash commands]."""
        return {"public": self.name, "private": "privategroup", "im": "directmessage"}[self.kind]

    def to_api(self, asker: str) -> Json:
        if self.kind == "im":
            other = next((member for member in self.members if member != asker), asker)
            return {"id": self.id, "created": CREATED, "is_im": True, "is_org_shared": False, "is_archived": False,
                    "user": other, "is_user_deleted": False, "context_team_id": TEAM_ID, "priority": 0}  # fmt: skip
        private = self.kind == "private"
        note = {"value": self.topic, "creator": "U0ALICE", "last_set": CREATED}
        shared = {"is_shared": False, "is_ext_shared": False, "is_org_shared": False, "is_pending_ext_shared": False}
        return {
            "id": self.id, "name": self.name, "name_normalized": self.name, "is_channel": not private,
            "is_group": private, "is_im": False, "is_mpim": False, "is_private": private, "created": CREATED,
            "creator": "U0ALICE", "is_archived": self.archived, "is_general": self.name == "general", "unlinked": 0,
            "is_member": asker in self.members, "topic": note, "purpose": note, "num_members": len(self.members),
            "context_team_id": TEAM_ID, "shared_team_ids": [TEAM_ID], "previous_names": [], **shared,
        }  # fmt: skip


def people() -> list[User]:
    return [
        User(id="U0ALICE", name="alice", real_name="Alice Amari", title="On call"),
        User(id="U0BOB", name="bob", real_name="Bob Berg", title="Developer"),
        User(id="U0EVE", name="eve", real_name="Eve Ekman", title="Outside the on-call group"),
        User(id=BOT_USER_ID, name=BOT_NAME, real_name=BOT_NAME, is_bot=True),
    ]


def groups() -> list[Group]:
    return [Group(id="S0NETONCALL", handle="net-oncall", name="Network on call", users=["U0ALICE"])]


def channels() -> list[Channel]:
    humans = ["U0ALICE", "U0BOB", "U0EVE"]
    everyone = [*humans, BOT_USER_ID]
    return [
        Channel(id="C0INCIDENTS", name="incidents", members=list(everyone), topic="What is broken right now"),
        Channel(id="C0GENERAL", name="general", members=list(everyone), topic="Everything else"),
        Channel(id="C0NOBOT", name="no-bot", members=list(humans), topic="The bot has not been invited here"),
        Channel(id="G0SECRET", name="secret-ops", kind="private", members=["U0ALICE", "U0BOB"]),
        Channel(id="C0ARCHIVED", name="old-outage", members=list(everyone), archived=True),
        *(Channel(id=f"D0{user[2:]}", name=user, kind="im", members=[user, BOT_USER_ID]) for user in humans),
    ]
