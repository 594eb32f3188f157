"""Tries from within the pod that does not get through, which has its own labels, policies and network: a command in its
first container. Only where the run asks for it, and commands in pods are allowed. Gathers, concludes nothing.

The image needs a shell, `nc` and `nslookup`; what it lacks tells nothing.
"""

from typing import Any

from bot.cluster import Cluster, Object
from bot.steps.path.probe import read_log, write_script
from bot.steps.readings import or_skip

Row = dict[str, Any]


async def try_inside(cluster: Cluster, pod: Object, ways: list[Row], skipped: list[str]) -> list[Row]:
    meta, container = pod["metadata"], pod["spec"]["containers"][0]["name"]
    command = ("sh", "-c", write_script(ways))
    result = await or_skip(cluster.execute(meta["namespace"], meta["name"], container, command), skipped)
    if result is None:
        return []
    rows = read_log(result.stdout, ways)
    if not rows:
        said = " ".join((result.stderr or "it said nothing").split())[:200]
        skipped.append(f"what Pod {meta['namespace']}/{meta['name']} reaches from within: {said}.")
    return rows
