"""A cluster in a box as a process of its own, so that its work is not counted as the client's:
`python -m tests.bench.boxed KUBECONFIG NODES LATENCY`. Says "ready", and ends when its standard input does.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.playground.cluster_box.box import ClusterBox
from bot.playground.cluster_box.faults import Fault
from bot.playground.scenarios import load_scenario
from tests.playground.metropolis import grow


@contextmanager
def boxed_cluster(kubeconfig: Path, *, nodes: int = 0, latency: float = 0.0) -> Iterator[None]:
    """The recorded healthy cluster, grown to so many nodes, ten times as many pods and four times as many Services;
    each request so many seconds slower."""
    line = [sys.executable, "-m", "tests.bench.boxed", str(kubeconfig), str(nodes), str(latency)]
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen(line, cwd=root, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline().strip() == b"ready"
        yield
        process.stdin.close()


async def main(kubeconfig: Path, nodes: int, latency: float) -> None:
    bundle = grow(load_scenario("healthy"), nodes=nodes, pods=nodes * 10, services=nodes * 4)
    async with ClusterBox(bundle, context="prod") as box:
        if latency:
            box.faults.append(Fault(latency=latency))
        box.write_kubeconfig(kubeconfig)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
