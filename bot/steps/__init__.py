"""The step library: what `uses:` can name. One file per subject, one table (STEP_TYPES, in library.py).

A look is gather (reads the cluster, concludes nothing) and judge (pure, gets no cluster), so that yesterday's evidence
can be judged by today's rules. A change shows first (preview: the difference, tried by a dry run) and alters
once (apply). A guide step only has arguments: the engine asks the person. May import: diagnosis, networks, the cluster
port, model. Called by the engine through STEP_TYPES.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict

from bot.cluster import Cluster
from bot.model.finding import Finding

Evidence: TypeAlias = dict[str, Any]
"""Plain JSON, as it stands in the journal: objects cut down to the fields that are judged or shown."""


class Args(BaseModel):
    """What stands under `with:`. The docstring of each subclass is its reference page.

    `raw`: arguments whose `{{ }}` the step type evaluates itself, so they are handed over as they were written.
    """

    raw: ClassVar[frozenset[str]] = frozenset()
    model_config = ConfigDict(extra="forbid", frozen=True)


A = TypeVar("A", bound=Args)


@dataclass(frozen=True, slots=True)
class Judgement:
    """`outputs` is what later steps refer to as `steps.<id>.outputs.<name>`; empty when it could not be told."""

    findings: tuple[Finding, ...]
    outputs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look(Generic[A]):
    """The module of `gather` opens with what the look is for, as people read it: "`dns.pods`: are the DNS pods there?"

    `reads`: the permissions it uses, as in Forbidden (`get pods/log in {dns}`); the chart's roles come from them.
    `probes`: those it uses besides where the settings name a namespace for probe pods ({probe}). `execs`: those of
    commands run inside pods, which nobody has unless somebody opted in; without them the look is skipped.
    `by_hand`: commands that show a person the same, and the page of documentation (`netcheck explain PLAYBOOK`)."""

    name: str
    args: type[A]
    gather: Callable[[Cluster, A], Awaitable[Evidence]]
    judge: Callable[[Evidence, A], Judgement]
    reads: tuple[str, ...] = ()
    probes: tuple[str, ...] = ()
    execs: tuple[str, ...] = ()
    by_hand: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Generic[A]):
    """`preview` gives evidence with `difference` (lines with - and +, empty when nothing would change) and
    `description` (one sentence: what is done to which object); it raises Rejected when the server refuses the dry run.
    `apply` is called at most once per approval."""

    name: str
    args: type[A]
    preview: Callable[[Cluster, A], Awaitable[Evidence]]
    apply: Callable[[Cluster, A], Awaitable[Evidence]]
    judge: Callable[[Evidence, A], Judgement]
    writes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide(Generic[A]):
    """`choices` gives the buttons; empty: the person types an answer."""

    name: str
    args: type[A]
    text: Callable[[A], str]
    choices: Callable[[A], tuple[str, ...]]


StepType: TypeAlias = Look[Any] | Change[Any] | Guide[Any]
