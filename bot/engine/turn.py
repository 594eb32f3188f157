"""One worker's turn with one run: fold, next moves, do them, again, until there is nothing left but to wait.

Only holds what can be thrown away at any moment: the tasks in flight and the reads they share. Every decision is taken
anew inside `change`, on the run as it is when the fact is written, so a turn that has lost its lease does no harm.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from bot.diagnosis.conclusion import conclude
from bot.engine import execution
from bot.engine.access import Access
from bot.engine.publishing import Publisher
from bot.engine.tools import Tools
from bot.journal import change
from bot.model import event as e
from bot.model import moves as m
from bot.model.errors import JournalUnavailable, UsageError
from bot.model.finding import Verdict
from bot.model.playbook import Kind, Step
from bot.model.run import Run, Status, findings, fold

POLL = 0.5
LAST_ANSWER = 0.25
"""Seconds for a change that is being made when its run is stopped, and then for steps to clear up behind themselves:
with POLL that keeps within a second."""


class Turn:
    def __init__(self, run_id: str, tools: Tools, publisher: Publisher) -> None:
        self.run_id = run_id
        self.woken = asyncio.Event()
        self._tools = tools
        self._publisher = publisher
        self._run = Run()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._writing = asyncio.Lock()
        self._access = Access(tools.rulebook, tools.reads)

    async def take(self) -> Run:
        """Goes on until only waiting is left; gives the run as it then is. Cancelled: leaves steps unfinished."""
        try:
            while True:
                wait = await self._advance()
                if wait is None:
                    continue
                if not self._tasks:
                    return self._run
                await self._something_happens()
        finally:
            await self._drop()

    @property
    def wants_attention_at(self) -> float | None:
        """When the clock alone brings the next move; None: never."""
        now = self._tools.clock()
        moves = m.next_moves(self._run, now)
        waits = [move.until for move in moves if isinstance(move, m.Wait)]
        return next(iter(waits), now if moves else None)

    async def _advance(self) -> m.Wait | None:
        """Read what is new and move. While the store is away, what is in flight goes on: it may be a change."""
        try:
            await self._change(lambda run: None)
            return await self._move()
        except JournalUnavailable:
            if not self._tasks:
                raise
            return m.Wait(None)

    async def _move(self) -> m.Wait | None:
        """Make the next moves; a Wait when there is nothing to make."""
        if self._run.cancelled:
            await self._stop()
        moves = m.next_moves(self._run, self._tools.clock(), frozenset(self._tasks))
        for move in moves:
            match move:
                case m.Wait():
                    return move
                case m.Record():
                    await self._change(self._recorded)
                case m.Conclude():
                    await self._change(self._concluded)
                case m.Look():
                    await self._begin(move)
                case m.Apply():
                    await self._begin(move)
                case m.Preview():
                    await self._offer(move)
                case m.Ask():
                    await self._ask(move)
        return None if moves else m.Wait(None)

    # --- facts --------------------------------------------------------------------------------------------------

    async def _change(self, decide: Callable[[Run], e.Event | None]) -> None:
        """One at a time: looks that end together would overtake each other, and each would have to be written again."""
        async with self._writing:
            tools, known = self._tools, (self._run, self._run.version)
            run, _ = await change(
                tools.journal, self.run_id, fold, decide, nonce=tools.nonce, now=tools.clock(), known=known
            )
            if run.version != self._run.version:
                self._publisher.show(run)
            self._run = run

    def _recorded(self, run: Run) -> e.Event | None:
        moves = m.next_moves(run, self._tools.clock(), frozenset(self._tasks))
        return next((move.event for move in moves if isinstance(move, m.Record)), None)

    def _concluded(self, run: Run) -> e.Event | None:
        now = self._tools.clock()
        for move in m.next_moves(run, now, frozenset(self._tasks)):
            if isinstance(move, m.Conclude):
                essential = frozenset(step.id for step in run.playbook.steps if step.essential)
                return e.RunConcluded(at=now, conclusion=conclude(findings(run), essential), over=move.over)
        return None

    async def _ask(self, move: m.Ask) -> None:
        step = self._run.playbook.step(move.step)
        now = self._tools.clock()
        try:
            text, choices = execution.question(self._tools.step_types[step.uses], move.args)
        except (ValueError, KeyError) as error:
            await self._finish(step, 1, execution.explained(step, error), now, Status.WAITING)
            return
        asked = e.QuestionAsked(at=now, step=step.id, text=text, choices=choices, to=step.assign)
        await self._change(lambda run: asked if run.state(step.id).status is Status.WAITING else None)

    # --- steps in flight ----------------------------------------------------------------------------------------

    async def _begin(self, move: m.Look | m.Apply) -> None:
        """Write that it starts, if it still may, then do it beside the others."""
        step, now = self._run.playbook.step(move.step), self._tools.clock()
        begun: list[e.StepStarted] = []

        def decide(run: Run) -> e.Event | None:
            begun.clear()
            if move in m.next_moves(run, now, frozenset(self._tasks)):
                begun.append(e.StepStarted(at=now, step=step.id, attempt=move.attempt, args=move.args))
            return begun[0] if begun else None

        await self._change(decide)
        if begun:
            self._spawn(step.id, self._execute(step, move, now))

    async def _execute(self, step: Step, move: m.Look | m.Apply, began: float) -> None:
        kind = self._tools.step_types.get(step.uses)
        if kind is None:
            unknown = execution.failed(step, Verdict.UNKNOWN, f"this netcheck has no step type {step.uses}")
            return await self._finish(step, move.attempt, unknown, began, Status.RUNNING)
        try:
            cluster = await self._access.cluster(self._run.begun, fresh=step.fresh or isinstance(move, m.Apply))
            if isinstance(move, m.Look):
                outcome = await execution.look(kind, cluster, step, move.args)
            else:
                outcome = await execution.apply(kind, cluster, step, move.args, self._approved(step))
        except Exception as error:
            outcome = execution.explained(step, error)
        if isinstance(move, m.Apply):
            self._access.forget()
        await self._finish(step, move.attempt, outcome, began, Status.RUNNING)
        return None

    def _approved(self, step: Step) -> tuple[str, ...]:
        prompt = self._run.state(step.id).prompt
        return prompt.difference if isinstance(prompt, e.ApprovalRequested) else ()

    async def _offer(self, move: m.Preview) -> None:
        """Nobody is asked for what nobody may approve."""
        try:
            nobody = self._tools.rulebook.nobody(self._run.begun)
        except UsageError as error:  # the target is no longer there
            nobody = str(error)
        if not nobody:
            self._spawn(move.step, self._preview(move))
            return
        now, reason = self._tools.clock(), f"not offered: {nobody}"
        skipped, before = e.StepSkipped(at=now, step=move.step, why="refused", reason=reason), move.attempt - 1
        await self._change(lambda run: skipped if self._is_at(run, move.step, Status.WAITING, before) else None)

    async def _preview(self, move: m.Preview) -> None:
        step, now = self._run.playbook.step(move.step), self._tools.clock()
        try:
            cluster = await self._access.cluster(self._run.begun, fresh=True)
            proposal = await execution.preview(self._tools.step_types[step.uses], cluster, step, move.args)
        except Exception as error:
            proposal = execution.explained(step, error)
        if isinstance(proposal, execution.Outcome):
            return await self._finish(step, move.attempt, proposal, now, Status.WAITING)
        now, lasts = self._tools.clock(), self._tools.approval_lasts
        asked = proposal.as_event(step, move.attempt, move.args, now, lasts)
        await self._change(lambda run: asked if self._is_at(run, step.id, Status.WAITING, move.attempt - 1) else None)
        return None

    async def _finish(
        self, step: Step, attempt: int, outcome: execution.Outcome, began: float, status: Status
    ) -> None:
        """Write the result, if the run is still at that attempt; when the store is away, once it is back."""
        finished = outcome.as_event(step.id, attempt, began, self._tools.clock(), self._access.spent())
        expected = attempt if status is Status.RUNNING else attempt - 1
        while True:
            try:
                return await self._change(lambda run: finished if self._is_at(run, step.id, status, expected) else None)
            except JournalUnavailable:
                await asyncio.sleep(POLL)

    @staticmethod
    def _is_at(run: Run, step: str, status: Status, attempt: int) -> bool:
        """What was under way when the run was stopped may still be written down; nothing new is."""
        state, over = run.state(step), run.closed or (run.cancelled and status is not Status.RUNNING)
        return not over and state.status is status and state.attempt == attempt

    def _spawn(self, step: str, work: Coroutine[Any, Any, None]) -> None:
        task = self._tasks[step] = asyncio.create_task(work, name=f"{self.run_id} {step}")
        task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())  # else asyncio complains of it

    async def _something_happens(self) -> None:
        """A step ends, or the run is woken; a fact of another replica is seen by polling."""
        woken = asyncio.create_task(self.woken.wait())
        await asyncio.wait({woken, *self._tasks.values()}, timeout=POLL, return_when=asyncio.FIRST_COMPLETED)
        woken.cancel()
        self.woken.clear()
        self._publisher.again(self._run)
        for step in [step for step, task in self._tasks.items() if task.done()]:
            self._tasks.pop(step).result()

    async def _stop(self) -> None:
        """A change that is being made gets a moment for its answer, so that people are told what became of it."""
        made = [self._tasks[step.id] for step in self._run.playbook.steps if self._is_made(step)]
        if made:
            await asyncio.wait(made, timeout=LAST_ANSWER)
        await self._drop()

    def _is_made(self, step: Step) -> bool:
        return step.kind is Kind.CHANGE and step.id in self._tasks and self._run.state(step.id).status is Status.RUNNING

    async def _drop(self) -> None:
        """A step that is slow to clear up behind itself is not waited for: what it comes to counts no more."""
        tasks, self._tasks = list(self._tasks.values()), {}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=LAST_ANSWER)
