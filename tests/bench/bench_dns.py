"""What `dns` costs: requests and bytes; its time beside kubectl's, and beside what cannot be avoided."""

import gc
import shutil
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pytest

from bot.cluster.records import find_kind
from bot.journal.memory import MemoryJournal
from bot.model.command import RunPlaybook
from bot.model.permission import Person
from bot.model.run import Run
from bot.settings import Settings
from bot.terminal import follow
from bot.wiring import assemble
from tests.bench.boxed import boxed_cluster
from tests.bench.figures import Figures, ms
from tests.bench.tracing import Span, Trace

ALICE = Person(id="cli:alice", name="alice")
TIMES = 5
BIG = (500, 2000)
FAR = 0.05
"""Seconds that a request takes to a cluster at some distance."""


async def runs_of_dns(kubeconfig: Path, times: int = TIMES) -> list[tuple[Run, Trace, float]]:
    return await runs_of("dns", kubeconfig, times)


async def runs_of(playbook: str, kubeconfig: Path, times: int) -> list[tuple[Run, Trace, float]]:
    """In a running bot: the first run, which opens the connections, is left out."""
    traces: list[Trace] = []

    def trace() -> Trace:
        traces.append(Trace())
        return traces[-1]

    netcheck = assemble(Settings(kubeconfig=str(kubeconfig)), MemoryJournal(), wrap=lambda c: trace().around(c))
    told = []
    for _ in range(times + 1):
        began = time.perf_counter()
        _, run = await follow(netcheck, RunPlaybook(playbook), ALICE, interactive=False)
        told.append((run, traces[-1], time.perf_counter() - began))
    await netcheck.close()
    return told[1:]


@pytest.mark.parametrize("nodes", [0, 500], ids=["two nodes", "five hundred nodes"])
async def test_requests_and_bytes(figures: Figures, tmp_path: Path, nodes: int) -> None:
    with boxed_cluster(tmp_path / "kubeconfig", nodes=nodes):
        (run, _, _), *_ = await runs_of_dns(tmp_path / "kubeconfig", 1)
    told = f"{run.requests} requests, {run.bytes / 1000:.0f} KB"
    size = f"{nodes} nodes, {nodes * 10} pods, {nodes * 4} Services" if nodes else "2 nodes"
    figures.add(f"dns, healthy, {size}", told, "40 requests, 200 KB")


@pytest.mark.parametrize("playbook", ["dns", "network"])
async def test_memory_does_not_grow_with_the_cluster(figures: Figures, tmp_path: Path, playbook: str) -> None:
    """The most that Python holds at once during a run, beside that of the same run on two nodes."""
    most = {nodes: await _most(tmp_path / "kubeconfig", playbook, nodes) for nodes in (0, *BIG)}
    for nodes in BIG:
        told = f"{most[nodes] / 1e6:.1f} MB = {most[nodes] / most[0]:.2f} x that of 2 nodes"
        figures.add(f"memory of {playbook}, {nodes} nodes, {nodes * 10} pods, {nodes * 4} Services", told, "about 1 x")


async def _most(kubeconfig: Path, playbook: str, nodes: int) -> int:
    """Bytes above what is held before; the run before it has loaded what is loaded once. The least of several runs:
    half of it are the buffers of TLS connections (128 KB each), of which more or fewer are open by chance."""
    with boxed_cluster(kubeconfig, nodes=nodes):
        await runs_of(playbook, kubeconfig, 1)
        return min([await _held(playbook, kubeconfig) for _ in range(TIMES)])


async def _held(playbook: str, kubeconfig: Path) -> int:
    gc.collect()
    tracemalloc.start()
    try:
        await runs_of(playbook, kubeconfig, 0)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


async def test_beside_kubectl(figures: Figures, tmp_path: Path) -> None:
    """The same gets and lists, one after another; what kubectl cannot read (DNS answers, reviews) is not counted."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("no kubectl on the PATH")
    kubeconfig = tmp_path / "kubeconfig"
    with boxed_cluster(kubeconfig):
        runs = await runs_of_dns(kubeconfig)
        lines = [line for span in runs[0][1].spans if (line := as_kubectl(span))]
        for line in lines[:2]:
            read(kubectl, kubeconfig, line)  # what it learns of the API it keeps in its cache
        began = time.perf_counter()
        for line in lines:
            read(kubectl, kubeconfig, line)
        by_hand = time.perf_counter() - began
        by_command_line = min(typed(kubeconfig) for _ in range(3))
    wall = min(taken for _, _, taken in runs)
    figures.add("dns in a running bot, on loopback", ms(wall), "600 ms (rig)")
    figures.add("netcheck run dns, on loopback", ms(by_command_line), "1200 ms (rig)")
    told = f"{ms(by_hand)} = {by_hand / wall:.1f} x"
    figures.add(f"its {len(lines)} reads by kubectl, one after another", told, "at least 5 x")


def read(kubectl: str, kubeconfig: Path, line: list[str]) -> None:
    cache = str(kubeconfig.parent / "cache")
    whole = [kubectl, "--kubeconfig", str(kubeconfig), "--cache-dir", cache, *line]
    subprocess.run(whole, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)


def typed(kubeconfig: Path) -> float:
    began = time.perf_counter()
    line = [sys.executable, "-m", "bot.cli", "run", "dns", "--kubeconfig", str(kubeconfig)]
    subprocess.run(line, stdout=subprocess.DEVNULL, timeout=60, check=True)
    return time.perf_counter() - began


def as_kubectl(span: Span) -> list[str]:
    """Empty for what it has no read for."""
    options = span.options
    if span.name == "logs":
        namespace, pod = span.args[:2]
        return ["logs", "-n", namespace, pod, "--tail=100"]
    if span.name not in ("get", "list"):
        return []
    kind = find_kind(span.args[0], options.get("api", ""))
    assert kind is not None, "dns reads no kind that the table does not know"
    names = [span.args[1]] if span.name == "get" else []
    namespace = (span.args[2:] if span.name == "get" else span.args[1:])[:1]
    where = ["-n", namespace[0]] if namespace and namespace[0] else ["-A"] if span.name == "list" else []
    chosen = ["-l", options["labels"]] if options.get("labels") else []
    chosen += ["--field-selector", options["fields"]] if options.get("fields") else []
    return ["get", kind.plural + (f".{kind.group}" if kind.group else ""), *names, *where, *chosen, "-o", "json"]


async def test_beside_the_longest_chain_of_dependent_requests(figures: Figures, tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    with boxed_cluster(kubeconfig, latency=FAR):
        runs = await runs_of_dns(kubeconfig)
    _, trace, wall = min(runs, key=lambda told: told[2])
    chain = trace.longest_chain()
    spent = sum(span.ended - span.began for span in chain)
    told = f"{ms(wall)} = {wall / spent:.2f} x the chain of {len(chain)} ({ms(spent)})"
    figures.add(f"dns with {ms(FAR)} a request", told, "1.5 x")
