"""What turns work with: the parts of one process that every run shares."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.cluster import Cluster
from bot.engine.rulebook import Rulebook
from bot.journal import Journal
from bot.model.moves import APPROVAL_LASTS
from bot.steps import StepType


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What a turn works with; the same for all turns of a worker. `approval_lasts`: seconds for which a change can be
    approved where its step sets no limit."""

    journal: Journal
    rulebook: Rulebook
    step_types: dict[str, StepType]
    reads: Callable[[Cluster], Cluster]
    clock: Callable[[], float]
    nonce: Callable[[], str]
    approval_lasts: float = APPROVAL_LASTS
