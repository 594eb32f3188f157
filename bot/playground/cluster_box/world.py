"""All that one box is: the bundle, the objects as they now are, its clock, whose token it accepts and what that may
do.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.playground.bundle import Bundle, Object
from bot.playground.cluster_box.faults import Fault
from bot.playground.cluster_box.logs import MadeLogs
from bot.playground.cluster_box.roles import Rule
from bot.playground.cluster_box.store import Store


@dataclass(slots=True, kw_only=True)
class World:
    bundle: Bundle
    store: Store
    user: str
    token: str
    rules: Sequence[Rule]
    faults: list[Fault] = field(default_factory=list)
    made_logs: MadeLogs = field(default_factory=dict)
    follow: Callable[[Object, Object], None] = lambda before, after: None
    """Told of every change that was stored: the object before and after."""
    start: Callable[[Object], tuple[Object, str]] | None = None
    """What becomes of a pod that a client creates: its status and its log. None: nobody may tell."""
    started: float = field(default_factory=time.monotonic)

    def now(self) -> float:
        """Seconds since the epoch on the box's clock: the recorded day goes on from where it was recorded."""
        return self.bundle.recorded_at + time.monotonic() - self.started

    def timestamp(self) -> str:
        """As in `creationTimestamp`."""
        return datetime.fromtimestamp(self.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def minor(self) -> int:
        """34 for Kubernetes 1.34."""
        digits = "".join(filter(str.isdigit, str(self.bundle.version.get("minor", ""))))
        return int(digits or 0)
