"""Whatever ends a cluster, and whenever: no process, mount, namespace, control group, port or file of it is left."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.cluster.clusters import NAME, PORT
from tests.cluster.rig.commands import until
from tests.cluster.rig.lifecycle import Options, down, find_cgroups, up
from tests.cluster.rig.packages import refusal
from tests.cluster.rig.site import Site

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(bool(refusal()), reason=f"needs a cluster of its own, which {refusal()}"),
]
HALF_WAY = ("box.json", "pid/etcd", "pid/containerd-n1", "pid/kubelet-n1")
"""Files that show how far an `up` has come: namespaces; the first process; a runtime; a kubelet that starts pods."""


@pytest.fixture
def site() -> Iterator[Site]:
    place = Site(f"{NAME}3", PORT + 2)
    down(place)
    yield place
    down(place)


def begin(site: Site) -> subprocess.Popen[bytes]:
    line = [sys.executable, "-m", "tests.cluster.rig", "--name", site.name, "--port", str(site.port), "up"]
    return subprocess.Popen(  # a run in the background ignores Ctrl-C, and so would all that it starts
        line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))


def find_remains(site: Site, groups: Sequence[Path] = ()) -> list[str]:
    """A process of the cluster sees the cluster's folder mounted, also inside a container. `groups`: it had these."""
    found = [str(path) for path in (site.run, *groups) if path.exists()]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            seen = (process / "mountinfo").read_text() + (process / "cmdline").read_text()
        except (OSError, UnicodeDecodeError):
            continue
        if f"{site.run}/" in seen or f"{site.run} " in seen:
            found.append(f"process {process.name}: {(process / 'cmdline').read_text()}")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", site.port))
        except OSError:
            found.append(f"somebody listens on {site.port}")
    return found


@pytest.mark.parametrize("file", HALF_WAY)
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["interrupted", "terminated"])
def test_an_up_that_was_stopped_half_way_cleans_up_after_itself(site: Site, how: signal.Signals, file: str) -> None:
    coming = begin(site)
    until(f"{file} is there", lambda: (site.run / file).exists() or coming.poll() is not None)
    groups = find_cgroups(site)
    coming.send_signal(how)
    assert coming.wait(120) != 0
    assert find_remains(site, groups) == []


def test_what_a_killed_up_left_is_seen_by_this_test_and_cleaned_by_down(site: Site) -> None:
    coming = begin(site)
    until("objects are created", lambda: find_cgroups(site) or coming.poll() is not None)
    coming.kill()
    coming.wait()
    groups = find_cgroups(site)
    assert len(find_remains(site, groups)) > len(groups)
    down(site)
    assert find_remains(site, groups) == []


def test_a_cluster_of_a_test_run_that_was_killed_loses_its_processes_at_once(site: Site) -> None:
    program = (
        "from tests.cluster.rig.lifecycle import Options, up\nfrom tests.cluster.rig.site import Site\n"
        f"up(Site({site.name!r}, {site.port}), Options(nodes=1), dies_with_parent=True)\ninput()\n"
    )
    environment = {**os.environ, "PYTHONPATH": "."}
    run = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, env=environment)
    until("the cluster is up", lambda: (site.run / "ready").exists())
    run.kill()
    run.wait()
    groups = find_cgroups(site)
    until("only files are left", lambda: find_remains(site) == [str(site.run)], 60)
    up(site, Options(nodes=1))  # the next one of that name is not kept from coming up
    groups += find_cgroups(site)
    down(site)
    assert find_remains(site, groups) == []
