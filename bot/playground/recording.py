"""`netcheck record`: a playbook run as ever, over a cluster that remembers; what it read is written to one file."""

import os
from pathlib import Path
from typing import Any

from bot.cluster import Cluster
from bot.journal.memory import MemoryJournal
from bot.playground.bundle import save_bundle
from bot.playground.recorder import record as record_bundle
from bot.settings import Settings
from bot.terminal import follow
from bot.verbs import understood
from bot.views import report
from bot.wiring import assemble, terminal_person


async def record(
    settings: Settings, context: str, text: str, to: Path, title: str
) -> tuple[str, dict[str, Any]]:
    """One line on what was written, and what the recorded run came to, as `run --output json` tells it. Raises what
    `run` raises, and UsageError when the file cannot be written."""
    command, person = understood(text), terminal_person(os.environ)
    outer = assemble(settings, MemoryJournal(), context=context, prefer_current=True)
    told: dict[str, Any] = {}

    async def run_playbook(recording: Cluster) -> None:
        inner = assemble(settings, MemoryJournal(), context=context, prefer_current=True, wrap=lambda _: recording)
        try:
            run_id, run = await follow(inner, command, person, interactive=False)
            told.update(report.report(run_id, run))
        finally:
            await inner.close()

    try:
        target, _ = await outer.desk.meant(command, person)
        cluster = await outer.clusters.open(target)
        name = to.name.removesuffix(".gz").removesuffix(".json")
        bundle = await record_bundle(cluster, run_playbook, name, title or f"{command.playbook}: {name}")
    finally:
        await outer.close()
    size = save_bundle(bundle, to)
    causes = ", ".join(root["cause"] for root in told["root_causes"])
    came_to = f"{told['answer']}{': ' + causes if causes else ''}"
    return f"{to}: {size / 1000:.0f} kB. The run it holds came to {came_to}.", told
