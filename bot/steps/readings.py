"""Reads that several looks make. One that fails is noted for the findings and costs the look nothing else."""

from collections.abc import Awaitable
from typing import TypeVar

from bot.cluster import Cluster, Listing, Object
from bot.model.errors import ClusterError, NotFound
from bot.steps.findings import unread

T = TypeVar("T")


async def or_skip(reading: Awaitable[T], skipped: list[str]) -> T | None:
    """What was read; None where that failed, which goes into `skipped`."""
    try:
        return await reading
    except ClusterError as error:
        skipped.append(unread(error))
    return None


async def one_or_skip(reading: Awaitable[Object], skipped: list[str]) -> Object | None:
    """The object; {} where there is none, None where it could not be read."""
    try:
        return await reading
    except NotFound:
        return {}
    except ClusterError as error:
        skipped.append(unread(error))
    return None


async def items_or_skip(reading: Awaitable[Listing], skipped: list[str]) -> tuple[Object, ...] | None:
    """The objects of a list; None where they could not be read."""
    listing = await or_skip(reading, skipped)
    return None if listing is None else listing.items


async def served_or_skip(reading: Awaitable[Listing], skipped: list[str]) -> Listing | None:
    """A list that is empty where the cluster has no such kind; None where it could not be read."""
    try:
        return await reading
    except NotFound:
        return Listing(())
    except ClusterError as error:
        skipped.append(unread(error))
    return None


async def read_version(cluster: Cluster, skipped: list[str]) -> str:
    """Of the API server, such as v1.34.1; "" where it could not be read."""
    version = await or_skip(cluster.version(), skipped)
    return str(version.get("gitVersion", "")) if version else ""
