"""Reads that several looks make. One that fails is noted for the findings and costs the look nothing else."""

from collections.abc import Awaitable
from typing import TypeVar

from bot.cluster import Cluster
from bot.model.errors import ClusterError
from bot.steps.daemons import find_networks
from bot.steps.findings import unread

T = TypeVar("T")


async def or_skip(reading: Awaitable[T], skipped: list[str]) -> T | None:
    """What was read; None where that failed, which goes into `skipped`."""
    try:
        return await reading
    except ClusterError as error:
        skipped.append(unread(error))
    return None


async def read_version(cluster: Cluster, skipped: list[str]) -> str:
    """Of the API server, such as v1.34.1; "" where it could not be read."""
    version = await or_skip(cluster.version(), skipped)
    return str(version.get("gitVersion", "")) if version else ""


async def read_networks(cluster: Cluster, skipped: list[str], *, meta: bool = True) -> list[str] | None:
    """Names of the networks whose agents are there, without those that only choose among others (`meta=False`). None
    where the DaemonSets could not be read: then nothing is said about what is missing."""
    networks = await or_skip(find_networks(cluster), skipped)
    return None if networks is None else [network.name for network in networks if meta or not network.meta]
