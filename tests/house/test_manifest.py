"""The Slack manifest against the code: whatever method the bot calls, the manifest asks for its scope, or the code must
live without it; and no scope is asked for that nothing uses."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.house.sources import read_sources

NEEDS_NO_SCOPE = "none"
SCOPES = {
    "apps.connections.open": NEEDS_NO_SCOPE,  # by the app-level token
    "auth.test": NEEDS_NO_SCOPE,
    "chat.getPermalink": NEEDS_NO_SCOPE,
    "chat.delete": "chat:write",
    "chat.postEphemeral": "chat:write",
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "conversations.info": "channels:read",
    "conversations.members": "channels:read",
    "files.completeUploadExternal": "files:write",
    "files.getUploadURLExternal": "files:write",
    "files.upload.v2": "files:write",
    "usergroups.list": "usergroups:read",
    "usergroups.users.list": "usergroups:read",
    "users.info": "users:read",
    "views.open": NEEDS_NO_SCOPE,
    "views.update": NEEDS_NO_SCOPE,
}
WITHOUT_ASKING = {  # used where somebody granted more; the code falls back where they did not
    "conversations.history": "channels:history",
    "conversations.replies": "channels:history",
    "conversations.open": "im:write",
    "reactions.add": "reactions:write",
}
NOT_BY_A_METHOD = {"commands", "app_mentions:read"}  # what Slack sends
FAMILIES = "apps|auth|chat|conversations|files|pins|reactions|usergroups|users|views"
CALL = re.compile(rf"(?:client|web|slack)\.((?:{FAMILIES})_[A-Za-z_0-9]+)\(|\"((?:{FAMILIES})\.[A-Za-z.]+)\"")


@pytest.fixture(scope="module")
def manifest(root: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((root / "manifest.yaml").read_text())
    return loaded


@pytest.fixture(scope="module")
def called() -> set[str]:
    """The Web API methods that the bot's Slack code names, as Slack writes them but without case."""
    found = {one or two for source in read_sources("bot/slack") for one, two in CALL.findall(source.text)}
    return {name.replace("_", ".").lower() for name in found}


def asked(manifest: dict[str, Any]) -> set[str]:
    return set(manifest["oauth_config"]["scopes"]["bot"])


def test_every_method_that_is_called_has_its_scope_in_the_manifest(manifest: dict[str, Any], called: set[str]) -> None:
    known = {name.lower(): scope for name, scope in SCOPES.items()}
    optional = {name.lower() for name in WITHOUT_ASKING}
    assert called - known.keys() - optional == set(), "a new method: add its scope here, and to the manifest"
    assert {known[name] for name in called & known.keys()} - {NEEDS_NO_SCOPE} - asked(manifest) == set()


def test_no_scope_is_asked_for_that_no_method_uses(manifest: dict[str, Any], called: set[str]) -> None:
    used = {scope for name, scope in SCOPES.items() if name.lower() in called}
    assert asked(manifest) - NOT_BY_A_METHOD - used == set()


def test_it_is_the_least_that_works_and_speaks_by_socket(manifest: dict[str, Any]) -> None:
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert manifest["settings"]["interactivity"]["is_enabled"] is True
    assert "app_mention" in manifest["settings"]["event_subscriptions"]["bot_events"]
    assert [(c["command"], c["should_escape"]) for c in manifest["features"]["slash_commands"]] == [("/netcheck", True)]
