"""Images in a form that a container runtime can begin with: imported once, then linked into every node's folder.

Importing and unpacking cost seconds for each node and each time. What is unpacked is never written to again, so the
nodes of all clusters can share the files; only the small data bases are copied.
"""

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from tests.cluster.rig.box import Box
from tests.cluster.rig.commands import run, until
from tests.cluster.rig.errors import RigFailed
from tests.cluster.rig.processes import Process, start, stop
from tests.cluster.rig.site import Site, cache

CONFIG = """version = 2
root = "{root}"
state = "{state}"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "{socket}"
"""


def prepare_store(site: Site, box: Box, archives: Sequence[Path], base: Path | None = None) -> Path:
    """A root folder of containerd that holds these images, and those of `base`."""
    names = [base.name if base else "", *(path.name for path in archives)]
    digest = hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]
    store, new = cache() / "stores" / digest, cache() / "stores" / f"{digest}.new"
    if not store.exists():
        shutil.rmtree(new, ignore_errors=True)  # of one that was interrupted
        new.parent.mkdir(exist_ok=True)
        if base:
            lay_store(base, new)
        _import(site, box, archives, new)
        new.rename(store)
    return store


def lay_store(store: Path, root: Path) -> None:
    """Hard links where both are on one file system, else copies."""
    try:
        run("cp", "-a", "--link", store, root)
    except RigFailed:
        shutil.rmtree(root, ignore_errors=True)
        run("cp", "-a", store, root)
    for base in root.rglob("*.db"):
        base.unlink()
        shutil.copy2(store / base.relative_to(root), base)


def _import(site: Site, box: Box, archives: Sequence[Path], root: Path) -> None:
    socket, config = site.run / "store.sock", site.run / "store.toml"
    config.write_text(CONFIG.format(root=root, state=site.run / "store-state", socket=socket))
    start(site, box, Process("store", None, ["containerd", "--config", str(config)]))
    await_containerd(box, socket)
    for archive in archives:
        run(*box.enter(), "ctr", "-a", socket, "-n", "k8s.io", "images", "import", archive)
    stop(site, box, "store")


def await_containerd(box: Box, socket: Path) -> None:
    def answers() -> bool:
        try:
            return bool(run(*box.enter(), "ctr", "-a", socket, "version"))
        except RigFailed:
            return False

    until(f"containerd answers at {socket}", answers)
