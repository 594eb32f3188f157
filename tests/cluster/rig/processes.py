"""Programs that run until they are stopped, each in the box and in one network namespace, with a log and a number."""

import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from tests.cluster.rig.box import Box
from tests.cluster.rig.commands import run, until
from tests.cluster.rig.errors import RigFailed
from tests.cluster.rig.site import Site

PATIENCE = {signal.SIGTERM: 5.0, signal.SIGKILL: 5.0}


@dataclass(frozen=True, slots=True)
class Process:
    """`namespace`: a node, the LAN, or None for the machine's own network."""

    name: str
    namespace: str | None
    line: Sequence[str]


def start(site: Site, box: Box, process: Process) -> None:
    """Returns at once; whoever needs it waits for what it does. The shell notes the number it has in the box."""
    note = site.run / "pid" / process.name
    note.unlink(missing_ok=True)
    line = [*box.enter(process.namespace), "sh", "-c", 'echo $$ >"$0"; exec "$@"', str(note), *process.line]
    with (site.run / "log" / f"{process.name}.log").open("ab") as log:
        begun = subprocess.Popen(
            line, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/")

    def has_number() -> bool:
        if begun.poll():
            raise RigFailed(f"{process.name} did not start; its log ends with\n{_end_of_log(site, process.name)}")
        return note.exists() and bool(note.read_text())

    until(f"{process.name} has a number", has_number)


def stop(site: Site, box: Box, name: str) -> None:
    """Asked first, killed after that. Nothing where it does not run."""
    note = site.run / "pid" / name
    if not note.exists():
        return
    pid = int(note.read_text())
    for how, patience in PATIENCE.items():
        if not _runs(box, pid):
            break
        run(*box.enter(), "sh", "-c", f"kill -{int(how)} {pid} || true")
        try:
            until(f"{name} has ended", lambda: not _runs(box, pid), patience)
        except RigFailed:
            if how is signal.SIGKILL:
                raise
    note.unlink()


def check_all_run(site: Site, box: Box) -> None:
    """Raises RigFailed with the end of the log of one that has ended by itself: what it was to do never will be."""
    for note in (site.run / "pid").iterdir():
        if not _runs(box, int(note.read_text() or 0)):
            raise RigFailed(f"{note.name} has ended; its log ends with\n{_end_of_log(site, note.name)}")


def _end_of_log(site: Site, name: str) -> str:
    return "\n".join((site.run / "log" / f"{name}.log").read_text(errors="replace").splitlines()[-3:])


def _runs(box: Box, pid: int) -> bool:
    try:
        return (box.proc / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
