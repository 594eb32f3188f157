"""Scenarios made out of rows: what netcheck read of the broken cluster, what was broken beside it, and the proof that
the recording, served again, is judged as the cluster was."""

import asyncio
import json
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bot import verbs
from bot.playground.bundle import load_bundle
from bot.playground.cluster_box.box import ClusterBox
from bot.playground.scenarios import Scenario, recorded_means
from bot.settings import Settings
from tests.cluster.answers import Report
from tests.cluster.faults.asking import ask_row
from tests.cluster.faults.fault import Fault
from tests.cluster.rig import Cluster

LARGEST = 150_000
"""Bytes of a bundle on disk."""


@dataclass(frozen=True, slots=True)
class Recorder:
    """`folder` holds the bundles and their index."""

    folder: Path

    def record(self, cluster: Cluster, fault: Fault) -> tuple[Report, list[str]]:
        """What was found, and in which ways the recording is not as good as the cluster."""
        file = self.folder / f"{fault.name}.json.gz"
        live = ask_row(cluster, fault, "record", "--to", str(file), "--title", title(fault))
        wrong = compare(live, replay(file, fault))
        if file.stat().st_size > LARGEST:
            wrong.append(f"the bundle has {file.stat().st_size // 1000} kB, more than {LARGEST // 1000}")
        return live, wrong

    def enter(self, fault: Fault) -> None:
        """Into the index, which keeps the order of the names."""
        path = self.folder / "index.json"
        known: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        roots = tuple((root.cause, root.object) for root in fault.roots)
        scenario = Scenario(title=title(fault), answer=fault.answer, roots=roots, playbook=fault.playbook,
                            words=fault.arguments, probe=fault.probe, node_probe=fault.node_probe)
        known[fault.name] = asdict(scenario)
        path.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n")


def title(fault: Fault) -> str:
    return fault.says[0].upper() + fault.says[1:]


def replay(file: Path, fault: Fault) -> Report:
    return asyncio.run(_replay(file, fault))


async def _replay(file: Path, fault: Fault) -> Report:
    bundle = load_bundle(file)
    means = recorded_means(bundle, probe=fault.probe, node_probe=fault.node_probe)
    async with ClusterBox(bundle) as box:
        with tempfile.TemporaryDirectory() as folder:
            settings = Settings(kubeconfig=str(box.write_kubeconfig(Path(folder) / "kubeconfig")))
            words = " ".join((fault.playbook, *fault.arguments))
            said, _ = await verbs.run(settings, "", words, "json", lambda: means)
    report: Report = json.loads(said)
    return report


def compare(live: Report, replayed: Report) -> list[str]:
    """What the one tells and the other does not. Summaries hold ages and counts, so they are left out."""
    wrong = [] if live["answer"] == replayed["answer"] else [f"replayed, the answer is {replayed['answer']}"]
    for part in ("root_causes", "findings"):
        one, other = (Counter(map(_key, report[part])) for report in (live, replayed))
        wrong += [f"not replayed: {' '.join(filter(None, key))}" for key in one - other]
        wrong += [f"only replayed: {' '.join(filter(None, key))}" for key in other - one]
    return wrong


def _key(finding: Report) -> tuple[str, ...]:
    return tuple(str(finding[field]) for field in ("verdict", "cause", "layer", "object", "node"))
