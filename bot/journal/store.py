"""Is a store fit to keep journals? Reads what Redis says about itself (INFO, CONFIG GET save) and judges it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.model.errors import SettingsError

OLDEST = (6, 2)


@dataclass(frozen=True, slots=True)
class Store:
    """`durable` is false when a restart of the server would lose every run."""

    name: str
    persistence: str
    durable: bool

    def __str__(self) -> str:
        return f"{self.name}, {self.persistence}"


def judge(where: str, info: Mapping[str, Any], save: str | None) -> Store:
    """`save`: the snapshot rules, None when the server does not say. Raises SettingsError for one that will not do."""
    name = _name(info)
    said = f"Redis at {where} ({name})"
    if parse_version(str(info.get("redis_version", ""))) < OLDEST:
        raise SettingsError(f"{said} is too old: netcheck needs 6.2 or newer. Upgrade it, or point REDIS_URL elsewhere")
    if info.get("cluster_enabled") == 1:
        raise SettingsError(f"{said} is a Redis Cluster, which cannot change two keys at once: use a single primary")
    if info.get("role") not in (None, "master"):
        raise SettingsError(f"{said} is a read-only replica: point REDIS_URL to its primary, or to the Sentinels")
    policy = str(info.get("maxmemory_policy", "noeviction"))
    if policy != "noeviction":
        raise SettingsError(
            f"{said} has maxmemory-policy {policy} and would throw runs away when memory is short: "
            "set `maxmemory-policy noeviction` there, or give netcheck a Redis of its own"
        )
    if info.get("aof_enabled") == 1:
        return Store(name, "append-only file on", durable=True)
    match save:
        case None:
            return Store(name, "append-only file off, snapshots unknown: the server does not say", durable=True)
        case "":
            return Store(name, "NOTHING IS PERSISTED: a restart loses every run; set `appendonly yes`", durable=False)
        case rules:
            return Store(name, f"snapshots only ({rules}): a crash loses what came after the last one", durable=True)


def parse_version(text: str) -> tuple[int, ...]:
    """`7.0.15` → (7, 0, 15); what is not a number ends it."""
    parts: list[int] = []
    for part in text.split("."):
        if not part.isdigit():
            break
        parts.append(int(part))
    return tuple(parts)


def _name(info: Mapping[str, Any]) -> str:
    if info.get("server_name") == "valkey":
        return f"Valkey {info.get('valkey_version', '?')}"
    return f"Redis {info.get('redis_version', '?')}"
