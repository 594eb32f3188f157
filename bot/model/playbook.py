"""A playbook as data: what a YAML file says once it was read, checked and resolved. Read by engine/library.py."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal


class Kind(StrEnum):
    """LOOK reads. CHANGE alters the cluster and always asks. GUIDE asks or tells a person."""

    LOOK = "look"
    CHANGE = "change"
    GUIDE = "guide"


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """`type`: string, int, bool, dnsname, namespace, pod ("namespace/name"), service ("namespace/name"), choice."""

    name: str
    type: str = "string"
    default: Any = None
    required: bool = False
    help: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step. `with_` may hold templates; `when` is a bare expression ("" = always).

    `refers`: ids of the earlier steps that `with`, `when` or `needs` refer to, worked out when the file was read;
    `refers_run`: an expression uses `run.…`, so all earlier steps come first. Times are in seconds.
    """

    id: str
    uses: str
    kind: Kind
    title: str
    with_: Any = field(default_factory=dict)
    when: str = ""
    needs: tuple[str, ...] = ()
    refers: tuple[str, ...] = ()
    refers_run: bool = False
    timeout: float = 15.0
    retries: int = 0
    fresh: bool = False
    essential: bool = False
    on_fail: Literal["continue", "stop"] = "continue"
    advice: dict[str, str] = field(default_factory=dict)
    assign: str = ""
    remind_after: float = 0.0
    expires_after: float = 0.0
    escalate_to: str = ""

    @property
    def barrier(self) -> bool:
        """A change or a guide step: all earlier steps finish first, later ones wait for it."""
        return self.kind is not Kind.LOOK


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    """`source`: the name of the file it was read from, without its folder. `overview`: told layer by layer."""

    name: str
    title: str
    summary: str
    overview: bool = False
    params: tuple[Param, ...] = ()
    steps: tuple[Step, ...] = ()
    timeout: float = 120.0
    source: str = ""

    def step(self, step_id: str) -> Step:
        """Raises KeyError."""
        for step in self.steps:
            if step.id == step_id:
                return step
        raise KeyError(step_id)
