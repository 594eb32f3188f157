"""What one playbook may name of a fault that another one is for."""

from collections.abc import Iterable

from bot.diagnosis.causes import CAUSES, brings_about

WHATEVER_THE_REASON = "node.agent"
"""What `node` says of an agent that does not run on a node."""


def is_part_of(roots: Iterable[tuple[str, str]], cause: str, thing: str) -> bool:
    """What was broken, by whatever name its fault is told there, or what follows from it by the table of causes."""
    return any(
        thing == broken or cause == WHATEVER_THE_REASON or (root in CAUSES and brings_about(CAUSES[root], cause))
        for root, broken in roots)
