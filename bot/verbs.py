"""What the verbs of the command line do that need no store: run, list, explain. May import: terminal and below."""

import os
import shutil
import sys
from collections.abc import Callable

import orjson

from bot.engine.by_hand import tell_by_hand
from bot.engine.incidents import Histories
from bot.journal.memory import MemoryJournal
from bot.model import command as commands
from bot.model.errors import UsageError
from bot.model.run import Run
from bot.settings import Settings
from bot.terminal import follow
from bot.views import report, terminal
from bot.views import transcript as transcripts
from bot.wiring import Means, Netcheck, assemble, terminal_person


async def run(
    settings: Settings, context: str, text: str, output: str, means: Callable[[], Means] | None = None
) -> tuple[str, int]:
    """Run what was typed; gives what to print and the exit status. `means`: those of a recording."""
    netcheck = assemble(settings, MemoryJournal(), context=context, prefer_current=True, means=means)
    interactive = sys.stdin.isatty() and sys.stderr.isatty()
    try:
        command = understood(text)
        run_id, run = await follow(netcheck, command, terminal_person(os.environ), interactive=interactive)
        return await rendered(netcheck, run_id, run, output), report.exit_status(run)
    finally:
        await netcheck.close()


def understood(text: str) -> commands.RunPlaybook:
    """The command to run a playbook. Raises UsageError for anything else."""
    match commands.parse(text):
        case commands.RunPlaybook() as command:
            return command
        case commands.Unclear(problem):
            raise UsageError(problem)
        case _:
            raise UsageError(f"`{text}` is not a playbook; `netcheck list` shows which there are.")


async def rendered(netcheck: Netcheck, run_id: str, run: Run, output: str) -> str:
    match output:
        case "json":
            return orjson.dumps(report.report(run_id, run), option=orjson.OPT_INDENT_2).decode()
        case "markdown":
            return markdown(await netcheck.incidents.histories(run_id, ""))
        case _:
            return terminal.tell(run_id, run, min(shutil.get_terminal_size().columns, 120))


def markdown(histories: Histories) -> str:
    runs = [(history.id, history.run, history.events) for history in histories.runs]
    if histories.incident:
        return transcripts.incident_markdown(histories.id, histories.incident, runs)
    return transcripts.run_markdown(*runs[0])


def as_json(histories: Histories) -> str:
    own = {histories.id: histories.events} if histories.incident else {}
    return transcripts.to_json({**own, **{history.id: history.events for history in histories.runs}})


def catalogue(settings: Settings) -> str:
    netcheck = assemble(settings, MemoryJournal(), prefer_current=True)
    lines = []
    for playbook in netcheck.desk.library.all():
        params = " ".join(f"[{p.name}=…]" if not p.required else f"{p.name}=…" for p in playbook.params)
        lines.append(f"{playbook.name:24} {playbook.title}  {params}".rstrip())
    return "\n".join([*lines, *map(str, netcheck.desk.library.problems())])


def by_hand(settings: Settings, playbook: str) -> str:
    """Raises UsageError with near names."""
    netcheck = assemble(settings, MemoryJournal(), prefer_current=True)
    return tell_by_hand(netcheck.desk.library.get(playbook))
