"""When the controllers act: a moment after a change was stored, and step by step, as on a real cluster.

A controller that had left its work undone when the bundle was recorded (its slices do not fit its pods) does not
work here either.
"""

import asyncio
from typing import Any

from bot.playground.bundle import Object
from bot.playground.cluster_box.controllers.fate import Fate, foresee
from bot.playground.cluster_box.controllers.pods import is_ready, make_event, make_pod, set_crashing, set_running
from bot.playground.cluster_box.controllers.slices import are_followed, follow_service
from bot.playground.cluster_box.controllers.workloads import (
    choose_address,
    choose_nodes,
    current_replica_set,
    make_replica_set,
    pods_of,
    update_status,
)
from bot.playground.cluster_box.corefile import find_corefile, find_fault
from bot.playground.cluster_box.kinds import Kind, find_kind
from bot.playground.cluster_box.store import Store
from bot.playground.cluster_box.world import World


class Life:
    """`lag` is in seconds: from a change to what follows, and between the states of a starting pod."""

    def __init__(self, world: World, lag: float) -> None:
        self._world = world
        self._store = world.store
        self._recorded = Store(world.bundle)
        self._lag = lag
        self._tasks: set[asyncio.Task[None]] = set()
        services = self._store.every(_kind("v1", "Service"))
        self._followed = {self._store.key_of(item) for item in services if are_followed(self._store, item)}

    def follow(self, before: Object, after: Object) -> None:
        """Called for every stored change; returns at once."""
        task = asyncio.ensure_future(self._act(before, after))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def settled(self) -> None:
        """Returns when everything that was to follow has followed."""
        while waiting := [task for task in self._tasks if not task.done()]:
            await asyncio.gather(*waiting, return_exceptions=True)

    async def _act(self, before: Object, after: Object) -> None:
        await asyncio.sleep(self._lag)
        match after["kind"]:
            case "Service":
                self._follow_services(after["metadata"]["namespace"], after["metadata"]["name"])
            case "Deployment" | "DaemonSet" if before["spec"].get("template") != after["spec"].get("template"):
                await self._roll(before, after)
            case "Deployment" if before["spec"].get("replicas", 1) != after["spec"].get("replicas", 1):
                await self._scale(after)
            case "ConfigMap":
                await self._restart_crashed(before, after)

    def _follow_services(self, namespace: str, name: str = "") -> None:
        for service in list(self._store.every(_kind("v1", "Service"), namespace)):
            wanted = name in ("", service["metadata"]["name"]) and self._store.key_of(service) in self._followed
            if wanted and (service.get("spec") or {}).get("selector"):
                follow_service(self._store, service, self._world.timestamp())

    async def _roll(self, before: Object, after: Object) -> None:
        old = pods_of(self._store, after)
        if old is None or _is_other_program(before, after):
            self._store.forget(_kind("v1", "Pod"), after["metadata"]["namespace"])
            return
        owner = after
        if after["kind"] == "Deployment":
            owner = make_replica_set(self._store, after, self._world.timestamp())
        template = owner["spec"]["template"]
        count = len(old) if after["kind"] == "DaemonSet" else after["spec"].get("replicas", 1)
        for pod in [pod for pod in old if not is_ready(pod)]:
            self._store.remove(pod)
        fates = await self._start(after, template, owner, old, count)
        ready = [pod for pod in old if is_ready(pod)]
        for pod in ready if all(fate.outcome == "ready" for fate in fates) else ready[:1]:
            self._store.remove(pod)
        self._publish(after)

    async def _scale(self, after: Object) -> None:
        pods = pods_of(self._store, after)
        if pods is None:
            self._store.forget(_kind("v1", "Pod"), after["metadata"]["namespace"])
            return
        owner = current_replica_set(self._store, after)
        if owner is None:  # not recorded, but there must be one of this template
            owner = make_replica_set(self._store, after, self._world.timestamp())
        wanted = after["spec"].get("replicas", 1)
        owner["spec"]["replicas"] = wanted
        owner = self._store.put(owner)
        for pod in sorted(pods, key=is_ready)[: max(len(pods) - wanted, 0)]:
            self._store.remove(pod)
        self._publish(after)
        await self._start(after, owner["spec"]["template"], owner, pods, max(wanted - len(pods), 0))

    async def _start(
        self, workload: Object, template: Object, owner: Object, old: list[Object], count: int
    ) -> list[Fate]:
        """New pods, from created to ready or crashing."""
        nodes = choose_nodes(self._store, old, count)
        pods = [self._create(template, owner, node) for node in nodes]
        self._publish(workload)
        fates = [foresee(self._store, pod, old, recorded=self._recorded) for pod in pods]
        if any(fate.outcome == "unknown" for fate in fates):
            self._store.forget(_kind("v1", "Pod"), workload["metadata"]["namespace"])
            return fates
        for stage in (False, True):
            await asyncio.sleep(self._lag)
            for number, (pod, fate) in enumerate(zip(pods, fates, strict=True)):
                pods[number] = self._advance(pod, fate, ready=stage)
            self._publish(workload)
        return fates

    def _create(self, template: Object, owner: Object, node: str) -> Object:
        now = self._world.timestamp()
        pod = self._store.make(make_pod(template, owner, node, now))
        place = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
        self._store.put(make_event(pod, "Normal", "Scheduled", f"Successfully assigned {place} to {node}", now))
        return pod

    def _advance(self, pod: Object, fate: Fate, *, ready: bool) -> Object:
        now = self._world.timestamp()
        if fate.outcome == "creating" or (ready and fate.outcome == "crashing"):
            return pod
        address, host = ("", "") if ready else choose_address(self._store, pod)
        changed = set_running(pod, now, ready=ready and fate.outcome == "ready", address=address, host=host)
        self._world.made_logs[(pod["metadata"]["uid"], False)] = fate.log
        if fate.outcome == "crashing":
            changed = set_crashing(changed, now)
            self._world.made_logs[(pod["metadata"]["uid"], True)] = fate.log
            message = changed["status"]["containerStatuses"][0]["state"]["waiting"]["message"]
            self._store.put(make_event(pod, "Warning", "BackOff", message, now))
        return self._store.put(changed)

    async def _restart_crashed(self, before: Object, after: Object) -> None:
        """Containers that crashed for their Corefile start again after their back-off, with the text as it now is."""
        namespace = after["metadata"]["namespace"]
        for pod in list(self._store.every(_kind("v1", "Pod"), namespace)):
            text = find_corefile(self._store, pod)
            if text is None or is_ready(pod) or not _mounts(pod, after["metadata"]["name"]):
                continue
            old = str((before.get("data") or {}).get("Corefile", ""))
            if find_fault(old) and not find_fault(text):
                await self._restart(self._store.find(_kind("v1", "Pod"), namespace, pod["metadata"]["name"]))
        self._follow_services(namespace)

    async def _restart(self, pod: Object | None) -> None:
        for ready in (False, True):
            await asyncio.sleep(self._lag)
            if pod is None:
                return
            fate = foresee(self._store, pod, [], recorded=self._recorded)
            pod = (
                self._advance(pod, fate, ready=True)
                if ready
                else self._store.put(set_running(pod, self._world.timestamp(), ready=False))
            )
        assert pod is not None
        for owner in pod["metadata"].get("ownerReferences") or ():
            self._update_owner(owner, pod["metadata"]["namespace"])

    def _update_owner(self, reference: dict[str, Any], namespace: str) -> None:
        for deployment in list(self._store.every(_kind("apps/v1", "Deployment"), namespace)):
            if reference["name"].startswith(f"{deployment['metadata']['name']}-"):
                update_status(self._store, deployment, self._world.timestamp())

    def _publish(self, workload: Object) -> None:
        update_status(self._store, workload, self._world.timestamp())
        self._follow_services(workload["metadata"]["namespace"])


def _is_other_program(before: Object, after: Object) -> bool:
    """A restart changes annotations only; what other containers would do is not in the bundle."""
    return bool(before["spec"]["template"].get("spec") != after["spec"]["template"].get("spec"))


def _mounts(pod: Object, config_map: str) -> bool:
    volumes = pod["spec"].get("volumes") or ()
    return any((volume.get("configMap") or {}).get("name") == config_map for volume in volumes)


def _kind(api: str, name: str) -> Kind:
    kind = find_kind(api, name)
    assert kind is not None
    return kind
