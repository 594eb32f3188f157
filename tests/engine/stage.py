"""A stage for the engine: step types that do what the test says, and a desk and worker over any journal."""

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from bot.cluster import Cluster, Usage
from bot.engine.desk import Desk
from bot.engine.library import Library
from bot.engine.publishing import Surface
from bot.engine.rulebook import Rulebook
from bot.engine.targets import Clusters, Target
from bot.engine.tools import Tools
from bot.engine.worker import Worker
from bot.journal import Journal
from bot.model.finding import Finding, Layer, Verdict
from bot.model.permission import Person, Rules
from bot.model.playbook import Kind, Playbook, Step
from bot.model.run import Run, fold
from bot.steps import Args, Change, Evidence, Guide, Judgement, Look, StepType

ALICE = Person(id="test:alice", name="Alice")
BOB = Person(id="test:bob", name="Bob")


@dataclass
class World:
    """What the steps met: how often each was gathered, and what was applied."""

    gathered: Counter[str] = field(default_factory=Counter)
    applied: list[str] = field(default_factory=list)
    mended: bool = False
    before_gather: Callable[[str], Any] | None = None
    before_apply: Callable[[str], Any] | None = None


class Named(Args):
    name: str = ""


class Asked(Args):
    text: str
    choices: tuple[str, ...] = ()


def step_types(world: World) -> dict[str, StepType]:
    """`t.look` passes, `t.sick` fails until the world is mended, `t.mend` mends it, `t.ask` asks."""

    async def gather(cluster: Cluster, args: Named) -> Evidence:
        world.gathered[args.name] += 1
        if world.before_gather:
            await world.before_gather(args.name)
        return {"name": args.name, "mended": world.mended}

    def passed(evidence: Evidence, args: Named) -> Judgement:
        finding = Finding(verdict=Verdict.PASS, summary=f"{args.name} is well", object=f"Thing {args.name}")
        return Judgement((finding,), {"name": args.name})

    def sick(evidence: Evidence, args: Named) -> Judgement:
        if evidence["mended"]:
            return passed(evidence, args)
        finding = Finding(
            verdict=Verdict.FAIL, summary="it is ill", cause="dns.service.selector", layer=Layer.DNS_SERVICE,
            object="Thing it", evidence=("seen",), advice="mend it",
        )
        return Judgement((finding,), {"ill": True})

    async def preview(cluster: Cluster, args: Named) -> Evidence:
        return {"difference": [] if world.mended else ["- ill", "+ well"], "description": "mend it"}

    async def apply(cluster: Cluster, args: Named) -> Evidence:
        if world.before_apply:
            await world.before_apply(args.name)
        world.applied.append(args.name)
        world.mended = True
        return {"done": True}

    def applied(evidence: Evidence, args: Named) -> Judgement:
        return Judgement((Finding(verdict=Verdict.INFO, summary="mended it"),), {"changed": True})

    return {
        "api.answers": Look(name="api.answers", args=Args, gather=_nothing, judge=_answers),
        "t.look": Look(name="t.look", args=Named, gather=gather, judge=passed),
        "t.sick": Look(name="t.sick", args=Named, gather=gather, judge=sick),
        "t.mend": Change(name="t.mend", args=Named, preview=preview, apply=apply, judge=applied),
        "t.ask": Guide(name="t.ask", args=Asked, text=lambda a: a.text, choices=lambda a: a.choices),
    }


async def _nothing(cluster: Cluster, args: Args) -> Evidence:
    return {}


def _answers(evidence: Evidence, args: Args) -> Judgement:
    return Judgement((Finding(verdict=Verdict.PASS, summary="answers", layer=Layer.API),))


def step(id: str, uses: str = "t.look", **given: Any) -> Step:
    """A step whose argument `name` is its id."""
    kind = {"t.mend": Kind.CHANGE, "t.ask": Kind.GUIDE}.get(uses, Kind.LOOK)
    given.setdefault("with_", {"name": id})
    return Step(id=id, uses=uses, kind=kind, title=f"Step {id}", **given)


def playbook(*steps: Step, **given: Any) -> Playbook:
    return Playbook(name="stage", title="Stage", summary="For tests.", steps=steps, **given)


GUIDED = playbook(
    step("one"),
    step("two"),
    step("ill", "t.sick", with_={"name": "it"}, refers=("one",), when="steps.one.outputs.name == 'one'"),
    step("mend", "t.mend", refers_run=True, when="run.root_cause == 'dns.service.selector'"),
    step("again", "t.sick", with_={"name": "it"}, fresh=True, needs=("mend",)),
    step("ask", "t.ask", with_={"text": "Is it well?", "choices": ["yes", "no"]}),
)
"""Looks side by side and in a row, a change that mends what was found, the look made again, a question."""


class OneTarget:
    """A single target, anybody may change."""

    def __init__(self, rules: Rules | None = None) -> None:
        self._target = Target(name="prod", context="prod-eu", default=True, rules=rules or Rules(change=("*",)))

    def targets(self) -> Sequence[Target]:
        return (self._target,)

    async def open(self, target: Target) -> Cluster:
        return cast(Cluster, _Free())


@dataclass
class _Free:
    usage: Usage = field(default_factory=Usage)


class OnePlaybook(Library):
    def __init__(self, only: Playbook) -> None:
        super().__init__([])
        self._only = only

    def get(self, name: str) -> Playbook:
        return self._only


@dataclass
class Stage:
    """One process: a desk and a worker over a journal. Several may share journal and world."""

    journal: Journal
    world: World
    playbook: Playbook
    surfaces: Sequence[Surface] = ()
    clock: Callable[[], float] = itertools.count(1_700_000_000).__next__
    rules: Rules | None = None
    clusters: Clusters | None = None

    def __post_init__(self) -> None:
        numbers = itertools.count()
        nonce = f"{id(self)}-%d".__mod__
        tools = Tools(
            journal=self.journal,
            rulebook=Rulebook(self.clusters or OneTarget(self.rules), lambda name: Rules()),
            step_types=step_types(self.world),
            reads=lambda cluster: cluster,
            clock=self.clock,
            nonce=lambda: nonce(next(numbers)),
        )
        self.worker = Worker(f"worker-{id(self)}", tools, self.surfaces)
        self.desk = Desk(
            journal=self.journal,
            library=OnePlaybook(self.playbook),
            rulebook=tools.rulebook,
            clock=self.clock,
            nonce=tools.nonce,
            woken=self.worker.wake,
        )

    async def run(self, run_id: str) -> Run:
        return fold([entry.event for entry in await self.journal.read(run_id)])
