"""Pods that run once and are gone again: the only thing netcheck ever creates, in the one namespace it was given.

A pod ends by itself (activeDeadlineSeconds), is deleted in any case, and what an earlier process left behind is swept
before new ones start. What keeps one from starting is told within seconds.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import orjson

from bot.cluster import Object, PodEnd
from bot.cluster.answers import check_object, decode_object, locate, take_rows, word
from bot.cluster.records import KINDS, Ask
from bot.cluster.transport import Query
from bot.model.errors import ClusterError, NotFound

LABEL = "app.kubernetes.io/name=netcheck-probe"
HOPELESS = frozenset({
    "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError",
    "CreateContainerError", "RunContainerError",
})
"""Reasons of a waiting container that waiting does not mend (kubelet, images and container errors)."""
PAUSE = 0.7
TIDY = 5.0
_POD = KINDS["Pod"]

Send = Callable[[Ask, str, str, Query, bytes | None], Awaitable[bytes]]
"""Ask, path, method, query and body to the body of the answer."""


async def run_pods(send: Send, namespace: str, pods: Sequence[Object], patience: float) -> tuple[PodEnd, ...]:
    """Raises ClusterError where not even a sweep is permitted; what befalls one pod is told in its PodEnd."""
    await _sweep(send, namespace)
    return tuple(await asyncio.gather(*(_run(send, namespace, pod, patience) for pod in pods)))


async def _sweep(send: Send, namespace: str) -> None:
    """Only of pods that have ended: another run may be using its own."""
    path = _POD.path(namespace)
    page = decode_object(
        await send(word("list", _POD, namespace), path, "GET", (("labelSelector", LABEL),), None), path)
    for item in take_rows(page, "items", path):
        if item.get("status", {}).get("phase") in ("Succeeded", "Failed"):
            await _delete(send, namespace, str(item["metadata"]["name"]))


async def _run(send: Send, namespace: str, pod: Object, patience: float) -> PodEnd:
    path = _POD.path(namespace)
    try:
        made = await send(word("create", _POD, namespace), path, "POST", (), orjson.dumps(pod))
        name = str(check_object(decode_object(made, path), "Pod", path)["metadata"]["name"])
    except ClusterError as error:
        return PodEnd(why=str(error))
    try:
        return await _follow(send, namespace, name, patience)
    except ClusterError as error:
        return PodEnd(why=str(error))
    finally:
        # Also when the run is cancelled: what was made is taken away before anything else happens.
        await asyncio.shield(_delete(send, namespace, name))


async def _follow(send: Send, namespace: str, name: str, patience: float) -> PodEnd:
    why = ""
    try:
        async with asyncio.timeout(patience):
            while True:
                path = locate(_POD, namespace, name)
                pod = decode_object(await send(word("get", _POD, namespace, name), path, "GET", (), None), path)
                ended, why = _read(pod)
                if ended:
                    break
                await asyncio.sleep(PAUSE)
    except TimeoutError:
        return PodEnd(why=f"it did not end within {patience:g} s{f' ({why})' if why else ''}")
    if why:
        return PodEnd(why=why)
    log = locate(_POD, namespace, name, "log")
    text = await send(word("get", _POD, namespace, name).of("log"), log, "GET", (), None)
    return PodEnd(log=text.decode(errors="replace"))


def _read(pod: Object) -> tuple[bool, str]:
    """Whether it is over, and what it waits for or has failed of."""
    status = pod.get("status", {})
    waiting: Object = next((s["state"]["waiting"] for s in status.get("containerStatuses", ())
                    if "waiting" in s.get("state", {})), {})
    why = ": ".join(part for part in (waiting.get("reason", ""), waiting.get("message", "")) if part)[:300]
    if status.get("phase") == "Succeeded":
        return True, ""
    if status.get("phase") == "Failed":
        return True, f"{status.get('reason', 'failed')}: {status.get('message', 'its command ended in error')}"[:300]
    return waiting.get("reason") in HOPELESS, why


async def _delete(send: Send, namespace: str, name: str) -> None:
    try:
        async with asyncio.timeout(TIDY):
            await send(word("delete", _POD, namespace, name), locate(_POD, namespace, name), "DELETE",
                       (("gracePeriodSeconds", "0"),), None)
    except (NotFound, TimeoutError):
        return
    except ClusterError:
        return  # it ends by its own deadline, and the next run sweeps it
