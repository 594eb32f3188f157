"""The box: one process whose end is the end of everything that a cluster started.

It is the first process of a process namespace, so when it is killed the kernel kills all others in it, containers and
their shims too, and reaps them. It has a mount namespace of its own: whatever is mounted there is gone with it, and
`/run`, `/var/log` and `/var/lib` are empty folders in memory, so that nothing is written into the machine's own, where
programs have paths that cannot be set. The cluster's folder and the cache are the same inside and outside.
"""

import json
import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.rig.commands import BOUND, until
from tests.cluster.rig.errors import RigFailed
from tests.cluster.rig.site import Site, cache

HIDDEN = ("/run", "/var/log", "/var/lib")
# The two folders are opened before they are hidden and come back from what was opened. Nobody waits for the children
# that the first process inherits: with the signal ignored the kernel reaps them.
SCRIPT = """
set -e
exec 3<"$1" 4<"$2"
for hidden in $3; do mount -t tmpfs -o mode=755 netcheck-cluster "$hidden"; done
mkdir -p "$1" "$2" /run/netns /run/lock
mount --no-canonicalize --bind /proc/self/fd/3 "$1"
mount --no-canonicalize --bind /proc/self/fd/4 "$2"
exec 3<&- 4<&-
trap '' CHLD
echo standing
exec sleep infinity >/dev/null
"""


@dataclass(frozen=True, slots=True)
class Box:
    """`holder` is the process that started the box's first one and ends with it; `first` is that one, from outside."""

    holder: int
    first: int

    def enter(self, namespace: str | None = None) -> list[str]:
        """What to put before a command line; without a network namespace it stays in the machine's own network."""
        handles = f"/proc/{self.holder}/ns"
        network = [f"--net={self._top / 'run/netns' / namespace}"] if namespace else []
        return ["nsenter", f"--pid={handles}/pid_for_children", f"--mount={handles}/mnt", *network, "--"]

    @property
    def proc(self) -> Path:
        """The box's own /proc, where processes have the numbers they have inside."""
        return self._top / "proc"

    @property
    def _top(self) -> Path:
        """The root folder as the box sees it."""
        return Path("/proc", str(self.holder), "root")


def open_box(site: Site, *, dies_with_parent: bool) -> Box:
    """`dies_with_parent`: killed by the kernel when the calling process ends, however it ends."""
    bound = BOUND if dies_with_parent else ()
    line = [*bound, "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--",
            "sh", "-c", SCRIPT, "box", str(site.run), str(cache()), " ".join(HIDDEN)]  # fmt: skip
    with (site.run / "log/box.log").open("ab") as log:
        holder = subprocess.Popen(
            line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, start_new_session=True, cwd="/"
        )
    try:
        _note(site, holder.pid)
        assert holder.stdout
        with holder.stdout as said:
            if said.readline() != b"standing\n":
                raise RigFailed(f"the namespaces could not be made: {(site.run / 'log/box.log').read_text()}")
        return Box(holder.pid, _child_of(holder.pid))
    except BaseException:
        holder.kill()
        raise


def find_box(site: Site) -> Box | None:
    """The box that stands for this site, if one does. A number that another process got since is not taken for it."""
    try:
        noted = json.loads((site.run / "box.json").read_text())
        if _birth(noted["holder"]) != noted["birth"]:
            return None
        return Box(noted["holder"], _child_of(noted["holder"]))
    except (OSError, ValueError):
        return None


def close_box(box: Box) -> None:
    """Returns when all that was in it has ended."""
    birth = _birth(box.holder)
    os.kill(box.first, signal.SIGKILL)
    until(f"process {box.holder} and all in its box have ended", lambda: _has_ended(box.holder, birth), 30)


def _note(site: Site, holder: int) -> None:
    (site.run / "box.json").write_text(json.dumps({"holder": holder, "birth": _birth(holder)}))


def _child_of(pid: int) -> int:
    """Before there is one, the holder itself: killing it prevents the child."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0]) if children else pid


def _has_ended(pid: int, birth: str) -> bool:
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # it may be our own child, which stays as a zombie until somebody asks
    try:
        return _birth(pid) != birth
    except OSError:
        return True


def _birth(pid: int) -> str:
    """When it was started, in clock ticks since the machine was: tells apart two processes of one number. Nothing for
    one that has ended and that nobody has asked after yet."""
    state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return "" if state in "ZX" else rest[18]
