"""A run at a terminal: started at the desk like any other, shown as it goes on, its questions asked at the prompt.

In a pipe nothing is asked: a change is refused and a question is skipped, and the run says so.
May import: wiring and below. Called by cli.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from bot.model.command import RunPlaybook
from bot.model.errors import Refused, UsageError
from bot.model.event import ApprovalRequested, Origin, QuestionAsked
from bot.model.permission import Person
from bot.model.playbook import Step
from bot.model.run import Run
from bot.views.terminal import changes, progress, prompt
from bot.wiring import Netcheck

IN_A_PIPE = "nobody can be asked here: run it on a terminal, or from Slack"
LONGEST_LINE = 4096
"""Bytes; a terminal gives no more at once."""


@dataclass(frozen=True, slots=True)
class Watch:
    """A surface that only passes on the newest state."""

    states: asyncio.Queue[Run]
    name: str = "terminal"

    async def publish(self, run_id: str, run: Run) -> float:
        self.states.put_nowait(run)
        return 0.0


async def follow(netcheck: Netcheck, command: RunPlaybook, person: Person, *, interactive: bool) -> tuple[str, Run]:
    """Start the run and stay with it until it is closed. Raises what the desk raises."""
    states: asyncio.Queue[Run] = asyncio.Queue()
    netcheck.surfaces.append(Watch(states))
    netcheck.worker.strict = True
    started = await netcheck.desk.start(command, person, Origin(surface="cli"))
    worker = asyncio.create_task(netcheck.worker.run(), name="worker")
    show = _progress_on(sys.stderr) if interactive else _say_nothing
    try:
        while True:
            run = await _next(states, worker)
            show(progress(run))
            if run.closed:
                return started.run, run
            run = await netcheck.desk.run(started.run)  # a state may be told twice, and what it asks be decided
            if run.waiting_for_person:
                show("")
                await _ask(netcheck, started.run, run, person, interactive)
    except asyncio.CancelledError:
        show("")
        await netcheck.desk.cancel(started.run, person, "interrupted at the terminal")
        sys.stderr.write(changes(await _closed(states, worker)))
        raise
    finally:
        show("")
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)


async def _next(states: asyncio.Queue[Run], worker: asyncio.Task[None]) -> Run:
    """The newest state; a worker that ended takes its error here."""
    state = asyncio.create_task(states.get())
    try:
        await asyncio.wait({state, worker}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        state.cancel()  # or it would take the next state, which nobody would hear of
    if not state.done():
        worker.result()
        raise AssertionError("the worker only ends with an error")
    run = state.result()
    while not states.empty():
        run = states.get_nowait()
    return run


async def _closed(states: asyncio.Queue[Run], worker: asyncio.Task[None]) -> Run:
    """The run once it is over, which a run that was stopped soon is."""
    while not (run := await _next(states, worker)).closed:
        pass
    return run


async def _ask(netcheck: Netcheck, run_id: str, run: Run, person: Person, interactive: bool) -> None:
    """One prompt, answered. What the desk refuses is told, and the step is given up."""
    step = run.waiting_for_person[0]
    asked = run.state(step.id).prompt
    attempt = run.state(step.id).attempt
    desk = netcheck.desk
    try:
        if isinstance(asked, ApprovalRequested):
            if interactive and await _yes(run, step):
                try:
                    await desk.approve(run_id, step.id, attempt, person)
                except Refused as refused:
                    sys.stderr.write(f"{refused}\n")
                    await desk.refuse(run_id, step.id, attempt, person, str(refused))
            else:
                await desk.refuse(run_id, step.id, attempt, person, "" if interactive else IN_A_PIPE)
        elif isinstance(asked, QuestionAsked):
            await _answer(netcheck, run_id, run, step, asked, person, interactive)
    except Refused as refused:
        sys.stderr.write(f"{refused}\n")


async def _answer(
    netcheck: Netcheck, run_id: str, run: Run, step: Step, asked: QuestionAsked, person: Person, interactive: bool
) -> None:
    while interactive:
        choices = f" [{' / '.join(asked.choices)}]" if asked.choices else ""
        said = await _read(f"{prompt(run, step)}\n{step.title}?{choices} ")
        answer = next((choice for choice in asked.choices if said and choice.lower().startswith(said.lower())), said)
        if not answer:
            break
        try:
            await netcheck.desk.answer(run_id, step.id, answer, person)
            return
        except UsageError as error:
            sys.stderr.write(f"{error}\n")
    await netcheck.desk.skip(run_id, step.id, person)


async def _yes(run: Run, step: Step) -> bool:
    said = await _read(f"{prompt(run, step)}\nApprove? Type yes to make this change, anything else to leave it: ")
    return said.lower() in ("y", "yes")


async def _read(question: str) -> str:
    """A line from the terminal; the end of input is no answer."""
    sys.stderr.write(question)
    sys.stderr.flush()
    loop, typed = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(sys.stdin, typed.set)  # a thread that reads would outlive Ctrl-C until somebody presses Enter
    try:
        await typed.wait()
    finally:
        loop.remove_reader(sys.stdin)
    # Not readline: it would stand still where a line was begun and Ctrl-D pressed.
    return os.read(sys.stdin.fileno(), LONGEST_LINE).decode(errors="replace").strip()


def _progress_on(out: TextIO) -> Callable[[str], None]:
    def show(line: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            out.write(f"\r\x1b[2K{line[:110]}")
            out.flush()

    return show


def _say_nothing(line: str) -> None:
    pass
