"""netcheck asked about the cluster of a row: from here, or in a pod of its own."""

import json

from tests.cluster.answers import Report
from tests.cluster.faults.fault import Fault
from tests.cluster.own_pod import netcheck_inside
from tests.cluster.rig import Cluster


def ask_row(cluster: Cluster, fault: Fault, *verb: str) -> Report:
    """`verb`: with its own arguments, run where nothing is said."""
    name, *more = verb or ("run",)
    words = (name, fault.playbook, *fault.words, *more, "--output", "json")
    done = netcheck_inside(cluster, *words) if fault.own_pod else cluster.netcheck(*words)
    assert done.stdout, f"netcheck said nothing: {done.stderr.strip()[-500:]}"
    report: Report = json.loads(done.stdout)
    return report
