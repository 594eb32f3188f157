"""The one change that dns offers, on a real cluster: shown, approved at a terminal, made, and seen to have mended."""

import os
import pty
import select
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.cluster.answers import ask, roots
from tests.cluster.faults.combined import WRONG_SELECTOR
from tests.cluster.faults.conditions import HEALTHY
from tests.cluster.faults.objects import DNS_SERVICE
from tests.cluster.rig import Cluster

pytestmark = pytest.mark.cluster

QUESTION = b"Approve?"
MENDED, BROKEN = 0, 1


def talk(line: list[str], answer: str, patience: float = 60.0) -> tuple[str, int]:
    """Runs it at a terminal, types the answer when it asks; what it said, and its exit status; -9: it took too long."""
    child, terminal = pty.fork()
    if child == 0:
        os.execv(line[0], line)
    said, answered, deadline = b"", False, time.monotonic() + patience
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 0.5)[0]:
            continue
        try:
            said += os.read(terminal, 4096)
        except OSError:  # the terminal is closed: it has ended
            break
        if QUESTION in said and not answered:
            os.write(terminal, f"{answer}\n".encode())
            answered = True
    else:
        os.kill(child, signal.SIGKILL)
    return said.decode(errors="replace"), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def netcheck(cluster: Cluster, folder: Path, answer: str) -> tuple[str, int]:
    context = yaml.safe_load(cluster.kubectl("config", "view", "--raw"))["current-context"]
    settings = folder / "settings.yaml"
    settings.write_text(yaml.safe_dump({"targets": {"test": {"context": context, "change": ["*"]}}}))
    program = str(Path(sys.executable).parent / "netcheck")
    return talk([program, "run", "dns", "test", "--kubeconfig", str(cluster.kubeconfig), "--settings", str(settings)],
                answer)


@pytest.fixture
def broken(cluster: Cluster) -> Iterator[Cluster]:
    HEALTHY.until(cluster)
    heal = WRONG_SELECTOR.inject(cluster)
    yield cluster
    heal(cluster)


def test_an_approved_change_mends_the_selector_and_the_same_run_sees_it(broken: Cluster, tmp_path: Path) -> None:
    said, status = netcheck(broken, tmp_path, "yes")
    assert status == MENDED, said
    assert "+   k8s-app: kube-dns" in said
    assert DNS_SERVICE.read(broken)["spec"]["selector"] == {"k8s-app": "kube-dns"}
    assert ask(broken)["answer"] == "ok"


def test_without_approval_nothing_is_changed(broken: Cluster, tmp_path: Path) -> None:
    said, status = netcheck(broken, tmp_path, "no")
    selector = DNS_SERVICE.read(broken)["spec"]["selector"]
    report = ask(broken)
    assert status == BROKEN, said
    assert selector == {"k8s-app": "kube-dnss"}
    assert roots(report) == frozenset({("dns.service.selector", str(DNS_SERVICE))})
