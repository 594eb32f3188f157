"""What is read of a network's agents that something speaks against: their logs, events, and rights."""

import asyncio
from dataclasses import dataclass
from typing import Any

from bot.cluster import Access, Cluster
from bot.diagnosis.platform import addresses_of
from bot.networks import Network, Right
from bot.steps.cni.log_lines import API, RIGHTS, keep_telling, read_lines
from bot.steps.daemons import ended_lately, is_gone, troubled
from bot.steps.pod_logs import read_log
from bot.steps.readings import items_or_skip, or_skip
from bot.steps.wording import cut

MOST = 2
"""Agents whose log and events are read; what they say is mostly the same for all."""
TAIL = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """`pods`: None where they were not read. `doubted`: nodes that something else spoke against. `short`: fewer agents
    are ready than there are nodes."""

    network: Network
    daemon: dict[str, Any]
    pods: list[dict[str, Any]] | None
    doubted: list[str]
    short: bool

    @property
    def suspects(self) -> list[dict[str, Any]]:
        alive = [pod for pod in self.pods or () if not is_gone(pod)]
        ill = [pod for pod in alive if not pod["ready"]]
        doubtful = [pod for pod in alive if pod["ready"] and pod["node"] in self.doubted]
        return [*ill, *doubtful][:MOST]


async def read_suspects(cluster: Cluster, suspicion: Suspicion, skipped: list[str]) -> dict[str, Any]:
    """{logs, refusals, rights, api}: lines of suspects by pod, why pods are not made, what the account may."""
    suspects = suspicion.suspects
    uncreated = suspicion.short and suspicion.daemon["current"] < suspicion.daemon["desired"]
    logs, events, refusals = await asyncio.gather(
        asyncio.gather(*(_logs(cluster, suspicion, pod, skipped) for pod in suspects)),
        asyncio.gather(*(_unhealthy(cluster, suspicion, pod, skipped) for pod in suspects if not pod["ready"])),
        _refusals(cluster, suspicion.daemon, skipped) if uncreated else _nothing())
    told = {pod["name"]: lines for pod, lines in zip(suspects, logs, strict=True)}
    lines = [line for rows in logs for line in read_lines(suspicion.network, rows)]
    ill = any(not pod["ready"] for pod in suspects)
    wanted = suspicion.network.rights if ill or any(line.cause == RIGHTS for line in lines) else \
        suspicion.network.rights[:1] if suspicion.network.silent else ()
    return {
        "logs": told, "refusals": refusals,
        "rights": await or_skip(_rights(cluster, suspicion.daemon, wanted), skipped) or [],
        "unhealthy": {pod["name"]: text for pod, text in zip(
            [pod for pod in suspects if not pod["ready"]], events, strict=True)},
        "service": await _service(cluster, skipped) if any(line.cause == API for line in lines) else [],
    }


async def _nothing() -> list[str]:
    return []


async def _logs(
    cluster: Cluster, suspicion: Suspicion, pod: dict[str, Any], skipped: list[str]
) -> list[str]:
    """Lines that the network's table knows, of now; of the life before where it crashes."""
    usual = suspicion.network.containers[0] if suspicion.network.containers else ""
    container = troubled(pod, usual)
    lives = [True] if container["ended"] and container["restarts"] and not container["started"] else []
    lives += [False] if container["started"] or container["ended"] else []
    for previous in lives:
        log = await read_log(cluster, suspicion.daemon["namespace"], pod["name"], container["name"], skipped,
                             tail=TAIL, previous=previous)
        if log and (lines := keep_telling(suspicion.network, log.text)):
            return lines
    return []


async def _unhealthy(cluster: Cluster, suspicion: Suspicion, pod: dict[str, Any], skipped: list[str]) -> str:
    """What the readiness probe last said."""
    if troubled(pod)["waiting"] or ended_lately(troubled(pod), cluster.now):
        return ""
    return next(iter(await _events(cluster, suspicion.daemon["namespace"], f"involvedObject.uid={pod['uid']},"
                                   "reason=Unhealthy", skipped)), "")


async def _refusals(cluster: Cluster, daemon: dict[str, Any], skipped: list[str]) -> list[str]:
    fields = f"involvedObject.kind=DaemonSet,involvedObject.name={daemon['plain']},reason=FailedCreate"
    return await _events(cluster, daemon["namespace"], fields, skipped)


async def _events(cluster: Cluster, namespace: str, fields: str, skipped: list[str]) -> list[str]:
    """Messages, the newest first."""
    events = await items_or_skip(cluster.list("Event", namespace, fields=fields, limit=20), skipped)
    newest = sorted(events or (), key=lambda event: str(event.get("lastTimestamp") or ""), reverse=True)
    return [cut(event.get("message", ""), 400) for event in newest[:2]]


async def _rights(cluster: Cluster, daemon: dict[str, Any], wanted: tuple[Right, ...]) -> list[dict[str, Any]]:
    """Asked of the API server itself, so that roles of any name will do; up to the first that is missing. Raises
    ClusterError."""
    user = f"system:serviceaccount:{daemon['namespace']}:{daemon['account']}"
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{daemon['namespace']}", "system:authenticated")
    answers: list[dict[str, Any]] = []
    for right in wanted:
        allowed = await cluster.may(Access(
            verb=right.verb, resource=right.resource, group=right.group, subresource=right.subresource, user=user,
            groups=groups))
        answers.append({"right": str(right), "allowed": allowed})
        if not allowed:
            break
    return answers


async def _service(cluster: Cluster, skipped: list[str]) -> list[str]:
    """Addresses of the API's own Service: what fails towards them may be the service proxy's fault."""
    return addresses_of(await or_skip(cluster.get("Service", "kubernetes", "default"), skipped))
