"""A platform made on an API server of its own, and recorded: every object that is there, of every kind."""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.cluster import Object
from bot.cluster.auth import connect
from bot.cluster.client import KubernetesCluster
from bot.cluster.records import KINDS
from bot.model.errors import ClusterError
from bot.playground.bundle import Bundle
from bot.playground.recorder import RecordingCluster
from bot.playground.rights import read_rights
from bot.steps.policy.facts import LAST, NARROW, WIDE
from tests.cluster.platforms.answers import make_logs, make_names, make_pages
from tests.cluster.platforms.objects import describe, place
from tests.cluster.platforms.platform import Platform
from tests.cluster.rig.commands import run, until
from tests.cluster.rig.lifecycle import down, up_without_nodes
from tests.cluster.rig.site import Site, program

DAY = 86400.0
OTHERS = (*WIDE, *NARROW, *LAST, ("crd.projectcalico.org/v1", "IPPool"))
"""Kinds of other makers that steps ask for."""
UNWANTED = frozenset({"ControllerRevision"})


def build(platform: Platform, site: Site) -> Bundle:
    with _api(site, platform):
        for items in _batches([*_definitions(platform), *describe(platform), *_leases(platform)]):
            _create(site, _knowing_their_pods(site, items))
        until("its own kinds are served", lambda: _are_served(site, platform))
        return asyncio.run(_recorded(platform, site))


@contextmanager
def _api(site: Site, platform: Platform) -> Iterator[None]:
    down(site)
    try:
        up_without_nodes(site, platform.services)
        yield
    finally:
        down(site)


def _are_served(site: Site, platform: Platform) -> bool:
    return {f"{group}/v1" for group in platform.groups} <= {*_kubectl(site, "api-versions").split()}


def _definitions(platform: Platform) -> Iterator[Object]:
    """Of each group that marks the platform one kind, so that the API server serves the group."""
    for group, kind in platform.groups.items():
        plural = kind.lower() + ("es" if kind.endswith("S") else "s")
        schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
        version = {"name": "v1", "served": True, "storage": True, "schema": schema}
        # Groups under k8s.io are guarded: somebody must have approved them.
        noted = {"api-approved.kubernetes.io": "unapproved, of a platform's own"}
        yield {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
               "metadata": {"name": f"{plural}.{group}", "annotations": noted},
               "spec": {"group": group, "scope": "Cluster", "versions": [version],
                        "names": {"kind": kind, "plural": plural, "singular": kind.lower()}}}


def _leases(platform: Platform) -> Iterator[Object]:
    """Renewed a moment before the cluster is looked at."""
    at = datetime.fromtimestamp(time.time() + DAY, UTC).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    for machine in platform.machines:
        yield {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
               "metadata": {"name": machine.name, "namespace": "kube-node-lease"},
               "spec": {"holderIdentity": machine.name, "leaseDurationSeconds": 40, "renewTime": at}}


def _batches(items: Sequence[Object]) -> Iterator[list[Object]]:
    """Namespaces and accounts must be there before what lives in them, and pods before what names them."""
    apart = ("Namespace", "ServiceAccount", "EndpointSlice")
    rest = [item for item in items if item["kind"] not in apart]
    for kind in apart[:2]:
        yield [item for item in items if item["kind"] == kind]
    yield rest
    yield [item for item in items if item["kind"] == apart[2]]


def _knowing_their_pods(site: Site, items: list[Object]) -> list[Object]:
    """The controller of EndpointSlices writes the uid of each pod, which only the API server gives."""
    targets = [end["targetRef"] for item in items if item["kind"] == "EndpointSlice" for end in item["endpoints"]]
    if targets:
        pods = json.loads(_kubectl(site, "get", "pods", "-A", "-o", "json"))["items"]
        uids = {(pod["metadata"]["namespace"], pod["metadata"]["name"]): pod["metadata"]["uid"] for pod in pods}
        for target in targets:
            target["uid"] = uids[target["namespace"], target["name"]]
    return items


def _create(site: Site, items: Sequence[Object]) -> None:
    """Then the statuses, which no create takes."""
    if not items:
        return
    _kubectl(site, "create", "--validate=false", "-f", "-", stdin=_list(items))
    told = [{key: item[key] for key in ("apiVersion", "kind", "status")} | {"metadata": _identity(item)}
            for item in items if "status" in item]
    if told:
        _kubectl(site, "apply", "--server-side", "--force-conflicts", "--validate=false", "--subresource=status",
                 "-f", "-", stdin=_list(told))


def _identity(item: Object) -> Object:
    return {key: item["metadata"][key] for key in ("name", "namespace") if key in item["metadata"]}


def _list(items: Sequence[Object]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(items)})


def _kubectl(site: Site, *arguments: str, stdin: str | None = None) -> str:
    return run(program("kubectl"), "--kubeconfig", site.kubeconfig, *arguments, stdin=stdin)


async def _recorded(platform: Platform, site: Site) -> Bundle:
    """As if looked at a day after it was made: nothing in it is young."""
    cluster = KubernetesCluster(await connect(str(site.kubeconfig), None))
    recording = RecordingCluster(cluster)
    try:
        await recording.version()
        await recording.groups()
        await _read_all(recording)
        await read_rights(cluster, recording.cassette)
    finally:
        await cluster.close()
    now, pods = cluster.now + DAY, place(platform)
    bundle = recording.cassette.bundle(
        platform.name, f"{platform.title}: objects as the platform has them, logs and pages by hand", now)
    version: dict[str, Any] = {**bundle.version, "gitVersion": f"{bundle.version['gitVersion']}{platform.mark}"}
    return replace(bundle, version=version, logs=make_logs(pods), http=make_pages(platform, pods, now),
                   dns=make_names(pods))


async def _read_all(recording: RecordingCluster) -> None:
    """A kind that is not served is recorded as such."""
    for kind in KINDS.values():
        if kind.kind not in UNWANTED:
            with suppress(ClusterError):
                await recording.list(kind.kind, api=kind.api)
    for api, name in OTHERS:
        with suppress(ClusterError):
            await recording.list(name, api=api, form="metadata")
