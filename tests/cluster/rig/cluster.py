"""What a test holds: a running cluster, of our own or given by somebody."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import pytest

from tests.cluster.rig.commands import run
from tests.cluster.rig.errors import Lacking, RigFailed
from tests.cluster.rig.lifecycle import Options, down, up
from tests.cluster.rig.site import Site, program
from tests.cluster.rig.standing import enter, start_process, stop_process

THROWAWAY = "netcheck-throwaway"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """`site` is None where the cluster was given: a test that breaks what is below its API is skipped there."""

    kubeconfig: Path
    site: Site | None

    def kubectl(self, *arguments: str, stdin: str | None = None, check: bool = True) -> str:
        """What kubectl prints, as the cluster's administrator. With `check=False` an error gives what was printed."""
        done = self.run_kubectl(*arguments, stdin=stdin)
        if check and done.returncode:
            raise RigFailed(f"kubectl {' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def run_kubectl(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """kubectl's exit status and both of its outputs. By itself it waits for ever for what a finalizer holds."""
        name = str(program("kubectl")) if self.site else "kubectl"
        line = [name, "--kubeconfig", str(self.kubeconfig), *arguments]
        return subprocess.run(line, input=stdin or "", capture_output=True, text=True, timeout=300)

    def netcheck(self, *arguments: str, kubeconfig: Path | None = None) -> subprocess.CompletedProcess[str]:
        """The command line of netcheck against this cluster; its exit status is an answer and is not checked. /RUN_DIR
        in an argument stands for the folder of a cluster of our own, as in its manifests."""
        environment = {**os.environ, "KUBECONFIG": str(kubeconfig or self.kubeconfig)}
        words = [word.replace("/RUN_DIR", str(self.site.run)) if self.site else word for word in arguments]
        line = [str(Path(sys.executable).parent / "netcheck"), *words]
        return subprocess.run(line, env=environment, capture_output=True, text=True, timeout=120)

    def on_node(self, node: str, *line: str) -> str:
        """Runs a command in a node's network: `on_node("n1", "iptables", "-A", ...)`. "lan" is the world outside."""
        return run(*enter(self._own_site(), node), *line)

    def node_folder(self, node: str) -> Path:
        """The node's files: `cni/net.d`, `opt/cni/bin` (`opt` with Calico), `kubelet.yaml`, `kubelet`, `podlogs`."""
        return self._own_site().node(node)

    def stop(self, process: str) -> None:
        """etcd, apiserver, kcm, sched, upstream, kubelet-n1, containerd-n1, ...; nothing where it does not run."""
        stop_process(self._own_site(), process)

    def start(self, process: str, *more: str) -> None:
        """Started anew, with what its files say now and `more` options; whoever needs it waits for what it does."""
        start_process(self._own_site(), process, *more)

    def _own_site(self) -> Site:
        if self.site is None:
            pytest.skip("breaks what is below the API, so it needs a cluster of our own: root on Linux")
        return self.site


@contextmanager
def raise_cluster(site: Site, options: Options) -> Iterator[Cluster]:
    """A cluster of our own, taken down in any case. What stands under its name is taken down before.

    The test is skipped where this machine lacks something, and says what.
    """
    with _interrupted_by_term():
        try:
            down(site)
            up(site, options, dies_with_parent=True)
        except Lacking as lacking:
            pytest.skip(f"no {options.cni} cluster: {lacking}")
        try:
            yield Cluster(kubeconfig=site.kubeconfig, site=site)
        finally:
            down(site)


def use_given_cluster(kubeconfig: Path) -> Cluster:
    """Ends the whole test run where nobody marked that cluster as one that may be broken."""
    cluster = Cluster(kubeconfig=kubeconfig, site=None)
    if not cluster.kubectl("get", "namespace", THROWAWAY, "--ignore-not-found", "-o", "name"):
        pytest.exit(
            f"The tests break the cluster they run on, and {kubeconfig} was not marked for that. "
            f"If it may be broken: kubectl create namespace {THROWAWAY}", returncode=3,
        )
    return cluster


@contextmanager
def _interrupted_by_term() -> Iterator[None]:
    """While a cluster stands, being told to end is as good as Ctrl-C: the fixtures get to clean up."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
