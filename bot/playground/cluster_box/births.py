"""Pods that a client creates, and deletes. What becomes of one is what became of it when it was recorded, or what
whoever started the box says."""

import uuid

from bot.playground.bundle import Object
from bot.playground.cluster_box.paths import Ask
from bot.playground.cluster_box.programs import plain_command
from bot.playground.cluster_box.status import not_found, not_recorded
from bot.playground.cluster_box.world import World


def may_be_born(world: World) -> bool:
    return bool(world.start or world.bundle.runs)


def create_pod(world: World, ask: Ask, sent: Object) -> Object:
    own = {"namespace": ask.namespace, "uid": str(uuid.uuid4()), "creationTimestamp": world.timestamp()}
    status, log = world.start(sent) if world.start else _recorded(world, ask, sent)
    pod = world.store.make({**sent, "metadata": {**sent["metadata"], **own}, "status": status})
    world.made_logs[own["uid"], False] = log
    return pod


def _recorded(world: World, ask: Ask, sent: Object) -> tuple[Object, str]:
    """Of a pod that was told the same on the same node."""
    spec = sent["spec"]
    node = spec.get("nodeName", "")
    told = (ask.namespace, node, plain_command(spec["containers"][0]["command"]))
    for run in world.bundle.runs:
        if (run.namespace, run.node, plain_command(run.command)) == told:
            failed = {"phase": "Failed", "reason": "Recorded", "message": run.why}
            return failed if run.why else {"phase": "Succeeded"}, run.log
    raise not_recorded(f"what a pod prints on {node} that is told to do this")


def delete_pod(world: World, ask: Ask) -> Object:
    assert ask.kind is not None
    pod = world.store.get(ask.kind, ask.namespace, ask.name)
    if pod is None:
        raise not_found(ask.kind, ask.name)
    world.store.remove(pod)
    return pod
