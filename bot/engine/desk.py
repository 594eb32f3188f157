"""Where people's wishes become facts: every method checks who may, and writes at most one event. Nothing is done here.

Raises UsageError (no such thing; with near names), Refused (may not, or too late: says what happened since) and
JournalUnavailable. Two people who decide at once give one event; the second is told who was first.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot.engine.library import Library, bare, resolve_params
from bot.engine.params import check_answer, typed
from bot.engine.rulebook import Rulebook
from bot.engine.targets import Target, understand
from bot.journal import Journal, change
from bot.model import event as e
from bot.model.command import RunPlaybook
from bot.model.errors import Refused, UsageError
from bot.model.moves import expired
from bot.model.permission import Person, Right
from bot.model.playbook import Kind, Playbook, Step
from bot.model.run import Run, Status, StepState, fold

GATE = Step(id="api", uses="api.answers", kind=Kind.LOOK, title="The API server answers")


@dataclass(frozen=True, slots=True)
class Started:
    """`again`: this delivery had started the run already."""

    run: str
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """`woken` tells the worker of this process that a run wants attention; other replicas see it by polling."""

    journal: Journal
    library: Library
    rulebook: Rulebook
    clock: Callable[[], float]
    nonce: Callable[[], str]
    woken: Callable[[str], None]

    # --- starting -----------------------------------------------------------------------------------------------

    async def start(self, command: RunPlaybook, by: Person, origin: e.Origin) -> Started:
        playbook = self.library.get(command.playbook)
        target, given = await self.meant(command, by)
        return await self._begin(playbook, target, given, by, origin)

    async def rerun(self, run_id: str, by: Person, origin: e.Origin) -> Started:
        """The same playbook on the same cluster with the same parameters, by the files and settings of today."""
        began = (await self.run(run_id)).begun
        target = self.rulebook.target(began)
        given = typed(began.playbook, began.params)
        return await self._begin(self.library.get(began.playbook.name), target, given, by, origin)

    async def meant(self, command: RunPlaybook, by: Person) -> tuple[Target, dict[str, str]]:
        """The target, and the parameters as typed. Raises UsageError, with what else may have been meant."""
        playbook = self.library.get(command.playbook)

        def may_look(target: Target) -> bool:
            with suppress(Refused):
                self.rulebook.check(playbook.name, target, by, Right.LOOK)
                return True
            return False

        target, word = await understand(self.rulebook.clusters, playbook, command.words, may_look)
        return target, (bare(playbook, word) if word else {}) | dict(command.params)

    async def _begin(
        self, playbook: Playbook, target: Target, given: Mapping[str, str], by: Person, origin: e.Origin
    ) -> Started:
        """Few questions to the store, since somebody waits for the acknowledgement."""
        self.rulebook.check(playbook.name, target, by, Right.LOOK)
        began = e.RunStarted(
            at=self.clock(),
            by=by.id,
            name=by.name,
            playbook=gated(playbook),
            target=target.name,
            cluster=target.described,
            identity=target.identity,
            params=resolve_params(playbook, given, target.namespace),
            origin=origin,
        )
        journal = self.journal
        run_id = await self.claim(origin.delivery, await journal.next_id(playbook.name))
        found: list[int] = []

        def decide(run: Run) -> e.Event | None:
            found.append(run.version)
            return None if run.version else began

        await self._change(run_id, decide)
        await journal.remember(origin.channel, run_id)
        return Started(run_id, again=found[-1] > 0)

    async def claim(self, delivery: str, id: str) -> str:
        """The journal that a request writes to: `id`, or the one it meant when it was delivered before."""
        return await self.journal.first(delivery, id) if delivery else id

    # --- deciding -----------------------------------------------------------------------------------------------

    async def approve(self, run_id: str, step: str, attempt: int, by: Person) -> Run:
        """Asks for the right to change on the run's target, as the rules are now."""

        def decide(run: Run) -> e.Event:
            self._prompted(run, step, Status.APPROVAL, attempt)
            self.rulebook.check_run(run.begun, by, Right.CHANGE)
            return e.ApprovalGranted(at=self.clock(), by=by.id, step=step, attempt=attempt)

        return await self._change(run_id, decide)

    async def refuse(self, run_id: str, step: str, attempt: int, by: Person, reason: str = "") -> Run:
        def decide(run: Run) -> e.Event:
            self._prompted(run, step, Status.APPROVAL, attempt)
            self.may_look(run, by)
            return e.ApprovalRefused(at=self.clock(), by=by.id, step=step, attempt=attempt, reason=reason)

        return await self._change(run_id, decide)

    async def answer(self, run_id: str, step: str, answer: str, by: Person, note: str = "") -> Run:
        def decide(run: Run) -> e.Event:
            state = self._prompted(run, step, Status.ASKING)
            self.may_look(run, by)
            choices = state.prompt.choices if isinstance(state.prompt, e.QuestionAsked) else ()
            if choices and answer not in choices:
                raise UsageError(f"“{answer}” is not one of the answers: {', '.join(choices)}.")
            check_answer(run.playbook.step(step), answer)
            return e.QuestionAnswered(at=self.clock(), by=by.id, step=step, answer=answer, note=note)

        return await self._change(run_id, decide)

    async def skip(self, run_id: str, step: str, by: Person) -> Run:
        def decide(run: Run) -> e.Event:
            self._prompted(run, step, Status.ASKING)
            self.may_look(run, by)
            return e.StepSkipped(at=self.clock(), by=by.id, step=step, why="person", reason="skipped by a person")

        return await self._change(run_id, decide)

    async def cancel(self, run_id: str, by: Person, reason: str = "", delivery: str = "") -> Run:
        def decide(run: Run) -> e.Event:
            self._open(run)
            self.may_look(run, by)
            if run.cancelled:
                raise Refused(f"{run.cancelled.by} stopped this run {_clock(run.cancelled.at)}.")
            return e.RunCancelled(at=self.clock(), by=by.id, reason=reason)

        return await self._change(run_id, decide, delivery)

    async def note(self, run_id: str, text: str, by: Person, delivery: str = "") -> Run:
        def decide(run: Run) -> e.Event:
            self.may_look(run, by)
            return e.NoteAdded(at=self.clock(), by=by.id, text=text)

        return await self._change(run_id, decide, delivery)

    async def hand_over(self, run_id: str, to: str, by: Person, note: str = "", delivery: str = "") -> Run:
        def decide(run: Run) -> e.Event:
            self._open(run)
            self.may_look(run, by)
            return e.HandedOver(at=self.clock(), by=by.id, to=to, note=note)

        return await self._change(run_id, decide, delivery)

    # --- reading ------------------------------------------------------------------------------------------------

    async def run(self, run_id: str) -> Run:
        entries = await self.journal.read(run_id)
        run = fold([entry.event for entry in entries])
        if run.started is None:
            raise UsageError(f"There is no run {run_id}.")
        return run

    async def recent(self, channel: str, limit: int = 20) -> Sequence[tuple[str, Run]]:
        """Newest first; the channel "" has those of all channels. Runs that have expired are left out."""
        ids = await self.journal.recent(channel, limit)
        folded = [(run_id, fold([x.event for x in await self.journal.read(run_id)])) for run_id in ids]
        return [(run_id, run) for run_id, run in folded if run.started is not None]

    # --- rules --------------------------------------------------------------------------------------------------

    async def _change(self, run_id: str, decide: Callable[[Run], e.Event | None], delivery: str = "") -> Run:
        run, _ = await change(
            self.journal, run_id, fold, decide, nonce=lambda: delivery or self.nonce(), now=self.clock()
        )
        self.woken(run_id)
        return run

    def may_look(self, run: Run, by: Person) -> None:
        """Raises Refused: who may not run checks on a target may not read what they found either."""
        if run.started is None:
            raise UsageError("There is no such run any more.")
        self.rulebook.check_run(run.begun, by, Right.LOOK)

    def _open(self, run: Run) -> None:
        if run.started is None:
            raise UsageError("There is no such run any more.")
        if run.closed:
            raise Refused(f"This run was {run.closed.reason} {_clock(run.closed.at)}.")

    def _prompted(self, run: Run, step: str, status: Status, attempt: int = 0) -> StepState:
        """The state of a step that waits for a person. Raises Refused with what happened since it was asked, also where
        the run can no longer go on."""
        self._open(run)
        state = run.state(step)
        if run.cancelled:
            raise Refused(f"{run.cancelled.by} stopped this run {_clock(run.cancelled.at)}.")
        if state.status is status and attempt in (0, state.attempt):
            self.rulebook.target(run.begun)
            if over := expired(run, run.playbook.step(step), self.clock()):
                raise Refused(f"Too late: {over.reason}.")
            return state
        if state.by:
            decided = "skipped or refused" if state.skip else "decided"
            raise Refused(f"{state.by} {decided} this {_clock(state.since)}.")
        raise Refused(f"This is no longer asked: the step {step} is {state.status.value} now.")


def gated(playbook: Playbook) -> Playbook:
    """With the step first that asks whether the API answers: if it does not, that is the one finding."""
    steps = playbook.steps
    if not (steps and steps[0].uses == GATE.uses):
        taken = {step.id for step in steps}
        free = next(name for name in ("api", "api-answers", "netcheck-api") if name not in taken)
        steps = (replace(GATE, id=free), *steps)
    return replace(playbook, steps=(replace(steps[0], on_fail="stop", essential=True), *steps[1:]))


def _clock(at: float) -> str:
    return f"at {datetime.fromtimestamp(at, UTC):%H:%M:%S} UTC"
