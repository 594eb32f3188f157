"""Pods that a client creates, and deletes: what becomes of one is told by whoever started the box; no bundle knows."""

import uuid

from bot.playground.bundle import Object
from bot.playground.cluster_box.paths import Ask
from bot.playground.cluster_box.status import not_found
from bot.playground.cluster_box.world import World


def create_pod(world: World, ask: Ask, sent: Object) -> Object:
    assert world.start is not None
    own = {"namespace": ask.namespace, "uid": str(uuid.uuid4()), "creationTimestamp": world.timestamp()}
    status, log = world.start(sent)
    pod = world.store.make({**sent, "metadata": {**sent["metadata"], **own}, "status": status})
    world.made_logs[own["uid"], False] = log
    return pod


def delete_pod(world: World, ask: Ask) -> Object:
    assert ask.kind is not None
    pod = world.store.get(ask.kind, ask.namespace, ask.name)
    if pod is None:
        raise not_found(ask.kind, ask.name)
    world.store.remove(pod)
    return pod
