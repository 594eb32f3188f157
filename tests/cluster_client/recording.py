"""How the bundle of the contract was made: the reads that the contract needs, over a healthy cluster.

Again: `python -m tests.cluster_client.recording KUBECONFIG`, from the top folder.
"""

import asyncio
import contextlib
import sys
from pathlib import Path

from bot.cluster import Access, Cluster
from bot.cluster.auth import connect
from bot.cluster.client import KubernetesCluster
from bot.model.errors import ClusterError
from bot.playground.bundle import save_bundle
from bot.playground.recorder import record
from tests.cluster_client.contract import COREDNS
from tests.cluster_client.contract_pods import query
from tests.cluster_client.stand import SYSTEM

BUNDLE = Path(__file__).parent / "healthy.json.gz"


async def visit(cluster: Cluster) -> None:
    for kind in ("Node", "Namespace", "Pod", "Service", "EndpointSlice", "Deployment"):
        await cluster.list(kind)
    await cluster.get("ConfigMap", "coredns", SYSTEM)
    await cluster.get("ClusterRole", "system:coredns")
    await cluster.may(Access("list", "endpointslices", "discovery.k8s.io", user=COREDNS))
    for pod in (await cluster.list("Pod", SYSTEM, labels="k8s-app=kube-dns")).items:
        name = pod["metadata"]["name"]
        await cluster.logs(SYSTEM, name)
        with contextlib.suppress(ClusterError):
            await cluster.logs(SYSTEM, name, previous=True)
        for question in ("kubernetes.default", "kube-dns.kube-system"):
            await query(cluster, name, f"{question}.svc.cluster.local")
        with contextlib.suppress(ClusterError):
            async with cluster.forward(SYSTEM, name, 9) as stream:
                await stream.read()
        await cluster.ask_pod(SYSTEM, name, 8181, "ready")
        with contextlib.suppress(ClusterError):
            await cluster.ask_pod(SYSTEM, name, 9)


async def make_bundle(kubeconfig: str) -> None:
    cluster = KubernetesCluster(await connect(kubeconfig, None))
    try:
        bundle = await record(cluster, visit, "healthy", "A healthy cluster with CoreDNS")
    finally:
        await cluster.close()
    print(f"{BUNDLE}: {save_bundle(bundle, BUNDLE)} bytes")


if __name__ == "__main__":
    asyncio.run(make_bundle(sys.argv[1]))
