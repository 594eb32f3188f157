"""What the verbs of the command line do with the store: show, transcript. May import: verbs and below.

Apart from verbs.py because the client of the store takes a quarter of a second to import; a run needs none.
"""

import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.journal.embedded import open_journal
from bot.settings import Settings
from bot.verbs import as_json, markdown, rendered
from bot.wiring import Netcheck, assemble


async def show(settings: Settings, run_id: str, output: str) -> str:
    async with _opened(settings) as netcheck:
        return await rendered(netcheck, run_id, await netcheck.desk.run(run_id), output)


async def transcript(settings: Settings, id: str, form: str) -> str:
    async with _opened(settings) as netcheck:
        histories = await netcheck.incidents.histories(id, "")
        return as_json(histories) if form == "json" else markdown(histories)


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Netcheck]:
    """Over the store of the settings. Raises JournalUnavailable when it does not answer."""
    opened = await open_journal(settings.redis_url.get_secret_value(), data_dir(settings))
    netcheck = assemble(settings, opened.journal, prefer_current=True)
    try:
        yield netcheck
    finally:
        await netcheck.close()
        await opened.stop()


def data_dir(settings: Settings) -> Path:
    """Where the embedded store lives: the setting, else the user's data folder, else the system's temporary one."""
    if settings.data_dir:
        return Path(settings.data_dir)
    home = os.environ.get("XDG_DATA_HOME") or (str(Path.home() / ".local/share") if Path.home().is_dir() else "")
    return Path(home or tempfile.gettempdir()) / "netcheck"
