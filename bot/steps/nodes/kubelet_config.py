"""What kubelets tell pods about DNS: the address of the server and the cluster's domain, as kubeadm keeps them."""

from dataclasses import dataclass
from functools import lru_cache

from bot.cluster import Cluster
from bot.steps.readings import one_or_skip
from bot.steps.yaml_text import parse_yaml

NAMESPACE, CONFIG_MAP, KEY = "kube-system", "kubelet-config", "kubelet"
DEFAULT_DOMAIN = "cluster.local"


@dataclass(frozen=True, slots=True)
class KubeletConfig:
    """`dns`: clusterDNS. `domain`: "" where it is not known. `source`: where they were read; `skipped`: why not."""

    dns: tuple[str, ...] = ()
    domain: str = ""
    source: str = ""
    skipped: tuple[str, ...] = ()


async def read_kubelet_config(cluster: Cluster) -> KubeletConfig:
    """Platforms without this ConfigMap are many: nothing is concluded from its absence."""
    skipped: list[str] = []
    config_map = await one_or_skip(cluster.get("ConfigMap", CONFIG_MAP, NAMESPACE), skipped)
    if not config_map:
        return KubeletConfig(skipped=tuple(skipped))
    return parse_kubelet_config(str((config_map.get("data") or {}).get(KEY, "")))


@lru_cache(maxsize=16)  # many looks of a run ask for the same text
def parse_kubelet_config(text: str) -> KubeletConfig:
    source = f"ConfigMap {NAMESPACE}/{CONFIG_MAP}"
    config, mistake = parse_yaml(text)
    if mistake:
        return KubeletConfig(skipped=(f"{source}, key {KEY}, could not be read: {mistake}.",))
    listed = config.get("clusterDNS")
    addresses = tuple(item for item in listed if isinstance(item, str)) if isinstance(listed, list) else ()
    domain = config.get("clusterDomain")
    return KubeletConfig(addresses, domain.rstrip(".") if isinstance(domain, str) else "", source)
