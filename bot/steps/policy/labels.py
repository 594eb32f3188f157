"""Labels of pods and namespaces, read as metadata: who is there for a selector to take."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from bot.cluster import Cluster, Listing
from bot.diagnosis.policy_selectors import selects
from bot.steps.readings import items_or_skip, or_skip

MOST_PODS, MOST_SPACES = 200, 100
Labelled = tuple[str, dict[str, str]]
"""Name and labels."""
PASSING = ("pod-template-hash", "controller-revision-hash", "statefulset.kubernetes.io/pod-name",
           "apps.kubernetes.io/pod-index", "batch.kubernetes.io/job-name", "job-name", "controller-uid",
           "batch.kubernetes.io/controller-uid")
"""Labels that controllers write, of one pod or one revision: no policy should name them."""


async def read_pods(cluster: Cluster, namespace: str, skipped: list[str]) -> tuple[list[Labelled], bool] | None:
    """Pods of a namespace, and whether these are all; None where they could not be read."""
    return await _read_labels(cluster.list("Pod", namespace, limit=MOST_PODS, form="metadata"), skipped)


async def read_namespaces(cluster: Cluster, skipped: list[str]) -> tuple[list[Labelled], bool] | None:
    """As `read_pods`, of all namespaces."""
    return await _read_labels(cluster.list("Namespace", limit=MOST_SPACES, form="metadata"), skipped)


def tell_namespaces(read: tuple[list[Labelled], bool] | None) -> dict[str, Any]:
    """The same in an evidence: {namespaces: [[name, labels]], all_namespaces: whether these are all}."""
    return {"namespaces": [[name, labels] for name, labels in read[0]] if read else [],
            "all_namespaces": bool(read and read[1])}


async def _read_labels(reading: Awaitable[Listing], skipped: list[str]) -> tuple[list[Labelled], bool] | None:
    listing = await or_skip(reading, skipped)
    if listing is None:
        return None
    found = [(item["metadata"]["name"], dict(item["metadata"].get("labels") or {})) for item in listing.items]
    return found, not listing.remaining


async def read_templates(cluster: Cluster, namespace: str, skipped: list[str]) -> list[list[Any]]:
    """[kind and name, labels] of what makes pods: a policy may stand ready for those that are not there."""
    kinds = ("Deployment", "StatefulSet", "DaemonSet")
    told = await asyncio.gather(*(_templates(cluster, kind, namespace, skipped) for kind in kinds))
    return [template for some in told for template in some]


async def _templates(cluster: Cluster, kind: str, namespace: str, skipped: list[str]) -> list[list[Any]]:
    items = await items_or_skip(cluster.list(kind, namespace, limit=MOST_PODS), skipped)
    return [[f"{kind} {item['metadata']['name']}", dict(item["spec"]["template"]["metadata"].get("labels") or {})]
            for item in items or ()]


def takes_none(selector: dict[str, Any], labelled: tuple[list[Labelled], bool] | None) -> bool:
    """Whether there is surely nothing that the selector takes."""
    if labelled is None or not labelled[1]:
        return False
    return all(selects(selector, labels) is False for _, labels in labelled[0])


def own_labels(labels: dict[str, str]) -> dict[str, str]:
    """What a policy would name a pod by."""
    return {key: value for key, value in labels.items() if key not in PASSING}
