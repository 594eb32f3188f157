"""Who may do what: a pure rule over a person, their groups, and the lists that target and playbook carry.

A list names people and groups as `slack:U012`, `group:S345`, `cli:alice` or `*`. For looking an empty list means
everybody, for changing it means nobody. Target and playbook must both agree.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from bot.model.errors import Refused

CALLABLE = r"(?:slack:[UW]|group:S)(?=[A-Z]*[0-9])[A-Z0-9]{3,}"
"""Whom Slack can call: a person or a user group, by id."""


class Right(StrEnum):
    LOOK = "look"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Person:
    """`id` is `<surface>:<id>`. `groups`: None when it could not be found out, which counts as none, and is said."""

    id: str
    name: str = ""
    groups: frozenset[str] | None = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Of one target or one playbook. `four_eyes`: who started a run may not approve its changes."""

    look: tuple[str, ...] = ()
    change: tuple[str, ...] = ()
    four_eyes: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """`playbook` rules may only narrow: an empty list there adds nothing."""

    target: Rules = field(default_factory=Rules)
    playbook: Rules = field(default_factory=Rules)


def check(policy: Policy, person: Person, right: Right, target: str, *, started_by: str = "") -> None:
    """Raises Refused with a sentence that names who may."""
    what = "change anything on" if right is Right.CHANGE else "run checks on"
    target_list = policy.target.change if right is Right.CHANGE else policy.target.look
    if right is Right.CHANGE and not target_list:
        raise Refused(f"Nobody may change anything on {target}: its settings name no one under `change`.")
    for allowed in (target_list, policy.playbook.change if right is Right.CHANGE else policy.playbook.look):
        if allowed and not _named(person, allowed):
            unsure = " Your groups could not be looked up just now." if person.groups is None else ""
            raise Refused(f"You may not {what} {target}: that is for {', '.join(allowed)}.{unsure}")
    four_eyes = policy.target.four_eyes or policy.playbook.four_eyes
    if right is Right.CHANGE and four_eyes and person.id == started_by:
        raise Refused("Somebody else must approve this: you started the run, and four eyes are asked for.")


def nobody_may_change(policy: Policy, target: str, started_by: str) -> str:
    """Why nobody at all may approve a change on the target, and which setting would allow it; empty where somebody may.
    Who belongs to a group is not known here: a group counts as somebody."""
    if not policy.target.change:
        return f"nobody may change anything on {target}; the setting `targets.{target}.change` would name who may"
    persons = [set(allowed) for allowed in (policy.target.change, policy.playbook.change) if _only_persons(allowed)]
    if not persons:
        return ""
    able = set.intersection(*persons)
    if not able:
        return f"nobody is named under `change` both of {target} and of the playbook in the settings"
    if able == {started_by} and (policy.target.four_eyes or policy.playbook.four_eyes):
        return f"four eyes are asked for, and the setting `targets.{target}.change` names only who started the run"
    return ""


def _only_persons(allowed: tuple[str, ...]) -> bool:
    return bool(allowed) and not any(entry == "*" or entry.startswith("group:") for entry in allowed)


def _named(person: Person, allowed: tuple[str, ...]) -> bool:
    return bool({"*", person.id, *(person.groups or ())} & set(allowed))
