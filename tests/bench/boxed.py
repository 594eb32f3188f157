"""A cluster in a box as a process of its own, so that its work is not counted as the client's:
`python -m tests.bench.boxed KUBECONFIG NODES LATENCY`. Says "ready", and ends when its standard input does.
"""

import asyncio
import copy
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bot.playground.bundle import Bundle, Object
from bot.playground.cluster_box.box import ClusterBox
from bot.playground.cluster_box.faults import Fault
from bot.playground.scenarios import load_scenario


@contextmanager
def boxed_cluster(kubeconfig: Path, *, nodes: int = 0, latency: float = 0.0) -> Iterator[None]:
    """The recorded healthy cluster, with so many nodes (and pods on them) more, each request so many seconds slower."""
    line = [sys.executable, "-m", "tests.bench.boxed", str(kubeconfig), str(nodes), str(latency)]
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen(line, cwd=root, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline().strip() == b"ready"
        yield
        process.stdin.close()


def enlarge(bundle: Bundle, nodes: int) -> Bundle:
    """Copies of the last node, with ten pods each in a namespace of their own."""
    pattern = next(x for x in reversed(bundle.objects) if x["kind"] == "Node")
    pod = next(x for x in bundle.objects if x["kind"] == "Pod")
    more = [rename(pattern, f"more-{n}") for n in range(nodes)]
    pods = [rename(pod, f"web-{n}", namespace="shop", labels={"app": "web"}) for n in range(nodes * 10)]
    return replace(bundle, objects=(*bundle.objects, *more, *pods))


def rename(pattern: Object, name: str, **metadata: object) -> Object:
    other = copy.deepcopy(pattern)
    other["metadata"] |= {"name": name, "uid": name, **metadata}
    return other


async def main(kubeconfig: Path, nodes: int, latency: float) -> None:
    async with ClusterBox(enlarge(load_scenario("healthy"), nodes), context="prod") as box:
        if latency:
            box.faults.append(Fault(latency=latency))
        box.write_kubeconfig(kubeconfig)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
