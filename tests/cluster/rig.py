"""The cluster that the tests of this folder break and mend: brought up by the program that NETCHECK_RIG names, or given
by NETCHECK_TEST_KUBECONFIG, where faults are refused unless somebody made the namespace netcheck-throwaway there."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

THROWAWAY = "netcheck-throwaway"


class RigFailed(Exception):
    """A program that the tests steer ended in error; the message holds its command line and what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A running cluster. `program` is None where the cluster was given and no rig can break its nodes."""

    kubeconfig: Path
    program: Path | None
    environment: Mapping[str, str] = field(repr=False)

    def kubectl(self, *arguments: str, stdin: str | None = None, check: bool = True) -> str:
        """What kubectl prints, as the cluster's administrator. With `check=False` an error gives what was printed."""
        done = self.run_kubectl(*arguments, stdin=stdin)
        if check and done.returncode:
            raise RigFailed(f"kubectl {' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def run_kubectl(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """kubectl's exit status and both of its outputs."""
        line = [str(self.program), "kubectl"] if self.program else ["kubectl", "--kubeconfig", str(self.kubeconfig)]
        return _run([*line, *arguments], self.environment, stdin, check=False)

    def rig(self, *arguments: str) -> str:
        """`cluster.rig("upstream", "stop")`: what only a cluster of our own can do."""
        if self.program is None:
            pytest.skip("needs a cluster whose nodes can be broken: set NETCHECK_RIG")
        return _run([str(self.program), *arguments], self.environment).stdout

    def netcheck(self, *arguments: str, kubeconfig: Path | None = None) -> subprocess.CompletedProcess[str]:
        """The command line of netcheck against this cluster; its exit status is an answer and is not checked."""
        environment = {**os.environ, "KUBECONFIG": str(kubeconfig or self.kubeconfig)}
        line = [str(Path(sys.executable).parent / "netcheck"), *arguments]
        return subprocess.run(line, env=environment, capture_output=True, text=True, timeout=120)


@contextmanager
def raise_cluster(program: Path, name: str, port: int, *options: str) -> Iterator[Cluster]:
    """A cluster of our own, taken down in any case, also when bringing it up was interrupted half-way."""
    environment = {**os.environ, "RIG_NAME": name, "RIG_PORT": str(port)}
    _run([str(program), "down"], environment)
    try:
        printed = _run([str(program), "up", *options], environment).stdout
        yield Cluster(kubeconfig=Path(printed.split()[-1]), program=program, environment=environment)
    finally:
        _run([str(program), "down"], environment, check=False)


def use_given_cluster(kubeconfig: Path) -> Cluster:
    cluster = Cluster(kubeconfig=kubeconfig, program=None, environment=dict(os.environ))
    if not cluster.kubectl("get", "namespace", THROWAWAY, "--ignore-not-found", "-o", "name"):
        pytest.exit(
            f"The tests break the cluster they run on, and {kubeconfig} was not marked for that. "
            f"If it may be broken: kubectl create namespace {THROWAWAY}", returncode=3,
        )
    return cluster


def _run(
    line: list[str], environment: Mapping[str, str], stdin: str | None = None, check: bool = True
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(line, env=dict(environment), input=stdin, capture_output=True, text=True)
    if check and done.returncode:
        raise RigFailed(f"{' '.join(line)} ended with {done.returncode}: {done.stderr.strip()[-2000:]}")
    return done
