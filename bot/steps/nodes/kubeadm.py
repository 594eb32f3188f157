"""What kubeadm keeps of how it made the cluster. Other platforms do not have it: nothing is missed then."""

import re

from bot.cluster import Cluster
from bot.steps.readings import one_or_skip

KUBEADM = "ConfigMap kube-system/kubeadm-config"
_POD_RANGE = re.compile(r"podSubnet: *[\"']?([0-9a-f.:/,]+)")


async def read_kubeadm(cluster: Cluster, skipped: list[str]) -> str | None:
    """Its ClusterConfiguration, as text; None where it did not make the cluster, or that could not be read."""
    found = await one_or_skip(cluster.get("ConfigMap", "kubeadm-config", "kube-system"), skipped)
    return str((found.get("data") or {}).get("ClusterConfiguration", "")) if found else None


async def read_pod_range(cluster: Cluster, skipped: list[str]) -> str:
    """The range of pods that it was told, of two families `one,other`; "" where nobody says."""
    found = _POD_RANGE.search(await read_kubeadm(cluster, skipped) or "")
    return found[1] if found else ""
