"""Whether what DNS pods ask outside comes back to them: only the nodes know the way to pods' addresses, so outside
nobody answers these unless the node puts its own in their place.

Source: https://docs.tigera.io/calico/latest/networking/configuring/workloads-outside-cluster.
"""

from ipaddress import ip_address, ip_network

from bot.cluster import Cluster
from bot.diagnosis.causes import find
from bot.model.finding import Finding
from bot.networks.calico import KIN
from bot.steps import Evidence
from bot.steps.cni.calico_pools import Pool, masks_nothing, read_pools
from bot.steps.daemons import read_networks
from bot.steps.wording import read_at


async def find_unmasked(cluster: Cluster, addresses: list[str]) -> list[dict[str, str]]:
    """{pool, cidr, address} of those of these pods whose pool of Calico lets them show their own address outside."""
    if not KIN & {*(await read_networks(cluster, []) or ())}:
        return []
    pools = [pool for pool in await read_pools(cluster, []) or () if masks_nothing(pool)]
    return [{"pool": pool["name"], "cidr": pool["cidr"], "address": address}
            for address in addresses for pool in pools if _is_of(address, pool)]


def _is_of(address: str, pool: Pool) -> bool:
    try:
        return ip_address(address) in ip_network(pool["cidr"], strict=False)
    except ValueError:
        return False


def judge_way_out(evidence: Evidence) -> list[Finding]:
    """Only told where names outside do not resolve: routers may know the way back."""
    unmasked = evidence.get("unmasked") or []
    if not unmasked:
        return []
    one, name = unmasked[0], f"IPPool {unmasked[0]['pool']}"
    text = (f"{name} of Calico has natOutgoing off: DNS pods ask resolvers outside from {one['address']}, an address "
            "that nobody knows the way to but the cluster's nodes, so that no answer comes back.")
    return [find("cni.pool.nat", text, object=name, evidence=(
        f"{name}: natOutgoing is not set, expected true; cidr is {one['cidr']}, with a tunnel (vxlanMode)",
        *(f"DNS pod at {told['address']}" for told in unmasked[:2]), read_at(evidence)),
        advice=f"`kubectl patch ippools.crd.projectcalico.org {one['pool']} --type merge -p "
        "'{\"spec\":{\"natOutgoing\":true}}'`; Calico takes it up at once. Or give routers outside a route to "
        f"{one['cidr']}.")]
