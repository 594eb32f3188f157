"""What netcheck answers about a cluster: the command line asked for JSON, as a script would."""

import json
from pathlib import Path
from typing import Any

from tests.cluster.rig import Cluster

Report = dict[str, Any]


def ask(cluster: Cluster, *arguments: str, playbook: str = "dns", kubeconfig: Path | None = None) -> Report:
    done = cluster.netcheck("run", playbook, *arguments, "--output", "json", kubeconfig=kubeconfig)
    assert done.stdout, f"netcheck said nothing: {done.stderr.strip()[-500:]}"
    report: Report = json.loads(done.stdout)
    return report


def roots(report: Report) -> frozenset[tuple[str, str]]:
    """(cause, object) of every root cause."""
    return frozenset((finding["cause"], finding["object"]) for finding in report["root_causes"])
