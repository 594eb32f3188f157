"""The names of all keys in Redis, and how long each lives. docs/redis-keys.md has the same as a table; a test compares.

Pure. Called by redis.py; nothing else makes up a key.
"""

from dataclasses import dataclass

RECENT = 200
"""As many runs and incidents a channel remembers."""
KEPT = 400 * 24 * 3600
"""Seconds without use after which what belongs to no open run goes: longer than any closed run is kept."""
LIMIT_KEPT = 24 * 3600
"""Seconds without use after which a bucket of tokens goes; it would be full long before."""


@dataclass(frozen=True, slots=True)
class Keys:
    prefix: str = "netcheck:"

    @property
    def due(self) -> str:
        return f"{self.prefix}due"

    @property
    def seq(self) -> str:
        return f"{self.prefix}seq"

    @property
    def surfaces(self) -> str:
        return f"{self.prefix}surfaces"

    def journal(self, id: str) -> str:
        return f"{self.prefix}journal:{id}"

    def lease(self, id: str) -> str:
        return f"{self.prefix}lease:{id}"

    def shown(self, surface: str, id: str) -> str:
        return f"{self.prefix}shown:{surface}:{id}"

    def recent(self, channel: str) -> str:
        return f"{self.prefix}recent:{channel}"

    def seen(self, delivery: str) -> str:
        return f"{self.prefix}seen:{delivery}"

    def limit(self, bucket: str) -> str:
        return f"{self.prefix}limit:{bucket}"
